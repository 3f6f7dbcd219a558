//! The seat of an agent: what it is doing, with whom.
//!
//! | route | meaning |
//! |---|---|
//! | `PUT /api/v1/seat` [`TakeSeat`] | sits down (or returns the seat one already has on that campaign); answers [`Seat`] |
//! | `POST /api/v1/seat/start` | begin dialing; answers [`Seat`] |
//! | `POST /api/v1/seat/pause` | finish what rings or talks, then wait; answers [`Seat`] |
//! | `POST /api/v1/seat/hang-up` | end the prospect's leg, keep the agent's; answers [`Seat`] |
//! | `DELETE /api/v1/seat` | leave; ends everything of the seat; 204 |
//! | `PUT /api/v1/attempts/{id}/wrap-up` [`WrapUp`] | what came of it; repeatable, the newest `saved_at` wins; answers [`CallRecord`] |
//! | `GET /api/v1/calls?before={attempt_id}&limit=` | the agent's calls, newest first; answers `[CallRecord]` |

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{AttemptId, CampaignId, LeadId, Pii, SeatId};

/// Sits down on a campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TakeSeat {
    /// Which one.
    pub campaign_id: CampaignId,
}

/// An agent's place on a campaign, as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct Seat {
    /// Which seat. The phone passes it as the parameter `seat` of `device.connect`.
    pub seat_id: SeatId,
    /// The campaign it is on.
    pub campaign_id: CampaignId,
    /// What it is doing.
    pub state: SeatState,
    /// True between start and pause: the next lead is dialed without asking.
    pub dialing: bool,
}

/// What a seat is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum SeatState {
    /// The agent's leg is not in the room: nothing is dialed until it is.
    Joining,
    /// In the room, not dialing: the rep has not pressed start, or pressed pause.
    Paused,
    /// Dialing, but nobody may be called just now.
    Waiting {
        /// Why, and until when.
        waiting: Waiting,
    },
    /// A lead's phone is being called.
    Dialing {
        /// The dial.
        attempt: Attempt,
    },
    /// Talking to a prospect.
    Talking {
        /// The dial that was answered.
        attempt: Attempt,
    },
    /// The conversation ended; the rep says what came of it.
    WrapUp {
        /// The dial that ended.
        attempt: Attempt,
    },
}

/// Why nothing is dialed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct Waiting {
    /// A sentence for the rep: "Nobody on this list may be called before 9:00 in Denver."
    pub reason: String,
    /// When dialing goes on by itself, if that is known.
    #[cfg_attr(feature = "specta", specta(type = Option<String>))]
    pub until: Option<Timestamp>,
}

/// One dial of one lead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// Which dial.
    pub attempt_id: AttemptId,
    /// Who is called.
    pub lead: Lead,
    /// The caller ID that is shown to them, formatted.
    pub from: Pii<String>,
    /// How far it is.
    pub state: AttemptState,
    /// When it was placed.
    #[cfg_attr(feature = "specta", specta(type = String))]
    pub placed_at: Timestamp,
    /// When it was answered.
    #[cfg_attr(feature = "specta", specta(type = Option<String>))]
    pub answered_at: Option<Timestamp>,
    /// When it ended.
    #[cfg_attr(feature = "specta", specta(type = Option<String>))]
    pub ended_at: Option<Timestamp>,
    /// Which try of this lead it is; the first is 1.
    pub try_number: u32,
    /// Why this lead could be called now, sentence by sentence.
    pub reasons: Vec<String>,
}

/// How far a dial is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum AttemptState {
    /// Asked for, not yet on the network.
    Placing,
    /// It rings.
    Ringing,
    /// Answered and in the room.
    Connected,
    /// Over.
    Ended,
}

/// How a dial ended, as the network says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum AttemptResult {
    /// Somebody talked to the rep.
    Talked,
    /// Answered, but no rep was free: an abandoned call under the law.
    Abandoned,
    /// Rang out.
    NoAnswer,
    /// Busy.
    Busy,
    /// The network could not reach the number.
    Failed,
    /// Ended by us before it was answered.
    Canceled,
    /// Twilio refused or never placed it.
    NotPlaced,
}

/// A person on a list, as shown to the rep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct Lead {
    /// Who.
    pub lead_id: LeadId,
    /// Full name; may be empty.
    pub name: Pii<String>,
    /// Company; may be empty.
    pub company: Pii<String>,
    /// The number, formatted as people write it: `(212) 555-0142`.
    pub phone_number: Pii<String>,
    /// State by the number's area code: `NY`.
    pub region: String,
    /// IANA zone by which the local time is shown.
    pub time_zone: String,
    /// Other columns of the imported file, in its order.
    pub fields: Vec<LeadField>,
    /// The note of the last conversation, empty if there was none.
    pub last_note: Pii<String>,
}

/// A column of the imported file that has no meaning to the dialer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct LeadField {
    /// The column's header.
    pub name: String,
    /// The cell.
    pub value: Pii<String>,
}

/// What came of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// Wants to hear more.
    Interested,
    /// Agreed to a meeting.
    Meeting,
    /// Asked to be called at another time.
    CallBack,
    /// Does not want it.
    NotInterested,
    /// A machine answered.
    Voicemail,
    /// Another person has this number.
    WrongNumber,
    /// Must not be called again, by anybody of the tenant.
    DoNotCall,
}

/// What the rep enters when a conversation ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WrapUp {
    /// What came of it.
    pub disposition: Disposition,
    /// Free text; at most 4,000 characters.
    pub note: Pii<String>,
    /// When the rep saved it, by the desktop's clock.
    pub saved_at: Timestamp,
}

/// A call in the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct CallRecord {
    /// The dial.
    pub attempt: Attempt,
    /// The campaign's name.
    pub campaign_name: String,
    /// How it ended; none while it goes on.
    pub result: Option<AttemptResult>,
    /// What the rep chose; none for calls nobody answered.
    pub disposition: Option<Disposition>,
    /// The rep's note; may be empty.
    pub note: Pii<String>,
}

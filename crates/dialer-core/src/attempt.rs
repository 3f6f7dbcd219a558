//! One dial of one lead: what is known about its call, folded from the set of events that came in.
//!
//! **Invariant:** folding the same events in any order, any of them any number of times, gives the same [`Facts`].
//! Every field is a smallest, a largest or a "happened", so a late or doubled callback cannot take anything back.

mod upkeep;

use jiff::{SignedDuration, Timestamp};
use protocol::{AttemptResult, AttemptState, SeatId};
use serde::{Deserialize, Serialize};

pub use upkeep::{Upkeep, Wanted};

use crate::call::{CallSid, CallStatus};

/// Two fruitless searches at Twilio, this far apart, mean that the call was never placed.
const NOT_FOUND_APART: SignedDuration = SignedDuration::from_secs(60);

/// Something learned about an attempt's call. All times are ours, not Twilio's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CallEvent {
    /// A reply to `POST /Calls` or `GET /Calls/{sid}`, or a status callback.
    Reported {
        /// Which call.
        sid: CallSid,
        /// How far it was.
        status: CallStatus,
        /// When we learned it.
        at: Timestamp,
    },
    /// Twilio refused to place the call.
    Refused {
        /// Twilio's error code, if the reply had one.
        code: Option<u32>,
        /// When.
        at: Timestamp,
    },
    /// The reply to `POST /Calls` was an error or did not come: nobody knows whether the call was placed.
    OutcomeUnknown {
        /// When we gave up waiting.
        at: Timestamp,
    },
    /// A search at Twilio, queued calls included, did not find the call.
    NotFound {
        /// When.
        at: Timestamp,
    },
    /// The called party answered and Twilio asked what to do.
    AnswerFetched {
        /// Which call.
        sid: CallSid,
        /// When.
        at: Timestamp,
    },
    /// The answer was given a seat.
    Claimed {
        /// Whose.
        seat_id: SeatId,
        /// The seat's epoch since the claim.
        epoch: u64,
        /// When.
        at: Timestamp,
    },
    /// The answer was given the identification message: no seat was free.
    NoSeat {
        /// When.
        at: Timestamp,
    },
    /// The called party left the room, or never came in: the conversation is over even if the leg lives on.
    LeftRoom {
        /// When.
        at: Timestamp,
    },
}

/// The seat an attempt claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claim {
    /// When.
    pub at: Timestamp,
    /// Whose.
    pub seat_id: SeatId,
    /// The seat's epoch since the claim.
    pub epoch: u64,
}

/// Everything known about an attempt's call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    intent_at: Timestamp,
    sid: Option<CallSid>,
    /// The furthest status that is not an end.
    progress: Option<CallStatus>,
    end: Option<CallStatus>,
    placed_at: Option<Timestamp>,
    queued_last_at: Option<Timestamp>,
    initiated_at: Option<Timestamp>,
    ringing_at: Option<Timestamp>,
    answered_at: Option<Timestamp>,
    fetched_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    left_room_at: Option<Timestamp>,
    claim: Option<Claim>,
    no_seat_at: Option<Timestamp>,
    refused: Option<(Timestamp, Option<u32>)>,
    unknown_at: Option<Timestamp>,
    not_found_first_at: Option<Timestamp>,
    not_found_last_at: Option<Timestamp>,
    heard_last_at: Option<Timestamp>,
}

/// How far an attempt is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The intent is written; the reply to `POST /Calls` is not here.
    Intent,
    /// Nobody knows whether the call was placed. It is searched for and never placed again.
    Unknown,
    /// It waits at Twilio.
    Queued,
    /// Handed to the carrier.
    Initiated,
    /// It rings.
    Ringing,
    /// Answered.
    Answered,
    /// Over.
    Ended(AttemptResult),
}

impl Facts {
    /// What is known when the intent is written.
    #[must_use]
    pub const fn new(intent_at: Timestamp) -> Self {
        Self {
            intent_at,
            sid: None,
            progress: None,
            end: None,
            placed_at: None,
            queued_last_at: None,
            initiated_at: None,
            ringing_at: None,
            answered_at: None,
            fetched_at: None,
            ended_at: None,
            left_room_at: None,
            claim: None,
            no_seat_at: None,
            refused: None,
            unknown_at: None,
            not_found_first_at: None,
            not_found_last_at: None,
            heard_last_at: None,
        }
    }

    /// Folds a whole set of events.
    #[must_use]
    pub fn fold<'a>(intent_at: Timestamp, events: impl IntoIterator<Item = &'a CallEvent>) -> Self {
        let mut facts = Self::new(intent_at);
        for event in events {
            facts.absorb(event);
        }
        facts
    }

    /// Takes in one event.
    pub fn absorb(&mut self, event: &CallEvent) {
        match event {
            CallEvent::Reported { sid, status, at } => self.absorb_status(sid, *status, *at),
            CallEvent::AnswerFetched { sid, at } => {
                earliest(&mut self.fetched_at, *at);
                self.absorb_status(sid, CallStatus::InProgress, *at);
            }
            CallEvent::Claimed { seat_id, epoch, at } => {
                earliest(
                    &mut self.claim,
                    Claim {
                        at: *at,
                        seat_id: *seat_id,
                        epoch: *epoch,
                    },
                );
            }
            CallEvent::NoSeat { at } => earliest(&mut self.no_seat_at, *at),
            CallEvent::LeftRoom { at } => earliest(&mut self.left_room_at, *at),
            CallEvent::Refused { code, at } => earliest(&mut self.refused, (*at, *code)),
            CallEvent::OutcomeUnknown { at } => earliest(&mut self.unknown_at, *at),
            CallEvent::NotFound { at } => {
                earliest(&mut self.not_found_first_at, *at);
                latest(&mut self.not_found_last_at, *at);
            }
        }
    }

    fn absorb_status(&mut self, sid: &CallSid, status: CallStatus, at: Timestamp) {
        earliest(&mut self.sid, sid.clone());
        earliest(&mut self.placed_at, at);
        latest(&mut self.heard_last_at, at);
        match status {
            CallStatus::Queued => latest(&mut self.queued_last_at, at),
            CallStatus::Initiated => earliest(&mut self.initiated_at, at),
            CallStatus::Ringing => earliest(&mut self.ringing_at, at),
            CallStatus::InProgress => earliest(&mut self.answered_at, at),
            CallStatus::Canceled
            | CallStatus::NoAnswer
            | CallStatus::Failed
            | CallStatus::Busy
            | CallStatus::Completed => earliest(&mut self.ended_at, at),
        }
        // Should Twilio report two ends, the one that comes last in `CallStatus` stands, whichever arrived first.
        latest(
            if status.is_terminal() {
                &mut self.end
            } else {
                &mut self.progress
            },
            status,
        );
    }

    /// How far the attempt is.
    #[must_use]
    pub fn phase(&self) -> Phase {
        if let Some(end) = self.end {
            return Phase::Ended(self.result_of(end));
        }
        match self.progress {
            Some(CallStatus::Queued) => Phase::Queued,
            Some(CallStatus::Initiated) => Phase::Initiated,
            Some(CallStatus::Ringing) => Phase::Ringing,
            // Ends are kept apart; only progress is stored there.
            Some(_) => Phase::Answered,
            None if self.refused.is_some() || self.is_not_found() => Phase::Ended(AttemptResult::NotPlaced),
            None if self.unknown_at.is_some() => Phase::Unknown,
            None => Phase::Intent,
        }
    }

    fn result_of(&self, end: CallStatus) -> AttemptResult {
        let answered = self.answered_at.is_some() || end == CallStatus::Completed;
        if self.claim.is_some() {
            return AttemptResult::Talked;
        }
        if answered {
            return AttemptResult::Abandoned;
        }
        match end {
            CallStatus::Busy => AttemptResult::Busy,
            CallStatus::NoAnswer => AttemptResult::NoAnswer,
            CallStatus::Canceled => AttemptResult::Canceled,
            CallStatus::Failed
            | CallStatus::Completed
            | CallStatus::Queued
            | CallStatus::Initiated
            | CallStatus::Ringing
            | CallStatus::InProgress => AttemptResult::Failed,
        }
    }

    /// A presumption: any sign of life from the network overrides it.
    fn is_not_found(&self) -> bool {
        let (Some(first), Some(last)) = (self.not_found_first_at, self.not_found_last_at) else {
            return false;
        };
        last.duration_since(first) >= NOT_FOUND_APART
    }

    /// How it ended; none while it goes on.
    #[must_use]
    pub fn result(&self) -> Option<AttemptResult> {
        match self.phase() {
            Phase::Ended(result) => Some(result),
            Phase::Intent
            | Phase::Unknown
            | Phase::Queued
            | Phase::Initiated
            | Phase::Ringing
            | Phase::Answered => None,
        }
    }

    /// How far the attempt is, in the desktop's words.
    #[must_use]
    pub fn state(&self) -> AttemptState {
        match self.phase() {
            Phase::Intent | Phase::Unknown | Phase::Queued | Phase::Initiated => AttemptState::Placing,
            Phase::Answered if self.claim.is_some() => AttemptState::Connected,
            Phase::Ringing | Phase::Answered => AttemptState::Ringing,
            Phase::Ended(_) => AttemptState::Ended,
        }
    }

    /// Whether the seat it claimed may take another prospect: the leg ended or is confirmed out of the room.
    #[must_use]
    pub fn releases_seat(&self) -> bool {
        self.result().is_some() || self.left_room_at.is_some()
    }

    /// The call, once Twilio named it.
    #[must_use]
    pub const fn sid(&self) -> Option<&CallSid> {
        self.sid.as_ref()
    }

    /// The seat it claimed.
    #[must_use]
    pub const fn claim(&self) -> Option<Claim> {
        self.claim
    }

    /// Whether the answer got the identification message.
    #[must_use]
    pub const fn had_no_seat(&self) -> bool {
        self.no_seat_at.is_some()
    }

    /// When the intent was written.
    #[must_use]
    pub const fn intent_at(&self) -> Timestamp {
        self.intent_at
    }

    /// When it was answered.
    #[must_use]
    pub const fn answered_at(&self) -> Option<Timestamp> {
        self.answered_at
    }

    /// When it ended, as far as a moment is known.
    #[must_use]
    pub fn ended_at(&self) -> Option<Timestamp> {
        self.result()?;
        let refused_at = self.refused.map(|(at, _)| at);
        self.ended_at.or(refused_at).or(self.not_found_last_at)
    }

    /// Twilio's code of a refusal.
    #[must_use]
    pub fn refusal_code(&self) -> Option<u32> {
        self.refused.and_then(|(_, code)| code)
    }
}

fn earliest<T: Ord>(slot: &mut Option<T>, value: T) {
    if slot.as_ref().is_none_or(|held| value < *held) {
        *slot = Some(value);
    }
}

fn latest<T: Ord>(slot: &mut Option<T>, value: T) {
    if slot.as_ref().is_none_or(|held| value > *held) {
        *slot = Some(value);
    }
}

#[cfg(test)]
mod tests;

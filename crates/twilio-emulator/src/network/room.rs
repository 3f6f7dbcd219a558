//! Conferences: who is in, when they start and end, and what that means for each leg.

mod alone;
mod announce;
mod early_media;
mod invite;
mod join;
mod leave;
mod moderate;

use jiff::Timestamp;

pub(crate) use invite::{ParticipantOrder, is_label};
pub(super) use leave::LeaveReason;
pub(crate) use moderate::ParticipantChanges;

use super::call::Endpoint;
use super::{Network, RecordingWish};
use crate::rest::ApiError;
use crate::sid::{CallSid, ConferenceSid};
use crate::twiml::{Beep, Callback, Room};

/// Where rooms are mixed unless somebody wants it elsewhere.
const REGION: &str = "us1";

/// Where a conference stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Participants wait for a second one, or for one that may start it.
    Waiting,
    Started,
    Ended,
}

impl Stage {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "init",
            Self::Started => "in-progress",
            Self::Ended => "completed",
        }
    }
}

/// One filling of a room.
#[derive(Debug)]
pub(super) struct Conference {
    pub(super) sid: ConferenceSid,
    pub(super) account: String,
    pub(super) name: String,
    /// The first participant's wish, as the callback is.
    pub(super) region: String,
    pub(super) stage: Stage,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    /// In order of arrival.
    pub(super) participants: Vec<Participant>,
    /// Those whom REST calls into it, until they answer.
    pub(super) invited: Vec<Participant>,
    /// The first participant's wish; later ones are ignored.
    pub(super) callback: Option<Callback>,
    pub(super) sequence: u32,
    /// How to record it, from the first participant who asks for that.
    pub(super) record: Option<RecordingWish>,
    pub(super) recorded: bool,
    pub(super) ended: Option<Ended>,
    announcements: Vec<announce::Announcement>,
    /// What those who are called into it sound like so far.
    far_ends: Vec<early_media::FarEnd>,
}

impl Conference {
    pub(super) fn is_over(&self) -> bool {
        self.stage == Stage::Ended
    }
}

/// How a conference ended.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    pub(super) reason: &'static str,
    pub(super) by: Option<CallSid>,
}

/// One leg's part in a conference.
#[derive(Clone, Debug)]
pub(super) struct Participant {
    pub(super) call: CallSid,
    pub(super) label: Option<String>,
    pub(super) muted: bool,
    pub(super) hold: bool,
    /// What it hears while it is held; without it Twilio's music.
    pub(super) hold_music: Option<Endpoint>,
    pub(super) moderation: Moderation,
    /// The one participant that hears this one.
    pub(super) coaches: Option<CallSid>,
    pub(super) beep: Beep,
    /// The others hear it ring.
    pub(super) early_media: bool,
    pub(super) joined_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

/// What a participant's coming and going means for the conference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moderation {
    pub(super) start_on_enter: bool,
    pub(super) end_on_exit: bool,
}

impl Network {
    /// The conference has changed, and is where it was again.
    fn put_back(&mut self, mut conference: Conference) {
        self.note_far_ends(&mut conference);
        self.conferences.insert(conference.sid.clone(), conference);
        self.forget_old_conferences();
    }
}

impl Participant {
    pub(super) fn new(room: &Room, call: CallSid, now: Timestamp) -> Self {
        Self {
            call,
            label: room.label.clone(),
            muted: room.muted,
            hold: false,
            hold_music: None,
            moderation: Moderation {
                start_on_enter: room.start_on_enter,
                end_on_exit: room.end_on_exit,
            },
            coaches: room.coach.as_deref().map(CallSid::from_text),
            beep: room.beep,
            early_media: false,
            joined_at: now,
            updated_at: now,
        }
    }

    /// Paths take the `CallSid` or the label.
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.call.as_str() == name || self.label.as_deref() == Some(name)
    }
}

fn nobody_to_coach() -> ApiError {
    let message = "CallSidToCoach is no participant of this conference";
    ApiError::new(400, 13240, message.to_owned())
}

//! What to do about an attempt that goes quiet, is no longer wanted, or was found after a restart.

use jiff::{SignedDuration, Timestamp};

use protocol::AttemptId;

use super::{Facts, Phase};
use crate::{call::CallSid, seat::Seat};

/// An unanswered call is not ended by us before it rang this long (47 CFR 64.1200(a)(6)).
const RING_MIN: SignedDuration = SignedDuration::from_secs(15);
/// Some carriers never report ringing: after this long on the network a call counts as ringing.
const RINGING_PRESUMED_AFTER: SignedDuration = SignedDuration::from_secs(3);
/// A call that is still in Twilio's queue after this long is taken back.
const QUEUED_MAX: SignedDuration = SignedDuration::from_secs(5);
/// A reply to `POST /Calls` that is not here after this long will not come: our request times out before.
const REPLY_MAX: SignedDuration = SignedDuration::from_secs(15);
/// When to search for a call of unknown outcome, counted from when it became unknown. The first and the last lie a
/// minute apart: the same that makes two fruitless searches conclusive.
const SEARCH_AFTER: [SignedDuration; 4] = [
    SignedDuration::from_secs(2),
    SignedDuration::from_secs(10),
    SignedDuration::from_secs(30),
    SignedDuration::from_secs(62),
];
/// Past the table above, searches go on at this pace until one tells.
const SEARCH_EVERY: SignedDuration = SignedDuration::from_secs(60);
/// Unanswered and nothing heard for this long: longer than the ring time-out and Twilio's five seconds on top.
const QUIET_UNANSWERED_MAX: SignedDuration = SignedDuration::from_secs(35);
/// Answered and nothing heard for this long.
const QUIET_ANSWERED_MAX: SignedDuration = SignedDuration::from_secs(120);
/// Answered without a seat and still not over: longer than the identification message.
const MESSAGE_MAX: SignedDuration = SignedDuration::from_secs(60);

/// Out of the room and still not over: longer than the words a prospect hears whose rep is gone.
const FAREWELL_MAX: SignedDuration = SignedDuration::from_secs(20);

/// Whether somebody still waits for this attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// A seat is free for it, or talks to it.
    Yes,
    /// The rep hung up, left, or is gone.
    No,
}

/// Something to do at Twilio for an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Upkeep {
    /// List the calls to this number since the intent, queued ones included.
    Search,
    /// Ask how far the call is.
    Fetch(CallSid),
    /// Take back an unanswered call. If an answer wins the race, the call lives on and gets its answer.
    Cancel(CallSid),
    /// End an answered call.
    End(CallSid),
}

impl Facts {
    /// The next thing to do and when; none if only the network can move this attempt on, or it ended.
    ///
    /// A time that has passed means now. The same answer is given until an event tells the effect, so whoever does it
    /// waits a moment before doing it again.
    #[must_use]
    pub fn upkeep(&self, wanted: Wanted, now: Timestamp) -> Option<(Timestamp, Upkeep)> {
        match self.phase() {
            Phase::Ended(_) => None,
            Phase::Intent => Some((self.search_at(self.intent_at + REPLY_MAX), Upkeep::Search)),
            Phase::Unknown => Some((
                self.search_at(self.unknown_at.unwrap_or(self.intent_at)),
                Upkeep::Search,
            )),
            Phase::Queued | Phase::Initiated | Phase::Ringing => self.upkeep_unanswered(wanted, now),
            Phase::Answered => self.upkeep_answered(wanted),
        }
    }

    /// Whether somebody still waits for the attempt: `seat` is the one whose line it is on, unless the agent left it.
    ///
    /// An answered call stays wanted when the agent's leg is lost: the room's end tells its prospect, not we.
    #[must_use]
    pub fn wanted(&self, attempt_id: AttemptId, seat: Option<&Seat>, hung_up: bool) -> Wanted {
        let waits =
            seat.is_some_and(|seat| self.answered_at.is_some() || seat.wants(attempt_id) == Wanted::Yes);
        if waits && !hung_up {
            Wanted::Yes
        } else {
            Wanted::No
        }
    }

    fn upkeep_unanswered(&self, wanted: Wanted, now: Timestamp) -> Option<(Timestamp, Upkeep)> {
        let (sid, placed_at) = (self.sid.clone()?, self.placed_at?);
        if wanted == Wanted::No {
            return Some((self.lawful_end_at(placed_at, now), Upkeep::Cancel(sid)));
        }
        if self.phase() == Phase::Queued {
            let stuck_at = placed_at + QUEUED_MAX;
            let still_queued = self.queued_last_at.is_some_and(|queued_at| queued_at >= stuck_at);
            let upkeep = if still_queued {
                Upkeep::Cancel(sid)
            } else {
                Upkeep::Fetch(sid)
            };
            return Some((stuck_at, upkeep));
        }
        Some((self.heard_last_at? + QUIET_UNANSWERED_MAX, Upkeep::Fetch(sid)))
    }

    fn upkeep_answered(&self, wanted: Wanted) -> Option<(Timestamp, Upkeep)> {
        let (sid, answered_at) = (self.sid.clone()?, self.answered_at?);
        if self.claim.is_none() {
            // The message is playing, or the answer's fetch never reached us and the fallback plays it.
            return Some((answered_at + MESSAGE_MAX, Upkeep::End(sid)));
        }
        if wanted == Wanted::No {
            return Some((answered_at, Upkeep::End(sid)));
        }
        if let Some(left_room_at) = self.left_room_at {
            return Some((left_room_at + FAREWELL_MAX, Upkeep::End(sid)));
        }
        Some((self.heard_last_at? + QUIET_ANSWERED_MAX, Upkeep::Fetch(sid)))
    }

    /// The earliest moment from `now` on at which an unanswered call may be ended by us: at once while it cannot ring
    /// yet, else when it rang for long enough.
    ///
    /// Whether it can ring yet is counted from the intent, the earliest it may have left; how long it rang is counted
    /// from what we heard last to be sure of, so that a late callback makes it ring longer and never shorter.
    fn lawful_end_at(&self, placed_at: Timestamp, now: Timestamp) -> Timestamp {
        let still_queued = self.phase() == Phase::Queued && self.queued_last_at > Some(placed_at);
        match self.ringing_at {
            Some(ringing_at) => ringing_at + RING_MIN,
            None if still_queued || now < self.intent_at + RINGING_PRESUMED_AFTER => now,
            None => self.initiated_at.unwrap_or(placed_at) + RINGING_PRESUMED_AFTER + RING_MIN,
        }
    }

    fn search_at(&self, unknown_at: Timestamp) -> Timestamp {
        let Some(last_at) = self.not_found_last_at else {
            return unknown_at + SEARCH_AFTER[0];
        };
        let planned = SEARCH_AFTER.iter().map(|after| unknown_at + *after);
        planned
            .into_iter()
            .find(|at| *at > last_at)
            .unwrap_or(last_at + SEARCH_EVERY)
    }
}

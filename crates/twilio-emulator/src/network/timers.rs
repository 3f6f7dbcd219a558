//! What is due when.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::call::Status;
use super::run::Step;
use super::{Network, Output, SocketId};
use crate::media::Sound;
use crate::sid::CallSid;
use crate::webhook::Request;

/// What is due at a time.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Timer {
    Dial,
    Ring(CallSid),
    PickUp(CallSid),
    Refuse(CallSid),
    /// The caller has heard that the far end is busy, or that it cannot be reached.
    Refused(CallSid, bool),
    RingTimeout(CallSid),
    TimeLimit(CallSid),
    /// A `<Pause>`, `<Gather>` or `<Dial timeLimit>` of this step ends.
    Step(CallSid, Step),
    /// Without media the clock ends what would be heard, and who would talk.
    SoundEnds(CallSid, u64),
    PersonLeaves(CallSid),
    /// Without media the clock says what a person sounds like, and when they answer a question.
    Sounds(CallSid, Sound),
    Speaks(CallSid, Step),
    /// A verdict is due if nothing was heard since this count.
    Verdict(CallSid, u64),
    Callback(CallSid, Arc<Request>),
    ReleaseCallbacks(CallSid),
    TokenExpiry(SocketId, i64),
    Rejoin(CallSid, u64),
    /// A transcription is done.
    Transcribed(String),
    /// A reviewer of Trust Hub has seen enough of what was handed in for this time.
    Review(String, u32),
}

impl Network {
    pub(super) fn set_timer(&mut self, delay: SignedDuration, timer: Timer) {
        let at = self.now.saturating_add(delay).unwrap_or(Timestamp::MAX);
        let id = self.next_id();
        self.timers.insert((at, id), timer);
        self.sweep_timers();
    }

    /// Runs everything that is due; call before asking or telling the network anything.
    pub(crate) fn advance_to(&mut self, now: Timestamp) {
        while let Some(entry) = self.timers.first_entry() {
            let (at, _) = *entry.key();
            if at > now {
                break;
            }
            let timer = entry.remove();
            self.now = self.now.max(at);
            self.due(timer);
        }
        self.now = self.now.max(now);
    }

    fn due(&mut self, timer: Timer) {
        match timer {
            Timer::Dial => self.dial_next(),
            Timer::Ring(call) => self.ring(&call),
            Timer::PickUp(call) => self.pick_up(&call),
            Timer::Refuse(call) => self.refuse(&call),
            Timer::Refused(call, busy) => self.refused(&call, busy),
            Timer::RingTimeout(call) => self.ring_timeout(&call),
            Timer::TimeLimit(call) => self.time_limit_due(&call),
            Timer::Step(call, step) => self.step_due(&call, step),
            Timer::SoundEnds(call, play) => self.play_ended(&call, play),
            Timer::Sounds(call, sound) => self.sounds(&call, sound, 0),
            Timer::Speaks(call, step) => self.person_speaks(&call, step),
            Timer::Verdict(call, heard) => self.verdict_due(&call, heard),
            Timer::PersonLeaves(call) => self.end(&call, Status::Completed, "the person hung up"),
            Timer::Callback(call, mut request) => {
                Arc::make_mut(&mut request).asked_at = self.now;
                self.outputs.push_back(Output::Callback { call, request });
            }
            Timer::ReleaseCallbacks(call) => self.release_callbacks(&call),
            Timer::TokenExpiry(socket, expires_at_s) => self.token_expired(socket, expires_at_s),
            Timer::Transcribed(sid) => self.transcribed(&sid),
            Timer::Review(bundle, handed_in) => self.review_due(&bundle, handed_in),
            Timer::Rejoin(call, binding) => self.rejoin_expired(&call, binding),
        }
    }
}

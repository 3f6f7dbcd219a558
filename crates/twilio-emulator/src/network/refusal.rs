//! Numbers that are engaged or cannot be reached, and what a caller who dials them hears.

use jiff::SignedDuration;

use super::call::{Party, Status};
use super::run::SoundSource;
use super::{Network, Output, Timer};
use crate::media::Answer;
use crate::sid::CallSid;

/// How long the tone of an engaged line is heard: once a second.
const BUSY_ROUNDS: u32 = 3;
/// The three tones for a number that cannot be reached, and reorder after them.
const INTERCEPT: SignedDuration = SignedDuration::from_millis(3_500);

impl Network {
    /// The far end is busy or cannot be reached. The only leg of a `<Dial>` lets its caller
    /// hear so first, and somebody called into a conference lets that.
    pub(super) fn refuse(&mut self, sid: &CallSid) {
        let call = self.calls.get(sid);
        let Some(call) = call.filter(|call| call.status == Status::Initiated) else {
            return;
        };
        let busy = matches!(&call.party, Party::Person(persona) if matches!(persona.answer, Answer::Busy));
        let (source, rounds, length) = if busy {
            (
                SoundSource::Busy,
                BUSY_ROUNDS,
                SignedDuration::from_secs(BUSY_ROUNDS.into()),
            )
        } else {
            (SoundSource::Intercept, 1, INTERCEPT)
        };
        if let Some(call) = self.caller_of_only_leg(sid) {
            self.outputs.push_back(Output::Sound {
                call,
                play: 0,
                source,
                rounds,
            });
        } else if !self.room_hears(sid, source, rounds) {
            return self.refused(sid, busy);
        }
        self.set_timer(length, Timer::Refused(sid.clone(), busy));
    }

    pub(super) fn refused(&mut self, sid: &CallSid, busy: bool) {
        let status = if busy { Status::Busy } else { Status::Failed };
        self.end(sid, status, "the far end refused");
    }
}

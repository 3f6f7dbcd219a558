//! `<Dial>`: the verb, its end, and keys for the far end.

use jiff::SignedDuration;

use super::{FetchPurpose, SoundSource, Waiting};
use crate::media::MediaCommand;
use crate::network::bridge::Dialing;
use crate::network::call::Status;
use crate::network::room::LeaveReason;
use crate::network::{Network, Output, Timer};
use crate::sid::CallSid;
use crate::twiml::{Dial, Noun};

impl Network {
    pub(super) fn dial_noun(&mut self, sid: &CallSid, mut dial: Dial) -> bool {
        let noun = match &mut dial.noun {
            Noun::Callees(callees) => Noun::Callees(std::mem::take(callees)),
            Noun::Room(_) | Noun::Queue(_) | Noun::Unconnected(_) => dial.noun.clone(),
        };
        match noun {
            Noun::Room(room) => {
                let time_limit = SignedDuration::from_secs(dial.time_limit_s.into());
                let step = self.wait_for(sid, Waiting::Dial(Box::new(Dialing::new(dial))));
                self.set_timer(time_limit, Timer::Step(sid.clone(), step));
                self.record_dial(sid, false);
                self.join(sid, &room);
            }
            Noun::Callees(callees) => self.dial_callees(sid, dial, callees),
            Noun::Queue(queue) => self.dial_queue(sid, dial, &queue),
            Noun::Unconnected(name) => {
                self.notify(sid, 13224, &format!("<Dial><{name}> is not emulated"));
                self.wait_for(sid, Waiting::Dial(Box::new(Dialing::new(dial))));
                self.after_dial(sid, "failed");
            }
        }
        false
    }

    /// A `<Dial>` is cut short: by its time limit, or by `*`.
    pub(super) fn end_dial(&mut self, sid: &CallSid) {
        if self.calls.get(sid).is_some_and(|call| call.room.is_some()) {
            self.leave_and_go_on(sid, LeaveReason::HungUp);
        } else {
            self.end_bridge(sid);
        }
    }

    /// The `<Dial>` is over: its action is next, or the verb after it.
    pub(in crate::network) fn after_dial(&mut self, sid: &CallSid, dial_status: &str) {
        self.drop_inner_runs(sid);
        if self.trunk_tried(sid, dial_status) {
            return;
        }
        let Some(call) = self.calls.get_mut(sid).filter(|call| !call.status.is_final()) else {
            return;
        };
        let unanswered = call.status == Status::Ringing;
        let Some(run) = call
            .runs
            .last_mut()
            .filter(|run| matches!(run.waiting, Waiting::Dial(_)))
        else {
            return;
        };
        let Waiting::Dial(dialing) = std::mem::replace(&mut run.waiting, Waiting::Nothing) else {
            return;
        };
        self.stop_sound(sid);
        if let Some(recording) = &dialing.recording {
            self.stop_recording(recording);
        }
        match &dialing.order.action {
            Some(action) => {
                let outcome = self.dial_outcome(&dialing, dial_status);
                let method = dialing.order.method;
                self.fetch(sid, action, method, FetchPurpose::Document, outcome);
            }
            // A caller who was to be answered with the bridge is answered by what follows instead.
            None if unanswered => self.answer_or_go_on(sid),
            None => self.advance(sid),
        }
    }

    /// Keys for the far end, one after the other: a person gets them at once, everybody hears them.
    pub(super) fn press_keys(&mut self, sid: &CallSid, keys: String) -> bool {
        self.log("keys.sent", &[("call", sid.as_str()), ("keys", &keys)]);
        let person = self.calls.get(sid).is_some_and(|call| call.persona().is_some());
        for digit in keys.chars().filter(|key| person && !matches!(key, 'w' | 'W')) {
            self.outputs.push_back(Output::Media(MediaCommand::Key {
                leg: sid.as_str().to_owned(),
                digit: digit.to_ascii_uppercase(),
            }));
        }
        self.sound(sid, SoundSource::Keys(keys), 1)
    }
}

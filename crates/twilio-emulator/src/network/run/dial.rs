//! `<Dial>`: the verb, its end and what its action is told, and keys for the far end.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use super::{FetchPurpose, SoundSource, Waiting};
use crate::media::MediaCommand;
use crate::network::call::Status;
use crate::network::callback::{Params, bool_text, push};
use crate::network::room::LeaveReason;
use crate::network::{Network, Output, Timer};
use crate::sid::CallSid;
use crate::twiml::{Callee, Dial, Noun, QueueNoun};

#[derive(Debug)]
pub(in crate::network) struct Dialing {
    pub(in crate::network) order: Dial,
    /// Legs that ring or talk.
    pub(in crate::network) legs: Vec<CallSid>,
    /// To be tried if those before them do not answer.
    pub(in crate::network) next: VecDeque<Callee>,
    /// The first leg that answered.
    pub(in crate::network) winner: Option<CallSid>,
    /// What the other leg was to hear first is over.
    pub(in crate::network) ready: bool,
    pub(in crate::network) bridged_at: Option<Timestamp>,
    /// What `record` has begun.
    pub(in crate::network) recording: Option<String>,
    /// The last leg that ended unanswered.
    pub(in crate::network) missed: Option<(CallSid, Status)>,
    /// What is said about the queue the other leg comes from.
    pub(in crate::network) queue: Params,
}

impl Dialing {
    pub(in crate::network) fn new(order: Dial) -> Self {
        Self {
            order,
            legs: Vec::new(),
            next: VecDeque::new(),
            winner: None,
            ready: false,
            bridged_at: None,
            recording: None,
            missed: None,
            queue: Params::new(),
        }
    }

    pub(in crate::network) fn queue_noun(&self) -> Option<QueueNoun> {
        match &self.order.noun {
            Noun::Queue(noun) => Some(noun.as_ref().clone()),
            Noun::Room(_) | Noun::Callees(_) | Noun::Unconnected(_) => None,
        }
    }

    /// Nobody has come yet.
    pub(in crate::network) fn is_open(&self) -> bool {
        self.winner.is_none()
    }

    /// Who is at the other end of the bridge.
    pub(in crate::network) fn other(&self) -> Option<&CallSid> {
        self.bridged_at.and(self.winner.as_ref())
    }

    /// The leg that the action is told about.
    pub(in crate::network) fn outcome_leg(&self) -> Option<&CallSid> {
        self.winner.as_ref().or(self.missed.as_ref().map(|(leg, _)| leg))
    }

    /// What the action is told.
    fn outcome(&self, status: &str, now: Timestamp) -> Params {
        let mut params = Params::new();
        push(&mut params, "DialCallStatus", status);
        if matches!(self.order.noun, Noun::Room(_)) {
            push(&mut params, "DialBridged", bool_text(status == "answered"));
            return params;
        }
        if let Some(leg) = self.outcome_leg().filter(|_| self.queue.is_empty()) {
            push(&mut params, "DialCallSid", leg.as_str());
        }
        if let Some(bridged_at) = self.bridged_at {
            let seconds = (now.duration_since(bridged_at).as_millis() + 500) / 1_000;
            push(&mut params, "DialCallDuration", &seconds.to_string());
        }
        push(&mut params, "DialBridged", bool_text(self.bridged_at.is_some()));
        params.extend(self.queue.iter().cloned());
        params
    }
}

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
            None => self.advance(sid),
        }
    }

    /// What a `<Dial>` that ends now tells its action.
    fn dial_outcome(&self, dialing: &Dialing, status: &str) -> Params {
        let mut outcome = dialing.outcome(status, self.now);
        outcome.extend(self.sip_outcome(dialing));
        if let Some(recording) = &dialing.recording {
            outcome.extend(self.recording_facts(recording));
        }
        outcome
    }

    /// What the action of a `<Dial>` is told whose leg hangs up itself.
    pub(in crate::network) fn farewell_outcome(&self, dialing: &Dialing) -> Params {
        let status = match (&dialing.order.noun, dialing.bridged_at) {
            (Noun::Room(_), _) => "answered",
            (_, Some(_)) => "completed",
            (_, None) => "canceled",
        };
        self.dial_outcome(dialing, status)
    }

    /// The `<Dial>` that the leg is in.
    pub(in crate::network) fn dialing_mut(&mut self, sid: &CallSid) -> Option<&mut Dialing> {
        match self.outermost_wait(sid) {
            Some(Waiting::Dial(dialing)) => Some(dialing),
            Some(_) | None => None,
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

//! Callers in line: `<Enqueue>`, `<Leave>`, `<Dial><Queue>`, and what takes a caller out of line.

use jiff::SignedDuration;

use super::{Dialing, FetchPurpose, Run, Scope, SoundSource, Waiting};
use crate::network::call::Endpoint;
use crate::network::callback::{Params, push};
use crate::network::queue::Departure;
use crate::network::{Network, Output, Timer};
use crate::sid::CallSid;
use crate::twiml::{Dial, Enqueue, QueueNoun};

/// What a caller hears while waiting is requested again when it ends, but not at once if it was empty.
const WAIT_AGAIN: SignedDuration = SignedDuration::from_secs(1);

/// An `<Enqueue>` under way.
#[derive(Debug)]
pub(in crate::network) struct Queued {
    order: Enqueue,
    /// Which queue, and how long the wait was once it is over.
    queue: String,
    left: Option<Departure>,
}

impl Network {
    pub(super) fn enqueue(&mut self, sid: &CallSid, order: Enqueue) -> bool {
        let account = self.calls.get(sid).map(|call| call.account.clone());
        let queue = account.and_then(|account| self.open_queue(&account, &order.name));
        let wait = order.wait.clone();
        let queued = Queued {
            order,
            queue: queue.clone().unwrap_or_default(),
            left: None,
        };
        self.wait_for(sid, Waiting::Queue(Box::new(queued)));
        let Some(queue) = queue else {
            self.after_queue(sid, "system-error");
            return false;
        };
        if !self.enter_queue(&queue, sid) {
            self.after_queue(sid, "queue-full");
            return false;
        }
        if wait.is_none() {
            self.outputs.push_back(Output::Sound {
                call: sid.clone(),
                play: 0,
                source: SoundSource::HoldMusic,
                rounds: 0,
            });
        } else {
            if let Some(call) = self.calls.get_mut(sid) {
                let base = call.runs.last().and_then(|run| run.base.clone());
                call.runs.push(Run::new(Scope::Queue, Vec::new(), base));
            }
            self.request_wait(sid);
        }
        self.serve_queue(&queue);
        false
    }

    /// Requests what a caller in line hears.
    fn request_wait(&mut self, sid: &CallSid) {
        let facts = self.queue_facts(sid);
        if let Some(wait) = self.queued(sid).and_then(|queued| queued.order.wait.clone()) {
            self.fetch(sid, &wait.url, wait.method, FetchPurpose::Document, facts);
        }
    }

    /// What a caller in line, or somebody held, was to hear has ended: it is requested again.
    pub(super) fn wait_again(&mut self, sid: &CallSid) {
        let step = self.wait_for(sid, Waiting::Again);
        self.set_timer(WAIT_AGAIN, Timer::Step(sid.clone(), step));
    }

    pub(super) fn wait_over(&mut self, sid: &CallSid) {
        let innermost = self.calls.get(sid).and_then(|call| call.runs.last());
        if innermost.is_some_and(|run| run.scope == Scope::Hold) {
            self.request_hold_music(sid);
        } else {
            self.request_wait(sid);
        }
    }

    /// `<Leave>`, in what a caller in line hears.
    pub(super) fn leave_by_verb(&mut self, sid: &CallSid) -> bool {
        if self.queued(sid).is_none() {
            self.notify(sid, 12200, "<Leave> outside a queue does nothing");
            return true;
        }
        self.after_queue(sid, "leave");
        false
    }

    pub(super) fn queued(&mut self, sid: &CallSid) -> Option<&mut Queued> {
        match self.outermost_wait(sid) {
            Some(Waiting::Queue(queued)) => Some(queued),
            Some(_) | None => None,
        }
    }

    /// Waits for the caller at the front of a queue, which must exist.
    pub(super) fn dial_queue(&mut self, sid: &CallSid, dial: Dial, noun: &QueueNoun) {
        let timeout = SignedDuration::from_secs(dial.timeout_s.into());
        let step = self.wait_for(sid, Waiting::Dial(Box::new(Dialing::new(dial))));
        let account = self.calls.get(sid).map(|call| call.account.clone());
        let Some(queue) = account.and_then(|account| self.queue_named(&account, &noun.name)) else {
            self.notify(sid, 14214, &format!("there is no queue {}", noun.name));
            return self.after_dial(sid, "failed");
        };
        self.set_timer(timeout, Timer::Step(sid.clone(), step));
        self.queue_dialers.push_back((queue.clone(), sid.clone()));
        self.serve_queue(&queue);
    }

    /// Brings callers in line and those who dial the queue together.
    fn serve_queue(&mut self, queue: &str) {
        let mut at = 0;
        while at < self.queue_dialers.len() {
            let (of, dialer) = self.queue_dialers[at].clone();
            let waits = self.dialing_mut(&dialer).is_some_and(|dialing| dialing.is_open());
            if !waits {
                self.queue_dialers.remove(at);
                continue;
            }
            if of != queue {
                at += 1;
                continue;
            }
            let Some(caller) = self.front_of_queue(queue) else {
                return;
            };
            self.queue_dialers.remove(at);
            self.take_from_queue(&dialer, &caller);
        }
    }

    fn take_from_queue(&mut self, dialer: &CallSid, caller: &CallSid) {
        let Some(departure) = self.leave_queue(caller) else {
            return;
        };
        let mut facts = Params::new();
        push(&mut facts, "QueueSid", &departure.queue);
        push(&mut facts, "QueueTime", &departure.waited_s.to_string());
        if let Some(queued) = self.queued(caller) {
            queued.left = Some(departure);
        }
        self.drop_inner_runs(caller);
        self.stop_sound(caller);
        let noun = self.dialing_mut(dialer).and_then(|dialing| dialing.queue_noun());
        let whisper = noun.and_then(|noun| noun.whisper).map(|target| Endpoint {
            url: self.resolve(dialer, &target.url),
            method: target.method,
        });
        self.win(dialer, caller, facts.clone());
        push(&mut facts, "DequeingCallSid", dialer.as_str());
        self.connect_leg(caller, whisper, facts);
    }

    /// What the action of an `<Enqueue>` is told.
    fn queue_outcome(queued: &Queued, result: &str) -> Params {
        let mut params = Params::new();
        push(&mut params, "QueueResult", result);
        push(&mut params, "QueueSid", &queued.queue);
        let waited_s = queued.left.as_ref().map_or(0, |departure| departure.waited_s);
        push(&mut params, "QueueTime", &waited_s.to_string());
        params
    }

    /// The wait in a queue is over: the action of the `<Enqueue>` is next, or the verb after it.
    pub(in crate::network) fn after_queue(&mut self, sid: &CallSid, result: &str) {
        let departure = self.leave_queue(sid);
        self.drop_inner_runs(sid);
        self.stop_sound(sid);
        let Some(run) = self.calls.get_mut(sid).and_then(|call| call.runs.first_mut()) else {
            return;
        };
        if !matches!(run.waiting, Waiting::Queue(_)) {
            return;
        }
        let Waiting::Queue(mut queued) = std::mem::replace(&mut run.waiting, Waiting::Nothing) else {
            return;
        };
        queued.left = departure.or(queued.left);
        let outcome = Self::queue_outcome(&queued, result);
        match &queued.order.action {
            Some(action) => {
                self.fetch(sid, action, queued.order.method, FetchPurpose::Document, outcome);
            }
            None => self.advance(sid),
        }
    }

    /// A caller leaves the line, or the bridge that came of it, for good: by hanging up or by REST.
    pub(in crate::network) fn farewell_queue(&mut self, sid: &CallSid, redirected: bool) {
        let departure = self.leave_queue(sid);
        let Some(queued) = self.queued(sid) else { return };
        let bridged = queued.left.is_some();
        queued.left = departure.or(queued.left.take());
        let result = match (redirected, bridged) {
            (true, true) => "redirected-from-bridged",
            (true, false) => "redirected",
            (false, true) => "bridged",
            (false, false) => "hangup",
        };
        let outcome = Self::queue_outcome(queued, result);
        let (action, method) = (queued.order.action.clone(), queued.order.method);
        if let Some(action) = action {
            self.farewell(sid, &action, method, outcome);
        }
    }

    /// REST takes a caller out of line and gives them other TwiML.
    pub(in crate::network) fn redirect_from_queue(&mut self, call: &CallSid, to: &Endpoint) {
        self.farewell_queue(call, true);
        self.stop_sound(call);
        if let Some(call) = self.calls.get_mut(call) {
            call.redirected = true;
        }
        self.run_from(call, to);
    }
}

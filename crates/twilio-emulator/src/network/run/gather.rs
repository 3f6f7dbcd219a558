//! `<Gather>`: keys while a prompt plays, and a while after it.

use jiff::SignedDuration;

use super::{FetchPurpose, Run, Scope, Waiting};
use crate::media::MediaCommand;
use crate::network::room::LeaveReason;
use crate::network::{Network, Output, Timer};
use crate::sid::CallSid;
use crate::twiml::Gather;

/// Longer input than any menu asks for is cut.
const DIGITS_MAX: usize = 255;

/// A `<Gather>` under way.
#[derive(Debug)]
pub(in crate::network) struct Gathering {
    order: Gather,
    digits: String,
}

impl Network {
    pub(super) fn gather(&mut self, sid: &CallSid, mut order: Gather) -> bool {
        let prompt = std::mem::take(&mut order.prompt);
        self.wait_for(
            sid,
            Waiting::Gather(Box::new(Gathering {
                order,
                digits: String::new(),
            })),
        );
        if prompt.is_empty() {
            self.gather_silence(sid);
            return false;
        }
        if let Some(call) = self.calls.get_mut(sid) {
            let base = call.runs.last().and_then(|run| run.base.clone());
            call.runs.push(Run::new(Scope::Prompt, prompt, base));
        }
        true
    }

    /// The prompt is over, or a key was pressed: the time-out starts anew.
    pub(super) fn gather_silence(&mut self, sid: &CallSid) {
        let step = self.next_id();
        let Some(run) = self.calls.get_mut(sid).and_then(|call| call.runs.last_mut()) else {
            return;
        };
        let Waiting::Gather(gathering) = &run.waiting else {
            return;
        };
        let timeout = SignedDuration::from_secs(gathering.order.timeout_s.into());
        run.step = step;
        self.set_timer(timeout, Timer::Step(sid.clone(), step));
    }

    /// A key was pressed on the leg.
    pub(in crate::network) fn digit(&mut self, sid: &CallSid, digit: char) {
        self.log("digit", &[("call", sid.as_str()), ("digit", &digit.to_string())]);
        let Some(call) = self.calls.get_mut(sid) else {
            return;
        };
        if let Some(Waiting::Dial(dial)) = call.runs.first().map(|run| &run.waiting) {
            if dial.hangup_on_star && digit == '*' {
                self.leave_and_go_on(sid, LeaveReason::HungUp);
            }
            return;
        }
        let prompting = call.runs.last().is_some_and(|run| run.scope == Scope::Prompt);
        if prompting {
            call.runs.pop();
            self.outputs.push_back(Output::Media(MediaCommand::StopPlay {
                leg: sid.as_str().to_owned(),
            }));
        }
        let Some(run) = call.runs.last_mut() else { return };
        let Waiting::Gather(gathering) = &mut run.waiting else {
            return;
        };
        let finished = gathering.order.finish_on.contains(digit);
        if !finished {
            gathering.digits.push(digit);
        }
        let digits_max = gathering.order.digits_max.unwrap_or(DIGITS_MAX);
        if finished || gathering.digits.len() >= digits_max {
            self.gather_timeout(sid);
        } else {
            self.gather_silence(sid);
        }
    }

    /// Collecting is over: the action gets the digits, or the next verb follows.
    pub(super) fn gather_timeout(&mut self, sid: &CallSid) {
        let Some(run) = self.calls.get_mut(sid).and_then(|call| call.runs.last_mut()) else {
            return;
        };
        if !matches!(run.waiting, Waiting::Gather(_)) {
            return;
        }
        let Waiting::Gather(gathering) = std::mem::replace(&mut run.waiting, Waiting::Nothing) else {
            return;
        };
        let Gathering { order, digits } = *gathering;
        if digits.is_empty() && !order.action_on_empty {
            return self.advance(sid);
        }
        let Some(action) = order.action.or_else(|| run.base.clone()) else {
            self.notify(sid, 11100, "a Gather in a text document needs an absolute action");
            return self.advance(sid);
        };
        let outcome = vec![("Digits".to_owned(), digits)];
        self.fetch(sid, &action, order.method, FetchPurpose::Document, outcome);
    }
}

//! The bridge between two legs: who answers first, what they hear before, and how it ends on either side.

use jiff::SignedDuration;

use super::call::{Endpoint, Status};
use super::callback::Params;
use super::run::{FetchPurpose, Run, Scope};
use super::{Network, Output, Timer};
use crate::media::MediaCommand;
use crate::sid::CallSid;

impl Network {
    /// A leg was answered: the first one of its `<Dial>` wins and the others stop ringing. A caller who
    /// was to be answered with the bridge is bridged now.
    pub(super) fn note_answered(&mut self, sid: &CallSid) {
        self.bridge_if_ready(sid);
        let Some(parent) = self.calls.get(sid).and_then(|call| call.dialled_by.clone()) else {
            return;
        };
        let Some(dialing) = self.dialing_mut(&parent).filter(|dialing| dialing.is_open()) else {
            return;
        };
        dialing.winner = Some(sid.clone());
        dialing.next.clear();
        let others: Vec<CallSid> = dialing.legs.iter().filter(|leg| *leg != sid).cloned().collect();
        dialing.legs.retain(|leg| leg == sid);
        for other in others {
            self.end(&other, Status::Canceled, "somebody else answered first");
        }
    }

    /// Somebody who is up already is the other side of a `<Dial>`.
    pub(super) fn win(&mut self, sid: &CallSid, other: &CallSid, queue: Params) {
        if let Some(call) = self.calls.get_mut(other) {
            call.dialled_by = Some(sid.clone());
        }
        if let Some(dialing) = self.dialing_mut(sid) {
            dialing.winner = Some(other.clone());
            dialing.legs = vec![other.clone()];
            dialing.queue = queue;
        }
    }

    /// The other leg is to be connected, after what it is to hear first.
    pub(super) fn connect_leg(&mut self, sid: &CallSid, whisper: Option<Endpoint>, more: Params) {
        let Some(whisper) = whisper else {
            return self.leg_ready(sid);
        };
        if let Some(call) = self.calls.get_mut(sid) {
            let base = call.runs.last().and_then(|run| run.base.clone());
            call.runs.push(Run::new(Scope::Whisper, Vec::new(), base));
        }
        self.fetch(sid, &whisper.url, whisper.method, FetchPurpose::Document, more);
    }

    pub(super) fn leg_ready(&mut self, sid: &CallSid) {
        let Some(parent) = self.calls.get(sid).and_then(|call| call.dialled_by.clone()) else {
            return self.end(sid, Status::Completed, "nobody is there any more");
        };
        match self.dialing_mut(&parent) {
            Some(dialing) if dialing.winner.as_ref() == Some(sid) => dialing.ready = true,
            Some(_) | None => return,
        }
        if self
            .calls
            .get(&parent)
            .is_some_and(|call| call.status == Status::Ringing)
        {
            return self.answer_inbound(&parent);
        }
        self.bridge_if_ready(&parent);
    }

    fn bridge_if_ready(&mut self, sid: &CallSid) {
        let now = self.now;
        if self
            .calls
            .get(sid)
            .is_none_or(|call| call.status != Status::InProgress)
        {
            return;
        }
        let Some(dialing) = self.dialing_mut(sid) else {
            return;
        };
        if !dialing.ready || dialing.bridged_at.is_some() {
            return;
        }
        let Some(other) = dialing.winner.clone() else {
            return;
        };
        dialing.bridged_at = Some(now);
        let limit = SignedDuration::from_secs(dialing.order.time_limit_s.into());
        let step = self.next_id();
        if let Some(run) = self.calls.get_mut(sid).and_then(|call| call.runs.first_mut()) {
            run.step = step;
        }
        self.set_timer(limit, Timer::Step(sid.clone(), step));
        self.log(
            "dial.bridged",
            &[("call", sid.as_str()), ("other", other.as_str())],
        );
        for leg in [sid, &other] {
            self.stop_sound(leg);
            self.outputs.push_back(Output::Media(MediaCommand::Join {
                leg: leg.as_str().to_owned(),
                room: sid.as_str().to_owned(),
                muted: false,
                hold: false,
                coach: None,
            }));
        }
        self.record_dial(sid, false);
    }

    /// A leg has ended: what that means for the leg whose `<Dial>` it was part of.
    pub(super) fn note_ended(&mut self, sid: &CallSid, status: Status) {
        let Some(parent) = self.calls.get_mut(sid).and_then(|call| call.dialled_by.take()) else {
            return;
        };
        let Some(dialing) = self.dialing_mut(&parent) else {
            return;
        };
        dialing.legs.retain(|leg| leg != sid);
        if dialing.winner.as_ref() == Some(sid) {
            return self.unbridge(&parent);
        }
        if dialing.is_open() {
            dialing.missed = Some((sid.clone(), status));
            if dialing.legs.is_empty() {
                self.ring_next(&parent);
            }
        }
    }

    /// The bridge is over for the leg that dialled; the other one is gone its own way.
    fn unbridge(&mut self, sid: &CallSid) {
        self.outputs.push_back(Output::Media(MediaCommand::Leave {
            leg: sid.as_str().to_owned(),
        }));
        self.after_dial(sid, "completed");
    }

    /// Takes a leg that is redirected or gone out of its bridge, on whichever side it is.
    pub(super) fn cut_bridge(&mut self, sid: &CallSid) {
        let recording = self.dialing_mut(sid).and_then(|dialing| dialing.recording.take());
        if let Some(recording) = recording {
            self.stop_recording(&recording);
        }
        let legs = self
            .dialing_mut(sid)
            .map(|dialing| std::mem::take(&mut dialing.legs))
            .unwrap_or_default();
        if !legs.is_empty() {
            self.outputs.push_back(Output::Media(MediaCommand::Leave {
                leg: sid.as_str().to_owned(),
            }));
        }
        for leg in legs {
            self.release_leg(sid, &leg);
        }
        let live = self.calls.get_mut(sid).filter(|call| !call.status.is_final());
        if let Some(call) = live
            && let Some(parent) = call.dialled_by.take()
        {
            self.outputs.push_back(Output::Media(MediaCommand::Leave {
                leg: sid.as_str().to_owned(),
            }));
            if self.dialing_mut(&parent).is_some() {
                self.unbridge(&parent);
            }
        }
    }

    /// Lets go of the other side: whom the `<Dial>` called hangs up, who came from a queue goes on.
    fn release_leg(&mut self, sid: &CallSid, leg: &CallSid) {
        let Some(call) = self.calls.get_mut(leg) else {
            return;
        };
        call.dialled_by = None;
        let status = call.status;
        if call.parent.as_ref() != Some(sid) {
            self.outputs.push_back(Output::Media(MediaCommand::Leave {
                leg: leg.as_str().to_owned(),
            }));
            return self.after_queue(leg, "bridged");
        }
        let status = if status == Status::InProgress {
            Status::Completed
        } else {
            Status::Canceled
        };
        self.end(leg, status, "the caller is gone");
    }

    /// The `<Dial>` has taken as long as it may, or `*` was pressed.
    pub(super) fn end_bridge(&mut self, sid: &CallSid) {
        let Some(dialing) = self.dialing_mut(sid) else {
            return;
        };
        if dialing.is_open() {
            return self.after_dial(sid, "no-answer");
        }
        let legs = std::mem::take(&mut dialing.legs);
        for leg in legs {
            self.release_leg(sid, &leg);
        }
        self.unbridge(sid);
    }

    /// Who talks to this leg over a bridge, on whichever side of it the leg is.
    pub(super) fn bridged_with(&mut self, sid: &CallSid) -> Option<CallSid> {
        if let Some(other) = self.dialing_mut(sid).and_then(|dialing| dialing.other()) {
            return Some(other.clone());
        }
        let dialer = self.calls.get(sid)?.dialled_by.clone()?;
        let other = self.dialing_mut(&dialer)?.other() == Some(sid);
        other.then_some(dialer)
    }

    /// The leg whose `<Dial>` calls nobody but this one, now or later.
    pub(super) fn caller_of_only_leg(&mut self, sid: &CallSid) -> Option<CallSid> {
        let dialer = self.calls.get(sid)?.dialled_by.clone()?;
        let dialing = self.dialing_mut(&dialer)?;
        let only = dialing.legs == [sid.clone()] && dialing.next.is_empty();
        only.then_some(dialer)
    }
}

//! Ending calls, and changing live ones.

use jiff::SignedDuration;

use super::call::{Call, Endpoint, Progress, Status};
use super::place::TIME_LIMIT_S_MAX;
use super::room::LeaveReason;
use super::run::{HUNG_UP, Waiting};
use super::{Instructions, Network, Output, Timer, not_found};
use crate::config::CanceledInProgress;
use crate::media::MediaCommand;
use crate::rest::ApiError;
use crate::sid::CallSid;
use crate::signal::ServerFrame;

/// `POST Calls/{CA}`: what is to change.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallChanges {
    pub(crate) status: Option<StatusChange>,
    pub(crate) instructions: Option<Instructions>,
    pub(crate) fallback: Option<Endpoint>,
    /// Where the rest of its progress is reported.
    pub(crate) callback: Option<Endpoint>,
    /// Seconds from its answer.
    pub(crate) time_limit_s: Option<u32>,
}

/// The two statuses one may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StatusChange {
    /// Only calls that nobody has answered.
    Canceled,
    /// Whatever the call is doing.
    Completed,
}

impl Network {
    pub(crate) fn update_call(&mut self, sid: &CallSid, changes: CallChanges) -> Result<(), ApiError> {
        let call = self.calls.get_mut(sid).ok_or_else(|| not_found(sid.as_str()))?;
        let status = call.status;
        if let Some(change) = changes.status {
            if status.is_final() {
                return Err(not_in_progress());
            }
            let refused = self.switches.canceled_in_progress == CanceledInProgress::Refused;
            if refused && status == Status::InProgress && change == StatusChange::Canceled {
                return Err(not_in_progress());
            }
            self.change_status(sid, status, change);
            return Ok(());
        }
        if status.is_final() || (changes.instructions.is_some() && status != Status::InProgress) {
            return Err(not_in_progress());
        }
        if changes.fallback.is_some() {
            call.fallback = changes.fallback;
        }
        if let Some(endpoint) = changes.callback {
            let events = vec!["completed".to_owned()];
            let before = call.callback.take();
            call.callback = Some(match before {
                Some(progress) => Progress { endpoint, ..progress },
                None => Progress {
                    endpoint,
                    events,
                    sequence: 0,
                },
            });
        }
        if let Some(seconds) = changes.time_limit_s {
            self.limit_time(sid, seconds);
        }
        let Some(instructions) = changes.instructions else {
            return Ok(());
        };
        self.log("call.redirected", &[("call", sid.as_str())]);
        self.leave(sid, LeaveReason::Api);
        self.farewell_queue(sid, true);
        self.cut_bridge(sid);
        self.abandon_record(sid);
        self.stop_sound(sid);
        if let Some(call) = self.calls.get_mut(sid) {
            call.runs.clear();
            call.redirected = true;
            call.redirects = 0;
        }
        self.start_instructions(sid, instructions);
        Ok(())
    }

    /// The call may last this long, from its answer.
    fn limit_time(&mut self, sid: &CallSid, seconds: u32) {
        let Some(call) = self.calls.get_mut(sid) else {
            return;
        };
        call.time_limit_s = seconds.min(TIME_LIMIT_S_MAX);
        let limit = SignedDuration::from_secs(call.time_limit_s.into());
        if let Some(answered) = call.answered_at {
            let left = (limit - self.now.duration_since(answered)).max(SignedDuration::ZERO);
            self.set_timer(left, Timer::TimeLimit(sid.clone()));
        }
    }

    /// `DELETE Calls/{CA}`: forgets a call that is over.
    pub(crate) fn delete_call(&mut self, sid: &CallSid) -> Result<(), ApiError> {
        let call = self.calls.get(sid).ok_or_else(|| not_found(sid.as_str()))?;
        if !call.status.is_final() {
            let message = format!("Call {sid} is in progress and cannot be deleted");
            return Err(ApiError::new(400, 21220, message));
        }
        self.calls.remove(sid);
        self.call_order.retain(|it| it != sid);
        Ok(())
    }

    pub(super) fn change_status(&mut self, sid: &CallSid, status: Status, change: StatusChange) {
        let canceled = match status {
            Status::Queued => {
                // A call that never left the queue ends without any callback.
                if let Some(call) = self.calls.get_mut(sid) {
                    call.callback = None;
                }
                true
            }
            Status::Initiated | Status::Ringing => true,
            // A call in progress is not touched by `canceled`; the reply shows its status.
            Status::InProgress if change == StatusChange::Canceled => return,
            Status::InProgress => false,
            Status::Completed | Status::Busy | Status::Failed | Status::NoAnswer | Status::Canceled => return,
        };
        self.end(
            sid,
            if canceled {
                Status::Canceled
            } else {
                Status::Completed
            },
            "ended by REST",
        );
    }

    /// Ends a call for good, whatever it is doing.
    pub(super) fn end(&mut self, sid: &CallSid, status: Status, why: &str) {
        let Some(call) = self.calls.get_mut(sid).filter(|call| !call.status.is_final()) else {
            return;
        };
        // A caller may hear ringing before they are answered.
        let had_media = call.answered_at.is_some() || call.client().is_some() || call.inbound;
        self.client_legs.remove(sid);
        call.status = status;
        call.ended_at = Some(self.now);
        call.updated_at = self.now;
        self.log(
            "call.ended",
            &[
                ("call", sid.as_str()),
                ("status", status.callback()),
                ("why", why),
            ],
        );
        self.leave(sid, LeaveReason::HungUp);
        self.end_record(sid, HUNG_UP);
        self.stop_recordings_of(sid);
        self.say_farewell(sid);
        self.farewell_queue(sid, false);
        self.cut_bridge(sid);
        if let Some(call) = self.calls.get_mut(sid) {
            call.runs.clear();
        }
        if had_media {
            self.outputs.push_back(Output::Media(MediaCommand::Close {
                leg: sid.as_str().to_owned(),
            }));
        }
        self.hang_up_client(sid, status);
        self.report_progress(sid);
        self.note_ended(sid, status);
        self.charge_call(sid);
    }

    /// A leg that hangs up inside a `<Dial action>` still has its action requested.
    fn say_farewell(&mut self, sid: &CallSid) {
        if !self.switches.dial_action_after_hangup {
            return;
        }
        let Some(run) = self.calls.get(sid).and_then(|call| call.runs.first()) else {
            return;
        };
        let Waiting::Dial(dialing) = &run.waiting else {
            return;
        };
        let Some(action) = dialing.order.action.clone() else {
            return;
        };
        let (method, outcome) = (dialing.order.method, self.farewell_outcome(dialing));
        self.farewell(sid, &action, method, outcome);
    }

    fn hang_up_client(&mut self, sid: &CallSid, status: Status) {
        let Some(client) = self.calls.get_mut(sid).and_then(Call::client_mut) else {
            return;
        };
        let (ringing, socket) = (std::mem::take(&mut client.ringing), client.socket.take());
        for socket in ringing {
            let frame = ServerFrame::cancel(sid.as_str());
            self.outputs.push_back(Output::Signal { socket, frame });
        }
        let Some(socket) = socket else { return };
        let error = match status {
            Status::Busy => Some((31486, "Busy Here")),
            Status::NoAnswer => Some((31603, "Decline")),
            Status::Failed => Some((31000, "An application error has occurred")),
            Status::Queued
            | Status::Initiated
            | Status::Ringing
            | Status::InProgress
            | Status::Completed
            | Status::Canceled => None,
        };
        let frame = ServerFrame::hangup(sid.as_str(), error);
        self.outputs.push_back(Output::Signal { socket, frame });
    }

    pub(super) fn stop_sound(&mut self, sid: &CallSid) {
        self.outputs.push_back(Output::Media(MediaCommand::StopPlay {
            leg: sid.as_str().to_owned(),
        }));
    }
}

fn not_in_progress() -> ApiError {
    ApiError::new(400, 21220, "Call is not in-progress. Cannot redirect.".to_owned())
}

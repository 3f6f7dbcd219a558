//! Leaving a conference, and its end.

use super::{Ended, Participant, Stage};
use crate::media::MediaCommand;
use crate::network::{Network, Output};
use crate::sid::{CallSid, ConferenceSid};
use crate::twiml::Beep;

/// Why a leg leaves a conference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::network) enum LeaveReason {
    HungUp,
    /// Redirected or removed by REST.
    Api,
    ConferenceEnded,
    ModeratorLeft,
    /// It never got as far as the conference.
    AddFailed,
}

impl LeaveReason {
    fn as_str(self) -> &'static str {
        match self {
            Self::HungUp => "participant_hung_up",
            Self::Api => "participant_updated_via_api",
            Self::ConferenceEnded => "conference_ended_via_api",
            Self::ModeratorLeft => "moderator_ended_conference",
            Self::AddFailed => "participant_add_failed",
        }
    }
}

impl Network {
    /// Takes a leg out of its room; what the leg does next is the caller's business.
    pub(in crate::network) fn leave(&mut self, sid: &CallSid, reason: LeaveReason) {
        let Some(room) = self.calls.get_mut(sid).and_then(|call| call.room.take()) else {
            return self.uninvite(sid);
        };
        let Some(mut conference) = self.conferences.remove(&room) else {
            return;
        };
        self.drop_inner_runs(sid);
        let Some(index) = conference
            .participants
            .iter()
            .position(|participant| participant.call == *sid)
        else {
            return self.put_back(conference);
        };
        let participant = conference.participants.remove(index);
        conference.updated_at = self.now;
        self.outputs.push_back(Output::Media(MediaCommand::Leave {
            leg: sid.as_str().to_owned(),
        }));
        let call_status = self
            .calls
            .get(sid)
            .map_or("completed", |call| call.status.callback());
        let details = [
            ("ParticipantCallStatus", call_status),
            ("ReasonParticipantLeft", reason.as_str()),
        ];
        self.report_room(&mut conference, "participant-leave", Some(&participant), &details);
        if matches!(participant.beep, Beep::Both | Beep::OnExit) {
            self.beep(&conference);
        }
        let kicked = reason == LeaveReason::Api;
        let ended = if participant.moderation.end_on_exit && conference.stage == Stage::Started {
            Some(if kicked {
                "participant-with-end-conference-on-exit-kicked"
            } else {
                "participant-with-end-conference-on-exit-left"
            })
        } else if conference.is_deserted() {
            Some(if kicked {
                "last-participant-kicked"
            } else {
                "last-participant-left"
            })
        } else {
            None
        };
        if ended.is_none() {
            self.begin_lone_music(&conference);
        }
        let sid = conference.sid.clone();
        self.put_back(conference);
        self.settle_announcements(&sid);
        if let Some(why) = ended {
            self.end_conference(&sid, why, Some(&participant), LeaveReason::ModeratorLeft);
        }
    }

    /// Takes a leg out of its room and runs what follows its `<Dial>`.
    pub(in crate::network) fn leave_and_go_on(&mut self, sid: &CallSid, reason: LeaveReason) {
        self.leave(sid, reason);
        self.after_dial(sid, "answered");
    }

    /// Ends a conference for everybody still in it.
    pub(super) fn end_conference(
        &mut self,
        sid: &ConferenceSid,
        why: &'static str,
        by: Option<&Participant>,
        leave_reason: LeaveReason,
    ) {
        let Some(conference) = self.conferences.get_mut(sid).filter(|c| c.stage != Stage::Ended) else {
            return;
        };
        conference.stage = Stage::Ended;
        self.open_rooms
            .remove(&(conference.account.clone(), conference.name.clone()));
        conference.ended = Some(Ended {
            reason: why,
            by: by.map(|by| by.call.clone()),
        });
        let rest: Vec<CallSid> = conference.participants.iter().map(|p| p.call.clone()).collect();
        let invited: Vec<CallSid> = conference.invited.iter().map(|p| p.call.clone()).collect();
        for call in &rest {
            self.leave(call, leave_reason);
        }
        for call in &invited {
            self.stop_calling(call);
        }
        self.stop_recordings_of_room(sid);
        if let Some(mut conference) = self.conferences.remove(sid) {
            let mut details = vec![("ReasonConferenceEnded", why), ("Reason", why)];
            if let Some(by) = by {
                details.push(("CallSidEndingConference", by.call.as_str()));
            }
            if let Some(label) = by.and_then(|by| by.label.as_deref()) {
                details.push(("ParticipantLabelEndingConference", label));
            }
            self.report_room(&mut conference, "conference-end", None, &details);
            self.put_back(conference);
        }
        for call in &rest {
            self.after_dial(call, "answered");
        }
    }
}

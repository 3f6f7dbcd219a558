//! What REST does to a conference: ending it, muting, holding and removing participants.

use super::{LeaveReason, Stage};
use crate::config::KickedLeg;
use crate::network::call::{Endpoint, Status};
use crate::network::{Network, not_found};
use crate::rest::ApiError;
use crate::sid::{CallSid, ConferenceSid};

/// `POST Participants/{CA}`: what is to change.
#[derive(Clone, Debug, Default)]
pub(crate) struct ParticipantChanges {
    pub(crate) muted: Option<bool>,
    pub(crate) hold: Option<bool>,
    /// What a held participant hears; without it Twilio's music.
    pub(crate) hold_music: Option<Endpoint>,
    pub(crate) end_on_exit: Option<bool>,
    pub(crate) announcement: Option<Endpoint>,
    pub(crate) coaching: Option<bool>,
    pub(crate) call_to_coach: Option<CallSid>,
}

impl Network {
    /// `POST Conferences/{CF}` with `Status=completed`.
    pub(crate) fn complete_conference(&mut self, sid: &ConferenceSid) -> Result<(), ApiError> {
        if !self.conferences.contains_key(sid) {
            return Err(not_found(sid.as_str()));
        }
        self.end_conference(
            sid,
            "conference-ended-via-api",
            None,
            LeaveReason::ConferenceEnded,
        );
        Ok(())
    }

    /// `POST Participants/{CA or label}`.
    pub(crate) fn update_participant(
        &mut self,
        sid: &ConferenceSid,
        name: &str,
        changes: ParticipantChanges,
    ) -> Result<CallSid, ApiError> {
        let mut conference = self
            .conferences
            .remove(sid)
            .ok_or_else(|| not_found(sid.as_str()))?;
        let found = conference.participants.iter().position(|p| p.is_called(name));
        let Some(index) = found else {
            self.put_back(conference);
            return Err(not_found(name));
        };
        let before = conference.participants[index].clone();
        let coaches = match changes.coaching {
            Some(false) => None,
            Some(true) => changes.call_to_coach.or(before.coaches.clone()),
            None => before.coaches.clone(),
        };
        let known = |coached: &CallSid| conference.participants.iter().any(|p| p.call == *coached);
        if changes.coaching == Some(true) && !coaches.as_ref().is_some_and(known) {
            self.put_back(conference);
            let message = "CallSidToCoach is no participant of this conference";
            return Err(ApiError::new(400, 13240, message.to_owned()));
        }
        let participant = &mut conference.participants[index];
        participant.coaches = coaches;
        participant.muted = changes.muted.unwrap_or(before.muted);
        participant.hold = changes.hold.unwrap_or(before.hold);
        if changes.hold == Some(true) {
            participant.hold_music = changes.hold_music;
        }
        participant.moderation.end_on_exit = changes.end_on_exit.unwrap_or(before.moderation.end_on_exit);
        participant.updated_at = self.now;
        let after = participant.clone();
        if conference.stage == Stage::Started {
            self.connect(&conference, &after);
        }
        if after.muted != before.muted {
            let event = if after.muted {
                "participant-mute"
            } else {
                "participant-unmute"
            };
            self.report_room(&mut conference, event, Some(&after), &[]);
        }
        if after.hold != before.hold {
            let event = if after.hold {
                "participant-hold"
            } else {
                "participant-unhold"
            };
            self.report_room(&mut conference, event, Some(&after), &[]);
        }
        if after.moderation != before.moderation || after.coaches != before.coaches {
            self.report_room(&mut conference, "participant-modify", Some(&after), &[]);
        }
        self.put_back(conference);
        if after.hold != before.hold {
            self.change_hold(&after);
            self.settle_announcements(sid);
        }
        if let Some(announcement) = &changes.announcement {
            self.announce_to(sid, announcement, &after.call);
        }
        Ok(after.call)
    }

    /// `DELETE Participants/{CA or label}`: the leg leaves, and then does what the switch says.
    pub(crate) fn kick(&mut self, sid: &ConferenceSid, name: &str) -> Result<(), ApiError> {
        let conference = self.conferences.get(sid).ok_or_else(|| not_found(sid.as_str()))?;
        let participant = conference.participants.iter().find(|p| p.is_called(name));
        let call = participant.ok_or_else(|| not_found(name))?.call.clone();
        match self.switches.kicked_leg {
            KickedLeg::GoesOn => self.leave_and_go_on(&call, LeaveReason::Api),
            KickedLeg::HangsUp => {
                self.leave(&call, LeaveReason::Api);
                self.end(&call, Status::Completed, "removed from the conference");
            }
        }
        Ok(())
    }
}

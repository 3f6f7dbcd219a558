//! What REST does to a conference: ending it, muting, holding and removing participants.

use super::{Conference, LeaveReason, Participant, Stage};
use crate::config::KickedLeg;
use crate::network::call::{Endpoint, Status};
use crate::network::run::Scope;
use crate::network::{Network, not_found};
use crate::rest::ApiError;
use crate::sid::{CallSid, ConferenceSid};
use crate::twiml::Beep;

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
    /// What is heard until the conference starts; an empty URL is silence.
    pub(crate) wait: Option<Endpoint>,
    pub(crate) beep_on_exit: Option<bool>,
}

impl ParticipantChanges {
    /// Whether whom the participant is to coach is there.
    fn check(&self, conference: &Conference, name: &str) -> Result<(), ApiError> {
        if self.coaching != Some(true) {
            return Ok(());
        }
        let participant = conference.everybody().find(|p| p.is_called(name));
        let before = participant.and_then(|p| p.coaches.as_ref());
        let coached = self.call_to_coach.as_ref().or(before);
        let mut others = conference.participants.iter().filter(|p| !p.is_called(name));
        if coached.is_some_and(|coached| others.any(|p| p.call == *coached)) {
            Ok(())
        } else {
            Err(super::nobody_to_coach())
        }
    }

    fn apply(&self, participant: &mut Participant) {
        match self.coaching {
            Some(false) => participant.coaches = None,
            Some(true) => {
                let coached = self.call_to_coach.clone();
                participant.coaches = coached.or(participant.coaches.take());
            }
            None => {}
        }
        participant.muted = self.muted.unwrap_or(participant.muted);
        participant.hold = self.hold.unwrap_or(participant.hold);
        if self.hold == Some(true) {
            participant.hold_music.clone_from(&self.hold_music);
        }
        let moderation = &mut participant.moderation;
        moderation.end_on_exit = self.end_on_exit.unwrap_or(moderation.end_on_exit);
        if let Some(on_exit) = self.beep_on_exit {
            let on_enter = matches!(participant.beep, Beep::Both | Beep::OnEnter);
            participant.beep = Beep::when(on_enter, on_exit);
        }
    }
}

/// The events that tell of a change.
fn happened(before: &Participant, after: &Participant) -> Vec<&'static str> {
    let mut events = Vec::new();
    if after.muted != before.muted {
        events.push(if after.muted {
            "participant-mute"
        } else {
            "participant-unmute"
        });
    }
    if after.hold != before.hold {
        events.push(if after.hold {
            "participant-hold"
        } else {
            "participant-unhold"
        });
    }
    if after.moderation != before.moderation || after.coaches != before.coaches || after.beep != before.beep {
        events.push("participant-modify");
    }
    events
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
        changes: &ParticipantChanges,
    ) -> Result<CallSid, ApiError> {
        let mut conference = self
            .conferences
            .remove(sid)
            .ok_or_else(|| not_found(sid.as_str()))?;
        let now = self.now;
        let outcome = changes.check(&conference, name).and_then(|()| {
            let participant = conference.participant_mut(name).ok_or_else(|| not_found(name))?;
            let before = participant.clone();
            changes.apply(participant);
            participant.updated_at = now;
            Ok((before, participant.clone()))
        });
        let is_here = conference.participants.iter().any(|p| p.is_called(name));
        if let (true, Ok((before, after))) = (is_here, &outcome) {
            self.connect(&conference, after);
            for event in happened(before, after) {
                self.report_room(&mut conference, event, Some(after), &[]);
            }
        }
        let waits = is_here && conference.stage == Stage::Waiting;
        self.put_back(conference);
        let (before, after) = outcome?;
        if is_here && after.hold != before.hold {
            self.change_hold(&after);
            self.settle_announcements(sid);
        }
        if let Some(announcement) = changes.announcement.as_ref().filter(|_| is_here) {
            self.announce_to(sid, announcement, &after.call);
        }
        if let Some(wait) = changes.wait.as_ref().filter(|_| waits) {
            self.wait_to(&after.call, wait);
        }
        Ok(after.call)
    }

    /// Somebody who waits for the conference to start hears something else from now on.
    fn wait_to(&mut self, call: &CallSid, wait: &Endpoint) {
        self.drop_inner_runs(call);
        self.stop_sound(call);
        if !wait.url.is_empty() {
            self.run_beside(call, Scope::Wait, wait);
        }
    }

    /// `DELETE Participants/{CA or label}`: the leg leaves, and then does what the switch says.
    pub(crate) fn kick(&mut self, sid: &ConferenceSid, name: &str) -> Result<(), ApiError> {
        let conference = self.conferences.get(sid).ok_or_else(|| not_found(sid.as_str()))?;
        let participant = conference.everybody().find(|p| p.is_called(name));
        let call = participant.ok_or_else(|| not_found(name))?.call.clone();
        if conference.invited.iter().any(|p| p.call == call) {
            self.stop_calling(&call);
            return Ok(());
        }
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

//! Participants that REST calls into a conference: they belong to it from the order on, and join when they answer.

use super::{Conference, LeaveReason, Participant, Stage};
use crate::network::end::StatusChange;
use crate::network::place::TIME_LIMIT_S_MAX;
use crate::network::run::{RING_EXTRA_S, Run, Scope};
use crate::network::{CallOrder, Instructions, Network, not_found};
use crate::rest::ApiError;
use crate::sid::{CallSid, ConferenceSid};
use crate::twiml::{Dial, Method, Noun, Room, Verb};

/// Of the names of rooms and the labels of participants.
const NAME_CHARACTERS_MAX: usize = 128;

/// `POST Participants`, its parameters already checked.
#[derive(Clone, Debug)]
pub(crate) struct ParticipantOrder {
    /// A conference by its SID, or a room by its name.
    pub(crate) conference: String,
    pub(crate) call: CallOrder,
    /// How the leg takes part; its name comes from the conference.
    pub(crate) room: Room,
    /// The others hear it ring.
    pub(crate) early_media: bool,
}

impl Conference {
    /// Nobody is in it, and nobody is being called into it.
    pub(super) fn is_deserted(&self) -> bool {
        self.participants.is_empty() && self.invited.is_empty()
    }

    /// Everybody who is in it or on the way.
    pub(in crate::network) fn everybody(&self) -> impl Iterator<Item = &Participant> {
        self.participants.iter().chain(&self.invited)
    }

    /// Somebody in it or on the way, by call or by label.
    pub(super) fn participant_mut(&mut self, name: &str) -> Option<&mut Participant> {
        let mut everybody = self.participants.iter_mut().chain(&mut self.invited);
        everybody.find(|participant| participant.is_called(name))
    }
}

impl Network {
    /// Calls somebody into a conference; a room that is empty is filled anew.
    pub(crate) fn create_participant(
        &mut self,
        order: ParticipantOrder,
    ) -> Result<(ConferenceSid, CallSid), ApiError> {
        let ParticipantOrder {
            conference,
            mut call,
            mut room,
            early_media,
        } = order;
        room.name = self.name_of_room(&call.account, &conference)?;
        let open = self.open_rooms.get(&(call.account.clone(), room.name.clone()));
        check(open.and_then(|sid| self.conferences.get(sid)), &room)?;
        call.instructions = Some(Instructions::Join(Box::new(room.clone())));
        call.ring_timeout_s += RING_EXTRA_S;
        let sid = self.create_call(call)?;
        let mut conference = self.take_open_conference(&room, &sid);
        conference.invited.push(Participant {
            early_media,
            ..Participant::new(&room, sid.clone(), self.now)
        });
        conference.updated_at = self.now;
        let conference_sid = conference.sid.clone();
        if let Some(call) = self.calls.get_mut(&sid) {
            call.invited_to = Some(conference_sid.clone());
        }
        let fields = [
            ("call", sid.as_str()),
            ("conference", conference_sid.as_str()),
            ("name", room.name.as_str()),
        ];
        self.log("participant.invited", &fields);
        self.put_back(conference);
        Ok((conference_sid, sid))
    }

    /// The name of the room that a path names by SID or by name.
    fn name_of_room(&self, account: &str, conference: &str) -> Result<String, ApiError> {
        if conference.chars().count() > NAME_CHARACTERS_MAX || conference.trim().is_empty() {
            let message = "Could not recognize conference sid or friendly name".to_owned();
            return Err(ApiError::new(400, 16003, message));
        }
        if !is_sid(conference, "CF") {
            return Ok(conference.to_owned());
        }
        self.require(account, conference)?;
        let sid = ConferenceSid::from_text(conference);
        let found = self.conferences.get(&sid).ok_or_else(|| not_found(conference))?;
        if found.stage == Stage::Ended {
            let message = format!("Conference {conference} does not exist or is completed");
            return Err(ApiError::new(400, 16022, message));
        }
        Ok(found.name.clone())
    }

    /// What a leg runs that takes part in a conference without TwiML of its own.
    pub(in crate::network) fn run_room(&mut self, sid: &CallSid, room: Room) {
        let verb = Verb::Dial(Box::new(Dial {
            action: None,
            method: Method::default(),
            timeout_s: TIME_LIMIT_S_MAX,
            time_limit_s: TIME_LIMIT_S_MAX,
            caller_id: None,
            answer_on_bridge: false,
            hangup_on_star: false,
            sequential: false,
            ring_tone: None,
            recorded: None,
            reason: None,
            noun: Noun::Room(Box::new(room)),
        }));
        if let Some(call) = self.calls.get_mut(sid) {
            call.runs = vec![Run::new(Scope::Call, vec![verb], None)];
        }
        self.advance(sid);
    }

    /// The leg that was invited is there: how it takes part by now.
    pub(super) fn arrive(&mut self, conference: &mut Conference, sid: &CallSid) -> Option<Participant> {
        self.calls.get_mut(sid)?.invited_to = None;
        let at = conference.invited.iter().position(|p| p.call == *sid)?;
        Some(conference.invited.remove(at))
    }

    /// A leg that was invited will not come.
    pub(super) fn uninvite(&mut self, sid: &CallSid) {
        let Some(room) = self.calls.get_mut(sid).and_then(|call| call.invited_to.take()) else {
            return;
        };
        let Some(mut conference) = self.conferences.remove(&room) else {
            return;
        };
        self.hush(&mut conference, sid);
        let status = self
            .calls
            .get(sid)
            .map_or("failed", |call| call.status.callback());
        let details = [
            ("ParticipantCallStatus", status),
            ("ReasonParticipantLeft", "participant_add_failed"),
        ];
        let at = conference.invited.iter().position(|p| p.call == *sid);
        let participant = at.map(|at| conference.invited.remove(at));
        if participant.is_some() {
            conference.updated_at = self.now;
            self.report_room(
                &mut conference,
                "participant-leave",
                participant.as_ref(),
                &details,
            );
        }
        let deserted = conference.is_deserted();
        self.put_back(conference);
        if deserted {
            self.end_conference(
                &room,
                "last-participant-left",
                participant.as_ref(),
                LeaveReason::HungUp,
            );
        }
    }

    /// Stops calling somebody into a conference.
    pub(super) fn stop_calling(&mut self, sid: &CallSid) {
        if let Some(status) = self.calls.get(sid).map(|call| call.status) {
            self.change_status(sid, status, StatusChange::Completed);
        }
    }
}

/// Whether the conference, if there is one yet, can take this participant.
fn check(conference: Option<&Conference>, room: &Room) -> Result<(), ApiError> {
    let everybody: Vec<&Participant> = conference.map_or_else(Vec::new, |it| it.everybody().collect());
    if everybody.len() >= room.participants_max {
        return Err(ApiError::new(400, 16020, "Conference is full".to_owned()));
    }
    if room.label.is_some() && everybody.iter().any(|p| p.label == room.label) {
        let message = "Participant label is in use by another participant";
        return Err(ApiError::new(400, 16026, message.to_owned()));
    }
    let here = conference.map_or(&[][..], |it| &it.participants);
    let is_here = |coached: &str| here.iter().any(|p| p.call.as_str() == coached);
    if room.coach.as_deref().is_some_and(|coached| !is_here(coached)) {
        return Err(super::nobody_to_coach());
    }
    Ok(())
}

/// Whether a participant may be called this in paths, where calls are named too.
pub(crate) fn is_label(text: &str) -> bool {
    let slash = text.contains('/') || text.to_ascii_uppercase().contains("%2F");
    !slash && text.chars().count() <= NAME_CHARACTERS_MAX && !is_sid(text, "CA")
}

/// Two letters and 32 hex digits.
fn is_sid(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix)
        .is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|b| b.is_ascii_hexdigit()))
}

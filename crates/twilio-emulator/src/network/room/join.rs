//! Entering a conference, and what that sets off: its start, its recording, and what is heard until then.

use super::{Conference, LeaveReason, Participant, REGION, Stage, is_label};
use crate::config::WaitUrlFetch;
use crate::media::MediaCommand;
use crate::network::call::Status;
use crate::network::recording::Source;
use crate::network::run::{FetchPurpose, Run, Scope, Waiting};
use crate::network::{Network, Output, SoundSource};
use crate::sid::{CallSid, ConferenceSid};
use crate::twiml::{Beep, Callback, Room};

impl Network {
    /// A leg enters a room, filling it anew if it is empty.
    pub(in crate::network) fn join(&mut self, sid: &CallSid, room: &Room) {
        let mut conference = self.take_open_conference(room, sid);
        let invited = self.arrive(&mut conference, sid);
        if let Some((code, why)) = refusal(&conference, room) {
            return self.turn_away(conference, sid, invited, code, why);
        }
        if let Some(recorded) = room.recorded.as_ref().filter(|_| conference.record.is_none()) {
            conference.record = Some(self.wish_of(sid, recorded));
        }
        let participant = invited.unwrap_or_else(|| Participant::new(room, sid.clone(), self.now));
        if let Some(call) = self.calls.get_mut(sid) {
            call.room = Some(conference.sid.clone());
            call.was_in_room = true;
        }
        if matches!(participant.beep, Beep::Both | Beep::OnEnter) {
            self.beep(&conference);
        }
        self.end_lone_music(&conference);
        conference.participants.push(participant.clone());
        conference.updated_at = self.now;
        self.report_room(&mut conference, "participant-join", Some(&participant), &[]);
        let starts = conference.stage == Stage::Waiting
            && conference.participants.len() >= 2
            && conference
                .participants
                .iter()
                .any(|participant| participant.moderation.start_on_enter);
        let started = starts || conference.stage == Stage::Started;
        if starts {
            self.start_conference(&mut conference);
        } else {
            self.connect(&conference, &participant);
        }
        let record = conference
            .record
            .clone()
            .filter(|_| started && !conference.recorded);
        conference.recorded |= record.is_some();
        let conference_sid = conference.sid.clone();
        self.put_back(conference);
        if let Some(wish) = record {
            self.record_conference(&conference_sid, Source::Conference, &wish);
        }
        if !started || self.switches.wait_url_fetch == WaitUrlFetch::Always {
            self.start_waiting(sid, room, started);
        }
    }

    /// The running conference of this name, out of the map, or a new one.
    pub(super) fn take_open_conference(&mut self, room: &Room, first: &CallSid) -> Conference {
        let account = self.calls.get(first).map(|call| call.account.clone());
        let account = account.unwrap_or_default();
        let key = (account.clone(), room.name.clone());
        let open = self.open_rooms.get(&key);
        if let Some(conference) = open.and_then(|sid| self.conferences.remove(sid)) {
            return conference;
        }
        let sid = ConferenceSid::new(&mut self.sids);
        self.open_rooms.insert(key, sid.clone());
        self.conference_order.push_back(sid.clone());
        let callback = room.callback.as_ref().map(|wish| Callback {
            url: self.resolve(first, &wish.url),
            ..wish.clone()
        });
        Conference {
            sid,
            account,
            name: room.name.clone(),
            region: room.region.clone().unwrap_or_else(|| REGION.to_owned()),
            stage: Stage::Waiting,
            created_at: self.now,
            updated_at: self.now,
            participants: Vec::new(),
            invited: Vec::new(),
            callback,
            sequence: 0,
            record: None,
            recorded: false,
            ended: None,
            announcements: Vec::new(),
            far_ends: Vec::new(),
        }
    }

    /// Somebody cannot join: whoever was called hangs up, and a caller's TwiML goes on.
    fn turn_away(
        &mut self,
        mut conference: Conference,
        sid: &CallSid,
        invited: Option<Participant>,
        code: u32,
        why: &str,
    ) {
        self.notify(sid, code, why);
        if let Some(invited) = invited {
            conference.invited.push(invited);
            if let Some(call) = self.calls.get_mut(sid) {
                call.invited_to = Some(conference.sid.clone());
            }
            self.put_back(conference);
            return self.end(sid, Status::Completed, why);
        }
        if conference.is_deserted() {
            // It was opened for nobody else.
            let key = (conference.account.clone(), conference.name.clone());
            self.open_rooms.remove(&key);
            self.conference_order.retain(|sid| *sid != conference.sid);
        } else {
            self.put_back(conference);
        }
        self.after_dial(sid, "failed");
    }

    fn start_conference(&mut self, conference: &mut Conference) {
        conference.stage = Stage::Started;
        self.report_room(conference, "conference-start", None, &[]);
        for participant in &conference.participants {
            // Whoever is held hears what they are to hear then, whether it has started or not.
            if !participant.hold {
                self.drop_inner_runs(&participant.call);
            }
            self.connect(conference, participant);
        }
    }

    /// Lets a participant hear and be heard as its flags say. Until the conference starts nobody is heard, but
    /// those who are called into it.
    pub(super) fn connect(&mut self, conference: &Conference, participant: &Participant) {
        self.outputs.push_back(Output::Media(MediaCommand::Join {
            leg: participant.call.as_str().to_owned(),
            room: conference.sid.as_str().to_owned(),
            muted: participant.muted || conference.stage == Stage::Waiting,
            hold: participant.hold,
            coach: participant.coaches.as_ref().map(|sid| sid.as_str().to_owned()),
        }));
    }

    /// Beeps for everybody in a conference that runs, but for those who are held.
    pub(super) fn beep(&mut self, conference: &Conference) {
        if conference.stage != Stage::Started {
            return;
        }
        let source = SoundSource::Chime;
        for participant in conference.participants.iter().filter(|it| !it.hold) {
            self.outputs.push_back(Output::Sound {
                call: participant.call.clone(),
                play: 0,
                source: source.clone(),
                rounds: 1,
            });
        }
    }

    /// What the leg hears until the conference starts.
    fn start_waiting(&mut self, sid: &CallSid, room: &Room, started: bool) {
        let url = room.wait_url.as_deref();
        if url == Some("") || (url.is_none() && started) {
            return;
        }
        if let Some(call) = self.calls.get_mut(sid) {
            let base = call.runs.last().and_then(|run| run.base.clone());
            call.runs.push(Run::new(Scope::Wait, Vec::new(), base));
        }
        if let Some(url) = url {
            return self.fetch(sid, url, room.wait_method, FetchPurpose::Document, Vec::new());
        }
        let play = self.wait_for(sid, Waiting::Sound);
        self.outputs.push_back(Output::Sound {
            call: sid.clone(),
            play,
            source: SoundSource::HoldMusic,
            rounds: 0,
        });
    }

    /// What somebody was to hear until the conference starts could not be had: it is not established.
    pub(in crate::network) fn wait_failed(&mut self, sid: &CallSid) {
        let room = self.calls.get(sid).and_then(|call| call.room.as_ref());
        let conference = room.and_then(|room| self.conferences.get(room));
        if conference.is_some_and(|conference| conference.stage == Stage::Waiting) {
            self.leave(sid, LeaveReason::AddFailed);
            self.after_dial(sid, "failed");
        }
    }
}

/// Why a leg cannot take part as it wants to, with Twilio's code.
fn refusal(conference: &Conference, room: &Room) -> Option<(u32, &'static str)> {
    let is_there = |coached: &str| conference.participants.iter().any(|p| p.call.as_str() == coached);
    let label = room.label.as_deref();
    if conference.participants.len() >= room.participants_max {
        Some((16020, "the conference is full"))
    } else if room.coach.as_deref().is_some_and(|coached| !is_there(coached)) {
        Some((13240, "whom to coach is not in the conference"))
    } else if label.is_some_and(|label| !is_label(label)) {
        Some((
            16023,
            "the label is over 128 characters, like a call's SID, or has a slash",
        ))
    } else if label.is_some() && conference.everybody().any(|p| p.label.as_deref() == label) {
        Some((16025, "the label is in use by another participant"))
    } else {
        None
    }
}

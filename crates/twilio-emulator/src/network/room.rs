//! Conferences: who is in, when they start and end, and what that means for each leg.

mod alone;
mod announce;
mod early_media;
mod invite;
mod moderate;

use jiff::Timestamp;

pub(crate) use invite::{ParticipantOrder, is_label};
pub(crate) use moderate::ParticipantChanges;

use super::call::{Endpoint, Status};
use super::recording::Source;
use super::run::{FetchPurpose, Run, Scope, Waiting};
use super::{Network, Output, RecordingWish, SoundSource};
use crate::config::WaitUrlFetch;
use crate::media::MediaCommand;
use crate::rest::ApiError;
use crate::sid::{CallSid, ConferenceSid};
use crate::twiml::{Beep, Callback, Room};

/// Where rooms are mixed unless somebody wants it elsewhere.
const REGION: &str = "us1";

/// Where a conference stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Participants wait for a second one, or for one that may start it.
    Waiting,
    Started,
    Ended,
}

impl Stage {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "init",
            Self::Started => "in-progress",
            Self::Ended => "completed",
        }
    }
}

/// One filling of a room.
#[derive(Debug)]
pub(super) struct Conference {
    pub(super) sid: ConferenceSid,
    pub(super) account: String,
    pub(super) name: String,
    /// The first participant's wish, as the callback is.
    pub(super) region: String,
    pub(super) stage: Stage,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    /// In order of arrival.
    pub(super) participants: Vec<Participant>,
    /// Those whom REST calls into it, until they answer.
    pub(super) invited: Vec<Participant>,
    /// The first participant's wish; later ones are ignored.
    pub(super) callback: Option<Callback>,
    pub(super) sequence: u32,
    /// How to record it, from the first participant who asks for that.
    pub(super) record: Option<RecordingWish>,
    pub(super) recorded: bool,
    pub(super) ended: Option<Ended>,
    announcements: Vec<announce::Announcement>,
    /// What those who are called into it sound like so far.
    far_ends: Vec<early_media::FarEnd>,
}

impl Conference {
    pub(super) fn is_over(&self) -> bool {
        self.stage == Stage::Ended
    }
}

/// How a conference ended.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    pub(super) reason: &'static str,
    pub(super) by: Option<CallSid>,
}

/// One leg's part in a conference.
#[derive(Clone, Debug)]
pub(super) struct Participant {
    pub(super) call: CallSid,
    pub(super) label: Option<String>,
    pub(super) muted: bool,
    pub(super) hold: bool,
    /// What it hears while it is held; without it Twilio's music.
    pub(super) hold_music: Option<Endpoint>,
    pub(super) moderation: Moderation,
    /// The one participant that hears this one.
    pub(super) coaches: Option<CallSid>,
    pub(super) beep: Beep,
    /// The others hear it ring.
    pub(super) early_media: bool,
    pub(super) joined_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

/// What a participant's coming and going means for the conference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moderation {
    pub(super) start_on_enter: bool,
    pub(super) end_on_exit: bool,
}

/// Why a leg leaves a conference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LeaveReason {
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
    /// A leg enters a room, filling it anew if it is empty.
    pub(super) fn join(&mut self, sid: &CallSid, room: &Room) {
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
    fn take_open_conference(&mut self, room: &Room, first: &CallSid) -> Conference {
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

    fn put_back(&mut self, mut conference: Conference) {
        self.note_far_ends(&mut conference);
        self.conferences.insert(conference.sid.clone(), conference);
        self.forget_old_conferences();
    }

    fn start_conference(&mut self, conference: &mut Conference) {
        conference.stage = Stage::Started;
        self.report_room(conference, "conference-start", None, &[]);
        for participant in &conference.participants {
            self.drop_inner_runs(&participant.call);
            self.connect(conference, participant);
        }
    }

    /// Lets a participant hear and be heard as its flags say. Until the conference starts nobody is heard, but
    /// those who are called into it.
    fn connect(&mut self, conference: &Conference, participant: &Participant) {
        self.outputs.push_back(Output::Media(MediaCommand::Join {
            leg: participant.call.as_str().to_owned(),
            room: conference.sid.as_str().to_owned(),
            muted: participant.muted || conference.stage == Stage::Waiting,
            hold: participant.hold,
            coach: participant.coaches.as_ref().map(|sid| sid.as_str().to_owned()),
        }));
    }

    /// Beeps for everybody in a conference that runs.
    fn beep(&mut self, conference: &Conference) {
        if conference.stage != Stage::Started {
            return;
        }
        let source = SoundSource::Chime;
        for participant in &conference.participants {
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
    pub(super) fn wait_failed(&mut self, sid: &CallSid) {
        let room = self.calls.get(sid).and_then(|call| call.room.as_ref());
        let conference = room.and_then(|room| self.conferences.get(room));
        if conference.is_some_and(|conference| conference.stage == Stage::Waiting) {
            self.leave(sid, LeaveReason::AddFailed);
            self.after_dial(sid, "failed");
        }
    }

    /// Takes a leg out of its room; what the leg does next is the caller's business.
    pub(super) fn leave(&mut self, sid: &CallSid, reason: LeaveReason) {
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
    pub(super) fn leave_and_go_on(&mut self, sid: &CallSid, reason: LeaveReason) {
        self.leave(sid, reason);
        self.after_dial(sid, "answered");
    }

    /// Ends a conference for everybody still in it.
    fn end_conference(
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

impl Participant {
    pub(super) fn new(room: &Room, call: CallSid, now: Timestamp) -> Self {
        Self {
            call,
            label: room.label.clone(),
            muted: room.muted,
            hold: false,
            hold_music: None,
            moderation: Moderation {
                start_on_enter: room.start_on_enter,
                end_on_exit: room.end_on_exit,
            },
            coaches: room.coach.as_deref().map(CallSid::from_text),
            beep: room.beep,
            early_media: false,
            joined_at: now,
            updated_at: now,
        }
    }

    /// Paths take the `CallSid` or the label.
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.call.as_str() == name || self.label.as_deref() == Some(name)
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

fn nobody_to_coach() -> ApiError {
    let message = "CallSidToCoach is no participant of this conference";
    ApiError::new(400, 13240, message.to_owned())
}

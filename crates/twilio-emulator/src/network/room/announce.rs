//! What single participants hear besides the room: announcements, and music while they are held.

use super::{Conference, Participant};
use crate::config::HoldMusicEnd;
use crate::network::call::Endpoint;
use crate::network::run::{FetchPurpose, Run, Scope};
use crate::network::{Network, Output, SoundSource, not_found};
use crate::rest::ApiError;
use crate::sid::{CallSid, ConferenceSid};

/// Announcements under way in one conference.
const ANNOUNCEMENTS_MAX: usize = 50;

/// An announcement under way.
#[derive(Clone, Debug)]
pub(super) struct Announcement {
    id: u64,
    url: String,
    /// The one participant it is for; otherwise it is for all.
    only: Option<CallSid>,
    /// Who still hears it.
    listeners: Vec<CallSid>,
    /// Why somebody could not hear it.
    failed: Option<String>,
}

impl Network {
    /// `AnnounceUrl` of a conference: everybody hears it.
    pub(crate) fn announce(&mut self, sid: &ConferenceSid, announcement: &Endpoint) -> Result<(), ApiError> {
        let conference = self.conferences.get(sid).ok_or_else(|| not_found(sid.as_str()))?;
        let listeners: Vec<CallSid> = conference.participants.iter().map(|p| p.call.clone()).collect();
        self.start_announcement(sid, announcement, None, listeners);
        Ok(())
    }

    /// `AnnounceUrl` of a participant, who alone hears it.
    pub(super) fn announce_to(&mut self, sid: &ConferenceSid, announcement: &Endpoint, call: &CallSid) {
        self.start_announcement(sid, announcement, Some(call.clone()), vec![call.clone()]);
    }

    fn start_announcement(
        &mut self,
        sid: &ConferenceSid,
        announcement: &Endpoint,
        only: Option<CallSid>,
        listeners: Vec<CallSid>,
    ) {
        let id = self.next_id();
        let Some(conference) = self.conferences.get_mut(sid) else {
            return;
        };
        if listeners.is_empty() || conference.announcements.len() >= ANNOUNCEMENTS_MAX {
            return;
        }
        conference.announcements.push(Announcement {
            id,
            url: announcement.url.clone(),
            only,
            listeners: listeners.clone(),
            failed: None,
        });
        for call in listeners {
            self.run_beside(&call, Scope::Announcement(id), announcement);
        }
    }

    /// Runs the TwiML at `document` for one leg, over what its room says.
    pub(super) fn run_beside(&mut self, call: &CallSid, scope: Scope, document: &Endpoint) {
        if let Some(call) = self.calls.get_mut(call) {
            let base = call.runs.last().and_then(|run| run.base.clone());
            call.runs.push(Run::new(scope, Vec::new(), base));
        }
        let purpose = FetchPurpose::Document;
        self.fetch(call, &document.url, document.method, purpose, Vec::new());
    }

    /// What a leg was to hear beside its room could not be had.
    pub(in crate::network) fn announcement_failed(&mut self, sid: &CallSid, id: u64, why: &str) {
        let room = self.calls.get(sid).and_then(|call| call.room.clone());
        let conference = room.and_then(|room| self.conferences.get_mut(&room));
        let announcement = conference.and_then(|it| it.announcements.iter_mut().find(|it| it.id == id));
        if let Some(announcement) = announcement {
            announcement.failed.get_or_insert_with(|| why.to_owned());
        }
    }

    /// A leg has come to the end of an announcement.
    pub(in crate::network) fn announcement_over(&mut self, sid: &CallSid) {
        if let Some(room) = self.calls.get(sid).and_then(|call| call.room.clone()) {
            self.settle_announcements(&room);
        }
    }

    /// Reports the announcements that nobody hears any more, because they ended or were cut short.
    pub(super) fn settle_announcements(&mut self, sid: &ConferenceSid) {
        let Some(mut conference) = self.conferences.remove(sid) else {
            return;
        };
        let mut under_way = std::mem::take(&mut conference.announcements);
        for announcement in &mut under_way {
            let hears = |call: &CallSid| {
                let runs = self.calls.get(call).map(|call| call.runs.as_slice());
                let scope = Scope::Announcement(announcement.id);
                runs.is_some_and(|runs| runs.iter().any(|run| run.scope == scope))
            };
            announcement.listeners.retain(hears);
        }
        let (over, under_way): (Vec<_>, Vec<_>) =
            under_way.into_iter().partition(|it| it.listeners.is_empty());
        conference.announcements = under_way;
        for announcement in over {
            self.report_announcement(&mut conference, &announcement);
        }
        self.put_back(conference);
    }

    fn report_announcement(&mut self, conference: &mut Conference, announcement: &Announcement) {
        let known = |call: &CallSid| conference.participants.iter().find(|p| p.call == *call);
        let participant = announcement.only.as_ref().and_then(known).cloned();
        let mut details = vec![("AnnounceUrl", announcement.url.as_str())];
        let event = match &announcement.failed {
            None => "announcement-end",
            Some(why) => {
                details.push(("ReasonAnnouncementFailed", why));
                "announcement-fail"
            }
        };
        self.report_room(conference, event, participant.as_ref(), &details);
    }

    /// A held participant hears the application's music or Twilio's; afterwards it hears the room again.
    pub(super) fn change_hold(&mut self, participant: &Participant) {
        let call = &participant.call;
        self.drop_inner_runs(call);
        match &participant.hold_music {
            _ if !participant.hold => self.stop_sound(call),
            Some(music) => self.run_beside(call, Scope::Hold, music),
            None => self.outputs.push_back(Output::Sound {
                call: call.clone(),
                play: 0,
                source: SoundSource::HoldMusic,
                rounds: 0,
            }),
        }
    }

    /// The document with the music has ended: true if it is requested again.
    pub(in crate::network) fn hold_goes_on(&self) -> bool {
        self.switches.hold_music_end == HoldMusicEnd::Again
    }

    /// Requests a held participant's music once more.
    pub(in crate::network) fn request_hold_music(&mut self, sid: &CallSid) {
        let room = self.calls.get(sid).and_then(|call| call.room.as_ref());
        let conference = room.and_then(|room| self.conferences.get(room));
        let participant = conference.and_then(|it| it.participants.iter().find(|p| p.call == *sid));
        if let Some(music) = participant.and_then(|participant| participant.hold_music.clone()) {
            self.fetch(sid, &music.url, music.method, FetchPurpose::Document, Vec::new());
        }
    }

    /// A participant began or stopped to speak.
    pub(in crate::network) fn voice(&mut self, sid: &CallSid, speaking: bool) {
        let room = self.calls.get(sid).and_then(|call| call.room.clone());
        let Some(mut conference) = room.and_then(|room| self.conferences.remove(&room)) else {
            return;
        };
        let participant = conference.participants.iter().find(|p| p.call == *sid).cloned();
        if let Some(participant) = participant {
            let event = if speaking {
                "participant-speech-start"
            } else {
                "participant-speech-stop"
            };
            self.report_room(&mut conference, event, Some(&participant), &[]);
        }
        self.put_back(conference);
    }
}

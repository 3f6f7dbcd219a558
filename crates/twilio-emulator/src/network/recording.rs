//! Recordings of calls and conferences, from their start to their deletion.

mod sound;
mod views;

use jiff::{SignedDuration, Timestamp};

pub(crate) use views::RecordingFilter;

use super::callback::{Params, push};
use super::run::AfterRecord;
use super::{Endpoint, Network, Output, not_found};
use crate::clock::rfc2822;
use crate::media::{MediaCommand, RecordedSound, Tap};
use crate::rest::ApiError;
use crate::sid::{CallSid, ConferenceSid};
use crate::twiml::Callback;

/// Recordings are forgotten, oldest first, beyond this many.
const RECORDINGS_MAX: usize = 20_000;
/// Sound of finished recordings kept in all; the oldest goes first.
const SOUND_BYTES_MAX: usize = 512 * 1024 * 1024;
/// Why a recording is `absent`: it was shorter than a second, or silent.
const TOO_SHORT: u32 = 16_101;
const SILENT: u32 = 16_102;
/// What names the recording under way in a path.
const CURRENT: &str = "Twilio.CURRENT";

/// Who asked for a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    OutboundApi,
    /// The trunk that the call goes through.
    Trunking,
    StartCallApi,
    StartConferenceApi,
    Conference,
    DialVerb,
    RecordVerb,
    StartCallTwiml,
}

impl Source {
    fn as_str(self) -> &'static str {
        match self {
            Self::OutboundApi => "OutboundAPI",
            Self::Trunking => "Trunking",
            Self::StartCallApi => "StartCallRecordingAPI",
            Self::StartConferenceApi => "StartConferenceRecordingAPI",
            Self::Conference => "Conference",
            Self::DialVerb => "DialVerb",
            Self::RecordVerb => "RecordVerb",
            Self::StartCallTwiml => "StartCallRecordingTwiML",
        }
    }
}

/// Which directions of a leg are recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum RecordingTrack {
    #[default]
    Both,
    /// What the network receives from the leg.
    Inbound,
    /// What the leg hears.
    Outbound,
}

impl RecordingTrack {
    fn as_str(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }
}

/// How something is recorded, and who is told.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct RecordingWish {
    /// Two channels; a single track is always one.
    pub(crate) dual: bool,
    pub(crate) track: RecordingTrack,
    /// Silence at both ends is cut off.
    pub(crate) trim: bool,
    pub(crate) callback: Option<Callback>,
}

/// Where a recording stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    InProgress,
    Paused,
    /// Ended; its sound is on the way.
    Processing,
    Completed,
    /// Nothing was recorded.
    Absent,
    Deleted,
}

impl Stage {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "in-progress",
            Self::Paused => "paused",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Absent => "absent",
            Self::Deleted => "deleted",
        }
    }

    fn is_running(self) -> bool {
        matches!(self, Self::InProgress | Self::Paused)
    }
}

/// One recording.
#[derive(Clone, Debug)]
pub(super) struct Recording {
    pub(super) sid: String,
    pub(super) account: String,
    pub(super) call: Option<CallSid>,
    pub(super) conference: Option<ConferenceSid>,
    source: Source,
    wish: RecordingWish,
    channels: u8,
    stage: Stage,
    started_at: Timestamp,
    updated_at: Timestamp,
    /// Since when nothing is recorded at all, and how long that lasted before.
    skipping_since: Option<Timestamp>,
    skipped: SignedDuration,
    duration_s: Option<i64>,
    sound: RecordedSound,
    /// The network was started without media; the sound is silence.
    carried_no_sound: bool,
    /// Without media, how much of it a trimmed `<Record>` keeps.
    audible: Option<SignedDuration>,
    /// What follows a `<Record>`.
    then: Option<AfterRecord>,
}

/// What `Status` of a recording may become by REST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecordingChange {
    Pause { skip: bool },
    Resume,
    Stop,
}

impl Network {
    /// Records a leg from now on.
    pub(super) fn record_call(
        &mut self,
        call: &CallSid,
        source: Source,
        wish: &RecordingWish,
    ) -> Option<String> {
        let account = self.calls.get(call)?.account.clone();
        let leg = call.as_str().to_owned();
        let tap = match (wish.track, wish.dual) {
            (RecordingTrack::Inbound, _) => Tap::LegSaid(leg),
            (RecordingTrack::Outbound, _) => Tap::LegHeard(leg),
            (RecordingTrack::Both, true) => Tap::LegDual(leg),
            (RecordingTrack::Both, false) => Tap::LegMixed(leg),
        };
        Some(self.start_recording(account, Some(call.clone()), None, source, wish, tap))
    }

    /// Records a conference from now on, in one channel.
    pub(super) fn record_conference(
        &mut self,
        conference: &ConferenceSid,
        source: Source,
        wish: &RecordingWish,
    ) -> Option<String> {
        let account = self.conferences.get(conference)?.account.clone();
        let tap = Tap::Room(conference.as_str().to_owned());
        Some(self.start_recording(account, None, Some(conference.clone()), source, wish, tap))
    }

    fn start_recording(
        &mut self,
        account: String,
        call: Option<CallSid>,
        conference: Option<ConferenceSid>,
        source: Source,
        wish: &RecordingWish,
        tap: Tap,
    ) -> String {
        let sid = self.sids.next("RE");
        let channels = if matches!(tap, Tap::LegDual(_)) { 2 } else { 1 };
        self.log(
            "recording.started",
            &[("recording", &sid), ("source", source.as_str())],
        );
        if self.recordings.len() >= RECORDINGS_MAX {
            self.recordings.pop_front();
        }
        self.recordings.push_back(Recording {
            sid: sid.clone(),
            account,
            call,
            conference,
            source,
            wish: wish.clone(),
            channels,
            stage: Stage::InProgress,
            started_at: self.now,
            updated_at: self.now,
            skipping_since: None,
            skipped: SignedDuration::ZERO,
            duration_s: None,
            sound: Vec::new(),
            carried_no_sound: self.no_media,
            audible: None,
            then: None,
        });
        self.outputs.push_back(Output::Media(MediaCommand::Record {
            recording: sid.clone(),
            tap,
        }));
        self.report_recording(&sid);
        sid
    }

    /// Ends a recording; its sound is there a moment later.
    pub(super) fn stop_recording(&mut self, sid: &str) {
        let (now, no_media) = (self.now, self.no_media);
        let Some(recording) = self.recording_mut(sid).filter(|it| it.stage.is_running()) else {
            return;
        };
        recording.end_skip(now);
        recording.stage = Stage::Processing;
        recording.updated_at = now;
        if no_media {
            let lasted = now.duration_since(recording.started_at) - recording.skipped;
            let kept = recording.audible.filter(|_| recording.wish.trim);
            let lasted = kept.map_or(lasted, |kept| kept.min(lasted));
            self.recorded(
                sid,
                Vec::new(),
                i64::try_from(lasted.as_millis()).unwrap_or_default(),
            );
        } else {
            let recording = sid.to_owned();
            self.outputs
                .push_back(Output::Media(MediaCommand::StopRecord { recording }));
        }
    }

    /// The media side has handed over what it recorded.
    pub(super) fn sound_recorded(&mut self, sid: &str, mut sound: RecordedSound) {
        if self.recording(sid).is_some_and(|it| it.wish.trim) {
            sound::trim(&mut sound);
        }
        let ms = sound::length_ms(&sound);
        self.recorded(sid, sound, ms);
    }

    fn recorded(&mut self, sid: &str, mut sound: RecordedSound, ms: i64) {
        let now = self.now;
        self.order_channels(sid, &mut sound);
        let Some(recording) = self.recording_mut(sid).filter(|it| it.stage == Stage::Processing) else {
            return;
        };
        recording.stage = if ms == 0 { Stage::Absent } else { Stage::Completed };
        recording.duration_s = (ms > 0).then_some((ms + 999) / 1_000);
        recording.sound = sound;
        recording.updated_at = now;
        if let Some(seconds) = recording.duration_s {
            let account = recording.account.clone();
            self.charge_recording(&account, seconds);
        }
        self.forget_old_sound();
        self.report_recording(sid);
        self.verb_recording_done(sid);
    }

    /// A `<Record>` is over; `then` follows when its sound is there.
    pub(super) fn finish_verb_recording(&mut self, sid: &str, then: AfterRecord, audible: SignedDuration) {
        let Some(recording) = self.recording_mut(sid) else {
            return;
        };
        recording.then = Some(then);
        recording.audible = Some(audible);
        if recording.stage.is_running() {
            self.stop_recording(sid);
        } else if recording.stage != Stage::Processing {
            // REST has stopped it before.
            self.verb_recording_done(sid);
        }
    }

    fn verb_recording_done(&mut self, sid: &str) {
        let Some(recording) = self.recording_mut(sid) else {
            return;
        };
        let Some((then, call)) = recording.then.take().zip(recording.call.clone()) else {
            return;
        };
        let seconds = recording.duration_s.unwrap_or_default().to_string();
        let mut facts = self.recording_facts(sid);
        push(&mut facts, "RecordingDuration", &seconds);
        self.after_record(&call, &then, facts);
    }

    /// What requests say about a recording that a verb has made.
    pub(super) fn recording_facts(&self, sid: &str) -> Params {
        let mut facts = Params::new();
        if let Some(recording) = self.recording(sid) {
            push(&mut facts, "RecordingUrl", &self.recording_url(recording));
            push(&mut facts, "RecordingSid", sid);
        }
        facts
    }

    fn forget_old_sound(&mut self) {
        let bytes = |recording: &Recording| recording.sound.iter().map(Vec::len).sum::<usize>();
        let mut kept: usize = self.recordings.iter().map(bytes).sum();
        for recording in &mut self.recordings {
            if kept <= SOUND_BYTES_MAX {
                return;
            }
            kept -= bytes(recording);
            recording.sound = Vec::new();
        }
    }

    /// Ends everything that is recorded of a leg.
    pub(super) fn stop_recordings_of(&mut self, call: &CallSid) {
        self.stop_where(|it| it.call.as_ref() == Some(call));
    }

    /// `<Stop><Recording>`: ends what `<Start><Recording>` has begun on a leg.
    pub(super) fn stop_background_recordings(&mut self, call: &CallSid) -> bool {
        self.stop_where(|it| it.call.as_ref() == Some(call) && it.source == Source::StartCallTwiml);
        true
    }

    pub(super) fn stop_recordings_of_room(&mut self, conference: &ConferenceSid) {
        self.stop_where(|it| it.conference.as_ref() == Some(conference));
    }

    fn stop_where(&mut self, wanted: impl Fn(&Recording) -> bool) {
        let running = self
            .recordings
            .iter()
            .filter(|it| it.stage.is_running() && wanted(it));
        let running: Vec<String> = running.map(|it| it.sid.clone()).collect();
        for sid in running {
            self.stop_recording(&sid);
        }
    }

    /// Starts the recording that `POST Calls` asked for.
    pub(super) fn record_from_answer(&mut self, call: &CallSid) {
        let wish = self.calls.get_mut(call).and_then(|call| call.record.take());
        if let Some(wish) = wish {
            let source = self.source_for(call, Source::OutboundApi);
            self.record_call(call, source, &wish);
        }
    }

    /// Who is said to have asked: the trunk, if the call goes through one.
    pub(super) fn source_for(&self, call: &CallSid, otherwise: Source) -> Source {
        let trunk = self.calls.get(call).and_then(|call| call.trunk.as_ref());
        let carried = trunk.is_some_and(|on| !on.recovers());
        if carried { Source::Trunking } else { otherwise }
    }

    /// `POST Calls/{CA}/Recordings` and `POST Conferences/{CF}/Recordings`.
    pub(crate) fn start_recording_of(
        &mut self,
        owner: &str,
        wish: &RecordingWish,
    ) -> Result<String, ApiError> {
        let refusal = || ApiError::new(400, 21220, format!("{owner} is not in-progress. Cannot record."));
        let started = if owner.starts_with("CF") {
            let sid = ConferenceSid::from_text(owner);
            let live = self
                .conferences
                .get(&sid)
                .is_some_and(|room| room.stage == super::room::Stage::Started);
            live.then(|| self.record_conference(&sid, Source::StartConferenceApi, wish))
        } else {
            let sid = CallSid::from_text(owner);
            let live = self
                .calls
                .get(&sid)
                .is_some_and(|call| call.status == super::call::Status::InProgress);
            live.then(|| self.record_call(&sid, Source::StartCallApi, wish))
        };
        started.flatten().ok_or_else(refusal)
    }

    /// `POST …/Recordings/{RE or Twilio.CURRENT}`.
    pub(crate) fn change_recording(
        &mut self,
        owner: &str,
        name: &str,
        change: RecordingChange,
    ) -> Result<String, ApiError> {
        let sid = self.recording_named(owner, name)?;
        let now = self.now;
        let recording = self.recording_mut(&sid).ok_or_else(|| not_found(&sid))?;
        if !recording.stage.is_running() {
            let message = format!("Recording {sid} is not in-progress");
            return Err(ApiError::new(400, 21220, message));
        }
        recording.updated_at = now;
        let key = sid.clone();
        match change {
            RecordingChange::Pause { skip } => {
                recording.end_skip(now);
                recording.stage = Stage::Paused;
                recording.skipping_since = skip.then_some(now);
                let command = MediaCommand::PauseRecord { recording: key, skip };
                self.outputs.push_back(Output::Media(command));
            }
            RecordingChange::Resume => {
                recording.end_skip(now);
                recording.stage = Stage::InProgress;
                let command = MediaCommand::ResumeRecord { recording: key };
                self.outputs.push_back(Output::Media(command));
            }
            RecordingChange::Stop => self.stop_recording(&sid),
        }
        Ok(sid)
    }

    /// The SID of a call's or conference's own recording.
    pub(crate) fn recording_named(&self, owner: &str, name: &str) -> Result<String, ApiError> {
        let mut own = self.recordings.iter().rev().filter(|it| it.belongs_to(owner));
        let found = if name == CURRENT {
            own.find(|it| it.stage.is_running())
        } else {
            own.find(|it| it.sid == name)
        };
        found.map(|it| it.sid.clone()).ok_or_else(|| not_found(name))
    }

    /// `DELETE Recordings/{RE}`: the sound is gone, the rest can still be listed.
    pub(crate) fn delete_recording(&mut self, account: &str, sid: &str) -> Result<(), ApiError> {
        let now = self.now;
        let recording = self
            .recording_mut(sid)
            .filter(|it| it.account == account && it.stage != Stage::Deleted)
            .ok_or_else(|| not_found(sid))?;
        if recording.stage.is_running() {
            let message = format!("Recording {sid} is in progress and cannot be deleted");
            return Err(ApiError::new(400, 21220, message));
        }
        recording.stage = Stage::Deleted;
        recording.sound = Vec::new();
        recording.updated_at = now;
        Ok(())
    }

    pub(super) fn recording_owner(&self, sid: &str) -> Option<&str> {
        self.recording(sid).map(|it| it.account.as_str())
    }

    fn recording(&self, sid: &str) -> Option<&Recording> {
        self.recordings.iter().rev().find(|it| it.sid == sid)
    }

    fn recording_mut(&mut self, sid: &str) -> Option<&mut Recording> {
        self.recordings.iter_mut().rev().find(|it| it.sid == sid)
    }

    /// Where the sound of a recording is, as the application would ask for it.
    fn recording_url(&self, recording: &Recording) -> String {
        let root = super::views::root(&recording.account);
        format!("{}{root}/Recordings/{}", self.origin, recording.sid)
    }

    fn report_recording(&mut self, sid: &str) {
        let Some(recording) = self.recording(sid) else {
            return;
        };
        let Some(callback) = recording.wish.callback.clone() else {
            return;
        };
        let event = recording.stage.as_str();
        if !callback.events.iter().any(|wanted| wanted == event) {
            return;
        }
        let mut params = Vec::new();
        push(&mut params, "AccountSid", &recording.account);
        if let Some(call) = &recording.call {
            push(&mut params, "CallSid", call.as_str());
        }
        if let Some(conference) = &recording.conference {
            push(&mut params, "ConferenceSid", conference.as_str());
        }
        push(&mut params, "RecordingSid", sid);
        push(&mut params, "RecordingUrl", &self.recording_url(recording));
        push(&mut params, "RecordingStatus", event);
        if let Some(seconds) = recording.duration_s {
            push(&mut params, "RecordingDuration", &seconds.to_string());
        }
        push(&mut params, "RecordingChannels", &recording.channels.to_string());
        push(&mut params, "RecordingStartTime", &rfc2822(recording.started_at));
        push(&mut params, "RecordingSource", recording.source.as_str());
        push(&mut params, "RecordingTrack", recording.wish.track.as_str());
        if let Some(code) = recording.absence() {
            push(&mut params, "ErrorCode", &code.to_string());
        }
        let owner = recording.call.clone().unwrap_or_else(|| CallSid::from_text(""));
        let endpoint = Endpoint {
            url: callback.url,
            method: callback.method,
        };
        self.send_callback(&owner, &endpoint, event, params);
    }
}

impl Recording {
    fn belongs_to(&self, owner: &str) -> bool {
        self.call.as_ref().is_some_and(|call| call.as_str() == owner)
            || self
                .conference
                .as_ref()
                .is_some_and(|room| room.as_str() == owner)
    }

    /// Why there is no sound, by Twilio's code.
    fn absence(&self) -> Option<u32> {
        let lasted = self.updated_at.duration_since(self.started_at) - self.skipped;
        let code = if lasted.as_secs() < 1 { TOO_SHORT } else { SILENT };
        (self.stage == Stage::Absent).then_some(code)
    }

    fn end_skip(&mut self, now: Timestamp) {
        if let Some(since) = self.skipping_since.take() {
            self.skipped += now.duration_since(since);
        }
    }
}

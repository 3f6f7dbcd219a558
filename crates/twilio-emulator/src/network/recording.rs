//! Recordings of calls and conferences, from their start to their deletion.

mod control;
mod report;
mod sound;
mod store;
mod transcription;
mod views;

use jiff::{SignedDuration, Timestamp};

pub(crate) use control::RecordingChange;
pub(super) use store::Recordings;
pub(super) use transcription::Transcription;
pub(crate) use views::RecordingFilter;

use super::callback::push;
use super::run::AfterRecord;
use super::{Network, Output};
use crate::media::{MediaCommand, RecordedSound, Tap};
use crate::sid::{CallSid, ConferenceSid};
use crate::twiml::Callback;

/// Why a recording is `absent`: it was shorter than a second, or silent.
const TOO_SHORT: u32 = 16_101;
const SILENT: u32 = 16_102;

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
    /// The leg that is recorded, and the call that it is shown under: the one whose `<Dial>` made the leg.
    leg: Option<CallSid>,
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
    dictation: Option<transcription::Dictation>,
}

impl Network {
    /// Records a leg from now on; none if there is no room for another recording.
    pub(super) fn record_call(
        &mut self,
        leg: &CallSid,
        source: Source,
        wish: &RecordingWish,
    ) -> Option<String> {
        let call = self.calls.get(leg)?;
        let (account, parent) = (call.account.clone(), call.shown_parent().cloned());
        let key = leg.as_str().to_owned();
        let tap = match (wish.track, wish.dual) {
            (RecordingTrack::Inbound, _) => Tap::LegSaid(key),
            (RecordingTrack::Outbound, _) => Tap::LegHeard(key),
            (RecordingTrack::Both, true) => Tap::LegDual(key),
            (RecordingTrack::Both, false) => Tap::LegMixed(key),
        };
        let fresh = Recording {
            call: Some(parent.unwrap_or_else(|| leg.clone())),
            leg: Some(leg.clone()),
            channels: if matches!(tap, Tap::LegDual(_)) { 2 } else { 1 },
            ..self.fresh_recording(account, source, wish)
        };
        self.start_recording(fresh, tap)
    }

    /// Records a conference from now on, in one channel; none if there is no room for another recording.
    pub(super) fn record_conference(
        &mut self,
        conference: &ConferenceSid,
        source: Source,
        wish: &RecordingWish,
    ) -> Option<String> {
        let account = self.conferences.get(conference)?.account.clone();
        let fresh = Recording {
            conference: Some(conference.clone()),
            ..self.fresh_recording(account, source, wish)
        };
        self.start_recording(fresh, Tap::Room(conference.as_str().to_owned()))
    }

    fn fresh_recording(&mut self, account: String, source: Source, wish: &RecordingWish) -> Recording {
        Recording {
            sid: self.sids.next("RE"),
            account,
            leg: None,
            call: None,
            conference: None,
            source,
            wish: wish.clone(),
            channels: 1,
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
            dictation: None,
        }
    }

    fn start_recording(&mut self, recording: Recording, tap: Tap) -> Option<String> {
        if !self.recordings.make_room() {
            tracing::warn!("too many recordings are under way; one is not begun");
            return None;
        }
        let sid = recording.sid.clone();
        let mut fields = vec![("recording", sid.as_str()), ("source", recording.source.as_str())];
        fields.extend(recording.leg.iter().map(|leg| ("call", leg.as_str())));
        fields.extend(recording.conference.iter().map(|it| ("conference", it.as_str())));
        self.log("recording.started", &fields);
        self.recordings.add(recording);
        self.outputs.push_back(Output::Media(MediaCommand::Record {
            recording: sid.clone(),
            tap,
        }));
        self.report_recording(&sid);
        Some(sid)
    }

    /// Ends a recording; its sound is there a moment later.
    pub(super) fn stop_recording(&mut self, sid: &str) {
        let (now, no_media) = (self.now, self.no_media);
        let Some(recording) = self.recordings.get_mut(sid).filter(|it| it.stage.is_running()) else {
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
        if self.recordings.get(sid).is_some_and(|it| it.wish.trim) {
            sound::trim(&mut sound);
        }
        let ms = sound::length_ms(&sound);
        self.recorded(sid, sound, ms);
    }

    fn recorded(&mut self, sid: &str, mut sound: RecordedSound, ms: i64) {
        let now = self.now;
        self.order_channels(sid, &mut sound);
        let Some(recording) = self
            .recordings
            .get_mut(sid)
            .filter(|it| it.stage == Stage::Processing)
        else {
            return;
        };
        recording.stage = if ms == 0 { Stage::Absent } else { Stage::Completed };
        recording.duration_s = (ms > 0).then_some((ms + 999) / 1_000);
        recording.updated_at = now;
        if let Some(seconds) = recording.duration_s {
            let account = recording.account.clone();
            self.charge_recording(&account, seconds);
        }
        self.recordings.keep_sound(sid, sound);
        self.report_recording(sid);
        self.begin_transcription(sid, ms);
        self.verb_recording_done(sid);
    }

    /// A `<Record>` is over; `then` follows when its sound is there.
    pub(super) fn finish_verb_recording(&mut self, sid: &str, then: AfterRecord, audible: SignedDuration) {
        let Some(recording) = self.recordings.get_mut(sid) else {
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
        let Some(recording) = self.recordings.get_mut(sid) else {
            return;
        };
        let Some((then, call)) = recording.then.take().zip(recording.leg.clone()) else {
            return;
        };
        let seconds = recording.duration_s.unwrap_or_default().to_string();
        let mut facts = self.recording_facts(sid);
        push(&mut facts, "RecordingDuration", &seconds);
        self.after_record(&call, &then, facts);
    }

    /// Ends everything that is recorded of a leg.
    pub(super) fn stop_recordings_of(&mut self, leg: &CallSid) {
        self.stop_where(leg.as_str(), |it| it.leg.as_ref() == Some(leg));
    }

    /// `<Stop><Recording>`: ends what `<Start><Recording>` has begun on a leg.
    pub(super) fn stop_background_recordings(&mut self, leg: &CallSid) -> bool {
        let begun = |it: &Recording| it.leg.as_ref() == Some(leg) && it.source == Source::StartCallTwiml;
        self.stop_where(leg.as_str(), begun);
        true
    }

    pub(super) fn stop_recordings_of_room(&mut self, conference: &ConferenceSid) {
        self.stop_where(conference.as_str(), |_| true);
    }

    /// Ends those of a call or a conference that are wanted, in the order of their beginning.
    fn stop_where(&mut self, owner: &str, wanted: impl Fn(&Recording) -> bool) {
        let own = self.recordings.newest_first_of(owner);
        let running = own.filter(|it| it.stage.is_running() && wanted(it));
        let mut running: Vec<String> = running.map(|it| it.sid.clone()).collect();
        running.reverse();
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

    pub(super) fn recording_owner(&self, sid: &str) -> Option<&str> {
        self.recordings.get(sid).map(|it| it.account.as_str())
    }
}

impl Recording {
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

#[cfg(test)]
mod tests;

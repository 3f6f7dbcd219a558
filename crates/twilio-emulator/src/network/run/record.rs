//! `<Record>`: what the leg says, until it is silent, presses a key or has said enough; and the recordings
//! that other verbs begin.

use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::{FetchPurpose, SoundSource, Waiting};
use crate::media::Sound;
use crate::network::call::Endpoint;
use crate::network::callback::{Params, push};
use crate::network::recording::Source;
use crate::network::{Network, RecordingTrack, RecordingWish, Timer};
use crate::sid::CallSid;
use crate::twiml::{Callback, Record, Recorded, Track, Verb};

/// Calls of Voice SDK clients are recorded for ten minutes at most.
const CLIENT_LENGTH_MAX_S: u32 = 600;
/// Without media, how long somebody takes to begin after the beep.
const BREATH: SignedDuration = SignedDuration::from_millis(1_500);
/// What `Digits` says of somebody who hung up.
pub(in crate::network) const HUNG_UP: &str = "hangup";

/// A `<Record>` under way.
#[derive(Debug)]
pub(in crate::network) struct Taping {
    order: Record,
    recording: String,
    /// When it is as long as it may be.
    full_at: Timestamp,
    loud: bool,
    quiet_since: Timestamp,
    /// From the first sound to the end of the last one.
    first_sound: Option<Timestamp>,
    last_sound: Timestamp,
    /// How often the person had spoken before.
    spoken: usize,
}

/// What follows a `<Record>` once its sound is there.
#[derive(Clone, Debug)]
pub(in crate::network) struct AfterRecord {
    action: Endpoint,
    keys: String,
    /// The wait that it ends.
    step: u64,
    /// Nobody said anything: the next verb follows instead of the action.
    empty: bool,
}

impl Network {
    pub(super) fn record(&mut self, sid: &CallSid, mut order: Record) -> bool {
        let Some(call) = self.calls.get_mut(sid) else {
            return false;
        };
        let redirected = call.redirected;
        let is_client = call.client().is_some();
        let spoken = call.spoken;
        let Some(run) = call.runs.last_mut() else {
            return false;
        };
        if order.action.is_none() && (redirected || run.base.is_none()) {
            let why = "a Record needs an absolute action here";
            self.notify(sid, 11100, why);
            return true;
        }
        if order.beep {
            order.beep = false;
            run.verbs.push_front(Verb::Record(Box::new(order)));
            return self.sound(sid, SoundSource::Beep, 1);
        }
        if is_client {
            order.length_max_s = order.length_max_s.min(CLIENT_LENGTH_MAX_S);
        }
        let wish = self.wish_of(sid, &order.recorded);
        let Some(recording) = self.record_call(sid, Source::RecordVerb, &wish) else {
            return true;
        };
        if order.transcribe {
            let callback = order.transcribe_callback.as_deref();
            let callback = callback.map(|url| self.resolve(sid, url));
            self.transcribe(&recording, callback);
        }
        let now = self.now;
        let length = SignedDuration::from_secs(order.length_max_s.into());
        let loud = self.watch(sid) != Sound::Silence;
        let taping = Taping {
            order,
            recording,
            full_at: now.saturating_add(length).unwrap_or(Timestamp::MAX),
            loud,
            quiet_since: now,
            first_sound: loud.then_some(now),
            last_sound: now,
            spoken,
        };
        self.wait_for(sid, Waiting::Record(Box::new(taping)));
        self.record_on(sid);
        false
    }

    fn taping(&mut self, sid: &CallSid) -> Option<&mut Taping> {
        let run = self.calls.get_mut(sid)?.runs.last_mut()?;
        if let Waiting::Record(taping) = &mut run.waiting {
            return Some(taping);
        }
        None
    }

    /// Waits for silence or for the longest it may be, whatever comes first.
    fn record_on(&mut self, sid: &CallSid) {
        let (now, step, no_media) = (self.now, self.next_id(), self.no_media);
        let Some(taping) = self.taping(sid) else { return };
        let timeout = SignedDuration::from_secs(taping.order.timeout_s.into());
        let patience =
            (!taping.loud && !timeout.is_zero()).then(|| taping.quiet_since.saturating_add(timeout));
        let due = patience.and_then(Result::ok).unwrap_or(Timestamp::MAX);
        let wait = due
            .min(taping.full_at)
            .duration_since(now)
            .max(SignedDuration::ZERO);
        let (loud, spoken) = (taping.loud, taping.spoken);
        let Some(call) = self.calls.get_mut(sid) else {
            return;
        };
        let to_speak = !loud && call.spoken == spoken;
        if let Some(run) = call.runs.last_mut() {
            run.step = step;
        }
        self.set_timer(wait, Timer::Step(sid.clone(), step));
        if no_media && to_speak {
            self.set_timer(BREATH, Timer::Speaks(sid.clone(), step));
        }
    }

    /// The leg sounds different since `ago_ms`.
    pub(in crate::network) fn record_hears(&mut self, sid: &CallSid, sound: Sound, ago_ms: u64) {
        let ago = SignedDuration::from_millis(i64::try_from(ago_ms).unwrap_or(i64::MAX));
        let at = self.now.saturating_sub(ago).unwrap_or(self.now);
        let Some(taping) = self.taping(sid) else { return };
        let loud = sound != Sound::Silence;
        if loud {
            taping.first_sound.get_or_insert(at);
        } else if taping.loud {
            taping.last_sound = at;
        }
        taping.loud = loud;
        taping.quiet_since = at;
        self.record_on(sid);
    }

    /// Somebody has said something, which a `<Record>` may be to write down.
    pub(super) fn record_words(&mut self, sid: &CallSid, text: &str) {
        if let Some(recording) = self.taping(sid).map(|taping| taping.recording.clone()) {
            self.dictate(&recording, text);
        }
    }

    /// A key was pressed, which may end a `<Record>`.
    pub(super) fn record_key(&mut self, sid: &CallSid, key: char) {
        if self
            .taping(sid)
            .is_some_and(|taping| taping.order.finish_on.contains(key))
        {
            self.end_record(sid, &key.to_string());
        }
    }

    /// A `<Record>` is over: by silence, its length, a key, or because the leg hangs up.
    pub(in crate::network) fn end_record(&mut self, sid: &CallSid, keys: &str) {
        let (now, step) = (self.now, self.next_id());
        let Some(taping) = self.taping(sid) else { return };
        let empty = keys.is_empty() && taping.first_sound.is_none();
        let last_sound = if taping.loud { now } else { taping.last_sound };
        let audible = taping.first_sound.map(|first| last_sound.duration_since(first));
        let (recording, method) = (taping.recording.clone(), taping.order.method);
        let action = taping.order.action.clone();
        let Some(run) = self.calls.get_mut(sid).and_then(|call| call.runs.last_mut()) else {
            return;
        };
        run.waiting = Waiting::Recorded;
        run.step = step;
        let action = action.or_else(|| run.base.clone()).unwrap_or_default();
        let action = Endpoint {
            url: self.resolve(sid, &action),
            method,
        };
        let then = AfterRecord {
            action,
            keys: keys.to_owned(),
            step,
            empty,
        };
        self.finish_verb_recording(&recording, then, audible.unwrap_or_default());
    }

    /// The leg is redirected: what a `<Record>` has so far is kept, and nobody is asked what follows.
    pub(in crate::network) fn abandon_record(&mut self, sid: &CallSid) {
        if let Some(recording) = self.taping(sid).map(|taping| taping.recording.clone()) {
            self.stop_recording(&recording);
        }
    }

    /// The sound of a `<Record>` is there: its action is next.
    pub(in crate::network) fn after_record(&mut self, sid: &CallSid, then: &AfterRecord, facts: Params) {
        let Some(call) = self.calls.get_mut(sid) else {
            return;
        };
        let mut outcome = facts;
        if !then.keys.is_empty() {
            push(&mut outcome, "Digits", &then.keys);
        }
        let Endpoint { url, method } = &then.action;
        if call.status.is_final() {
            return self.farewell(sid, url, *method, outcome);
        }
        let Some(run) = call.runs.last_mut() else { return };
        if run.step != then.step || !matches!(run.waiting, Waiting::Recorded) {
            return;
        }
        run.waiting = Waiting::Nothing;
        if then.empty {
            return self.advance(sid);
        }
        self.fetch(sid, url, *method, FetchPurpose::Document, outcome);
    }

    /// `<Start><Recording>`: goes on in the background, whatever the leg runs.
    pub(super) fn start_background_recording(&mut self, sid: &CallSid, mut recorded: Recorded) -> bool {
        let relative = |callback: &Callback| Url::parse(&callback.url).is_err();
        if recorded.callback.as_ref().is_some_and(relative) {
            let why = "recordingStatusCallback of <Start><Recording> must be an absolute URL";
            self.notify(sid, 11100, why);
            recorded.callback = None;
        }
        let wish = self.wish_of(sid, &recorded);
        self.record_call(sid, Source::StartCallTwiml, &wish);
        true
    }

    /// How a document wants something recorded, its URLs made absolute.
    pub(in crate::network) fn wish_of(&self, sid: &CallSid, recorded: &Recorded) -> RecordingWish {
        RecordingWish {
            dual: recorded.dual,
            track: match recorded.track {
                Track::Both => RecordingTrack::Both,
                Track::Inbound => RecordingTrack::Inbound,
                Track::Outbound => RecordingTrack::Outbound,
            },
            trim: recorded.trim,
            callback: recorded.callback.as_ref().map(|wish| Callback {
                url: self.resolve(sid, &wish.url),
                ..wish.clone()
            }),
        }
    }

    /// Begins what `<Dial record>` asks for, if it does and has not begun.
    pub(in crate::network) fn record_dial(&mut self, sid: &CallSid, ringing: bool) {
        let Some(dialing) = self
            .dialing_mut(sid)
            .filter(|dialing| dialing.recording.is_none())
        else {
            return;
        };
        let recorded = dialing.order.recorded.clone();
        let Some(recorded) = recorded.filter(|recorded| recorded.from_ringing || !ringing) else {
            return;
        };
        let wish = self.wish_of(sid, &recorded);
        let source = self.source_for(sid, Source::DialVerb);
        let recording = self.record_call(sid, source, &wish);
        if let Some(dialing) = self.dialing_mut(sid) {
            dialing.recording = recording;
        }
    }
}

//! Transcriptions of what `<Record transcribe>` records: the words that the talker's script had meanwhile.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Stage;
use crate::clock::rfc2822;
use crate::network::callback::push;
use crate::network::timers::Timer;
use crate::network::views::root;
use crate::network::{Endpoint, Network, not_found};
use crate::rest::ApiError;
use crate::sid::CallSid;
use crate::twiml::Method;

/// Whole seconds of a recording that can be transcribed.
const SECONDS: std::ops::RangeInclusive<i64> = 2..=120;
/// How long it takes; with Twilio it is a minute at times.
const TAKES: SignedDuration = SignedDuration::from_secs(5);
/// Of a transcription.
const CHARACTERS_MAX: usize = 10_000;
/// Transcriptions are forgotten, oldest first, beyond this many.
const TRANSCRIPTIONS_MAX: usize = 20_000;
/// The text of a transcription that failed.
const BLANK: &str = "(blank)";

/// What is to be written down of a recording under way.
#[derive(Clone, Debug, Default)]
pub(super) struct Dictation {
    callback: Option<String>,
    words: String,
}

/// Where a transcription stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    InProgress,
    Completed,
    Failed,
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "in-progress",
            Self::Completed => "completed",
            Self::Failed => "failed",
        }
    }
}

/// One transcription.
#[derive(Clone, Debug)]
pub(in crate::network) struct Transcription {
    sid: String,
    account: String,
    recording: String,
    leg: Option<CallSid>,
    dictation: Dictation,
    state: State,
    seconds: i64,
    /// In dollars, negative as all prices.
    price: Option<f64>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl Transcription {
    fn text(&self) -> Option<&str> {
        match self.state {
            State::InProgress => None,
            State::Completed => Some(&self.dictation.words),
            State::Failed => Some(BLANK),
        }
    }
}

impl Network {
    /// What is said while this recording goes on is to be written down.
    pub(in crate::network) fn transcribe(&mut self, recording: &str, callback: Option<String>) {
        if let Some(recording) = self.recordings.get_mut(recording) {
            recording.dictation = Some(Dictation {
                callback,
                words: String::new(),
            });
        }
    }

    /// Something was said while a recording goes on.
    pub(in crate::network) fn dictate(&mut self, recording: &str, text: &str) {
        let recording = self.recordings.get_mut(recording);
        if let Some(Dictation { words, .. }) = recording.and_then(|it| it.dictation.as_mut()) {
            let room = CHARACTERS_MAX.saturating_sub(words.chars().count());
            let space = if words.is_empty() { "" } else { " " };
            words.extend(space.chars().chain(text.chars()).take(room));
        }
    }

    /// A recording is over: if it is to be transcribed, that begins, unless it is too short or too long.
    pub(super) fn begin_transcription(&mut self, recording: &str, ms: i64) {
        let Some(recorded) = self.recordings.get_mut(recording) else {
            return;
        };
        let Some(dictation) = recorded.dictation.take() else {
            return;
        };
        let (leg, account) = (recorded.leg.clone(), recorded.account.clone());
        let seconds = recorded.duration_s.unwrap_or_default();
        if !SECONDS.contains(&(ms / 1_000)) {
            let why = "the recording is too short or too long to be transcribed";
            return self.notify(&leg.unwrap_or_else(|| CallSid::from_text("")), 13617, why);
        }
        let sid = self.sids.next("TR");
        if self.transcriptions.len() >= TRANSCRIPTIONS_MAX {
            self.transcriptions.pop_front();
        }
        self.transcriptions.push_back(Transcription {
            sid: sid.clone(),
            account,
            recording: recording.to_owned(),
            leg,
            dictation,
            state: State::InProgress,
            seconds,
            price: None,
            created_at: self.now,
            updated_at: self.now,
        });
        self.set_timer(TAKES, Timer::Transcribed(sid));
    }

    /// The words are there, or it is clear that there are none.
    pub(in crate::network) fn transcribed(&mut self, sid: &str) {
        let Some(at) = self.transcriptions.iter().position(|it| it.sid == sid) else {
            return;
        };
        let transcription = &self.transcriptions[at];
        let recording = self.recordings.get(&transcription.recording);
        let there = recording.is_some_and(|it| it.stage == Stage::Completed);
        let leg = transcription
            .leg
            .clone()
            .unwrap_or_else(|| CallSid::from_text(""));
        let state = if there && !transcription.dictation.words.is_empty() {
            State::Completed
        } else {
            State::Failed
        };
        if !there {
            self.notify(&leg, 13618, "the recording was deleted before it was transcribed");
        }
        let price = (state == State::Completed).then(|| {
            let transcription = &self.transcriptions[at];
            let (account, seconds) = (transcription.account.clone(), transcription.seconds);
            self.charge_transcription(&account, seconds)
        });
        let now = self.now;
        let transcription = &mut self.transcriptions[at];
        (transcription.state, transcription.price, transcription.updated_at) = (state, price, now);
        let transcription = transcription.clone();
        self.report_transcription(&leg, &transcription);
    }

    fn report_transcription(&mut self, leg: &CallSid, transcription: &Transcription) {
        let Some(url) = transcription.dictation.callback.clone() else {
            return;
        };
        let Some(call) = self.calls.get(leg) else { return };
        let mut params = self.voice_params(call);
        // These requests do not say where anybody is.
        let of_a_place = |name: &str| {
            ["City", "State", "Zip", "Country"]
                .iter()
                .any(|it| name.ends_with(it))
        };
        params.retain(|(name, _)| !of_a_place(name));
        let recording_url = format!(
            "{}{}/Recordings/{}",
            self.origin,
            root(&transcription.account),
            transcription.recording
        );
        push(&mut params, "TranscriptionSid", &transcription.sid);
        push(
            &mut params,
            "TranscriptionText",
            transcription.text().unwrap_or_default(),
        );
        push(&mut params, "TranscriptionStatus", transcription.state.as_str());
        let transcription_url = format!("{recording_url}/Transcriptions/{}", transcription.sid);
        push(&mut params, "TranscriptionUrl", &transcription_url);
        push(&mut params, "TranscriptionType", "fast");
        push(&mut params, "RecordingSid", &transcription.recording);
        push(&mut params, "RecordingUrl", &recording_url);
        push(&mut params, "url", &url);
        let endpoint = Endpoint {
            url,
            method: Method::Post,
        };
        self.send_callback(leg, &endpoint, "transcription", params);
    }

    /// Newest first; of one recording, or of all.
    pub(crate) fn list_transcriptions(&self, account: &str, recording: Option<&str>) -> Vec<Value> {
        let own = self.transcriptions.iter().rev().filter(|it| {
            it.account == account && recording.is_none_or(|recording| recording == it.recording)
        });
        own.map(transcription_json).collect()
    }

    pub(crate) fn transcription_view(
        &self,
        account: &str,
        recording: Option<&str>,
        sid: &str,
    ) -> Result<Value, ApiError> {
        let at = self.transcription_at(account, recording, sid)?;
        Ok(transcription_json(&self.transcriptions[at]))
    }

    pub(crate) fn delete_transcription(
        &mut self,
        account: &str,
        recording: Option<&str>,
        sid: &str,
    ) -> Result<(), ApiError> {
        let at = self.transcription_at(account, recording, sid)?;
        self.transcriptions.remove(at);
        Ok(())
    }

    fn transcription_at(&self, account: &str, recording: Option<&str>, sid: &str) -> Result<usize, ApiError> {
        let own = |it: &Transcription| {
            it.sid == sid
                && it.account == account
                && recording.is_none_or(|recording| recording == it.recording)
        };
        self.transcriptions
            .iter()
            .position(own)
            .ok_or_else(|| not_found(sid))
    }
}

fn transcription_json(transcription: &Transcription) -> Value {
    let Transcription { sid, account, .. } = transcription;
    json!({
        "sid": sid,
        "account_sid": account,
        "api_version": "2010-04-01",
        "recording_sid": transcription.recording,
        "status": transcription.state.as_str(),
        "type": "fast",
        "transcription_text": transcription.text(),
        "duration": transcription.seconds.to_string(),
        "price": transcription.price,
        "price_unit": "USD",
        "date_created": rfc2822(transcription.created_at),
        "date_updated": rfc2822(transcription.updated_at),
        "uri": format!("{}/Transcriptions/{sid}.json", root(account)),
    })
}

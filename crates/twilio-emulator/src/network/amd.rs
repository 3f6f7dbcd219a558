//! Answering-machine detection on a call: from the answer to its one verdict.

use jiff::{SignedDuration, Timestamp};
use rand::Rng;

use super::call::Endpoint;
use super::callback::{Params, push};
use super::{Network, Output, Timer};
use crate::amd::{Amd, Detector, Mode, Verdict};
use crate::config::{AmdCallbackMethod, AmdOutOfRange};
use crate::media::{MediaCommand, Sound};
use crate::rest::ApiError;
use crate::sid::CallSid;
use crate::twiml::Method;

/// The detection a call gets, and notifications by Twilio's codes.
pub(crate) type Settled = (Option<Amd>, Vec<(u32, String)>);

/// Detection on one call.
#[derive(Clone, Debug)]
pub(super) struct Listening {
    detector: Detector,
    /// Counts what was heard, so that a deadline knows whether it is still meant.
    heard: u64,
    verdict: Option<(Verdict, u64)>,
}

/// `PUT /emulator/amd`: how often detection errs, each from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct AmdErrors {
    /// A person is taken for a machine.
    pub(crate) human_as_machine: f64,
    /// A machine is taken for a person.
    pub(crate) machine_as_human: f64,
    /// Whoever it is, the verdict is `unknown`.
    pub(crate) unknown: f64,
}

impl AmdErrors {
    /// Whether every rate is a chance.
    pub(crate) fn are_possible(&self) -> bool {
        [self.human_as_machine, self.machine_as_human, self.unknown]
            .iter()
            .all(|rate| (0.0..=1.0).contains(rate))
    }
}

impl Listening {
    pub(super) fn new(order: Amd) -> Self {
        Self {
            detector: Detector::new(order),
            heard: 0,
            verdict: None,
        }
    }

    /// The call waits for the verdict.
    pub(super) fn blocks(&self) -> bool {
        self.verdict.is_none() && !self.detector.order().asynchronous
    }
}

impl Network {
    /// What detection a call gets, and the notifications it deserves.
    ///
    /// # Errors
    ///
    /// For a parameter out of range, if the switch says so; otherwise it leaves detection off.
    pub(crate) fn settle_detection(&self, wish: Option<Result<Amd, String>>) -> Result<Settled, ApiError> {
        let most = self.switches.amd_timeout_s_max;
        let wish = wish.map(|amd| {
            amd.and_then(|amd| {
                if amd.timeout_s > most {
                    let seconds = amd.timeout_s;
                    return Err(format!(
                        "MachineDetectionTimeout must be from 3 to {most}, not {seconds}"
                    ));
                }
                Ok(amd)
            })
        });
        match wish {
            None => Ok((None, Vec::new())),
            Some(Err(complaint)) if self.switches.amd_out_of_range == AmdOutOfRange::Refused => {
                Err(ApiError::new(400, 21263, complaint))
            }
            Some(Err(complaint)) => Ok((None, vec![(21_263, complaint)])),
            Some(Ok(amd)) => {
                let unheard = amd.asynchronous && amd.callback.is_none();
                let note = "AsyncAmd without AsyncAmdStatusCallback: nobody hears the verdict";
                let notes = unheard.then(|| (21_262, note.to_owned()));
                Ok((Some(amd), notes.into_iter().collect()))
            }
        }
    }

    pub(crate) fn set_amd_errors(&mut self, errors: AmdErrors) {
        self.amd_errors = errors;
    }

    /// The leg was answered: listen, if that was asked for.
    pub(super) fn start_listening(&mut self, sid: &CallSid) {
        if self.calls.get(sid).is_some_and(|call| call.amd.is_some()) {
            self.watch(sid);
            self.await_verdict(sid);
        }
    }

    /// From now on it is known what the far end of a leg sounds like; gives what it sounds like now.
    pub(super) fn watch(&mut self, sid: &CallSid) -> Sound {
        let since_answer = i64::try_from(self.ms_since_answer(sid)).unwrap_or(i64::MAX);
        let Some(call) = self.calls.get_mut(sid) else {
            return Sound::Silence;
        };
        if let Some(sound) = call.sound {
            return sound;
        }
        call.sound = Some(Sound::Silence);
        if !self.no_media {
            self.outputs.push_back(Output::Media(MediaCommand::Watch {
                leg: sid.as_str().to_owned(),
            }));
            return Sound::Silence;
        }
        let (mut now, mut at_ms) = (Sound::Silence, 0);
        for (sound, ms) in call.persona().map(|p| p.script.sounds()).unwrap_or_default() {
            if at_ms < since_answer {
                now = sound;
            } else {
                let delay = SignedDuration::from_millis(at_ms - since_answer);
                self.set_timer(delay, Timer::Sounds(sid.clone(), sound));
            }
            at_ms += i64::from(ms);
        }
        if let Some(call) = self.calls.get_mut(sid) {
            call.sound = Some(now);
        }
        now
    }

    /// The called side sounds like this since `ago_ms`.
    pub(super) fn sounds(&mut self, sid: &CallSid, sound: Sound, ago_ms: u64) {
        let at_ms = self.ms_since_answer(sid).saturating_sub(ago_ms);
        if let Some(call) = self.calls.get_mut(sid) {
            call.sound = Some(sound);
        }
        self.record_hears(sid, sound, ago_ms);
        let Some(listening) = self.calls.get_mut(sid).and_then(|call| call.amd.as_mut()) else {
            return;
        };
        if listening.verdict.is_some() {
            return;
        }
        listening.heard += 1;
        // What was due before this sound was due then, however late the clock is.
        let (due_ms, _) = listening.detector.next();
        match listening.detector.hear(sound, at_ms) {
            Some(verdict) => self.decide(sid, verdict, at_ms.min(due_ms)),
            None => self.await_verdict(sid),
        }
    }

    fn await_verdict(&mut self, sid: &CallSid) {
        let now_ms = self.ms_since_answer(sid);
        let Some(listening) = self.calls.get(sid).and_then(|call| call.amd.as_ref()) else {
            return;
        };
        let (due_ms, _) = listening.detector.next();
        let heard = listening.heard;
        let wait =
            SignedDuration::from_millis(i64::try_from(due_ms.saturating_sub(now_ms)).unwrap_or(i64::MAX));
        self.set_timer(wait, Timer::Verdict(sid.clone(), heard));
    }

    /// Nothing new was heard until a verdict was due.
    pub(super) fn verdict_due(&mut self, sid: &CallSid, heard: u64) {
        let Some(listening) = self.calls.get(sid).and_then(|call| call.amd.as_ref()) else {
            return;
        };
        if listening.heard == heard && listening.verdict.is_none() {
            let (due_ms, verdict) = listening.detector.next();
            self.decide(sid, verdict, due_ms);
        }
    }

    fn decide(&mut self, sid: &CallSid, truth: Verdict, at_ms: u64) {
        let Some(call) = self.calls.get(sid).filter(|call| !call.status.is_final()) else {
            return;
        };
        let Some(order) = call
            .amd
            .as_ref()
            .map(|listening| listening.detector.order().clone())
        else {
            return;
        };
        let redirected = call.redirected;
        let verdict = self.err(truth, order.mode);
        if let Some(listening) = self.calls.get_mut(sid).and_then(|call| call.amd.as_mut()) {
            listening.verdict = Some((verdict, at_ms));
        }
        let duration_ms = at_ms.to_string();
        self.log(
            "amd.verdict",
            &[
                ("call", sid.as_str()),
                ("answered_by", verdict.as_str()),
                ("without_error", truth.as_str()),
                ("duration_ms", &duration_ms),
            ],
        );
        if !order.asynchronous {
            // Whoever was given other TwiML meanwhile no longer waits for the verdict.
            if !redirected {
                self.begin_instructions(sid);
            }
            return;
        }
        let Some(callback) = order.callback else { return };
        let mut params = Params::new();
        push(&mut params, "CallSid", sid.as_str());
        let account = self.calls.get(sid).map(|call| call.account.clone());
        push(&mut params, "AccountSid", &account.unwrap_or_default());
        params.extend(self.verdict_params(sid));
        let method = match self.switches.amd_callback_method {
            AmdCallbackMethod::AsAsked => callback.method,
            AmdCallbackMethod::Post => Method::Post,
        };
        let endpoint = Endpoint {
            url: callback.url,
            method,
        };
        self.send_callback(sid, &endpoint, "amd", params);
    }

    /// `AnsweredBy` and how long that took, once they are known.
    pub(super) fn verdict_params(&self, sid: &CallSid) -> Params {
        let mut params = Params::new();
        let listening = self.calls.get(sid).and_then(|call| call.amd.as_ref());
        if let Some((verdict, at_ms)) = listening.and_then(|listening| listening.verdict) {
            push(&mut params, "AnsweredBy", verdict.as_str());
            push(&mut params, "MachineDetectionDuration", &at_ms.to_string());
        }
        params
    }

    /// What detection says instead of the truth, at the rates that were asked for.
    fn err(&mut self, truth: Verdict, mode: Mode) -> Verdict {
        let errors = self.amd_errors;
        if errors == AmdErrors::default() {
            return truth;
        }
        let draw: f64 = self.population.rng().random();
        if draw < errors.unknown {
            return Verdict::Unknown;
        }
        let draw = draw - errors.unknown;
        match (truth, mode) {
            (Verdict::Human, Mode::Enable) if draw < errors.human_as_machine => Verdict::MachineStart,
            (Verdict::Human, Mode::DetectMessageEnd) if draw < errors.human_as_machine => {
                Verdict::MachineEndSilence
            }
            (
                Verdict::MachineStart
                | Verdict::MachineEndBeep
                | Verdict::MachineEndSilence
                | Verdict::MachineEndOther,
                _,
            ) if draw < errors.machine_as_human => Verdict::Human,
            _ => truth,
        }
    }

    fn ms_since_answer(&self, sid: &CallSid) -> u64 {
        let answered = self.calls.get(sid).and_then(|call| call.answered_at);
        let ms = answered.map_or(0, |answered| self.now.duration_since(answered).as_millis());
        u64::try_from(ms).unwrap_or_default()
    }
}

impl super::call::Call {
    /// `answered_by` as REST showed it at that time.
    pub(super) fn answered_by(&self, at: Timestamp) -> Option<&'static str> {
        let (verdict, after_ms) = self.amd.as_ref()?.verdict?;
        let since_answer = at.duration_since(self.answered_at?).as_millis();
        (since_answer >= i128::from(after_ms)).then(|| verdict.as_str())
    }
}

//! `<Gather>`: keys or words while a prompt plays, and a while after it.

use jiff::SignedDuration;

use super::{FetchPurpose, Run, Scope, Waiting};
use crate::config::ConferenceDigits;
use crate::media::personas::speech_ms;
use crate::media::{MediaCommand, Script, Sound};
use crate::network::call::Endpoint;
use crate::network::callback::push;
use crate::network::{Network, Output, Timer};
use crate::sid::CallSid;
use crate::twiml::{Gather, Target};

/// Longer input than any menu asks for is cut.
const DIGITS_MAX: usize = 255;
const WORDS_CHARACTERS_MAX: usize = 1_000;
/// Silence after words that ends them where `speechTimeout` is `auto`.
const SPEECH_TIMEOUT_AUTO: SignedDuration = SignedDuration::from_secs(1);
/// Without media, how long somebody takes to answer a question.
const ANSWER: SignedDuration = SignedDuration::from_millis(1_500);
/// What is said of words that the script gives word for word.
const CONFIDENCE: &str = "0.92";

/// A `<Gather>` under way.
#[derive(Debug)]
pub(in crate::network) struct Gathering {
    order: Gather,
    digits: String,
    words: String,
    /// Partial results reported so far.
    partials: u32,
}

impl Network {
    pub(super) fn gather(&mut self, sid: &CallSid, mut order: Gather) -> bool {
        let prompt = std::mem::take(&mut order.prompt);
        let gathering = Gathering {
            order,
            digits: String::new(),
            words: String::new(),
            partials: 0,
        };
        self.wait_for(sid, Waiting::Gather(Box::new(gathering)));
        if prompt.is_empty() {
            self.gather_silence(sid);
            return false;
        }
        if let Some(call) = self.calls.get_mut(sid) {
            let base = call.runs.last().and_then(|run| run.base.clone());
            call.runs.push(Run::new(Scope::Prompt, prompt, base));
        }
        true
    }

    /// The prompt is over, or something came: the time-out starts anew.
    pub(super) fn gather_silence(&mut self, sid: &CallSid) {
        let step = self.next_id();
        let Some(run) = self.calls.get_mut(sid).and_then(|call| call.runs.last_mut()) else {
            return;
        };
        let Waiting::Gather(gathering) = &run.waiting else {
            return;
        };
        let order = &gathering.order;
        let seconds = |seconds: u32| SignedDuration::from_secs(seconds.into());
        let timeout = if gathering.words.is_empty() {
            seconds(order.timeout_s)
        } else {
            order.speech_timeout_s.map_or(SPEECH_TIMEOUT_AUTO, seconds)
        };
        let asked = gathering.digits.is_empty() && gathering.words.is_empty();
        run.step = step;
        let is_trial = run.scope == Scope::Trial;
        self.set_timer(timeout, Timer::Step(sid.clone(), step));
        if (self.no_media || is_trial) && asked {
            self.set_timer(ANSWER, Timer::Speaks(sid.clone(), step));
        }
    }

    /// Without media: somebody who was asked presses their keys or says their next words.
    pub(in crate::network) fn person_speaks(&mut self, sid: &CallSid, step: u64) {
        let Some(call) = self.calls.get_mut(sid) else {
            return;
        };
        let Some(scope) = call
            .runs
            .last()
            .filter(|run| run.step == step)
            .map(|run| run.scope)
        else {
            return;
        };
        let Some(Script::Talk(talk)) = call.persona().map(|persona| persona.script.clone()) else {
            return;
        };
        if scope == Scope::Trial {
            return self.digit(sid, '1');
        }
        let turn = call.spoken;
        call.spoken += 1;
        if turn == 0 && !talk.keys.is_empty() {
            for key in talk.keys.chars() {
                self.digit(sid, key);
            }
        } else if let Some(line) = talk.line(turn) {
            self.said(sid, &line);
            self.sounds(sid, Sound::Voice, 0);
            let words = SignedDuration::from_millis(i64::try_from(speech_ms(&line)).unwrap_or(i64::MAX));
            self.set_timer(words, Timer::Sounds(sid.clone(), Sound::Silence));
        }
    }

    /// Somebody has said something.
    pub(in crate::network) fn said(&mut self, sid: &CallSid, text: &str) {
        self.log("said", &[("call", sid.as_str()), ("text", text)]);
        self.record_words(sid, text);
        let Some(call) = self.calls.get_mut(sid) else {
            return;
        };
        let prompting = call.runs.last().is_some_and(|run| run.scope == Scope::Prompt);
        let depth = call.runs.len();
        let at = if prompting {
            depth.saturating_sub(2)
        } else {
            depth.saturating_sub(1)
        };
        let Some(Waiting::Gather(gathering)) = call.runs.get_mut(at).map(|run| &mut run.waiting) else {
            return;
        };
        let order = &gathering.order;
        if !order.speech || !gathering.digits.is_empty() || (prompting && !order.barge_in) {
            return;
        }
        if !gathering.words.is_empty() {
            gathering.words.push(' ');
        }
        let room = WORDS_CHARACTERS_MAX.saturating_sub(gathering.words.chars().count());
        gathering.words.extend(text.chars().take(room));
        let partial = order.partial.clone().map(|target| {
            gathering.partials += 1;
            (target, gathering.words.clone(), gathering.partials - 1)
        });
        if prompting {
            self.stop_prompt(sid);
        }
        if let Some((target, words, sequence)) = partial {
            self.report_partial(sid, &target, &words, sequence);
        }
        self.gather_silence(sid);
    }

    fn report_partial(&mut self, sid: &CallSid, target: &Target, words: &str, sequence: u32) {
        let endpoint = Endpoint {
            url: self.resolve(sid, &target.url),
            method: target.method,
        };
        let Some(call) = self.calls.get(sid) else { return };
        let mut params = self.voice_params(call);
        push(&mut params, "SequenceNumber", &sequence.to_string());
        push(&mut params, "UnstableSpeechResult", words);
        push(&mut params, "StableSpeechResult", "");
        push(&mut params, "Stability", CONFIDENCE);
        self.send_callback(sid, &endpoint, "partial-result", params);
    }

    fn stop_prompt(&mut self, sid: &CallSid) {
        if let Some(call) = self.calls.get_mut(sid) {
            call.runs.pop();
        }
        self.stop_sound(sid);
    }

    /// A key on a leg that talks to others, or will: it ends the `<Dial>`, or they get it. False if the leg
    /// is on its own.
    fn digit_in_conversation(&mut self, sid: &CallSid, digit: char) -> bool {
        let dials = self.dialing_mut(sid).map(|dialing| dialing.order.hangup_on_star);
        if dials == Some(true) && digit == '*' {
            self.end_dial(sid);
        } else if let Some(other) = self.bridged_with(sid) {
            let leg = other.as_str().to_owned();
            self.outputs
                .push_back(Output::Media(MediaCommand::Key { leg, digit }));
        } else if dials.is_some() {
            let in_room = self.calls.get(sid).is_some_and(|call| call.room.is_some());
            if in_room && self.switches.conference_digits == ConferenceDigits::Heard {
                let leg = sid.as_str().to_owned();
                self.outputs
                    .push_back(Output::Media(MediaCommand::InBand { leg, digit }));
            }
        } else {
            return false;
        }
        true
    }

    /// A key was pressed on the leg.
    pub(in crate::network) fn digit(&mut self, sid: &CallSid, digit: char) {
        self.log("digit", &[("call", sid.as_str()), ("digit", &digit.to_string())]);
        if self.digit_in_conversation(sid, digit) {
            return;
        }
        let Some(call) = self.calls.get_mut(sid) else {
            return;
        };
        let prompting = call.runs.last().is_some_and(|run| run.scope == Scope::Prompt);
        let at = call.runs.len().saturating_sub(if prompting { 2 } else { 1 });
        let Some(run) = call.runs.get(at) else { return };
        if !matches!(&run.waiting, Waiting::Gather(gathering) if gathering.order.dtmf) {
            self.record_key(sid, digit);
            return;
        }
        if prompting {
            self.stop_prompt(sid);
        }
        let Some(run) = self.calls.get_mut(sid).and_then(|call| call.runs.last_mut()) else {
            return;
        };
        let Waiting::Gather(gathering) = &mut run.waiting else {
            return;
        };
        let finished = gathering.order.finish_on.contains(digit);
        if !finished {
            gathering.digits.push(digit);
        }
        let digits_max = gathering.order.digits_max.unwrap_or(DIGITS_MAX);
        if finished || gathering.digits.len() >= digits_max {
            self.gather_timeout(sid);
        } else {
            self.gather_silence(sid);
        }
    }

    /// Collecting is over: the action gets the digits or words, or the next verb follows.
    pub(super) fn gather_timeout(&mut self, sid: &CallSid) {
        let Some(run) = self.calls.get_mut(sid).and_then(|call| call.runs.last_mut()) else {
            return;
        };
        if !matches!(run.waiting, Waiting::Gather(_)) {
            return;
        }
        let scope = run.scope;
        let Waiting::Gather(gathering) = std::mem::replace(&mut run.waiting, Waiting::Nothing) else {
            return;
        };
        let Gathering {
            order, digits, words, ..
        } = *gathering;
        if scope == Scope::Trial {
            return self.trial_key(sid, !digits.is_empty());
        }
        if digits.is_empty() && words.is_empty() && !order.action_on_empty {
            return self.advance(sid);
        }
        let Some(action) = order.action.or_else(|| run.base.clone()) else {
            self.notify(sid, 11100, "a Gather in a text document needs an absolute action");
            return self.advance(sid);
        };
        let mut outcome = Vec::new();
        if order.speech && digits.is_empty() {
            push(&mut outcome, "SpeechResult", &words);
            if !words.is_empty() {
                push(&mut outcome, "Confidence", CONFIDENCE);
            }
            push(&mut outcome, "Language", &order.language);
        }
        if order.dtmf && (!order.speech || !digits.is_empty()) {
            push(&mut outcome, "Digits", &digits);
        }
        self.fetch(sid, &action, order.method, FetchPurpose::Document, outcome);
    }
}

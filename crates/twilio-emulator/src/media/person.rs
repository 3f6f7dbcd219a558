//! A simulated person or machine on the line: a list of turns, taken one after the other.

use std::collections::VecDeque;
use std::sync::Arc;

use audio::FRAME_MS;
use audio::tone::Sine;
use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::gate::Gate;
use super::personas::{Menu, Script, Talk, ToneStep};
use super::{FRAME_SAMPLES, Frame, RATE_HZ, voices};

/// From picking up to the first word.
const BREATH_MS: u32 = 400;
/// How long somebody thinks before an answer.
const THINK_MS: std::ops::RangeInclusive<u32> = 100..=600;
/// After their own words nobody listens at once: what comes first is their own echo.
const DEAF_MS: u32 = 300;
/// After this long without a pause they take their turn anyway: into a monologue, or a noisy microphone.
const MONOLOGUE_MS: u32 = 15_000;
/// From the last word to hanging up.
const FAREWELL_MS: u32 = 500;
/// Between two keys.
const KEY_PAUSE_MS: u32 = 500;
/// The beep of a voicemail, and how long it records after that.
const BEEP: ToneStep = ToneStep {
    freq_hz: 1_000.0,
    ms: 400,
};
const RECORDING_MS: u32 = 60_000;
/// Peak of a machine's tones: 12 dB below full scale.
const TONE_AMPLITUDE: i16 = 8_192;
/// A menu waits this long for a key before it says everything again, this often in all.
const MENU_PAUSE_MS: u32 = 5_000;
const MENU_ROUNDS: usize = 3;
/// What a script from outside may ask for at most.
const REPLIES_MAX: usize = 200;
const KEYS_MAX: usize = 32;
const STEPS_MAX: usize = 100;

/// What a person does that is no sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PersonEvent {
    /// They have said this.
    Said(String),
    Digit(char),
    HungUp,
}

#[derive(Debug)]
pub(super) struct Person {
    turns: VecDeque<Turn>,
    /// What comes after the last turn, over and over; silence if empty.
    again: Vec<Turn>,
    /// A machine that keys lead through.
    menu: Option<Menu>,
}

#[derive(Clone, Debug)]
enum Turn {
    Say {
        words: Arc<[i16]>,
        text: String,
        position: usize,
    },
    Tone {
        sine: Sine,
        frames_left: u32,
    },
    Pause {
        frames_left: u32,
    },
    /// Waits until the other side has spoken and paused.
    Listen(Listening),
    Press(char),
    /// Where a person who has lost their patience goes on.
    Farewell,
    HangUp,
}

#[derive(Clone, Copy, Debug)]
struct Listening {
    ears: Gate,
    spoken_to: bool,
    deaf_frames: u32,
    monologue_frames: u32,
    patience_frames: u32,
}

/// What listening has come to.
enum Verdict {
    Wait,
    MyTurn,
    EnoughOfThis,
}

impl Person {
    pub(super) fn new(script: &Script, seed: u64) -> Self {
        match script {
            Script::Talk(talk) => Self::once(talk_turns(talk, &mut ChaCha8Rng::seed_from_u64(seed))),
            Script::Voicemail => Self::once(voicemail_turns()),
            Script::Tones { steps, repeat } => {
                let turns: Vec<Turn> = steps.iter().copied().take(STEPS_MAX).map(tone_turn).collect();
                if *repeat {
                    return Self {
                        turns: VecDeque::new(),
                        again: turns,
                        menu: None,
                    };
                }
                Self::once(turns.into_iter().chain([Turn::HangUp]).collect())
            }
            Script::Listen => Self::once(VecDeque::new()),
            Script::Menu(menu) => Self {
                turns: menu_turns(menu),
                again: Vec::new(),
                menu: Some(menu.clone()),
            },
        }
    }

    fn once(turns: VecDeque<Turn>) -> Self {
        Self {
            turns,
            again: Vec::new(),
            menu: None,
        }
    }

    /// Hears a key: a menu goes where it leads, or says again what there is.
    pub(super) fn key(&mut self, digit: char) {
        let Some(menu) = &self.menu else { return };
        if menu.keys.is_empty() {
            return;
        }
        let next = menu.keys.get(&digit).unwrap_or(menu).clone();
        self.turns = menu_turns(&next);
        self.menu = Some(next);
    }

    /// What they say in this frame of time, having heard `heard`.
    pub(super) fn frame(&mut self, heard: &Frame, said: &mut Frame) -> Option<PersonEvent> {
        said.fill(0);
        if self.turns.is_empty() {
            self.turns.extend(self.again.iter().cloned());
        }
        let mut event = None;
        let done = match self.turns.front_mut()? {
            Turn::Say {
                words,
                text,
                position,
            } => {
                let rest = &words[*position..];
                let count = rest.len().min(FRAME_SAMPLES);
                said[..count].copy_from_slice(&rest[..count]);
                *position += count;
                let done = *position == words.len();
                if done && !text.is_empty() {
                    event = Some(PersonEvent::Said(std::mem::take(text)));
                }
                done
            }
            Turn::Tone { sine, frames_left } => {
                said.fill_with(|| sine.next().unwrap_or_default());
                count_down(frames_left)
            }
            Turn::Pause { frames_left } => count_down(frames_left),
            Turn::Listen(listening) => match listening.note(heard) {
                Verdict::Wait => false,
                Verdict::MyTurn => true,
                Verdict::EnoughOfThis => {
                    let farewell = self.turns.iter().position(|turn| matches!(turn, Turn::Farewell));
                    self.turns.drain(..farewell.unwrap_or(self.turns.len()));
                    false
                }
            },
            Turn::Press(digit) => {
                event = Some(PersonEvent::Digit(*digit));
                true
            }
            Turn::Farewell => true,
            Turn::HangUp => {
                event = Some(PersonEvent::HungUp);
                true
            }
        };
        if done {
            self.turns.pop_front();
        }
        event
    }
}

impl Listening {
    fn note(&mut self, heard: &Frame) -> Verdict {
        if self.deaf_frames > 0 {
            self.deaf_frames -= 1;
            return Verdict::Wait;
        }
        self.ears.note(heard);
        if self.ears.is_open() {
            self.spoken_to = true;
            return if count_down(&mut self.monologue_frames) {
                Verdict::MyTurn
            } else {
                Verdict::Wait
            };
        }
        if self.spoken_to {
            return Verdict::MyTurn;
        }
        if count_down(&mut self.patience_frames) {
            Verdict::EnoughOfThis
        } else {
            Verdict::Wait
        }
    }
}

fn talk_turns(talk: &Talk, rng: &mut ChaCha8Rng) -> VecDeque<Turn> {
    let drawn = rng.random_range(0..voices::PEOPLE.len());
    let named = talk
        .voice
        .as_ref()
        .and_then(|name| voices::PEOPLE.iter().find(|voice| voice.name == name));
    let voice = named.unwrap_or(&voices::PEOPLE[drawn]);
    let mut replies: Vec<Turn> = if talk.recorded.is_empty() {
        let recorded = voice.replies.iter().zip(voice.reply_texts);
        recorded
            .map(|(file, text)| say(voices::words(file), text))
            .collect()
    } else {
        let own = talk.recorded.iter().zip(&talk.lines);
        own.map(|(words, text)| say(Arc::clone(words), text)).collect()
    };
    // Somebody's own words come in their own order.
    if talk.recorded.is_empty() {
        replies.shuffle(rng);
    }

    let listen = || {
        Turn::Listen(Listening {
            ears: Gate::new(frames(talk.pause_ms)),
            spoken_to: false,
            deaf_frames: frames(DEAF_MS),
            monologue_frames: frames(MONOLOGUE_MS),
            patience_frames: frames(talk.patience_ms),
        })
    };
    let mut turns = VecDeque::from([
        pause(BREATH_MS),
        say(voices::words(voice.greeting), voice.greeting_text),
        listen(),
    ]);
    for digit in talk
        .keys
        .chars()
        .filter(|&key| audio::peer::is_digit(key))
        .take(KEYS_MAX)
    {
        turns.extend([Turn::Press(digit), pause(KEY_PAUSE_MS)]);
    }
    for reply in replies
        .iter()
        .cycle()
        .take((talk.replies as usize).min(REPLIES_MAX))
    {
        turns.extend([pause(rng.random_range(THINK_MS)), reply.clone(), listen()]);
    }
    turns.extend([
        Turn::Farewell,
        say(voices::words(voice.goodbye), voice.goodbye_text),
        pause(FAREWELL_MS),
        Turn::HangUp,
    ]);
    turns
}

fn voicemail_turns() -> VecDeque<Turn> {
    VecDeque::from([
        pause(BREATH_MS),
        say(voices::words(voices::VOICEMAIL), voices::VOICEMAIL_TEXT),
        pause(BREATH_MS),
        tone_turn(BEEP),
        pause(RECORDING_MS),
        Turn::HangUp,
    ])
}

fn tone_turn(step: ToneStep) -> Turn {
    let amplitude = if step.freq_hz > 0.0 { TONE_AMPLITUDE } else { 0 };
    Turn::Tone {
        sine: Sine::new(step.freq_hz, RATE_HZ, amplitude),
        frames_left: frames(step.ms),
    }
}

/// What the menu says, over and over while it waits for a key; at its end, a minute of listening.
fn menu_turns(menu: &Menu) -> VecDeque<Turn> {
    let once = [pause(BREATH_MS), say(Arc::clone(&menu.recorded), &menu.says)];
    if menu.keys.is_empty() {
        return once
            .into_iter()
            .chain([pause(RECORDING_MS), Turn::HangUp])
            .collect();
    }
    let round: Vec<Turn> = once.into_iter().chain([pause(MENU_PAUSE_MS)]).collect();
    let rounds = std::iter::repeat_n(round, MENU_ROUNDS).flatten();
    rounds.chain([Turn::HangUp]).collect()
}

fn say(words: Arc<[i16]>, text: &str) -> Turn {
    Turn::Say {
        words,
        text: text.to_owned(),
        position: 0,
    }
}

fn pause(ms: u32) -> Turn {
    Turn::Pause {
        frames_left: frames(ms),
    }
}

/// At least one frame, so that every turn takes time.
fn frames(ms: u32) -> u32 {
    u32::try_from(u64::from(ms) / FRAME_MS).unwrap_or(u32::MAX).max(1)
}

/// One frame less; true with the last one.
fn count_down(frames_left: &mut u32) -> bool {
    *frames_left = frames_left.saturating_sub(1);
    *frames_left == 0
}

#[cfg(test)]
mod tests;

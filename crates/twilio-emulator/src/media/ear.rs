//! What somebody sounds like: silence, voice, or one tone.

use std::collections::VecDeque;

use audio::{FRAME_MS, tone};

use super::{FRAME_SAMPLES, Frame, RATE_HZ};

/// Frames louder than this are sound: 40 dB below full scale.
const SOUND_RMS_MIN: f32 = 330.0;
/// Frames that are looked at together: long enough to tell a tone's frequency.
const WINDOW_FRAMES: usize = 4;
/// Share of the energy at one frequency that makes a tone; vowels have far less.
const TONE_SHARE_MIN: f32 = 0.85;
/// Frames in a row of something new before it counts: pauses between words are shorter than 240 ms, a
/// click is shorter than 60 ms.
const SILENCE_FRAMES: u32 = 12;
const SOUND_FRAMES: u32 = 3;
/// The same tone, within this many Hz.
const SAME_TONE_HZ: u32 = 25;

/// What somebody sounds like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sound {
    /// Nothing above the noise of a line.
    Silence,
    /// Anything that is not one tone.
    Voice,
    /// One frequency, in Hz.
    Tone(u32),
}

/// Listens to one side of a leg.
#[derive(Debug)]
pub(super) struct Ear {
    window: VecDeque<Frame>,
    now: Sound,
    candidate: Sound,
    candidate_frames: u32,
}

impl Ear {
    pub(super) fn new() -> Self {
        Self {
            window: VecDeque::new(),
            now: Sound::Silence,
            candidate: Sound::Silence,
            candidate_frames: 0,
        }
    }

    /// Hears a frame; what it sounds like now and for how many ms already, if that has changed.
    pub(super) fn note(&mut self, frame: &Frame) -> Option<(Sound, u32)> {
        self.window.push_back(*frame);
        if self.window.len() > WINDOW_FRAMES {
            self.window.pop_front();
        }
        let heard = self.classify(frame);
        if same(heard, self.now) {
            self.candidate_frames = 0;
            return None;
        }
        if !same(heard, self.candidate) {
            (self.candidate, self.candidate_frames) = (heard, 0);
        }
        self.candidate_frames += 1;
        let needed = if heard == Sound::Silence && self.now == Sound::Voice {
            SILENCE_FRAMES
        } else {
            SOUND_FRAMES
        };
        if self.candidate_frames < needed {
            return None;
        }
        self.now = heard;
        self.candidate_frames = 0;
        let ms = needed * u32::try_from(FRAME_MS).unwrap_or(20);
        Some((heard, ms))
    }

    fn classify(&self, frame: &Frame) -> Sound {
        if tone::rms(frame) < SOUND_RMS_MIN {
            return Sound::Silence;
        }
        let samples: Vec<i16> = self.window.iter().flatten().copied().collect();
        match frequency(&samples) {
            Some(hz) if tone::share(&samples, RATE_HZ, hz) >= TONE_SHARE_MIN => Sound::Tone(whole(hz)),
            Some(_) | None => Sound::Voice,
        }
    }
}

fn same(a: Sound, b: Sound) -> bool {
    match (a, b) {
        (Sound::Tone(a), Sound::Tone(b)) => a.abs_diff(b) <= SAME_TONE_HZ,
        _ => a == b,
    }
}

/// The frequency of a pure tone by where it crosses zero upwards; of anything else, something or nothing.
#[expect(clippy::cast_precision_loss, reason = "a window has a few hundred samples")]
fn frequency(samples: &[i16]) -> Option<f32> {
    let mut crossings = samples.windows(2).enumerate().filter_map(|(at, pair)| {
        let (before, after) = (f32::from(pair[0]), f32::from(pair[1]));
        (before < 0.0 && after >= 0.0).then(|| at as f32 + before / (before - after))
    });
    let first = crossings.next()?;
    let (last, count) = crossings.fold((first, 0_u16), |(_, count), at| (at, count + 1));
    let enough = samples.len() >= 2 * FRAME_SAMPLES && count >= 4;
    enough.then(|| f32::from(count) / (last - first) * RATE_HZ as f32)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an audible frequency"
)]
fn whole(hz: f32) -> u32 {
    hz.round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::voices;

    fn hear(samples: &[i16]) -> Vec<(Sound, usize)> {
        let mut ear = Ear::new();
        let mut heard = Vec::new();
        for (at, chunk) in samples.chunks_exact(FRAME_SAMPLES).enumerate() {
            let frame: Frame = chunk.try_into().unwrap();
            if let Some((sound, ago_ms)) = ear.note(&frame) {
                heard.push((sound, at * 20 + 20 - ago_ms as usize));
            }
        }
        heard
    }

    #[test]
    fn a_beep_is_a_tone_at_its_frequency() {
        let mut samples = vec![0; 4_000];
        samples.extend(tone::sine(1_000.0, RATE_HZ, 3_200));
        samples.extend([0; 8_000]);
        let heard = hear(&samples);
        let tones: Vec<&Sound> = heard.iter().map(|(sound, _)| sound).collect();
        assert!(
            matches!(tones[..], [.., Sound::Tone(990..=1_010), Sound::Silence]),
            "{heard:?}"
        );
    }

    #[test]
    fn a_greeting_is_voice_without_a_tone_in_it() {
        for file in [voices::VOICEMAIL, voices::PEOPLE[0].greeting] {
            let mut samples = voices::words(file).to_vec();
            let ms = samples.len() / 8;
            samples.extend([0; 8_000]);
            let heard = hear(&samples);
            assert!(
                heard.iter().all(|(sound, _)| !matches!(sound, Sound::Tone(_))),
                "{heard:?}"
            );
            let (last, at_ms) = *heard.last().unwrap();
            assert_eq!(last, Sound::Silence);
            assert!(at_ms.abs_diff(ms) < 300, "{at_ms} of {ms}");
        }
    }
}

//! Pure tones: a sine generator and a Goertzel detector that says how much of a sound is one frequency.

use std::f32::consts::TAU;

use crate::rate::to_sample;

/// Blocks the detector looks at: short enough that a lost packet spoils only one of them, long enough to
/// tell neighbouring tones apart (25 Hz).
const BLOCKS_PER_SECOND: u32 = 25;

/// An endless sine wave; each item is the next sample.
#[derive(Clone, Debug)]
pub struct Sine {
    phase: f32,
    step: f32,
    amplitude: f32,
}

impl Sine {
    /// A wave of `freq_hz` at `rate_hz` samples per second, `amplitude` at its peak (at most 32,767).
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "audio rates are far below 2^23")]
    pub fn new(freq_hz: f32, rate_hz: u32, amplitude: i16) -> Self {
        Self {
            phase: 0.0,
            step: freq_hz / rate_hz as f32,
            amplitude: f32::from(amplitude),
        }
    }
}

impl Iterator for Sine {
    type Item = i16;

    fn next(&mut self) -> Option<i16> {
        let sample = to_sample((self.phase * TAU).sin() * self.amplitude);
        self.phase = (self.phase + self.step).fract();
        Some(sample)
    }
}

/// `samples` samples of a tone at a quarter of full scale.
#[must_use]
pub fn sine(freq_hz: f32, rate_hz: u32, samples: usize) -> Vec<i16> {
    Sine::new(freq_hz, rate_hz, i16::MAX / 4).take(samples).collect()
}

/// The share of the sound's energy that is at `freq_hz`: 1.0 for that pure tone, 0.0 for silence.
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    reason = "audio rates and block lengths are far below 2^23"
)]
pub fn share(samples: &[i16], rate_hz: u32, freq_hz: f32) -> f32 {
    let block_len = (rate_hz / BLOCKS_PER_SECOND) as usize;
    let (mut at_freq, mut total) = (0.0_f32, 0.0_f32);
    for block in samples.chunks(block_len) {
        let length = block.len() as f32;
        at_freq += 2.0 / length * goertzel(block, freq_hz / rate_hz as f32);
        total += block.iter().map(|&s| f32::from(s).powi(2)).sum::<f32>();
    }
    if total > 0.0 {
        (at_freq / total).min(1.0)
    } else {
        0.0
    }
}

/// Root mean square of the samples, in sample units (0 to 32,767).
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    reason = "audio buffers are far below 2^23 samples"
)]
pub fn rms(samples: &[i16]) -> f32 {
    if samples.is_empty() {
        return 0.0;
    }
    let energy: f32 = samples.iter().map(|&s| f32::from(s).powi(2)).sum();
    (energy / samples.len() as f32).sqrt()
}

/// Squared magnitude of the block's spectrum at `turns` cycles per sample.
fn goertzel(block: &[i16], turns: f32) -> f32 {
    let coefficient = 2.0 * (TAU * turns).cos();
    let (mut last, mut before) = (0.0_f32, 0.0_f32);
    for &sample in block {
        (last, before) = (f32::from(sample) + coefficient * last - before, last);
    }
    last * last + before * before - coefficient * last * before
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_found_at_its_own_frequency_only() {
        let tone = sine(1_000.0, 8_000, 8_000);
        assert!(share(&tone, 8_000, 1_000.0) > 0.99);
        assert!(share(&tone, 8_000, 440.0) < 0.01);
    }

    #[test]
    fn two_equal_tones_share_the_energy() {
        let mixed: Vec<i16> = sine(440.0, 48_000, 48_000)
            .iter()
            .zip(sine(1_000.0, 48_000, 48_000))
            .map(|(a, b)| a + b)
            .collect();
        for freq_hz in [440.0, 1_000.0] {
            let found = share(&mixed, 48_000, freq_hz);
            assert!((0.4..0.6).contains(&found), "{freq_hz} Hz: {found}");
        }
    }

    #[test]
    fn silence_has_no_tone_and_no_level() {
        assert!(share(&[0; 800], 8_000, 440.0) < f32::EPSILON);
        assert!(share(&[], 8_000, 440.0) < f32::EPSILON);
        assert!(rms(&[]) < f32::EPSILON);
    }
}

//! Changes the sample rate of mono PCM, of a whole clip or of a stream whose ratio can be nudged.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{
    Adjustable, Async, FixedAsync, Resampler as _, SincInterpolationParameters, SincInterpolationType,
    WindowFunction,
};

use crate::rate::to_sample;

/// Furthest a stream may be nudged from its nominal ratio: 2 % is far beyond any sound card's clock error.
const NUDGE_MAX: f64 = 1.02;
/// Chunks a stream works in, per second: 10 ms each, half a frame.
const CHUNKS_PER_SECOND: u32 = 100;
/// Filter length: about 80 dB of aliasing protection, 1.3 ms of delay at 48 kHz.
const SINC_LEN: usize = 128;

/// A stream from one rate to another.
pub struct Resampler {
    inner: Async<f32>,
    waiting: Vec<f32>,
    produced: Vec<f32>,
}

impl Resampler {
    /// A stream from `from_hz` to `to_hz` (both above 100 Hz).
    ///
    /// # Panics
    /// If a rate is below 100 Hz.
    #[must_use]
    pub fn new(from_hz: u32, to_hz: u32) -> Self {
        assert!(
            from_hz >= CHUNKS_PER_SECOND && to_hz >= CHUNKS_PER_SECOND,
            "no audio rate"
        );
        let parameters = SincInterpolationParameters::new(SINC_LEN, WindowFunction::BlackmanHarris2)
            .interpolation(SincInterpolationType::Linear);
        let ratio = f64::from(to_hz) / f64::from(from_hz);
        let chunk = (from_hz / CHUNKS_PER_SECOND) as usize;
        let inner = Async::new_sinc(ratio, NUDGE_MAX, &parameters, chunk, 1, FixedAsync::Input)
            .expect("the ratio is finite and positive");
        let produced = vec![0.0; inner.output_frames_max()];
        Self {
            inner,
            waiting: Vec::new(),
            produced,
        }
    }

    /// Makes the output longer (above 1.0) or shorter (below 1.0) than nominal, by at most 2 %, from the
    /// next chunk on. This is how a playback follows a clock that is not its own.
    ///
    /// # Panics
    /// Never: the factor is clamped to the accepted range.
    pub fn nudge(&mut self, factor: f64) {
        self.inner
            .set_resample_ratio_relative(factor.clamp(1.0 / NUDGE_MAX, NUDGE_MAX), true)
            .expect("clamped to the range the stream was made for");
    }

    /// Takes samples in and gives back all that is ready; up to 10 ms stay inside.
    ///
    /// # Panics
    /// Never: the buffers are as long as the resampler asks.
    pub fn process(&mut self, samples: &[i16]) -> Vec<i16> {
        self.waiting.extend(samples.iter().map(|&s| f32::from(s)));
        let mut out = Vec::new();
        let mut taken = 0;
        while self.waiting.len() - taken >= self.inner.input_frames_next() {
            let input = &self.waiting[taken..];
            let (read, written) = self.step(input.to_vec().as_slice());
            out.extend(self.produced[..written].iter().map(|&s| to_sample(s)));
            taken += read;
        }
        self.waiting.drain(..taken);
        out
    }

    fn step(&mut self, input: &[f32]) -> (usize, usize) {
        let capacity = self.produced.len();
        let source = InterleavedSlice::new(input, 1, input.len()).expect("one channel of this length");
        let mut sink =
            InterleavedSlice::new_mut(&mut self.produced, 1, capacity).expect("one channel of this length");
        self.inner
            .process_into_buffer(&source, &mut sink, None)
            .expect("both buffers are long enough")
    }
}

/// A whole clip at another rate, without the filter's delay at its start.
///
/// # Panics
/// If a rate is below 100 Hz.
#[must_use]
pub fn convert(samples: &[i16], from_hz: u32, to_hz: u32) -> Vec<i16> {
    if from_hz == to_hz || samples.is_empty() {
        return samples.to_vec();
    }
    let mut stream = Resampler::new(from_hz, to_hz);
    let floats: Vec<f32> = samples.iter().map(|&s| f32::from(s)).collect();
    let source =
        InterleavedSlice::new(floats.as_slice(), 1, floats.len()).expect("one channel of this length");
    let whole = stream
        .inner
        .process_all(&source, floats.len(), None)
        .expect("the buffer is as long as it says");
    whole.take_data().into_iter().map(to_sample).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tone;

    #[test]
    fn a_tone_keeps_its_pitch_and_length() {
        for (from_hz, to_hz) in [
            (8_000, 48_000),
            (48_000, 8_000),
            (44_100, 8_000),
            (22_050, 48_000),
        ] {
            let second = tone::sine(1_000.0, from_hz, from_hz as usize);
            let converted = convert(&second, from_hz, to_hz);
            assert!(
                converted.len().abs_diff(to_hz as usize) < 20,
                "{from_hz} to {to_hz}"
            );
            assert!(
                tone::share(&converted, to_hz, 1_000.0) > 0.98,
                "{from_hz} to {to_hz}"
            );
        }
    }

    #[test]
    fn what_the_lower_rate_cannot_hold_does_not_fold_back() {
        let hiss = tone::sine(7_000.0, 48_000, 48_000);
        assert!(tone::rms(&convert(&hiss, 48_000, 8_000)) < tone::rms(&hiss) / 100.0);
    }

    #[test]
    fn nudging_changes_the_length_only() {
        let mut stream = Resampler::new(48_000, 48_000);
        stream.nudge(1.01);
        let second = tone::sine(1_000.0, 48_000, 48_000);
        let longer = stream.process(&second);
        assert!((48_300..48_600).contains(&longer.len()), "{}", longer.len());
    }

    proptest! {
        #[test]
        fn a_stream_loses_nothing_however_it_is_cut(cuts in prop::collection::vec(1_usize..2_000, 1..40)) {
            let mut stream = Resampler::new(48_000, 8_000);
            let total_in: usize = cuts.iter().sum();
            let total_out: usize = cuts.iter().map(|&cut| stream.process(&vec![0; cut]).len()).sum();
            // At most one chunk waits inside, and the filter may round by a few samples.
            prop_assert!(total_out <= total_in / 6 + 20);
            prop_assert!(total_out + 80 + 40 >= total_in / 6);
        }
    }
}

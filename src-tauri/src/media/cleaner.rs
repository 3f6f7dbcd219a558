//! Takes echo and noise out of the microphone, as browsers do: WebRTC's audio processing in Rust.

use sonora::{
    AudioProcessing, Config, StreamConfig,
    config::{EchoCanceller, HighPassFilter, NoiseSuppression, NoiseSuppressionLevel},
};

use super::desk::TICK_SAMPLES;

/// Mono at the desk's rate.
const STREAM: StreamConfig = StreamConfig::new(48_000, 1);

/// The cleaner. It must be shown what the speaker plays before the microphone hears it.
pub(super) struct Cleaner {
    inner: AudioProcessing,
}

impl Cleaner {
    pub(super) fn new() -> Self {
        let config = Config {
            high_pass_filter: Some(HighPassFilter::default()),
            echo_canceller: Some(EchoCanceller::default()),
            noise_suppression: Some(NoiseSuppression {
                level: NoiseSuppressionLevel::Moderate,
                ..NoiseSuppression::default()
            }),
            ..Config::default()
        };
        let inner = AudioProcessing::builder()
            .config(config)
            .capture_config(STREAM)
            .render_config(STREAM)
            .build();
        Self { inner }
    }

    /// The speaker plays this tick next.
    pub(super) fn played(&mut self, tick: &[i16; TICK_SAMPLES]) {
        let mut unused = [0; TICK_SAMPLES];
        self.inner
            .process_render_i16(tick, &mut unused)
            .expect("a tick is 10 ms of the configured stream");
    }

    /// The tick that the microphone heard, without echo and noise.
    pub(super) fn clean(&mut self, tick: &[i16; TICK_SAMPLES]) -> [i16; TICK_SAMPLES] {
        let mut cleaned = [0; TICK_SAMPLES];
        self.inner
            .process_capture_i16(tick, &mut cleaned)
            .expect("a tick is 10 ms of the configured stream");
        cleaned
    }
}

#[cfg(test)]
mod tests {
    use audio::tone;

    use super::*;

    #[test]
    fn what_the_speaker_plays_is_taken_out_of_the_microphone() {
        let mut cleaner = Cleaner::new();
        // The room: a third of the sound comes back 50 ms later.
        let mut room = std::collections::VecDeque::from([[0; TICK_SAMPLES]; 5]);
        let mut hiss = Hiss(1);
        let (mut echo, mut left) = (Vec::new(), Vec::new());
        for _ in 0..500 {
            let played = std::array::from_fn(|_| hiss.next());
            cleaner.played(&played);
            room.push_back(played.map(|sample| sample / 3));
            let heard = room.pop_front().unwrap();
            echo.extend(heard);
            left.extend(cleaner.clean(&heard));
        }
        // The canceller learns the room first; the last second is what counts.
        let last_second = echo.len() - 48_000;
        let (echo, left) = (tone::rms(&echo[last_second..]), tone::rms(&left[last_second..]));
        assert!(left < echo / 30.0, "{left} of {echo} is left");
    }

    #[test]
    fn the_rep_alone_is_let_through() {
        let mut cleaner = Cleaner::new();
        let voice = tone::sine(300.0, 48_000, 96_000);
        let mut passed = Vec::new();
        for tick in voice.as_chunks().0 {
            cleaner.played(&[0; TICK_SAMPLES]);
            passed.extend(cleaner.clean(tick));
        }
        assert!(tone::rms(&passed[48_000..]) > tone::rms(&voice) / 6.0);
    }

    /// Noise from a linear congruential generator.
    struct Hiss(u32);

    impl Hiss {
        fn next(&mut self) -> i16 {
            self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            i16::try_from(self.0 >> 18).expect("14 bits") - 8_192
        }
    }
}

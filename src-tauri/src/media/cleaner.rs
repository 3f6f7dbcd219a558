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

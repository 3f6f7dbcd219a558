//! One peer's place at the desk: what it sends, and what it plays at the sound card's pace.

use std::collections::VecDeque;

use audio::{
    Rate,
    peer::{Incoming, PeerHandle},
    resample::Resampler,
};

use super::desk::TICK_SAMPLES;

/// How much faster or slower to play per millisecond that waits too long or too short.
const STRETCH_PER_MS: f64 = 0.000_1;
/// One percent corrects any clock and is not heard in speech.
const STRETCH_MAX: f64 = 0.01;
/// What waits longer than the network asks for by more than this is dropped: the speaker began late, or the
/// network stood still, and a skipped syllable is better than a delay that stays.
const BACKLOG_MS: u64 = 150;
/// Weight of one tick in the average depth; packets come every second tick, so single ones say nothing.
const DEPTH_WEIGHT: f64 = 0.02;

/// A peer at the desk.
pub(super) struct Line {
    handle: PeerHandle,
    incoming: Incoming,
    muted: bool,
    stretch: Resampler,
    /// Mean excess of waiting sound over what the network asks for.
    excess_ms: f64,
    ready: VecDeque<i16>,
}

impl Line {
    pub(super) fn new(handle: PeerHandle, incoming: Incoming) -> Self {
        Self {
            handle,
            incoming,
            muted: false,
            stretch: Resampler::new(Rate::Full.hz(), Rate::Full.hz()),
            excess_ms: 0.0,
            ready: VecDeque::new(),
        }
    }

    pub(super) fn mute(&mut self, muted: bool) {
        self.muted = muted;
    }

    pub(super) fn is_muted(&self) -> bool {
        self.muted
    }

    /// Sends 20 ms of the rep, or of silence.
    pub(super) fn send(&self, frame: &[i16]) {
        let frame = if self.muted {
            vec![0; frame.len()]
        } else {
            frame.to_vec()
        };
        self.handle.send(frame);
    }

    /// Adds the next 10 ms of the other side to `mix`.
    pub(super) fn add_to(&mut self, mix: &mut [i16; TICK_SAMPLES]) {
        let mut tick = [0; TICK_SAMPLES];
        while self.ready.len() < mix.len() {
            self.incoming.pull(&mut tick);
            if self.incoming.depth_ms() > self.incoming.target_ms() + BACKLOG_MS {
                self.drop_backlog();
            }
            self.follow_clock();
            self.ready.extend(self.stretch.process(&tick));
        }
        for (mixed, sample) in mix.iter_mut().zip(self.ready.drain(..TICK_SAMPLES)) {
            *mixed = mixed.saturating_add(sample);
        }
    }

    fn drop_backlog(&mut self) {
        let mut tick = [0; TICK_SAMPLES];
        while self.incoming.depth_ms() > self.incoming.target_ms() {
            self.incoming.pull(&mut tick);
        }
        self.excess_ms = 0.0;
    }

    /// The remote's clock and the sound card's differ: sound that waits longer and longer is played faster.
    fn follow_clock(&mut self) {
        let (depth_ms, target_ms) = (self.incoming.depth_ms(), self.incoming.target_ms());
        if depth_ms == 0 {
            // Nothing comes, which says nothing about clocks.
            return;
        }
        let excess_ms = millis(depth_ms) - millis(target_ms);
        self.excess_ms += (excess_ms - self.excess_ms) * DEPTH_WEIGHT;
        self.stretch.nudge(stretch(self.excess_ms));
    }
}

/// The length sound gets when this much of it waits too long (negative: too short).
fn stretch(excess_ms: f64) -> f64 {
    1.0 - (excess_ms * STRETCH_PER_MS).clamp(-STRETCH_MAX, STRETCH_MAX)
}

fn millis(ms: u64) -> f64 {
    f64::from(u32::try_from(ms).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_that_waits_too_long_is_played_faster_but_never_audibly_so() {
        assert!((stretch(0.0) - 1.0).abs() < f64::EPSILON);
        for (excess_ms, range) in [
            (10.0, 0.998..1.0),
            (50.0, 0.994..0.996),
            (400.0, 0.989..0.991),
            (-400.0, 1.009..1.011),
        ] {
            assert!(
                range.contains(&stretch(excess_ms)),
                "{excess_ms} ms: {}",
                stretch(excess_ms)
            );
        }
    }
}

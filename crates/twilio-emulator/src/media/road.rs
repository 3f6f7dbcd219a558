//! A bad line to a person on purpose: frames lost, late, or so late that others have overtaken them.

use std::collections::VecDeque;

use audio::FRAME_MS;
use audio::peer::Impairments;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::{Frame, SILENCE};

/// Both directions of a line.
#[derive(Debug)]
pub(super) struct Road {
    impairments: Impairments,
    /// The same line loses the same frames each time.
    rng: ChaCha8Rng,
    there: Lane,
    back: Lane,
}

#[derive(Debug, Default)]
struct Lane {
    now: u64,
    /// When each frame arrives, in the order they left.
    under_way: VecDeque<(u64, Frame)>,
}

impl Road {
    pub(super) fn new(impairments: Impairments) -> Self {
        Self {
            impairments,
            rng: ChaCha8Rng::seed_from_u64(0),
            there: Lane::default(),
            back: Lane::default(),
        }
    }

    /// What arrives at the far end now.
    pub(super) fn outbound(&mut self, frame: &Frame) -> Frame {
        let due = delay_frames(self.impairments, &mut self.rng);
        self.there.pass(frame, due)
    }

    /// What arrives from the far end now.
    pub(super) fn inbound(&mut self, frame: &Frame) -> Frame {
        let due = delay_frames(self.impairments, &mut self.rng);
        self.back.pass(frame, due)
    }
}

impl Lane {
    /// Sends a frame off, unless it is lost, and gives the newest one that has arrived: silence if none has.
    fn pass(&mut self, frame: &Frame, late_frames: Option<u64>) -> Frame {
        if let Some(late) = late_frames {
            self.under_way.push_back((self.now + late, *frame));
        }
        let newest = self.under_way.iter().rposition(|(due, _)| *due <= self.now);
        self.now += 1;
        let Some(newest) = newest else { return SILENCE };
        // Those that left earlier and are still under way come too late.
        self.under_way
            .drain(..=newest)
            .next_back()
            .map_or(SILENCE, |(_, frame)| frame)
    }
}

/// How late a frame is; none if it is lost.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a few seconds"
)]
fn delay_frames(impairments: Impairments, rng: &mut ChaCha8Rng) -> Option<u64> {
    if rng.random_bool(impairments.loss.clamp(0.0, 1.0)) {
        return None;
    }
    let jitter_ms = f64::from(impairments.jitter_ms) * rng.random::<f64>();
    Some((u64::from(impairments.delay_ms) + jitter_ms as u64) / FRAME_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(number: i16) -> Frame {
        [number; super::super::FRAME_SAMPLES]
    }

    fn drive(impairments: Impairments) -> Vec<i16> {
        let mut road = Road::new(impairments);
        (1..=200)
            .map(|number| road.inbound(&numbered(number))[0])
            .collect()
    }

    #[test]
    fn delay_moves_everything_by_as_much() {
        let heard = drive(Impairments {
            delay_ms: 100,
            ..Impairments::default()
        });
        assert_eq!((heard[4], heard[5], heard[199]), (0, 1, 195));
    }

    #[test]
    fn loss_leaves_gaps_and_jitter_never_turns_time_back() {
        let heard = drive(Impairments {
            loss: 0.25,
            delay_ms: 40,
            jitter_ms: 60,
        });
        let gaps = heard.iter().filter(|&&number| number == 0).count();
        assert!((40..160).contains(&gaps), "{gaps} of 200 are silent");
        let frames: Vec<i16> = heard.into_iter().filter(|&number| number != 0).collect();
        assert!(frames.is_sorted());
    }
}

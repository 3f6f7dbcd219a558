//! Sound that is played, once or several times.

use std::sync::Arc;

use crate::media::FRAME_SAMPLES;

#[derive(Debug)]
pub(super) struct Play {
    pub(super) id: u64,
    samples: Arc<[i16]>,
    position: usize,
    /// Rounds still to go after this one; none is without end.
    rounds_left: Option<u32>,
}

impl Play {
    pub(super) fn new(id: u64, samples: Arc<[i16]>, loops: u32) -> Self {
        Self {
            id,
            samples,
            position: 0,
            rounds_left: loops.checked_sub(1),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// What is still to be heard of this round.
    pub(super) fn rest(&self) -> &[i16] {
        &self.samples[self.position..]
    }

    /// Moves on by a frame; true if it is over.
    pub(super) fn advance(&mut self) -> bool {
        self.position += FRAME_SAMPLES;
        if self.position < self.samples.len() {
            return false;
        }
        self.position = 0;
        match &mut self.rounds_left {
            None => false,
            Some(0) => true,
            Some(rounds) => {
                *rounds -= 1;
                false
            }
        }
    }
}

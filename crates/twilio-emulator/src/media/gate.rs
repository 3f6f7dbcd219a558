//! Tells voice from silence by its energy.

use audio::tone;

use super::Frame;

/// Frames louder than this are voice: 40 dB below full scale, above line noise and below a quiet speaker.
const VOICE_RMS_MIN: f32 = 330.0;
/// Loud frames in a row that open the gate; a click is shorter than 60 ms.
const OPEN_FRAMES: u32 = 3;

/// Open while somebody speaks, pauses within a sentence included.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gate {
    open: bool,
    run_frames: u32,
    close_frames: u32,
}

impl Gate {
    /// A closed gate that closes again after this many quiet frames in a row.
    pub(super) fn new(close_frames: u32) -> Self {
        Self {
            open: false,
            run_frames: 0,
            close_frames,
        }
    }

    /// Hears a frame; true if the gate opened or closed with it.
    pub(super) fn note(&mut self, frame: &Frame) -> bool {
        let loud = tone::rms(frame) > VOICE_RMS_MIN;
        if loud == self.open {
            self.run_frames = 0;
            return false;
        }
        self.run_frames += 1;
        let needed = if self.open { self.close_frames } else { OPEN_FRAMES };
        if self.run_frames < needed {
            return false;
        }
        self.run_frames = 0;
        self.open = !self.open;
        true
    }

    pub(super) fn is_open(self) -> bool {
        self.open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_within_a_sentence_do_not_close_it_and_clicks_do_not_open_it() {
        let (loud, quiet) = ([4_000; 160], [0; 160]);
        let mut gate = Gate::new(10);
        gate.note(&loud);
        gate.note(&quiet);
        assert!(!gate.is_open());
        for _ in 0..3 {
            gate.note(&loud);
        }
        for _ in 0..9 {
            gate.note(&quiet);
        }
        assert!(gate.is_open());
        assert!(gate.note(&quiet));
        assert!(!gate.is_open());
    }
}

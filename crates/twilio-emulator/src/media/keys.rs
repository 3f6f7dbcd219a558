//! Keys as sound: each is two tones at once (ITU-T Q.23).

use std::collections::VecDeque;

use audio::tone::Sine;

use super::{Frame, RATE_HZ};

const LOW_HZ: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
const HIGH_HZ: [f32; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];
/// How long a key sounds and how long it is quiet after that, as browsers do.
const KEY_SAMPLES: usize = 160 * RATE_HZ as usize / 1_000;
const PAUSE_SAMPLES: usize = 80 * RATE_HZ as usize / 1_000;
/// Peak of each of the two tones: -10 dB below full scale together.
const AMPLITUDE: i16 = 5_200;
/// Keys that wait for their turn.
const KEYS_MAX: usize = 64;

/// The two frequencies of a key; none if there is no such key.
pub(crate) fn frequencies(key: char) -> Option<(f32, f32)> {
    let place = "123A456B789C*0#D".find(key.to_ascii_uppercase())?;
    Some((LOW_HZ[place / 4], HIGH_HZ[place % 4]))
}

/// Keys that sound on a leg one after the other, in place of its voice.
#[derive(Debug, Default)]
pub(super) struct Keys {
    samples: VecDeque<i16>,
}

impl Keys {
    pub(super) fn press(&mut self, key: char) {
        let full = self.samples.len() >= KEYS_MAX * (KEY_SAMPLES + PAUSE_SAMPLES);
        let Some((low, high)) = frequencies(key).filter(|_| !full) else {
            return;
        };
        let tones = Sine::new(low, RATE_HZ, AMPLITUDE).zip(Sine::new(high, RATE_HZ, AMPLITUDE));
        self.samples
            .extend(tones.map(|(low, high)| low + high).take(KEY_SAMPLES));
        self.samples.extend([0; PAUSE_SAMPLES]);
    }

    /// Puts what sounds now in place of what is said.
    pub(super) fn sound(&mut self, said: &mut Frame) {
        let count = said.len().min(self.samples.len());
        for (said, key) in said.iter_mut().zip(self.samples.drain(..count)) {
            *said = key;
        }
    }
}

//! The recorded voices, made by `scripts/make-voices.sh`: 8 kHz µ-law WAV files.

use std::sync::Arc;

use audio::wav;

/// A person's recordings.
pub(super) struct Voice {
    pub(super) name: &'static str,
    pub(super) greeting: &'static [u8],
    pub(super) replies: [&'static [u8]; 4],
    pub(super) goodbye: &'static [u8],
}

macro_rules! voice {
    ($name:literal) => {
        Voice {
            name: $name,
            greeting: include_bytes!(concat!("../../voices/", $name, "-greeting.wav")),
            replies: [
                include_bytes!(concat!("../../voices/", $name, "-reply-1.wav")),
                include_bytes!(concat!("../../voices/", $name, "-reply-2.wav")),
                include_bytes!(concat!("../../voices/", $name, "-reply-3.wav")),
                include_bytes!(concat!("../../voices/", $name, "-reply-4.wav")),
            ],
            goodbye: include_bytes!(concat!("../../voices/", $name, "-goodbye.wav")),
        }
    };
}

pub(super) static PEOPLE: [Voice; 4] = [voice!("anna"), voice!("ben"), voice!("clara"), voice!("david")];

/// The greeting of a voicemail, up to its beep.
pub(super) static VOICEMAIL: &[u8] = include_bytes!("../../voices/voicemail-greeting.wav");

/// A recording as samples at the network's rate.
pub(super) fn words(file: &[u8]) -> Arc<[i16]> {
    let sound = wav::read(file).expect("the recordings are WAV files");
    sound.samples.into()
}

#[cfg(test)]
mod tests {
    use audio::tone;

    use super::super::RATE_HZ;
    use super::*;

    #[test]
    fn every_recording_is_a_short_audible_sentence_at_the_networks_rate() {
        let of_people = PEOPLE
            .iter()
            .flat_map(|voice| [voice.greeting, voice.goodbye].into_iter().chain(voice.replies));
        for file in of_people.chain([VOICEMAIL]) {
            let sound = wav::read(file).unwrap();
            assert_eq!((sound.rate_hz, sound.channels), (RATE_HZ, 1));
            let seconds = sound.samples.len() / RATE_HZ as usize;
            assert!(seconds < 8, "{seconds} s");
            assert!(tone::rms(&sound.samples) > 1_000.0);
        }
    }
}

//! The recorded voices, made by `scripts/make-voices.sh`: 8 kHz µ-law WAV files.

use std::sync::Arc;

use audio::wav;

/// A person's recordings.
pub(super) struct Voice {
    pub(super) name: &'static str,
    pub(super) greeting: &'static [u8],
    pub(super) replies: [&'static [u8]; 4],
    pub(super) goodbye: &'static [u8],
    /// What is said in them, word for word.
    pub(super) greeting_text: &'static str,
    pub(super) reply_texts: [&'static str; 4],
    pub(super) goodbye_text: &'static str,
}

macro_rules! voice {
    ($name:literal, $greeting:literal, $replies:expr, $goodbye:literal) => {
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
            greeting_text: $greeting,
            reply_texts: $replies,
            goodbye_text: $goodbye,
        }
    };
}

pub(super) static PEOPLE: [Voice; 4] = [
    voice!(
        "anna",
        "Hello, this is Anna.",
        [
            "Oh, that sounds interesting. How does it work?",
            "Yes, I have a couple of minutes.",
            "We use something else at the moment, but I am listening.",
            "And what would that cost us?",
        ],
        "All right, thank you for the call. Goodbye."
    ),
    voice!(
        "ben",
        "Ben speaking, hello?",
        [
            "I see. Who else is using it?",
            "Sure, go ahead.",
            "I would have to talk to my partner about that.",
            "Could you send me that by e-mail?",
        ],
        "Okay, I have to run. Bye."
    ),
    voice!(
        "clara",
        "Good morning, Clara here.",
        [
            "Well, we did look at that last year.",
            "That is a fair point.",
            "How long would it take to set up?",
            "I am not quite sure I follow. Could you say that again?",
        ],
        "Lovely. Talk to you next week, then. Goodbye."
    ),
    voice!(
        "david",
        "Hello, David.",
        [
            "Where did you get my number, if I may ask?",
            "Hm, go on.",
            "We have about twenty people who would need it.",
            "That might actually help us.",
        ],
        "Right, thanks. Goodbye now."
    ),
];

/// The greeting of a voicemail, up to its beep.
pub(super) static VOICEMAIL: &[u8] = include_bytes!("../../voices/voicemail-greeting.wav");

/// Its words.
pub(super) static VOICEMAIL_TEXT: &str = "Hi, you have reached my voicemail. I can not come to the phone right \
     now. Please leave a message after the tone.";

/// What somebody answers, in words: the named voice, or the first.
pub(super) fn replies_of(name: Option<&str>) -> [&'static str; 4] {
    let voice = PEOPLE.iter().find(|voice| Some(voice.name) == name);
    voice.unwrap_or(&PEOPLE[0]).reply_texts
}

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

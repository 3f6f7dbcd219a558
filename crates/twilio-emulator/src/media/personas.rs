//! The people of the network: who answers, and what they do once they have.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Sound, speech, voices};

/// A recorded greeting of a person, and that of the voicemail.
const GREETING_MS: u32 = 1_350;
const VOICEMAIL_GREETING_MS: u32 = 7_150;
/// About 150 words a minute.
const SPEECH_MS_PER_CHARACTER: u64 = 65;
/// Sentences of one script that are spoken.
const LINES_MAX: usize = 50;
const NO_BEEP: &str = "Hello, nobody can take your call at the moment. Our office is open on weekdays from nine to \
     five. Please call again, or write to us.";
/// The recorded greetings and goodbyes, and the breath before each.
const GREETING_AND_GOODBYE_MS: u64 = 5_000;
/// A recorded answer and what the other side says to get it.
const EXCHANGE_MS: u64 = 6_000;
/// The recorded greeting, the beep and the minute after it.
const VOICEMAIL_MS: u64 = 68_000;

/// Who is called. Ringing is the network's business, speech the media side's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Persona {
    /// What the ground truth calls them.
    pub name: String,
    /// Whether and when they pick up.
    pub answer: Answer,
    /// What they do then.
    #[serde(default)]
    pub script: Script,
}

/// Whether and when somebody picks up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// After ringing for a while.
    After {
        /// For how long it rings.
        ring_ms: u32,
    },
    /// The line is engaged.
    Busy,
    /// It rings and rings.
    NoAnswer,
    /// The number cannot be reached.
    Unreachable,
}

/// What somebody does after picking up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Script {
    /// A person in conversation.
    Talk(Talk),
    /// A greeting, a beep, a minute of listening, the end.
    Voicemail,
    /// A machine's tones, one after the other.
    Tones {
        /// In their order.
        steps: Vec<ToneStep>,
        /// Over and over; otherwise the call ends with the last tone.
        repeat: bool,
    },
    /// A machine that reads out what there is and goes where a key leads.
    Menu(Menu),
    /// Listens and never says a word.
    #[default]
    Listen,
}

/// One place in a phone tree. Without keys it is an end: it says its words, listens for a minute, hangs up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Menu {
    /// What it says.
    pub says: String,
    /// Where each key leads.
    #[serde(default)]
    pub keys: BTreeMap<char, Menu>,
    /// The words as sound; the network speaks them before the call is answered.
    #[serde(skip)]
    pub recorded: Arc<[i16]>,
}

/// A person who says hello, answers when spoken to, and says goodbye.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Talk {
    /// One of the recorded voices (`anna`, `ben`, `clara`, `david`); chosen by the seed if absent.
    pub voice: Option<String>,
    /// How often they answer before they say goodbye.
    pub replies: u32,
    /// How long the other side must be quiet before they answer.
    pub pause_ms: u32,
    /// How long they put up with silence before they say goodbye.
    pub patience_ms: u32,
    /// Keys they press after the other side has spoken for the first time.
    pub keys: String,
    /// Their answers word for word, in their order; otherwise those of the recorded voice.
    pub lines: Vec<String>,
    /// The answers as sound; the network speaks them before the call is answered.
    #[serde(skip)]
    pub recorded: Vec<Arc<[i16]>>,
}

impl Script {
    /// There are words to be spoken before the script can run with sound.
    pub(crate) fn has_words(&self) -> bool {
        match self {
            Self::Talk(talk) => !talk.lines.is_empty(),
            Self::Menu(_) => true,
            Self::Voicemail | Self::Tones { .. } | Self::Listen => false,
        }
    }

    /// Has all words of the script spoken.
    pub(crate) async fn speak(&mut self) {
        match self {
            Self::Talk(talk) => {
                talk.recorded.clear();
                for line in talk.lines.iter().take(LINES_MAX) {
                    talk.recorded.push(speech::render(line).await.into());
                }
            }
            Self::Menu(menu) => {
                let mut places = vec![menu];
                for _ in 0..LINES_MAX {
                    let Some(place) = places.pop() else { return };
                    place.recorded = speech::render(&place.says).await.into();
                    places.extend(place.keys.values_mut());
                }
            }
            Self::Voicemail | Self::Tones { .. } | Self::Listen => {}
        }
    }

    /// What this side sounds like after it has answered, and for how many ms, as far as that is certain.
    pub(crate) fn sounds(&self) -> Vec<(Sound, u32)> {
        let breath = (Sound::Silence, 400);
        let end = (Sound::Silence, 0);
        match self {
            Self::Talk(_) => vec![breath, (Sound::Voice, GREETING_MS), end],
            Self::Voicemail => vec![
                breath,
                (Sound::Voice, VOICEMAIL_GREETING_MS),
                breath,
                (Sound::Tone(1_000), 400),
                end,
            ],
            Self::Menu(menu) => {
                let ms = u32::try_from(speech_ms(&menu.says)).unwrap_or(u32::MAX);
                vec![breath, (Sound::Voice, ms), end]
            }
            Self::Tones { steps, repeat } => {
                let heard = steps.iter().map(|step| (step.sound(), step.ms));
                heard.chain((!repeat).then_some(end)).collect()
            }
            Self::Listen => vec![end],
        }
    }

    /// How long a call lasts until this side hangs up by itself, if the other side talks as people do;
    /// none if it never does. For networks without sound.
    #[must_use]
    pub fn duration_ms(&self) -> Option<u64> {
        match self {
            Self::Talk(talk) => Some(GREETING_AND_GOODBYE_MS + u64::from(talk.replies) * EXCHANGE_MS),
            Self::Voicemail => Some(VOICEMAIL_MS),
            Self::Tones { repeat: true, .. } | Self::Listen => None,
            Self::Menu(menu) => Some(speech_ms(&menu.says) + VOICEMAIL_MS),
            Self::Tones { steps, repeat: false } => Some(steps.iter().map(|step| u64::from(step.ms)).sum()),
        }
    }
}

impl Talk {
    /// What they say in this turn, where the words are their own or those of a named voice.
    pub(crate) fn line(&self, turn: usize) -> Option<String> {
        let own = self.lines.iter().map(String::as_str);
        let words: Vec<&str> = if self.lines.is_empty() {
            voices::replies_of(self.voice.as_deref()).to_vec()
        } else {
            own.collect()
        };
        let replies = usize::try_from(self.replies).unwrap_or(usize::MAX);
        let count = words.len();
        (turn < replies).then(|| words[turn % count].to_owned())
    }
}

impl Default for Talk {
    fn default() -> Self {
        Self {
            voice: None,
            replies: 6,
            pause_ms: 600,
            patience_ms: 30_000,
            keys: String::new(),
            lines: Vec::new(),
            recorded: Vec::new(),
        }
    }
}

/// One tone of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToneStep {
    /// 0 is silence.
    pub freq_hz: f32,
    /// For how long.
    pub ms: u32,
}

/// The names that [`by_name`] knows.
pub const NAMES: [&str; 15] = [
    "friendly",
    "brisk",
    "talkative",
    "opts-out",
    "voicemail",
    "fax",
    "out-of-service",
    "busy",
    "no-answer",
    "unreachable",
    "tone-440",
    "listener",
    "hangs-up",
    "voicemail-no-beep",
    "phone-tree",
];

/// A built-in persona.
#[must_use]
pub fn by_name(name: &str) -> Option<Persona> {
    let after = |ring_ms| Answer::After { ring_ms };
    let (answer, script) = match name {
        "friendly" => (after(3_000), Script::Talk(Talk::default())),
        "brisk" => (
            after(2_000),
            Script::Talk(Talk {
                replies: 4,
                pause_ms: 500,
                ..Talk::default()
            }),
        ),
        "talkative" => (
            after(4_000),
            Script::Talk(Talk {
                replies: 16,
                patience_ms: 60_000,
                ..Talk::default()
            }),
        ),
        "opts-out" => (
            after(3_000),
            Script::Talk(Talk {
                keys: "9".to_owned(),
                ..Talk::default()
            }),
        ),
        "hangs-up" => (
            after(3_000),
            Script::Talk(Talk {
                replies: 0,
                patience_ms: 1_000,
                ..Talk::default()
            }),
        ),
        "voicemail" => (after(5_000), Script::Voicemail),
        "voicemail-no-beep" => (after(5_000), Script::Menu(menu(NO_BEEP, []))),
        "phone-tree" => (after(2_000), phone_tree()),
        "fax" => (after(3_000), fax()),
        "out-of-service" => (after(500), out_of_service()),
        "busy" => (Answer::Busy, Script::Listen),
        "no-answer" => (Answer::NoAnswer, Script::Listen),
        "unreachable" => (Answer::Unreachable, Script::Listen),
        "tone-440" => (after(1_000), steady(440.0)),
        "listener" => (after(1_000), Script::Listen),
        _ => return None,
    };
    Some(Persona {
        name: name.to_owned(),
        answer,
        script,
    })
}

fn menu<const N: usize>(says: &str, keys: [(char, Menu); N]) -> Menu {
    Menu {
        says: says.to_owned(),
        keys: keys.into(),
        recorded: Arc::default(),
    }
}

fn phone_tree() -> Script {
    let sales = menu(
        "Sales. For new customers press 1, for existing customers press 2.",
        [
            ('1', menu("You are through to new customers.", [])),
            ('2', menu("You are through to existing customers.", [])),
        ],
    );
    let says = "Thank you for calling. For sales press 1, for the front desk press 0.";
    let desk = menu("You are through to the front desk.", []);
    Script::Menu(menu(says, [('0', desk), ('1', sales)]))
}

fn steady(freq_hz: f32) -> Script {
    Script::Tones {
        steps: vec![ToneStep { freq_hz, ms: 1_000 }],
        repeat: true,
    }
}

/// The answer tone of a fax machine (ITU-T T.30, CED), three times.
fn fax() -> Script {
    let call = [
        ToneStep {
            freq_hz: 2_100.0,
            ms: 3_300,
        },
        ToneStep {
            freq_hz: 0.0,
            ms: 3_000,
        },
    ];
    Script::Tones {
        steps: call.repeat(3),
        repeat: false,
    }
}

/// The special information tone (ITU-T E.180), three times.
fn out_of_service() -> Script {
    let tone = |freq_hz| ToneStep { freq_hz, ms: 330 };
    let call = [
        tone(950.0),
        tone(1_400.0),
        tone(1_800.0),
        ToneStep {
            freq_hz: 0.0,
            ms: 1_000,
        },
    ];
    Script::Tones {
        steps: call.repeat(3),
        repeat: false,
    }
}

impl ToneStep {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an audible frequency"
    )]
    fn sound(self) -> Sound {
        if self.freq_hz > 0.0 {
            Sound::Tone(self.freq_hz as u32)
        } else {
            Sound::Silence
        }
    }
}

/// How long it takes to say something.
pub(crate) fn speech_ms(text: &str) -> u64 {
    text.chars().count() as u64 * SPEECH_MS_PER_CHARACTER
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_a_persona_of_that_name() {
        for name in NAMES {
            assert_eq!(by_name(name).unwrap().name, name);
        }
        assert!(by_name("nobody").is_none());
    }

    #[test]
    fn a_persona_can_be_written_in_json() {
        let persona: Persona = serde_json::from_str(
            r#"{"name":"Ada","answer":{"after":{"ring_ms":900}},"script":{"talk":{"voice":"anna","replies":2}}}"#,
        )
        .unwrap();
        assert_eq!(persona.answer, Answer::After { ring_ms: 900 });
        let talk = Talk {
            voice: Some("anna".to_owned()),
            replies: 2,
            ..Talk::default()
        };
        assert_eq!(persona.script, Script::Talk(talk));
        let silent: Persona = serde_json::from_str(r#"{"name":"Bob","answer":"busy"}"#).unwrap();
        assert_eq!((silent.answer, silent.script), (Answer::Busy, Script::Listen));
    }

    #[test]
    fn what_is_written_is_read() {
        for name in NAMES {
            let persona = by_name(name).unwrap();
            let text = serde_json::to_string(&persona).unwrap();
            assert_eq!(serde_json::from_str::<Persona>(&text).unwrap(), persona);
        }
    }
}

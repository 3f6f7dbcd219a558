//! The people of the network: who answers, and what they do once they have.

use serde::{Deserialize, Serialize};

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
    /// Listens and never says a word.
    #[default]
    Listen,
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
}

impl Script {
    /// How long a call lasts until this side hangs up by itself, if the other side talks as people do;
    /// none if it never does. For networks without sound.
    #[must_use]
    pub fn duration_ms(&self) -> Option<u64> {
        match self {
            Self::Talk(talk) => Some(GREETING_AND_GOODBYE_MS + u64::from(talk.replies) * EXCHANGE_MS),
            Self::Voicemail => Some(VOICEMAIL_MS),
            Self::Tones { repeat: true, .. } | Self::Listen => None,
            Self::Tones { steps, repeat: false } => Some(steps.iter().map(|step| u64::from(step.ms)).sum()),
        }
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
pub const NAMES: [&str; 13] = [
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

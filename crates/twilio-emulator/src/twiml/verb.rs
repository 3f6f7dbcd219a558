//! The verbs the network runs, read from elements with Twilio's defaults.

use super::element::Element;

/// `<Dial timeLimit>` and calls end after four hours unless the account is allowed more.
const TIME_LIMIT_S_DEFAULT: u32 = 14_400;
const GATHER_TIMEOUT_S_DEFAULT: u32 = 5;
/// `<Play loop="0">` plays on; Twilio stops after this many rounds.
const ROUNDS_MAX: u32 = 1_000;

/// How a URL is requested.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    #[default]
    Post,
}

impl Method {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_uppercase().as_str() {
            "GET" => Some(Self::Get),
            "POST" => Some(Self::Post),
            _ => None,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// One instruction.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verb {
    Say { text: String, rounds: u32 },
    Play { url: String, rounds: u32 },
    Pause { length_s: u32 },
    Gather(Gather),
    Dial(Box<Dial>),
    Redirect { url: String, method: Method },
    Reject { busy: bool },
    Hangup,
}

/// `<Gather>`: collects keys while it prompts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Gather {
    /// `None` is the current document's own URL.
    pub(crate) action: Option<String>,
    pub(crate) method: Method,
    pub(crate) timeout_s: u32,
    pub(crate) digits_max: Option<usize>,
    pub(crate) finish_on: String,
    pub(crate) action_on_empty: bool,
    pub(crate) prompt: Vec<Verb>,
}

/// `<Dial>`: connects the leg to somebody else until one of them ends it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Dial {
    pub(crate) action: Option<String>,
    pub(crate) method: Method,
    pub(crate) time_limit_s: u32,
    pub(crate) hangup_on_star: bool,
    pub(crate) noun: Noun,
}

/// Whom a `<Dial>` connects to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Noun {
    Room(Box<Room>),
    /// A noun this network does not connect, by name.
    Unconnected(String),
}

/// `<Conference>`: how one leg takes part in a room.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Room {
    pub(crate) name: String,
    pub(crate) muted: bool,
    pub(crate) beep: Beep,
    pub(crate) start_on_enter: bool,
    pub(crate) end_on_exit: bool,
    pub(crate) label: Option<String>,
    /// `None` is Twilio's own music; the empty text is silence.
    pub(crate) wait_url: Option<String>,
    pub(crate) wait_method: Method,
    pub(crate) participants_max: usize,
    pub(crate) callback: Option<Callback>,
}

/// When a room beeps for a participant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beep {
    Both,
    OnEnter,
    OnExit,
    Never,
}

/// Where events are reported, and which.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Callback {
    pub(crate) url: String,
    pub(crate) method: Method,
    pub(crate) events: Vec<String>,
}

/// Reads one child of `<Response>`; `None` if it is not a verb, which is a warning.
pub(super) fn read(element: &Element, warnings: &mut Vec<String>) -> Option<Verb> {
    let mut reader = Attributes { element, warnings };
    match element.name.as_str() {
        "Say" => {
            reader.only(&["voice", "language", "loop"]);
            Some(Verb::Say {
                text: element.text.trim().to_owned(),
                rounds: reader.rounds(),
            })
        }
        "Play" => {
            reader.only(&["loop", "digits"]);
            let url = element.text.trim().to_owned();
            if url.is_empty() {
                reader.warn("<Play digits> is not emulated");
                return None;
            }
            Some(Verb::Play {
                url,
                rounds: reader.rounds(),
            })
        }
        "Pause" => {
            reader.only(&["length"]);
            Some(Verb::Pause {
                length_s: reader.number("length", 1),
            })
        }
        "Gather" => Some(Verb::Gather(gather(&mut reader))),
        "Dial" => Some(Verb::Dial(Box::new(dial(&mut reader)))),
        "Redirect" => {
            reader.only(&["method"]);
            Some(Verb::Redirect {
                url: element.text.trim().to_owned(),
                method: reader.method("method"),
            })
        }
        "Reject" => {
            reader.only(&["reason"]);
            Some(Verb::Reject {
                busy: element.attribute("reason") == Some("busy"),
            })
        }
        "Hangup" => {
            reader.only(&[]);
            Some(Verb::Hangup)
        }
        other => {
            reader.warn(&format!("<{other}> is not a verb this network knows"));
            None
        }
    }
}

fn gather(reader: &mut Attributes<'_>) -> Gather {
    reader.only(&[
        "action",
        "method",
        "input",
        "timeout",
        "numDigits",
        "finishOnKey",
        "actionOnEmptyResult",
        "bargeIn",
        "speechTimeout",
        "hints",
        "language",
        "speechModel",
        "profanityFilter",
        "partialResultCallback",
    ]);
    let element = reader.element;
    let mut prompt = Vec::new();
    for child in &element.children {
        if matches!(child.name.as_str(), "Say" | "Play" | "Pause") {
            prompt.extend(read(child, reader.warnings));
        } else {
            reader.warn(&format!("<{}> may not stand inside <Gather>", child.name));
        }
    }
    Gather {
        action: reader.text("action"),
        method: reader.method("method"),
        timeout_s: reader.number("timeout", GATHER_TIMEOUT_S_DEFAULT),
        digits_max: element.attribute("numDigits").and_then(|text| text.parse().ok()),
        finish_on: element.attribute("finishOnKey").unwrap_or("#").to_owned(),
        action_on_empty: reader.flag("actionOnEmptyResult", false),
        prompt,
    }
}

fn dial(reader: &mut Attributes<'_>) -> Dial {
    reader.only(&[
        "action",
        "method",
        "timeout",
        "timeLimit",
        "callerId",
        "answerOnBridge",
        "hangupOnStar",
        "record",
        "recordingStatusCallback",
        "recordingStatusCallbackMethod",
        "recordingStatusCallbackEvent",
        "recordingTrack",
        "trim",
        "ringTone",
        "sequential",
        "referUrl",
        "callReason",
    ]);
    let element = reader.element;
    let noun = match element.children.first() {
        Some(child) if child.name == "Conference" => Noun::Room(Box::new(room(&mut Attributes {
            element: child,
            warnings: reader.warnings,
        }))),
        Some(child) => Noun::Unconnected(child.name.clone()),
        None => Noun::Unconnected("Number".to_owned()),
    };
    Dial {
        action: reader.text("action"),
        method: reader.method("method"),
        time_limit_s: reader.number("timeLimit", TIME_LIMIT_S_DEFAULT),
        hangup_on_star: reader.flag("hangupOnStar", false),
        noun,
    }
}

fn room(reader: &mut Attributes<'_>) -> Room {
    reader.only(&[
        "muted",
        "beep",
        "startConferenceOnEnter",
        "endConferenceOnExit",
        "participantLabel",
        "jitterBufferSize",
        "waitUrl",
        "waitMethod",
        "maxParticipants",
        "record",
        "trim",
        "coach",
        "region",
        "statusCallback",
        "statusCallbackMethod",
        "statusCallbackEvent",
        "recordingStatusCallback",
        "recordingStatusCallbackMethod",
        "recordingStatusCallbackEvent",
        "eventCallbackUrl",
    ]);
    let element = reader.element;
    if element.attribute("coach").is_some()
        || element.attribute("record").is_some_and(|v| v != "do-not-record")
    {
        reader.warn("coach and record of <Conference> are not emulated");
    }
    Room {
        name: element.text.trim().to_owned(),
        muted: reader.flag("muted", false),
        beep: match element.attribute("beep") {
            None | Some("true") => Beep::Both,
            Some("onEnter") => Beep::OnEnter,
            Some("onExit") => Beep::OnExit,
            Some(_) => Beep::Never,
        },
        start_on_enter: reader.flag("startConferenceOnEnter", true),
        end_on_exit: reader.flag("endConferenceOnExit", false),
        label: reader.text("participantLabel"),
        wait_url: element.attribute("waitUrl").map(str::to_owned),
        wait_method: reader.method("waitMethod"),
        participants_max: reader.number("maxParticipants", 250).clamp(2, 250) as usize,
        callback: reader.text("statusCallback").map(|url| Callback {
            url,
            method: reader.method("statusCallbackMethod"),
            events: reader.words("statusCallbackEvent"),
        }),
    }
}

/// Reads an element's attributes, turning what makes no sense into warnings.
struct Attributes<'a> {
    element: &'a Element,
    warnings: &'a mut Vec<String>,
}

impl Attributes<'_> {
    fn warn(&mut self, text: &str) {
        self.warnings.push(text.to_owned());
    }

    fn only(&mut self, known: &[&str]) {
        for (name, _) in &self.element.attributes {
            if !known.contains(&name.as_str()) {
                self.warnings
                    .push(format!("{name} is not an attribute of <{}>", self.element.name));
            }
        }
    }

    fn text(&self, name: &str) -> Option<String> {
        self.element
            .attribute(name)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    }

    fn words(&self, name: &str) -> Vec<String> {
        self.element
            .attribute(name)
            .unwrap_or_default()
            .split_whitespace()
            .map(str::to_owned)
            .collect()
    }

    fn method(&mut self, name: &str) -> Method {
        let Some(text) = self.element.attribute(name) else {
            return Method::default();
        };
        Method::parse(text).unwrap_or_else(|| {
            self.warn(&format!("{name}=\"{text}\" is not a method"));
            Method::default()
        })
    }

    fn number(&mut self, name: &str, default: u32) -> u32 {
        let Some(text) = self.element.attribute(name) else {
            return default;
        };
        text.parse().unwrap_or_else(|_| {
            self.warn(&format!("{name}=\"{text}\" is not a number"));
            default
        })
    }

    fn flag(&mut self, name: &str, default: bool) -> bool {
        match self.element.attribute(name) {
            None => default,
            Some("true") => true,
            Some("false") => false,
            Some(text) => {
                self.warn(&format!("{name}=\"{text}\" is neither true nor false"));
                default
            }
        }
    }

    /// How often to play; `loop="0"` means until stopped.
    fn rounds(&mut self) -> u32 {
        match self.number("loop", 1) {
            0 => ROUNDS_MAX,
            rounds => rounds.min(ROUNDS_MAX),
        }
    }
}

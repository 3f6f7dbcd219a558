//! Reads elements as verbs and nouns, with Twilio's defaults. What they may say is the schema's business:
//! values it complained about fall back to the default here.

use super::Warning;
use super::element::Element;
use super::verb::{
    Address, Beep, Callback, Callee, Dial, Enqueue, Gather, Method, Noun, QueueNoun, Record, Recorded, Room,
    Target, Track, Verb,
};
use crate::amd::Amd;
use crate::pbx::{Password, SipUri};

/// `<Dial timeLimit>` and calls end after four hours unless the account is allowed more.
const TIME_LIMIT_S_DEFAULT: u32 = 14_400;
const DIAL_TIMEOUT_S_DEFAULT: u32 = 30;
const GATHER_TIMEOUT_S_DEFAULT: u32 = 5;
const RECORD_TIMEOUT_S_DEFAULT: u32 = 5;
const RECORD_LENGTH_S_DEFAULT: u32 = 3_600;
const TRANSCRIBED_LENGTH_S_DEFAULT: u32 = 120;
/// `<Play loop="0">` plays on; Twilio stops after this many rounds.
const ROUNDS_MAX: u32 = 1_000;
/// Numbers or clients of one `<Dial>`.
const CALLEES_MAX: usize = 10;
const QUEUE_NAME_CHARACTERS_MAX: usize = 64;
const ROOM_NAME_CHARACTERS_MAX: usize = 128;
const IDENTITY_CHARACTERS_MAX: usize = 256;

/// Reads one child of `<Response>`; `None` if it is not a verb, which the schema has noted.
pub(super) fn verb(element: &Element, warnings: &mut Vec<Warning>) -> Option<Verb> {
    let mut reader = Reader { element, warnings };
    let text = || spoken(element).trim().to_owned();
    Some(match element.name.as_str() {
        "Say" => Verb::Say {
            text: text(),
            rounds: reader.rounds(),
        },
        "Play" => match reader.text("digits") {
            Some(digits) if text().is_empty() => Verb::Keys(digits),
            Some(_) | None => Verb::Play {
                url: text(),
                rounds: reader.rounds(),
            },
        },
        "Pause" => Verb::Pause {
            length_s: reader.number("length", 1),
        },
        "Gather" => Verb::Gather(Box::new(gather(&mut reader))),
        "Record" => Verb::Record(Box::new(record(&reader))),
        "Dial" => Verb::Dial(Box::new(dial(&mut reader))),
        "Enqueue" => Verb::Enqueue(Box::new(enqueue(&mut reader))),
        "Leave" => Verb::Leave,
        "Start" => match element.children.first() {
            Some(child) if child.name == "Recording" => {
                let reader = Reader {
                    element: child,
                    warnings,
                };
                Verb::StartRecording(Box::new(reader.recorded(
                    reader.element.attribute("channels") == Some("dual"),
                    false,
                    "track",
                )))
            }
            Some(child) => Verb::Unrun(format!("Start><{}", child.name)),
            None => return None,
        },
        "Stop" if element.children.iter().any(|child| child.name == "Recording") => Verb::StopRecording,
        "Redirect" => Verb::Redirect(Target {
            url: text(),
            method: reader.method("method"),
        }),
        "Reject" => Verb::Reject {
            busy: element.attribute("reason") == Some("busy"),
        },
        "Hangup" => Verb::Hangup,
        name @ ("Stop" | "Queue" | "Connect" | "Echo" | "Pay" | "Prompt" | "Refer" | "Sms") => {
            Verb::Unrun(name.to_owned())
        }
        _ => return None,
    })
}

/// The words of an element and of the speech markup in it.
fn spoken(element: &Element) -> String {
    let mut text = element.text.clone();
    for child in &element.children {
        text.push(' ');
        text.push_str(&spoken(child));
    }
    text
}

fn gather(reader: &mut Reader<'_>) -> Gather {
    let element = reader.element;
    let mut prompt = Vec::new();
    for child in &element.children {
        if child.name == "Play" && child.attribute("digits").is_some() {
            reader.warn_at(child, 13320, "<Play digits> may not stand inside <Gather>");
        } else if matches!(child.name.as_str(), "Say" | "Play" | "Pause") {
            prompt.extend(verb(child, reader.warnings));
        }
    }
    let input = reader.words("input");
    let timeout_s = reader.number("timeout", GATHER_TIMEOUT_S_DEFAULT);
    Gather {
        action: reader.text("action"),
        method: reader.method("method"),
        dtmf: input.is_empty() || input.iter().any(|word| word == "dtmf"),
        speech: input.iter().any(|word| word == "speech"),
        timeout_s,
        speech_timeout_s: match element.attribute("speechTimeout") {
            Some("auto") => None,
            Some(_) | None => Some(reader.number("speechTimeout", timeout_s)),
        },
        digits_max: element.attribute("numDigits").and_then(|text| text.parse().ok()),
        finish_on: element.attribute("finishOnKey").unwrap_or("#").to_owned(),
        action_on_empty: reader.flag("actionOnEmptyResult", false),
        barge_in: reader.flag("bargeIn", true),
        partial: reader.target("partialResultCallback", "partialResultCallbackMethod"),
        language: reader.text("language").unwrap_or_else(|| "en-US".to_owned()),
        prompt,
    }
}

fn record(reader: &Reader<'_>) -> Record {
    let transcribe_callback = reader.text("transcribeCallback");
    // Whoever wants to be told wants it to be done.
    let transcribe = reader.flag("transcribe", transcribe_callback.is_some());
    let length_s = if transcribe {
        TRANSCRIBED_LENGTH_S_DEFAULT
    } else {
        RECORD_LENGTH_S_DEFAULT
    };
    Record {
        action: reader.text("action"),
        method: reader.method("method"),
        timeout_s: reader.number("timeout", RECORD_TIMEOUT_S_DEFAULT),
        length_max_s: reader.number("maxLength", length_s),
        finish_on: reader
            .element
            .attribute("finishOnKey")
            .unwrap_or("1234567890*#")
            .to_owned(),
        beep: reader.flag("playBeep", true),
        transcribe,
        transcribe_callback,
        recorded: Recorded {
            track: Track::Inbound,
            ..reader.recorded(false, true, "")
        },
    }
}

fn dial(reader: &mut Reader<'_>) -> Dial {
    let element = reader.element;
    let wish = element.attribute("record").unwrap_or("do-not-record");
    let recorded = (wish == "true" || wish.starts_with("record-from")).then(|| Recorded {
        from_ringing: wish.starts_with("record-from-ringing"),
        ..reader.recorded(wish.ends_with("-dual"), false, "recordingTrack")
    });
    let noun = noun(reader);
    Dial {
        action: reader.text("action"),
        method: reader.method("method"),
        timeout_s: reader.number("timeout", DIAL_TIMEOUT_S_DEFAULT).clamp(5, 600),
        time_limit_s: reader.number("timeLimit", TIME_LIMIT_S_DEFAULT),
        caller_id: reader.text("callerId"),
        answer_on_bridge: reader.flag("answerOnBridge", false),
        hangup_on_star: reader.flag("hangupOnStar", false),
        sequential: reader.flag("sequential", false),
        ring_tone: reader.text("ringTone"),
        recorded,
        reason: reader.text("callReason"),
        noun,
    }
}

fn noun(reader: &mut Reader<'_>) -> Noun {
    let element = reader.element;
    let Some(first) = element.children.first() else {
        let number = element.text.trim();
        let element = Element {
            name: "Number".to_owned(),
            text: number.to_owned(),
            line: element.line,
            ..Element::default()
        };
        let only = callee(&mut Reader {
            element: &element,
            warnings: reader.warnings,
        });
        return Noun::Callees(only.into_iter().collect());
    };
    let mut inner = Reader {
        element: first,
        warnings: reader.warnings,
    };
    match first.name.as_str() {
        "Conference" => Noun::Room(Box::new(room(&mut inner))),
        "Queue" => {
            let name = inner.queue_name(14212, 14213);
            Noun::Queue(Box::new(QueueNoun {
                name,
                whisper: inner.target("url", "method"),
            }))
        }
        "Number" | "Client" | "Sip" => {
            let callees: Vec<&Element> = element
                .children
                .iter()
                .filter(|child| matches!(child.name.as_str(), "Number" | "Client" | "Sip"))
                .collect();
            if callees.len() > CALLEES_MAX {
                reader.warn(12200, &format!("<Dial> has more than {CALLEES_MAX} nouns"));
            }
            let read = |element: &&Element| {
                callee(&mut Reader {
                    element,
                    warnings: reader.warnings,
                })
            };
            Noun::Callees(callees.iter().take(CALLEES_MAX).filter_map(read).collect())
        }
        other => Noun::Unconnected(other.to_owned()),
    }
}

/// Reads one noun; none if it names nothing that could be called, which is noted.
fn callee(reader: &mut Reader<'_>) -> Option<Callee> {
    let element = reader.element;
    let text = element.text.trim().to_owned();
    let child = |name: &str| element.children.iter().find(|child| child.name == name);
    let address = match element.name.as_str() {
        "Client" => {
            let identity = child("Identity").map_or(text, |child| child.text.trim().to_owned());
            let speakable = |c: char| !c.is_whitespace() && !c.is_control();
            let count = identity.chars().count();
            if !(1..=IDENTITY_CHARACTERS_MAX).contains(&count) || !identity.chars().all(speakable) {
                reader.warn(12200, &format!("<Client> names nobody: {identity}"));
            }
            let params = element.children.iter().filter(|child| child.name == "Parameter");
            let field = |child: &Element, name| child.attribute(name).unwrap_or_default().to_owned();
            Address::Client {
                identity,
                params: params
                    .map(|child| (field(child, "name"), field(child, "value")))
                    .collect(),
            }
        }
        "Sip" => {
            let uri = child("Uri").map_or(text, |child| child.text.trim().to_owned());
            if SipUri::parse(&uri).is_none() {
                reader.warn(13243, &format!("<Sip> is no SIP URI: {uri}"));
                return None;
            }
            let credentials = reader.text("username").zip(reader.text("password"));
            Address::Sip {
                uri,
                credentials: credentials.map(|(name, word)| (name, Password::new(&word))),
            }
        }
        _ => Address::Number(text),
    };
    let amd = Amd::of_noun(|name| element.attribute(name)).map(|result| {
        result.inspect_err(|complaint| {
            reader.warnings.push(Warning {
                code: 21263,
                message: complaint.clone(),
                line: element.line,
            });
        })
    });
    let amd = amd.and_then(Result::ok).map(|amd| Amd {
        callback: reader.target("amdStatusCallback", "amdStatusCallbackMethod"),
        ..amd
    });
    let keys = reader.text("sendDigits");
    Some(Callee {
        address,
        whisper: reader.target("url", "method"),
        callback: reader.callback("statusCallback", &["completed"]),
        // Keys and the listening of AMD would get into each other's way: keys win.
        amd: amd.filter(|_| keys.is_none()),
        keys,
    })
}

fn room(reader: &mut Reader<'_>) -> Room {
    let element = reader.element;
    let name = element.text.trim().to_owned();
    if name.is_empty() || name.chars().count() > ROOM_NAME_CHARACTERS_MAX {
        reader.warn(
            13237,
            &format!("<Conference> needs a name of 1 to {ROOM_NAME_CHARACTERS_MAX} characters"),
        );
    }
    let recorded = matches!(element.attribute("record"), Some("record-from-start" | "true"));
    Room {
        name,
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
        region: reader.text("region"),
        coach: reader.text("coach"),
        recorded: recorded.then(|| reader.recorded(false, true, "")),
        callback: reader.callback("statusCallback", &[]),
    }
}

fn enqueue(reader: &mut Reader<'_>) -> Enqueue {
    Enqueue {
        name: reader.queue_name(14204, 14205),
        action: reader.text("action"),
        method: reader.method("method"),
        wait: reader.target("waitUrl", "waitUrlMethod"),
        size_max: reader
            .element
            .attribute("maxQueueSize")
            .and_then(|text| text.parse().ok()),
    }
}

/// Reads an element's attributes.
struct Reader<'a> {
    element: &'a Element,
    warnings: &'a mut Vec<Warning>,
}

impl Reader<'_> {
    fn warn(&mut self, code: u32, text: &str) {
        self.warn_at(self.element, code, text);
    }

    fn warn_at(&mut self, element: &Element, code: u32, text: &str) {
        self.warnings.push(Warning {
            code,
            message: text.to_owned(),
            line: element.line,
        });
    }

    fn text(&self, name: &str) -> Option<String> {
        self.element
            .attribute(name)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    }

    fn words(&self, name: &str) -> Vec<String> {
        let text = self.element.attribute(name).unwrap_or_default();
        text.split_whitespace().map(str::to_owned).collect()
    }

    fn method(&self, name: &str) -> Method {
        let text = self.element.attribute(name);
        text.and_then(Method::parse).unwrap_or_default()
    }

    fn number(&self, name: &str, default: u32) -> u32 {
        let text = self.element.attribute(name);
        text.and_then(|text| text.parse().ok()).unwrap_or(default)
    }

    fn flag(&self, name: &str, default: bool) -> bool {
        match self.element.attribute(name) {
            Some("true") => true,
            Some("false") => false,
            Some(_) | None => default,
        }
    }

    /// How often to play; `loop="0"` means until stopped.
    fn rounds(&self) -> u32 {
        match self.number("loop", 1) {
            0 => ROUNDS_MAX,
            rounds => rounds.min(ROUNDS_MAX),
        }
    }

    fn target(&self, url: &str, method: &str) -> Option<Target> {
        Some(Target {
            url: self.text(url)?,
            method: self.method(method),
        })
    }

    fn callback(&self, url: &str, default: &[&str]) -> Option<Callback> {
        let mut events = self.words(&format!("{url}Event"));
        if events.is_empty() {
            events = default.iter().map(|event| (*event).to_owned()).collect();
        }
        Some(Callback {
            url: self.text(url)?,
            method: self.method(&format!("{url}Method")),
            events,
        })
    }

    fn recorded(&self, dual: bool, trim: bool, track: &str) -> Recorded {
        let track = match self.element.attribute(track) {
            Some("inbound") => Track::Inbound,
            Some("outbound") => Track::Outbound,
            Some(_) | None => Track::Both,
        };
        Recorded {
            // A single track has one channel whatever was asked for.
            dual: dual && track == Track::Both,
            from_ringing: false,
            track,
            trim: match self.element.attribute("trim") {
                Some("trim-silence") => true,
                Some("do-not-trim") => false,
                Some(_) | None => trim,
            },
            callback: self.callback("recordingStatusCallback", &["completed"]),
        }
    }

    fn queue_name(&mut self, too_short: u32, too_long: u32) -> String {
        let name = self.element.text.trim().to_owned();
        match name.chars().count() {
            // A workflow's queue has no name of its own.
            0 if self.element.attribute("workflowSid").is_none() => {
                self.warn(too_short, "the queue's name is too short");
            }
            0..=QUEUE_NAME_CHARACTERS_MAX => {}
            _ => self.warn(too_long, "the queue's name is too long"),
        }
        name
    }
}

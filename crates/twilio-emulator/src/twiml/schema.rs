//! Which elements and attributes TwiML has, which values they take, and the code of Twilio's complaint.

use super::Warning;
use super::element::Element;

/// Twilio's warning about anything its schema does not have.
const SCHEMA: u32 = 12200;

/// What an attribute may be.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    /// At most this many characters.
    Short(usize),
    Url,
    Method,
    Flag,
    /// A whole number within these bounds.
    Number(u32, u32),
    /// A whole number that is brought within these bounds.
    Clamped(u32, u32),
    /// A whole number within these bounds, or `auto`.
    NumberOrAuto(u32, u32),
    OneOf(&'static [&'static str]),
    /// Words with spaces between them.
    Words(&'static [&'static str]),
    /// Only these characters.
    Keys(&'static str),
}

struct Attribute(&'static str, Kind, u32);

struct Schema {
    name: &'static str,
    attributes: &'static [Attribute],
    children: &'static [&'static str],
    /// The complaint about a child that may not stand here.
    child_code: u32,
}

use Kind::{Clamped, Flag, Keys, Method, Number, NumberOrAuto, OneOf, Short, Text, Url, Words};

const SPOKEN: &[&str] = &["Say", "Play", "Pause"];
const PROGRESS: Kind = Words(&["initiated", "ringing", "answered", "completed"]);
const RECORDING_EVENTS: Kind = Words(&["in-progress", "completed", "absent"]);
const TRIM: Kind = OneOf(&["trim-silence", "do-not-trim"]);
const TRACK: Kind = OneOf(&["both", "inbound", "outbound"]);
const KEYS: Kind = Keys("0123456789*#");
const TONES: Kind = Keys("0123456789ABCDabcd#*wW");
const CALL_S_MAX: u32 = 86_400;
const RING_TONES: Kind = OneOf(&[
    "at", "au", "bg", "br", "be", "ch", "cl", "cn", "cz", "de", "dk", "ee", "es", "fi", "fr", "gr", "hu",
    "il", "in", "it", "jp", "kr", "lt", "mx", "my", "nl", "no", "nz", "ph", "pl", "pt", "ru", "se", "sg",
    "th", "tw", "uk", "us", "us-old", "ve", "za",
]);

const VERBS: &[&str] = &[
    "Say", "Play", "Pause", "Gather", "Record", "Dial", "Enqueue", "Leave", "Redirect", "Reject", "Hangup",
    "Start", "Stop", "Queue", "Connect", "Echo", "Pay", "Prompt", "Refer", "Sms",
];

static SCHEMAS: [Schema; 19] = [
    Schema {
        name: "Response",
        attributes: &[],
        children: VERBS,
        child_code: SCHEMA,
    },
    Schema {
        name: "Say",
        attributes: &[
            Attribute("voice", Text, 13511),
            Attribute("language", Text, SCHEMA),
            Attribute("loop", Number(0, 1_000), 13510),
        ],
        // Speech markup, passed on to the voice.
        children: &[
            "break",
            "emphasis",
            "lang",
            "p",
            "phoneme",
            "prosody",
            "s",
            "say-as",
            "sub",
            "w",
            "amazon:effect",
            "amazon:domain",
        ],
        child_code: SCHEMA,
    },
    Schema {
        name: "Play",
        attributes: &[
            Attribute("loop", Number(0, 1_000), 13410),
            Attribute("digits", TONES, SCHEMA),
        ],
        children: &[],
        child_code: SCHEMA,
    },
    Schema {
        name: "Pause",
        attributes: &[Attribute("length", Number(0, CALL_S_MAX), 13910)],
        children: &[],
        child_code: SCHEMA,
    },
    Schema {
        name: "Gather",
        attributes: &[
            Attribute("action", Url, 11100),
            Attribute("method", Method, 13312),
            Attribute("input", Words(&["dtmf", "speech"]), SCHEMA),
            Attribute("timeout", Number(1, 3_600), 13313),
            Attribute("numDigits", Number(1, 255), 13314),
            Attribute("finishOnKey", KEYS, 13310),
            Attribute("actionOnEmptyResult", Flag, SCHEMA),
            Attribute("speechTimeout", NumberOrAuto(1, 3_600), SCHEMA),
            Attribute("maxSpeechTime", Number(1, 600), SCHEMA),
            Attribute("hints", Text, SCHEMA),
            Attribute("language", Text, SCHEMA),
            Attribute("speechModel", Text, SCHEMA),
            Attribute("enhanced", Flag, SCHEMA),
            Attribute("debug", Flag, SCHEMA),
            Attribute("profanityFilter", Flag, SCHEMA),
            Attribute("partialResultCallback", Url, SCHEMA),
            Attribute("partialResultCallbackMethod", Method, SCHEMA),
            Attribute("bargeIn", Flag, SCHEMA),
        ],
        children: SPOKEN,
        child_code: 13320,
    },
    Schema {
        name: "Record",
        attributes: &[
            Attribute("action", Url, 11100),
            Attribute("method", Method, 13610),
            Attribute("timeout", Number(0, 3_600), 13611),
            Attribute("maxLength", Number(1, 14_400), 13612),
            Attribute("finishOnKey", KEYS, 13613),
            Attribute("playBeep", Flag, 13616),
            Attribute("trim", TRIM, SCHEMA),
            Attribute("transcribe", Flag, 13614),
            Attribute("transcribeCallback", Url, SCHEMA),
            Attribute("recordingStatusCallback", Url, SCHEMA),
            Attribute("recordingStatusCallbackMethod", Method, SCHEMA),
            Attribute("recordingStatusCallbackEvent", RECORDING_EVENTS, SCHEMA),
            Attribute("recordingConfigurationId", Text, SCHEMA),
        ],
        children: &[],
        child_code: SCHEMA,
    },
    Schema {
        name: "Dial",
        attributes: &[
            Attribute("action", Url, 11100),
            Attribute("method", Method, 13210),
            Attribute("timeout", Clamped(5, 600), 13212),
            Attribute("timeLimit", Number(1, CALL_S_MAX), 13216),
            Attribute("callerId", Text, 13214),
            Attribute("answerOnBridge", Flag, SCHEMA),
            Attribute("hangupOnStar", Flag, 13213),
            Attribute(
                "record",
                OneOf(&[
                    "do-not-record",
                    "record-from-answer",
                    "record-from-answer-dual",
                    "record-from-ringing",
                    "record-from-ringing-dual",
                    "true",
                    "false",
                ]),
                13217,
            ),
            Attribute("recordingStatusCallback", Url, SCHEMA),
            Attribute("recordingStatusCallbackMethod", Method, SCHEMA),
            Attribute("recordingStatusCallbackEvent", RECORDING_EVENTS, SCHEMA),
            Attribute("recordingTrack", TRACK, SCHEMA),
            Attribute("recordingConfigurationId", Text, SCHEMA),
            Attribute("trim", TRIM, SCHEMA),
            Attribute("ringTone", RING_TONES, SCHEMA),
            Attribute("sequential", Flag, 13218),
            Attribute("referUrl", Url, SCHEMA),
            Attribute("referMethod", Method, SCHEMA),
            Attribute("callReason", Short(50), SCHEMA),
            Attribute("events", OneOf(&["call-progress-event"]), SCHEMA),
            Attribute("passports", Text, SCHEMA),
        ],
        children: &[
            "Number",
            "Client",
            "Conference",
            "Queue",
            "Sip",
            "Sim",
            "Application",
            "WhatsApp",
        ],
        child_code: 13215,
    },
    Schema {
        name: "Number",
        attributes: &[
            Attribute("url", Url, SCHEMA),
            Attribute("method", Method, 13221),
            Attribute("sendDigits", TONES, 13222),
            Attribute("statusCallback", Url, SCHEMA),
            Attribute("statusCallbackMethod", Method, SCHEMA),
            Attribute("statusCallbackEvent", PROGRESS, SCHEMA),
            Attribute("byoc", Text, SCHEMA),
            Attribute("machineDetection", OneOf(&["Enable", "DetectMessageEnd"]), SCHEMA),
            // The bounds of these are AMD's own: beyond them it is off, with a warning of its own.
            Attribute("machineDetectionTimeout", Number(0, u32::MAX), SCHEMA),
            Attribute("machineDetectionSpeechThreshold", Number(0, u32::MAX), SCHEMA),
            Attribute("machineDetectionSpeechEndThreshold", Number(0, u32::MAX), SCHEMA),
            Attribute("machineDetectionSilenceTimeout", Number(0, u32::MAX), SCHEMA),
            Attribute("amdStatusCallback", Url, SCHEMA),
            Attribute("amdStatusCallbackMethod", Method, SCHEMA),
        ],
        children: &[],
        child_code: SCHEMA,
    },
    Schema {
        name: "Sip",
        attributes: &[
            Attribute("url", Url, SCHEMA),
            Attribute("method", Method, 13241),
            Attribute("username", Short(256), 13249),
            Attribute("password", Short(256), 13249),
            Attribute("statusCallback", Url, SCHEMA),
            Attribute("statusCallbackMethod", Method, SCHEMA),
            Attribute("statusCallbackEvent", PROGRESS, SCHEMA),
            Attribute("machineDetection", OneOf(&["Enable", "DetectMessageEnd"]), SCHEMA),
            Attribute("machineDetectionTimeout", Number(0, u32::MAX), SCHEMA),
            Attribute("machineDetectionSpeechThreshold", Number(0, u32::MAX), SCHEMA),
            Attribute("machineDetectionSpeechEndThreshold", Number(0, u32::MAX), SCHEMA),
            Attribute("machineDetectionSilenceTimeout", Number(0, u32::MAX), SCHEMA),
            Attribute("amdStatusCallback", Url, SCHEMA),
            Attribute("amdStatusCallbackMethod", Method, SCHEMA),
        ],
        children: &["Uri", "Headers", "Parameter"],
        child_code: SCHEMA,
    },
    Schema {
        name: "Client",
        attributes: &[
            Attribute("url", Url, SCHEMA),
            Attribute("method", Method, SCHEMA),
            Attribute("statusCallback", Url, SCHEMA),
            Attribute("statusCallbackMethod", Method, SCHEMA),
            Attribute("statusCallbackEvent", PROGRESS, SCHEMA),
            Attribute("clientNotificationUrl", Url, SCHEMA),
        ],
        children: &["Identity", "Parameter"],
        child_code: SCHEMA,
    },
    Schema {
        name: "Conference",
        attributes: &[
            Attribute("muted", Flag, 13230),
            Attribute("endConferenceOnExit", Flag, 13231),
            Attribute("startConferenceOnEnter", Flag, 13232),
            // The empty text is silence.
            Attribute("waitUrl", Text, 13233),
            Attribute("waitMethod", Method, 13234),
            Attribute("beep", OneOf(&["true", "false", "onEnter", "onExit"]), 13235),
            Attribute("participantLabel", Short(128), 16025),
            Attribute(
                "jitterBufferSize",
                OneOf(&["large", "medium", "small", "off"]),
                SCHEMA,
            ),
            Attribute("maxParticipants", Clamped(2, 250), SCHEMA),
            Attribute(
                "record",
                OneOf(&["do-not-record", "record-from-start", "true", "false"]),
                SCHEMA,
            ),
            Attribute("trim", TRIM, SCHEMA),
            Attribute("coach", Text, 13240),
            Attribute(
                "region",
                OneOf(&["us1", "us2", "ie1", "sg1", "br1", "au1", "jp1", "de1"]),
                SCHEMA,
            ),
            Attribute("statusCallback", Url, SCHEMA),
            Attribute("statusCallbackMethod", Method, SCHEMA),
            Attribute(
                "statusCallbackEvent",
                Words(&[
                    "start",
                    "end",
                    "join",
                    "leave",
                    "mute",
                    "hold",
                    "modify",
                    "speaker",
                    "announcement",
                ]),
                SCHEMA,
            ),
            Attribute("recordingStatusCallback", Url, SCHEMA),
            Attribute("recordingStatusCallbackMethod", Method, SCHEMA),
            Attribute("recordingStatusCallbackEvent", RECORDING_EVENTS, SCHEMA),
            Attribute("recordingConfigurationId", Text, SCHEMA),
            Attribute("eventCallbackUrl", Url, SCHEMA),
        ],
        children: &[],
        child_code: SCHEMA,
    },
    Schema {
        name: "Queue",
        attributes: &[
            Attribute("url", Url, 14211),
            Attribute("method", Method, 14210),
            Attribute("reservationSid", Text, 14215),
            Attribute("postWorkActivitySid", Text, 14216),
        ],
        children: &[],
        child_code: SCHEMA,
    },
    Schema {
        name: "Enqueue",
        attributes: &[
            Attribute("action", Url, 14203),
            Attribute("method", Method, 14201),
            Attribute("maxQueueSize", Number(1, 5_000), SCHEMA),
            Attribute("waitUrl", Text, 14202),
            Attribute("waitUrlMethod", Method, 14206),
            Attribute("workflowSid", Text, 14220),
        ],
        children: &["Task"],
        child_code: SCHEMA,
    },
    Schema {
        name: "Redirect",
        attributes: &[Attribute("method", Method, 13710)],
        children: &[],
        child_code: SCHEMA,
    },
    Schema {
        name: "Reject",
        attributes: &[Attribute("reason", OneOf(&["rejected", "busy"]), SCHEMA)],
        children: &["Parameter"],
        child_code: SCHEMA,
    },
    Schema {
        name: "Hangup",
        attributes: &[],
        children: &["Parameter"],
        child_code: SCHEMA,
    },
    Schema {
        name: "Leave",
        attributes: &[],
        children: &[],
        child_code: SCHEMA,
    },
    Schema {
        name: "Start",
        attributes: &[
            Attribute("action", Url, SCHEMA),
            Attribute("method", Method, SCHEMA),
        ],
        children: &["Recording", "Stream", "Siprec", "Transcription"],
        child_code: SCHEMA,
    },
    Schema {
        name: "Recording",
        attributes: &[
            Attribute("channels", OneOf(&["mono", "dual"]), SCHEMA),
            Attribute("track", TRACK, SCHEMA),
            Attribute("trim", TRIM, SCHEMA),
            Attribute("recordingStatusCallback", Url, SCHEMA),
            Attribute("recordingStatusCallbackMethod", Method, SCHEMA),
            Attribute("recordingStatusCallbackEvent", RECORDING_EVENTS, SCHEMA),
            Attribute("recordingConfigurationId", Text, SCHEMA),
        ],
        children: &[],
        child_code: SCHEMA,
    },
];

/// Notes everything about this element and what is in it that TwiML does not have, and takes away values
/// for which there is a default. Elements that are known but not run by this network are taken as they are.
pub(super) fn check(element: &mut Element, warnings: &mut Vec<Warning>) {
    let Some(schema) = SCHEMAS.iter().find(|schema| schema.name == element.name) else {
        return;
    };
    let (parent, line) = (&element.name, element.line);
    element.attributes.retain(|(name, value)| {
        let known = schema.attributes.iter().find(|attribute| attribute.0 == name);
        let complaint = known.map(|Attribute(_, kind, code)| (kind, *code, kind.complaint(value)));
        let (code, message, stays) = match complaint {
            None => (SCHEMA, format!("{name} is not an attribute of <{parent}>"), true),
            Some((_, _, None)) => return true,
            Some((kind, code, Some(complaint))) => {
                let message = format!("<{parent}>: {name}=\"{value}\" {complaint}");
                (code, message, !kind.has_default())
            }
        };
        warnings.push(Warning { code, message, line });
        stays
    });
    for child in &mut element.children {
        if schema.children.contains(&child.name.as_str()) {
            check(child, warnings);
        } else {
            warnings.push(Warning {
                code: schema.child_code,
                message: format!("<{}> may not stand inside <{}>", child.name, element.name),
                line: child.line,
            });
        }
    }
}

impl Kind {
    /// A value that does not fit is as good as none. Of a URL, keys or a text there is no telling.
    fn has_default(self) -> bool {
        match self {
            Self::Method
            | Self::Flag
            | Self::Number(..)
            | Self::NumberOrAuto(..)
            | Self::OneOf(_)
            | Self::Words(_) => true,
            Self::Text | Self::Short(_) | Self::Url | Self::Keys(_) | Self::Clamped(..) => false,
        }
    }

    /// Why the value does not fit.
    fn complaint(self, value: &str) -> Option<String> {
        let listed = |words: &[&str]| format!("is none of {}", words.join(", "));
        let number = |least: u32, most: u32| {
            let inside = value.parse::<u32>().is_ok_and(|n| (least..=most).contains(&n));
            (!inside).then(|| format!("is not a number from {least} to {most}"))
        };
        match self {
            Self::Text => None,
            Self::Short(most) => {
                (value.chars().count() > most).then(|| format!("has more than {most} characters"))
            }
            Self::Url => {
                let bad = value.chars().any(|c| c.is_whitespace() || c.is_control());
                bad.then(|| "is not a URL".to_owned())
            }
            Self::Method => {
                let method = super::Method::parse(value);
                method.is_none().then(|| "is neither GET nor POST".to_owned())
            }
            Self::Flag => {
                let flag = matches!(value, "true" | "false");
                (!flag).then(|| "is neither true nor false".to_owned())
            }
            Self::NumberOrAuto(..) if value == "auto" => None,
            Self::Number(least, most) | Self::Clamped(least, most) | Self::NumberOrAuto(least, most) => {
                number(least, most)
            }
            Self::OneOf(words) => (!words.contains(&value)).then(|| listed(words)),
            Self::Words(words) => {
                let known = value.split_whitespace().all(|word| words.contains(&word));
                (!known).then(|| listed(words))
            }
            Self::Keys(keys) => {
                let known = value.chars().all(|key| keys.contains(key));
                (!known).then(|| format!("has keys other than {keys}"))
            }
        }
    }
}

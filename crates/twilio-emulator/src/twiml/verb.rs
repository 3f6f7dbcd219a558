//! The verbs and nouns the network runs.

use std::sync::Arc;

use crate::amd::Amd;
use crate::pbx::Password;

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
    Say {
        text: String,
        rounds: u32,
    },
    Play {
        url: String,
        rounds: u32,
    },
    /// A reply that is sound itself.
    Sound(Arc<[u8]>),
    /// `<Play digits>`: keys the far end hears.
    Keys(String),
    Pause {
        length_s: u32,
    },
    Gather(Box<Gather>),
    Record(Box<Record>),
    Dial(Box<Dial>),
    Enqueue(Box<Enqueue>),
    Leave,
    StartRecording(Box<Recorded>),
    StopRecording,
    Redirect(Target),
    Reject {
        busy: bool,
    },
    Hangup,
    /// A verb of TwiML that this network does not run, by name.
    Unrun(String),
}

/// A URL as the document writes it, and how it is requested.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Target {
    pub(crate) url: String,
    pub(crate) method: Method,
}

/// `<Gather>`: collects keys or words while it prompts.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an attribute of its own")]
pub(crate) struct Gather {
    /// `None` is the current document's own URL.
    pub(crate) action: Option<String>,
    pub(crate) method: Method,
    pub(crate) dtmf: bool,
    pub(crate) speech: bool,
    pub(crate) timeout_s: u32,
    /// Silence after words that ends them; `None` is `auto`.
    pub(crate) speech_timeout_s: Option<u32>,
    pub(crate) digits_max: Option<usize>,
    pub(crate) finish_on: String,
    pub(crate) action_on_empty: bool,
    /// Words stop the prompt; keys always do.
    pub(crate) barge_in: bool,
    pub(crate) partial: Option<Target>,
    pub(crate) language: String,
    pub(crate) prompt: Vec<Verb>,
}

/// `<Record>`: records what the leg says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Record {
    /// `None` is the current document's own URL.
    pub(crate) action: Option<String>,
    pub(crate) method: Method,
    /// Silence that ends it; 0 is never.
    pub(crate) timeout_s: u32,
    pub(crate) length_max_s: u32,
    pub(crate) finish_on: String,
    pub(crate) beep: bool,
    /// What is said is written down, and this URL is told.
    pub(crate) transcribe: bool,
    pub(crate) transcribe_callback: Option<String>,
    pub(crate) recorded: Recorded,
}

/// How something is recorded, and who is told.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Recorded {
    pub(crate) dual: bool,
    /// From ringing on, not only from the answer.
    pub(crate) from_ringing: bool,
    pub(crate) track: Track,
    /// Silence at both ends is cut off.
    pub(crate) trim: bool,
    pub(crate) callback: Option<Callback>,
}

/// Which directions are recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Track {
    #[default]
    Both,
    Inbound,
    Outbound,
}

/// `<Dial>`: connects the leg to somebody else until one of them ends it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Dial {
    pub(crate) action: Option<String>,
    pub(crate) method: Method,
    pub(crate) timeout_s: u32,
    pub(crate) time_limit_s: u32,
    pub(crate) caller_id: Option<String>,
    pub(crate) answer_on_bridge: bool,
    pub(crate) hangup_on_star: bool,
    /// One after the other, not all at once.
    pub(crate) sequential: bool,
    /// The country whose ringing the caller hears; `None` is that of the number dialled.
    pub(crate) ring_tone: Option<String>,
    pub(crate) recorded: Option<Recorded>,
    /// What the called side is shown of why it is called.
    pub(crate) reason: Option<String>,
    pub(crate) noun: Noun,
}

/// Whom a `<Dial>` connects to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Noun {
    Room(Box<Room>),
    /// Whoever of them answers first.
    Callees(Vec<Callee>),
    Queue(Box<QueueNoun>),
    /// A noun this network does not connect, by name.
    Unconnected(String),
}

/// `<Number>`, `<Client>` or `<Sip>`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Callee {
    pub(crate) address: Address,
    /// TwiML for the called side before it is connected.
    pub(crate) whisper: Option<Target>,
    pub(crate) keys: Option<String>,
    pub(crate) callback: Option<Callback>,
    pub(crate) amd: Option<Amd>,
}

/// Where a `<Dial>` finds somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    Number(String),
    Client {
        identity: String,
        params: Vec<(String, String)>,
    },
    Sip {
        uri: String,
        /// For a PBX that asks.
        credentials: Option<(String, Password)>,
    },
}

/// `<Queue>`: the caller at the front of a queue.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct QueueNoun {
    pub(crate) name: String,
    /// TwiML for the caller who waited, before they are connected.
    pub(crate) whisper: Option<Target>,
}

/// `<Enqueue>`: waits in a queue.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Enqueue {
    pub(crate) name: String,
    pub(crate) action: Option<String>,
    pub(crate) method: Method,
    /// `None` is Twilio's own music.
    pub(crate) wait: Option<Target>,
    pub(crate) size_max: Option<u32>,
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
    /// Where the room is mixed, if this one is the first in it.
    pub(crate) region: Option<String>,
    /// The call that alone hears this one.
    pub(crate) coach: Option<String>,
    pub(crate) recorded: Option<Recorded>,
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

impl Beep {
    pub(crate) fn when(on_enter: bool, on_exit: bool) -> Self {
        match (on_enter, on_exit) {
            (true, true) => Self::Both,
            (true, false) => Self::OnEnter,
            (false, true) => Self::OnExit,
            (false, false) => Self::Never,
        }
    }
}

/// Where events are reported, and which.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Callback {
    pub(crate) url: String,
    pub(crate) method: Method,
    pub(crate) events: Vec<String>,
}

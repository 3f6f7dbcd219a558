//! One leg: a person on the phone network or a Voice SDK client.

use jiff::Timestamp;

use super::amd::Listening;
use super::client::Client;
use super::run::Run;
use crate::media::{Persona, Sound};
use crate::sid::{CallSid, ConferenceSid};
use crate::twiml::Method;
use crate::webhook::Cookies;

/// Where a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Queued,
    /// Dialled, not yet ringing. REST has no word for it and says `queued`.
    Initiated,
    Ringing,
    InProgress,
    Completed,
    Busy,
    Failed,
    NoAnswer,
    Canceled,
}

impl Status {
    /// Nothing follows.
    pub(super) fn is_final(self) -> bool {
        match self {
            Self::Queued | Self::Initiated | Self::Ringing | Self::InProgress => false,
            Self::Completed | Self::Busy | Self::Failed | Self::NoAnswer | Self::Canceled => true,
        }
    }

    /// As REST says it.
    pub(super) fn rest(self) -> &'static str {
        match self {
            Self::Initiated => Self::Queued.callback(),
            Self::Queued
            | Self::Ringing
            | Self::InProgress
            | Self::Completed
            | Self::Busy
            | Self::Failed
            | Self::NoAnswer
            | Self::Canceled => self.callback(),
        }
    }

    /// As webhooks say it.
    pub(super) fn callback(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Initiated => "initiated",
            Self::Ringing => "ringing",
            Self::InProgress => "in-progress",
            Self::Completed => "completed",
            Self::Busy => "busy",
            Self::Failed => "failed",
            Self::NoAnswer => "no-answer",
            Self::Canceled => "canceled",
        }
    }

    /// The word that asks for this status in `StatusCallbackEvent`.
    pub(super) fn event(self) -> &'static str {
        match self {
            Self::Queued | Self::Initiated => "initiated",
            Self::Ringing => "ringing",
            Self::InProgress => "answered",
            Self::Completed | Self::Busy | Self::Failed | Self::NoAnswer | Self::Canceled => "completed",
        }
    }

    /// The carrier's final SIP answer.
    pub(super) fn sip_code(self) -> &'static str {
        match self {
            Self::Busy => "486",
            Self::Failed => "404",
            Self::NoAnswer | Self::Canceled => "487",
            Self::Queued | Self::Initiated | Self::Ringing | Self::InProgress | Self::Completed => "200",
        }
    }
}

/// A URL of the application and how to request it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Endpoint {
    pub(crate) url: String,
    pub(crate) method: Method,
}

/// Where a call's progress is reported.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Progress {
    pub(super) endpoint: Endpoint,
    pub(super) events: Vec<String>,
    pub(super) sequence: u32,
}

/// Who is at the other end.
#[derive(Debug)]
pub(super) enum Party {
    Person(Box<Persona>),
    Client(Box<Client>),
}

impl Party {
    /// Whoever registers as `identity`; `params` are for the page that takes the call.
    pub(super) fn called_client(identity: &str, params: Vec<(String, String)>) -> Self {
        Self::Client(Box::new(Client::called(identity, params)))
    }
}

/// One leg.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) sid: CallSid,
    /// Whose call it is; a child leg belongs to its parent's account.
    pub(super) account: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) inbound: bool,
    pub(super) party: Party,
    pub(super) status: Status,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    pub(super) dialled_at: Option<Timestamp>,
    pub(super) rang_at: Option<Timestamp>,
    pub(super) answered_at: Option<Timestamp>,
    pub(super) ended_at: Option<Timestamp>,
    pub(super) queue_ms: i64,
    pub(super) ring_timeout_s: u32,
    pub(super) time_limit_s: u32,
    pub(super) instructions: super::Instructions,
    pub(super) fallback: Option<Endpoint>,
    pub(super) callback: Option<Progress>,
    /// What runs, innermost last.
    pub(super) runs: Vec<Run>,
    pub(super) room: Option<ConferenceSid>,
    /// The conference it is to join when it answers.
    pub(super) invited_to: Option<ConferenceSid>,
    /// It is or was in a conference.
    pub(super) was_in_room: bool,
    /// How to record it once it is answered.
    pub(super) record: Option<super::RecordingWish>,
    /// The leg whose `<Dial>` created this one.
    pub(super) parent: Option<CallSid>,
    /// The leg whose `<Dial>` this one is part of now.
    pub(super) dialled_by: Option<CallSid>,
    /// Keys the called side hears first.
    pub(super) keys: Option<String>,
    pub(super) amd: Option<Listening>,
    /// It goes to a SIP URI, or came from one.
    pub(super) sip: Option<Box<super::sip::SipLeg>>,
    pub(super) trunk: Option<super::sip::OnTrunk>,
    /// What the called side is shown of why it is called.
    pub(super) reason: Option<String>,
    pub(super) stir_verstat: Option<String>,
    pub(super) forwarded_from: Option<String>,
    /// Lets the application call on with this call's caller id.
    pub(super) token: Option<String>,
    /// Who the caller is, by a look-up.
    pub(super) caller_name: Option<String>,
    /// Cookies of the application, by host.
    pub(super) cookies: Cookies,
    /// Documents in a row that only led to another one.
    pub(super) redirects: u32,
    /// How often the person has spoken when asked, without media.
    pub(super) spoken: usize,
    /// REST has given it other TwiML.
    pub(super) redirected: bool,
    /// What it sounds like, once somebody wants to know.
    pub(super) sound: Option<Sound>,
}

impl Call {
    /// A leg that is to be dialled and then connected to whoever dialled it.
    pub(super) fn new(sid: CallSid, from: String, to: String, party: Party, now: Timestamp) -> Self {
        Self {
            sid,
            account: String::new(),
            from,
            to,
            inbound: false,
            party,
            status: Status::Queued,
            created_at: now,
            updated_at: now,
            dialled_at: None,
            rang_at: None,
            answered_at: None,
            ended_at: None,
            queue_ms: 0,
            ring_timeout_s: 0,
            time_limit_s: super::place::TIME_LIMIT_S_MAX,
            instructions: super::Instructions::Connect(None),
            fallback: None,
            callback: None,
            runs: Vec::new(),
            room: None,
            invited_to: None,
            was_in_room: false,
            record: None,
            parent: None,
            dialled_by: None,
            keys: None,
            amd: None,
            sip: None,
            trunk: None,
            reason: None,
            stir_verstat: None,
            forwarded_from: None,
            token: None,
            caller_name: None,
            cookies: Cookies::default(),
            redirects: 0,
            spoken: 0,
            redirected: false,
            sound: None,
        }
    }

    /// The call whose `<Dial>` created this one, as REST shows it.
    pub(super) fn shown_parent(&self) -> Option<&CallSid> {
        self.parent.as_ref().filter(|_| self.trunk.is_none())
    }

    pub(super) fn persona(&self) -> Option<&Persona> {
        match &self.party {
            Party::Person(persona) => Some(persona),
            Party::Client(_) => None,
        }
    }

    /// Where it stood at that time.
    pub(super) fn status_at(&self, at: Timestamp) -> Status {
        let was = |moment: Option<Timestamp>| moment.is_some_and(|moment| moment <= at);
        match () {
            () if was(self.ended_at) => self.status,
            () if was(self.answered_at) => Status::InProgress,
            () if was(self.rang_at) || self.inbound => Status::Ringing,
            () if was(self.dialled_at) => Status::Initiated,
            () => Status::Queued,
        }
    }

    /// Seconds from answer to end, rounded as Twilio's `duration`.
    pub(super) fn duration_s(&self) -> i64 {
        match (self.answered_at, self.ended_at) {
            (Some(answered), Some(ended)) => {
                let ms = ended.duration_since(answered).as_millis();
                i64::try_from((ms + 500) / 1_000).unwrap_or_default()
            }
            (Some(_) | None, _) => 0,
        }
    }

    pub(super) fn direction(&self) -> &'static str {
        if let Some(direction) = self.trunk.as_ref().and_then(super::sip::OnTrunk::direction) {
            return direction;
        }
        match (self.inbound, &self.parent) {
            (true, _) => "inbound",
            (false, Some(_)) => "outbound-dial",
            (false, None) => "outbound-api",
        }
    }

    pub(super) fn client(&self) -> Option<&Client> {
        match &self.party {
            Party::Client(client) => Some(client),
            Party::Person(_) => None,
        }
    }

    pub(super) fn client_mut(&mut self) -> Option<&mut Client> {
        match &mut self.party {
            Party::Client(client) => Some(client),
            Party::Person(_) => None,
        }
    }
}

//! The frames: `{"payload":{…},"type":"…","version":"1.6"}`.

use serde::Deserialize;
use serde_json::{Value, json};

/// The protocol's version, as the SDK writes it and never checks.
const VERSION: &str = "1.6";
const REGION: &str = "US_EAST_VIRGINIA";
/// The one type of message there is.
pub(crate) const USER_DEFINED_MESSAGE: &str = "user-defined-message";

/// What the SDK says.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", content = "payload", rename_all = "lowercase")]
pub(crate) enum ClientFrame {
    #[serde(rename_all = "camelCase")]
    Listen {
        token: String,
        #[serde(default)]
        reconnect_timeout: u32,
    },
    Register {
        media: Media,
    },
    Invite(Invite),
    Reinvite {
        callsid: String,
        sdp: String,
    },
    Hangup {
        callsid: String,
        message: Option<String>,
    },
    Dtmf {
        callsid: String,
        dtmf: String,
    },
    Message(UserMessage),
    Answer {
        callsid: String,
        sdp: String,
    },
    Reject {
        callsid: String,
    },
}

#[derive(Debug, Deserialize)]
pub(crate) struct Media {
    pub(crate) audio: bool,
}

/// A new call, or with `reconnect` one that goes on.
#[derive(Debug, Deserialize)]
pub(crate) struct Invite {
    pub(crate) callsid: String,
    pub(crate) sdp: String,
    pub(crate) reconnect: Option<String>,
    #[serde(default)]
    pub(crate) twilio: InviteParams,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct InviteParams {
    /// Percent-encoded `name=value` pairs.
    pub(crate) params: Option<String>,
}

/// A message from the page to the application.
#[derive(Debug, Deserialize)]
pub(crate) struct UserMessage {
    pub(crate) callsid: String,
    pub(crate) content: Value,
    pub(crate) messagetype: String,
    pub(crate) voiceeventsid: String,
}

/// What the network says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ServerFrame(Value);

impl ServerFrame {
    pub(crate) fn connected(identity: &str, ttl_s: i64) -> Self {
        let token = json!({ "identity": identity, "ttl": ttl_s });
        let payload = json!({ "region": REGION, "home": "us1", "gateway": "emulator", "token": token });
        Self::new("connected", &payload)
    }

    pub(crate) fn ready() -> Self {
        Self::new("ready", &json!({}))
    }

    pub(crate) fn offline() -> Self {
        Self::new("offline", &json!({}))
    }

    /// `sdp` opens the client's ear before the call is answered.
    pub(crate) fn ringing(callsid: &str, sdp: Option<&str>) -> Self {
        let mut payload = json!({ "callsid": callsid });
        if let Some(sdp) = sdp {
            payload["sdp"] = json!(sdp);
        }
        Self::new("ringing", &payload)
    }

    /// A call to the client; `parameters` are what the page sees of it.
    pub(crate) fn invite(callsid: &str, sdp: &str, parameters: &Value, reconnect: &str) -> Self {
        let payload =
            json!({ "callsid": callsid, "sdp": sdp, "parameters": parameters, "reconnect": reconnect });
        Self::new("invite", &payload)
    }

    /// `sdp` is left out if the client's transport stays as it is.
    pub(crate) fn answer(callsid: &str, sdp: Option<&str>, reconnect: &str) -> Self {
        let mut payload = json!({ "callsid": callsid, "reconnect": reconnect });
        if let Some(sdp) = sdp {
            payload["sdp"] = json!(sdp);
        }
        Self::new("answer", &payload)
    }

    pub(crate) fn hangup(callsid: &str, error: Option<(u32, &str)>) -> Self {
        let mut payload = json!({ "callsid": callsid });
        if let Some((code, message)) = error {
            payload["error"] = json!({ "code": code, "message": message });
        }
        Self::new("hangup", &payload)
    }

    pub(crate) fn cancel(callsid: &str) -> Self {
        Self::new("cancel", &json!({ "callsid": callsid }))
    }

    pub(crate) fn error(code: u32, message: &str) -> Self {
        Self::new("error", &json!({ "error": { "code": code, "message": message } }))
    }

    pub(crate) fn acknowledged(callsid: &str, voice_event_sid: &str) -> Self {
        let payload = json!({ "acktype": "message", "callsid": callsid, "voiceeventsid": voice_event_sid });
        Self::new("ack", &payload)
    }

    /// A message of the application for the page.
    pub(crate) fn message(callsid: &str, voice_event_sid: &str, content: &Value) -> Self {
        let payload = json!({
            "callsid": callsid, "content": content, "contenttype": "application/json",
            "messagetype": USER_DEFINED_MESSAGE, "voiceeventsid": voice_event_sid,
        });
        Self::new("message", &payload)
    }

    pub(crate) fn message_error(callsid: &str, voice_event_sid: &str, (code, message): (u32, &str)) -> Self {
        let error = json!({ "code": code, "message": message });
        Self::new(
            "error",
            &json!({ "callsid": callsid, "voiceeventsid": voice_event_sid, "error": error }),
        )
    }

    /// The client gives up its socket and does not come back by itself.
    pub(crate) fn close() -> Self {
        Self::new("close", &json!({}))
    }

    pub(crate) fn to_text(&self) -> String {
        self.0.to_string()
    }

    fn new(kind: &str, payload: &Value) -> Self {
        Self(json!({ "type": kind, "version": VERSION, "payload": payload }))
    }
}

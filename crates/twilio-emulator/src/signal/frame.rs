//! The frames: `{"payload":{…},"type":"…","version":"1.6"}`.

use serde::Deserialize;
use serde_json::{Value, json};

/// The protocol's version, as the SDK writes it and never checks.
const VERSION: &str = "1.6";
/// The account's home, which names the host for insights.
const HOME: &str = "us1";
const JSON: &str = "application/json";
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
    #[serde(default = "json_type")]
    pub(crate) contenttype: String,
    pub(crate) messagetype: String,
    pub(crate) voiceeventsid: String,
}

fn json_type() -> String {
    JSON.to_owned()
}

/// What the network says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ServerFrame(Value);

impl ServerFrame {
    pub(crate) fn connected(region: &str, identity: &str, ttl_s: i64) -> Self {
        let token = json!({ "identity": identity, "ttl": ttl_s });
        let payload = json!({ "region": region, "home": HOME, "gateway": "emulator", "token": token });
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
            "callsid": callsid, "content": content, "contenttype": JSON,
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{ClientFrame, ServerFrame};

    fn says(frame: &ServerFrame, kind: &str, payload: &Value) {
        let expected = json!({ "type": kind, "version": "1.6", "payload": payload });
        let text: Value = serde_json::from_str(&frame.to_text()).unwrap();
        assert_eq!(text, expected);
    }

    #[test]
    fn frames_of_a_session_have_the_fields_that_the_sdk_reads() {
        let token = json!({ "identity": "alice", "ttl": 3_600 });
        let place = json!({ "region": "EU_IRELAND", "home": "us1", "gateway": "emulator", "token": token });
        says(
            &ServerFrame::connected("EU_IRELAND", "alice", 3_600),
            "connected",
            &place,
        );
        says(&ServerFrame::ready(), "ready", &json!({}));
        says(&ServerFrame::offline(), "offline", &json!({}));
        says(&ServerFrame::close(), "close", &json!({}));
        let error = json!({ "error": { "code": 31_205, "message": "AccessTokenExpired" } });
        says(&ServerFrame::error(31_205, "AccessTokenExpired"), "error", &error);
    }

    #[test]
    fn frames_of_a_call_have_the_fields_that_the_sdk_reads() {
        let parameters = json!({ "From": "+12025550100" });
        let busy = json!({ "code": 31_486, "message": "Busy Here" });
        for (frame, kind, more) in [
            (ServerFrame::ringing("CA1", None), "ringing", json!({})),
            (
                ServerFrame::ringing("CA1", Some("v=0")),
                "ringing",
                json!({ "sdp": "v=0" }),
            ),
            (
                ServerFrame::answer("CA1", Some("v=0"), "RT1"),
                "answer",
                json!({ "sdp": "v=0", "reconnect": "RT1" }),
            ),
            (
                ServerFrame::answer("CA1", None, "RT1"),
                "answer",
                json!({ "reconnect": "RT1" }),
            ),
            (
                ServerFrame::invite("CA1", "v=0", &parameters, "RT1"),
                "invite",
                json!({ "sdp": "v=0", "parameters": parameters, "reconnect": "RT1" }),
            ),
            (ServerFrame::cancel("CA1"), "cancel", json!({})),
            (ServerFrame::hangup("CA1", None), "hangup", json!({})),
            (
                ServerFrame::hangup("CA1", Some((31_486, "Busy Here"))),
                "hangup",
                json!({ "error": busy }),
            ),
        ] {
            let mut payload = more;
            payload["callsid"] = json!("CA1");
            says(&frame, kind, &payload);
        }
    }

    #[test]
    fn frames_of_a_message_have_the_fields_that_the_sdk_reads() {
        let content = json!({ "lead": 7 });
        let message = json!({ "callsid": "CA1", "content": content, "contenttype": "application/json",
            "messagetype": "user-defined-message", "voiceeventsid": "KX1" });
        says(&ServerFrame::message("CA1", "KX1", &content), "message", &message);
        let ack = json!({ "acktype": "message", "callsid": "CA1", "voiceeventsid": "KX1" });
        says(&ServerFrame::acknowledged("CA1", "KX1"), "ack", &ack);
        let error = json!({ "callsid": "CA1", "voiceeventsid": "KX1",
            "error": { "code": 31_210, "message": "invalid" } });
        let refused = ServerFrame::message_error("CA1", "KX1", (31_210, "invalid"));
        says(&refused, "error", &error);
    }

    #[test]
    fn whatever_the_sdk_sends_is_understood() {
        for (text, meant) in [
            (
                r#"{"payload":{"browserinfo":{"p":"browser"},"reconnectTimeout":15,"token":"jwt"},"type":"listen","version":"1.6"}"#,
                "Listen",
            ),
            (
                r#"{"payload":{"media":{"audio":true}},"type":"register","version":"1.6"}"#,
                "Register",
            ),
            (
                r#"{"payload":{"callsid":"TJS1","sdp":"v=0","twilio":{"params":"To=1"}},"type":"invite","version":"1.6"}"#,
                "Invite",
            ),
            (
                r#"{"payload":{"callsid":"TJS1","sdp":"v=0","twilio":{}},"type":"invite","version":"1.6"}"#,
                "Invite",
            ),
            (
                r#"{"payload":{"callsid":"CA1","reconnect":"RT1","sdp":"v=0","twilio":{}},"type":"invite","version":"1.6"}"#,
                "Invite",
            ),
            (
                r#"{"payload":{"sdp":"v=0","callsid":"CA1"},"type":"reinvite","version":"1.6"}"#,
                "Reinvite",
            ),
            (
                r#"{"payload":{"sdp":"v=0","callsid":"CA1"},"type":"answer","version":"1.6"}"#,
                "Answer",
            ),
            (
                r#"{"payload":{"callsid":"CA1"},"type":"reject","version":"1.6"}"#,
                "Reject",
            ),
            (
                r#"{"payload":{"callsid":"CA1","message":"Connection with Twilio was interrupted."},"type":"hangup","version":"1.6"}"#,
                "Hangup",
            ),
            (
                r#"{"payload":{"callsid":"CA1","dtmf":"12w#*"},"type":"dtmf","version":"1.6"}"#,
                "Dtmf",
            ),
            (
                r#"{"payload":{"callsid":"CA1","content":{"hi":1},"contenttype":"application/json","messagetype":"user-defined-message","voiceeventsid":"KX1"},"type":"message","version":"1.6"}"#,
                "Message",
            ),
        ] {
            let frame: ClientFrame = serde_json::from_str(text).unwrap_or_else(|e| panic!("{text}: {e}"));
            assert!(format!("{frame:?}").starts_with(meant), "{frame:?}");
        }
    }
}

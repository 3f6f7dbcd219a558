//! The Voice SDK's side of signalling, and what it needs to begin.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::floor::{ACCOUNT_SID, API_KEY_SECRET, API_KEY_SID, Floor};

/// A browser's offer as far as signalling reads it.
pub(crate) const OFFER: &str = "v=0\r\na=ice-ufrag:first\r\n";
const PATIENCE: Duration = Duration::from_secs(20);

/// The Voice SDK, spoken by hand.
pub(crate) struct Sdk {
    websocket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Sdk {
    pub(crate) async fn connect(floor: &Floor) -> Self {
        let (websocket, _) = tokio_tungstenite::connect_async(floor.signal_url())
            .await
            .unwrap();
        Self { websocket }
    }

    pub(crate) async fn listen(floor: &Floor, application_sid: &str, reconnect_timeout_s: u32) -> Self {
        let mut sdk = Self::connect(floor).await;
        let token = token(application_sid, now_s() + 600);
        sdk.send(
            "listen",
            json!({ "token": token, "reconnectTimeout": reconnect_timeout_s }),
        )
        .await;
        assert_eq!(sdk.expect("connected").await["token"]["identity"], "agent_1");
        sdk
    }

    /// A device of `agent_1` that rings.
    pub(crate) async fn register(floor: &Floor, application_sid: &str) -> Self {
        let mut sdk = Self::listen(floor, application_sid, 0).await;
        sdk.send("register", json!({ "media": { "audio": true } })).await;
        sdk.expect("ready").await;
        sdk
    }

    /// For frames that the SDK would never send.
    pub(crate) fn websocket(&mut self) -> &mut WebSocketStream<MaybeTlsStream<TcpStream>> {
        &mut self.websocket
    }

    pub(crate) async fn send(&mut self, kind: &str, payload: Value) {
        let frame = json!({ "payload": payload, "type": kind, "version": "1.6" });
        self.websocket
            .send(Message::text(frame.to_string()))
            .await
            .unwrap();
    }

    /// The payload of the next frame, which is of this type.
    pub(crate) async fn expect(&mut self, kind: &str) -> Value {
        let next = async {
            loop {
                let message = self.websocket.next().await.unwrap().unwrap();
                let text = message.into_text().unwrap();
                if text.as_str() != "\n" {
                    return serde_json::from_str::<Value>(&text).unwrap();
                }
            }
        };
        let frame = tokio::time::timeout(PATIENCE, next)
            .await
            .unwrap_or_else(|_| panic!("no {kind} came"));
        assert_eq!(frame["type"], kind, "{frame}");
        frame["payload"].clone()
    }

    /// Dials and gives the `CallSid` and the whole `answer`.
    pub(crate) async fn call(&mut self, offer: &str, params: &str) -> (String, Value) {
        let invite = json!({ "callsid": "TJS1", "sdp": offer, "twilio": { "params": params } });
        self.send("invite", invite).await;
        let ringing = self.expect("ringing").await;
        let answer = self.expect("answer").await;
        assert_eq!(ringing["callsid"], answer["callsid"]);
        (answer["callsid"].as_str().unwrap().to_owned(), answer)
    }
}

pub(crate) fn token(application_sid: &str, expires_at_s: i64) -> String {
    let voice = json!({ "incoming": { "allow": true }, "outgoing": { "application_sid": application_sid } });
    let claims = json!({
        "jti": "1", "iss": API_KEY_SID, "sub": ACCOUNT_SID, "iat": now_s(), "exp": expires_at_s,
        "grants": { "identity": "agent_1", "voice": voice },
    });
    let header = Header {
        cty: Some("twilio-fpa;v=1".to_owned()),
        ..Header::default()
    };
    jsonwebtoken::encode(
        &header,
        &claims,
        &EncodingKey::from_secret(API_KEY_SECRET.as_bytes()),
    )
    .unwrap()
}

#[expect(clippy::disallowed_methods, reason = "tokens live on real time")]
pub(crate) fn now_s() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// A TwiML application whose voice URL is `/voice`.
pub(crate) async fn application(floor: &Floor) -> String {
    let (voice, status) = (floor.application.url("/voice"), floor.application.url("/leg"));
    let form = [
        ("FriendlyName", "floor"),
        ("VoiceUrl", voice.as_str()),
        ("StatusCallback", status.as_str()),
    ];
    let (_, application) = floor.post("Applications.json", &form).await;
    application["sid"].as_str().unwrap().to_owned()
}

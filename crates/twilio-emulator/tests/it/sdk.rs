//! The Voice SDK's side of signalling, and what it needs to begin.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
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

    /// Comes in by one of Twilio's names.
    pub(crate) async fn connect_by(floor: &Floor, host: &'static str) -> Self {
        let mut request = floor.signal_url().into_client_request().unwrap();
        request
            .headers_mut()
            .insert("host", HeaderValue::from_static(host));
        let (websocket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
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

    /// Says what the SDK would not.
    pub(crate) async fn send_text(&mut self, text: &str) {
        self.websocket.send(Message::text(text)).await.unwrap();
    }

    /// The next text, whatever it is.
    async fn text(&mut self) -> String {
        let message = self.websocket.next().await.unwrap().unwrap();
        message.into_text().unwrap().to_string()
    }

    /// Waits for a heartbeat; no frame comes before it.
    pub(crate) async fn heartbeat(&mut self) {
        assert_eq!(self.text().await, "\n");
    }

    /// The next frame, however many heartbeats come before it.
    pub(crate) async fn next(&mut self) -> Value {
        let frame = async {
            loop {
                let text = self.text().await;
                if text != "\n" {
                    return serde_json::from_str(&text).unwrap();
                }
            }
        };
        let frame = tokio::time::timeout(PATIENCE, frame).await;
        frame.expect("a frame in time")
    }

    /// The payload of the next frame, which is of this type.
    pub(crate) async fn expect(&mut self, kind: &str) -> Value {
        let frame = self.next().await;
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

/// What signs tokens, and for which account.
pub(crate) struct Key {
    pub(crate) account: String,
    pub(crate) sid: String,
    pub(crate) secret: String,
}

impl Key {
    /// The main account's.
    pub(crate) fn ours() -> Self {
        Self {
            account: ACCOUNT_SID.to_owned(),
            sid: API_KEY_SID.to_owned(),
            secret: API_KEY_SECRET.to_owned(),
        }
    }
}

pub(crate) fn token(application_sid: &str, expires_at_s: i64) -> String {
    token_of(&Key::ours(), application_sid, expires_at_s)
}

/// A token of `agent_1` in any account.
pub(crate) fn token_of(key: &Key, application_sid: &str, expires_at_s: i64) -> String {
    let outgoing = json!({ "application_sid": application_sid });
    token_that_sends(key, &outgoing, expires_at_s)
}

/// A token of `agent_1` whose calls go out like this.
pub(crate) fn token_that_sends(key: &Key, outgoing: &Value, expires_at_s: i64) -> String {
    let voice = json!({ "incoming": { "allow": true }, "outgoing": outgoing });
    let claims = json!({
        "jti": "1", "iss": key.sid, "sub": key.account, "iat": now_s(), "exp": expires_at_s,
        "grants": { "identity": "agent_1", "voice": voice },
    });
    let header = Header {
        cty: Some("twilio-fpa;v=1".to_owned()),
        ..Header::default()
    };
    jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(key.secret.as_bytes())).unwrap()
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

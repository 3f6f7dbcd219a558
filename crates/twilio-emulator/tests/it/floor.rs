//! A running network with one application, and the ways to talk to both.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use twilio_emulator::{Config, Credentials, Emulator};

use crate::application::Application;

pub(crate) const ACCOUNT_SID: &str = "AC0123456789abcdef0123456789abcdef";
pub(crate) const AUTH_TOKEN: &str = "a-token-for-tests";
pub(crate) const API_KEY_SID: &str = "SK0123456789abcdef0123456789abcdef";
pub(crate) const API_KEY_SECRET: &str = "a-secret-for-tests";
/// Owned by the account from the start.
pub(crate) const OWN_NUMBER: &str = "+12025550100";
pub(crate) const PROSPECT: &str = "+13125550142";

/// No condition in these tests takes this long.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Floor {
    pub(crate) application: Application,
    pub(crate) client: reqwest::Client,
    emulator: Emulator,
}

impl Floor {
    /// Without sound, at 50 calls per second.
    pub(crate) async fn open() -> Self {
        Self::open_with(|_| {}).await
    }

    pub(crate) async fn open_with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::new(Credentials {
            account_sid: ACCOUNT_SID.to_owned(),
            auth_token: AUTH_TOKEN.into(),
            api_key_sid: API_KEY_SID.to_owned(),
            api_key_secret: API_KEY_SECRET.into(),
        });
        config.no_media = true;
        config.cps = 50;
        change(&mut config);
        let emulator = Emulator::start(config).await.unwrap();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self {
            application: Application::start(AUTH_TOKEN).await,
            client,
            emulator,
        }
    }

    pub(crate) async fn close(self) {
        self.emulator.shutdown().await;
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.emulator.addr())
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.emulator.addr()
    }

    /// The encrypted door and its authority.
    pub(crate) fn tls(&self) -> (SocketAddr, String) {
        let (addr, authority_pem) = self.emulator.tls().unwrap();
        (addr, authority_pem.to_owned())
    }

    pub(crate) fn signal_url(&self) -> String {
        format!("ws://{}/signal", self.emulator.addr())
    }

    pub(crate) fn rest(&self, path: &str) -> String {
        self.url(&format!("/2010-04-01/Accounts/{ACCOUNT_SID}/{path}"))
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        json_of(self.client.get(self.rest(path))).await
    }

    /// Posts a form and gives status and body.
    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> (StatusCode, Value) {
        let response = signed_in(self.client.post(self.rest(path)).form(form)).await;
        let status = response.status();
        (status, response.json().await.unwrap())
    }

    /// Places a call to [`PROSPECT`] that asks for all four callbacks at `/status`.
    pub(crate) async fn place(&self, more: &[(&str, &str)]) -> String {
        let status = self.application.url("/status");
        let mut form = vec![
            ("To", PROSPECT),
            ("From", OWN_NUMBER),
            ("StatusCallback", status.as_str()),
        ];
        form.extend(
            ["initiated", "ringing", "answered", "completed"].map(|event| ("StatusCallbackEvent", event)),
        );
        form.extend(more);
        let (status, call) = self.post("Calls.json", &form).await;
        assert_eq!(status, StatusCode::CREATED, "{call}");
        call["sid"].as_str().unwrap().to_owned()
    }

    /// Moves somebody in who picks up after a moment and only listens.
    pub(crate) async fn listener_at(&self, number: &str) {
        let persona = json!({ "name": "test", "answer": { "after": { "ring_ms": 50 } }, "script": "listen" });
        self.control("personas", number, &persona).await;
    }

    pub(crate) async fn persona_at(&self, number: &str, name: &str) {
        self.control("personas", number, &json!({ "persona": name }))
            .await;
    }

    pub(crate) async fn control(&self, what: &str, which: &str, body: &Value) {
        let path = if which.is_empty() {
            format!("/emulator/{what}")
        } else {
            format!("/emulator/{what}/{which}")
        };
        let response = signed_in(self.client.put(self.url(&path)).json(body)).await;
        assert_eq!(response.status(), StatusCode::NO_CONTENT);
    }

    pub(crate) async fn events(&self, kind: &str) -> Vec<Value> {
        let body = json_of(self.client.get(self.url("/emulator/events"))).await;
        let events = body["events"].as_array().unwrap().iter();
        events.filter(|event| event["kind"] == kind).cloned().collect()
    }

    /// What the network says it has played to a leg.
    pub(crate) async fn played(&self, listener: &str) -> Vec<Value> {
        let url = self.url(&format!("/emulator/played?listener={listener}"));
        let body = json_of(self.client.get(url)).await;
        body["played"].as_array().unwrap().clone()
    }

    /// What a leg has heard since it was answered, at 8 kHz.
    pub(crate) async fn heard(&self, call: &str) -> Vec<i16> {
        let path = format!("/emulator/legs/{call}/heard.wav");
        let response = signed_in(self.client.get(self.url(&path))).await;
        assert!(response.status().is_success(), "{}", response.status());
        let bytes = response.bytes().await.unwrap();
        audio::wav::read(&bytes).unwrap().samples
    }

    /// Waits until REST says that the call has this status.
    pub(crate) async fn wait_for_status(&self, call: &str, status: &str) -> Value {
        let path = format!("Calls/{call}.json");
        eventually(&format!("{call} is {status}"), async || {
            let call = self.get(&path).await;
            (call["status"] == status).then_some(call)
        })
        .await
    }

    /// Waits until the ground truth has an event of this kind with this field.
    pub(crate) async fn wait_for_event(&self, kind: &str, field: &str, value: &str) -> Value {
        eventually(&format!("{kind} with {field}={value}"), async || {
            self.events(kind)
                .await
                .into_iter()
                .find(|event| event[field] == value)
        })
        .await
    }
}

pub(crate) async fn signed_in(request: RequestBuilder) -> Response {
    request
        .basic_auth(ACCOUNT_SID, Some(AUTH_TOKEN))
        .send()
        .await
        .unwrap()
}

async fn json_of(request: RequestBuilder) -> Value {
    let response = signed_in(request).await;
    assert!(response.status().is_success(), "{}", response.status());
    response.json().await.unwrap()
}

/// Asks again and again until there is an answer.
pub(crate) async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        let mut pause = tokio::time::interval(Duration::from_millis(20));
        loop {
            pause.tick().await;
            if let Some(answer) = ask().await {
                return answer;
            }
        }
    };
    tokio::time::timeout(PATIENCE, asking)
        .await
        .unwrap_or_else(|_| panic!("it never came to be that {what}"))
}

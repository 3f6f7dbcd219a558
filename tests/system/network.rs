//! The phone network, and its ground truth.

use std::collections::BTreeMap;

use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};
use twilio_emulator::{Config, Credentials, Emulator};
use url::Url;

use crate::wait::eventually;

pub(crate) const ACCOUNT_SID: &str = "AC0123456789abcdef0123456789abcdef";
pub(crate) const AUTH_TOKEN: &str = "a-token-for-tests";
pub(crate) const API_KEY_SID: &str = "SK0123456789abcdef0123456789abcdef";
pub(crate) const API_KEY_SECRET: &str = "a-secret-for-tests";
pub(crate) const CALLS_PER_SECOND: u32 = 10;

/// The account's own number.
pub(crate) const OWN_NUMBER: &str = "+12025550100";

/// The beginning of a WAV file, before its samples.
const WAV_HEADER_BYTES: usize = 44;

/// The network, with the way to ask it what really happened.
pub(crate) struct Network {
    emulator: Emulator,
    http: reqwest::Client,
}

impl Network {
    /// With sound, or without: then nobody hears anything, and calls run all the same.
    pub(crate) async fn start(sound: bool) -> Self {
        let credentials = Credentials {
            account_sid: ACCOUNT_SID.to_owned(),
            auth_token: AUTH_TOKEN.into(),
            api_key_sid: API_KEY_SID.to_owned(),
            api_key_secret: API_KEY_SECRET.into(),
        };
        let config = Config {
            no_media: !sound,
            cps: CALLS_PER_SECOND,
            numbers: vec![OWN_NUMBER.to_owned()],
            ..Config::new(credentials)
        };
        Self {
            emulator: Emulator::start(config).await.unwrap(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    pub(crate) fn url(&self) -> Url {
        Url::parse(&format!("http://{}/", self.emulator.addr())).unwrap()
    }

    pub(crate) async fn shutdown(self) {
        self.emulator.shutdown().await;
    }

    /// Who answers at this number: a persona of the network's by name.
    pub(crate) async fn persona(&self, number: &str, name: &str) {
        self.put(&format!("personas/+1{number}"), &json!({ "persona": name }))
            .await;
    }

    /// Somebody at this number picks up after `ring_ms` and hums one note until the other side hangs up.
    pub(crate) async fn hummer(&self, number: &str, ring_ms: u32, freq_hz: u32) {
        let steps = json!([{ "freq_hz": freq_hz, "ms": 1_000 }]);
        let persona = json!({
            "name": "hummer",
            "answer": { "after": { "ring_ms": ring_ms } },
            "script": { "tones": { "steps": steps, "repeat": true } },
        });
        self.put(&format!("personas/+1{number}"), &persona).await;
    }

    /// What goes wrong next.
    pub(crate) async fn faults(&self, faults: &Value) {
        self.put("faults", faults).await;
    }

    /// Everything of one kind that happened, in order.
    pub(crate) async fn events(&self, kind: &str) -> Vec<Value> {
        let body = self.get("events").await;
        let events = body["events"].as_array().unwrap().iter();
        events.filter(|event| event["kind"] == kind).cloned().collect()
    }

    /// The calls that were placed to this number, oldest first: what its owner could notice of us.
    pub(crate) async fn legs_to(&self, number: &str) -> Vec<Value> {
        let body = self.get("legs").await;
        let legs = body["legs"].as_array().unwrap().iter();
        let to = format!("+1{number}");
        legs.filter(|leg| leg["to"] == to).cloned().collect()
    }

    /// The legs of the reps' phones.
    pub(crate) async fn phones(&self) -> Vec<Value> {
        let body = self.get("legs").await;
        let legs = body["legs"].as_array().unwrap().iter();
        legs.filter(|leg| leg["kind"] == "client").cloned().collect()
    }

    /// All numbers that were called, in order.
    pub(crate) async fn called(&self) -> Vec<String> {
        let queued = self.events("call.queued").await;
        let to = |event: &Value| event["to"].as_str().unwrap().trim_start_matches("+1").to_owned();
        queued.iter().map(to).collect()
    }

    /// Waits until the newest call to this number has this status.
    pub(crate) async fn until_status(&self, number: &str, status: &str) -> Value {
        eventually(&format!("the call to {number} is {status}"), async || {
            let leg = self.legs_to(number).await.pop()?;
            (leg["status"] == status).then_some(leg)
        })
        .await
    }

    /// Ends a leg as trouble in the network does.
    pub(crate) async fn hang_up(&self, leg: &Value) {
        let sid = leg["sid"].as_str().unwrap();
        let url = format!(
            "http://{}/2010-04-01/Accounts/{ACCOUNT_SID}/Calls/{sid}.json",
            self.emulator.addr()
        );
        self.send(self.http.post(url).form(&[("Status", "completed")]))
            .await;
    }

    /// Waits until everything that the network has to tell the dialer is told, `twice_count` callbacks of it twice.
    pub(crate) async fn until_quiet(&self, twice_count: usize) {
        eventually("every callback is delivered", async || {
            let sent = self.events("callback").await.len();
            let delivered = self.events("callback.delivered").await.len();
            (sent + twice_count == delivered).then_some(())
        })
        .await;
    }

    /// How many legs are in each room that somebody is in.
    pub(crate) async fn conversations(&self) -> Vec<usize> {
        let body = self.get("legs").await;
        let mut rooms = BTreeMap::new();
        for leg in body["legs"].as_array().unwrap() {
            if let (Some(room), true) = (leg["room"].as_str(), leg["status"] == "in-progress") {
                *rooms.entry(room.to_owned()).or_insert(0) += 1;
            }
        }
        rooms.into_values().collect()
    }

    /// The last address at which the dialer was asked what this leg shall hear.
    pub(crate) async fn said_to(&self, leg: &Value) -> String {
        let fetches = self.events("twiml.fetch").await;
        let of_leg = fetches.iter().rfind(|fetch| fetch["call"] == leg["sid"]);
        of_leg.unwrap()["url"].as_str().unwrap().to_owned()
    }

    /// What the person of this leg heard: mono, 8,000 samples per second.
    pub(crate) async fn heard(&self, leg: &Value) -> Vec<i16> {
        let path = format!("legs/{}/heard.wav", leg["sid"].as_str().unwrap());
        let reply = self.send(self.http.get(self.control(&path))).await;
        let wav = reply.bytes().await.unwrap();
        let samples = wav.get(WAV_HEADER_BYTES..).unwrap_or_default();
        samples
            .chunks_exact(2)
            .map(|bytes| i16::from_le_bytes([bytes[0], bytes[1]]))
            .collect()
    }

    async fn get(&self, what: &str) -> Value {
        let reply = self.send(self.http.get(self.control(what))).await;
        reply.json().await.unwrap()
    }

    async fn put(&self, what: &str, body: &Value) {
        self.send(self.http.put(self.control(what)).json(body)).await;
    }

    fn control(&self, path: &str) -> String {
        format!("http://{}/emulator/{path}", self.emulator.addr())
    }

    async fn send(&self, request: RequestBuilder) -> Response {
        let request = request.basic_auth(ACCOUNT_SID, Some(AUTH_TOKEN));
        let reply = request.send().await.unwrap();
        assert!(reply.status().is_success(), "{}", reply.status());
        reply
    }
}

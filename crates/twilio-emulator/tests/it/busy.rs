//! A busy floor in virtual time, with much going wrong: the same seed and requests give the same log, byte for byte.

use serde_json::json;

use crate::application::Answer;
use crate::floor::{Floor, OWN_NUMBER, signed_in};
use crate::time::{advance, virtual_floor};
use crate::twiml::{call_in, number_says};

const ROUNDS: u32 = 25;

async fn set_up(floor: &Floor) {
    let faults = json!({
        "creates": [{ "effect": "500-placed", "rate": 0.1 }, { "effect": "429", "rate": 0.1 }],
        "callbacks": [
            { "effect": "drop", "rate": 0.05 },
            { "effect": "duplicate", "delay_ms": 700, "rate": 0.1 },
            { "effect": "delay", "delay_ms": 3_000, "rate": 0.1 },
            { "effect": "reorder", "rate": 0.1 },
        ],
        "reads_lag_ms": 400,
    });
    floor.control("faults", "", &faults).await;
    let errors = json!({ "human_as_machine": 0.2, "machine_as_human": 0.2, "unknown": 0.1 });
    floor.control("amd", "", &errors).await;
    number_says(
        floor,
        "<Enqueue waitUrl=\"/hold\" action=\"/left\">support</Enqueue>",
    )
    .await;
    let application = &floor.application;
    application.says("/hold", "<Say>Please hold</Say><Pause length=\"10\"/>");
    application.says("/left", "<Hangup/>");
    application.says(
        "/agent",
        "<Dial timeout=\"20\" action=\"/after\"><Queue>support</Queue></Dial>",
    );
    application.says(
        "/lead",
        "<Dial action=\"/after\"><Conference statusCallback=\"/room\" statusCallbackEvent=\"join leave\">\
         floor</Conference></Dial>",
    );
    let after = "<Response><Say>Goodbye</Say></Response>".to_owned();
    application.answers_with("/after", &[Answer::Twiml(after), Answer::Status(503)]);
}

/// An agent who takes whoever is first in line, and two leads: one recorded, one behind detection.
async fn place_round(floor: &Floor, round: u32) {
    let [agent, lead, status, amd] =
        ["/agent", "/lead", "/status", "/amd"].map(|path| floor.application.url(path));
    let events =
        ["initiated", "ringing", "answered", "completed"].map(|event| ("StatusCallbackEvent", event));
    let place = async |to: String, more: &[(&str, &str)]| {
        let mut form = vec![
            ("To", to.as_str()),
            ("From", OWN_NUMBER),
            ("StatusCallback", status.as_str()),
        ];
        form.extend(events);
        form.extend(more);
        // Some of them fail, as ordered.
        floor.post("Calls.json", &form).await;
    };
    let detected = if round.is_multiple_of(2) { "true" } else { "false" };
    place(format!("+1312555{round:04}"), &[("Url", &agent)]).await;
    place(
        format!("+1415555{round:04}"),
        &[
            ("Url", &lead),
            ("Record", "true"),
            ("RecordingStatusCallback", &status),
        ],
    )
    .await;
    place(
        format!("+1617555{round:04}"),
        &[
            ("Url", &lead),
            ("MachineDetection", "Enable"),
            ("AsyncAmd", detected),
            ("AsyncAmdStatusCallback", &amd),
        ],
    )
    .await;
}

/// The whole log as it is sent, without the addresses of this run.
async fn story(floor: &Floor) -> String {
    set_up(floor).await;
    for round in 0..ROUNDS {
        let caller = json!({ "from": format!("+1713555{round:04}"), "persona": "talkative" });
        call_in(floor, caller).await;
        place_round(floor, round).await;
        advance(floor, 17_000).await;
    }
    let events = signed_in(floor.client.get(floor.url("/emulator/events"))).await;
    let log = events.text().await.unwrap();
    log.replace(&floor.application.url(""), "http://application")
        .replace(&floor.url(""), "http://network")
}

#[tokio::test]
async fn a_busy_floor_with_faults_goes_the_same_way_twice() {
    let (one, other) = (virtual_floor().await, virtual_floor().await);
    let (first, second) = (story(&one).await, story(&other).await);
    for kind in [
        "queue.enter",
        "dial.bridged",
        "amd.verdict",
        "recording.started",
        "participant.leave",
        "fault.rest",
        "fault.callback",
        "webhook.failed",
    ] {
        assert!(first.contains(&format!("\"kind\":\"{kind}\"")), "no {kind}");
    }
    let differs = first.split("},").zip(second.split("},")).find(|(a, b)| a != b);
    assert_eq!(differs, None);
    assert_eq!(first.len(), second.len());
    one.close().await;
    other.close().await;
}

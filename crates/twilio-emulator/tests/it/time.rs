//! Virtual time: hours in moments, and the same story twice.

use reqwest::StatusCode;
use serde_json::{Value, json};
use twilio_emulator::ClockMode;

use crate::floor::{Floor, OWN_NUMBER, signed_in};

const ROOM: &str = "<Dial action=\"/after\"><Conference statusCallback=\"/room\" \
    statusCallbackEvent=\"start end join leave\">floor</Conference></Dial>";

pub(crate) async fn virtual_floor() -> Floor {
    let start = "2026-01-05T15:00:00Z".parse().unwrap();
    Floor::open_with(|config| {
        config.clock = ClockMode::Virtual { start };
        config.seed = 7;
    })
    .await
}

pub(crate) async fn advance(floor: &Floor, ms: u32) -> String {
    let clock = floor.client.post(floor.url("/emulator/clock"));
    let response = signed_in(clock.json(&json!({ "advance_ms": ms }))).await;
    assert_eq!(response.status(), StatusCode::OK);
    response.json::<Value>().await.unwrap()["now"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// Places forty calls into one room over an hour; gives the whole log, without the application's address.
async fn story(floor: &Floor) -> Vec<Value> {
    floor.application.says("/voice", ROOM);
    floor.application.says("/after", "<Say>Goodbye</Say>");
    let (voice, status) = (floor.application.url("/voice"), floor.application.url("/status"));
    for n in 0..40 {
        let to = format!("+1312555{n:04}");
        let form = [
            ("To", to.as_str()),
            ("From", OWN_NUMBER),
            ("Url", voice.as_str()),
            ("StatusCallback", status.as_str()),
        ];
        assert_eq!(floor.post("Calls.json", &form).await.0, StatusCode::CREATED);
        advance(floor, 90_000).await;
    }
    let body: Value = signed_in(floor.client.get(floor.url("/emulator/events")))
        .await
        .json()
        .await
        .unwrap();
    let text = serde_json::to_string(&body["events"]).unwrap();
    serde_json::from_str(&text.replace(&floor.application.url(""), "http://application")).unwrap()
}

#[tokio::test]
async fn the_same_seed_and_requests_give_the_same_log() {
    let (one, other) = (virtual_floor().await, virtual_floor().await);
    let (first, second) = (story(&one).await, story(&other).await);
    assert!(first.len() > 300, "{}", first.len());
    assert_eq!(first, second);
    one.close().await;
    other.close().await;
}

#[tokio::test]
async fn an_hour_passes_with_every_callback_delivered() {
    let floor = virtual_floor().await;
    let log = story(&floor).await;
    assert_eq!(advance(&floor, 0).await, "2026-01-05T16:00:00Z");
    let ended = log.iter().filter(|event| event["kind"] == "call.ended").count();
    assert_eq!(floor.application.received("/status").len(), ended);
    assert!(ended >= 38, "{ended} of 40 calls are over");
    assert!(floor.application.received("/room").iter().all(|r| r.signed));
    floor.close().await;
}

#[tokio::test]
async fn time_stands_still_until_told() {
    let floor = virtual_floor().await;
    let call = floor
        .place(&[("Twiml", "<Response><Pause length=\"60\"/></Response>")])
        .await;
    let path = format!("Calls/{call}.json");
    assert_eq!(floor.get(&path).await["status"], "queued");
    assert_eq!(floor.application.received("/status").len(), 0);
    advance(&floor, 1).await;
    assert_eq!(floor.application.received("/status").len(), 1);
    assert_eq!(
        floor.get(&path).await["start_time"],
        "Mon, 05 Jan 2026 15:00:00 +0000"
    );
    floor.close().await;
}

#[tokio::test]
async fn a_real_clock_cannot_be_moved() {
    let floor = Floor::open().await;
    let clock = floor.client.post(floor.url("/emulator/clock"));
    let response = signed_in(clock.json(&json!({ "advance_ms": 1 }))).await;
    assert_eq!(response.status(), StatusCode::CONFLICT);
    floor.close().await;
}

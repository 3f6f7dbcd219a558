//! Faults on order.

use reqwest::StatusCode;
use serde_json::json;

use crate::floor::{Floor, OWN_NUMBER, PROSPECT};

const ORDER: [(&str, &str); 3] = [("To", PROSPECT), ("From", OWN_NUMBER), ("Twiml", "<Response/>")];

#[tokio::test]
async fn creates_fail_as_ordered_and_only_one_of_them_is_placed() {
    let floor = Floor::open().await;
    floor.persona_at(PROSPECT, "busy").await;
    let creates = json!([{ "effect": "429" }, { "effect": "500-not-placed" }, { "effect": "500-placed" }]);
    floor.control("faults", "", &json!({ "creates": creates })).await;
    let (status, body) = floor.post("Calls.json", &ORDER).await;
    assert_eq!(
        (status, &body["code"]),
        (StatusCode::TOO_MANY_REQUESTS, &20429.into())
    );
    assert_eq!(
        floor.post("Calls.json", &ORDER).await.0,
        StatusCode::INTERNAL_SERVER_ERROR
    );
    assert_eq!(
        floor.get("Calls.json").await["calls"].as_array().unwrap().len(),
        0
    );
    assert_eq!(
        floor.post("Calls.json", &ORDER).await.0,
        StatusCode::INTERNAL_SERVER_ERROR
    );
    assert_eq!(
        floor.get("Calls.json").await["calls"].as_array().unwrap().len(),
        1
    );
    assert_eq!(floor.post("Calls.json", &ORDER).await.0, StatusCode::CREATED);
    floor.close().await;
}

#[tokio::test]
async fn callbacks_are_dropped_doubled_and_delayed() {
    let floor = Floor::open().await;
    floor.listener_at(PROSPECT).await;
    let callbacks = json!([
        { "effect": "drop", "event": "initiated" },
        { "effect": "duplicate", "event": "in-progress" },
        { "effect": "delay", "event": "ringing", "delay_ms": 1_500 },
    ]);
    floor
        .control("faults", "", &json!({ "callbacks": callbacks }))
        .await;
    let call = floor.place(&[("Twiml", "<Response/>")]).await;
    floor
        .application
        .wait_for("/status", &[("CallStatus", "ringing")])
        .await;
    let statuses: Vec<String> = floor
        .application
        .received("/status")
        .iter()
        .map(|request| request.params["CallStatus"].clone())
        .collect();
    assert_eq!(
        statuses.last().map(String::as_str),
        Some("ringing"),
        "it is late: {statuses:?}"
    );
    assert_eq!(
        statuses.iter().filter(|status| *status == "in-progress").count(),
        2
    );
    assert!(!statuses.contains(&"initiated".to_owned()));
    floor.wait_for_status(&call, "completed").await;
    floor.close().await;
}

//! Faults on order.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::floor::{ACCOUNT_SID, AUTH_TOKEN, Floor, OWN_NUMBER, PROSPECT, signed_in};
use crate::time::{advance, virtual_floor};

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

#[tokio::test]
async fn connections_break_before_and_after_the_call_is_placed() {
    let floor = Floor::open().await;
    floor.persona_at(PROSPECT, "busy").await;
    let creates = json!([{ "effect": "reset-before" }, { "effect": "reset-after" }, { "effect": "cut", "at_byte": 40 }]);
    floor.control("faults", "", &json!({ "creates": creates })).await;
    for placed in [0, 1, 2] {
        let place = floor
            .client
            .post(floor.rest("Calls.json"))
            .basic_auth(ACCOUNT_SID, Some(AUTH_TOKEN))
            .form(&ORDER);
        let answer = match place.send().await {
            Ok(response) => response.bytes().await.map(|body| body.len()),
            Err(error) => Err(error),
        };
        assert!(answer.is_err(), "{placed}: {answer:?}");
        let calls = floor.get("Calls.json").await["calls"].as_array().unwrap().len();
        assert_eq!(calls, placed);
    }
    assert_eq!(floor.post("Calls.json", &ORDER).await.0, StatusCode::CREATED);
    floor.close().await;
}

#[tokio::test]
async fn slow_replies_hold_their_place_and_more_at_once_are_refused() {
    let floor = Floor::open_with(|config| config.rest_concurrency_max = 1).await;
    let slow = json!([{ "effect": "slow", "on": "GET Applications", "delay_ms": 60_000 }]);
    floor.control("faults", "", &json!({ "rest": slow })).await;
    let waiting = floor
        .client
        .get(floor.rest("Applications.json"))
        .basic_auth(ACCOUNT_SID, Some(AUTH_TOKEN))
        .send();
    let waiting = tokio::spawn(waiting);
    floor.wait_for_event("fault.rest", "effect", "slow").await;
    let (status, body) = floor.post("Calls.json", &ORDER).await;
    assert_eq!(
        (status, &body["code"]),
        (StatusCode::TOO_MANY_REQUESTS, &20429.into())
    );
    waiting.abort();
    floor.close().await;
}

#[tokio::test]
async fn reads_lag_behind_creates() {
    let floor = Floor::open().await;
    floor.listener_at(PROSPECT).await;
    floor
        .control("faults", "", &json!({ "reads_lag_ms": 600_000 }))
        .await;
    let (status, call) = floor.post("Calls.json", &ORDER).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(floor.get("Calls.json").await["calls"], json!([]));
    let path = floor.rest(&format!("Calls/{}.json", call["sid"].as_str().unwrap()));
    let read = signed_in(floor.client.get(&path)).await;
    assert_eq!(read.status(), StatusCode::NOT_FOUND);
    floor.control("faults", "", &json!({})).await;
    assert_eq!(signed_in(floor.client.get(&path)).await.status(), StatusCode::OK);
    floor.close().await;
}

#[tokio::test]
async fn reads_show_calls_as_they_were() {
    let floor = virtual_floor().await;
    let person = json!({ "name": "x", "answer": { "after": { "ring_ms": 5_000 } }, "script": "listen" });
    floor.control("personas", PROSPECT, &person).await;
    floor
        .control("faults", "", &json!({ "reads_lag_ms": 10_000 }))
        .await;
    let twiml = "<Response><Pause length=\"7\"/></Response>";
    let order = [("To", PROSPECT), ("From", OWN_NUMBER), ("Twiml", twiml)];
    let (_, call) = floor.post("Calls.json", &order).await;
    let path = format!("Calls/{}.json", call["sid"].as_str().unwrap());
    // It rings within the first second, is answered in the sixth and over in the thirteenth.
    let (mut shown, mut listed) = (Vec::new(), Vec::new());
    for _ in 0..12 {
        advance(&floor, 2_000).await;
        let read = signed_in(floor.client.get(floor.rest(&path))).await;
        if read.status() == StatusCode::NOT_FOUND {
            shown.push("none".to_owned());
            continue;
        }
        let view = read.json::<Value>().await.unwrap();
        let status = view["status"].as_str().unwrap().to_owned();
        let found = floor.get(&format!("Calls.json?Status={status}")).await;
        listed.push(found["calls"][0].clone());
        let over = status == "completed";
        for field in ["end_time", "duration"] {
            assert_eq!(view[field].is_null(), !over, "{field} of a call that is {status}");
        }
        shown.push(status);
        assert_eq!(listed.last(), Some(&view), "a list shows the same");
    }
    let runs: Vec<(String, usize)> = shown
        .chunk_by(|one, next| one == next)
        .map(|run| (run[0].clone(), run.len()))
        .collect();
    let expected = [
        ("none", 4),
        ("queued", 1),
        ("ringing", 2),
        ("in-progress", 4),
        ("completed", 1),
    ];
    assert_eq!(runs, expected.map(|(status, times)| (status.to_owned(), times)));
    let (_, now) = floor.post(&path, &[("Status", "completed")]).await;
    assert_eq!(now["code"], 21220, "what is done meets the call as it is");
    floor.close().await;
}

#[tokio::test]
async fn exactly_as_many_bytes_arrive_as_ordered() {
    let floor = Floor::open().await;
    let basic = STANDARD.encode(format!("{ACCOUNT_SID}:{AUTH_TOKEN}"));
    let request = format!(
        "GET /2010-04-01/Accounts/{ACCOUNT_SID}/Applications.json HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {basic}\r\n\
         Connection: close\r\n\r\n"
    );
    let mut whole = Vec::new();
    for bytes in [None, Some(0), Some(1), Some(77), Some(200)] {
        let cut = bytes.map(|bytes| json!({ "effect": "cut", "at_byte": bytes, "on": "GET Applications" }));
        let rest: Vec<Value> = cut.into_iter().collect();
        floor.control("faults", "", &json!({ "rest": rest })).await;
        let mut stream = tokio::net::TcpStream::connect(floor.addr()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // The connection may be reset after the last byte.
        let _ = stream.read_to_end(&mut answer).await;
        match bytes {
            None => whole = answer,
            Some(bytes) => assert_eq!(answer.len(), bytes, "{}", String::from_utf8_lossy(&answer)),
        }
    }
    assert!(whole.len() > 200 && whole.starts_with(b"HTTP/1.1 200"));
    floor.close().await;
}

#[tokio::test]
async fn a_reordered_callback_arrives_after_the_next_one() {
    let floor = Floor::open().await;
    floor.listener_at(PROSPECT).await;
    let callbacks = json!([{ "effect": "reorder", "event": "ringing" }]);
    floor
        .control("faults", "", &json!({ "callbacks": callbacks }))
        .await;
    let call = floor.place(&[("Twiml", "<Response><Pause/></Response>")]).await;
    floor
        .application
        .wait_for("/status", &[("CallStatus", "ringing"), ("CallSid", &call)])
        .await;
    let order: Vec<String> = floor
        .application
        .received("/status")
        .iter()
        .map(|request| request.params["CallStatus"].clone())
        .collect();
    let place = |wanted: &str| order.iter().position(|status| status == wanted);
    assert!(place("in-progress") < place("ringing"), "{order:?}");
    assert!(place("in-progress").is_some());
    floor.close().await;
}

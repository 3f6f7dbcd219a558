//! The ground truth: what was played to whom, and what was asked of REST and answered.

use serde_json::{Value, json};

use crate::floor::{Floor, OWN_NUMBER, signed_in};
use crate::time::{advance, virtual_floor};

async fn ask(floor: &Floor, path: &str) -> Value {
    let response = signed_in(floor.client.get(floor.url(&format!("/emulator/{path}")))).await;
    response.json().await.unwrap()
}

/// Seconds after the first row began.
fn seconds(rows: &[Value], at: &Value) -> Option<i64> {
    let parse = |at: &Value| at.as_str().map(|at| at.parse::<jiff::Timestamp>().unwrap());
    Some(
        parse(at)?
            .duration_since(parse(&rows[0]["from"]).unwrap())
            .as_secs(),
    )
}

#[tokio::test]
async fn what_was_played_to_whom_is_known_from_when_to_when() {
    let floor = virtual_floor().await;
    floor.listener_at("+13125550142").await;
    let words = "a".repeat(100);
    let missing = floor.application.url("/missing.wav");
    let twiml = format!(
        "<Response><Say>{words}</Say><Play digits=\"12\"/><Play>{missing}</Play><Say loop=\"0\">Stay</Say></Response>"
    );
    let call = floor.place(&[("Twiml", &twiml)]).await;
    advance(&floor, 20_000).await;
    let goes_on = ask(&floor, &format!("played?listener={call}")).await["played"].clone();
    let rows = goes_on.as_array().unwrap();
    let told: Vec<(&Value, &Value)> = rows.iter().map(|row| (&row["what"], &row["content"])).collect();
    let expected = [
        ("speech", words.as_str()),
        ("keys", "12"),
        ("file", missing.as_str()),
        ("speech", "Stay"),
    ];
    let expected = expected.map(|(what, content)| (json!(what), json!(content)));
    assert_eq!(told, expected.iter().map(|(a, b)| (a, b)).collect::<Vec<_>>());
    // A hundred letters at 65 ms each.
    assert_eq!(seconds(rows, &rows[0]["to"]), Some(6));
    assert_eq!(rows[1]["from"], rows[0]["to"]);
    assert_eq!(rows[2]["to"], rows[2]["from"], "nothing came");
    assert!(rows[3]["to"].is_null(), "it goes on");

    floor
        .post(&format!("Calls/{call}.json"), &[("Status", "completed")])
        .await;
    let over = ask(&floor, &format!("played?listener={call}")).await["played"].clone();
    assert!(over[3]["to"].is_string());
    assert_eq!(ask(&floor, "played?listener=CA0").await["played"], json!([]));
    assert_eq!(ask(&floor, "played").await["played"], over);
    floor.close().await;
}

#[tokio::test]
async fn requests_are_known_with_their_answers() {
    let floor = Floor::open().await;
    let nonsense = [("To", "x"), ("From", OWN_NUMBER), ("Twiml", "<Response/>")];
    floor.post("Calls.json", &nonsense).await;
    floor.get("Calls.json?PageSize=1").await;
    let stranger = floor.client.get(floor.rest("Calls.json")).send().await.unwrap();
    assert_eq!(stranger.status(), 401);
    let asked = ask(&floor, "events?kind=rest").await["events"].clone();
    let told: Vec<(&str, &str)> = asked
        .as_array()
        .unwrap()
        .iter()
        .map(|event| {
            (
                event["method"].as_str().unwrap(),
                event["status"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(told, [("POST", "400"), ("GET", "200"), ("GET", "401")]);
    assert!(
        asked[1]["path"]
            .as_str()
            .unwrap()
            .ends_with("/Calls.json?PageSize=1")
    );
    floor.close().await;
}

#[tokio::test]
async fn callbacks_are_known_with_their_outcome() {
    let floor = Floor::open().await;
    floor.listener_at("+13125550142").await;
    let form = [
        ("To", "+13125550142"),
        ("From", OWN_NUMBER),
        ("Twiml", "<Response/>"),
        ("StatusCallback", "http://127.0.0.1:1/gone"),
    ];
    let (_, call) = floor.post("Calls.json", &form).await;
    let call = call["sid"].as_str().unwrap();
    let failed = floor.wait_for_event("webhook.failed", "call", call).await;
    assert_eq!(failed["url"], "http://127.0.0.1:1/gone");
    assert!(failed["why"].is_string());
    floor.close().await;
}

//! What the account may do, who lives where, and what the ground truth tells.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::floor::{Floor, OWN_NUMBER, PROSPECT, signed_in};

const STAY: &str = "<Response><Pause length=\"600\"/></Response>";

async fn place(floor: &Floor, to: &str) -> (u16, Value) {
    let (status, body) = floor
        .post("Calls.json", &[("To", to), ("From", OWN_NUMBER), ("Twiml", STAY)])
        .await;
    (status.as_u16(), body["code"].clone())
}

async fn truth(floor: &Floor, path: &str) -> Value {
    let response = signed_in(floor.client.get(floor.url(&format!("/emulator/{path}")))).await;
    assert_eq!(response.status(), StatusCode::OK);
    response.json().await.unwrap()
}

#[tokio::test]
async fn countries_are_opened_one_by_one() {
    let floor = Floor::open().await;
    assert_eq!(place(&floor, "+442079460018").await, (400, json!(21215)));
    assert_eq!(
        place(&floor, "+18765550100").await,
        (400, json!(21215)),
        "Jamaica"
    );
    assert_eq!(place(&floor, PROSPECT).await.0, 201);
    let geo = json!({ "geo": { "+44": true, "+4420": false } });
    floor.control("account", "", &geo).await;
    assert_eq!(place(&floor, "+441614960018").await.0, 201);
    assert_eq!(place(&floor, "+442079460018").await, (400, json!(21215)));
    assert_eq!(place(&floor, PROSPECT).await, (400, json!(21215)));
    floor.close().await;
}

#[tokio::test]
async fn more_calls_at_once_than_allowed_are_refused() {
    let floor = Floor::open().await;
    floor.listener_at(PROSPECT).await;
    floor
        .control("account", "", &json!({ "concurrent_calls_max": 2 }))
        .await;
    assert_eq!(place(&floor, PROSPECT).await.0, 201);
    assert_eq!(place(&floor, PROSPECT).await.0, 201);
    assert_eq!(place(&floor, PROSPECT).await, (400, json!(10004)));
    floor.close().await;
}

#[tokio::test]
async fn a_trial_account_calls_verified_numbers_and_says_so() {
    let floor = Floor::open().await;
    floor.listener_at(PROSPECT).await;
    let trial = json!({ "trial": true, "verified": [PROSPECT] });
    floor.control("account", "", &trial).await;
    assert_eq!(place(&floor, "+13125550143").await, (400, json!(21219)));
    floor.application.says("/voice", "<Pause length=\"600\"/>");
    let url = floor.application.url("/voice?a=1&b=2");
    let call = floor.place(&[("Url", &url)]).await;
    floor.wait_for_status(&call, "in-progress").await;
    assert!(
        floor.application.received("/voice").is_empty(),
        "the notice comes first"
    );
    floor.application.wait_for("/voice", &[("CallSid", &call)]).await;
    floor.close().await;
}

#[tokio::test]
async fn a_verified_number_of_ones_own_may_be_shown() {
    let floor = Floor::open().await;
    let form = [("To", PROSPECT), ("From", "+16465550123"), ("Twiml", STAY)];
    assert_eq!(floor.post("Calls.json", &form).await.1["code"], 21210);
    floor
        .control("account", "", &json!({ "verified": ["+16465550123"] }))
        .await;
    assert_eq!(floor.post("Calls.json", &form).await.0, StatusCode::CREATED);
    floor.close().await;
}

#[tokio::test]
async fn a_world_is_replaced_or_refused() {
    let floor = Floor::open().await;
    let put = |body: &'static str| {
        let request = floor.client.put(floor.url("/emulator/world")).body(body);
        signed_in(request.header("content-type", "application/toml"))
    };
    let busy = "[[population]]\npersona = \"busy\"\nshare = 1\n";
    assert_eq!(put(busy).await.status(), StatusCode::NO_CONTENT);
    let nobody = put("absent = \"nobody\"").await;
    assert_eq!(nobody.status(), StatusCode::BAD_REQUEST);
    assert_eq!(
        nobody.json::<Value>().await.unwrap()["message"],
        "there is no persona nobody"
    );
    let call = floor.place(&[("Twiml", STAY)]).await;
    floor.wait_for_status(&call, "busy").await;
    floor.close().await;
}

#[tokio::test]
async fn the_ground_truth_says_who_rang_when() {
    let floor = Floor::open().await;
    floor.listener_at(PROSPECT).await;
    let call = floor.place(&[("Twiml", "<Response/>")]).await;
    floor.wait_for_event("call.ended", "call", &call).await;
    let rang = truth(&floor, "rang?to=%2B13125550142").await["rang"].clone();
    assert_eq!(rang.as_array().unwrap().len(), 1);
    let times: Vec<&str> = ["dialled_at", "rang_at", "answered_at", "ended_at"]
        .iter()
        .map(|at| rang[0][at].as_str().unwrap())
        .collect();
    assert!(times.is_sorted(), "{times:?}");
    assert_eq!(truth(&floor, "rang?to=%2B13125550143").await["rang"], json!([]));
    let kinds = truth(&floor, &format!("events?kind=call&call={call}")).await["events"].clone();
    let kinds: Vec<&Value> = kinds
        .as_array()
        .unwrap()
        .iter()
        .map(|event| &event["kind"])
        .collect();
    assert_eq!(kinds[0], "call.queued");
    assert!(
        kinds
            .iter()
            .all(|kind| kind.as_str().unwrap().starts_with("call."))
    );
    assert_eq!(truth(&floor, "heard?listener=CA0").await["heard"], json!([]));
    floor.close().await;
}

//! What the account may do, who lives where, and what the ground truth tells.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::floor::{Floor, OWN_NUMBER, PROSPECT, signed_in};
use crate::time::{advance, virtual_floor};
use crate::twiml::{call_in, number_says};

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
async fn a_trial_account_calls_verified_numbers_who_press_a_key() {
    let floor = Floor::open().await;
    let trial = json!({ "trial": true, "verified": [PROSPECT] });
    floor.control("account", "", &trial).await;
    assert_eq!(place(&floor, "+13125550143").await, (400, json!(21219)));
    let stranger = [("To", PROSPECT), ("From", "+13125550143"), ("Twiml", STAY)];
    assert_eq!(floor.post("Calls.json", &stranger).await.1["code"], 21210);
    floor.persona_at(PROSPECT, "friendly").await;
    floor.application.says("/voice", "<Pause length=\"600\"/>");
    let url = floor.application.url("/voice?a=1&b=2");
    let call = floor.place(&[("Url", &url)]).await;
    floor.application.wait_for("/voice", &[("CallSid", &call)]).await;
    let kinds = truth(&floor, &format!("events?call={call}")).await["events"].clone();
    let kinds: Vec<&str> = kinds
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["kind"].as_str().unwrap())
        .collect();
    let at = |kind: &str| kinds.iter().position(|it| *it == kind);
    assert!(
        at("call.in-progress") < at("digit") && at("digit") < at("twiml.fetch"),
        "{kinds:?}"
    );
    floor.close().await;
}

#[tokio::test]
async fn a_trial_account_dials_verified_numbers_only() {
    let floor = Floor::open().await;
    let (verified, stranger) = ("+13125550144", "+13125550143");
    floor.listener_at(verified).await;
    floor.listener_at(stranger).await;
    let trial = json!({ "trial": true, "verified": [verified] });
    floor.control("account", "", &trial).await;
    let account = format!("{}.json", floor.rest("").trim_end_matches('/'));
    let account = signed_in(floor.client.get(account)).await;
    assert_eq!(account.json::<Value>().await.unwrap()["type"], "Trial");
    for (number, status) in [(stranger, "failed"), (verified, "completed")] {
        floor.application.says("/after", "<Hangup/>");
        let dial =
            format!("<Dial action=\"/after\" callerId=\"{OWN_NUMBER}\" timeLimit=\"1\">{number}</Dial>");
        number_says(&floor, &dial).await;
        let caller = call_in(&floor, json!({})).await;
        let caller = caller["sid"].as_str().unwrap();
        let after = floor.application.wait_for("/after", &[("CallSid", caller)]).await;
        assert_eq!(after.params["DialCallStatus"], status, "{number}");
    }
    let refused = floor.wait_for_event("notification", "code", "21219").await;
    assert!(refused["message"].as_str().unwrap().contains(stranger));
    floor.close().await;
}

#[tokio::test]
async fn a_trial_call_ends_without_a_key_and_after_ten_minutes() {
    let floor = virtual_floor().await;
    let trial = json!({ "trial": true, "verified": [PROSPECT] });
    floor.control("account", "", &trial).await;
    floor.listener_at(PROSPECT).await;
    floor.application.says("/voice", "<Pause length=\"3600\"/>");
    let url = floor.application.url("/voice");
    let silent = floor.place(&[("Url", &url)]).await;
    advance(&floor, 60_000).await;
    assert_eq!(
        floor.get(&format!("Calls/{silent}.json")).await["status"],
        "completed"
    );
    assert!(floor.application.received("/voice").is_empty());

    let stays = json!({ "name": "patient", "answer": { "after": { "ring_ms": 50 } },
        "script": { "talk": { "voice": "anna", "replies": 500 } } });
    floor.control("personas", PROSPECT, &stays).await;
    let call = floor.place(&[("Url", &url), ("TimeLimit", "1200")]).await;
    advance(&floor, 590_000).await;
    let path = format!("Calls/{call}.json");
    assert_eq!(floor.get(&path).await["status"], "in-progress");
    advance(&floor, 20_000).await;
    let over = floor.get(&path).await;
    assert_eq!(
        (&over["status"], &over["duration"]),
        (&json!("completed"), &json!("600"))
    );
    floor.close().await;
}

async fn v1(floor: &Floor, path: &str) -> Value {
    let response = signed_in(floor.client.get(floor.url(&format!("/v1/{path}")))).await;
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    response.json().await.unwrap()
}

async fn open_countries(floor: &Floor, updates: Value) -> Value {
    let url = floor.url("/v1/DialingPermissions/BulkCountryUpdates");
    let form = [("UpdateRequest", updates.to_string())];
    let response = signed_in(floor.client.post(url).form(&form)).await;
    response.json().await.unwrap()
}

#[tokio::test]
async fn countries_are_opened_by_rest() {
    let floor = Floor::open().await;
    let britain = "DialingPermissions/Countries/GB";
    assert_eq!(v1(&floor, britain).await["low_risk_numbers_enabled"], false);
    assert_eq!(place(&floor, "+442079460018").await, (400, json!(21215)));
    let update = json!([{ "iso_code": "GB", "low_risk_numbers_enabled": "true",
        "high_risk_special_numbers_enabled": "false", "high_risk_tollfraud_numbers_enabled": "true" }]);
    assert_eq!(
        open_countries(&floor, update).await,
        json!({ "update_count": 1, "update_request": "accepted" })
    );
    let shown = v1(&floor, britain).await;
    assert_eq!(shown["low_risk_numbers_enabled"], true);
    assert_eq!(shown["high_risk_tollfraud_numbers_enabled"], true);
    assert_eq!(place(&floor, "+442079460018").await.0, 201);
    assert_eq!(
        place(&floor, "+449098790018").await,
        (400, json!(21215)),
        "a premium service"
    );
    let prefixes = v1(&floor, &format!("{britain}/HighRiskSpecialPrefixes")).await;
    assert_eq!(prefixes["content"][2], json!({ "prefix": "+449" }));
    open_countries(
        &floor,
        json!([{ "iso_code": "GB", "high_risk_special_numbers_enabled": true }]),
    )
    .await;
    assert_eq!(place(&floor, "+449098790018").await.0, 201);
    open_countries(
        &floor,
        json!([{ "iso_code": "GB", "low_risk_numbers_enabled": "false" }]),
    )
    .await;
    assert_eq!(place(&floor, "+442079460018").await, (400, json!(21215)));

    let unknown = open_countries(&floor, json!([{ "iso_code": "XX" }])).await;
    assert_eq!(unknown["code"], 20404);
    assert_eq!(open_countries(&floor, json!("GB")).await["code"], 20001);
    floor.close().await;
}

#[tokio::test]
async fn countries_are_listed_by_what_may_be_called() {
    let floor = Floor::open().await;
    let open = v1(&floor, "DialingPermissions/Countries?LowRiskNumbersEnabled=true").await;
    assert_eq!(open["meta"]["key"], "content");
    let open: Vec<&Value> = open["content"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["iso_code"])
        .collect();
    assert!(
        open.contains(&&json!("US")) && !open.contains(&&json!("JM")),
        "{open:?}"
    );
    let german = v1(&floor, "DialingPermissions/Countries?CountryCode=49").await;
    assert_eq!(german["content"][0]["name"], "Germany");
    let all = v1(&floor, "DialingPermissions/Countries?PageSize=1000").await;
    assert!(all["content"].as_array().unwrap().len() > 220);

    assert_eq!(
        v1(&floor, "Settings").await["dialing_permissions_inheritance"],
        true
    );
    let change = floor
        .client
        .post(floor.url("/v1/Settings"))
        .form(&[("DialingPermissionsInheritance", "false")]);
    assert_eq!(signed_in(change).await.status(), StatusCode::ACCEPTED);
    assert_eq!(
        v1(&floor, "Settings").await["dialing_permissions_inheritance"],
        false
    );
    floor.close().await;
}

#[tokio::test]
async fn the_world_says_how_callers_are_attested() {
    let floor = Floor::open().await;
    let world = "[stir.outbound]\n\"\" = \"C\"\n\"+1202\" = \"A\"\n\
        [stir.inbound]\n\"+1415\" = \"TN-Validation-Failed-C\"\n\
        [[population]]\npersona = \"listener\"\nshare = 1\nring_ms = [10, 10]\n";
    let put = floor.client.put(floor.url("/emulator/world")).body(world);
    let put = signed_in(put.header("content-type", "application/toml")).await;
    assert_eq!(put.status(), StatusCode::NO_CONTENT);
    let call = floor.place(&[("Twiml", "<Response/>")]).await;
    let ended = [("CallSid", call.as_str()), ("CallStatus", "completed")];
    floor.application.wait_for("/status", &ended).await;
    for received in floor.application.received("/status") {
        let told = ["ringing", "in-progress"].contains(&received.params["CallStatus"].as_str());
        let level = received.params.get("StirStatus").map(String::as_str);
        assert_eq!(level, told.then_some("A"), "{:?}", received.params);
    }
    number_says(&floor, "<Hangup/>").await;
    call_in(&floor, json!({})).await;
    let asked = floor.application.wait_for("/voice", &[]).await;
    assert_eq!(asked.params["StirVerstat"], "TN-Validation-Failed-C");
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

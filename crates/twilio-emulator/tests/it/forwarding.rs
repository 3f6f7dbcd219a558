//! What an application learns of a caller, and calling on with the caller's own number.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::floor::{Floor, OWN_NUMBER, PROSPECT, signed_in};
use crate::twiml::{call_in, number_says};

const STAY: &str = "<Response><Pause length=\"60\"/></Response>";
/// Of `call_in`.
const CALLER: &str = "+14155550177";

async fn refusal(floor: &Floor, path: &str, from: &str, token: &str) -> (u16, Value) {
    let mut form = vec![("To", PROSPECT), ("From", from), ("CallToken", token)];
    if path == "Calls.json" {
        form.push(("Twiml", STAY));
    }
    let (status, body) = floor.post(path, &form).await;
    (status.as_u16(), body["code"].clone())
}

#[tokio::test]
async fn a_call_token_lets_the_callers_own_number_be_shown() {
    let floor = Floor::open().await;
    number_says(&floor, "<Pause length=\"60\"/>").await;
    let caller = call_in(&floor, json!({})).await;
    assert_eq!(caller["from"], CALLER);
    let asked = floor.application.wait_for("/voice", &[("From", CALLER)]).await;
    let token = asked.params["CallToken"].clone();
    let told: Value = serde_json::from_str(&token).unwrap();
    assert!(told["parentCallInfoToken"].is_string(), "{token}");

    let calls = "Calls.json";
    assert_eq!(refusal(&floor, calls, CALLER, &token).await, (201, Value::Null));
    let room = "Conferences/desk/Participants.json";
    assert_eq!(refusal(&floor, room, CALLER, &token).await, (201, Value::Null));
    let forged = token.replace("parent", "sibling");
    for (from, token) in [
        (CALLER, ""),
        (CALLER, forged.as_str()),
        (CALLER, "{}"),
        ("+14155550178", token.as_str()),
    ] {
        assert_eq!(
            refusal(&floor, calls, from, token).await,
            (400, json!(21210)),
            "{from} {token}"
        );
    }
    let other = call_in(&floor, json!({ "from": "+14155550178" })).await;
    let other = other["sid"].as_str().unwrap();
    let asked = floor.application.wait_for("/voice", &[("CallSid", other)]).await;
    let others = asked.params["CallToken"].as_str();
    assert_eq!(refusal(&floor, calls, CALLER, others).await, (400, json!(21210)));
    floor.close().await;
}

#[tokio::test]
async fn calls_that_go_out_have_no_token() {
    let floor = Floor::open().await;
    floor.listener_at(PROSPECT).await;
    floor.application.says("/out", "<Pause length=\"60\"/>");
    let url = floor.application.url("/out");
    floor.place(&[("Url", &url)]).await;
    let asked = floor.application.wait_for("/out", &[]).await;
    assert!(!asked.params.contains_key("CallToken"));
    floor.close().await;
}

#[tokio::test]
async fn the_callers_name_is_looked_up_where_the_number_wants_it() {
    let floor = Floor::open().await;
    number_says(&floor, "<Pause length=\"60\"/>").await;
    let unnamed = call_in(&floor, json!({})).await;
    let asked = floor
        .application
        .wait_for("/voice", &[("CallSid", unnamed["sid"].as_str().unwrap())])
        .await;
    assert!(!asked.params.contains_key("CallerName"));
    assert!(unnamed["caller_name"].is_null());

    let numbers = floor.get("IncomingPhoneNumbers.json").await;
    let mut ours = numbers["incoming_phone_numbers"].as_array().unwrap().iter();
    let sid = ours.find(|it| it["phone_number"] == OWN_NUMBER).unwrap()["sid"].clone();
    let path = format!("IncomingPhoneNumbers/{}.json", sid.as_str().unwrap());
    let (status, _) = floor.post(&path, &[("VoiceCallerIdLookup", "true")]).await;
    assert_eq!(status, StatusCode::OK);
    for (more, name) in [
        (json!({ "caller_name": "Ada Lovelace-Byron" }), "ADA LOVELACE-BY"),
        (json!({ "persona": "friendly" }), "FRIENDLY"),
    ] {
        let call = call_in(&floor, more).await;
        assert_eq!(call["caller_name"], name);
        let sid = call["sid"].as_str().unwrap();
        let asked = floor.application.wait_for("/voice", &[("CallSid", sid)]).await;
        assert_eq!(asked.params["CallerName"], name);
    }
    floor.close().await;
}

/// Signs in as a subaccount.
async fn ask_as(floor: &Floor, account: &Value, path: &str, form: Option<&[(&str, &str)]>) -> (u16, Value) {
    let url = floor.url(&path.replace("{account}", account["sid"].as_str().unwrap()));
    let request = match form {
        Some(form) => floor.client.post(url).form(form),
        None => floor.client.get(url),
    };
    let (user, token) = (account["sid"].as_str(), account["auth_token"].as_str());
    let response = request.basic_auth(user.unwrap(), token).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn a_subaccount_has_permissions_of_its_own_once_it_does_not_inherit() {
    let floor = Floor::open().await;
    let made = floor.client.post(floor.url("/2010-04-01/Accounts.json"));
    let sub: Value = signed_in(made).await.json().await.unwrap();
    let number = [("PhoneNumber", "+13125550199")];
    let calls = "/2010-04-01/Accounts/{account}/Calls.json";
    let numbers = "/2010-04-01/Accounts/{account}/IncomingPhoneNumbers.json";
    assert_eq!(ask_as(&floor, &sub, numbers, Some(&number)).await.0, 201);
    let london = [("To", "+442079460018"), ("From", "+13125550199"), ("Twiml", STAY)];
    let place = async || {
        let (status, body) = ask_as(&floor, &sub, calls, Some(&london)).await;
        (status, body["code"].clone())
    };
    assert_eq!(place().await, (400, json!(21215)));
    let open = json!([{ "iso_code": "GB", "low_risk_numbers_enabled": true }]).to_string();
    let bulk = "/v1/DialingPermissions/BulkCountryUpdates";
    let opened = ask_as(&floor, &sub, bulk, Some(&[("UpdateRequest", &open)])).await;
    assert_eq!(opened.0, 201);
    assert_eq!(place().await, (400, json!(21215)), "the main account's count");
    let alone = [("DialingPermissionsInheritance", "false")];
    let (_, settings) = ask_as(&floor, &sub, "/v1/Settings", Some(&alone)).await;
    assert_eq!(settings["dialing_permissions_inheritance"], false);
    assert_eq!(place().await, (201, Value::Null));
    let ours = [("To", "+442079460018"), ("From", OWN_NUMBER), ("Twiml", STAY)];
    assert_eq!(floor.post("Calls.json", &ours).await.1["code"], 21215);
    let britain = "/v1/DialingPermissions/Countries/GB";
    let (_, theirs) = ask_as(&floor, &sub, britain, None).await;
    let ours: Value = signed_in(floor.client.get(floor.url(britain)))
        .await
        .json()
        .await
        .unwrap();
    let enabled = |country: &Value| country["low_risk_numbers_enabled"].clone();
    assert_eq!((enabled(&theirs), enabled(&ours)), (json!(true), json!(false)));
    floor.close().await;
}

#[tokio::test]
async fn a_subaccount_that_asks_whether_it_inherits_goes_on_to() {
    let floor = Floor::open().await;
    let made = floor.client.post(floor.url("/2010-04-01/Accounts.json"));
    let sub: Value = signed_in(made).await.json().await.unwrap();
    let settings = ask_as(&floor, &sub, "/v1/Settings", None).await.1;
    assert_eq!(settings["dialing_permissions_inheritance"], true);
    let open = json!([{ "iso_code": "GB", "low_risk_numbers_enabled": true }]).to_string();
    let bulk = floor
        .client
        .post(floor.url("/v1/DialingPermissions/BulkCountryUpdates"));
    signed_in(bulk.form(&[("UpdateRequest", &open)])).await;
    let alone = [("DialingPermissionsInheritance", "false")];
    ask_as(&floor, &sub, "/v1/Settings", Some(&alone)).await;
    let (_, britain) = ask_as(&floor, &sub, "/v1/DialingPermissions/Countries/GB", None).await;
    assert_eq!(
        britain["low_risk_numbers_enabled"], true,
        "as when it ceased to inherit"
    );
    floor.close().await;
}

#[tokio::test]
async fn numbers_with_a_risk_of_toll_fraud_need_a_permission_of_their_own() {
    let floor = Floor::open().await;
    let limits = json!({ "geo": { "+1": true, "+371": true }, "toll_fraud": ["+3719"] });
    floor.control("account", "", &limits).await;
    let code = async |to: &str| {
        let form = [("To", to), ("From", OWN_NUMBER), ("Twiml", STAY)];
        floor.post("Calls.json", &form).await.1["code"].clone()
    };
    assert_eq!(code("+37167000001").await, Value::Null);
    assert_eq!(code("+37190000001").await, 21215);
    for (flag, expected) in [(true, Value::Null), (false, json!(21215))] {
        let update = json!([{ "iso_code": "LV", "high_risk_tollfraud_numbers_enabled": flag }]).to_string();
        let url = floor.url("/v1/DialingPermissions/BulkCountryUpdates");
        let form = [("UpdateRequest", update.as_str())];
        let done = signed_in(floor.client.post(url).form(&form)).await;
        assert_eq!(done.status(), StatusCode::CREATED);
        assert_eq!(code("+37190000001").await, expected);
    }
    floor.close().await;
}

#[tokio::test]
async fn numbers_are_found_near_a_place() {
    let floor = Floor::open().await;
    let found = async |query: &str| {
        let path = format!("AvailablePhoneNumbers/US/Local.json?{query}");
        let rows = floor.get(&path).await["available_phone_numbers"].clone();
        let mut cities: Vec<String> = rows
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["locality"].as_str().unwrap().to_owned())
            .collect();
        cities.dedup();
        cities
    };
    let bay = "NearLatLong=37.78,-122.41";
    let of_fiction = "Contains=5550101$";
    assert_eq!(found(bay).await, ["San Francisco"]);
    assert_eq!(
        found(&format!("{bay}&{of_fiction}")).await,
        ["San Francisco", "Oakland"]
    );
    assert_eq!(
        found(&format!("{bay}&{of_fiction}&Distance=50")).await,
        ["San Francisco", "Oakland", "San Jose"]
    );
    assert_eq!(
        found(&format!("NearNumber=%2B14155550100&{of_fiction}&Distance=5")).await,
        ["San Francisco"]
    );
    assert_eq!(found("NearLatLong=0,0&Distance=500").await, [""; 0]);
    assert_eq!(found("NearNumber=%2B442079460018").await, [""; 0]);
    for wrong in [
        "NearLatLong=here",
        "NearLatLong=91,0",
        "NearLatLong=37.78,-122.41&Distance=501",
        "Contains=41*55",
        "Contains=4",
    ] {
        let url = floor.rest(&format!("AvailablePhoneNumbers/US/Local.json?{wrong}"));
        let refused = signed_in(floor.client.get(url)).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{wrong}");
    }
    floor.close().await;
}

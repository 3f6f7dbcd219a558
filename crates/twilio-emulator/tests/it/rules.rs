//! What REST refuses, and in which words.

use reqwest::StatusCode;
use serde_json::Value;

use crate::floor::{
    ACCOUNT_SID, API_KEY_SECRET, API_KEY_SID, AUTH_TOKEN, Floor, OWN_NUMBER, PROSPECT, signed_in,
};

async fn check(floor: &Floor, form: &[(&str, &str)], status: u16, code: u32) {
    let (got, body) = floor.post("Calls.json", form).await;
    assert_eq!(
        (got.as_u16(), body["code"].as_u64()),
        (status, Some(code.into())),
        "{form:?}: {body}"
    );
    assert_eq!(body["status"], status);
    assert_eq!(
        body["more_info"],
        format!("https://www.twilio.com/docs/errors/{code}")
    );
}

#[tokio::test]
async fn bad_calls_are_refused_with_twilios_codes() {
    let floor = Floor::open().await;
    let (to, from, twiml) = (("To", PROSPECT), ("From", OWN_NUMBER), ("Twiml", "<Response/>"));
    check(&floor, &[from, twiml], 400, 21201).await;
    check(&floor, &[("To", "banana"), from, twiml], 400, 21211).await;
    check(&floor, &[to, twiml], 400, 21213).await;
    check(&floor, &[to, ("From", "12"), twiml], 400, 21212).await;
    check(&floor, &[to, ("From", "+14155559999"), twiml], 400, 21210).await;
    check(&floor, &[to, from], 400, 21205).await;
    check(&floor, &[to, from, ("Url", "/relative")], 400, 21205).await;
    check(&floor, &[to, from, ("ApplicationSid", "AP0")], 400, 21218).await;
    check(&floor, &[to, from, twiml, ("Timeout", "601")], 400, 21208).await;
    check(
        &floor,
        &[to, from, twiml, ("StatusCallback", "http://under_score.example/")],
        400,
        21609,
    )
    .await;
    assert_eq!(floor.get("Calls.json").await["calls"], Value::Array(Vec::new()));
    floor.close().await;
}

#[tokio::test]
async fn every_list_warns_of_parameters_that_it_does_not_have() {
    let floor = Floor::open().await;
    for path in [
        "Calls.json",
        "Conferences.json",
        "Recordings.json",
        "Queues.json",
        "Keys.json",
        "Applications.json",
        "OutgoingCallerIds.json",
        "IncomingPhoneNumbers.json",
        "IncomingPhoneNumbers/Local.json",
        "AvailablePhoneNumbers/US/Local.json",
        "Notifications.json",
        "Usage/Records.json",
    ] {
        floor.get(&format!("{path}?PageSize=1&Colour=green")).await;
        let notes = floor.get("Notifications.json?PageSize=1&Log=1").await;
        let note = &notes["notifications"][0];
        assert_eq!(note["error_code"], "20001", "{path}");
        let message = note["message_text"].as_str().unwrap();
        assert!(
            message.contains("Colour") && message.contains(path),
            "{path}: {message}"
        );
    }
    floor.close().await;
}

#[tokio::test]
async fn the_account_or_its_key_opens_rest_and_control_and_nothing_else_does() {
    let floor = Floor::open().await;
    for path in [
        floor.rest("Calls.json"),
        floor.url("/emulator/events"),
        floor.url("/emulator/legs"),
    ] {
        let anonymous = floor.client.get(&path).send().await.unwrap();
        assert_eq!(anonymous.status(), StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(anonymous.json::<Value>().await.unwrap()["code"], 20003);
        let wrong = floor
            .client
            .get(&path)
            .basic_auth(ACCOUNT_SID, Some("wrong"))
            .send()
            .await
            .unwrap();
        assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED, "{path}");
        let key = floor
            .client
            .get(&path)
            .basic_auth(API_KEY_SID, Some(API_KEY_SECRET))
            .send()
            .await
            .unwrap();
        assert_eq!(key.status(), StatusCode::OK, "{path}");
    }
    let other = floor.url("/2010-04-01/Accounts/ACffffffffffffffffffffffffffffffff/Calls.json");
    let other = floor
        .client
        .get(other)
        .basic_auth(ACCOUNT_SID, Some(AUTH_TOKEN))
        .send()
        .await
        .unwrap();
    assert_eq!(other.status(), StatusCode::UNAUTHORIZED);
    floor.close().await;
}

#[tokio::test]
async fn a_subaccount_sees_itself_among_the_accounts_and_can_have_none() {
    let floor = Floor::open().await;
    let accounts = floor.url("/2010-04-01/Accounts.json");
    let made: Value = signed_in(floor.client.post(&accounts))
        .await
        .json()
        .await
        .unwrap();
    let all: Value = signed_in(floor.client.get(&accounts)).await.json().await.unwrap();
    assert_eq!(all["accounts"].as_array().unwrap().len(), 2);
    let [sid, token] = ["sid", "auth_token"].map(|field| made[field].as_str().unwrap());
    let own = floor.client.get(&accounts).basic_auth(sid, Some(token));
    let own: Value = own.send().await.unwrap().json().await.unwrap();
    assert_eq!(own["accounts"].as_array().unwrap().len(), 1);
    assert_eq!(own["accounts"][0]["sid"], sid);
    let more = floor.client.post(&accounts).basic_auth(sid, Some(token));
    assert_eq!(more.send().await.unwrap().status(), StatusCode::BAD_REQUEST);
    floor.close().await;
}

#[tokio::test]
async fn what_does_not_exist_is_20404_and_what_cannot_be_done_20004() {
    let floor = Floor::open().await;
    let (status, body) = floor.post("Calls/CA0.json", &[("Status", "completed")]).await;
    assert_eq!((status, &body["code"]), (StatusCode::NOT_FOUND, &20404.into()));
    let (status, body) = floor.post("Nonsense.json", &[]).await;
    assert_eq!((status, &body["code"]), (StatusCode::NOT_FOUND, &20404.into()));
    let (status, body) = floor.post("Conferences.json", &[]).await;
    assert_eq!(
        (status, &body["code"]),
        (StatusCode::METHOD_NOT_ALLOWED, &20004.into())
    );
    floor.close().await;
}

#[tokio::test]
async fn lists_filter_and_page() {
    let floor = Floor::open().await;
    for number in ["+13125550101", "+13125550102", "+13125550103"] {
        floor.persona_at(number, "busy").await;
        floor
            .post(
                "Calls.json",
                &[("To", number), ("From", OWN_NUMBER), ("Twiml", "<Response/>")],
            )
            .await;
    }
    let page = floor.get("Calls.json?PageSize=2").await;
    assert_eq!(page["calls"].as_array().unwrap().len(), 2);
    assert_eq!(page["calls"][0]["to"], "+13125550103", "newest first");
    let next = floor.url(page["next_page_uri"].as_str().unwrap());
    let next: Value = floor
        .client
        .get(next)
        .basic_auth(ACCOUNT_SID, Some(AUTH_TOKEN))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(next["calls"].as_array().unwrap().len(), 1);
    assert!(next["next_page_uri"].is_null());
    let one = floor
        .get("Calls.json?To=%2B13125550102&StartTime%3E=2020-01-01")
        .await;
    assert_eq!(one["calls"].as_array().unwrap().len(), 1);
    let none = floor.get("Calls.json?StartTime%3C=2020-01-01").await;
    assert_eq!(none["calls"].as_array().unwrap().len(), 0);
    floor.close().await;
}

#[tokio::test]
async fn applications_and_numbers_keep_what_they_are_told() {
    let floor = Floor::open().await;
    let form = [
        ("FriendlyName", "floor"),
        ("VoiceUrl", "https://example.com/voice"),
        ("VoiceMethod", "GET"),
    ];
    let (status, made) = floor.post("Applications.json", &form).await;
    assert_eq!(status, StatusCode::CREATED);
    let path = format!("Applications/{}.json", made["sid"].as_str().unwrap());
    floor
        .post(
            &path,
            &[("StatusCallback", "https://example.com/status"), ("VoiceUrl", "")],
        )
        .await;
    let found = floor.get("Applications.json?FriendlyName=floor").await["applications"][0].clone();
    assert_eq!(found["sid"], made["sid"]);
    assert_eq!(found["status_callback"], "https://example.com/status");
    assert!(found["voice_url"].is_null());

    let numbers = floor.get("IncomingPhoneNumbers.json?PhoneNumber=%2B1202*").await;
    assert_eq!(numbers["incoming_phone_numbers"][0]["phone_number"], OWN_NUMBER);
    let (status, bought) = floor
        .post("IncomingPhoneNumbers.json", &[("PhoneNumber", "+16465550123")])
        .await;
    assert_eq!(
        (status, &bought["friendly_name"]),
        (StatusCode::CREATED, &"(646) 555-0123".into())
    );
    let (_, taken) = floor
        .post("IncomingPhoneNumbers.json", &[("PhoneNumber", "+16465550123")])
        .await;
    assert_eq!(taken["code"], 21422);
    floor.close().await;
}

#[tokio::test]
async fn the_sdks_insights_are_taken_from_any_page() {
    let floor = Floor::open().await;
    let url = floor.url("/v4/EndpointEvents");
    let preflight = floor
        .client
        .request(reqwest::Method::OPTIONS, &url)
        .header("Origin", "http://localhost")
        .header("Access-Control-Request-Method", "POST")
        .header("Access-Control-Request-Headers", "content-type,x-twilio-token");
    let preflight = preflight.send().await.unwrap();
    assert!(preflight.status().is_success());
    assert_eq!(preflight.headers()["access-control-allow-origin"], "*");
    let allowed = preflight.headers()["access-control-allow-headers"]
        .to_str()
        .unwrap();
    assert!(allowed.contains("x-twilio-token"), "{allowed}");
    assert!(
        floor
            .client
            .post(&url)
            .body("{}")
            .send()
            .await
            .unwrap()
            .status()
            .is_success()
    );
    floor.close().await;
}

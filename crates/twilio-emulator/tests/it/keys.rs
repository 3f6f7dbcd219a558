//! How far API keys go.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::floor::{ACCOUNT_SID, API_KEY_SECRET, API_KEY_SID, Floor, OWN_NUMBER, PROSPECT, signed_in};
use crate::sdk::{Key, Sdk, now_s, token_of};

/// A key that may do only this; gives its SID and secret.
async fn restricted(floor: &Floor, permissions: &[&str]) -> (String, String) {
    let policy = json!({ "allow": permissions }).to_string();
    let form = [
        ("AccountSid", ACCOUNT_SID),
        ("KeyType", "restricted"),
        ("Policy", policy.as_str()),
    ];
    let made = signed_in(floor.client.post(floor.url("/v1/Keys")).form(&form)).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    let made: Value = made.json().await.unwrap();
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    (text("sid"), text("secret"))
}

async fn ask(floor: &Floor, (sid, secret): (&str, &str), method: Method, path: &str) -> (u16, Value) {
    let url = if path.starts_with('/') {
        floor.url(path)
    } else {
        floor.rest(path)
    };
    let form = [("To", PROSPECT), ("From", OWN_NUMBER), ("Twiml", "<Response/>")];
    let request = match method {
        Method::GET | Method::DELETE => floor.client.request(method, url),
        _ => floor.client.request(method, url).form(&form),
    };
    let response = request.basic_auth(sid, Some(secret)).send().await.unwrap();
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap_or_default();
    (status, body)
}

#[tokio::test]
async fn a_restricted_key_does_what_its_policy_allows_and_nothing_else() {
    let floor = Floor::open().await;
    let (sid, secret) = restricted(
        &floor,
        &["/twilio/voice/calls/create", "/twilio/voice/calls/read"],
    )
    .await;
    let key = (sid.as_str(), secret.as_str());
    let (status, call) = ask(&floor, key, Method::POST, "Calls.json").await;
    assert_eq!(status, 201, "{call}");
    let call = format!("Calls/{}.json", call["sid"].as_str().unwrap());
    assert_eq!(ask(&floor, key, Method::GET, &call).await.0, 200);
    for (method, path, missing) in [
        (Method::GET, "Calls.json", "twilio/voice/calls/list"),
        (Method::DELETE, call.as_str(), "twilio/voice/calls/delete"),
        (Method::GET, "Recordings.json", "twilio/voice/recordings/list"),
        (Method::GET, "/v1/Trunks", "twilio/voice/sip.trunks/list"),
        (Method::GET, "/v1/Keys", "twilio/iam/api-keys/list"),
    ] {
        let (status, refused) = ask(&floor, key, method, path).await;
        assert_eq!((status, &refused["code"]), (401, &json!(70051)), "{path}");
        let message = format!("Authorization Error: required permission {missing} is missing");
        assert_eq!(refused["message"], message);
    }
    // Nobody knows what these would need.
    for path in ["Balance.json", "/emulator/events", "/emulator/legs"] {
        let (status, refused) = ask(&floor, key, Method::GET, path).await;
        assert_eq!((status, &refused["code"]), (401, &json!(20003)), "{path}");
    }
    floor.close().await;
}

#[tokio::test]
async fn a_restricted_key_makes_no_access_tokens() {
    let floor = Floor::open().await;
    let (sid, secret) = restricted(&floor, &["/twilio/voice/calls/*"]).await;
    let account = ACCOUNT_SID.to_owned();
    let mut sdk = Sdk::connect(&floor).await;
    let key = Key { account, sid, secret };
    let token = token_of(&key, "AP0", now_s() + 600);
    sdk.send("listen", json!({ "token": token })).await;
    assert_eq!(sdk.expect("error").await["error"]["code"], 31203);
    floor.close().await;
}

#[tokio::test]
async fn standard_keys_open_neither_accounts_nor_keys() {
    let floor = Floor::open().await;
    let (_, made) = floor.post("Keys.json", &[]).await;
    assert!(made["friendly_name"].is_null(), "{made}");
    let key = (made["sid"].as_str().unwrap(), made["secret"].as_str().unwrap());
    let own = format!("/2010-04-01/Accounts/{ACCOUNT_SID}.json");
    assert_eq!(ask(&floor, key, Method::GET, "Calls.json").await.0, 200);
    assert_eq!(ask(&floor, key, Method::GET, "/emulator/legs").await.0, 200);
    for path in [
        own.as_str(),
        "/2010-04-01/Accounts.json",
        "Keys.json",
        "SigningKeys.json",
        "/v1/Keys",
    ] {
        let (status, refused) = ask(&floor, key, Method::GET, path).await;
        assert_eq!((status, &refused["code"]), (401, &json!(20003)), "{path}");
        let first = ask(&floor, (API_KEY_SID, API_KEY_SECRET), Method::GET, path).await;
        assert_ne!(first.0, 401, "{path}");
    }
    floor.close().await;
}

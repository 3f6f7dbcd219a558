//! What lists of SIP take, and what REST warns of.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::floor::{ACCOUNT_SID, Floor, OWN_NUMBER, PROSPECT, signed_in};
use crate::sip::{codes, trunk, trunking};

const STRONG: &str = "Correct-horse-42";

async fn list(floor: &Floor, kind: &str) -> String {
    let (_, list) = floor
        .post(&format!("SIP/{kind}.json"), &[("FriendlyName", "a list")])
        .await;
    list["sid"].as_str().unwrap().to_owned()
}

async fn refusal(floor: &Floor, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
    let (status, body) = floor.post(path, form).await;
    (status.as_u16(), body["code"].clone())
}

#[tokio::test]
async fn a_list_has_no_address_twice_and_none_of_ipv6() {
    let floor = Floor::open().await;
    let sid = list(&floor, "IpAccessControlLists").await;
    let all = format!("SIP/IpAccessControlLists/{sid}/IpAddresses.json");
    let name = ("FriendlyName", "office");
    let (status, first) = floor.post(&all, &[name, ("IpAddress", "203.0.113.7")]).await;
    assert_eq!(
        (status, &first["cidr_prefix_length"]),
        (StatusCode::CREATED, &json!(32))
    );
    let (_, second) = floor.post(&all, &[name, ("IpAddress", "203.0.113.8")]).await;
    for (form, refused) in [
        (vec![name, ("IpAddress", "203.0.113.7")], (400, json!(20409))),
        (vec![name, ("IpAddress", "2001:db8::1")], (400, json!(20001))),
        (
            vec![name, ("IpAddress", "203.0.113.9"), ("CidrPrefixLength", "33")],
            (400, json!(20001)),
        ),
    ] {
        assert_eq!(refusal(&floor, &all, &form).await, refused, "{form:?}");
    }
    let one = all.replace(".json", &format!("/{}.json", second["sid"].as_str().unwrap()));
    let twice = [("IpAddress", "203.0.113.7")];
    assert_eq!(refusal(&floor, &one, &twice).await, (400, json!(20409)));
    assert_eq!(floor.get(&one).await["ip_address"], "203.0.113.8");
    let (status, same) = floor.post(&one, &[("FriendlyName", "home")]).await;
    assert_eq!((status, &same["friendly_name"]), (StatusCode::OK, &json!("home")));
    floor.close().await;
}

#[tokio::test]
async fn users_need_a_name_and_a_strong_password() {
    let floor = Floor::open().await;
    let sid = list(&floor, "CredentialLists").await;
    let all = format!("SIP/CredentialLists/{sid}/Credentials.json");
    for (name, word) in [
        ("", STRONG),
        ("front desk", STRONG),
        ("desk", ""),
        ("desk", "Short-1"),
        ("desk", "nothing-is-large-1"),
        ("desk", "NOTHING-IS-SMALL-1"),
        ("desk", "Nothing-is-a-digit"),
    ] {
        let form = [("Username", name), ("Password", word)];
        assert_eq!(
            refusal(&floor, &all, &form).await,
            (400, json!(20001)),
            "{form:?}"
        );
    }
    let (status, desk) = floor
        .post(&all, &[("Username", "desk"), ("Password", STRONG)])
        .await;
    assert_eq!(status, StatusCode::CREATED, "{desk}");
    let one = all.replace(".json", &format!("/{}.json", desk["sid"].as_str().unwrap()));
    assert_eq!(
        refusal(&floor, &one, &[("Password", "weak")]).await,
        (400, json!(20001))
    );
    floor.close().await;
}

#[tokio::test]
async fn a_trunk_with_all_its_lists_says_that_there_is_no_room() {
    let floor = Floor::open().await;
    let trunk = trunk(&floor, &[]).await;
    let mut last = String::new();
    for _ in 0..100 {
        last = list(&floor, "CredentialLists").await;
        let form = [("CredentialListSid", last.as_str())];
        trunking(&floor, &format!("/{trunk}/CredentialLists"), &form).await;
    }
    let map = async |list: &str| -> Value {
        let url = floor.url(&format!("/v1/Trunks/{trunk}/CredentialLists"));
        let form = [("CredentialListSid", list)];
        signed_in(floor.client.post(url).form(&form))
            .await
            .json()
            .await
            .unwrap()
    };
    assert_eq!(map(&last).await["code"], 20409);
    let refused = map(&list(&floor, "CredentialLists").await).await;
    assert_eq!(refused["code"], 20001);
    assert!(
        refused["message"].as_str().unwrap().contains("no room"),
        "{refused}"
    );
    floor.close().await;
}

#[tokio::test]
async fn every_read_warns_of_a_parameter_that_it_does_not_have() {
    let floor = Floor::open().await;
    floor.listener_at(PROSPECT).await;
    let call = floor.place(&[("Twiml", "<Response/>")]).await;
    let trunk = trunk(&floor, &[]).await;
    let list = list(&floor, "CredentialLists").await;
    let rest = |path: &str| format!("/2010-04-01/Accounts/{ACCOUNT_SID}/{path}?Colour=green");
    for path in [
        rest("Calls.json"),
        rest(&format!("Calls/{call}.json")),
        rest("SIP/Domains.json"),
        rest("SIP/CredentialLists.json"),
        rest(&format!("SIP/CredentialLists/{list}.json")),
        rest(&format!("SIP/CredentialLists/{list}/Credentials.json")),
        rest("Balance.json"),
        format!("/2010-04-01/Accounts/{ACCOUNT_SID}.json?Colour=green"),
        "/v1/Trunks?Colour=green".to_owned(),
        format!("/v1/Trunks/{trunk}?Colour=green"),
        format!("/v1/Trunks/{trunk}/OriginationUrls?Colour=green"),
        format!("/v1/Keys?AccountSid={ACCOUNT_SID}&Colour=green"),
        "/v1/Policies?Colour=green".to_owned(),
        "/v1/CustomerProfiles?Status=draft&Colour=green".to_owned(),
        "/v1/DialingPermissions/Countries/US?Colour=green".to_owned(),
        "/v1/DialingPermissions/Countries?IsoCode=US&Colour=green".to_owned(),
        "/v1/Settings?Colour=green".to_owned(),
    ] {
        let before = codes(&floor).await.len();
        let response = signed_in(floor.client.get(floor.url(&path))).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(codes(&floor).await.len(), before + 1, "{path}");
    }
    assert!(codes(&floor).await.iter().all(|code| code == "20001"));
    floor.close().await;
}

#[tokio::test]
async fn a_pbx_is_known_by_its_name_in_any_case() {
    let floor = Floor::open().await;
    let desk = json!({ "name": "desk", "answer": { "after": { "ring_ms": 50 } }, "script": "listen" });
    let pbx = json!({ "domain": "PBX.Example.com", "extensions": { "100": { "persona": desk } } });
    floor.control("pbxs", "", &json!([pbx])).await;
    for to in ["sip:100@pbx.example.com", "sip:100@PBX.EXAMPLE.COM"] {
        let form = [
            ("To", to),
            ("From", OWN_NUMBER),
            ("Twiml", "<Response><Pause length=\"60\"/></Response>"),
        ];
        let (_, call) = floor.post("Calls.json", &form).await;
        floor
            .wait_for_status(call["sid"].as_str().unwrap(), "in-progress")
            .await;
    }
    let order = json!({ "extension": "100", "to": "sip:sales@nowhere.sip.twilio.com" });
    let path = floor.url("/emulator/pbxs/pbx.EXAMPLE.com/calls");
    let refused: Value = signed_in(floor.client.post(path).json(&order))
        .await
        .json()
        .await
        .unwrap();
    let message = refused["message"].as_str().unwrap();
    assert!(
        message.contains("nowhere.sip.twilio.com"),
        "the domain is what is missing: {refused}"
    );
    floor.close().await;
}

//! What signalling does with clients that behave oddly, are too many, or belong to somebody else.

use serde_json::{Value, json};

use crate::floor::{ACCOUNT_SID, Floor, OWN_NUMBER, eventually, signed_in};
use crate::sdk::{Key, OFFER, Sdk, application, now_s, token, token_of};

#[tokio::test]
async fn frames_that_mean_nothing_are_survived_and_the_heart_beats() {
    let floor = Floor::open().await;
    let application = application(&floor).await;
    let mut sdk = Sdk::connect(&floor).await;
    for text in [
        "",
        "\n",
        "{}",
        "not json",
        r#"{"type":"gossip","payload":{}}"#,
        r#"{"type":"invite"}"#,
    ] {
        sdk.send_text(text).await;
    }
    sdk.send("register", json!({ "media": { "audio": true } })).await;
    for kind in ["hangup", "reject", "reinvite", "answer", "dtmf"] {
        let payload = json!({ "callsid": "CA0", "sdp": OFFER, "dtmf": "1" });
        sdk.send(kind, payload).await;
    }
    // A call that nobody had: its microphone was denied before its `invite`.
    sdk.send("hangup", json!({ "callsid": "TJS9" })).await;
    assert_eq!(
        sdk.expect("hangup").await["callsid"],
        "CA0",
        "nobody rings any more"
    );
    sdk.heartbeat().await;
    sdk.send("listen", json!({ "token": token(&application, now_s() + 600) }))
        .await;
    sdk.expect("connected").await;
    floor.close().await;
}

#[tokio::test]
async fn too_many_frames_are_told_once_and_the_socket_stays() {
    let floor = Floor::open().await;
    let application = application(&floor).await;
    let mut sdk = Sdk::listen(&floor, &application, 0).await;
    for _ in 0..1_000 {
        sdk.send("hangup", json!({ "callsid": "TJS9" })).await;
    }
    assert_eq!(sdk.expect("error").await["error"]["code"], 31206);
    eventually("it is heard again", async || {
        sdk.send("register", json!({ "media": { "audio": true } })).await;
        let events = floor.events("signal.registered").await;
        (!events.is_empty()).then_some(())
    })
    .await;
    floor.close().await;
}

#[tokio::test]
async fn of_many_devices_the_newest_ten_ring_and_there_is_an_end_to_them() {
    let floor = Floor::open().await;
    let application = application(&floor).await;
    let mut devices = Vec::new();
    for _ in 0..12 {
        devices.push(Sdk::register(&floor, &application).await);
    }
    let form = [
        ("To", "client:agent_1"),
        ("From", OWN_NUMBER),
        ("Twiml", "<Response/>"),
    ];
    let (_, call) = floor.post("Calls.json", &form).await;
    for device in &mut devices[2..] {
        assert_eq!(device.expect("invite").await["callsid"], call["sid"]);
    }
    for device in &mut devices[..2] {
        device
            .send("register", json!({ "media": { "audio": true } }))
            .await;
        device.expect("ready").await;
    }
    for _ in 12..50 {
        devices.push(Sdk::listen(&floor, &application, 0).await);
    }
    let mut last = Sdk::connect(&floor).await;
    let listen = json!({ "token": token(&application, now_s() + 600) });
    last.send("listen", listen.clone()).await;
    assert_eq!(last.expect("error").await["error"]["code"], 31206);
    devices.truncate(49);
    eventually("there is room again", async || {
        last.send("listen", listen.clone()).await;
        (last.next().await["type"] == "connected").then_some(())
    })
    .await;
    floor.close().await;
}

#[tokio::test]
async fn identities_of_two_accounts_do_not_meet() {
    let floor = Floor::open().await;
    let ours = application(&floor).await;
    let account = floor
        .client
        .post(floor.url("/2010-04-01/Accounts.json"))
        .form(&[("FriendlyName", "theirs")]);
    let account: Value = signed_in(account).await.json().await.unwrap();
    let account = account["sid"].as_str().unwrap().to_owned();
    let key = floor
        .client
        .post(floor.url(&format!("/2010-04-01/Accounts/{account}/Keys.json")));
    let key: Value = signed_in(key).await.json().await.unwrap();
    let key = Key {
        account: account.clone(),
        sid: key["sid"].as_str().unwrap().to_owned(),
        secret: key["secret"].as_str().unwrap().to_owned(),
    };
    let mut here = Sdk::register(&floor, &ours).await;
    let mut there = Sdk::connect(&floor).await;
    let theirs = token_of(&key, &ours, now_s() + 600);
    there.send("listen", json!({ "token": theirs })).await;
    assert_eq!(there.expect("connected").await["token"]["identity"], "agent_1");
    there
        .send("register", json!({ "media": { "audio": true } }))
        .await;
    there.expect("ready").await;

    rings_alone(&floor, ACCOUNT_SID, &mut here, &mut there).await;
    rings_alone(&floor, &account, &mut there, &mut here).await;

    there
        .send("invite", json!({ "callsid": "TJS1", "sdp": OFFER, "twilio": {} }))
        .await;
    assert_eq!(
        there.expect("hangup").await["error"]["code"],
        31001,
        "the application is ours"
    );
    floor.application.says("/voice", "<Pause length=\"600\"/>");
    let (call, answer) = here.call(OFFER, "").await;
    let stolen = json!({ "callsid": call, "reconnect": answer["reconnect"], "sdp": OFFER, "twilio": {} });
    there.send("invite", stolen).await;
    assert_eq!(there.expect("hangup").await["error"]["code"], 31209);
    floor.close().await;
}

#[tokio::test]
async fn keys_come_as_json_where_rtp_cannot_carry_them() {
    let floor = Floor::open().await;
    let application = application(&floor).await;
    floor
        .application
        .says("/voice", "<Gather numDigits=\"4\" action=\"/keys\"/>");
    let mut sdk = Sdk::listen(&floor, &application, 0).await;
    let (call, _) = sdk.call(OFFER, "").await;
    sdk.send("dtmf", json!({ "callsid": call, "dtmf": "1w2*9" }))
        .await;
    let gathered = floor.application.wait_for("/keys", &[("CallSid", &call)]).await;
    assert_eq!(gathered.params["Digits"], "12*9");

    let before = floor.events("digit").await.len();
    let long = json!({ "callsid": call, "dtmf": "1".repeat(10_000) });
    floor.application.says("/voice", "<Pause length=\"600\"/>");
    let (call, _) = sdk.call(OFFER, "").await;
    let mut long = long;
    long["callsid"] = json!(call);
    sdk.send("dtmf", long).await;
    sdk.send("register", json!({ "media": { "audio": true } })).await;
    sdk.expect("ready").await;
    let pressed = floor.events("digit").await.len() - before;
    assert_eq!(pressed, 255, "nobody presses more keys at once");
    floor.close().await;
}

/// A call to the identity in this account rings at `own` and not at `other`.
async fn rings_alone(floor: &Floor, account: &str, own: &mut Sdk, other: &mut Sdk) {
    let url = floor.url(&format!("/2010-04-01/Accounts/{account}/Calls.json"));
    let form = [
        ("To", "client:agent_1"),
        ("From", "client:desk"),
        ("Twiml", "<Response/>"),
    ];
    let call: Value = signed_in(floor.client.post(url).form(&form))
        .await
        .json()
        .await
        .unwrap();
    let invite = own.expect("invite").await;
    assert_eq!(invite["callsid"], call["sid"]);
    assert_eq!(invite["parameters"]["AccountSid"], account);
    own.send("reject", json!({ "callsid": invite["callsid"] })).await;
    // The next thing the other one hears is the answer to this.
    other
        .send("register", json!({ "media": { "audio": true } }))
        .await;
    other.expect("ready").await;
}

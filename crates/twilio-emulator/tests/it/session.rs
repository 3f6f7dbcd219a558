//! Sessions of Voice SDK clients: what a token says and when it is over, and what waited for a lost socket.

use serde_json::{Value, json};

use crate::floor::{Floor, OWN_NUMBER};
use crate::sdk::{Key, OFFER, Sdk, application, now_s, token, token_that_sends};
use crate::twiml::{call_in, number_says};

fn register(audio: bool) -> Value {
    json!({ "media": { "audio": audio } })
}

#[tokio::test]
async fn what_waited_for_a_lost_socket_is_heard_before_the_call_resumes() {
    let floor = Floor::open().await;
    let application = application(&floor).await;
    floor.application.says("/voice", "<Pause length=\"600\"/>");
    let mut sdk = Sdk::listen(&floor, &application, 30).await;
    let (call, _) = sdk.call(OFFER, "").await;
    drop(sdk);
    floor.wait_for_event("signal.lost", "call", &call).await;

    let mut sdk = Sdk::connect(&floor).await;
    let listen = json!({ "token": token(&application, now_s() + 600), "reconnectTimeout": 30 });
    sdk.send("listen", listen).await;
    sdk.send("dtmf", json!({ "callsid": call, "dtmf": "7" })).await;
    sdk.send("hangup", json!({ "callsid": call })).await;
    sdk.expect("connected").await;
    floor.wait_for_status(&call, "completed").await;
    floor.wait_for_event("digit", "digit", "7").await;
    floor.close().await;
}

#[tokio::test]
async fn what_another_device_says_of_a_call_that_is_not_lost_is_ignored() {
    let floor = Floor::open().await;
    let application = application(&floor).await;
    floor.application.says("/voice", "<Pause length=\"600\"/>");
    let mut desk = Sdk::listen(&floor, &application, 30).await;
    let (call, _) = desk.call(OFFER, "").await;
    let mut laptop = Sdk::listen(&floor, &application, 30).await;
    laptop.send("hangup", json!({ "callsid": call })).await;
    laptop.send("register", register(true)).await;
    laptop.expect("ready").await;
    floor.wait_for_status(&call, "in-progress").await;
    floor.close().await;
}

#[tokio::test]
async fn after_its_token_a_client_keeps_its_call_and_gets_no_other() {
    let floor = Floor::open().await;
    let application = application(&floor).await;
    floor.application.says("/voice", "<Pause length=\"600\"/>");
    let mut sdk = Sdk::connect(&floor).await;
    sdk.send("listen", json!({ "token": token(&application, now_s() + 3) }))
        .await;
    sdk.expect("connected").await;
    sdk.send("register", register(true)).await;
    sdk.expect("ready").await;
    let (call, _) = sdk.call(OFFER, "").await;
    assert_eq!(sdk.expect("error").await["error"]["code"], 31205);

    sdk.send("invite", json!({ "callsid": "TJS2", "sdp": OFFER, "twilio": {} }))
        .await;
    let refused = sdk.expect("hangup").await;
    assert_eq!(
        (&refused["callsid"], &refused["error"]["code"]),
        (&json!("TJS2"), &json!(31205))
    );
    let form = [
        ("To", "client:agent_1"),
        ("From", OWN_NUMBER),
        ("Twiml", "<Response/>"),
    ];
    let (_, unheard) = floor.post("Calls.json", &form).await;
    floor
        .wait_for_status(unheard["sid"].as_str().unwrap(), "no-answer")
        .await;
    sdk.send("register", register(false)).await;
    sdk.expect("offline").await;
    floor.wait_for_status(&call, "in-progress").await;

    sdk.send("listen", json!({ "token": token(&application, now_s() + 600) }))
        .await;
    sdk.expect("connected").await;
    sdk.send("register", register(true)).await;
    sdk.expect("ready").await;
    floor.post("Calls.json", &form).await;
    sdk.expect("invite").await;
    sdk.send("hangup", json!({ "callsid": call })).await;
    floor.wait_for_status(&call, "completed").await;
    floor.close().await;
}

#[tokio::test]
async fn what_the_token_tells_the_application_cannot_be_changed_by_the_page() {
    let floor = Floor::open().await;
    let application = application(&floor).await;
    floor.application.says("/voice", "<Pause length=\"600\"/>");
    let outgoing = json!({ "application_sid": application, "params": { "team": "east", "level": 3 } });
    let mut sdk = Sdk::connect(&floor).await;
    let token = token_that_sends(&Key::ours(), &outgoing, now_s() + 600);
    sdk.send("listen", json!({ "token": token })).await;
    sdk.expect("connected").await;
    let (call, _) = sdk.call(OFFER, "team=west&lead=7").await;
    let asked = floor.application.wait_for("/voice", &[("CallSid", &call)]).await;
    for (name, value) in [("team", "east"), ("level", "3"), ("lead", "7")] {
        assert_eq!(asked.params[name], value, "{name}");
    }
    floor.close().await;
}

#[tokio::test]
async fn eight_hundred_bytes_of_parameters_are_not_too_many() {
    let floor = Floor::open().await;
    let application = application(&floor).await;
    floor.application.says("/voice", "<Pause length=\"600\"/>");
    let mut sdk = Sdk::listen(&floor, &application, 0).await;
    let longest = "x".repeat(798);
    let (call, _) = sdk.call(OFFER, &format!("a={longest}")).await;
    let asked = floor.application.wait_for("/voice", &[("CallSid", &call)]).await;
    assert_eq!(asked.params["a"], longest);
    let params = format!("a={longest}x");
    let invite = json!({ "callsid": "TJS2", "sdp": OFFER, "twilio": { "params": params } });
    sdk.send("invite", invite).await;
    assert_eq!(sdk.expect("hangup").await["error"]["code"], 31103);
    floor.close().await;
}

#[tokio::test]
async fn a_page_sees_how_its_caller_was_attested() {
    let floor = Floor::open().await;
    let application = application(&floor).await;
    let mut sdk = Sdk::register(&floor, &application).await;
    for (attributes, status) in [
        ("", json!("TN-Validation-Passed-A")),
        // Nobody has attested the number that is shown instead.
        (&format!("callerId=\"{OWN_NUMBER}\"") as &str, Value::Null),
    ] {
        let verbs = format!("<Dial {attributes}><Client>agent_1</Client></Dial>");
        number_says(&floor, &verbs).await;
        call_in(&floor, json!({ "stir_verstat": "TN-Validation-Passed-A" })).await;
        let invite = sdk.expect("invite").await;
        assert_eq!(invite["parameters"]["StirStatus"], status, "{attributes}");
        sdk.send("reject", json!({ "callsid": invite["callsid"] })).await;
    }
    floor.close().await;
}

#[tokio::test]
async fn a_client_comes_in_where_its_host_name_says() {
    let floor = Floor::open().await;
    let application = application(&floor).await;
    for (host, region) in [
        ("voice-js.tokyo.twilio.com", "ASIAPAC_TOKYO"),
        ("voice-js.roaming.twilio.com", "US_EAST_VIRGINIA"),
    ] {
        let mut sdk = Sdk::connect_by(&floor, host).await;
        sdk.send("listen", json!({ "token": token(&application, now_s() + 600) }))
            .await;
        let connected = sdk.expect("connected").await;
        assert_eq!(connected["region"], region, "{host}");
        assert_eq!(connected["home"], "us1", "insights stay at home");
    }
    floor.close().await;
}

#[tokio::test]
async fn a_caller_who_is_turned_away_is_told_how() {
    let floor = Floor::open().await;
    let application = application(&floor).await;
    let mut sdk = Sdk::listen(&floor, &application, 0).await;
    for (verbs, code) in [
        ("<Reject/>", json!(31603)),
        ("<Reject reason=\"busy\"/>", json!(31486)),
        ("<Hangup/>", Value::Null),
    ] {
        floor.application.says("/voice", verbs);
        sdk.send("invite", json!({ "callsid": "TJS1", "sdp": OFFER, "twilio": {} }))
            .await;
        sdk.expect("ringing").await;
        let mut frame = sdk.next().await;
        if frame["type"] == "answer" {
            frame = sdk.next().await;
        }
        assert_eq!(frame["type"], "hangup", "{verbs}");
        assert_eq!(frame["payload"]["error"]["code"], code, "{verbs}");
    }
    floor.close().await;
}

#[tokio::test]
async fn the_application_learns_what_kind_of_message_it_gets() {
    let floor = Floor::open().await;
    let application = application(&floor).await;
    floor.application.says("/voice", "<Pause length=\"600\"/>");
    let mut sdk = Sdk::listen(&floor, &application, 0).await;
    let (call, _) = sdk.call(OFFER, "").await;
    let callback = floor.application.url("/message");
    let path = format!("Calls/{call}/UserDefinedMessageSubscriptions.json");
    floor.post(&path, &[("Callback", &callback)]).await;
    for (sid, kind) in [("KX1", "application/json"), ("KX2", "text/plain")] {
        let message = json!({ "callsid": call, "content": "hello", "contenttype": kind,
            "messagetype": "user-defined-message", "voiceeventsid": sid });
        sdk.send("message", message).await;
        sdk.expect("ack").await;
        let told = floor.application.wait_for("/message", &[("Sid", sid)]).await;
        assert_eq!(told.params["ContentType"], kind);
    }
    floor.close().await;
}

#[tokio::test]
async fn every_sound_of_the_sdk_is_there_for_any_page() {
    let floor = Floor::open().await;
    let keys = (0..10).map(|digit| format!("dtmf-{digit}"));
    let others = ["dtmf-hash", "dtmf-star", "incoming", "outgoing", "disconnect"];
    let names: Vec<String> = keys.chain(others.map(str::to_owned)).collect();
    assert_eq!(names.len(), 15);
    for name in names {
        let path = format!("/js/client/sounds/releases/1.0.0/{name}.mp3?cache=2.18.5");
        let request = floor
            .client
            .get(floor.url(&path))
            .header("Origin", "https://floor.example");
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200, "{name}");
        assert_eq!(response.headers()["access-control-allow-origin"], "*", "{name}");
        let sound = audio::wav::read(&response.bytes().await.unwrap()).unwrap();
        assert!(!sound.samples.is_empty(), "{name}");
    }
    floor.close().await;
}

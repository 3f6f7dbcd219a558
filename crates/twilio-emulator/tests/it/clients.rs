//! Voice SDK clients: tokens, registration, calls into rooms, reconnects.

use serde_json::json;

use crate::floor::Floor;
use crate::sdk::{OFFER, Sdk, application, now_s, token};

#[tokio::test]
async fn a_client_registers_calls_and_hangs_up() {
    let floor = Floor::open().await;
    let application = application(&floor).await;
    floor.application.says(
        "/voice",
        "<Dial><Conference waitUrl=\"\">seat_1</Conference></Dial>",
    );
    let mut sdk = Sdk::listen(&floor, &application, 0).await;
    sdk.send("register", json!({ "media": { "audio": true } })).await;
    sdk.expect("ready").await;
    let (call, answer) = sdk.call(OFFER, "seat=seat%201&To=%2B15005550001").await;
    assert!(answer["reconnect"].is_string() && answer["sdp"].is_string());
    let fetch = floor.application.wait_for("/voice", &[("CallSid", &call)]).await;
    assert!(fetch.signed);
    assert_eq!(fetch.params["From"], "client:agent_1");
    assert_eq!(fetch.params["To"], "+15005550001");
    assert_eq!(fetch.params["seat"], "seat 1");
    assert_eq!(
        (
            fetch.params["CallStatus"].as_str(),
            fetch.params["Direction"].as_str()
        ),
        ("ringing", "inbound")
    );
    floor.wait_for_event("participant.join", "call", &call).await;

    let message = json!({ "callsid": call, "content": { "hi": 1 }, "contenttype": "application/json",
        "messagetype": "user-defined-message", "voiceeventsid": "KX1" });
    sdk.send("message", message).await;
    assert_eq!(sdk.expect("ack").await["voiceeventsid"], "KX1");
    sdk.send("hangup", json!({ "callsid": call })).await;
    floor
        .application
        .wait_for("/leg", &[("CallSid", &call), ("CallStatus", "completed")])
        .await;
    sdk.send("register", json!({ "media": { "audio": false } })).await;
    sdk.expect("offline").await;
    floor.close().await;
}

#[tokio::test]
async fn a_call_that_the_network_ends_is_hung_up_at_the_client() {
    let floor = Floor::open().await;
    let application = application(&floor).await;
    floor.application.says("/voice", "<Pause length=\"600\"/>");
    let mut sdk = Sdk::listen(&floor, &application, 0).await;
    let (call, _) = sdk.call(OFFER, "").await;
    floor
        .post(&format!("Calls/{call}.json"), &[("Status", "completed")])
        .await;
    let hangup = sdk.expect("hangup").await;
    assert_eq!(hangup["callsid"], call);
    assert!(hangup.get("error").is_none());
    floor.close().await;
}

#[tokio::test]
async fn calls_that_cannot_be_made_are_hung_up_with_a_reason() {
    let floor = Floor::open().await;
    let application = application(&floor).await;
    let mut sdk = Sdk::connect(&floor).await;
    sdk.send("listen", json!({ "token": token("AP0", now_s() + 600) }))
        .await;
    sdk.expect("connected").await;
    sdk.send("invite", json!({ "callsid": "TJS1", "sdp": OFFER, "twilio": {} }))
        .await;
    assert_eq!(sdk.expect("hangup").await["error"]["code"], 31001);

    let mut sdk = Sdk::listen(&floor, &application, 0).await;
    let params = format!("a={}", "x".repeat(800));
    sdk.send(
        "invite",
        json!({ "callsid": "TJS1", "sdp": OFFER, "twilio": { "params": params } }),
    )
    .await;
    assert_eq!(sdk.expect("hangup").await["error"]["code"], 31103);
    floor.application.says("/voice", "<Reject/>");
    sdk.send("invite", json!({ "callsid": "TJS2", "sdp": OFFER, "twilio": {} }))
        .await;
    sdk.expect("ringing").await;
    assert_eq!(sdk.expect("hangup").await["error"]["code"], 31603);
    floor.close().await;
}

#[tokio::test]
async fn a_bad_token_is_told_and_the_socket_stays() {
    let floor = Floor::open().await;
    let application = application(&floor).await;
    let mut sdk = Sdk::connect(&floor).await;
    sdk.send("listen", json!({ "token": "not-a-jwt" })).await;
    assert_eq!(sdk.expect("error").await["error"]["code"], 31204);
    sdk.send("listen", json!({ "token": token(&application, now_s() - 1) }))
        .await;
    assert_eq!(sdk.expect("error").await["error"]["code"], 31205);
    sdk.send("listen", json!({ "token": token(&application, now_s() + 2) }))
        .await;
    sdk.expect("connected").await;
    assert_eq!(
        sdk.expect("error").await["error"]["code"],
        31205,
        "it expires on the live socket"
    );
    floor.close().await;
}

#[tokio::test]
async fn a_call_outlives_a_new_token_and_a_lost_socket() {
    let floor = Floor::open().await;
    let application = application(&floor).await;
    floor.application.says("/voice", "<Pause length=\"600\"/>");
    let mut sdk = Sdk::listen(&floor, &application, 10).await;
    let (call, answer) = sdk.call(OFFER, "").await;
    let resume = json!({ "callsid": call, "reconnect": answer["reconnect"], "sdp": OFFER, "twilio": {} });

    sdk.send(
        "listen",
        json!({ "token": token(&application, now_s() + 900), "reconnectTimeout": 10 }),
    )
    .await;
    sdk.expect("connected").await;
    sdk.send("invite", resume.clone()).await;
    assert!(
        sdk.expect("answer").await.get("sdp").is_none(),
        "the transport is the same"
    );
    drop(sdk);
    floor.wait_for_event("signal.lost", "call", &call).await;

    let mut sdk = Sdk::listen(&floor, &application, 10).await;
    let restarted = json!({ "callsid": call, "reconnect": answer["reconnect"],
        "sdp": OFFER.replace("first", "second"), "twilio": {} });
    sdk.send("invite", restarted).await;
    assert!(
        sdk.expect("answer").await["sdp"].is_string(),
        "a new transport gets an answer"
    );
    let stolen = json!({ "callsid": call, "reconnect": "RTguess", "sdp": OFFER, "twilio": {} });
    sdk.send("invite", stolen).await;
    assert_eq!(sdk.expect("hangup").await["error"]["code"], 31209);
    floor.wait_for_status(&call, "in-progress").await;
    floor.close().await;
}

#[tokio::test]
async fn a_client_that_does_not_come_back_loses_its_call() {
    let floor = Floor::open().await;
    let application = application(&floor).await;
    floor.application.says("/voice", "<Pause length=\"600\"/>");
    let mut sdk = Sdk::listen(&floor, &application, 1).await;
    let (call, _) = sdk.call(OFFER, "").await;
    drop(sdk);
    floor
        .application
        .wait_for("/leg", &[("CallSid", &call), ("CallStatus", "completed")])
        .await;
    floor.close().await;
}

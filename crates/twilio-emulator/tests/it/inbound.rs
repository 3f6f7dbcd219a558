//! Calls to Voice SDK clients: who rings, who gets the call, and what the caller learns.

use serde_json::{Value, json};

use crate::floor::{Floor, OWN_NUMBER};
use crate::sdk::{OFFER, Sdk, application};

/// Calls `agent_1` with these further parameters and gives the `CallSid`.
async fn call_client(floor: &Floor, more: &[(&str, &str)]) -> String {
    let status = floor.application.url("/status");
    let mut form = vec![("From", OWN_NUMBER), ("StatusCallback", status.as_str())];
    if more.iter().all(|(name, _)| *name != "To") {
        form.push(("To", "client:agent_1"));
    }
    form.extend(
        ["initiated", "ringing", "answered", "completed"].map(|event| ("StatusCallbackEvent", event)),
    );
    form.push(("Twiml", "<Response><Pause length=\"600\"/></Response>"));
    form.extend(more);
    let (_, call) = floor.post("Calls.json", &form).await;
    call["sid"]
        .as_str()
        .unwrap_or_else(|| panic!("{call}"))
        .to_owned()
}

fn answer(invite: &Value) -> Value {
    json!({ "callsid": invite["callsid"], "sdp": OFFER })
}

#[tokio::test]
async fn the_first_device_to_answer_has_the_call_and_the_others_stop() {
    let floor = Floor::open().await;
    let application = application(&floor).await;
    let mut desk = Sdk::register(&floor, &application).await;
    let mut laptop = Sdk::register(&floor, &application).await;
    let mut unregistered = Sdk::listen(&floor, &application, 0).await;
    let call = call_client(&floor, &[("To", "client:agent_1?lead=L%207&x=%26")]).await;
    let (invite, other) = (desk.expect("invite").await, laptop.expect("invite").await);
    assert_eq!(
        (&invite["callsid"], &other["callsid"]),
        (&json!(call), &json!(call))
    );
    assert_eq!(invite["parameters"]["From"], OWN_NUMBER);
    assert_eq!(invite["parameters"]["To"], "client:agent_1");
    assert_eq!(invite["parameters"]["Params"], "lead=L+7&x=%26");
    assert!(invite["reconnect"].is_string() && invite["sdp"].is_string());
    floor.wait_for_status(&call, "ringing").await;

    laptop.send("answer", answer(&other)).await;
    assert_eq!(desk.expect("cancel").await["callsid"], call);
    floor.wait_for_status(&call, "in-progress").await;
    desk.send("answer", answer(&invite)).await;
    assert_eq!(desk.expect("hangup").await["callsid"], call, "too late");
    floor.wait_for_status(&call, "in-progress").await;

    laptop.send("hangup", json!({ "callsid": call })).await;
    let end = [("CallSid", call.as_str()), ("CallStatus", "completed")];
    floor.application.wait_for("/status", &end).await;
    unregistered
        .send("register", json!({ "media": { "audio": false } }))
        .await;
    unregistered.expect("offline").await;
    floor.close().await;
}

#[tokio::test]
async fn a_device_that_rejects_ends_the_ringing_everywhere() {
    let floor = Floor::open().await;
    let application = application(&floor).await;
    let mut desk = Sdk::register(&floor, &application).await;
    let mut laptop = Sdk::register(&floor, &application).await;
    let call = call_client(&floor, &[]).await;
    desk.expect("invite").await;
    laptop.expect("invite").await;
    desk.send("reject", json!({ "callsid": call })).await;
    assert_eq!(laptop.expect("cancel").await["callsid"], call);
    floor.wait_for_status(&call, "busy").await;
    floor.close().await;
}

#[tokio::test]
async fn an_ignored_call_rings_until_its_time_out_and_then_is_canceled() {
    let floor = Floor::open().await;
    let application = application(&floor).await;
    let mut sdk = Sdk::register(&floor, &application).await;
    let call = call_client(&floor, &[("Timeout", "1")]).await;
    sdk.expect("invite").await;
    assert_eq!(sdk.expect("cancel").await["callsid"], call);
    floor.wait_for_status(&call, "no-answer").await;

    let call = call_client(&floor, &[]).await;
    sdk.expect("invite").await;
    let path = format!("Calls/{call}.json");
    floor.post(&path, &[("Status", "canceled")]).await;
    assert_eq!(sdk.expect("cancel").await["callsid"], call);
    floor.close().await;
}

#[tokio::test]
async fn a_client_that_is_nowhere_does_not_answer() {
    let floor = Floor::open().await;
    let call = call_client(&floor, &[]).await;
    floor.wait_for_status(&call, "no-answer").await;
    let application = application(&floor).await;
    let sdk = Sdk::register(&floor, &application).await;
    let call = call_client(&floor, &[]).await;
    floor.wait_for_status(&call, "ringing").await;
    drop(sdk);
    floor.wait_for_status(&call, "no-answer").await;
    floor.close().await;
}

#[tokio::test]
async fn page_and_application_exchange_messages() {
    let floor = Floor::open().await;
    let application = application(&floor).await;
    floor.application.says("/voice", "<Pause length=\"600\"/>");
    let mut sdk = Sdk::listen(&floor, &application, 0).await;
    let (call, _) = sdk.call(OFFER, "").await;
    let callback = floor.application.url("/message");
    let path = format!("Calls/{call}/UserDefinedMessageSubscriptions.json");
    let (status, subscription) = floor.post(&path, &[("Callback", &callback)]).await;
    assert_eq!(status, 201, "{subscription}");

    let say = |kind: &str, content: Value| {
        json!({ "callsid": call, "content": content, "contenttype": "application/json",
            "messagetype": kind, "voiceeventsid": "KX1" })
    };
    sdk.send("message", say("user-defined-message", json!({ "mood": "good" })))
        .await;
    assert_eq!(sdk.expect("ack").await["voiceeventsid"], "KX1");
    let told = floor
        .application
        .wait_for("/message", &[("CallSid", &call)])
        .await;
    assert_eq!(told.params["Content"], "{\"mood\":\"good\"}");
    sdk.send("message", say("gossip", json!({}))).await;
    assert_eq!(sdk.expect("error").await["error"]["code"], 31210);
    sdk.send("message", say("user-defined-message", json!("x".repeat(10_001))))
        .await;
    let error = sdk.expect("error").await;
    assert_eq!(
        (&error["error"]["code"], &error["voiceeventsid"]),
        (&json!(31212), &json!("KX1"))
    );

    let path = format!("Calls/{call}/UserDefinedMessages.json");
    let (status, sent) = floor.post(&path, &[("Content", "{\"whisper\":1}")]).await;
    assert_eq!(status, 201, "{sent}");
    let heard = sdk.expect("message").await;
    assert_eq!(
        (&heard["content"]["whisper"], &heard["voiceeventsid"]),
        (&json!(1), &sent["sid"])
    );
    floor.close().await;
}

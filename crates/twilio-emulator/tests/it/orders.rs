//! What clients may ask of calls, and what they are told if it makes no sense.

use reqwest::StatusCode;
use serde_json::Value;

use crate::application::Answer;
use crate::floor::{Floor, OWN_NUMBER, PROSPECT, eventually, signed_in};

const TALK: (&str, &str) = ("Twiml", "<Response><Pause length=\"60\"/></Response>");

/// Waits for a notification with this code and gives its text.
async fn noted(floor: &Floor, code: &str) -> String {
    eventually(&format!("{code} is noted"), async || {
        let notes = floor.get("Notifications.json").await;
        let all = notes["notifications"].as_array().unwrap();
        let note = all.iter().find(|note| note["error_code"] == code)?;
        Some(note["message_text"].as_str().unwrap().to_owned())
    })
    .await
}

#[tokio::test]
async fn the_last_callback_tells_of_the_recording_that_was_asked_for() {
    let floor = Floor::open().await;
    floor.listener_at(PROSPECT).await;
    let call = floor
        .place(&[("Record", "true"), ("Twiml", "<Response><Pause/></Response>")])
        .await;
    let last = floor
        .application
        .wait_for("/status", &[("CallStatus", "completed")])
        .await;
    let recordings = floor.get(&format!("Calls/{call}/Recordings.json")).await;
    let recording = &recordings["recordings"][0];
    assert_eq!(last.params["RecordingSid"], *recording["sid"].as_str().unwrap());
    assert_eq!(
        last.params["RecordingUrl"],
        *recording["media_url"].as_str().unwrap()
    );
    assert_eq!(last.params["RecordingDuration"], "1");
    let first = floor
        .application
        .wait_for("/status", &[("CallStatus", "in-progress")])
        .await;
    assert!(!first.params.contains_key("RecordingSid"));
    floor.close().await;
}

#[tokio::test]
async fn a_live_call_takes_another_callback_and_another_time_limit() {
    let floor = Floor::open().await;
    floor.listener_at(PROSPECT).await;
    let call = floor.place(&[TALK]).await;
    floor.wait_for_status(&call, "in-progress").await;
    let later = floor.application.url("/later");
    let form = [("StatusCallback", later.as_str()), ("TimeLimit", "1")];
    let (status, _) = floor.post(&format!("Calls/{call}.json"), &form).await;
    assert_eq!(status, StatusCode::OK);
    let last = floor.application.wait_for("/later", &[("CallSid", &call)]).await;
    assert_eq!(last.params["CallStatus"], "completed");
    assert_eq!(last.params["SequenceNumber"], "3", "the count goes on");
    let (_, error) = floor
        .post(&format!("Calls/{call}.json"), &[("TimeLimit", "9")])
        .await;
    assert_eq!(error["code"], 21220, "it is over");
    floor.close().await;
}

#[tokio::test]
async fn orders_that_make_no_sense_are_refused() {
    let floor = Floor::open().await;
    let reason = "r".repeat(51);
    for (name, value, code) in [
        ("Timeout", "0", 21208),
        ("TimeLimit", "0", 20001),
        ("TimeLimit", "soon", 20001),
        ("CallReason", reason.as_str(), 20001),
        ("Trim", "a-little", 20001),
        ("RecordingChannels", "three", 20001),
        ("RecordingTrack", "upward", 20001),
        ("RecordingStatusCallbackEvent", "started", 20001),
        ("StatusCallback", "http://a_host.example/", 21609),
        ("SendDigits", "12x", 21206),
        ("CallerId", "anybody", 21212),
        ("Record", "maybe", 20001),
    ] {
        let form = [("To", PROSPECT), ("From", OWN_NUMBER), TALK, (name, value)];
        let (status, error) = floor.post("Calls.json", &form).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{name}={value}");
        assert_eq!(error["code"], code, "{name}={value}: {error}");
    }
    let all = floor.get("Calls.json").await;
    assert_eq!(all["calls"], Value::Array(Vec::new()), "nothing was placed");
    floor.close().await;
}

#[tokio::test]
async fn what_is_unknown_is_noted_and_the_call_is_placed() {
    let floor = Floor::open().await;
    floor.listener_at(PROSPECT).await;
    let call = floor
        .place(&[TALK, ("StatusCallbackEvent", "busy"), ("Colour", "blue")])
        .await;
    assert!(noted(&floor, "20001").await.contains("Colour"));
    assert!(noted(&floor, "21626").await.contains("busy"));
    floor.wait_for_status(&call, "in-progress").await;
    let amd = [("MachineDetection", "Enable"), ("AsyncAmd", "true")];
    floor.place(&[TALK, amd[0], amd[1]]).await;
    assert!(noted(&floor, "21262").await.contains("AsyncAmdStatusCallback"));
    floor.application.answers_with("/status", &[Answer::Status(404)]);
    let status = floor.application.url("/status");
    let events = ("StatusCallbackEvent", "initiated");
    floor.place(&[TALK, ("StatusCallback", &status), events]).await;
    assert!(noted(&floor, "15003").await.contains("404"));
    floor.get("Conferences.json?Shape=round").await;
    eventually("the conference's parameter is noted", async || {
        let notes = floor.get("Notifications.json").await;
        notes.to_string().contains("Shape").then_some(())
    })
    .await;
    floor.close().await;
}

#[tokio::test]
async fn a_get_with_a_body_is_turned_away_and_so_is_a_wrong_method() {
    let floor = Floor::open().await;
    let get = floor
        .client
        .get(floor.rest("Calls.json"))
        .form(&[("To", PROSPECT)]);
    assert_eq!(signed_in(get).await.status(), StatusCode::FORBIDDEN);
    let wrong = signed_in(floor.client.delete(floor.rest("Calls.json"))).await;
    assert_eq!(wrong.status(), StatusCode::METHOD_NOT_ALLOWED);
    let error: Value = wrong.json().await.unwrap();
    assert_eq!(error["code"], 20004);
    floor.close().await;
}

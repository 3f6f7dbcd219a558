//! What `<Record transcribe>` makes of the words that were said.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::application::Received;
use crate::floor::{AUTH_TOKEN, Floor, signed_in};
use crate::recordings::caller;
use crate::time::{advance, virtual_floor};

const TRANSCRIBE: &str = "transcribe=\"true\" transcribeCallback=\"/transcribed\" timeout=\"2\"";

/// Somebody with this script calls in virtual time and is recorded for a while.
async fn recorded(attributes: &str, script: &Value, ms: u32) -> Floor {
    let floor = virtual_floor().await;
    floor.application.says("/after", "<Hangup/>");
    let person = json!({ "name": "Ada", "answer": { "after": { "ring_ms": 1 } }, "script": script });
    let verbs = format!("<Record action=\"/after\" {attributes}/>");
    caller(&floor, person, &verbs).await;
    advance(&floor, ms).await;
    floor
}

fn told(floor: &Floor) -> Vec<Received> {
    floor.application.received("/transcribed")
}

fn speaker() -> Value {
    json!({ "talk": { "lines": ["Please call me back as soon as you can. My name is Ada."] } })
}

#[tokio::test]
async fn the_words_of_a_message_are_written_down() {
    let floor = recorded(TRANSCRIBE, &speaker(), 60_000).await;
    let told = told(&floor).pop().unwrap();
    assert!(told.signed, "with {AUTH_TOKEN}");
    let words = "Please call me back as soon as you can. My name is Ada.";
    let recording = &told.params["RecordingSid"];
    let sid = told.params["TranscriptionSid"].clone();
    assert!(sid.starts_with("TR") && sid.len() == 34);
    for (name, value) in [
        ("TranscriptionStatus", "completed"),
        ("TranscriptionText", words),
        ("TranscriptionType", "fast"),
        ("CallStatus", "completed"),
        ("Direction", "inbound"),
        ("url", floor.application.url("/transcribed").as_str()),
    ] {
        assert_eq!(told.params[name], value, "{name}");
    }
    assert_eq!(
        told.params["TranscriptionUrl"],
        format!("{}/Transcriptions/{sid}", told.params["RecordingUrl"])
    );
    assert!(!told.params.contains_key("CallerCity"));

    let list = floor.get("Transcriptions.json").await;
    let of_recording = floor
        .get(&format!("Recordings/{recording}/Transcriptions.json"))
        .await;
    assert_eq!(list["transcriptions"], of_recording["transcriptions"]);
    let row = &list["transcriptions"][0];
    assert_eq!((&row["sid"], &row["status"]), (&json!(sid), &json!("completed")));
    assert_eq!(
        (&row["transcription_text"], &row["recording_sid"]),
        (&json!(words), &json!(recording))
    );
    let facts = floor.get(&format!("Recordings/{recording}.json")).await;
    assert_eq!(
        (&row["duration"], &row["price"]),
        (&facts["duration"], &json!(-0.05))
    );
    let one = format!("Recordings/{recording}/Transcriptions/{sid}.json");
    assert_eq!(floor.get(&one).await, *row);
    let path = floor.rest(&format!("Transcriptions/{sid}.json"));
    let gone = signed_in(floor.client.delete(&path)).await.status();
    assert_eq!(gone, StatusCode::NO_CONTENT);
    assert_eq!(
        signed_in(floor.client.get(&path)).await.status(),
        StatusCode::NOT_FOUND
    );
    floor.close().await;
}

#[tokio::test]
async fn what_has_no_known_words_fails() {
    let tone = json!({ "tones": { "steps": [{ "freq_hz": 440.0, "ms": 9_000 }], "repeat": false } });
    // A callback alone asks for it too.
    let floor = recorded("transcribeCallback=\"/transcribed\"", &tone, 60_000).await;
    let told = told(&floor).pop().unwrap();
    assert_eq!(told.params["TranscriptionStatus"], "failed");
    assert_eq!(told.params["TranscriptionText"], "(blank)");
    let row = &floor.get("Transcriptions.json").await["transcriptions"][0];
    assert_eq!((&row["status"], &row["price"]), (&json!("failed"), &Value::Null));
    floor.close().await;
}

#[tokio::test]
async fn only_from_two_seconds_to_two_minutes_are_transcribed() {
    let endless = json!({ "tones": { "steps": [{ "freq_hz": 440.0, "ms": 1_000 }], "repeat": true } });
    for (length, transcribed) in [("maxLength=\"1\"", 0), ("maxLength=\"121\"", 0), ("", 1)] {
        let floor = recorded(&format!("{TRANSCRIBE} {length}"), &endless, 200_000).await;
        let list = floor.get("Transcriptions.json").await;
        let rows = list["transcriptions"].as_array().unwrap();
        assert_eq!(rows.len(), transcribed, "{length}");
        assert_eq!(told(&floor).len(), transcribed, "{length}");
        let warned = floor.events("notification").await;
        let warned = warned.iter().any(|event| event["code"] == "13617");
        assert_eq!(warned, transcribed == 0, "{length}");
        assert!(
            rows.iter().all(|row| row["duration"] == "120"),
            "the default length of what is transcribed"
        );
        floor.close().await;
    }
}

#[tokio::test]
async fn a_recording_that_is_deleted_meanwhile_is_not_transcribed() {
    let floor = recorded(TRANSCRIBE, &speaker(), 1_000).await;
    // The action hangs up as soon as there is a recording, which takes five seconds to transcribe.
    let mut in_progress = Value::Null;
    for _ in 0..60 {
        advance(&floor, 1_000).await;
        let list = floor.get("Transcriptions.json").await;
        if let Some(row) = list["transcriptions"].get(0) {
            in_progress = row.clone();
            break;
        }
    }
    assert_eq!(in_progress["status"], "in-progress");
    assert_eq!(in_progress["transcription_text"], Value::Null);
    let recording = in_progress["recording_sid"].as_str().unwrap();
    let path = floor.rest(&format!("Recordings/{recording}.json"));
    assert_eq!(
        signed_in(floor.client.delete(path)).await.status(),
        StatusCode::NO_CONTENT
    );
    advance(&floor, 10_000).await;
    assert_eq!(
        told(&floor).pop().unwrap().params["TranscriptionStatus"],
        "failed"
    );
    let warned = floor.events("notification").await;
    assert!(warned.iter().any(|event| event["code"] == "13618"));
    floor.close().await;
}

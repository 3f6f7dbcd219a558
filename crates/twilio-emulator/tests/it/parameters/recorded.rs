//! What is recorded of a call, and how.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::placed;
use crate::floor::{Floor, OWN_NUMBER, PROSPECT, eventually, signed_in};
use crate::recordings::with_sound;
use crate::time::{advance, virtual_floor};

#[tokio::test]
async fn what_is_recorded_of_a_call() {
    let floor = virtual_floor().await;
    floor.listener_at(PROSPECT).await;
    let told = floor.application.url("/recording");
    for (form, channels, track) in [
        (&[][..], 1, "both"),
        (&[("RecordingChannels", "dual")], 2, "both"),
        (
            &[("RecordingChannels", "dual"), ("RecordingTrack", "inbound")],
            1,
            "inbound",
        ),
        (
            &[("RecordingChannels", "dual"), ("RecordingTrack", "outbound")],
            1,
            "outbound",
        ),
    ] {
        let record = [
            ("Record", "true"),
            ("RecordingStatusCallback", &told),
            ("RecordingStatusCallbackMethod", "GET"),
        ];
        let twiml = ("Twiml", "<Response><Pause length=\"3\"/></Response>");
        placed(&floor, &[&record[..], form, &[twiml]].concat()).await;
        let before = floor.application.received("/recording").len();
        advance(&floor, 10_000).await;
        let recording = floor.get("Recordings.json").await["recordings"][0].clone();
        let is = (&recording["channels"], &recording["track"], &recording["source"]);
        assert_eq!(
            is,
            (&json!(channels), &json!(track), &json!("OutboundAPI")),
            "{form:?}"
        );
        let requests = floor.application.received("/recording").split_off(before);
        let statuses: Vec<_> = requests
            .iter()
            .map(|it| it.params["RecordingStatus"].as_str())
            .collect();
        assert_eq!(statuses, ["completed"], "only the end, unless told otherwise");
        assert_eq!(requests[0].method, "GET");
        let mono = signed_status(&floor, &recording, 1).await;
        let dual = signed_status(&floor, &recording, 2).await;
        assert_eq!(mono, 200, "{form:?}");
        assert_eq!(dual, if channels == 2 { 200 } else { 400 }, "{form:?}");
    }
    floor.close().await;
}

async fn signed_status(floor: &Floor, recording: &Value, channels: u8) -> u16 {
    let path = format!(
        "Recordings/{}.wav?RequestedChannels={channels}",
        recording["sid"].as_str().unwrap()
    );
    let response = signed_in(floor.client.get(floor.rest(&path))).await;
    response.status().as_u16()
}

#[tokio::test]
async fn silence_is_cut_off_recordings_that_calls_ask_for_and_off_no_others() {
    let floor = with_sound().await;
    let steps = json!([{ "freq_hz": 0.0, "ms": 1_000 }, { "freq_hz": 600.0, "ms": 1_000 }, { "freq_hz": 0.0, "ms": 60_000 }]);
    let person = json!({ "name": "x", "answer": { "after": { "ring_ms": 50 } },
        "script": { "tones": { "steps": steps, "repeat": false } } });
    let twiml = ("Twiml", "<Response><Pause length=\"4\"/></Response>");
    let (trim, keep) = (("Trim", "trim-silence"), ("Trim", "do-not-trim"));
    let rows = [
        (true, None, true),
        (true, Some(trim), true),
        (true, Some(keep), false),
        (false, None, false),
        (false, Some(trim), true),
        (false, Some(keep), false),
    ];
    let mut calls = Vec::new();
    for (n, (by_call, wish, _)) in rows.into_iter().enumerate() {
        let number = format!("+1312555011{n}");
        floor.control("personas", &number, &person).await;
        let mut form = vec![("To", number.as_str()), ("From", OWN_NUMBER), twiml];
        if by_call {
            form.push(("Record", "true"));
            form.extend(wish);
        }
        calls.push(
            floor.post("Calls.json", &form).await.1["sid"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
    }
    for (call, (by_call, wish, _)) in calls.iter().zip(rows) {
        floor.wait_for_status(call, "in-progress").await;
        if !by_call {
            let form: Vec<_> = wish.into_iter().collect();
            let (status, error) = floor.post(&format!("Calls/{call}/Recordings.json"), &form).await;
            assert_eq!(status, StatusCode::CREATED, "{error}");
        }
    }
    for (call, (by_call, wish, cut)) in calls.iter().zip(rows) {
        let path = format!("Calls/{call}/Recordings.json");
        let recording = eventually("it is recorded", async || {
            let all = floor.get(&path).await;
            let recording = all["recordings"][0].clone();
            (recording["status"] == "completed").then_some(recording)
        })
        .await;
        let seconds: u32 = recording["duration"].as_str().unwrap().parse().unwrap();
        assert_eq!(seconds <= 2, cut, "{by_call} {wish:?}: {seconds} s");
    }
    floor.close().await;
}

//! What TwiML records: whose voice is in which channel, what is cut off, and who is told.

use audio::{tone, wav};
use serde_json::{Value, json};

use crate::application::Received;
use crate::floor::{Floor, OWN_NUMBER, eventually, signed_in};
use crate::time::{advance, virtual_floor};
use crate::twiml::{call_in, number_says};

pub(crate) const CALLEE: &str = "+13125550111";
const RATE_HZ: u32 = 8_000;
/// Most of a sound is at one frequency.
pub(crate) const SHARE_MIN: f32 = 0.8;

pub(crate) async fn with_sound() -> Floor {
    Floor::open_with(|config| config.no_media = false).await
}

/// Somebody who sounds like these steps, and then like nothing, or the same again.
fn tones(steps: &[(f32, u32)], repeat: bool) -> Value {
    let steps: Vec<Value> = steps
        .iter()
        .map(|(freq_hz, ms)| json!({ "freq_hz": freq_hz, "ms": ms }))
        .collect();
    json!({
        "name": "machine",
        "answer": { "after": { "ring_ms": 50 } },
        "script": { "tones": { "steps": steps, "repeat": repeat } },
    })
}

pub(crate) fn steady(freq_hz: f32) -> Value {
    tones(&[(freq_hz, 1_000)], true)
}

/// A tone calls in, and our number runs `verbs`.
pub(crate) async fn caller(floor: &Floor, persona: Value, verbs: &str) -> String {
    number_says(floor, verbs).await;
    let call = call_in(floor, json!({ "persona": persona })).await;
    call["sid"].as_str().unwrap().to_owned()
}

/// The channels of what a URL of the application's requests names, once it can be had.
pub(crate) async fn download(floor: &Floor, url: &str) -> Vec<Vec<i16>> {
    let file = eventually("the recording can be had", async || {
        let response = signed_in(floor.client.get(format!("{url}.wav"))).await;
        if response.status().is_success() {
            return Some(response.bytes().await.unwrap());
        }
        None
    })
    .await;
    let sound = wav::read(&file).unwrap();
    let channels = usize::from(sound.channels);
    (0..channels)
        .map(|channel| {
            sound
                .samples
                .iter()
                .skip(channel)
                .step_by(channels)
                .copied()
                .collect()
        })
        .collect()
}

pub(crate) fn share(samples: &[i16], freq_hz: f32) -> f32 {
    tone::share(samples, RATE_HZ, freq_hz)
}

#[tokio::test]
async fn a_dual_recording_of_a_dial_has_the_parent_first() {
    let floor = with_sound().await;
    floor.control("personas", CALLEE, &steady(1_000.0)).await;
    floor.application.says("/after", "<Hangup/>");
    let verbs = format!(
        "<Dial record=\"record-from-answer-dual\" timeLimit=\"2\" action=\"/after\" callerId=\"{OWN_NUMBER}\" \
         recordingStatusCallback=\"/recording\" recordingStatusCallbackEvent=\"in-progress completed\">\
         {CALLEE}</Dial>"
    );
    let parent = caller(&floor, steady(440.0), &verbs).await;
    let after = floor
        .application
        .wait_for("/after", &[("CallSid", &parent)])
        .await;
    let told = floor
        .application
        .wait_for("/recording", &[("RecordingStatus", "completed")])
        .await;
    assert_eq!(told.params["RecordingUrl"], after.params["RecordingUrl"]);
    assert_eq!(told.params["CallSid"], parent);
    assert_eq!(told.params["RecordingSource"], "DialVerb");
    assert_eq!(told.params["RecordingChannels"], "2");
    assert!(told.signed);
    floor
        .application
        .wait_for("/recording", &[("RecordingStatus", "in-progress")])
        .await;
    let channels = download(&floor, &after.params["RecordingUrl"]).await;
    assert_eq!(channels.len(), 2);
    assert!(
        share(&channels[0], 440.0) > SHARE_MIN,
        "the caller is on the left"
    );
    assert!(
        share(&channels[1], 1_000.0) > SHARE_MIN,
        "the callee is on the right"
    );
    floor.close().await;
}

#[tokio::test]
async fn a_recording_from_ringing_hears_the_ringing_and_one_track_has_one_channel() {
    let floor = with_sound().await;
    let callee = tones(&[(0.0, 60_000)], false);
    floor.control("personas", CALLEE, &callee).await;
    floor.application.says("/after", "<Hangup/>");
    let verbs = format!(
        "<Dial record=\"record-from-ringing-dual\" recordingTrack=\"outbound\" timeLimit=\"1\" action=\"/after\" \
         callerId=\"{OWN_NUMBER}\" ringTone=\"us\">{CALLEE}</Dial>"
    );
    let parent = caller(&floor, steady(1_000.0), &verbs).await;
    let after = floor
        .application
        .wait_for("/after", &[("CallSid", &parent)])
        .await;
    let channels = download(&floor, &after.params["RecordingUrl"]).await;
    assert_eq!(channels.len(), 1);
    assert!(share(&channels[0], 1_000.0) < 0.1, "the caller is not in it");
    floor.close().await;
}

#[tokio::test]
async fn beside_a_conference_a_leg_is_on_the_left_and_the_room_on_the_right() {
    let floor = with_sound().await;
    let room = "<Conference beep=\"false\" waitUrl=\"\">desk</Conference>";
    floor.application.says("/after", "<Hangup/>");
    let plain = format!("<Dial>{room}</Dial>");
    let other = caller(&floor, steady(1_000.0), &plain).await;
    floor.wait_for_event("participant.join", "call", &other).await;
    let verbs =
        format!("<Dial record=\"record-from-answer-dual\" timeLimit=\"2\" action=\"/after\">{room}</Dial>");
    let leg = caller(&floor, steady(440.0), &verbs).await;
    let after = floor.application.wait_for("/after", &[("CallSid", &leg)]).await;
    let channels = download(&floor, &after.params["RecordingUrl"]).await;
    assert!(share(&channels[0], 440.0) > SHARE_MIN);
    assert!(share(&channels[1], 1_000.0) > SHARE_MIN);
    floor.close().await;
}

#[tokio::test]
async fn a_message_ends_with_silence_and_loses_it() {
    let floor = with_sound().await;
    floor.application.says("/after", "<Hangup/>");
    let person = tones(&[(0.0, 500), (600.0, 1_500), (0.0, 20_000)], false);
    let verbs = "<Record action=\"/after\" timeout=\"1\" recordingStatusCallback=\"/recording\"/>";
    let leg = caller(&floor, person, verbs).await;
    let after = floor.application.wait_for("/after", &[("CallSid", &leg)]).await;
    assert!(!after.params.contains_key("Digits"));
    let url = &after.params["RecordingUrl"];
    let channels = download(&floor, url).await;
    let ms = channels[0].len() / 8;
    assert!(
        (1_200..=1_600).contains(&ms),
        "{ms} ms are left of a message of 1.5 s"
    );
    assert!(
        share(&channels[0], 600.0) > SHARE_MIN,
        "without the beep before it"
    );
    assert!(tone::rms(&channels[0][..160]) > 1_000.0, "it begins with sound");
    let told = floor
        .application
        .wait_for("/recording", &[("CallSid", &leg)])
        .await;
    assert_eq!(told.params["RecordingSource"], "RecordVerb");
    assert_eq!(
        told.params["RecordingDuration"],
        after.params["RecordingDuration"]
    );
    floor.close().await;
}

#[tokio::test]
async fn only_the_agent_hears_the_coach_and_no_recording_does() {
    let floor = with_sound().await;
    let room = "beep=\"false\" waitUrl=\"\"";
    floor.application.says("/recording", "");
    let desk = format!(
        "<Dial><Conference {room} record=\"record-from-start\" recordingStatusCallback=\"{}\">desk</Conference></Dial>",
        floor.application.url("/recording"),
    );
    let agent = caller(&floor, steady(440.0), &desk).await;
    floor.wait_for_event("participant.join", "call", &agent).await;
    assert_eq!(
        floor.events("recording.started").await.len(),
        0,
        "nobody to talk to"
    );
    let lead = caller(&floor, steady(1_000.0), &desk).await;
    floor
        .wait_for_event("recording.started", "source", "Conference")
        .await;
    let whisper = format!("<Dial><Conference {room} coach=\"{agent}\">desk</Conference></Dial>");
    let coach = caller(&floor, steady(1_600.0), &whisper).await;
    eventually("the agent hears the coach", async || {
        let heard = floor.events("heard.started").await;
        heard
            .iter()
            .any(|event| event["listener"] == agent.as_str() && event["speaker"] == coach.as_str())
            .then_some(())
    })
    .await;
    let hears = async |leg: &str, freq_hz: f32| {
        let url = floor.url(&format!("/emulator/legs/{leg}/heard.wav"));
        let file = signed_in(floor.client.get(url)).await.bytes().await.unwrap();
        let samples = wav::read(&file).unwrap().samples;
        let last = samples.len().saturating_sub(4_000);
        share(&samples[last..], freq_hz)
    };
    eventually("a coach can be heard", async || {
        (hears(&agent, 1_600.0).await > 0.3).then_some(())
    })
    .await;
    assert!(hears(&lead, 1_600.0).await < 0.05);
    assert!(hears(&coach, 440.0).await > 0.3 && hears(&coach, 1_000.0).await > 0.3);
    for leg in [&lead, &coach, &agent] {
        floor
            .post(&format!("Calls/{leg}.json"), &[("Status", "completed")])
            .await;
    }
    let told = floor
        .application
        .wait_for("/recording", &[("RecordingStatus", "completed")])
        .await;
    assert_eq!(told.params["RecordingSource"], "Conference");
    assert_eq!(told.params["RecordingChannels"], "1");
    let channels = download(&floor, &told.params["RecordingUrl"]).await;
    assert!(share(&channels[0], 440.0) > 0.2 && share(&channels[0], 1_000.0) > 0.2);
    assert!(share(&channels[0], 1_600.0) < 0.05);
    floor.close().await;
}

#[tokio::test]
async fn a_coach_of_nobody_goes_to_the_action() {
    let floor = Floor::open().await;
    floor.application.says("/after", "<Hangup/>");
    let verbs = "<Dial action=\"/after\"><Conference coach=\"CA0\">desk</Conference></Dial>";
    let leg = caller(&floor, json!("listener"), verbs).await;
    let after = floor.application.wait_for("/after", &[("CallSid", &leg)]).await;
    assert_eq!(after.params["DialCallStatus"], "failed");
    floor.wait_for_event("notification", "code", "13240").await;
    let rooms = floor.get("Conferences.json").await;
    assert_eq!(rooms["conferences"], json!([]));
    floor.close().await;
}

/// Somebody with these words and keys calls in and is recorded in virtual time.
async fn recorded(attributes: &str, script: Value) -> (Floor, Option<Received>) {
    let floor = virtual_floor().await;
    floor.application.says("/after", "<Hangup/>");
    floor.application.says("/next", "<Hangup/>");
    let person = json!({ "name": "Ada", "answer": { "after": { "ring_ms": 1 } }, "script": script });
    let verbs = format!("<Record action=\"/after\" {attributes}/><Redirect>/next</Redirect>");
    caller(&floor, person, &verbs).await;
    advance(&floor, 7_200_000).await;
    let after = floor.application.received("/after").pop();
    (floor, after)
}

#[tokio::test]
async fn without_sound_the_script_says_how_long_a_message_is() {
    let words = json!({ "talk": { "lines": ["Please call me back as soon as you can."] } });
    let (floor, after) = recorded("timeout=\"2\"", words).await;
    let after = after.unwrap();
    // A greeting of 1.35 s, 1.5 s of breath and 2.6 s of words, without the silence after them.
    assert_eq!(after.params["RecordingDuration"], "6");
    let (floor_of_keys, pressed) = recorded("", json!({ "talk": { "keys": "5" } })).await;
    assert_eq!(pressed.unwrap().params["Digits"], "5");
    floor_of_keys.close().await;
    floor.close().await;
}

#[tokio::test]
async fn a_message_has_its_limits() {
    let endless = steady(440.0)["script"].clone();
    let (floor, after) = recorded("maxLength=\"90\"", endless.clone()).await;
    assert_eq!(after.unwrap().params["RecordingDuration"], "90");
    floor.close().await;
    let (floor, after) = recorded("", endless).await;
    assert_eq!(after.unwrap().params["RecordingDuration"], "3600");
    floor.close().await;
}

#[tokio::test]
async fn whoever_says_nothing_comes_to_the_next_verb() {
    let (floor, after) = recorded("", json!("listen")).await;
    assert!(after.is_none());
    assert_eq!(floor.application.received("/next").len(), 1);
    floor.close().await;
}

#[tokio::test]
async fn whoever_hangs_up_has_pressed_hangup() {
    let (floor, after) = recorded(
        "timeout=\"0\"",
        json!({ "tones": { "steps": [{ "freq_hz": 440.0, "ms": 4_000 }], "repeat": false } }),
    )
    .await;
    let after = after.unwrap();
    assert_eq!(after.params["Digits"], "hangup");
    assert_eq!(after.params["CallStatus"], "completed");
    assert_eq!(after.params["RecordingDuration"], "4");
    floor.close().await;
}

#[tokio::test]
async fn a_redirected_call_needs_an_action_to_record() {
    let floor = Floor::open().await;
    let leg = caller(
        &floor,
        json!("listener"),
        "<Say>Hello.</Say><Pause length=\"600\"/>",
    )
    .await;
    floor.wait_for_status(&leg, "in-progress").await;
    let twiml = "<Response><Record/><Pause length=\"600\"/></Response>";
    floor
        .post(&format!("Calls/{leg}.json"), &[("Twiml", twiml)])
        .await;
    floor.wait_for_event("notification", "code", "11100").await;
    assert_eq!(floor.events("recording.started").await.len(), 0);
    floor.close().await;
}

#[tokio::test]
async fn a_background_recording_outlives_a_redirect_and_ends_when_told() {
    let floor = Floor::open().await;
    floor
        .application
        .says("/go", "<Stop><Recording/></Stop><Pause length=\"600\"/>");
    let callback = floor.application.url("/recording");
    let verbs = format!(
        "<Start><Recording channels=\"dual\" recordingStatusCallback=\"{callback}\" \
         recordingStatusCallbackEvent=\"in-progress completed\"/></Start><Pause length=\"600\"/>"
    );
    let leg = caller(&floor, json!("listener"), &verbs).await;
    let begun = floor
        .application
        .wait_for("/recording", &[("RecordingStatus", "in-progress")])
        .await;
    assert_eq!(begun.params["RecordingSource"], "StartCallRecordingTwiML");
    assert_eq!(begun.params["RecordingChannels"], "2");
    let path = format!("Recordings/{}.json", begun.params["RecordingSid"]);
    let other = call_in(&floor, json!({ "persona": "listener" })).await;
    for (owner, wanted) in [(leg.as_str(), 200), (other["sid"].as_str().unwrap(), 404)] {
        let url = floor.rest(&format!("Calls/{owner}/{path}"));
        assert_eq!(
            signed_in(floor.client.get(url)).await.status(),
            wanted,
            "whose it is"
        );
    }
    let twiml = "<Response><Pause length=\"600\"/></Response>";
    floor
        .post(&format!("Calls/{leg}.json"), &[("Twiml", twiml)])
        .await;
    assert_eq!(floor.get(&path).await["status"], "in-progress");
    let url = floor.application.url("/go");
    floor.post(&format!("Calls/{leg}.json"), &[("Url", &url)]).await;
    floor
        .application
        .wait_for("/recording", &[("RecordingStatus", "completed")])
        .await;
    assert_eq!(floor.get(&path).await["status"], "completed");
    floor.close().await;
}

#[tokio::test]
async fn a_deleted_recording_is_told_of_for_forty_days_to_those_who_ask() {
    let floor = virtual_floor().await;
    let verbs = "<Start><Recording/></Start><Pause length=\"5\"/>";
    let leg = caller(&floor, json!("listener"), verbs).await;
    advance(&floor, 10_000).await;
    let all = floor.get("Recordings.json").await["recordings"].clone();
    let path = format!("Recordings/{}", all[0]["sid"].as_str().unwrap());
    let status = async |path: &str| signed_in(floor.client.get(floor.rest(path))).await.status();
    let (json, below) = (format!("{path}.json"), format!("Calls/{leg}/{path}.json"));
    for path in [&json, &below, &path] {
        assert_eq!(status(path).await, 200, "{path}");
    }
    let deleted = signed_in(floor.client.delete(floor.rest(&json))).await;
    assert_eq!(deleted.status(), 204);
    let asked = format!("{json}?IncludeSoftDeleted=true");
    let list = "Recordings.json?IncludeSoftDeleted=true";
    for path in [&json, &below, &path] {
        assert_eq!(status(path).await, 404, "{path}");
    }
    assert_eq!(floor.get(&asked).await["status"], "deleted");
    assert_eq!(floor.get("Recordings.json").await["recordings"], json!([]));
    for days in 0..40 {
        let left = floor.get(list).await["recordings"].as_array().unwrap().len();
        assert_eq!(left, 1, "after {days} days");
        advance(&floor, 24 * 3_600_000).await;
    }
    assert_eq!(floor.get(list).await["recordings"], json!([]));
    assert_eq!(status(&asked).await, 404);
    floor.close().await;
}

#[tokio::test]
async fn a_background_recording_reports_to_absolute_urls_only() {
    let floor = Floor::open().await;
    let verbs = "<Start><Recording recordingStatusCallback=\"/recording\"/></Start>";
    let leg = caller(&floor, json!("listener"), verbs).await;
    floor.wait_for_event("notification", "code", "11100").await;
    let started = floor.events("recording.started").await;
    assert_eq!(started.len(), 1);
    assert_eq!(started[0]["call"], leg.as_str(), "the log says who is recorded");
    assert_eq!(floor.application.received("/recording").len(), 0);
    floor.close().await;
}

#[tokio::test]
async fn a_recording_is_deleted_under_its_own_call_only() {
    let floor = Floor::open().await;
    let verbs = "<Say>Hello.</Say><Pause length=\"600\"/>";
    let leg = caller(&floor, json!("listener"), verbs).await;
    let other = caller(&floor, json!("listener"), verbs).await;
    for call in [&leg, &other] {
        floor.wait_for_status(call, "in-progress").await;
    }
    let (_, made) = floor.post(&format!("Calls/{leg}/Recordings.json"), &[]).await;
    let sid = made["sid"].as_str().unwrap();
    let delete = async |owner: &str| {
        let url = floor.rest(&format!("{owner}/Recordings/{sid}.json"));
        signed_in(floor.client.delete(url)).await.status().as_u16()
    };
    let own = format!("Calls/{leg}");
    assert_eq!(delete(&own).await, 400, "it is under way");
    let stop = [("Status", "stopped")];
    floor.post(&format!("{own}/Recordings/{sid}.json"), &stop).await;
    assert_eq!(delete(&format!("Calls/{other}")).await, 404);
    assert_eq!(delete(&format!("Conferences/CF{}", "0".repeat(32))).await, 404);
    assert_eq!(delete(&own).await, 204);
    assert_eq!(delete(&own).await, 404, "only once");
    floor.close().await;
}

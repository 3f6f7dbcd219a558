//! What Twilio's documents leave open is decided by name.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::floor::{Floor, OWN_NUMBER, PROSPECT, signed_in};
use crate::recordings::{CALLEE, SHARE_MIN, caller, download, share, steady, with_sound};
use crate::time::{advance, virtual_floor};
use crate::twiml::{call_in, number_says};

const ROOM: &str = "<Response><Dial><Conference statusCallback=\"URL\" statusCallbackEvent=\"join\">room\
    </Conference></Dial><Pause length=\"600\"/></Response>";

async fn call_in_room(floor: &Floor) -> String {
    floor.listener_at(PROSPECT).await;
    let call = floor
        .place(&[("Twiml", &ROOM.replace("URL", &floor.application.url("/room")))])
        .await;
    floor.wait_for_event("participant.join", "call", &call).await;
    call
}

#[tokio::test]
async fn every_switch_and_its_default_are_in_the_document() {
    let floor = Floor::open().await;
    let switches = signed_in(floor.client.get(floor.url("/emulator/switches"))).await;
    let switches: Value = switches.json().await.unwrap();
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/emulator.md");
    let document = std::fs::read_to_string(document).unwrap();
    let cells = |line: &str| -> Vec<Vec<String>> {
        let words = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        line.split('|').skip(1).take(2).map(words).collect()
    };
    let documented: Vec<(String, String)> = document
        .lines()
        .skip_while(|line| *line != "## Switches")
        .take_while(|line| !line.starts_with("Settled"))
        .filter_map(|line| <[Vec<String>; 2]>::try_from(cells(line)).ok())
        .flat_map(|[names, defaults]| names.into_iter().zip(defaults))
        .collect();
    let known: Vec<(String, String)> = switches
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| {
            (
                name.clone(),
                value.as_str().map_or(value.to_string(), str::to_owned),
            )
        })
        .collect();
    let sorted = |mut rows: Vec<(String, String)>| {
        rows.sort();
        rows
    };
    assert_eq!(sorted(documented), sorted(known));
    floor.close().await;
}

#[tokio::test]
async fn canceling_an_answered_call_is_ignored_or_refused() {
    let floor = Floor::open().await;
    let call = call_in_room(&floor).await;
    let path = format!("Calls/{call}.json");
    let cancel = [("Status", "canceled")];
    let (status, body) = floor.post(&path, &cancel).await;
    assert_eq!((status, &body["status"]), (StatusCode::OK, &json!("in-progress")));
    floor
        .control("switches", "", &json!({ "canceled_in_progress": "refused" }))
        .await;
    assert_eq!(floor.post(&path, &cancel).await.1["code"], 21220);
    floor.close().await;
}

#[tokio::test]
async fn a_kicked_leg_goes_on_or_hangs_up() {
    for (choice, status) in [("goes-on", "in-progress"), ("hangs-up", "completed")] {
        let floor = Floor::open().await;
        floor
            .control("switches", "", &json!({ "kicked_leg": choice }))
            .await;
        let call = call_in_room(&floor).await;
        let conference = floor.get("Conferences.json").await["conferences"][0]["sid"].clone();
        let path = format!(
            "Conferences/{}/Participants/{call}.json",
            conference.as_str().unwrap()
        );
        let kick = floor.client.delete(floor.rest(&path));
        assert_eq!(signed_in(kick).await.status(), StatusCode::NO_CONTENT);
        floor.wait_for_status(&call, status).await;
        floor.close().await;
    }
}

#[tokio::test]
async fn a_rooms_first_event_has_the_number_it_is_given() {
    for first in [0, 1] {
        let floor = Floor::open().await;
        let switches = json!({ "conference_sequence_first": first });
        floor.control("switches", "", &switches).await;
        let call = call_in_room(&floor).await;
        let join = floor.application.wait_for("/room", &[("CallSid", &call)]).await;
        assert_eq!(join.params["SequenceNumber"], first.to_string());
        floor.close().await;
    }
}

#[tokio::test]
async fn a_query_may_be_sorted_after_it_was_signed() {
    for (choice, agrees) in [("as-given", true), ("sorted", false)] {
        let floor = Floor::open().await;
        floor
            .control("switches", "", &json!({ "url_query": choice }))
            .await;
        floor.listener_at(PROSPECT).await;
        let url = floor.application.url("/voice?b=1&a=2");
        let call = floor.place(&[("Url", &url)]).await;
        let fetch = floor.application.wait_for("/voice", &[("CallSid", &call)]).await;
        assert_eq!(fetch.signed, agrees, "{choice}");
        floor.close().await;
    }
}

/// Places a call with detection that is out of range in one parameter.
async fn place_with_amd(floor: &Floor, name: &str, value: &str) -> (StatusCode, Value) {
    let form = [
        ("To", PROSPECT),
        ("From", OWN_NUMBER),
        ("Twiml", "<Response/>"),
        ("MachineDetection", "Enable"),
        (name, value),
    ];
    floor.post("Calls.json", &form).await
}

#[tokio::test]
async fn detection_out_of_range_is_a_notification_or_refused() {
    let floor = Floor::open().await;
    let (status, call) = place_with_amd(&floor, "MachineDetectionSilenceTimeout", "5").await;
    assert_eq!(status, StatusCode::CREATED);
    let notes = format!("Calls/{}/Notifications.json", call["sid"].as_str().unwrap());
    assert_eq!(floor.get(&notes).await["notifications"][0]["error_code"], "21263");
    floor
        .control("switches", "", &json!({ "amd_out_of_range": "refused" }))
        .await;
    let (status, body) = place_with_amd(&floor, "MachineDetectionSilenceTimeout", "5").await;
    assert_eq!((status, &body["code"]), (StatusCode::BAD_REQUEST, &json!(21263)));
    floor.close().await;
}

#[tokio::test]
async fn detection_takes_fifty_nine_or_sixty_seconds() {
    let floor = Floor::open().await;
    for (most, refused) in [(59, true), (60, false)] {
        let switches = json!({ "amd_out_of_range": "refused", "amd_timeout_s_max": most });
        floor.control("switches", "", &switches).await;
        let (status, body) = place_with_amd(&floor, "MachineDetectionTimeout", "60").await;
        assert_eq!(status == StatusCode::BAD_REQUEST, refused, "{most}: {body}");
        let (status, body) = place_with_amd(&floor, "MachineDetectionTimeout", "59").await;
        assert_eq!(status, StatusCode::CREATED, "{most}: {body}");
    }
    floor.close().await;
}

#[tokio::test]
async fn the_verdict_is_sent_as_asked_or_always_posted() {
    for (choice, method) in [("as-asked", "GET"), ("post", "POST")] {
        let floor = Floor::open().await;
        let switches = json!({ "amd_callback_method": choice });
        floor.control("switches", "", &switches).await;
        floor.persona_at(PROSPECT, "voicemail").await;
        let amd = floor.application.url("/amd");
        let call = floor
            .place(&[
                ("Twiml", "<Response><Pause length=\"60\"/></Response>"),
                ("MachineDetection", "Enable"),
                ("AsyncAmd", "true"),
                ("AsyncAmdStatusCallback", &amd),
                ("AsyncAmdStatusCallbackMethod", "GET"),
            ])
            .await;
        let verdict = floor.application.wait_for("/amd", &[("CallSid", &call)]).await;
        assert_eq!((verdict.method.as_str(), verdict.signed), (method, true));
        floor.close().await;
    }
}

#[tokio::test]
async fn whoever_is_left_alone_hears_music_or_nothing() {
    const REP: &str = "+13125550143";
    let verbs = "<Response><Dial><Conference beep=\"false\">room</Conference></Dial></Response>";
    for music in [false, true] {
        let floor = Floor::open().await;
        let switches = json!({ "lone_participant_music": music });
        floor.control("switches", "", &switches).await;
        floor.listener_at(PROSPECT).await;
        floor.listener_at(REP).await;
        let stays = floor.place(&[("Twiml", verbs)]).await;
        floor.wait_for_event("participant.join", "call", &stays).await;
        let goes = [("To", REP), ("From", OWN_NUMBER), ("Twiml", verbs)];
        let goes = floor.post("Calls.json", &goes).await.1["sid"].clone();
        let goes = goes.as_str().unwrap();
        floor.wait_for_event("participant.join", "call", goes).await;
        let end = [("Status", "completed")];
        floor.post(&format!("Calls/{goes}.json"), &end).await;
        floor.wait_for_event("participant.leave", "call", goes).await;
        let played = floor.events("music.started").await;
        assert_eq!(played.iter().any(|event| event["call"] == stays.as_str()), music);
        floor.close().await;
    }
}

#[tokio::test]
async fn what_the_carrier_says_of_the_caller_is_signed_or_not() {
    for signed in [true, false] {
        let floor = Floor::open().await;
        floor
            .control("switches", "", &json!({ "stir_signed": signed }))
            .await;
        number_says(&floor, "<Pause length=\"60\"/>").await;
        call_in(&floor, json!({ "stir_verstat": "TN-Validation-Passed-A" })).await;
        let asked = [("StirVerstat", "TN-Validation-Passed-A")];
        let request = floor.application.wait_for("/voice", &asked).await;
        assert_eq!(request.signed, signed);
        floor.close().await;
    }
}

#[tokio::test]
async fn ringing_lasts_as_long_as_asked_or_longer() {
    for extra_s in [0, 5] {
        let floor = virtual_floor().await;
        floor
            .control("switches", "", &json!({ "ring_timeout_extra_s": extra_s }))
            .await;
        floor.persona_at(PROSPECT, "no-answer").await;
        let call = floor.place(&[("Twiml", "<Response/>"), ("Timeout", "20")]).await;
        let path = format!("Calls/{call}.json");
        advance(&floor, 19_000 + extra_s * 1_000).await;
        assert_eq!(floor.get(&path).await["status"], "ringing");
        advance(&floor, 1_000).await;
        assert_eq!(floor.get(&path).await["status"], "no-answer");
        floor.close().await;
    }
}

#[tokio::test]
async fn an_action_is_requested_after_its_leg_hung_up_or_not() {
    for asked in [true, false] {
        let floor = Floor::open().await;
        let switches = json!({ "dial_action_after_hangup": asked });
        floor.control("switches", "", &switches).await;
        floor.listener_at(PROSPECT).await;
        let verbs = "<Dial action=\"/after\"><Conference>room</Conference></Dial>";
        floor.application.says("/voice", verbs);
        let url = floor.application.url("/voice");
        let call = floor.place(&[("Url", &url)]).await;
        floor.wait_for_event("participant.join", "call", &call).await;
        let end = [("Status", "completed")];
        floor.post(&format!("Calls/{call}.json"), &end).await;
        let completed = [("CallSid", call.as_str()), ("CallStatus", "completed")];
        floor.application.wait_for("/status", &completed).await;
        if asked {
            floor.application.wait_for("/after", &[("CallSid", &call)]).await;
        }
        let log = floor.events("call.ended").await;
        assert_eq!(log.len(), 1, "{log:?}");
        assert_eq!(floor.application.received("/after").len(), usize::from(asked));
        let fetches = floor.events("twiml.fetch").await;
        let fetches = fetches
            .iter()
            .filter(|fetch| fetch["url"] == floor.application.url("/after"));
        assert_eq!(fetches.count(), usize::from(asked));
        floor.close().await;
    }
}

#[tokio::test]
async fn music_while_waiting_is_asked_for_until_somebody_starts_the_room_or_always() {
    const REP: &str = "+13125550143";
    for (choice, asked) in [("unless-started", 0), ("always", 1)] {
        let floor = Floor::open().await;
        floor
            .control("switches", "", &json!({ "wait_url_fetch": choice }))
            .await;
        floor.listener_at(PROSPECT).await;
        floor.listener_at(REP).await;
        let seat = "<Response><Dial><Conference waitUrl=\"\">seat</Conference></Dial></Response>";
        let rep = [("To", REP), ("From", OWN_NUMBER), ("Twiml", seat)];
        let rep = floor.post("Calls.json", &rep).await.1["sid"].clone();
        floor
            .wait_for_event("participant.join", "call", rep.as_str().unwrap())
            .await;
        let wait = floor.application.url("/wait");
        let lead = format!(
            "<Response><Dial><Conference startConferenceOnEnter=\"false\" waitUrl=\"{wait}\">seat\
             </Conference></Dial></Response>"
        );
        let lead = floor.place(&[("Twiml", &lead)]).await;
        floor.wait_for_event("participant.join", "call", &lead).await;
        let fetches = floor.events("twiml.fetch").await;
        let fetches = fetches.iter().filter(|event| event["url"] == wait.as_str());
        assert_eq!(fetches.count(), asked, "{choice}");
        floor.close().await;
    }
}

#[tokio::test]
async fn a_dual_recording_of_a_dial_may_have_the_child_first() {
    let floor = with_sound().await;
    let switches = json!({ "dial_recording_channels": "child-first" });
    floor.control("switches", "", &switches).await;
    floor.control("personas", CALLEE, &steady(1_000.0)).await;
    floor.application.says("/after", "<Hangup/>");
    let verbs = format!(
        "<Dial record=\"record-from-answer-dual\" timeLimit=\"1\" action=\"/after\" \
         callerId=\"{OWN_NUMBER}\">{CALLEE}</Dial>"
    );
    let parent = caller(&floor, steady(440.0), &verbs).await;
    let after = floor
        .application
        .wait_for("/after", &[("CallSid", &parent)])
        .await;
    let channels = download(&floor, &after.params["RecordingUrl"]).await;
    assert!(share(&channels[0], 1_000.0) > SHARE_MIN);
    assert!(share(&channels[1], 440.0) > SHARE_MIN);
    floor.close().await;
}

#[tokio::test]
async fn a_background_recording_of_a_leg_in_a_room_has_its_channels_as_the_switch_says() {
    for (choice, leg_at) in [("leg-first", Some(0)), ("leg-second", Some(1)), ("mono", None)] {
        let floor = with_sound().await;
        let switches = json!({ "start_recording_channels": choice });
        floor.control("switches", "", &switches).await;
        let recording = floor.application.url("/recording");
        let verbs = format!(
            "<Start><Recording channels=\"dual\" recordingStatusCallback=\"{recording}\"/></Start>\
             <Dial timeLimit=\"1\"><Conference beep=\"false\" waitUrl=\"\">desk</Conference></Dial>"
        );
        caller(&floor, steady(440.0), &verbs).await;
        let done = [("RecordingStatus", "completed")];
        let told = floor.application.wait_for("/recording", &done).await;
        let channels = download(&floor, &told.params["RecordingUrl"]).await;
        let heard: Vec<bool> = channels
            .iter()
            .map(|samples| share(samples, 440.0) > SHARE_MIN)
            .collect();
        let expected = leg_at.map_or(vec![true], |at| vec![at == 0, at == 1]);
        assert_eq!(heard, expected, "{choice}");
        assert_eq!(
            told.params["RecordingChannels"],
            expected.len().to_string(),
            "{choice}"
        );
        floor.close().await;
    }
}

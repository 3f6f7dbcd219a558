//! Participants that REST calls into a conference.

use audio::tone;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::floor::{ACCOUNT_SID, AUTH_TOKEN, Floor, OWN_NUMBER, PROSPECT, eventually, signed_in};
use crate::recordings::{caller, share, with_sound};
use crate::time::{advance, virtual_floor};

const COLLEAGUE: &str = "+13125550143";

/// Calls `to` into `room` and gives the answer.
async fn invite(floor: &Floor, room: &str, to: &str, more: &[(&str, &str)]) -> (StatusCode, Value) {
    let form = [&[("To", to), ("From", OWN_NUMBER)], more].concat();
    floor
        .post(&format!("Conferences/{room}/Participants.json"), &form)
        .await
}

async fn refused(floor: &Floor, room: &str, more: &[(&str, &str)], code: u32) {
    let (status, error) = invite(floor, room, PROSPECT, more).await;
    assert_eq!(
        (status, &error["code"]),
        (StatusCode::BAD_REQUEST, &code.into()),
        "{more:?}: {error}"
    );
}

#[tokio::test]
async fn participants_are_called_wait_and_start_the_room() {
    let floor = Floor::open().await;
    for number in [PROSPECT, COLLEAGUE] {
        floor.listener_at(number).await;
    }
    let (status, room) = (floor.application.url("/status"), floor.application.url("/room"));
    let report = [
        ("Label", "lead"),
        ("StatusCallback", status.as_str()),
        ("StatusCallbackEvent", "initiated ringing answered completed"),
        ("ConferenceStatusCallback", room.as_str()),
        ("ConferenceStatusCallbackEvent", "start end join leave"),
    ];
    let (answer, lead) = invite(&floor, "a%20desk", PROSPECT, &report).await;
    assert_eq!(answer, StatusCode::CREATED, "{lead}");
    assert_eq!(
        [&lead["status"], &lead["label"], &lead["muted"], &lead["hold"]],
        [
            &"queued".into(),
            &"lead".into(),
            &Value::Bool(false),
            &Value::Bool(false)
        ]
    );
    assert_eq!(
        [
            &lead["start_conference_on_enter"],
            &lead["end_conference_on_exit"]
        ],
        [&Value::Bool(true), &Value::Bool(false)]
    );
    assert!(lead["queue_time"].is_string());
    let conference = lead["conference_sid"].as_str().unwrap();
    let lead_call = lead["call_sid"].as_str().unwrap();
    let path = format!("Conferences/{conference}.json");
    assert_eq!(floor.get(&path).await["friendly_name"], "a desk");
    assert_eq!(floor.get(&path).await["status"], "init");

    floor.wait_for_event("participant.join", "call", lead_call).await;
    let by_label = format!("Conferences/{conference}/Participants/lead.json");
    assert_eq!(floor.get(&by_label).await["status"], "connected");
    let more = [
        ("ConferenceStatusCallback", status.as_str()),
        ("EndConferenceOnExit", "true"),
    ];
    let (_, rep) = invite(&floor, conference, COLLEAGUE, &more).await;
    assert_eq!(rep["conference_sid"], conference, "the SID names the open room");
    floor
        .wait_for_event("conference.start", "conference", conference)
        .await;
    assert_eq!(floor.get(&path).await["status"], "in-progress");

    let rep = rep["call_sid"].as_str().unwrap();
    floor
        .post(&format!("Calls/{rep}.json"), &[("Status", "completed")])
        .await;
    floor.wait_for_status(lead_call, "completed").await;
    let ended = floor
        .application
        .wait_for("/room", &[("StatusCallbackEvent", "conference-end")])
        .await;
    assert_eq!(ended.params["CallSidEndingConference"], rep);
    let progress = floor
        .application
        .wait_for("/status", &[("CallStatus", "completed")])
        .await;
    assert!(
        !progress.params.contains_key("StatusCallbackEvent"),
        "the first participant's URL counts"
    );
    floor.close().await;
}

#[tokio::test]
async fn whoever_does_not_answer_leaves_the_room_and_ends_it_if_it_was_empty() {
    let floor = Floor::open().await;
    floor.persona_at(PROSPECT, "busy").await;
    let room = floor.application.url("/room");
    let report = [
        ("ConferenceStatusCallback", room.as_str()),
        ("ConferenceStatusCallbackEvent", "end leave"),
    ];
    let (_, lead) = invite(&floor, "desk", PROSPECT, &report).await;
    let left = floor
        .application
        .wait_for("/room", &[("StatusCallbackEvent", "participant-leave")])
        .await;
    assert_eq!(left.params["ReasonParticipantLeft"], "participant_add_failed");
    assert_eq!(left.params["ParticipantCallStatus"], "busy");
    let conference = lead["conference_sid"].as_str().unwrap();
    floor
        .wait_for_event("conference.end", "conference", conference)
        .await;
    let people = floor
        .get(&format!("Conferences/{conference}/Participants.json"))
        .await;
    assert_eq!(people["participants"], Value::Array(Vec::new()));
    let (status, error) = invite(&floor, conference, PROSPECT, &[]).await;
    assert_eq!((status, &error["code"]), (StatusCode::BAD_REQUEST, &16022.into()));
    floor.close().await;
}

#[tokio::test]
async fn a_participant_rings_five_seconds_longer_than_asked() {
    let floor = virtual_floor().await;
    floor.persona_at(PROSPECT, "no-answer").await;
    let (_, lead) = invite(&floor, "desk", PROSPECT, &[("Timeout", "10")]).await;
    let call = format!("Calls/{}.json", lead["call_sid"].as_str().unwrap());
    advance(&floor, 14_000).await;
    assert_eq!(floor.get(&call).await["status"], "ringing");
    advance(&floor, 2_000).await;
    assert_eq!(floor.get(&call).await["status"], "no-answer");
    floor.close().await;
}

#[tokio::test]
async fn who_still_rings_can_be_changed_and_removed() {
    let floor = Floor::open().await;
    floor.persona_at(PROSPECT, "no-answer").await;
    let (_, lead) = invite(&floor, "desk", PROSPECT, &[("Label", "lead")]).await;
    let (conference, call) = (
        lead["conference_sid"].as_str().unwrap(),
        lead["call_sid"].as_str().unwrap(),
    );
    floor.wait_for_status(call, "ringing").await;
    let path = format!("Conferences/{conference}/Participants/lead.json");
    assert_eq!(floor.get(&path).await["status"], "ringing");
    let (_, view) = floor.post(&path, &[("Muted", "true")]).await;
    assert_eq!(view["muted"], true);
    let muted = format!("Conferences/{conference}/Participants.json?Muted=true&Coaching=false");
    assert_eq!(floor.get(&muted).await["participants"][0]["call_sid"], call);

    let removed = signed_in(floor.client.delete(floor.rest(&path))).await;
    assert_eq!(removed.status(), StatusCode::NO_CONTENT);
    floor.wait_for_status(call, "canceled").await;
    let conference = floor.get(&format!("Conferences/{conference}.json")).await;
    assert_eq!(conference["status"], "completed");
    floor.close().await;
}

#[tokio::test]
async fn what_a_room_tells_and_records_unless_told_otherwise() {
    let floor = virtual_floor().await;
    for number in [PROSPECT, COLLEAGUE] {
        floor.listener_at(number).await;
    }
    let [room, of_room, of_leg] = ["/room", "/of-room", "/of-leg"].map(|path| floor.application.url(path));
    let first = [
        ("ConferenceStatusCallback", room.as_str()),
        ("ConferenceRecord", "true"),
        ("ConferenceRecordingStatusCallback", &of_room),
        ("ConferenceRecordingStatusCallbackMethod", "GET"),
        ("Record", "true"),
        ("RecordingChannels", "dual"),
        ("RecordingStatusCallback", &of_leg),
        ("RecordingStatusCallbackEvent", "in-progress completed"),
    ];
    let (_, lead) = invite(&floor, "desk", PROSPECT, &first).await;
    advance(&floor, 5_000).await;
    let (call, desk) = (
        lead["call_sid"].as_str().unwrap(),
        lead["conference_sid"].as_str().unwrap(),
    );
    invite(&floor, "desk", COLLEAGUE, &[]).await;
    advance(&floor, 5_000).await;
    let end = [("Status", "completed")];
    floor.post(&format!("Conferences/{desk}.json"), &end).await;
    advance(&floor, 5_000).await;
    let said = |path: &str, name: &str| -> Vec<String> {
        let received = floor.application.received(path);
        received
            .iter()
            .map(|request| request.params[name].clone())
            .collect()
    };
    assert_eq!(
        said("/room", "StatusCallbackEvent"),
        ["conference-start", "conference-end"]
    );
    assert_eq!(said("/of-room", "RecordingStatus"), ["completed"]);
    assert_eq!(said("/of-room", "ConferenceSid"), [desk]);
    assert_eq!(said("/of-room", "RecordingSource"), ["Conference"]);
    assert_eq!(floor.application.received("/of-room")[0].method, "GET");
    assert_eq!(said("/of-leg", "RecordingStatus"), ["in-progress", "completed"]);
    assert_eq!(said("/of-leg", "CallSid"), [call, call]);
    assert_eq!(said("/of-leg", "RecordingChannels"), ["2", "2"]);
    floor.close().await;
}

#[tokio::test]
async fn beeps_are_heard_at_both_ends_of_a_visit_unless_told_otherwise() {
    let floor = virtual_floor().await;
    for number in [PROSPECT, COLLEAGUE] {
        floor.listener_at(number).await;
    }
    let (_, lead) = invite(&floor, "desk", PROSPECT, &[]).await;
    advance(&floor, 5_000).await;
    invite(&floor, "desk", COLLEAGUE, &[("Beep", "false")]).await;
    advance(&floor, 5_000).await;
    let desk = lead["conference_sid"].as_str().unwrap();
    let heard = floor.url(&format!(
        "/emulator/played?listener={}",
        lead["call_sid"].as_str().unwrap()
    ));
    let beeps = async || -> usize {
        let rows: Value = signed_in(floor.client.get(&heard)).await.json().await.unwrap();
        let rows = rows["played"].as_array().unwrap().iter();
        rows.filter(|row| row["what"] == "chime").count()
    };
    let mut expected = 0;
    for (form, enters, leaves) in [
        (&[][..], 1, 1),
        (&[("Beep", "true")], 1, 1),
        (&[("Beep", "false")], 0, 0),
        (&[("Beep", "onEnter")], 1, 0),
        (&[("Beep", "onExit")], 0, 1),
    ] {
        let (_, third) = invite(&floor, "desk", COLLEAGUE, form).await;
        advance(&floor, 5_000).await;
        expected += enters;
        assert_eq!(beeps().await, expected, "{form:?} enters");
        let third = third["call_sid"].as_str().unwrap();
        let path = floor.rest(&format!("Conferences/{desk}/Participants/{third}.json"));
        signed_in(floor.client.delete(path)).await;
        advance(&floor, 1_000).await;
        expected += leaves;
        assert_eq!(beeps().await, expected, "{form:?} leaves");
    }
    floor.close().await;
}

#[tokio::test]
async fn music_is_requested_by_get_and_announcements_by_post_and_neither_may_dial() {
    let floor = virtual_floor().await;
    for number in [PROSPECT, COLLEAGUE] {
        floor.listener_at(number).await;
    }
    let (_, lead) = invite(&floor, "desk", PROSPECT, &[("Label", "lead")]).await;
    invite(&floor, "desk", COLLEAGUE, &[("Label", "rep")]).await;
    advance(&floor, 5_000).await;
    let room = format!("Conferences/{}", lead["conference_sid"].as_str().unwrap());
    let (all, one) = (format!("{room}.json"), format!("{room}/Participants/lead.json"));
    for (n, (path, url, method, default)) in [
        (&one, "HoldUrl", "HoldMethod", "GET"),
        (&one, "AnnounceUrl", "AnnounceMethod", "POST"),
        (&all, "AnnounceUrl", "AnnounceMethod", "POST"),
    ]
    .into_iter()
    .enumerate()
    {
        let other = if default == "GET" { "POST" } else { "GET" };
        for (given, expected) in [(None, default), (Some((method, other)), other)] {
            let at = format!("/{n}/{expected}");
            floor.application.says(&at, "<Dial>+13125550199</Dial><Pause/>");
            let target = floor.application.url(&at);
            let hold = (url == "HoldUrl").then_some(("Hold", "true"));
            let form = [(url, target.as_str())].into_iter().chain(given).chain(hold);
            let (status, answer) = floor.post(path, &form.collect::<Vec<_>>()).await;
            assert_eq!(status, StatusCode::OK, "{answer}");
            advance(&floor, 500).await;
            assert_eq!(
                floor.application.received(&at)[0].method,
                expected,
                "{url} of {path}"
            );
            floor.post(&one, &[("Hold", "false")]).await;
            advance(&floor, 5_000).await;
        }
    }
    let notes = floor.events("notification").await;
    assert!(notes.iter().all(|note| note["code"] == "13238"), "{notes:?}");
    assert!(notes.len() >= 6, "{notes:?}");
    assert_eq!(floor.events("call.dialled").await.len(), 0);

    let rep = format!("{room}/Participants/rep.json");
    let (_, changed) = floor.post(&rep, &[("EndConferenceOnExit", "true")]).await;
    assert_eq!(changed["end_conference_on_exit"], true);
    signed_in(floor.client.delete(floor.rest(&rep))).await;
    assert_eq!(floor.get(&all).await["status"], "completed", "it ended by going");
    floor.close().await;
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let floor = Floor::open().await;
    floor.listener_at(PROSPECT).await;
    invite(&floor, "desk", PROSPECT, &[("Label", "lead")]).await;
    refused(&floor, "desk", &[("Label", "lead")], 16026).await;
    refused(&floor, "desk", &[("Label", "a/b")], 16024).await;
    let call = format!("CA{}", "0".repeat(32));
    refused(&floor, "desk", &[("Label", &call)], 16024).await;
    refused(&floor, "desk", &[("Timeout", "4")], 21208).await;
    refused(&floor, "desk", &[("MaxParticipants", "251")], 16002).await;
    refused(
        &floor,
        "desk",
        &[("ConferenceStatusCallbackEvent", "never")],
        16002,
    )
    .await;
    refused(&floor, "desk", &[("Coaching", "true")], 13240).await;
    refused(
        &floor,
        "desk",
        &[("Coaching", "true"), ("CallSidToCoach", &call)],
        13240,
    )
    .await;
    refused(&floor, "desk", &[("Beep", "loud")], 20001).await;
    refused(&floor, &"n".repeat(129), &[], 16003).await;
    invite(&floor, "desk", COLLEAGUE, &[]).await;
    refused(&floor, "desk", &[("MaxParticipants", "2")], 16020).await;
    let unknown = format!("CF{}", "0".repeat(32));
    let (status, _) = invite(&floor, &unknown, PROSPECT, &[]).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    floor.close().await;
}

#[tokio::test]
async fn detection_on_a_participant_reports_while_the_leg_is_in_the_room() {
    let floor = Floor::open().await;
    floor.persona_at(PROSPECT, "voicemail").await;
    let verdicts = floor.application.url("/amd");
    let detect = [
        ("MachineDetection", "Enable"),
        ("AmdStatusCallback", verdicts.as_str()),
    ];
    let (_, lead) = invite(&floor, "desk", PROSPECT, &detect).await;
    let call = lead["call_sid"].as_str().unwrap();
    let verdict = floor.application.wait_for("/amd", &[("CallSid", call)]).await;
    assert_eq!(verdict.params["AnsweredBy"], "machine_start");
    let joined = floor.events("participant.join").await;
    assert_eq!(joined[0]["call"], call);
    floor.close().await;
}

#[tokio::test]
async fn a_subaccount_sees_and_changes_nothing_of_its_neighbours_rooms() {
    let floor = Floor::open().await;
    floor.listener_at(PROSPECT).await;
    let (_, lead) = invite(&floor, "desk", PROSPECT, &[]).await;
    let conference = lead["conference_sid"].as_str().unwrap();
    let call = lead["call_sid"].as_str().unwrap();
    let created = floor.client.post(floor.url("/2010-04-01/Accounts.json"));
    let sub: Value = signed_in(created).await.json().await.unwrap();
    let sub = sub["sid"].as_str().unwrap();
    let at = |account: &str, path: &str| floor.url(&format!("/2010-04-01/Accounts/{account}/{path}"));

    let room = format!("Conferences/{conference}.json");
    let people = format!("Conferences/{conference}/Participants.json");
    let one = format!("Conferences/{conference}/Participants/{call}.json");
    for path in [&room, &people, &one] {
        let own = signed_in(floor.client.get(at(ACCOUNT_SID, path))).await;
        assert_eq!(own.status(), StatusCode::OK, "{path}");
        let other = signed_in(floor.client.get(at(sub, path))).await;
        assert_eq!(other.status(), StatusCode::NOT_FOUND, "{path}");
    }
    let end = floor.client.post(at(sub, &room)).form(&[("Status", "completed")]);
    let mute = floor.client.post(at(sub, &one)).form(&[("Muted", "true")]);
    let join = floor
        .client
        .post(at(sub, &people))
        .form(&[("To", PROSPECT), ("From", OWN_NUMBER)]);
    for request in [end, mute, join, floor.client.delete(at(sub, &one))] {
        assert_eq!(signed_in(request).await.status(), StatusCode::NOT_FOUND);
    }
    let list: Value = floor
        .client
        .get(at(sub, "Conferences.json"))
        .basic_auth(ACCOUNT_SID, Some(AUTH_TOKEN))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(list["conferences"], Value::Array(Vec::new()));
    assert_eq!(floor.get(&room).await["status"], "init");
    floor.close().await;
}

/// An agent alone in a room without music, with sound.
async fn agent_in(room: &str, sound: bool) -> (Floor, String) {
    let floor = if sound {
        with_sound().await
    } else {
        Floor::open().await
    };
    let verbs = format!("<Dial><Conference beep=\"false\" waitUrl=\"\">{room}</Conference></Dial>");
    let agent = caller(&floor, json!("listener"), &verbs).await;
    floor.wait_for_event("participant.join", "call", &agent).await;
    (floor, agent)
}

/// The newest half second that a leg has heard.
async fn newest(floor: &Floor, call: &str) -> Vec<i16> {
    let heard = floor.heard(call).await;
    heard[heard.len().saturating_sub(4_000)..].to_vec()
}

fn ringing(ring_ms: u32) -> Value {
    json!({ "name": "late", "answer": { "after": { "ring_ms": ring_ms } }, "script": "listen" })
}

#[tokio::test]
async fn the_room_hears_it_ring_until_somebody_answers() {
    let (floor, agent) = agent_in("desk", true).await;
    floor.control("personas", PROSPECT, &ringing(1_500)).await;
    let (_, lead) = invite(&floor, "desk", PROSPECT, &[("Beep", "false")]).await;
    let lead = lead["call_sid"].as_str().unwrap();
    eventually("the agent hears American ringing", async || {
        let sound = newest(&floor, &agent).await;
        let rings = [440.0, 480.0].iter().all(|hertz| share(&sound, *hertz) > 0.4);
        rings.then_some(())
    })
    .await;
    assert_eq!(
        floor.get(&format!("Calls/{lead}.json")).await["status"],
        "ringing"
    );
    let started = floor.wait_for_event("early-media.started", "call", &agent).await;
    assert_eq!(
        (&started["speaker"], &started["what"]),
        (&json!(lead), &json!("ringback"))
    );
    floor.wait_for_event("participant.join", "call", lead).await;
    floor.wait_for_event("early-media.ended", "call", &agent).await;
    eventually("it is quiet again", async || {
        (tone::rms(&newest(&floor, &agent).await) < 1.0).then_some(())
    })
    .await;
    let rows = floor.played(&agent).await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(
        (&rows[0]["what"], &rows[0]["content"]),
        (&json!("ringback"), &json!(PROSPECT))
    );
    assert!(rows[0]["to"].is_string());
    let answered = floor.wait_for_event("call.in-progress", "call", lead).await;
    assert_eq!(rows[0]["to"], answered["at"]);
    floor.close().await;
}

#[tokio::test]
async fn a_room_that_is_to_hear_nothing_before_the_answer_does_not() {
    let (floor, agent) = agent_in("desk", true).await;
    floor.control("personas", PROSPECT, &ringing(1_000)).await;
    let more = [("EarlyMedia", "false"), ("Beep", "false")];
    let (_, lead) = invite(&floor, "desk", PROSPECT, &more).await;
    let lead = lead["call_sid"].as_str().unwrap();
    floor.wait_for_event("participant.join", "call", lead).await;
    assert!(tone::rms(&floor.heard(&agent).await) < 1.0);
    assert_eq!(floor.played(&agent).await, Vec::<Value>::new());
    floor.close().await;
}

#[tokio::test]
async fn the_room_hears_that_a_line_is_busy_and_only_those_who_are_not_held() {
    let (floor, agent) = agent_in("desk", false).await;
    floor.persona_at(PROSPECT, "busy").await;
    floor.persona_at(COLLEAGUE, "unreachable").await;
    let (_, lead) = invite(&floor, "desk", PROSPECT, &[]).await;
    let conference = lead["conference_sid"].as_str().unwrap();
    floor.wait_for_event("early-media.started", "what", "busy").await;
    let agents = format!("Conferences/{conference}/Participants/{agent}.json");
    floor.post(&agents, &[("Hold", "true")]).await;
    let lead = lead["call_sid"].as_str().unwrap();
    assert_eq!(
        floor.get(&format!("Calls/{lead}.json")).await["status"],
        "queued",
        "it is still heard"
    );
    floor.post(&agents, &[("Hold", "false")]).await;
    floor.wait_for_status(lead, "busy").await;
    let (_, gone) = invite(&floor, "desk", COLLEAGUE, &[]).await;
    floor
        .wait_for_status(gone["call_sid"].as_str().unwrap(), "failed")
        .await;
    let what: Vec<Value> = floor
        .played(&agent)
        .await
        .iter()
        .map(|row| row["what"].clone())
        .collect();
    assert_eq!(what, ["busy", "music", "busy", "intercept"]);
    // Nobody is there to hear it.
    let (_, alone) = invite(&floor, "elsewhere", PROSPECT, &[]).await;
    floor
        .wait_for_status(alone["call_sid"].as_str().unwrap(), "busy")
        .await;
    assert_eq!(floor.events("early-media.started").await.len(), 3);
    floor.close().await;
}

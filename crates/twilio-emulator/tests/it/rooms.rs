//! Conferences of people: waiting, starting, leaving, ending.

use reqwest::StatusCode;
use serde_json::json;

use crate::floor::{Floor, OWN_NUMBER, eventually, signed_in};

const REP: &str = "+13125550111";
const LEAD: &str = "+13125550122";

/// Calls `number` and lets it run `verbs`.
async fn call(floor: &Floor, number: &str, verbs: &str) -> String {
    floor.listener_at(number).await;
    let twiml = format!("<Response>{verbs}</Response>");
    let (_, call) = floor
        .post(
            "Calls.json",
            &[("To", number), ("From", OWN_NUMBER), ("Twiml", &twiml)],
        )
        .await;
    let call = call["sid"].as_str().unwrap().to_owned();
    floor.wait_for_event("participant.join", "call", &call).await;
    call
}

fn room(floor: &Floor, attributes: &str) -> String {
    let callback = floor.application.url("/room");
    format!(
        "<Dial action=\"{}\"><Conference beep=\"false\" statusCallback=\"{callback}\" \
         statusCallbackEvent=\"start end join leave\" {attributes}>seat</Conference></Dial>",
        floor.application.url("/after"),
    )
}

#[tokio::test]
async fn the_wait_url_is_fetched_only_if_nobody_has_started_the_room() {
    let floor = Floor::open().await;
    floor.application.says("/wait", "<Pause length=\"60\"/>");
    let wait = floor.application.url("/wait");
    let attributes = format!("startConferenceOnEnter=\"false\" waitUrl=\"{wait}\"");
    let lead = call(&floor, LEAD, &room(&floor, &attributes)).await;
    let fetch = floor.application.wait_for("/wait", &[("CallSid", &lead)]).await;
    assert_eq!(fetch.params["FriendlyName"], "seat");
    call(
        &floor,
        REP,
        &room(&floor, "endConferenceOnExit=\"true\" waitUrl=\"\""),
    )
    .await;
    floor.wait_for_event("conference.start", "name", "seat").await;
    let second = call(&floor, "+13125550133", &room(&floor, &attributes)).await;
    let fetched = floor.application.received("/wait");
    assert!(
        fetched.iter().all(|request| request.params["CallSid"] != second),
        "the room had started"
    );
    floor.close().await;
}

#[tokio::test]
async fn when_the_rep_leaves_the_room_ends_and_everybody_goes_on_to_the_action() {
    let floor = Floor::open().await;
    floor.application.says("/after", "<Hangup/>");
    let rep = call(
        &floor,
        REP,
        &room(
            &floor,
            "endConferenceOnExit=\"true\" waitUrl=\"\" participantLabel=\"rep\"",
        ),
    )
    .await;
    let lead = call(
        &floor,
        LEAD,
        &room(
            &floor,
            "startConferenceOnEnter=\"false\" participantLabel=\"lead\"",
        ),
    )
    .await;
    let open = floor
        .get("Conferences.json?FriendlyName=seat&Status=in-progress")
        .await;
    let conference = open["conferences"][0]["sid"].as_str().unwrap().to_owned();
    let people = floor
        .get(&format!("Conferences/{conference}/Participants.json"))
        .await;
    assert_eq!(people["participants"].as_array().unwrap().len(), 2);
    assert_eq!(
        floor
            .get(&format!("Conferences/{conference}/Participants/lead.json"))
            .await["call_sid"],
        lead
    );

    floor
        .post(&format!("Calls/{rep}.json"), &[("Status", "completed")])
        .await;
    let after = floor.application.wait_for("/after", &[("CallSid", &lead)]).await;
    assert_eq!(after.params["DialCallStatus"], "answered");
    assert_eq!(after.params["DialBridged"], "true");
    for absent in ["DialCallSid", "DialCallDuration"] {
        assert!(!after.params.contains_key(absent), "{absent} after a conference");
    }
    floor.wait_for_status(&lead, "completed").await;
    let left = floor
        .application
        .wait_for(
            "/room",
            &[("CallSid", &lead), ("StatusCallbackEvent", "participant-leave")],
        )
        .await;
    assert_eq!(left.params["ReasonParticipantLeft"], "moderator_ended_conference");
    let end = floor
        .application
        .wait_for("/room", &[("StatusCallbackEvent", "conference-end")])
        .await;
    assert_eq!(end.params["CallSidEndingConference"], rep);
    assert_eq!(end.params["ParticipantLabelEndingConference"], "rep");
    assert_eq!(
        end.params["ReasonConferenceEnded"],
        "participant-with-end-conference-on-exit-left"
    );
    assert!(end.signed);
    let view = floor.get(&format!("Conferences/{conference}.json")).await;
    assert_eq!(
        (view["status"].as_str(), &view["call_sid_ending_conference"]),
        (Some("completed"), &rep.into())
    );
    floor.close().await;
}

#[tokio::test]
async fn whoever_may_not_join_goes_on_and_the_code_says_why() {
    let floor = Floor::open().await;
    call(
        &floor,
        REP,
        &room(&floor, "participantLabel=\"rep\" waitUrl=\"\""),
    )
    .await;
    call(&floor, "+13125550133", &room(&floor, "")).await;
    floor.listener_at(LEAD).await;
    let as_a_call = format!("participantLabel=\"CA{}\"", "0".repeat(32));
    for (attributes, code) in [
        ("participantLabel=\"rep\"", "16025"),
        ("participantLabel=\"a/b\"", "16023"),
        (&as_a_call, "16023"),
        ("maxParticipants=\"2\"", "16020"),
    ] {
        floor.application.says("/after", "<Pause length=\"600\"/>");
        let twiml = format!("<Response>{}</Response>", room(&floor, attributes));
        let form = [("To", LEAD), ("From", OWN_NUMBER), ("Twiml", twiml.as_str())];
        let (_, call) = floor.post("Calls.json", &form).await;
        let call = call["sid"].as_str().unwrap();
        let after = floor.application.wait_for("/after", &[("CallSid", call)]).await;
        assert_eq!(after.params["DialCallStatus"], "failed", "{attributes}");
        assert_eq!(after.params["DialBridged"], "false");
        let notes = floor.get(&format!("Calls/{call}/Notifications.json")).await;
        let codes = notes["notifications"].as_array().unwrap().iter();
        assert!(
            codes.clone().any(|note| note["error_code"] == code),
            "{attributes}: {notes}"
        );
    }
    floor.close().await;
}

#[tokio::test]
async fn whoever_waits_hears_only_what_may_stand_in_waiting_twiml() {
    let floor = Floor::open().await;
    floor
        .application
        .says("/wait", "<Dial>+13125550133</Dial><Pause length=\"600\"/>");
    let wait = floor.application.url("/wait");
    let lead = call(&floor, LEAD, &room(&floor, &format!("waitUrl=\"{wait}\""))).await;
    let note = floor.wait_for_event("notification", "code", "13238").await;
    assert_eq!(note["call"], lead);
    assert_eq!(floor.events("call.dialled").await.len(), 0);
    assert_eq!(
        floor.get(&format!("Calls/{lead}.json")).await["status"],
        "in-progress"
    );
    floor.close().await;
}

#[tokio::test]
async fn a_room_that_fills_again_has_a_new_sid() {
    let floor = Floor::open().await;
    for _ in 0..2 {
        let rep = call(&floor, REP, &room(&floor, "waitUrl=\"\"")).await;
        floor
            .post(&format!("Calls/{rep}.json"), &[("Status", "completed")])
            .await;
    }
    let ended = floor.get("Conferences.json?FriendlyName=seat").await["conferences"].clone();
    assert_eq!(ended.as_array().unwrap().len(), 2);
    assert_ne!(ended[0]["sid"], ended[1]["sid"]);
    assert_eq!(ended[0]["reason_conference_ended"], "last-participant-left");
    floor.close().await;
}

#[tokio::test]
async fn mute_hold_and_kick_show_and_a_kicked_leg_goes_on() {
    let floor = Floor::open().await;
    floor.application.says("/after", "<Pause length=\"600\"/>");
    call(&floor, REP, &room(&floor, "waitUrl=\"\"")).await;
    let lead = call(&floor, LEAD, &room(&floor, "")).await;
    let legs = leg(&floor, &lead).await;
    assert_eq!(
        (legs["room"].as_str(), legs["muted"].as_bool()),
        (Some("seat"), Some(false))
    );
    let path = format!(
        "Conferences/{}/Participants/{lead}.json",
        legs["conference_sid"].as_str().unwrap()
    );
    let (_, muted) = floor.post(&path, &[("Muted", "true"), ("Hold", "true")]).await;
    assert_eq!(
        (muted["muted"].as_bool(), muted["hold"].as_bool()),
        (Some(true), Some(true))
    );
    let kicked = signed_in(floor.client.delete(floor.rest(&path))).await;
    assert_eq!(kicked.status(), StatusCode::NO_CONTENT);
    floor.application.wait_for("/after", &[("CallSid", &lead)]).await;
    assert_eq!(leg(&floor, &lead).await["status"], "in-progress");
    floor.close().await;
}

#[tokio::test]
async fn a_room_ended_by_rest_ends_for_all() {
    let floor = Floor::open().await;
    let rep = call(
        &floor,
        REP,
        "<Dial><Conference beep=\"false\">seat</Conference></Dial>",
    )
    .await;
    let lead = call(
        &floor,
        LEAD,
        "<Dial><Conference beep=\"false\">seat</Conference></Dial>",
    )
    .await;
    let conference = leg(&floor, &lead).await["conference_sid"]
        .as_str()
        .unwrap()
        .to_owned();
    floor
        .post(
            &format!("Conferences/{conference}.json"),
            &[("Status", "completed")],
        )
        .await;
    floor.wait_for_status(&rep, "completed").await;
    floor.wait_for_status(&lead, "completed").await;
    floor.close().await;
}

#[tokio::test]
async fn a_switch_makes_the_wait_url_be_fetched_always() {
    let floor = Floor::open().await;
    floor
        .control("switches", "", &json!({ "wait_url_fetch": "always" }))
        .await;
    let wait = format!("waitUrl=\"{}\"", floor.application.url("/wait"));
    call(&floor, REP, &room(&floor, "waitUrl=\"\"")).await;
    let lead = call(&floor, LEAD, &room(&floor, &wait)).await;
    floor.application.wait_for("/wait", &[("CallSid", &lead)]).await;
    floor.close().await;
}

async fn leg(floor: &Floor, sid: &str) -> serde_json::Value {
    eventually("the leg is listed", async || {
        let response = signed_in(floor.client.get(floor.url("/emulator/legs"))).await;
        let body: serde_json::Value = response.json().await.unwrap();
        body["legs"]
            .as_array()
            .unwrap()
            .iter()
            .find(|leg| leg["sid"] == sid)
            .cloned()
    })
    .await
}

//! Supervision of a conference: coaching, music on hold, announcements.

use crate::floor::{Floor, OWN_NUMBER, PROSPECT};

const COLLEAGUE: &str = "+13125550143";
const ROOM: &str = "<Response><Dial><Conference waitUrl=\"\">desk</Conference></Dial></Response>";

#[tokio::test]
async fn a_coach_is_shown_and_announcements_and_music_are_fetched() {
    let floor = Floor::open().await;
    let mut calls = Vec::new();
    for number in [PROSPECT, COLLEAGUE] {
        floor.listener_at(number).await;
        let form = [("To", number), ("From", OWN_NUMBER), ("Twiml", ROOM)];
        let (_, call) = floor.post("Calls.json", &form).await;
        let call = call["sid"].as_str().unwrap().to_owned();
        floor.wait_for_event("participant.join", "call", &call).await;
        calls.push(call);
    }
    let conferences = floor.get("Conferences.json?Status=in-progress").await;
    let conference = conferences["conferences"][0]["sid"].as_str().unwrap().to_owned();
    let coach = format!("Conferences/{conference}/Participants/{}.json", calls[1]);

    let (_, error) = floor
        .post(&coach, &[("Coaching", "true"), ("CallSidToCoach", "CA0")])
        .await;
    assert_eq!(error["code"], 13240);
    let form = [("Coaching", "true"), ("CallSidToCoach", calls[0].as_str())];
    let (_, view) = floor.post(&coach, &form).await;
    assert_eq!(
        (&view["coaching"], &view["call_sid_to_coach"]),
        (&true.into(), &calls[0].as_str().into())
    );
    let (_, view) = floor.post(&coach, &[("Coaching", "false")]).await;
    assert_eq!(view["coaching"], false);
    let (_, view) = floor.post(&coach, &form[1..]).await;
    assert_eq!(view["coaching"], true, "whom to coach says it already");

    for (path, verbs) in [
        ("/announcement", "<Say>Two minutes left.</Say>"),
        ("/music", "<Pause/>"),
    ] {
        floor.application.says(path, verbs);
    }
    let (announcement, music) = (
        floor.application.url("/announcement"),
        floor.application.url("/music"),
    );
    floor
        .post(
            &format!("Conferences/{conference}.json"),
            &[("AnnounceUrl", &announcement)],
        )
        .await;
    for call in &calls {
        floor
            .application
            .wait_for("/announcement", &[("CallSid", call)])
            .await;
    }
    floor.post(&coach, &[("Hold", "true"), ("HoldUrl", &music)]).await;
    floor
        .application
        .wait_for("/music", &[("CallSid", &calls[1])])
        .await;
    floor.post(&coach, &[("Hold", "false")]).await;
    floor
        .wait_for_event("participant.unhold", "call", &calls[1])
        .await;
    floor.close().await;
}

#[tokio::test]
async fn whoever_is_held_hears_their_music_and_neither_the_start_nor_a_beep() {
    let floor = Floor::open().await;
    for number in [PROSPECT, COLLEAGUE] {
        floor.listener_at(number).await;
    }
    let order = |to| [("To", to), ("From", OWN_NUMBER), ("Twiml", ROOM)];
    let (_, agent) = floor.post("Calls.json", &order(PROSPECT)).await;
    let agent = agent["sid"].as_str().unwrap();
    let joined = floor.wait_for_event("participant.join", "call", agent).await;
    let room = joined["conference"].as_str().unwrap();
    floor
        .application
        .says("/music", "<Say loop=\"0\">Please hold.</Say>");
    let music = floor.application.url("/music");
    let hold = [("Hold", "true"), ("HoldUrl", music.as_str())];
    floor
        .post(&format!("Conferences/{room}/Participants/{agent}.json"), &hold)
        .await;
    floor.wait_for_event("play.started", "what", "speech").await;
    let (_, other) = floor.post("Calls.json", &order(COLLEAGUE)).await;
    let other = other["sid"].as_str().unwrap();
    floor.wait_for_event("conference.start", "conference", room).await;
    let hang_up = [("Status", "completed")];
    floor.post(&format!("Calls/{other}.json"), &hang_up).await;
    floor.wait_for_event("participant.leave", "call", other).await;
    let played = floor.played(agent).await;
    assert_eq!(played.len(), 1, "{played:?}");
    assert_eq!(
        (&played[0]["what"], &played[0]["to"]),
        (&"speech".into(), &serde_json::Value::Null)
    );
    floor.close().await;
}

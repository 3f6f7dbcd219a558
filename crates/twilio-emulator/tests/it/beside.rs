//! What legs hear besides the people: announcements, music, beeps, and tones of numbers that do not answer.

use serde_json::json;

use crate::application::Answer;
use crate::floor::{Floor, OWN_NUMBER, PROSPECT, eventually};

const COLLEAGUE: &str = "+13125550143";

/// Calls somebody who only listens into the room `desk`; gives their call.
async fn join(floor: &Floor, number: &str, attributes: &str) -> String {
    floor.listener_at(number).await;
    let callback = floor.application.url("/room");
    let twiml = format!(
        "<Response><Dial><Conference waitUrl=\"\" statusCallback=\"{callback}\" \
         statusCallbackEvent=\"join modify speaker announcement\" {attributes}>desk</Conference></Dial></Response>"
    );
    let form = [("To", number), ("From", OWN_NUMBER), ("Twiml", &twiml)];
    let (_, call) = floor.post("Calls.json", &form).await;
    let call = call["sid"].as_str().unwrap().to_owned();
    floor.wait_for_event("participant.join", "call", &call).await;
    call
}

/// The conference with two people in it, and their calls.
async fn two(floor: &Floor) -> (String, [String; 2]) {
    let calls = [
        join(floor, PROSPECT, "beep=\"false\"").await,
        join(floor, COLLEAGUE, "beep=\"false\"").await,
    ];
    let conferences = floor.get("Conferences.json?Status=in-progress").await;
    let conference = conferences["conferences"][0]["sid"].as_str().unwrap().to_owned();
    (conference, calls)
}

#[tokio::test]
async fn the_end_and_the_failure_of_an_announcement_are_told() {
    let floor = Floor::open().await;
    let (conference, calls) = two(&floor).await;
    floor
        .application
        .says("/announcement", "<Say>Two minutes left.</Say>");
    let announcement = floor.application.url("/announcement");
    let path = format!("Conferences/{conference}.json");
    floor.post(&path, &[("AnnounceUrl", &announcement)]).await;
    let event = ("StatusCallbackEvent", "announcement-end");
    let end = floor.application.wait_for("/room", &[event]).await;
    assert_eq!(end.params["AnnounceUrl"], announcement);
    assert!(!end.params.contains_key("CallSid"), "it was for all");

    let path = format!("Conferences/{conference}/Participants/{}.json", calls[1]);
    let nowhere = floor.application.url("/nowhere");
    floor.application.answers_with("/nowhere", &[Answer::Status(500)]);
    floor.post(&path, &[("AnnounceUrl", &nowhere)]).await;
    let event = ("StatusCallbackEvent", "announcement-fail");
    let fail = floor.application.wait_for("/room", &[event]).await;
    assert_eq!(
        (&fail.params["CallSid"], &fail.params["AnnounceUrl"]),
        (&calls[1], &nowhere)
    );
    assert!(!fail.params["ReasonAnnouncementFailed"].is_empty());
    floor.close().await;
}

#[tokio::test]
async fn music_on_hold_is_requested_again_unless_the_switch_says_silence() {
    for (choice, again) in [("again", true), ("silence", false)] {
        let floor = Floor::open().await;
        let switches = json!({ "hold_music_end": choice });
        floor.control("switches", "", &switches).await;
        let (conference, calls) = two(&floor).await;
        floor.application.says("/music", "<Pause length=\"1\"/>");
        let music = floor.application.url("/music");
        let path = format!("Conferences/{conference}/Participants/{}.json", calls[0]);
        floor.post(&path, &[("Hold", "true"), ("HoldUrl", &music)]).await;
        // The colleague's music is longer than the second after which the first one's would come again.
        let verbs = "<Pause length=\"4\"/><Redirect>/later</Redirect>";
        floor.application.says("/longer", verbs);
        floor.application.says("/later", "<Pause length=\"600\"/>");
        let longer = floor.application.url("/longer");
        let colleague = format!("Conferences/{conference}/Participants/{}.json", calls[1]);
        floor
            .post(&colleague, &[("Hold", "true"), ("HoldUrl", &longer)])
            .await;
        let of_colleague = [("CallSid", calls[1].as_str())];
        floor.application.wait_for("/later", &of_colleague).await;
        let requests = floor.application.received("/music").len();
        assert_eq!(requests > 1, again, "{requests} requests");
        floor.close().await;
    }
}

#[tokio::test]
async fn who_speaks_is_told() {
    let floor = Floor::open_with(|config| config.no_media = false).await;
    let (conference, _) = two(&floor).await;
    floor.persona_at("+13125550144", "tone-440").await;
    let twiml = "<Response><Dial><Conference beep=\"false\">desk</Conference></Dial></Response>";
    let form = [("To", "+13125550144"), ("From", OWN_NUMBER), ("Twiml", twiml)];
    let (_, speaker) = floor.post("Calls.json", &form).await;
    let speaker = speaker["sid"].as_str().unwrap();
    let told = |event| [("StatusCallbackEvent", event), ("CallSid", speaker)];
    let starts = told("participant-speech-start");
    floor.application.wait_for("/room", &starts).await;
    let path = format!("Conferences/{conference}/Participants/{speaker}.json");
    floor.post(&path, &[("Muted", "true")]).await;
    let stops = told("participant-speech-stop");
    let stop = floor.application.wait_for("/room", &stops).await;
    assert_eq!(stop.params["Muted"], "true");
    floor.close().await;
}

#[tokio::test]
async fn a_beep_tells_those_who_are_there_of_whom_it_is_to_tell() {
    let floor = Floor::open_with(|config| config.no_media = false).await;
    let (_, calls) = two(&floor).await;
    let mut beeps = 0;
    for (beep, on_enter, on_exit) in [
        ("onEnter", 1, 0),
        ("onExit", 0, 1),
        ("false", 0, 0),
        ("true", 1, 1),
    ] {
        let third = join(&floor, "+13125550144", &format!("beep=\"{beep}\"")).await;
        beeps += on_enter;
        wait_for_beeps(&floor, &calls[0], beeps).await;
        let path = format!("Calls/{third}.json");
        floor.post(&path, &[("Status", "completed")]).await;
        floor.wait_for_event("participant.leave", "call", &third).await;
        beeps += on_exit;
        wait_for_beeps(&floor, &calls[0], beeps).await;
    }
    let loud = loud_frames(&floor, &calls[0]).await;
    assert!(loud <= beeps * 14, "{loud} frames of sound for {beeps} beeps");
    floor.close().await;
}

/// A beep lasts a quarter of a second.
async fn wait_for_beeps(floor: &Floor, call: &str, beeps: usize) {
    eventually(&format!("{beeps} beeps are heard"), async || {
        (loud_frames(floor, call).await >= beeps * 12).then_some(())
    })
    .await;
}

async fn loud_frames(floor: &Floor, call: &str) -> usize {
    let heard = floor.heard(call).await;
    heard
        .chunks(160)
        .filter(|frame| audio::tone::rms(frame) > 500.0)
        .count()
}

#[tokio::test]
async fn a_caller_hears_that_the_line_is_busy_or_out_of_service() {
    for (persona, status, hertz) in [
        ("busy", "busy", [480.0, 620.0]),
        ("unreachable", "failed", [950.0, 1_400.0]),
    ] {
        let floor = Floor::open_with(|config| config.no_media = false).await;
        floor.listener_at(PROSPECT).await;
        floor.persona_at(COLLEAGUE, persona).await;
        let after = floor.application.url("/after");
        let twiml = format!("<Response><Dial action=\"{after}\">{COLLEAGUE}</Dial></Response>");
        let form = [("To", PROSPECT), ("From", OWN_NUMBER), ("Twiml", &twiml)];
        let (_, call) = floor.post("Calls.json", &form).await;
        let call = call["sid"].as_str().unwrap();
        let after = floor.application.wait_for("/after", &[("CallSid", call)]).await;
        assert_eq!(after.params["DialCallStatus"], status);
        let heard = floor.heard(call).await;
        for hertz in hertz {
            let share = audio::tone::share(&heard, 8_000, hertz);
            assert!(share > 0.1, "{persona}: {share} of the sound is at {hertz} Hz");
        }
        floor.close().await;
    }
}

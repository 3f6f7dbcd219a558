//! Voice SDK legs with real sound: who hears a coach, and keys from one page to another.

use serde_json::json;

use crate::floor::{Floor, OWN_NUMBER, PROSPECT, eventually};
use crate::phone::{Phone, only};
use crate::sdk::{Sdk, application};

/// What each of them sounds like.
const AGENT: f32 = 1_000.0;
const COACH: f32 = 1_600.0;
const LEAD: f32 = 440.0;

/// Waits until the lead hears these and not those.
async fn lead_hears(floor: &Floor, lead: &str, tones: &[f32], silent: &[f32]) {
    eventually(
        &format!("the lead hears {tones:?} without {silent:?}"),
        async || {
            let heard = floor.heard(lead).await;
            let last = heard.len().saturating_sub(4_000);
            only(&heard[last..], tones, silent).then_some(())
        },
    )
    .await;
}

#[tokio::test]
async fn a_coach_on_a_page_is_heard_by_whom_rest_says() {
    let floor = Floor::open_with(|config| config.no_media = false).await;
    let application = application(&floor).await;
    floor.persona_at(PROSPECT, "tone-440").await;
    floor.application.says(
        "/voice",
        "<Dial><Conference beep=\"false\" waitUrl=\"\">seat_1</Conference></Dial>",
    );
    let mut desk = Sdk::listen(&floor, &application, 0).await;
    let mut office = Sdk::listen(&floor, &application, 0).await;
    let (agent, agent_call) = Phone::call(&mut desk, AGENT).await;
    let voice = floor.application.url("/voice");
    let form = [("To", PROSPECT), ("From", OWN_NUMBER), ("Url", voice.as_str())];
    let (_, lead) = floor.post("Calls.json", &form).await;
    let lead = lead["sid"].as_str().unwrap();
    agent.hears(&[LEAD], &[COACH]).await;
    let (coach, coach_call) = Phone::call(&mut office, COACH).await;
    lead_hears(&floor, lead, &[AGENT, COACH], &[LEAD]).await;

    let join = floor
        .wait_for_event("participant.join", "call", &coach_call)
        .await;
    let conference = join["conference"].as_str().unwrap();
    let path = format!("Conferences/{conference}/Participants/{coach_call}.json");
    let whisper = [("Coaching", "true"), ("CallSidToCoach", agent_call.as_str())];
    floor.post(&path, &whisper).await;
    lead_hears(&floor, lead, &[AGENT], &[COACH, LEAD]).await;
    agent.hears(&[LEAD, COACH], &[AGENT]).await;
    coach.hears(&[LEAD, AGENT], &[COACH]).await;

    floor
        .post(&path, &[("CallSidToCoach", lead), ("Coaching", "true")])
        .await;
    lead_hears(&floor, lead, &[AGENT, COACH], &[LEAD]).await;
    agent.hears(&[LEAD], &[COACH, AGENT]).await;
    floor
        .post(&path, &[("Coaching", "true"), ("Muted", "true")])
        .await;
    lead_hears(&floor, lead, &[AGENT], &[COACH, LEAD]).await;
    floor
        .post(&path, &[("Coaching", "false"), ("Muted", "false")])
        .await;
    lead_hears(&floor, lead, &[AGENT, COACH], &[LEAD]).await;
    agent.hears(&[LEAD, COACH], &[AGENT]).await;
    floor.close().await;
}

#[tokio::test]
async fn keys_and_sound_cross_from_one_page_to_another() {
    let floor = Floor::open_with(|config| config.no_media = false).await;
    let application = application(&floor).await;
    floor
        .application
        .says("/voice", "<Dial><Client>agent_1</Client></Dial>");
    let mut office = Sdk::register(&floor, &application).await;
    let mut desk = Sdk::listen(&floor, &application, 0).await;
    let (here, call) = Phone::call(&mut desk, AGENT).await;
    let (there, _) = Phone::take(&mut office, COACH).await;
    here.hears(&[COACH], &[AGENT]).await;
    there.hears(&[AGENT], &[COACH]).await;

    here.press('7');
    there.gets_keys("7").await;
    desk.send("dtmf", json!({ "callsid": call, "dtmf": "1w#" })).await;
    there.gets_keys("71#").await;
    there.press('*');
    here.gets_keys("*").await;

    let leg = format!("{call}/impairments");
    floor.control("legs", &leg, &json!({ "loss": 1.0 })).await;
    there.hears(&[], &[AGENT]).await;
    here.hears(&[], &[COACH]).await;
    floor.control("legs", &leg, &json!({})).await;
    there.hears(&[AGENT], &[COACH]).await;
    floor.close().await;
}

#[tokio::test]
async fn keys_in_a_conference_are_heard_unless_the_switch_says_no() {
    for (choice, heard) in [("absorbed", false), ("heard", true)] {
        let floor = Floor::open_with(|config| config.no_media = false).await;
        let application = application(&floor).await;
        floor
            .control("switches", "", &json!({ "conference_digits": choice }))
            .await;
        floor.application.says(
            "/voice",
            "<Dial><Conference beep=\"false\" waitUrl=\"\">seat_1</Conference></Dial>",
        );
        let mut desk = Sdk::listen(&floor, &application, 0).await;
        let mut office = Sdk::listen(&floor, &application, 0).await;
        let (one, call) = Phone::call(&mut desk, AGENT).await;
        let (other, _) = Phone::call(&mut office, COACH).await;
        other.hears(&[AGENT], &[COACH]).await;
        for _ in 0..8 {
            desk.send("dtmf", json!({ "callsid": call, "dtmf": "1" })).await;
        }
        if heard {
            other.hears(&[697.0, 1_209.0], &[]).await;
            other.hears(&[AGENT], &[697.0]).await;
        } else {
            floor.wait_for_event("digit", "digit", "1").await;
            one.hears(&[COACH], &[AGENT]).await;
            other.hears(&[AGENT], &[697.0]).await;
        }
        other.gets_keys("").await;
        floor.close().await;
    }
}

#[tokio::test]
async fn keys_that_are_played_reach_a_page_as_tones_only() {
    let floor = Floor::open_with(|config| config.no_media = false).await;
    let application = application(&floor).await;
    let mut office = Sdk::register(&floor, &application).await;
    let ones = "1".repeat(32);
    let twiml = format!(
        "<Response><Play digits=\"{}\"/><Pause length=\"60\"/></Response>",
        "5".repeat(32)
    );
    let form = [
        ("To", "client:agent_1"),
        ("From", OWN_NUMBER),
        ("SendDigits", ones.as_str()),
        ("Twiml", twiml.as_str()),
    ];
    floor.post("Calls.json", &form).await;
    let (page, _) = Phone::take(&mut office, AGENT).await;
    page.hears(&[697.0, 1_209.0], &[]).await;
    page.hears(&[770.0, 1_336.0], &[697.0, 1_209.0]).await;
    page.gets_keys("").await;
    floor.close().await;
}

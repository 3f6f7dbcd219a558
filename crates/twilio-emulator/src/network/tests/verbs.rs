//! What verbs do in which place.

use serde_json::json;

use super::application::Application;
use super::{live_at, network, order, place, run, status};
use crate::media::MediaEvent;
use crate::network::{Input, Network, NotificationFilter, Output, SoundSource};
use crate::sid::CallSid;

const PERSON: &str = "+13125550101";
const AGENT: &str = "+13125550102";

/// Codes of what was noted about a call, oldest first.
fn codes(network: &Network, call: &CallSid) -> Vec<String> {
    let notes = network.list_notifications("AC1", Some(call), &NotificationFilter::default());
    let code = |note: &serde_json::Value| note["error_code"].as_str().unwrap().to_owned();
    notes.iter().rev().map(code).collect()
}

#[test]
fn words_stop_a_prompt_unless_it_may_not_be_interrupted() {
    for (barge_in, expected) in [("true", Some("Yes please")), ("false", None)] {
        let mut network = network(1, 0);
        let mut application = Application::default();
        live_at(&mut network, PERSON, "listener");
        let twiml = format!(
            "<Gather input=\"speech\" timeout=\"2\" bargeIn=\"{barge_in}\" action=\"https://example.com/said\">\
             <Say loop=\"20\">Please listen.</Say></Gather><Say>You said nothing.</Say>"
        );
        let call = place(&mut network, PERSON, &twiml);
        application.pass(&mut network, 8);
        assert_eq!(application.words(&call), ["Please listen."]);
        let said = MediaEvent::Said {
            leg: call.as_str().to_owned(),
            text: "Yes please".to_owned(),
        };
        let now = network.now;
        network.handle(Input::Media(said), now);
        application.pass(&mut network, 12);
        let told = application.told("https://example.com/said", "SpeechResult");
        assert_eq!(told, expected, "bargeIn={barge_in}");
        application.pass(&mut network, 60);
        let next = application.words(&call).contains(&"You said nothing.");
        assert_eq!(next, expected.is_none(), "bargeIn={barge_in}");
    }
}

#[test]
fn only_some_verbs_may_stand_in_what_a_caller_in_line_hears() {
    let mut network = network(1, 0);
    let mut application = Application::default()
        .says(
            "https://example.com/wait",
            "<Record/><Dial>+13125550133</Dial><Enqueue>other</Enqueue><Reject/><Say>Please hold.</Say><Pause/>\
             <Gather timeout=\"1\"><Say>Press a key.</Say></Gather><Redirect>https://example.com/more</Redirect>",
        )
        .says("https://example.com/more", "<Say>Goodbye.</Say><Leave/>");
    live_at(&mut network, PERSON, "listener");
    let twiml = "<Enqueue waitUrl=\"https://example.com/wait\">line</Enqueue><Say>Nobody came.</Say>";
    let call = place(&mut network, PERSON, twiml);
    application.pass(&mut network, 60);
    assert_eq!(codes(&network, &call), ["12200"; 4]);
    let words = ["Please hold.", "Press a key.", "Goodbye.", "Nobody came."];
    assert_eq!(application.words(&call), words);
    assert_eq!(network.legs().len(), 1, "nobody was dialled");
}

#[test]
fn only_some_verbs_may_stand_in_what_a_caller_hears_before_the_agent() {
    let mut network = network(2, 0);
    let mut application = Application::default().says(
        "https://example.com/whisper",
        "<Gather/><Hangup/><Dial>+13125550133</Dial><Say>Here is an agent.</Say>",
    );
    live_at(&mut network, PERSON, "listener");
    live_at(&mut network, AGENT, "listener");
    let caller = place(&mut network, PERSON, "<Enqueue>line</Enqueue>");
    application.pass(&mut network, 10);
    let twiml = "<Dial><Queue url=\"https://example.com/whisper\">line</Queue></Dial>";
    let agent = place(&mut network, AGENT, twiml);
    application.pass(&mut network, 20);
    assert_eq!(codes(&network, &caller), ["12200"; 3]);
    assert_eq!(application.words(&caller), ["Here is an agent."]);
    assert_eq!(network.bridged_with(&caller), Some(agent), "and then they talk");
}

#[test]
fn whoever_hangs_up_in_line_has_waited_as_long_as_they_have() {
    let mut network = network(1, 0);
    let mut application = Application::default();
    live_at(&mut network, PERSON, "listener");
    let twiml = "<Enqueue action=\"https://example.com/after\">line</Enqueue>";
    let call = place(&mut network, PERSON, twiml);
    application.pass(&mut network, 20);
    let entered = network.calls[&call].answered_at.unwrap();
    let leg = call.as_str().to_owned();
    let now = network.now;
    network.handle(Input::Media(MediaEvent::PersonHungUp { leg }), now);
    application.pass(&mut network, 21);
    let told = |name| application.told("https://example.com/after", name);
    let waited = now.duration_since(entered).as_secs().to_string();
    assert_eq!(told("QueueResult"), Some("hangup"));
    assert_eq!(told("QueueTime"), Some(waited.as_str()));
    assert_eq!(application.requests("https://example.com/after"), 1);
}

#[test]
fn the_called_side_is_shown_why_it_is_called() {
    let mut network = network(1, 0);
    live_at(&mut network, PERSON, "listener");
    live_at(&mut network, AGENT, "listener");
    let mut wish = order(
        PERSON,
        &format!("<Dial callReason=\"Your appointment\">{AGENT}</Dial>"),
    );
    wish.reason = Some("Your order".to_owned());
    let call = network.create_call(wish).unwrap();
    run(&mut network, 20);
    let shown: Vec<serde_json::Value> = network
        .legs()
        .iter()
        .map(|leg| leg["call_reason"].clone())
        .collect();
    assert_eq!(shown, [json!("Your order"), json!("Your appointment")]);
    assert_eq!(status(&network, &call), "in-progress");
}

#[test]
fn a_room_is_mixed_where_its_first_participant_wants_it() {
    let mut network = network(2, 0);
    live_at(&mut network, PERSON, "listener");
    let room = |region: &str| format!("<Dial><Conference region=\"{region}\">floor</Conference></Dial>");
    for region in ["ie1", "sg1"] {
        place(&mut network, PERSON, &room(region));
        run(&mut network, if region == "ie1" { 10 } else { 20 });
    }
    place(
        &mut network,
        PERSON,
        "<Dial><Conference>other</Conference></Dial>",
    );
    run(&mut network, 30);
    let rooms = network.conferences.values();
    let mut regions: Vec<(&str, &str)> = rooms.map(|it| (it.name.as_str(), it.region.as_str())).collect();
    regions.sort_unstable();
    assert_eq!(regions, [("floor", "ie1"), ("other", "us1")]);
}

#[test]
fn whoever_is_in_line_hears_music_unless_there_is_something_else() {
    for (wait, music) in [("", true), ("waitUrl=\"https://example.com/wait\"", false)] {
        let mut network = network(1, 0);
        live_at(&mut network, PERSON, "listener");
        let call = place(&mut network, PERSON, &format!("<Enqueue {wait}>sales</Enqueue>"));
        let outputs = run(&mut network, 10);
        let is_music = |output: &Output| matches!(output, Output::Sound { call: listener, source: SoundSource::HoldMusic, rounds: 0, .. } if *listener == call);
        assert_eq!(outputs.iter().any(is_music), music, "{wait}");
    }
}

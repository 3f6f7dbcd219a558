//! `POST Calls/{CA}` to a call in every state, and in every wait.

use super::application::Application;
use super::{callbacks, live_at, network, order, place, run, status};
use crate::amd::Amd;
use crate::network::{CallChanges, Instructions, Network, StatusChange};
use crate::rest::ApiError;
use crate::sid::CallSid;

const PERSON: &str = "+13125550101";
const FRIEND: &str = "+13125550102";
const NOBODY: &str = "+13125550103";

/// A wait as it shows in the outermost document, and the TwiML that leads there.
const WAITS: [(&str, &str); 13] = [
    ("Pause", "<Pause length=\"3600\"/>"),
    ("Sound", "<Say loop=\"0\">Again and again.</Say>"),
    ("Gather", "<Gather timeout=\"3600\"/>"),
    ("Gather", "<Gather><Say loop=\"0\">Press a key.</Say></Gather>"),
    (
        "Record",
        "<Record timeout=\"0\" action=\"https://example.com/recorded\"/>",
    ),
    ("Dial", "<Dial timeout=\"600\">+13125550103</Dial>"),
    ("Dial", "<Dial>+13125550102</Dial>"),
    ("Dial", "<Dial><Conference>floor</Conference></Dial>"),
    (
        "Dial",
        "<Dial><Conference waitUrl=\"https://example.com/music\">floor</Conference></Dial>",
    ),
    ("Dial", "<Dial timeout=\"600\"><Queue>line</Queue></Dial>"),
    ("Queue", "<Enqueue>line</Enqueue>"),
    (
        "Queue",
        "<Enqueue waitUrl=\"https://example.com/music\">line</Enqueue>",
    ),
    ("Fetch", "<Redirect>https://example.com/never</Redirect>"),
];

fn say(words: &str) -> CallChanges {
    let twiml = format!("<Response><Say>{words}</Say><Pause length=\"7200\"/></Response>");
    CallChanges {
        instructions: Some(Instructions::Twiml(twiml)),
        ..CallChanges::default()
    }
}

fn become_(status: StatusChange) -> CallChanges {
    CallChanges {
        status: Some(status),
        ..CallChanges::default()
    }
}

fn refused() -> ApiError {
    let message = "Call is not in-progress. Cannot redirect.".to_owned();
    ApiError::new(400, 21220, message)
}

/// A call that waits as `twiml` says.
fn waiting(wait: &str, twiml: &str) -> (Network, Application, CallSid) {
    let mut network = network(1, 0);
    let mut application =
        Application::default().says("https://example.com/music", "<Say loop=\"0\">La.</Say>");
    live_at(&mut network, PERSON, "listener");
    live_at(&mut network, FRIEND, "listener");
    live_at(&mut network, NOBODY, "no-answer");
    network.create_queue("AC1", "line", None).unwrap();
    let call = place(&mut network, PERSON, twiml);
    application.pass(&mut network, 30);
    let now = format!("{:?}", network.calls[&call].runs[0].waiting);
    assert!(now.starts_with(wait), "{twiml} waits in {now}");
    (network, application, call)
}

#[test]
fn other_twiml_ends_every_wait_and_nothing_of_it_is_left() {
    for (wait, twiml) in WAITS {
        let (mut network, mut application, call) = waiting(wait, twiml);
        network.update_call(&call, say("Now this.")).unwrap();
        application.pass(&mut network, 7_000);
        assert_eq!(application.words(&call).last(), Some(&"Now this."), "{twiml}");
        let runs = &network.calls[&call].runs;
        let now = format!("{:?}", runs[0].waiting);
        assert_eq!((runs.len(), now.as_str()), (1, "Pause"), "{twiml}");
        let others = network.calls.values().filter(|other| other.sid != call);
        assert!(others.into_iter().all(|other| other.status.is_final()), "{twiml}");
        assert!(network.open_rooms.is_empty(), "{twiml}");
        let queues = network.list_queues("AC1");
        assert!(queues.iter().all(|queue| queue["current_size"] == 0), "{twiml}");
    }
}

#[test]
fn completed_ends_every_wait_and_canceled_touches_none() {
    for (wait, twiml) in WAITS {
        let (mut network, mut application, call) = waiting(wait, twiml);
        network
            .update_call(&call, become_(StatusChange::Canceled))
            .unwrap();
        assert_eq!(status(&network, &call), "in-progress", "{twiml}");
        let now = format!("{:?}", network.calls[&call].runs[0].waiting);
        assert!(now.starts_with(wait), "{twiml} goes on in {now}");
        network
            .update_call(&call, become_(StatusChange::Completed))
            .unwrap();
        assert_eq!(status(&network, &call), "completed", "{twiml}");
        application.pass(&mut network, 60);
        assert!(
            network.calls.values().all(|call| call.status.is_final()),
            "{twiml}"
        );
        assert!(network.open_rooms.is_empty(), "{twiml}");
    }
}

#[test]
fn a_call_that_nobody_has_answered_can_be_ended_only() {
    // The second of two calls is in line; the first is dialled at once and rings a moment later.
    let before: [fn(&Network, &CallSid) -> bool; 3] = [
        |network, call| network.queue.contains(call),
        |network, call| network.calls[call].status.callback() == "initiated",
        |network, call| network.calls[call].status.callback() == "ringing",
    ];
    for (stage, reached) in before.iter().enumerate() {
        for (change, end) in [
            (StatusChange::Canceled, "canceled"),
            (StatusChange::Completed, "canceled"),
        ] {
            let mut network = network(1, 0);
            live_at(&mut network, NOBODY, "no-answer");
            let first = place(&mut network, NOBODY, "");
            let second = place(&mut network, NOBODY, "");
            run(&mut network, i64::try_from(stage / 2).unwrap());
            let call = if stage == 0 { second } else { first };
            assert!(reached(&network, &call), "{stage}: {}", status(&network, &call));
            assert_eq!(network.update_call(&call, say("Hello")).unwrap_err(), refused());
            network.update_call(&call, become_(change)).unwrap();
            assert_eq!(status(&network, &call), end, "{stage}");
            let told = callbacks(&run(&mut network, 600), &call);
            let silent = stage == 0;
            assert_eq!(
                told.last().map(String::as_str),
                (!silent).then_some(end),
                "{stage}"
            );
        }
    }
}

#[test]
fn a_call_that_is_over_takes_nothing() {
    let mut network = network(1, 0);
    live_at(&mut network, PERSON, "listener");
    let call = place(&mut network, PERSON, "<Pause/>");
    run(&mut network, 60);
    assert_eq!(status(&network, &call), "completed");
    for changes in [
        say("Hello"),
        become_(StatusChange::Canceled),
        become_(StatusChange::Completed),
    ] {
        assert_eq!(network.update_call(&call, changes).unwrap_err(), refused());
    }
}

#[test]
fn whoever_is_redirected_before_the_verdict_is_not_sent_back_by_it() {
    let mut network = network(1, 0);
    let mut application = Application::default();
    live_at(&mut network, PERSON, "listener");
    let mut wish = order(PERSON, "<Say>You are a person.</Say>");
    let detection = Amd::of_call(|name| (name == "MachineDetection").then_some("Enable"));
    wish.amd = detection.and_then(Result::ok);
    assert!(wish.amd.is_some());
    let call = network.create_call(wish).unwrap();
    application.pass(&mut network, 3);
    assert_eq!(status(&network, &call), "in-progress");
    assert_eq!(application.words(&call), [""; 0], "it waits for the verdict");
    network.update_call(&call, say("Never mind.")).unwrap();
    application.pass(&mut network, 60);
    assert_eq!(application.words(&call), ["Never mind."]);
}

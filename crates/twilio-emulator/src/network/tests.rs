//! The machine by itself, on a clock that jumps from one deadline to the next.

mod application;
mod bounds;
mod client;
mod truth;
mod updates;
mod verbs;
mod world;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{CallChanges, CallOrder, Input, Instructions, Network, Output, PersonaOrder, StatusChange};
use crate::config::{Config, Credentials};
use crate::network::Endpoint;
use crate::rest::ApiError;
use crate::sid::CallSid;
use crate::twiml::Method;
use crate::world::Who;

const CALLBACK: &str = "https://example.com/status";

pub(in crate::network) fn network(cps: u32, seed: u64) -> Network {
    let credentials = Credentials {
        account_sid: "AC1".to_owned(),
        auth_token: "token".into(),
        api_key_sid: "SK1".to_owned(),
        api_key_secret: "secret".into(),
    };
    Network::new(
        &Config {
            cps,
            seed,
            no_media: true,
            ..Config::new(credentials)
        },
        Timestamp::UNIX_EPOCH,
    )
}

pub(in crate::network) fn place(network: &mut Network, to: &str, twiml: &str) -> CallSid {
    network.create_call(order(to, twiml)).unwrap()
}

fn order(to: &str, twiml: &str) -> CallOrder {
    CallOrder {
        account: "AC1".to_owned(),
        record: None,
        to: to.to_owned(),
        from: "+12025550100".to_owned(),
        token: None,
        sip_credentials: None,
        notes: Vec::new(),
        instructions: Some(Instructions::Twiml(format!("<Response>{twiml}</Response>"))),
        application_sid: None,
        fallback: None,
        callback: Some(Endpoint {
            url: CALLBACK.to_owned(),
            method: Method::Post,
        }),
        callback_events: ["initiated", "ringing", "answered", "completed"]
            .map(str::to_owned)
            .to_vec(),
        ring_timeout_s: 60,
        time_limit_s: None,
        keys: None,
        amd: None,
        reason: None,
    }
}

pub(in crate::network) fn live_at(network: &mut Network, number: &str, persona: &str) {
    network
        .set_persona(number, &PersonaOrder(Who::Named(persona.to_owned())))
        .unwrap();
}

/// Lets time pass until nothing is due before `seconds`, and gives what was to be done.
pub(in crate::network) fn run(network: &mut Network, seconds: i64) -> Vec<Output> {
    let mut outputs = Vec::new();
    pass(network, seconds, |_, output| outputs.push(output));
    outputs
}

/// Lets time pass until nothing is due before `seconds`; `perform` does what the network wants done.
fn pass(network: &mut Network, seconds: i64, mut perform: impl FnMut(&mut Network, Output)) {
    let end = Timestamp::from_second(seconds).unwrap();
    loop {
        while let Some(output) = network.poll() {
            perform(network, output);
        }
        let due = network.deadline().filter(|due| *due <= end);
        network.handle(Input::Tick, due.unwrap_or(end));
        if due.is_none() {
            return;
        }
    }
}

fn status(network: &Network, call: &CallSid) -> Value {
    network.call_view(call).unwrap()["status"].clone()
}

fn callbacks(outputs: &[Output], of: &CallSid) -> Vec<String> {
    let said = |output: &Output| {
        let Output::Callback { call, request } = output else {
            return None;
        };
        let status = request.params.iter().find(|(name, _)| name == "CallStatus")?;
        (call == of).then(|| status.1.clone())
    };
    outputs.iter().filter_map(said).collect()
}

#[test]
fn calls_leave_the_queue_at_the_accounts_pace() {
    let mut network = network(2, 0);
    let calls: Vec<CallSid> = (0..5)
        .map(|n| place(&mut network, &format!("+1312555010{n}"), ""))
        .collect();
    let waits: Vec<Value> = calls
        .iter()
        .map(|c| network.call_view(c).unwrap()["queue_time"].clone())
        .collect();
    assert_eq!(waits, ["0", "500", "1000", "1500", "2000"]);
    run(&mut network, 1);
    let dialled = calls
        .iter()
        .filter(|call| !network.call_view(call).unwrap()["start_time"].is_null())
        .count();
    assert_eq!(dialled, 3, "at 0, 500 and 1000 ms");
}

#[test]
fn what_is_canceled_in_the_queue_ends_without_a_word() {
    let mut network = network(1, 0);
    place(&mut network, "+13125550101", "");
    let call = place(&mut network, "+13125550102", "");
    let changes = CallChanges {
        status: Some(StatusChange::Canceled),
        ..CallChanges::default()
    };
    network.update_call(&call, changes).unwrap();
    let outputs = run(&mut network, 600);
    assert_eq!(status(&network, &call), "canceled");
    assert_eq!(callbacks(&outputs, &call), [""; 0]);
}

#[test]
fn a_call_ends_at_its_time_limit() {
    let mut network = network(1, 0);
    live_at(&mut network, "+13125550101", "listener");
    let call = place(&mut network, "+13125550101", "<Pause length=\"80000\"/>");
    run(&mut network, 14_390);
    assert_eq!(status(&network, &call), "in-progress");
    let outputs = run(&mut network, 14_410);
    assert_eq!(status(&network, &call), "completed");
    assert_eq!(callbacks(&outputs, &call), ["completed"]);
}

#[test]
fn a_dial_ends_at_its_time_limit_and_the_next_verb_runs() {
    let mut network = network(1, 0);
    live_at(&mut network, "+13125550101", "listener");
    let twiml = "<Dial timeLimit=\"30\"><Conference>seat</Conference></Dial><Pause length=\"600\"/>";
    let call = place(&mut network, "+13125550101", twiml);
    run(&mut network, 20);
    assert_eq!(network.legs()[0]["room"], "seat");
    run(&mut network, 60);
    assert!(network.legs()[0]["room"].is_null());
    assert_eq!(status(&network, &call), "in-progress");
}

#[test]
fn the_population_depends_on_seed_and_number_and_not_on_the_order() {
    let people = |seed: u64, numbers: &[usize]| {
        let mut network = network(1_000, seed);
        for number in numbers {
            place(&mut network, &format!("+1312555{number:04}"), "");
        }
        let mut people: Vec<(String, String)> = network
            .legs()
            .iter()
            .map(|leg| (leg["to"].to_string(), leg["persona"].to_string()))
            .collect();
        people.sort();
        people
    };
    let forwards: Vec<usize> = (0..200).collect();
    let backwards: Vec<usize> = (0..200).rev().collect();
    assert_eq!(people(7, &forwards), people(7, &backwards));
    assert_ne!(people(7, &forwards), people(8, &forwards));
    let talks = people(7, &forwards)
        .iter()
        .filter(|(_, p)| p.contains("friendly") || p.contains("brisk"))
        .count();
    assert!((100..160).contains(&talks), "most people talk: {talks} of 200");
}

#[test]
fn a_thousand_lines_without_media_all_come_to_an_end() {
    let mut network = network(1_000, 1);
    let twiml = "<Dial><Conference>floor</Conference></Dial>";
    let calls: Vec<CallSid> = (0..1_000)
        .map(|n| place(&mut network, &format!("+1312556{n:04}"), twiml))
        .collect();
    let outputs = run(&mut network, 3_600);
    for call in &calls {
        let told = callbacks(&outputs, call);
        assert_eq!(told.first().map(String::as_str), Some("initiated"));
        assert_eq!(
            told.last().map(String::as_str),
            status(&network, call).as_str(),
            "{told:?}"
        );
    }
    let ended = network.now.duration_since(Timestamp::UNIX_EPOCH);
    assert_eq!(ended, SignedDuration::from_hours(1));
}

#[test]
fn the_queue_holds_a_day_of_calls() {
    let mut network = network(1, 0);
    for _ in 0..86_400 {
        place(&mut network, "+13125550142", "");
    }
    let full = network.create_call(order("+13125550142", "")).unwrap_err();
    assert_eq!(full, ApiError::new(400, 22005, "Call queue is full".to_owned()));
    run(&mut network, 10);
    place(&mut network, "+13125550142", "");
}

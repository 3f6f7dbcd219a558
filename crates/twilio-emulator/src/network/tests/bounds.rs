//! A long run: what is kept stays within its bounds.

use jiff::SignedDuration;

use super::application::twiml;
use super::{live_at, network, pass, place};
use crate::network::{Input, Network, Output, not_found};
use crate::twiml::Method;

const CALLS: i64 = 20_000;
const KEPT: usize = 500;

/// Lets time pass to `second`; every webhook is answered at once.
fn answer_all(network: &mut Network, second: i64) {
    pass(network, second, |network, output| {
        let now = network.now;
        let result = Ok(twiml("<Response/>"));
        if let Output::Callback { call, request } = output {
            assert_eq!(request.method, Method::Post);
            let done = Input::CallbackDone {
                call,
                request,
                result,
            };
            network.handle(done, now);
        } else if let Output::Fetch(fetch) = output {
            network.handle(Input::Fetched { fetch, result }, now);
        } else if let Output::Sound { call, play, .. } = output {
            network.handle(Input::SoundLength { call, play, ms: 500 }, now);
        }
    });
}

#[test]
fn tens_of_thousands_of_calls_leave_no_more_behind_than_is_kept() {
    let mut network = network(1_000, 7);
    network.bounds.calls_max = KEPT;
    network.bounds.conferences_max = KEPT;
    live_at(&mut network, "+13125550142", "listener");
    // The oldest call of all outlives the others.
    let agent = place(&mut network, "+13125550142", "<Pause length=\"14000\"/>");
    answer_all(&mut network, 5);
    for n in 0..CALLS {
        let (to, room) = (format!("+1{}", 3_125_550_000 + n), n / 3);
        let room = format!(
            "<Say>Hello</Say><Dial timeLimit=\"30\"><Conference endConferenceOnExit=\"true\" \
             statusCallback=\"https://example.com/room\" statusCallbackEvent=\"join leave end\">{room}</Conference></Dial>"
        );
        place(&mut network, &to, &room);
        if n % 10 == 9 {
            answer_all(&mut network, 6 + n / 10);
        }
    }
    assert!(
        network
            .calls
            .get(&agent)
            .is_some_and(|call| !call.status.is_final())
    );
    assert!(network.calls.len() <= KEPT + 1, "{}", network.calls.len());
    assert_eq!(network.calls.len(), network.call_order.len());
    assert!(
        network.conferences.len() <= KEPT + 1,
        "{}",
        network.conferences.len()
    );
    assert!(network.timers.len() <= network.bounds.timers_sweep_at);
    assert!(
        network.bounds.timers_sweep_at <= 20_000,
        "{}",
        network.bounds.timers_sweep_at
    );
    answer_all(&mut network, CALLS);
    assert!(network.open_rooms.is_empty(), "{}", network.open_rooms.len());
    assert!(network.held_callbacks.is_empty() && network.queue.is_empty() && network.outputs.is_empty());
    assert!(network.queue_dialers.is_empty() && network.call_queues.is_empty());
}

#[test]
fn when_all_calls_that_are_kept_are_live_another_is_refused() {
    let mut network = network(1_000, 7);
    network.bounds.calls_max = 3;
    live_at(&mut network, "+13125550142", "listener");
    let calls: Vec<_> = (0..3)
        .map(|_| place(&mut network, "+13125550142", "<Pause length=\"60\"/>"))
        .collect();
    answer_all(&mut network, 5);
    assert!(network.make_room().is_err());
    let later = network.now + SignedDuration::from_secs(120);
    answer_all(&mut network, later.as_second());
    assert!(network.make_room().is_ok());
    assert!(!network.calls.contains_key(&calls[0]), "the oldest made room");
}

#[test]
fn a_pbx_finds_no_more_room_than_others() {
    let mut network = network(1_000, 7);
    network.bounds.calls_max = 3;
    live_at(&mut network, "+13125550142", "listener");
    let pbxs = serde_json::json!([{
        "domain": "pbx.example.com",
        "extensions": { "100": { "persona": "listener" } },
    }]);
    network.set_pbxs(serde_json::from_value(pbxs).unwrap()).unwrap();
    let call = |network: &mut Network| {
        let order = serde_json::json!({ "extension": "100", "to": "sip:sales@nowhere.sip.twilio.com" });
        let order = serde_json::from_value(order).unwrap();
        network.call_from_pbx("pbx.example.com", order).unwrap_err()
    };
    assert_eq!(call(&mut network), not_found("nowhere.sip.twilio.com"));
    for _ in 0..3 {
        place(&mut network, "+13125550142", "<Pause length=\"60\"/>");
    }
    answer_all(&mut network, 5);
    assert_eq!(Err(call(&mut network)), network.make_room());
}

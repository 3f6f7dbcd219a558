//! Twilio has trouble, by the emulator's faults: what the rep sees, and above all how often anybody's phone rings.

use offhook::controller::Request;
use protocol::{AttemptResult, AttemptState, Disposition, SeatState};
use serde_json::json;

use crate::{
    network::Network,
    wait::eventually,
    world::{ADA, BOB, RITA, World},
};

#[tokio::test]
async fn a_busy_twilio_is_asked_again_and_the_phone_rings_once() {
    let world = World::open(&[ADA]).await;
    world.network.persona(ADA, "listener").await;
    let creates = json!([{ "effect": "429", "times": 2 }]);
    world.network.faults(&json!({ "creates": creates })).await;
    let desktop = world.dialing(RITA).await;
    desktop.until_talking().await;
    assert_eq!(world.network.events("fault.rest").await.len(), 2);
    assert_eq!(world.network.called().await, [ADA]);
    assert_eq!(world.rows.count("SELECT COUNT(*) FROM attempts").await, 1);
    world.close().await;
}

#[tokio::test]
async fn a_call_behind_an_error_is_found_and_the_phone_rings_once() {
    let world = World::open(&[ADA]).await;
    world.network.persona(ADA, "listener").await;
    let creates = json!([{ "effect": "500-placed" }]);
    world.network.faults(&json!({ "creates": creates })).await;
    let desktop = world.dialing(RITA).await;
    desktop.until_talking().await;
    desktop.ask(Request::HangUp).await.unwrap();
    desktop.until_wrap_up().await;
    world.network.until_status(ADA, "completed").await;
    assert_eq!(world.network.called().await, [ADA]);
    world.close().await;
}

#[tokio::test]
async fn a_call_that_an_error_swallowed_is_searched_for_and_not_placed_again() {
    let world = World::open(&[ADA]).await;
    world.network.persona(ADA, "listener").await;
    let creates = json!([{ "effect": "500-not-placed" }]);
    world.network.faults(&json!({ "creates": creates })).await;
    let desktop = world.dialing(RITA).await;
    eventually("two searches found nothing", async || {
        let searches = "SELECT COUNT(*) FROM call_events WHERE body LIKE '%not_found%'";
        (world.rows.count(searches).await >= 2).then_some(())
    })
    .await;
    let seat = desktop
        .until_seat(
            "the window says that it is being placed",
            |state| matches!(state, SeatState::Dialing { attempt } if attempt.state == AttemptState::Placing),
        )
        .await;
    assert!(seat.dialing);
    assert!(world.network.called().await.is_empty());
    assert_eq!(world.rows.count("SELECT COUNT(*) FROM attempts").await, 1);
    world.close().await;
}

#[tokio::test]
async fn an_account_that_may_not_call_pauses_the_rep_and_burns_no_list() {
    let network = Network::start(false).await;
    let world = World::open_with(network, "+13125550100", &[ADA, BOB]).await;
    let desktop = world.dialing(RITA).await;
    let snapshot = desktop
        .until("the rep is told", |snapshot| !snapshot.notices.is_empty())
        .await;
    assert_eq!(
        snapshot.notices[0].message,
        "Twilio refuses to place calls (code 21210). Ask whoever runs the dialer."
    );
    let seat = desktop
        .until_seat("dialing is paused", |state| matches!(state, SeatState::Paused))
        .await;
    assert!(!seat.dialing);
    let tried = "SELECT to_number || ' ' || result FROM attempts";
    assert_eq!(world.rows.texts(tried).await, ["+12125550142 not_placed"]);
    assert_eq!(
        world
            .rows
            .count("SELECT COUNT(*) FROM leads WHERE done_at_ms IS NOT NULL")
            .await,
        0
    );
    assert!(world.network.called().await.is_empty());
    world.close().await;
}

#[tokio::test]
async fn callbacks_that_come_twice_and_late_change_nothing_twice() {
    let world = World::open(&[ADA, BOB]).await;
    world.network.persona(ADA, "listener").await;
    world.network.persona(BOB, "listener").await;
    let callbacks = json!([
        { "effect": "delay", "event": "initiated", "delay_ms": 1_500 },
        { "effect": "delay", "event": "ringing", "delay_ms": 2_500 },
        { "effect": "duplicate", "event": "in-progress", "delay_ms": 800 },
        { "effect": "duplicate", "event": "completed", "delay_ms": 2_000 },
    ]);
    world.network.faults(&json!({ "callbacks": callbacks })).await;
    let desktop = world.dialing(RITA).await;
    let first = desktop.until_talking().await;
    desktop.ask(Request::HangUp).await.unwrap();
    desktop.until_wrap_up().await;
    desktop.wrap_up(first, Disposition::Interested, "").await;
    let second = desktop.until_seat(
        "the next one is on the line",
        |state| matches!(state, SeatState::Talking { attempt } if attempt.attempt_id != first),
    );
    second.await;
    world.network.until_quiet(2).await;
    desktop.until_talking().await;
    assert_eq!(world.rows.ledger().await, ["connected", "connected"]);
    assert_eq!(world.network.called().await, [ADA, BOB]);
    world.close().await;
}

#[tokio::test]
async fn without_a_single_callback_the_floor_still_finds_out() {
    let world = World::open(&[ADA, BOB]).await;
    world.network.persona(ADA, "busy").await;
    world.network.persona(BOB, "listener").await;
    let callbacks = json!([{ "effect": "drop", "times": 1_000 }]);
    world.network.faults(&json!({ "callbacks": callbacks })).await;
    let desktop = world.dialing(RITA).await;
    let attempt_id = desktop.until_talking().await;
    desktop.ask(Request::HangUp).await.unwrap();
    assert_eq!(desktop.until_wrap_up().await, attempt_id);
    world.network.until_status(BOB, "completed").await;
    let results: Vec<_> = desktop.history().await.iter().map(|call| call.result).collect();
    assert_eq!(results, [Some(AttemptResult::Talked), Some(AttemptResult::Busy)]);
    assert_eq!(world.network.called().await, [ADA, BOB]);
    world.close().await;
}

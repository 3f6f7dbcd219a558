//! Who may not be called is not called, and the rep sees why.

use offhook::controller::Request;
use protocol::{AttemptResult, Disposition, SeatState};

use crate::{
    desktop::Desktop,
    wait::eventually,
    world::{ADA, RITA, ROB, World},
};

/// Why nobody on a list of one may be called at 11:00 in New York.
const BLOCKED: [(&str, &str); 4] = [
    (
        "3055550142",
        "In FL a machine may dial only with consent on record.",
    ),
    (
        "4055550142",
        "In OK a machine may dial only with consent on record.",
    ),
    (
        "4105550142",
        "In MD a machine may dial only with consent on record.",
    ),
    ("2135550142", "in Los Angeles; calling starts at 9:00."),
];

#[tokio::test]
async fn hours_and_consent_are_kept_and_the_reason_is_shown() {
    for (number, reason) in BLOCKED {
        let world = World::open(&[number]).await;
        let desktop = world.dialing(RITA).await;
        desktop.until_waiting(reason).await;
        assert!(world.network.called().await.is_empty(), "{number}");
        world.close().await;
    }
}

#[tokio::test]
async fn a_number_on_the_do_not_call_list_is_never_called() {
    let world = World::open(&[ADA]).await;
    world
        .rows
        .change("INSERT INTO do_not_call SELECT tenant_id, '+12125550142', 1 FROM tenants")
        .await;
    let desktop = world.dialing(RITA).await;
    desktop
        .until_waiting("Nobody is left to call on this list.")
        .await;
    assert!(world.network.called().await.is_empty());
    world.close().await;
}

#[tokio::test]
async fn three_tries_in_a_day_are_enough() {
    let world = World::open(&[ADA]).await;
    world.network.persona(ADA, "busy").await;
    let desktop = world.seated(RITA).await;
    for tries in 1..=3 {
        desktop.ask(Request::StartDialing).await.unwrap();
        until_calls(&desktop, tries).await;
        desktop.ask(Request::PauseDialing).await.unwrap();
        desktop
            .until_seat("dialing is paused", |state| matches!(state, SeatState::Paused))
            .await;
        let two_hours_earlier = "UPDATE attempts SET placed_at_ms = placed_at_ms - 7200000";
        world.rows.change(two_hours_earlier).await;
    }
    desktop.ask(Request::StartDialing).await.unwrap();
    desktop.until_waiting("3 times in 24 hours").await;
    assert_eq!(world.network.called().await, [ADA; 3]);
    world.close().await;
}

#[tokio::test]
async fn do_not_call_holds_at_once_for_the_whole_company() {
    let world = World::open(&[ADA]).await;
    world.network.persona(ADA, "listener").await;
    let rita = world.dialing(RITA).await;
    let attempt_id = rita.until_talking().await;
    rita.ask(Request::HangUp).await.unwrap();
    rita.until_wrap_up().await;
    rita.wrap_up(attempt_id, Disposition::DoNotCall, "").await;
    rita.until_waiting("Nobody is left to call on this list.").await;

    // The same person on a list that somebody imports afterwards, at a time when they could be called again.
    for statement in [
        "UPDATE attempts SET placed_at_ms = placed_at_ms - 7200000",
        "UPDATE leads SET done_at_ms = NULL",
    ] {
        world.rows.change(statement).await;
    }
    let rob = world.dialing(ROB).await;
    rob.until_waiting("Nobody is left to call on this list.").await;
    assert_eq!(world.network.called().await, [ADA]);
    world.close().await;
}

/// Waits until that many busy calls are in History.
async fn until_calls(desktop: &Desktop, count: usize) {
    eventually("the call is in History", async || {
        let history = desktop.history().await;
        let busy = history
            .iter()
            .filter(|call| call.result == Some(AttemptResult::Busy));
        (busy.count() == count).then_some(())
    })
    .await;
}

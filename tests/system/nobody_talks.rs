//! Busy, unreachable, a machine, a phone that rings and rings.

use jiff::{SignedDuration, Timestamp};
use offhook::controller::Request;
use protocol::{AttemptResult, AttemptState, Disposition, SeatState};
use serde_json::Value;

use crate::{
    desktop::Desktop,
    world::{ADA, BOB, CAM, RITA, World},
};

/// 47 CFR 64.1200(a)(6): an unanswered call is not disconnected before 15 seconds of ringing.
const RING_MIN: SignedDuration = SignedDuration::from_secs(15);

#[tokio::test]
async fn where_nobody_talked_the_next_one_is_dialed_without_a_wrap_up() {
    let world = World::open(&[ADA, BOB, CAM]).await;
    world.network.persona(ADA, "busy").await;
    world.network.persona(BOB, "unreachable").await;
    world.network.persona(CAM, "voicemail").await;
    let desktop = world.dialing(RITA).await;
    let attempt_id = desktop.until_talking().await;
    desktop.ask(Request::HangUp).await.unwrap();
    desktop.until_wrap_up().await;
    desktop.wrap_up(attempt_id, Disposition::Voicemail, "").await;
    desktop.until_waiting("less than 120 minutes ago").await;
    let results: Vec<_> = desktop.history().await.iter().map(|call| call.result).collect();
    assert_eq!(
        results,
        [
            Some(AttemptResult::Talked),
            Some(AttemptResult::Failed),
            Some(AttemptResult::Busy)
        ]
    );
    assert_eq!(
        world
            .rows
            .count("SELECT COUNT(*) FROM leads WHERE done_at_ms IS NULL")
            .await,
        3,
        "a machine is tried again another time"
    );
    world.close().await;
}

#[tokio::test]
async fn a_phone_that_rings_is_not_cut_off_before_fifteen_seconds() {
    let world = World::open(&[ADA, BOB]).await;
    world.network.persona(ADA, "no-answer").await;
    let desktop = world.dialing(RITA).await;
    until_ringing(&desktop).await;
    desktop.ask(Request::PauseDialing).await.unwrap();
    desktop.ask(Request::HangUp).await.unwrap();
    desktop
        .until_seat("the rep is free and paused", |state| {
            matches!(state, SeatState::Paused)
        })
        .await;
    let leg = world.network.until_status(ADA, "canceled").await;
    let at = |event: &Value| event["at"].as_str().unwrap().parse::<Timestamp>().unwrap();
    let of_leg = |events: Vec<Value>| {
        events
            .into_iter()
            .find(|event| event["call"] == leg["sid"])
            .unwrap()
    };
    let ringing_at = at(&of_leg(world.network.events("call.ringing").await));
    let ended_at = at(&of_leg(world.network.events("call.ended").await));
    let rang = ended_at.duration_since(ringing_at);
    assert!(rang >= RING_MIN, "{rang:?}");
    assert_eq!(world.network.called().await, [ADA], "nobody is dialed in a pause");
    assert!(world.rows.ledger().await.is_empty(), "nobody answered");
    world.close().await;
}

#[tokio::test]
async fn a_pause_lets_what_rings_finish() {
    let world = World::open(&[ADA, BOB]).await;
    world.network.hummer(ADA, 1_500, 440).await;
    let desktop = world.dialing(RITA).await;
    until_ringing(&desktop).await;
    desktop.ask(Request::PauseDialing).await.unwrap();
    let attempt_id = desktop.until_talking().await;
    desktop.ask(Request::HangUp).await.unwrap();
    desktop.until_wrap_up().await;
    desktop.wrap_up(attempt_id, Disposition::Interested, "").await;
    desktop
        .until_seat("the pause goes on", |state| matches!(state, SeatState::Paused))
        .await;
    assert_eq!(world.network.called().await, [ADA]);
    world.close().await;
}

async fn until_ringing(desktop: &Desktop) {
    desktop
        .until_seat(
            "it rings",
            |state| matches!(state, SeatState::Dialing { attempt } if attempt.state == AttemptState::Ringing),
        )
        .await;
}

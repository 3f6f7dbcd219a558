//! Two reps on one list; and a person who answers when nobody is there for them.

use std::collections::BTreeSet;

use offhook::controller::Request;
use protocol::{AttemptResult, AttemptState, Disposition, SeatState};

use crate::{
    wait::eventually,
    world::{ADA, BOB, CAM, RITA, ROB, World},
};

#[tokio::test]
async fn nobody_is_called_by_two_reps() {
    let world = World::open(&[ADA, BOB, CAM]).await;
    for number in [ADA, BOB, CAM] {
        world.network.persona(number, "listener").await;
    }
    let (rita, rob) = tokio::join!(world.dialing(RITA), world.dialing(ROB));
    let (first, other) = tokio::join!(rita.until_talking(), rob.until_talking());
    assert_ne!(first, other);
    rita.ask(Request::HangUp).await.unwrap();
    rita.until_wrap_up().await;
    rita.wrap_up(first, Disposition::Interested, "").await;
    let third = rita.until_talking().await;
    assert!(third != first && third != other);

    let called = world.network.called().await;
    let people: BTreeSet<_> = called.iter().collect();
    assert_eq!((called.len(), people.len()), (3, 3), "{called:?}");
    let conversations = world.network.conversations().await;
    assert_eq!(conversations, [2, 2], "each of two rooms has a rep and a person");
    assert_eq!(world.rows.ledger().await, ["connected"; 3]);
    world.close().await;
}

#[tokio::test]
async fn who_answers_when_the_rep_is_gone_hears_who_called_and_is_booked() {
    let world = World::open(&[ADA]).await;
    world.network.hummer(ADA, 2_000, 440).await;
    let desktop = world.dialing(RITA).await;
    desktop
        .until_seat(
            "it rings",
            |state| matches!(state, SeatState::Dialing { attempt } if attempt.state == AttemptState::Ringing),
        )
        .await;
    desktop.ask(Request::LeaveSeat).await.unwrap();
    let leg = world.network.until_status(ADA, "completed").await;
    assert!(leg["answered_at"].is_string() && leg["room"].is_null(), "{leg}");
    eventually("it is in the ledger", async || {
        (world.rows.ledger().await == ["abandoned"]).then_some(())
    })
    .await;
    eventually("it is in the history", async || {
        let history = desktop.history().await;
        (history[0].result == Some(AttemptResult::Abandoned)).then_some(())
    })
    .await;
    world.close().await;
}

//! The desktop is gone in a call: for a moment, or for good.

use crate::{
    cable::Cable,
    desktop::Desktop,
    wait::eventually,
    world::{ADA, BOB, RITA, World, credentials},
};
use offhook::{controller::Request, snapshot::Server};
use protocol::{Disposition, SeatState};

#[tokio::test]
async fn a_crash_in_a_call_leaves_nobody_alone_and_nothing_undone() {
    let world = World::open(&[ADA, BOB]).await;
    world.network.persona(ADA, "listener").await;
    let desktop = world.dialing(RITA).await;
    let attempt_id = desktop.until_talking().await;
    desktop.type_note(attempt_id, "call the daughter").await;
    desktop.crash();
    let leg = world.network.until_status(ADA, "completed").await;
    let farewell = world.network.said_to(&leg).await;
    assert!(
        farewell.contains("dial-ended"),
        "the dialer was asked what to tell them: {farewell}"
    );
    eventually("the rep's own leg is over", async || {
        let phones = world.network.phones().await;
        (phones[0]["status"] == "completed").then_some(())
    })
    .await;

    let desktop = world.desktop(RITA).await;
    desktop.until_online().await;
    assert_eq!(desktop.until_wrap_up().await, attempt_id);
    let draft = desktop.handle.snapshot().draft.unwrap();
    assert_eq!(draft.note.expose(), "call the daughter");
    desktop
        .wrap_up(attempt_id, Disposition::CallBack, "call the daughter")
        .await;
    desktop
        .until_seat("dialing waits for the rep", |state| {
            matches!(state, SeatState::Paused)
        })
        .await;
    assert_eq!(world.network.called().await, [ADA]);
    assert_eq!(world.rows.ledger().await, ["connected"]);
    world.close().await;
}

#[tokio::test]
async fn a_broken_connection_to_the_dialer_does_not_break_the_conversation() {
    let world = World::open(&[ADA]).await;
    world.network.persona(ADA, "listener").await;
    let cable = Cable::lay(&world.dialer.url()).await;
    let desktop = Desktop::start(&world.folder_of(RITA), cable.url(), None).await;
    desktop.sign_in(credentials(RITA)).await;
    desktop.sit_down(world.campaign_id).await;
    desktop.ask(Request::StartDialing).await.unwrap();
    let attempt_id = desktop.until_talking().await;

    cable.cut();
    desktop
        .until("the window says so", |snapshot| {
            matches!(snapshot.server, Server::Offline { .. })
        })
        .await;
    desktop.until_online().await;
    assert_eq!(desktop.until_talking().await, attempt_id);
    let phones = world.network.phones().await;
    assert_eq!((phones.len(), &phones[0]["status"]), (1, &"in-progress".into()));
    world.network.until_status(ADA, "in-progress").await;
    desktop.ask(Request::HangUp).await.unwrap();
    desktop.until_wrap_up().await;
    world.close().await;
}

//! The dialer is not there: at the start, in a call, when something is to be saved.

use offhook::{
    controller::Request,
    snapshot::{Server, SessionView, Snapshot},
};
use protocol::Disposition;

use crate::{
    desktop::Desktop,
    world::{ADA, BOB, RITA, World, credentials},
};

#[tokio::test]
async fn a_start_without_the_dialer_says_so_and_goes_on_by_itself() {
    let mut world = World::open(&[ADA]).await;
    let desktop = world.signed_in(RITA).await;
    world.dialer.kill().await;
    let desktop = desktop.crash_and_start(&world.dialer.url()).await;
    let snapshot = until_offline(&desktop).await;
    assert!(
        matches!(snapshot.session, SessionView::SignedIn { .. }),
        "an outage signs nobody out"
    );
    world.dialer.start().await;
    desktop.until_online().await;
    desktop.sit_down(world.campaign_id).await;
    world.close().await;
}

#[tokio::test]
async fn signing_in_without_the_dialer_says_so_and_can_be_tried_again() {
    let mut world = World::open(&[]).await;
    let desktop = world.desktop(RITA).await;
    desktop.until_signed_out().await;
    world.dialer.kill().await;
    desktop.ask(Request::SignIn).await.unwrap();
    desktop
        .until("the window says that the dialer is gone", |snapshot| {
            matches!(&snapshot.session, SessionView::SignedOut { notice: Some(notice) }
                if notice.contains("127.0.0.1 cannot be reached"))
        })
        .await;
    world.dialer.start().await;
    desktop.sign_in(credentials(RITA)).await;
    world.close().await;
}

#[tokio::test]
async fn a_conversation_outlives_a_killed_dialer() {
    let mut world = World::open(&[ADA, BOB]).await;
    world.network.persona(ADA, "listener").await;
    world.network.persona(BOB, "listener").await;
    let desktop = world.dialing(RITA).await;
    let attempt_id = desktop.until_talking().await;
    desktop.type_note(attempt_id, "wants a quo").await;

    world.dialer.kill().await;
    until_offline(&desktop).await;
    desktop.type_note(attempt_id, "wants a quote").await;
    let leg = world.network.until_status(ADA, "in-progress").await;
    assert!(!leg["room"].is_null(), "they talk on");

    world.dialer.start().await;
    let snapshot = desktop.until_online().await;
    assert_eq!(desktop.until_talking().await, attempt_id);
    assert_eq!(snapshot.draft.unwrap().note.expose(), "wants a quote");
    let phones = world.network.phones().await;
    assert_eq!((phones.len(), &phones[0]["status"]), (1, &"in-progress".into()));

    desktop.ask(Request::HangUp).await.unwrap();
    assert_eq!(desktop.until_wrap_up().await, attempt_id);
    desktop
        .wrap_up(attempt_id, Disposition::Interested, "wants a quote")
        .await;
    assert_ne!(desktop.until_talking().await, attempt_id, "the list goes on");
    assert_eq!(
        world.network.called().await,
        [ADA, BOB],
        "nobody was called twice"
    );
    let attempts = world
        .rows
        .texts("SELECT to_number FROM attempts ORDER BY 1")
        .await;
    assert_eq!(attempts.len(), 2);
    world.close().await;
}

#[tokio::test]
async fn who_hung_up_while_the_dialer_was_dead_is_noticed_when_it_is_back() {
    let mut world = World::open(&[ADA]).await;
    world.network.persona(ADA, "hangs-up").await;
    let desktop = world.dialing(RITA).await;
    let attempt_id = desktop.until_talking().await;
    world.dialer.kill().await;
    world.network.until_status(ADA, "completed").await;
    world.dialer.start().await;
    assert_eq!(desktop.until_wrap_up().await, attempt_id);
    assert_eq!(world.rows.ledger().await, ["connected"]);
    world.close().await;
}

#[tokio::test]
async fn what_was_saved_without_a_dialer_arrives_also_after_a_restart() {
    let mut world = World::open(&[ADA]).await;
    world.network.persona(ADA, "listener").await;
    let desktop = world.dialing(RITA).await;
    let attempt_id = desktop.until_talking().await;
    desktop.ask(Request::HangUp).await.unwrap();
    desktop.until_wrap_up().await;
    world.dialer.kill().await;
    desktop
        .wrap_up(attempt_id, Disposition::CallBack, "after the holidays")
        .await;
    desktop
        .until("it waits", |snapshot| snapshot.unsent_count == 1)
        .await;

    let desktop = desktop.crash_and_start(&world.dialer.url()).await;
    desktop
        .until("it waits still", |snapshot| snapshot.unsent_count == 1)
        .await;
    world.dialer.start().await;
    desktop.until_online().await;
    desktop
        .until("it is sent", |snapshot| snapshot.unsent_count == 0)
        .await;
    let saved = world
        .rows
        .texts("SELECT disposition || ': ' || note FROM attempts")
        .await;
    assert_eq!(saved, ["call_back: after the holidays"]);
    assert_eq!(desktop.history().await[0].note.expose(), "after the holidays");
    world.close().await;
}

async fn until_offline(desktop: &Desktop) -> Snapshot {
    let snapshot = desktop
        .until("the window says that the dialer is gone", |snapshot| {
            matches!(snapshot.server, Server::Offline { .. })
        })
        .await;
    let Server::Offline { message } = &snapshot.server else {
        panic!("it was a moment ago")
    };
    assert!(
        [
            "127.0.0.1 cannot be reached. Check the network.",
            "The connection to the dialer broke."
        ]
        .contains(&message.as_str()),
        "{message}"
    );
    snapshot
}

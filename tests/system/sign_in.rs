//! Signing in, staying signed in, and what happens when that ends.

use offhook::{controller::Request, snapshot::SessionView};

use crate::{
    browser::{self, Credentials},
    keychain,
    wait::eventually,
    world::{ADA, RITA, World, credentials},
};

const RAN_OUT: &str = "Your sign-in ran out. Sign in again.";

#[tokio::test]
async fn a_wrong_password_can_be_corrected_and_the_address_can_be_copied() {
    let world = World::open(&[]).await;
    let desktop = world.desktop(RITA).await;
    desktop.until_signed_out().await;
    desktop.ask(Request::SignIn).await.unwrap();
    let url = desktop.sign_in_page().await;
    desktop
        .until("the window says that no browser opened", |snapshot| {
            matches!(
                snapshot.session,
                SessionView::AwaitingBrowser {
                    browser_opened: false,
                    ..
                }
            )
        })
        .await;

    let wrong = Credentials {
        password: "incorrect".to_owned(),
        ..credentials(RITA)
    };
    let page = browser::sign_in(&url, &wrong).await.unwrap_err();
    assert!(page.contains("The email or the password is not right."), "{page}");
    assert!(page.contains(RITA), "what was typed is still there");
    browser::sign_in(&url, &credentials(RITA)).await.unwrap();
    desktop.until_online().await;
    world.close().await;
}

#[tokio::test]
async fn a_crash_between_rotation_and_keyring_signs_nobody_out() {
    let world = World::open(&[]).await;
    let url = world.dialer.url();
    let desktop = world.signed_in(RITA).await;
    let kept = desktop.kept_token().unwrap();
    let desktop = desktop.crash_and_start(&url).await;
    desktop.until_online().await;
    assert_ne!(desktop.kept_token().unwrap(), kept, "a start rotates");

    keychain::put_back(desktop.account(), &kept);
    let desktop = desktop.crash_and_start(&url).await;
    desktop.until_online().await;
    world.close().await;
}

#[tokio::test]
async fn a_stolen_refresh_token_ends_the_sign_in_for_everybody() {
    let world = World::open(&[]).await;
    let url = world.dialer.url();
    let desktop = world.signed_in(RITA).await;
    let stolen = desktop.kept_token().unwrap();
    let mut desktop = desktop;
    for _ in 0..2 {
        desktop = desktop.crash_and_start(&url).await;
        desktop.until_online().await;
    }
    let current = desktop.kept_token().unwrap();

    // The thief's machine, as far as the dialer can tell.
    keychain::put_back(desktop.account(), &stolen);
    let desktop = desktop.crash_and_start(&url).await;
    assert_eq!(desktop.until_signed_out().await.as_deref(), Some(RAN_OUT));
    eventually("the keyring has forgotten it", async || {
        desktop.kept_token().is_none().then_some(())
    })
    .await;
    keychain::put_back(desktop.account(), &current);
    let desktop = desktop.crash_and_start(&url).await;
    assert_eq!(desktop.until_signed_out().await.as_deref(), Some(RAN_OUT));
    desktop.sign_in(credentials(RITA)).await;
    world.close().await;
}

#[tokio::test]
async fn a_sign_in_that_ends_in_a_call_takes_nothing_that_was_entered() {
    let world = World::open(&[ADA]).await;
    world.network.persona(ADA, "listener").await;
    let desktop = world.dialing(RITA).await;
    let attempt_id = desktop.until_talking().await;
    desktop.type_note(attempt_id, "has two dogs").await;
    world
        .rows
        .change("UPDATE token_families SET revoked_at_ms = 1")
        .await;
    assert_eq!(desktop.until_signed_out().await.as_deref(), Some(RAN_OUT));
    world.network.until_status(ADA, "completed").await;

    desktop.sign_in(credentials(RITA)).await;
    assert_eq!(desktop.until_wrap_up().await, attempt_id);
    let draft = desktop
        .until("the note is back", |snapshot| snapshot.draft.is_some())
        .await
        .draft;
    assert_eq!(draft.unwrap().note.expose(), "has two dogs");
    world.close().await;
}

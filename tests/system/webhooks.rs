//! Somebody else tries to speak for Twilio.

use dialer::twilio::signature::{Body, sign};
use protocol::SeatState;
use reqwest::StatusCode;
use secrecy::SecretString;
use url::Url;

use crate::{
    network::AUTH_TOKEN,
    wait::eventually,
    world::{ADA, RITA, World},
};

type Form = Vec<(String, String)>;

#[tokio::test]
async fn a_forged_altered_or_replayed_webhook_changes_nothing() {
    let world = World::open(&[ADA]).await;
    world.network.persona(ADA, "listener").await;
    let desktop = world.dialing(RITA).await;
    let attempt_id = desktop.until_talking().await;
    world.network.until_quiet(0).await;
    let seen = received(&world).await;
    assert!(seen.len() > 4, "status and room, at least: {seen:?}");
    let before = (world.rows.everything().await, desktop.handle.snapshot().seat);

    let (status_url, genuine) = seen
        .iter()
        .find(|(url, form)| {
            let ringing = ("CallStatus".to_owned(), "ringing".to_owned());
            url.as_str().contains(&attempt_id.to_string()) && form.contains(&ringing)
        })
        .unwrap();
    let altered = with_status(genuine, "completed");
    let good = |form: &Form| signature(AUTH_TOKEN, status_url, form);
    let forged = [
        ("no signature", String::new()),
        (
            "another account's",
            signature("another token", status_url, &altered),
        ),
        ("an altered form's", good(genuine)),
        (
            "another address's",
            signature(AUTH_TOKEN, world.dialer.url().as_str(), &altered),
        ),
    ];
    for (what, signature) in forged {
        let status = post(status_url, &altered, &signature).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{what}");
    }
    let elsewhere = status_url
        .as_str()
        .replace(&attempt_id.to_string(), "01ARZ3NDEKTSV4RRFFQ69G5FAV");
    let elsewhere: Url = elsewhere.parse().unwrap();
    let moved = signature(AUTH_TOKEN, &elsewhere, &altered);
    assert_eq!(post(&elsewhere, &altered, &moved).await, StatusCode::NOT_FOUND);

    for (url, form) in &seen {
        let status = post(url, form, &signature(AUTH_TOKEN, url, form)).await;
        assert!(
            status.is_success(),
            "a replay is as good as the original: {url} {status}"
        );
    }
    let after = (world.rows.everything().await, desktop.handle.snapshot().seat);
    assert_eq!(before, after);
    assert!(matches!(after.1.unwrap().state, SeatState::Talking { .. }));
    world.close().await;
}

#[tokio::test]
async fn an_old_leg_s_webhook_does_not_get_the_seat_back() {
    let world = World::open(&[]).await;
    let _desktop = world.seated(RITA).await;
    world.network.until_quiet(0).await;
    let seen = received(&world).await;
    world.network.hang_up(&world.network.phones().await[0]).await;
    eventually("the phone is in the room on another leg", async || {
        let phones = world.network.phones().await;
        let legs = world
            .rows
            .texts("SELECT leg FROM seats WHERE leg IS NOT NULL")
            .await;
        let ended = "SELECT COUNT(*) FROM inbox WHERE path LIKE '/twilio/legs/%/ended'";
        let is_next = legs.len() == 1 && phones.get(1)?["sid"] == legs[0].as_str();
        (is_next && world.rows.count(ended).await == 1).then_some(())
    })
    .await;
    world.network.until_quiet(0).await;
    let before = world.rows.everything().await;
    for (url, form) in &seen {
        post(url, form, &signature(AUTH_TOKEN, url, form)).await;
    }
    assert_eq!(world.rows.everything().await, before);
    world.close().await;
}

/// What Twilio has said so far, and to which address.
async fn received(world: &World) -> Vec<(Url, Form)> {
    let rows = world
        .rows
        .texts("SELECT json_array(path, json(params)) FROM inbox")
        .await;
    let read = |row: &String| {
        let (path, form): (String, Form) = serde_json::from_str(row).unwrap();
        (world.dialer.url().join(&path).unwrap(), form)
    };
    rows.iter().map(read).collect()
}

fn with_status(form: &Form, status: &str) -> Form {
    let change = |(name, value): &(String, String)| {
        let value = if name == "CallStatus" { status } else { value };
        (name.clone(), value.to_owned())
    };
    form.iter().map(change).collect()
}

fn signature(token: &str, url: impl AsRef<str>, form: &Form) -> String {
    sign(&SecretString::from(token), url.as_ref(), Body::Form(form))
}

async fn post(url: &Url, form: &Form, signature: &str) -> StatusCode {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = http
        .post(url.clone())
        .header("x-twilio-signature", signature)
        .form(form);
    request.send().await.unwrap().status()
}

//! A rep's day: sign in, sit down, talk, wrap up, the next one; and what remains of it tomorrow.

use audio::tone;
use offhook::{controller::Request, snapshot::SessionView};
use protocol::{AttemptResult, Disposition, SeatState};

use crate::{
    phone::{Headset, RATE_HZ, REP_HZ},
    wait::eventually,
    world::{ADA, BOB, RITA, World, credentials},
};

const ADA_HZ: u16 = 440;
/// A tone this strong is what is being said, whatever the codec did to it.
const SHARE_MIN: f32 = 0.6;

#[tokio::test]
async fn a_rep_talks_to_one_person_after_another() {
    let world = World::open_with_sound(&[ADA, BOB]).await;
    world.network.hummer(ADA, 500, ADA_HZ.into()).await;
    world.network.hummer(BOB, 500, 600).await;
    let headset = Headset::default();
    let desktop = world.desktop_with(RITA, Some(headset.clone())).await;
    desktop.sign_in(credentials(RITA)).await;
    desktop.sit_down(world.campaign_id).await;
    desktop.ask(Request::StartDialing).await.unwrap();

    let first = desktop.until_talking().await;
    eventually("the rep hears the person", async || {
        let heard = headset.lock().unwrap().clone();
        (last_second_share(&heard, ADA_HZ.into()) > SHARE_MIN).then_some(())
    })
    .await;
    let leg = world.network.until_status(ADA, "in-progress").await;
    eventually("the person hears the rep", async || {
        let heard = world.network.heard(&leg).await;
        (last_second_share(&heard, REP_HZ) > SHARE_MIN).then_some(())
    })
    .await;

    desktop.ask(Request::HangUp).await.unwrap();
    assert_eq!(desktop.until_wrap_up().await, first);
    world.network.until_status(ADA, "completed").await;
    let phones = world.network.phones().await;
    assert_eq!(phones.len(), 1, "one leg for the whole day");
    assert_eq!(phones[0]["status"], "in-progress", "and it stays in its room");

    desktop
        .wrap_up(first, Disposition::Interested, "Call in May")
        .await;
    let second = desktop.until_talking().await;
    assert_ne!(first, second);
    desktop.ask(Request::HangUp).await.unwrap();
    desktop.until_wrap_up().await;
    desktop.wrap_up(second, Disposition::NotInterested, "").await;
    desktop
        .until("everything is sent", |snapshot| snapshot.unsent_count == 0)
        .await;

    let desktop = desktop.crash_and_start(&world.dialer.url()).await;
    let snapshot = desktop.until_online().await;
    assert!(
        matches!(snapshot.session, SessionView::SignedIn { .. }),
        "still signed in"
    );
    let talked = Some(AttemptResult::Talked);
    let expected = [
        (second, talked, Some(Disposition::NotInterested)),
        (first, talked, Some(Disposition::Interested)),
    ];
    // A wrap-up that the crash kept from being sent is sent now.
    let history = eventually(
        "both calls are in the history, as they were wrapped up",
        async || {
            let history = desktop.history().await;
            let calls: Vec<_> = history
                .iter()
                .map(|call| (call.attempt.attempt_id, call.result, call.disposition))
                .collect();
            (calls == expected).then_some(history)
        },
    )
    .await;
    assert_eq!(history[1].note.expose(), "Call in May");
    assert_eq!(world.rows.ledger().await, ["connected", "connected"]);
    assert_eq!(world.network.called().await, [ADA, BOB]);
    world.close().await;
}

#[tokio::test]
async fn leaving_ends_the_call_and_the_leg() {
    let world = World::open(&[ADA]).await;
    world.network.persona(ADA, "listener").await;
    let desktop = world.dialing(RITA).await;
    desktop.until_talking().await;
    desktop.ask(Request::LeaveSeat).await.unwrap();
    world.network.until_status(ADA, "completed").await;
    eventually("the phone is out of the room", async || {
        let phones = world.network.phones().await;
        (phones[0]["status"] == "completed").then_some(())
    })
    .await;
    let snapshot = desktop
        .until("the seat is gone", |snapshot| snapshot.seat.is_none())
        .await;
    assert!(snapshot.notices.is_empty(), "{:?}", snapshot.notices);
    let seat = desktop.sit_down(world.campaign_id).await;
    assert_eq!(seat.state, SeatState::Paused, "a new seat, and a new leg");
    world.close().await;
}

/// How much of the last second of a sound is one note.
fn last_second_share(samples: &[i16], freq_hz: f32) -> f32 {
    let second = samples.len().saturating_sub(RATE_HZ as usize);
    tone::share(&samples[second..], RATE_HZ, freq_hz)
}

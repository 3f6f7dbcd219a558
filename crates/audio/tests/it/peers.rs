//! What two people on a call would notice: they hear each other, keys arrive, counts add up.

use std::net::Ipv4Addr;
use std::time::Duration;

use audio::peer::{Codec, Peer, PeerConfig, PeerEvent, PeerHandle};
use audio::{FRAME_MS, Rate, tone};
use tokio::time::{MissedTickBehavior, interval, timeout};

/// Longer than any healthy connection takes, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

fn config(ice_lite: bool, rate: Rate, codecs: &[Codec]) -> PeerConfig {
    PeerConfig {
        bind_ip: Ipv4Addr::LOCALHOST.into(),
        ice_lite,
        rate,
        codecs: codecs.to_vec(),
        skips: true,
    }
}

/// A desktop that offers and a server with ICE-lite that answers.
async fn call(offered: &[Codec], desktop_rate: Rate) -> (Peer, Peer) {
    let (desktop, offer) = Peer::offer(config(false, desktop_rate, offered))
        .await
        .expect("an offer");
    let both = [Codec::Opus, Codec::Pcmu];
    let (server, answer) = Peer::answer(&offer, config(true, Rate::Narrow, &both))
        .await
        .expect("an answer");
    desktop.handle.accept_answer(answer).await.expect("they fit");
    (desktop, server)
}

/// Sends a tone on one side and listens on the other until it is heard clearly.
async fn hears(from: &PeerHandle, from_rate: Rate, to: &mut Peer, to_rate: Rate, freq_hz: f32) {
    let mut tone = tone::Sine::new(freq_hz, from_rate.hz(), 8_000);
    let mut window = vec![0_i16; to_rate.frame_samples() * 25];
    let mut ticks = interval(Duration::from_millis(FRAME_MS));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let heard = async {
        loop {
            ticks.tick().await;
            from.send(tone.by_ref().take(from_rate.frame_samples()).collect());
            let mut frame = vec![0; to_rate.frame_samples()];
            to.incoming.pull(&mut frame);
            window.drain(..frame.len());
            window.extend(frame);
            let clear = tone::share(&window, to_rate.hz(), freq_hz) > 0.9;
            if clear && tone::rms(&window) > 5_000.0 {
                return;
            }
        }
    };
    timeout(PATIENCE, heard).await.expect("the tone is heard");
}

async fn next_event(peer: &mut Peer) -> PeerEvent {
    timeout(PATIENCE, peer.events.recv())
        .await
        .expect("an event in time")
        .expect("the peer lives")
}

#[tokio::test]
async fn both_sides_hear_each_other_in_the_offerers_first_codec() {
    for (offered, codec, rate) in [
        ([Codec::Opus, Codec::Pcmu], Codec::Opus, Rate::Full),
        ([Codec::Pcmu, Codec::Opus], Codec::Pcmu, Rate::Full),
        ([Codec::Pcmu, Codec::Opus], Codec::Pcmu, Rate::Narrow),
    ] {
        let (mut desktop, mut server) = call(&offered, rate).await;
        assert_eq!(next_event(&mut server).await, PeerEvent::Connected);
        assert_eq!(next_event(&mut desktop).await, PeerEvent::Connected);

        hears(&desktop.handle, rate, &mut server, Rate::Narrow, 1_000.0).await;
        hears(&server.handle, Rate::Narrow, &mut desktop, rate, 440.0).await;

        for peer in [&desktop, &server] {
            let stats = peer.handle.stats().await.unwrap();
            assert_eq!(stats.codec, Some(codec));
            assert!(
                stats.packets_sent >= 15 && stats.packets_received >= 15,
                "{stats:?}"
            );
            assert!(
                stats.bytes_sent > stats.packets_sent && stats.remote.is_some(),
                "{stats:?}"
            );
        }
    }
}

#[tokio::test]
async fn keys_arrive_once_and_in_order() {
    let (mut desktop, mut server) = call(&[Codec::Opus], Rate::Full).await;
    assert_eq!(next_event(&mut desktop).await, PeerEvent::Connected);
    for digit in "1#99".chars() {
        desktop.handle.send_digit(digit);
    }
    let handle = desktop.handle.clone();
    let speaking = tokio::spawn(async move {
        let mut ticks = interval(Duration::from_millis(FRAME_MS));
        loop {
            ticks.tick().await;
            handle.send(vec![0; Rate::Full.frame_samples()]);
        }
    });
    let mut digits = String::new();
    while digits.len() < 4 {
        if let PeerEvent::Digit(digit) = next_event(&mut server).await {
            digits.push(digit);
        }
    }
    speaking.abort();
    assert_eq!(digits, "1#99");
}

#[tokio::test]
async fn an_ice_restart_keeps_the_call() {
    let (mut desktop, mut server) = call(&[Codec::Opus], Rate::Full).await;
    hears(&desktop.handle, Rate::Full, &mut server, Rate::Narrow, 1_000.0).await;
    let offer = desktop.handle.restart().await.unwrap();
    let answer = server.handle.accept_offer(offer).await.unwrap();
    desktop.handle.accept_answer(answer).await.unwrap();
    hears(&desktop.handle, Rate::Full, &mut server, Rate::Narrow, 600.0).await;
    hears(&server.handle, Rate::Narrow, &mut desktop, Rate::Full, 440.0).await;
}

#[tokio::test]
async fn hanging_up_is_noticed_on_the_other_side() {
    let (mut desktop, mut server) = call(&[Codec::Pcmu], Rate::Narrow).await;
    assert_eq!(next_event(&mut desktop).await, PeerEvent::Connected);
    assert_eq!(next_event(&mut server).await, PeerEvent::Connected);
    desktop.handle.close().await;
    assert_eq!(next_event(&mut server).await, PeerEvent::Closed);
    assert_eq!(next_event(&mut desktop).await, PeerEvent::Closed);
    assert!(server.events.recv().await.is_none());
}

/// What Chrome offers by default: PCMU first, no candidates, codecs we do not have.
const BROWSER_OFFER: &str = include_str!("browser-offer.sdp");

#[tokio::test]
async fn a_browsers_offer_is_answered_with_what_it_needs() {
    let both = [Codec::Opus, Codec::Pcmu];
    let (peer, answer) = Peer::answer(BROWSER_OFFER, config(true, Rate::Narrow, &both))
        .await
        .unwrap();
    assert_eq!(peer.handle.stats().await.unwrap().codec, Some(Codec::Pcmu));
    for line in [
        "a=ice-lite",
        "a=group:BUNDLE 0",
        "a=mid:0",
        "a=setup:passive",
        "a=rtcp-mux",
        "a=sendrecv",
        "a=end-of-candidates",
        "a=rtpmap:0 PCMU/8000",
        "a=rtpmap:111 opus/48000/2",
        "a=rtpmap:126 telephone-event/8000",
    ] {
        assert!(answer.lines().any(|found| found == line), "{line} in:\n{answer}");
    }
    assert!(
        answer.contains(" 127.0.0.1 ") && answer.contains("typ host"),
        "{answer}"
    );
}

#[tokio::test]
async fn offers_that_do_not_fit_are_errors() {
    let only_opus = || config(true, Rate::Narrow, &[Codec::Opus]);
    assert!(Peer::answer("v=0", only_opus()).await.is_err());
    let no_opus = BROWSER_OFFER.replace("opus/48000/2", "other/48000/2");
    assert!(Peer::answer(&no_opus, only_opus()).await.is_err());
}

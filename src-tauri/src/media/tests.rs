//! Whole calls: the engine with a fake sound card against another peer, over real UDP on loopback.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use audio::{
    Rate,
    peer::{Codec, Peer, PeerConfig, PeerEvent},
    tone::{self, Sine},
};
use tokio::{
    sync::{mpsc, watch},
    time::{MissedTickBehavior, interval, timeout},
};

use super::{Engine, EngineError, PeerId, PeerState, PeerUpdate, fake_card::FakeCard};
use crate::{headset::Sound, settings::AudioSettings};

/// Longer than anything here takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(20);
/// The pitch of the other side's voice.
const THEIRS_HZ: f32 = 1_000.0;
/// The pitch of the headset's microphone.
const OURS_HZ: f32 = 440.0;

#[tokio::test]
async fn both_sides_hear_each_other_with_either_codec() {
    for codec in [Codec::Opus, Codec::Pcmu] {
        let card = headset();
        let mut call = Call::connect(&card, &[codec]).await;
        call.until("the other side hears the rep", |far, _| hears(far, OURS_HZ))
            .await;
        call.until("the rep hears the other side", |_, near| hears(near, THEIRS_HZ))
            .await;
        let stats = call.engine.stats(call.peer).await.unwrap();
        assert_eq!(stats.codec, Some(codec));
        assert!(stats.packets_received > 0 && stats.bytes_sent > 0);
        call.engine.close(call.peer).await.unwrap();
    }
}

#[tokio::test]
async fn muting_silences_the_rep_and_nobody_else() {
    let card = headset();
    let mut call = Call::connect(&card, &[Codec::Opus]).await;
    call.until("the rep is heard", |far, _| hears(far, OURS_HZ)).await;
    call.engine.mute(call.peer, true).await.unwrap();
    call.until("the rep is silent", |far, near| {
        is_silent(far) && hears(near, THEIRS_HZ)
    })
    .await;
    call.engine.mute(call.peer, false).await.unwrap();
    call.until("the rep is heard again", |far, _| hears(far, OURS_HZ))
        .await;
}

#[tokio::test]
async fn hanging_up_ends_the_call_on_both_sides_and_lets_go_of_the_headset() {
    let card = headset();
    let mut call = Call::connect(&card, &[Codec::Opus]).await;
    call.until("the headset is open", |_, _| card.open().len() == 2)
        .await;
    call.engine.close(call.peer).await.unwrap();
    while let Some(event) = timeout(LIMIT, call.far.events.recv())
        .await
        .expect("the far side ends")
    {
        if event == PeerEvent::Closed {
            break;
        }
    }
    call.until("the headset is let go", |_, _| card.open().is_empty())
        .await;
    let gone = call.engine.stats(call.peer).await;
    assert!(matches!(gone, Err(EngineError::UnknownPeer)));
}

#[tokio::test]
async fn a_call_that_the_other_side_ends_is_told_and_forgotten() {
    let card = headset();
    let mut call = Call::connect(&card, &[Codec::Opus]).await;
    call.far.handle.close().await;
    call.hears_of(PeerState::Closed).await;
    let gone = call.engine.mute(call.peer, true).await;
    assert!(matches!(gone, Err(EngineError::UnknownPeer)));
}

#[tokio::test]
async fn keys_reach_the_other_side() {
    let card = headset();
    let mut call = Call::connect(&card, &[Codec::Opus]).await;
    call.engine.send_digits(call.peer, "1w#").await.unwrap();
    let keys = timeout(LIMIT, async {
        let mut keys = String::new();
        while keys.len() < 2 {
            if let Some(PeerEvent::Digit(key)) = call.far.events.recv().await {
                keys.push(key);
            }
        }
        keys
    });
    let keys = keys.await.expect("both keys come");
    assert_eq!(keys, "1#");
}

#[tokio::test]
async fn an_unplugged_headset_is_replaced_and_comes_back_by_its_id() {
    let card = headset();
    card.plug_in_microphone("headset microphone", 700.0);
    card.plug_in_speaker("headset speaker");
    let chosen = AudioSettings {
        input_id: Some("headset microphone".into()),
        output_id: Some("headset speaker".into()),
        ..AudioSettings::default()
    };
    let mut call = Call::connect_with(&card, chosen, &[Codec::Opus]).await;
    call.until("the chosen one is heard", |far, _| hears(far, 700.0))
        .await;

    card.unplug("headset microphone");
    card.unplug("headset speaker");
    call.until("the other microphone stands in", |far, near| {
        hears(far, OURS_HZ) && hears(near, THEIRS_HZ)
    })
    .await;
    assert_eq!(sorted(card.open()), ["microphone", "speaker"]);

    card.plug_in_microphone("headset microphone", 700.0);
    card.plug_in_speaker("headset speaker");
    call.until("the chosen one is heard again", |far, near| {
        hears(far, 700.0) && hears(near, THEIRS_HZ)
    })
    .await;
    assert_eq!(sorted(card.open()), ["headset microphone", "headset speaker"]);
}

#[tokio::test]
async fn without_a_headset_the_call_still_connects_and_the_rep_is_told() {
    let card = FakeCard::default();
    let mut call = Call::connect(&card, &[Codec::Opus]).await;
    let mut troubles = call.engine.troubles();
    while troubles.sentence() != Some("Neither a microphone nor a speaker works. Plug in a headset.") {
        assert!(timeout(LIMIT, troubles.changed()).await.expect("the rep is told"));
    }
    card.plug_in_microphone("microphone", OURS_HZ);
    card.plug_in_speaker("speaker");
    call.until("all is well", |far, near| {
        hears(far, OURS_HZ) && hears(near, THEIRS_HZ)
    })
    .await;
    assert_eq!(troubles.sentence(), None);
}

#[tokio::test]
async fn a_page_that_reloads_leaves_no_call_behind() {
    let card = headset();
    let mut call = Call::connect(&card, &[Codec::Opus]).await;
    call.engine.reset().await.unwrap();
    call.until("the headset is let go", |_, _| card.open().is_empty())
        .await;
}

#[tokio::test]
async fn a_page_cannot_pile_up_connections() {
    let (engine, _updates) = engine(&headset(), AudioSettings::default());
    for _ in 0..4 {
        engine.offer(vec![Codec::Opus]).await.unwrap();
    }
    let refused = engine.offer(vec![Codec::Opus]).await;
    assert!(matches!(refused, Err(EngineError::TooManyPeers)));
}

#[tokio::test]
async fn the_test_tone_is_played_and_the_speaker_let_go() {
    let card = headset();
    let (engine, _updates) = engine(&card, AudioSettings::default());
    engine.play_test_tone().unwrap();
    let mut played = Vec::new();
    let mut pace = interval(Duration::from_millis(20));
    timeout(LIMIT, async {
        while !hears(&played, OURS_HZ) || !card.open().is_empty() {
            pace.tick().await;
            played.extend(card.take_played());
        }
    })
    .await
    .expect("the tone is played");
}

/// A call between the engine and another peer that talks and listens.
struct Call {
    engine: Engine,
    updates: mpsc::Receiver<PeerUpdate>,
    peer: PeerId,
    card: FakeCard,
    far: Peer,
    voice: Sine,
}

impl Call {
    async fn connect(card: &FakeCard, codecs: &[Codec]) -> Self {
        Self::connect_with(card, AudioSettings::default(), codecs).await
    }

    async fn connect_with(card: &FakeCard, settings: AudioSettings, codecs: &[Codec]) -> Self {
        let (engine, updates) = engine(card, settings);
        let offered = engine.offer(codecs.to_vec()).await.unwrap();
        let config = PeerConfig {
            bind_ip: Ipv4Addr::LOCALHOST.into(),
            ice_lite: true,
            rate: Rate::Full,
            codecs: vec![Codec::Opus, Codec::Pcmu],
            skips: true,
        };
        let (far, answer_sdp) = Peer::answer(&offered.sdp, config).await.unwrap();
        engine.accept_answer(offered.peer, answer_sdp).await.unwrap();
        let mut call = Self {
            engine,
            updates,
            peer: offered.peer,
            card: card.clone(),
            far,
            voice: Sine::new(THEIRS_HZ, 48_000, 8_000),
        };
        call.hears_of(PeerState::Connected).await;
        call
    }

    async fn hears_of(&mut self, state: PeerState) {
        let expected = PeerUpdate {
            peer: self.peer,
            state,
        };
        let update = timeout(LIMIT, self.updates.recv())
            .await
            .expect("the engine tells");
        assert_eq!(update, Some(expected));
    }

    /// Talks and listens until the last half second of what the far side and the rep heard is as wished.
    async fn until(&mut self, what: &str, wished: impl Fn(&[i16], &[i16]) -> bool) {
        let (mut far, mut near) = (Vec::new(), Vec::new());
        let mut pace = interval(Duration::from_millis(20));
        pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let talk = async {
            while !wished(last_half_second(&far), last_half_second(&near)) {
                pace.tick().await;
                self.far.handle.send(self.voice.by_ref().take(960).collect());
                let mut frame = vec![0; 960];
                self.far.incoming.pull(&mut frame);
                far.extend(frame);
                near.extend(self.card.take_played());
            }
        };
        assert!(timeout(LIMIT, talk).await.is_ok(), "never: {what}");
    }
}

fn headset() -> FakeCard {
    let card = FakeCard::default();
    card.plug_in_microphone("microphone", OURS_HZ);
    card.plug_in_speaker("speaker");
    card
}

fn engine(card: &FakeCard, settings: AudioSettings) -> (Engine, mpsc::Receiver<PeerUpdate>) {
    // Without its sender the settings stay as they are.
    let (_, settings) = watch::channel(settings);
    Engine::start(
        Arc::new(card.clone()),
        settings,
        Some((Ipv4Addr::LOCALHOST, 1).into()),
    )
}

fn last_half_second(sound: &[i16]) -> &[i16] {
    &sound[sound.len().saturating_sub(24_000)..]
}

fn hears(sound: &[i16], pitch_hz: f32) -> bool {
    sound.len() >= 24_000 && tone::rms(sound) > 500.0 && tone::share(sound, 48_000, pitch_hz) > 0.8
}

fn is_silent(sound: &[i16]) -> bool {
    sound.len() >= 24_000 && tone::rms(sound) < 20.0
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort();
    ids
}

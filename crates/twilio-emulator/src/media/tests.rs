//! The whole media side with real WebRTC clients over loopback UDP.

use std::net::Ipv4Addr;
use std::time::Duration;

use audio::peer::PeerEvent;
use audio::tone::{self, Sine};
use audio::{FRAME_MS, Rate};
use tokio::time::{Interval, interval, timeout};

use super::*;

/// Longer than anything here takes, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

struct Network {
    media: Media,
    events: mpsc::UnboundedReceiver<MediaEvent>,
}

impl Network {
    fn start() -> Self {
        let (sender, events) = mpsc::unbounded_channel();
        let config = MediaConfig {
            bind_ip: Ipv4Addr::LOCALHOST.into(),
        };
        Self {
            media: Media::start(config, sender),
            events,
        }
    }

    fn join(&self, leg: &str, muted: bool, hold: bool) {
        let (leg, room) = (leg.to_owned(), "CF".to_owned());
        self.media.send(MediaCommand::Join {
            leg,
            room,
            muted,
            hold,
            coach: None,
        });
    }

    async fn event(&mut self, wanted: impl Fn(&MediaEvent) -> bool) -> MediaEvent {
        let found = async {
            loop {
                let event = self.events.recv().await.expect("the loop runs");
                if wanted(&event) {
                    return event;
                }
            }
        };
        timeout(PATIENCE, found).await.expect("the event in time")
    }

    async fn heard(&self, leg: &str) -> Vec<i16> {
        let file = self.media.heard_wav(&leg.to_owned()).await.expect("a known leg");
        wav::read(&file).expect("a WAV file").samples
    }
}

/// A telephone with a tone for a voice.
struct Client {
    peer: Peer,
    voice: Sine,
    /// The last half second it heard.
    window: Vec<i16>,
    ticks: Interval,
}

fn client_config() -> PeerConfig {
    PeerConfig {
        bind_ip: Ipv4Addr::LOCALHOST.into(),
        ice_lite: false,
        rate: Rate::Narrow,
        codecs: vec![Codec::Opus, Codec::Pcmu],
        skips: true,
    }
}

impl Client {
    async fn call(network: &Network, leg: &str, freq_hz: f32) -> Self {
        let (peer, offer) = Peer::offer(client_config()).await.expect("an offer");
        let answer = network
            .media
            .answer_offer(leg.to_owned(), offer)
            .await
            .expect("an answer");
        peer.handle.accept_answer(answer).await.expect("they fit");
        Self::new(peer, freq_hz)
    }

    fn new(peer: Peer, freq_hz: f32) -> Self {
        Self {
            peer,
            voice: Sine::new(freq_hz, RATE_HZ, 6_000),
            window: vec![0; RATE_HZ as usize / 2],
            ticks: interval(Duration::from_millis(FRAME_MS)),
        }
    }

    async fn tick(&mut self, speaks: bool) {
        self.ticks.tick().await;
        let voice: Vec<i16> = self.voice.by_ref().take(FRAME_SAMPLES).collect();
        self.peer
            .handle
            .send(if speaks { voice } else { SILENCE.to_vec() });
        let mut frame = SILENCE;
        self.peer.incoming.pull(&mut frame);
        self.window.drain(..FRAME_SAMPLES);
        self.window.extend(frame);
    }

    fn share(&self, freq_hz: f32) -> f32 {
        tone::share(&self.window, RATE_HZ, freq_hz)
    }

    fn hears_nothing(&self) -> bool {
        tone::rms(&self.window) < 30.0
    }
}

/// Lets both talk until it is so.
async fn until(a: &mut Client, b: &mut Client, what: &str, so: impl Fn(&Client, &Client) -> bool) {
    let talking = async {
        while !so(a, b) {
            tokio::join!(a.tick(true), b.tick(true));
        }
    };
    timeout(PATIENCE, talking).await.expect(what);
}

#[tokio::test]
async fn two_clients_in_a_room_hear_each_other_unless_muted_or_held() {
    let mut network = Network::start();
    let mut a = Client::call(&network, "A", 440.0).await;
    let mut b = Client::call(&network, "B", 1_000.0).await;
    network.join("A", false, false);
    network.join("B", false, false);
    until(&mut a, &mut b, "both hear", |a, b| {
        a.share(1_000.0) > 0.9 && b.share(440.0) > 0.9
    })
    .await;
    network
        .event(|event| {
            let (listener, speaker) = ("B".to_owned(), "A".to_owned());
            *event
                == MediaEvent::Heard {
                    listener,
                    speaker,
                    started: true,
                }
        })
        .await;

    network.join("A", true, false);
    until(&mut a, &mut b, "A is muted", |a, b| {
        a.share(1_000.0) > 0.9 && b.hears_nothing()
    })
    .await;
    network.join("A", false, true);
    until(&mut a, &mut b, "A is held", |a, b| {
        a.hears_nothing() && b.hears_nothing()
    })
    .await;

    let samples: Arc<[i16]> = tone::sine(600.0, RATE_HZ, 8_000).into();
    network.media.send(MediaCommand::Play {
        leg: "A".to_owned(),
        play: 1,
        samples,
        loops: 2,
        over: false,
    });
    until(&mut a, &mut b, "A hears music", |a, _| a.share(600.0) > 0.9).await;
    network
        .event(|event| matches!(event, MediaEvent::PlayEnded { play: 1, .. }))
        .await;
    let heard = network.heard("A").await;
    assert!(tone::share(&heard[heard.len() - 8_000..], RATE_HZ, 600.0) > 0.95);

    network.join("A", false, false);
    until(&mut a, &mut b, "both hear again", |a, b| {
        a.share(1_000.0) > 0.9 && b.share(440.0) > 0.9
    })
    .await;
}

#[tokio::test]
async fn a_person_answers_when_spoken_to_and_both_sides_are_recorded() {
    let mut network = Network::start();
    let mut rep = Client::call(&network, "A", 500.0).await;
    let persona = personas::by_name("brisk").expect("built in");
    network.media.send(MediaCommand::OpenPerson {
        leg: "P".to_owned(),
        persona,
        seed: 5,
    });
    network.join("A", false, false);
    network.join("P", false, false);

    let voice_of_person = |event: &MediaEvent, wanted| matches!(event, MediaEvent::Heard { speaker, started, .. } if speaker == "P" && *started == wanted);
    let mut heard = [0, 0];
    let mut speak_frames = 0;
    let conversation = async {
        // The greeting, then an answer to the first words.
        while heard != [2, 2] {
            rep.tick(speak_frames > 0).await;
            speak_frames -= i32::from(speak_frames > 0);
            while let Ok(event) = network.events.try_recv() {
                heard[0] += i32::from(voice_of_person(&event, true));
                if voice_of_person(&event, false) {
                    heard[1] += 1;
                    speak_frames = 75;
                }
            }
        }
    };
    timeout(PATIENCE, conversation).await.expect("an answer");

    network.media.send(MediaCommand::Close { leg: "P".to_owned() });
    let file = network
        .media
        .dual_wav(&"P".to_owned(), 0, 60_000)
        .await
        .expect("a known leg");
    let recording = wav::read(&file).expect("a WAV file");
    assert_eq!(recording.channels, 2);
    let heard: Vec<i16> = recording.samples.chunks_exact(2).map(|pair| pair[1]).collect();
    assert!(
        tone::share(&heard, RATE_HZ, 500.0) > 0.9,
        "the rep's tone is on the right"
    );
    let said: Vec<i16> = recording.samples.chunks_exact(2).map(|pair| pair[0]).collect();
    assert!(
        tone::rms(&said) > 300.0 && tone::share(&said, RATE_HZ, 500.0) < 0.2,
        "the person on the left"
    );
}

#[tokio::test]
async fn keys_and_the_end_of_a_client_are_told() {
    let mut network = Network::start();
    let mut client = Client::call(&network, "A", 440.0).await;
    assert_eq!(
        network.event(|_| true).await,
        MediaEvent::Connected { leg: "A".to_owned() }
    );
    client.peer.handle.send_digit('7');
    for _ in 0..25 {
        client.tick(false).await;
    }
    let digit = MediaEvent::Digit {
        leg: "A".to_owned(),
        digit: '7',
    };
    assert_eq!(network.event(|_| true).await, digit);
    network.media.send(MediaCommand::Key {
        leg: "A".to_owned(),
        digit: '#',
    });
    let pressed = async {
        loop {
            client.tick(false).await;
            while let Ok(event) = client.peer.events.try_recv() {
                if let PeerEvent::Digit(digit) = event {
                    return digit;
                }
            }
        }
    };
    assert_eq!(timeout(PATIENCE, pressed).await.expect("a key"), '#');
    drop(client);
    assert_eq!(
        network.event(|_| true).await,
        MediaEvent::Lost { leg: "A".to_owned() }
    );
}

#[tokio::test]
async fn a_client_can_restart_ice_or_come_back_as_a_new_connection() {
    let network = Network::start();
    let mut a = Client::call(&network, "A", 440.0).await;
    let mut b = Client::call(&network, "B", 1_000.0).await;
    network.join("A", false, false);
    network.join("B", false, false);
    until(&mut a, &mut b, "both hear", |a, b| {
        a.share(1_000.0) > 0.9 && b.share(440.0) > 0.9
    })
    .await;

    let offer = a.peer.handle.restart().await.expect("it lives");
    let answer = network
        .media
        .answer_offer("A".to_owned(), offer)
        .await
        .expect("an answer");
    a.peer.handle.accept_answer(answer).await.expect("they fit");
    a.voice = Sine::new(700.0, RATE_HZ, 6_000);
    until(&mut a, &mut b, "both hear on", |a, b| {
        a.share(1_000.0) > 0.9 && b.share(700.0) > 0.9
    })
    .await;

    let mut again = Client::call(&network, "A", 1_500.0).await;
    until(&mut again, &mut b, "the new A", |a, b| {
        a.share(1_000.0) > 0.9 && b.share(1_500.0) > 0.9
    })
    .await;
}

#[tokio::test]
async fn a_new_connection_stays_on_the_bad_network() {
    let network = Network::start();
    let _first = Client::call(&network, "A", 440.0).await;
    let mut b = Client::call(&network, "B", 1_000.0).await;
    let bad = Impairments {
        loss: 0.2,
        ..Impairments::default()
    };
    network.media.impair(&"A".to_owned(), bad).await.expect("a leg");
    let mut again = Client::call(&network, "A", 1_500.0).await;
    let losing = async {
        while again.peer.handle.stats().await.expect("it lives").packets_lost < 20 {
            tokio::join!(again.tick(true), b.tick(true));
        }
    };
    timeout(PATIENCE, losing).await.expect("lost packets");
}

#[tokio::test]
async fn a_client_can_be_called() {
    let mut network = Network::start();
    let offer = network.media.offer("A".to_owned()).await.expect("an offer");
    let (peer, answer) = Peer::answer(&offer, client_config()).await.expect("an answer");
    network
        .media
        .accept_answer(&"A".to_owned(), answer)
        .await
        .expect("they fit");
    assert_eq!(
        network.event(|_| true).await,
        MediaEvent::Connected { leg: "A".to_owned() }
    );
    let mut client = Client::new(peer, 440.0);
    let samples: Arc<[i16]> = tone::sine(600.0, RATE_HZ, 8_000).into();
    network.media.send(MediaCommand::Play {
        leg: "A".to_owned(),
        play: 1,
        samples,
        loops: 0,
        over: false,
    });
    let listening = async {
        while client.share(600.0) < 0.9 {
            client.tick(true).await;
        }
    };
    timeout(PATIENCE, listening).await.expect("the music");
}

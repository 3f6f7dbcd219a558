//! What mixed legs cost: simulated people, and Voice SDK clients with their ICE, SRTP and codecs.

use std::time::Duration;

use audio::peer::{Codec, Peer, PeerConfig, PeerHandle};
use audio::{FRAME_MS, Rate};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use twilio_emulator::media::{Media, MediaCommand, MediaConfig, MediaEvent, personas};

use crate::cpu_time;

const PEOPLE: usize = 600;
const CLIENTS: usize = 60;
/// Whoever is not connected by then never will be.
const PATIENCE: Duration = Duration::from_mins(1);
const MIXED: Duration = Duration::from_secs(10);
/// Packets that the clients get meanwhile if the network keeps up.
const DUE: u64 = CLIENTS as u64 * MIXED.as_secs() * 1_000 / FRAME_MS;
const FRAME_SAMPLES: usize = Rate::Narrow.frame_samples();
/// What clients say, again and again.
const WORDS: &[u8] = include_bytes!("../../voices/anna-reply-3.wav");

/// People who talk to each other, two to a room.
pub(crate) async fn people() {
    let (media, heard) = start();
    let persona = personas::by_name("talkative").unwrap();
    for n in 0..PEOPLE {
        let leg = format!("CA{n}");
        media.send(MediaCommand::OpenPerson {
            leg,
            persona: persona.clone(),
            seed: n as u64,
        });
        join(&media, n);
    }
    measure("people", PEOPLE, heard).await;
}

/// Voice SDK clients that talk to each other, two to a room. Their own work is in the numbers, and is about
/// half of it: they encode, encrypt, decrypt and decode as much as the network does.
pub(crate) async fn clients(codec: Codec) {
    let (media, mut heard) = start();
    let mut voices = Vec::new();
    for n in 0..CLIENTS {
        let config = PeerConfig {
            bind_ip: std::net::Ipv4Addr::LOCALHOST.into(),
            ice_lite: false,
            rate: Rate::Narrow,
            codecs: vec![codec],
            skips: true,
        };
        let (peer, offer) = Peer::offer(config).await.unwrap();
        let answer = media.answer_offer(format!("CA{n}"), offer).await.unwrap();
        peer.handle.accept_answer(answer).await.unwrap();
        voices.push(peer.handle.clone());
        join(&media, n);
        tokio::spawn(talk(peer, n));
    }
    let all_connected = async {
        let mut connected = 0;
        while connected < CLIENTS {
            let event = heard.recv().await.unwrap();
            connected += usize::from(matches!(event, MediaEvent::Connected { .. }));
        }
    };
    tokio::time::timeout(PATIENCE, all_connected)
        .await
        .expect("all clients are connected within a minute");
    let before = received(&voices).await;
    measure(&format!("clients with {codec:?}"), CLIENTS, heard).await;
    let packets = received(&voices).await - before;
    println!("  {packets} packets reached the clients; one each 20 ms would be {DUE}");
}

fn start() -> (Media, UnboundedReceiver<MediaEvent>) {
    let (events, heard) = mpsc::unbounded_channel();
    let config = MediaConfig {
        bind_ip: std::net::Ipv4Addr::LOCALHOST.into(),
    };
    (Media::start(config, events), heard)
}

fn join(media: &Media, n: usize) {
    media.send(MediaCommand::Join {
        leg: format!("CA{n}"),
        room: format!("CF{}", n / 2),
        muted: false,
        hold: false,
        coach: None,
    });
}

/// Speaks and listens, a frame at a time, until its other end is gone; everybody begins elsewhere.
async fn talk(mut peer: Peer, n: usize) {
    let words = audio::wav::read(WORDS).unwrap().into_mono();
    let mut frames = words
        .chunks_exact(FRAME_SAMPLES)
        .cycle()
        .skip(n % (words.len() / FRAME_SAMPLES));
    let mut pace = tokio::time::interval(Duration::from_millis(FRAME_MS));
    let mut heard = [0; FRAME_SAMPLES];
    loop {
        pace.tick().await;
        peer.handle.send(frames.next().unwrap().to_vec());
        peer.incoming.pull(&mut heard);
    }
}

/// Packets that clients have got so far.
async fn received(voices: &[PeerHandle]) -> u64 {
    let mut received = 0;
    for voice in voices {
        received += voice.stats().await.unwrap().packets_received;
    }
    received
}

async fn measure(who: &str, legs: usize, mut heard: UnboundedReceiver<MediaEvent>) {
    let Some(before) = cpu_time() else {
        println!("mixing: this machine does not tell its CPU time");
        return;
    };
    let counted = async { while heard.recv().await.is_some() {} };
    let _ = tokio::time::timeout(MIXED, counted).await;
    let used = cpu_time().unwrap().saturating_sub(before);
    let cores = used.as_secs_f64() / MIXED.as_secs_f64();
    println!(
        "mixing: {legs} {who} in rooms of two for {} s took {cores:.2} of a core: {:.0} legs per core",
        MIXED.as_secs(),
        f64::from(u32::try_from(legs).unwrap()) / cores,
    );
}

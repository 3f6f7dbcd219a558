//! The 20 ms loop: gives the mixer time, requests and WebRTC peers, and carries its events out.

use std::time::Duration;

use audio::FRAME_MS;
use audio::peer::{Impairments, PeerHandle};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::line::WebRtc;
use super::mixer::Mixer;
use super::track::Tracks;
use super::{LegKey, MediaCommand, MediaEvent};

const FRAME: Duration = Duration::from_millis(FRAME_MS);
/// Frames made up for in one go after the machine was too busy; half a second. Older ones are given up.
const CATCH_UP_FRAMES_MAX: u32 = 25;

/// What a [`super::Media`] handle asks for.
#[derive(Debug)]
pub(super) enum Request {
    Command(MediaCommand),
    Attach(LegKey, Box<WebRtc>),
    /// The client answered our offer, under this certificate.
    Answered(LegKey, Option<String>),
    /// Who is at the other end of a WebRTC leg.
    Peer(LegKey, oneshot::Sender<Option<FarEnd>>),
    /// Makes a leg's network bad; tells whether there is such a leg.
    Impair(LegKey, Impairments, oneshot::Sender<bool>),
    Tracks(LegKey, oneshot::Sender<Option<Tracks>>),
}

/// The client of a WebRTC leg.
#[derive(Clone, Debug)]
pub(super) struct FarEnd {
    pub(super) handle: PeerHandle,
    /// The certificate it speaks under.
    pub(super) fingerprint: Option<String>,
    /// What the leg's network is like, which a new transport inherits.
    pub(super) impairments: Impairments,
}

pub(super) async fn run(mut requests: mpsc::Receiver<Request>, events: mpsc::UnboundedSender<MediaEvent>) {
    let mut mixer = Mixer::default();
    let mut due = now();
    loop {
        tokio::select! {
            biased;
            () = tokio::time::sleep_until(due) => due = tick_until_now(&mut mixer, due),
            request = requests.recv() => match request {
                Some(request) => obey(&mut mixer, request),
                None => return,
            },
        }
        while let Some(event) = mixer.poll() {
            if events.send(event).is_err() {
                return;
            }
        }
    }
}

/// Makes every frame that is due, each at its own place in time; returns when the next one is.
fn tick_until_now(mixer: &mut Mixer, mut due: Instant) -> Instant {
    for _ in 0..CATCH_UP_FRAMES_MAX {
        mixer.tick();
        due += FRAME;
        if due > now() {
            return due;
        }
    }
    tracing::warn!("the media loop cannot keep up; sound is lost");
    now() + FRAME
}

fn obey(mixer: &mut Mixer, request: Request) {
    match request {
        Request::Command(command) => mixer.obey(command),
        Request::Attach(leg, line) => mixer.attach(leg, line),
        Request::Answered(leg, fingerprint) => mixer.answered(&leg, fingerprint),
        Request::Peer(leg, reply) => {
            let _ = reply.send(mixer.peer(&leg));
        }
        Request::Impair(leg, impairments, reply) => {
            let _ = reply.send(mixer.impair(&leg, impairments));
        }
        Request::Tracks(leg, reply) => {
            let _ = reply.send(mixer.tracks(&leg).cloned());
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the shell's one clock")]
fn now() -> Instant {
    std::time::Instant::now().into()
}

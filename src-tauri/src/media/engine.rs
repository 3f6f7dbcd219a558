//! The engine: owns the peers of the page's calls and seats them at the desk.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use audio::{
    Rate,
    peer::{Codec, Peer, PeerConfig, PeerError, PeerEvent, PeerHandle, PeerStats, is_digit},
};
use serde::{Deserialize, Serialize};
use specta::Type;
use tokio::sync::{mpsc, oneshot, watch};

use super::{
    card::SoundCard,
    desk::{self, DeskHandle, Missing},
    route,
};
use crate::{
    error::{Code, Error},
    headset::{AudioDevices, LevelSink, Sound},
    settings::AudioSettings,
};

/// Calls at once. The page has one, and for a moment a second while it renews the first.
const PEERS_MAX: usize = 4;
/// Requests that wait for the engine.
const REQUESTS_MAX: usize = 64;
/// Updates nobody has read yet.
const UPDATES_MAX: usize = 64;

/// A connection of the page's; never used again after its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Type)]
#[serde(transparent)]
pub struct PeerId(pub u32);

/// A connection that was made.
#[derive(Debug)]
pub struct Offered {
    /// Names it from now on.
    pub peer: PeerId,
    /// The description to hand to the other side.
    pub sdp: String,
}

/// How the path to the other side is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum PeerState {
    /// Sound flows.
    Connected,
    /// The path is silent; it may come back.
    Disconnected,
    /// It ended for good, and not by us.
    Closed,
}

/// A change of one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerUpdate {
    /// Which.
    pub peer: PeerId,
    /// How it is now.
    pub state: PeerState,
}

/// Why the engine did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// There is no such connection any more.
    #[error("no such connection")]
    UnknownPeer,
    /// The page keeps more connections than any call needs.
    #[error("too many connections")]
    TooManyPeers,
    /// The connection could not do it.
    #[error("connection")]
    Peer(#[from] PeerError),
    /// The engine has stopped.
    #[error("the media engine has stopped")]
    Stopped,
}

type Reply<T> = oneshot::Sender<Result<T, EngineError>>;

enum Request {
    Offer(Vec<Codec>, Reply<Offered>),
    Answer(String, Vec<Codec>, Reply<Offered>),
    Find(PeerId, Reply<PeerHandle>),
    Mute(PeerId, bool, Reply<()>),
    Close(PeerId, Reply<()>),
    Reset(Reply<()>),
    Desk(desk::Command),
}

/// The way to the engine; clones share one, which ends with the last of them.
#[derive(Clone)]
pub struct Engine {
    requests: mpsc::Sender<Request>,
    missing: watch::Receiver<Missing>,
    card: Arc<dyn SoundCard>,
}

impl Engine {
    /// Starts an engine at this sound card. `settings` choose the headset, now and whenever they change;
    /// `stand_in` is the address of what stands in for Twilio, if anything does, and decides the network
    /// interface. Updates of the connections come from the receiver.
    pub fn start(
        card: Arc<dyn SoundCard>,
        settings: watch::Receiver<AudioSettings>,
        stand_in: Option<SocketAddr>,
    ) -> (Self, mpsc::Receiver<PeerUpdate>) {
        let (requests, request_rx) = mpsc::channel(REQUESTS_MAX);
        let (updates, update_rx) = mpsc::channel(UPDATES_MAX);
        let desk = DeskHandle::open(Arc::clone(&card), settings);
        let missing = desk.missing.clone();
        let owner = Owner {
            desk,
            updates,
            peers: BTreeMap::new(),
            next: 1,
            stand_in,
        };
        tokio::spawn(owner.run(request_rx));
        let engine = Self {
            requests,
            missing,
            card,
        };
        (engine, update_rx)
    }

    /// Makes a connection that waits for an answer, and opens the headset.
    ///
    /// # Errors
    /// If there are too many, or no socket can be opened.
    pub async fn offer(&self, codecs: Vec<Codec>) -> Result<Offered, EngineError> {
        self.ask(|reply| Request::Offer(codecs, reply)).await
    }

    /// Answers the other side's offer, and opens the headset.
    ///
    /// # Errors
    /// As [`Engine::offer`], or if the offer does not fit.
    pub async fn answer(&self, offer_sdp: String, codecs: Vec<Codec>) -> Result<Offered, EngineError> {
        self.ask(|reply| Request::Answer(offer_sdp, codecs, reply)).await
    }

    /// Takes the other side's answer.
    ///
    /// # Errors
    /// If it does not fit, or the connection has ended.
    pub async fn accept_answer(&self, peer: PeerId, answer_sdp: String) -> Result<(), EngineError> {
        Ok(self.find(peer).await?.accept_answer(answer_sdp).await?)
    }

    /// Drops the microphone's sound before it reaches the encoder, or lets it pass again.
    ///
    /// # Errors
    /// If the connection has ended.
    pub async fn mute(&self, peer: PeerId, muted: bool) -> Result<(), EngineError> {
        self.ask(|reply| Request::Mute(peer, muted, reply)).await
    }

    /// Presses keys; what is no key is left out.
    ///
    /// # Errors
    /// If the connection has ended.
    pub async fn send_digits(&self, peer: PeerId, digits: &str) -> Result<(), EngineError> {
        let handle = self.find(peer).await?;
        for digit in digits.chars().filter(|&digit| is_digit(digit)) {
            handle.send_digit(digit);
        }
        Ok(())
    }

    /// Counts since the connection began.
    ///
    /// # Errors
    /// If the connection has ended.
    pub async fn stats(&self, peer: PeerId) -> Result<PeerStats, EngineError> {
        Ok(self.find(peer).await?.stats().await?)
    }

    /// Ends a connection; ending it twice is no error.
    ///
    /// # Errors
    /// If the engine has stopped.
    pub async fn close(&self, peer: PeerId) -> Result<(), EngineError> {
        self.ask(|reply| Request::Close(peer, reply)).await
    }

    /// Ends all connections.
    ///
    /// # Errors
    /// If the engine has stopped.
    pub async fn reset(&self) -> Result<(), EngineError> {
        self.ask(Request::Reset).await
    }

    /// A plain sentence about what the present call misses; changes as the headset comes and goes.
    #[must_use]
    pub fn troubles(&self) -> Troubles {
        Troubles(self.missing.clone())
    }

    fn tell_desk(&self, command: desk::Command) -> Result<(), Error> {
        let told = self.requests.try_send(Request::Desk(command));
        told.map_err(|_| Error::internal(EngineError::Stopped))
    }

    async fn find(&self, peer: PeerId) -> Result<PeerHandle, EngineError> {
        self.ask(|reply| Request::Find(peer, reply)).await
    }

    async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Result<T, EngineError> {
        let (reply, answer) = oneshot::channel();
        let sent = self.requests.send(request(reply)).await;
        sent.map_err(|_| EngineError::Stopped)?;
        answer.await.map_err(|_| EngineError::Stopped)?
    }
}

impl Sound for Engine {
    fn devices(&self) -> Result<AudioDevices, Error> {
        self.card.devices().map_err(|error| {
            tracing::warn!(%error, "the devices cannot be listed");
            Error::new(
                Code::Audio,
                "The system's sound cannot be reached. Check its sound settings.",
            )
        })
    }

    /// Returns at once; the tone is heard when the speaker is open, within a second or so.
    fn play_test_tone(&self) -> Result<(), Error> {
        self.tell_desk(desk::Command::PlayTone)
    }

    fn watch_level(&self, levels: Box<dyn LevelSink>) -> Result<(), Error> {
        self.tell_desk(desk::Command::WatchLevel(levels))
    }

    fn stop_level(&self) {
        // An engine that has stopped shows no level.
        let _ = self.tell_desk(desk::Command::StopLevel);
    }
}

/// What the present call misses, as a sentence for the rep.
#[derive(Debug, Clone)]
pub struct Troubles(watch::Receiver<Missing>);

impl Troubles {
    /// The sentence now; none if all is well.
    #[must_use]
    pub fn sentence(&self) -> Option<&'static str> {
        match *self.0.borrow() {
            Missing {
                microphone: false,
                speaker: false,
            } => None,
            Missing {
                microphone: true,
                speaker: false,
            } => Some("No microphone works, so nobody can hear you. Plug one in."),
            Missing {
                microphone: false,
                speaker: true,
            } => Some("No speaker works, so you hear nobody. Plug one in."),
            Missing {
                microphone: true,
                speaker: true,
            } => Some("Neither a microphone nor a speaker works. Plug in a headset."),
        }
    }

    /// Waits for the next change; false when the engine has stopped.
    pub async fn changed(&mut self) -> bool {
        self.0.changed().await.is_ok()
    }
}

/// The task that owns the peers.
struct Owner {
    desk: DeskHandle,
    updates: mpsc::Sender<PeerUpdate>,
    peers: BTreeMap<PeerId, PeerHandle>,
    next: u32,
    stand_in: Option<SocketAddr>,
}

impl Owner {
    async fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        let (happened, mut events) = mpsc::channel(UPDATES_MAX);
        loop {
            tokio::select! {
                request = requests.recv() => match request {
                    Some(request) => self.obey(request, &happened).await,
                    None => break,
                },
                Some(update) = events.recv() => self.pass_on(update),
            }
        }
        self.close_all().await;
    }

    async fn obey(&mut self, request: Request, happened: &mpsc::Sender<PeerUpdate>) {
        // Whoever asked may have gone; then nobody is told.
        match request {
            Request::Offer(codecs, reply) => {
                let made = self.make(None, codecs, happened).await;
                let _ = reply.send(made);
            }
            Request::Answer(offer_sdp, codecs, reply) => {
                let made = self.make(Some(&offer_sdp), codecs, happened).await;
                let _ = reply.send(made);
            }
            Request::Find(peer, reply) => {
                let handle = self.peers.get(&peer).cloned();
                let _ = reply.send(handle.ok_or(EngineError::UnknownPeer));
            }
            Request::Mute(peer, muted, reply) => {
                self.desk.tell(desk::Command::Mute(peer, muted));
                let known = self.peers.contains_key(&peer);
                let _ = reply.send(if known {
                    Ok(())
                } else {
                    Err(EngineError::UnknownPeer)
                });
            }
            Request::Close(peer, reply) => {
                self.close(peer).await;
                let _ = reply.send(Ok(()));
            }
            Request::Reset(reply) => {
                self.close_all().await;
                let _ = reply.send(Ok(()));
            }
            Request::Desk(command) => self.desk.tell(command),
        }
    }

    async fn make(
        &mut self,
        offer_sdp: Option<&str>,
        codecs: Vec<Codec>,
        happened: &mpsc::Sender<PeerUpdate>,
    ) -> Result<Offered, EngineError> {
        if self.peers.len() >= PEERS_MAX {
            return Err(EngineError::TooManyPeers);
        }
        let bind_ip = route::local_ip(self.stand_in).await;
        let config = PeerConfig {
            bind_ip: bind_ip.map_err(PeerError::from)?,
            ice_lite: false,
            rate: Rate::Full,
            codecs,
            skips: false,
        };
        let (made, sdp) = match offer_sdp {
            None => Peer::offer(config).await?,
            Some(offer_sdp) => Peer::answer(offer_sdp, config).await?,
        };
        let peer = PeerId(self.next);
        self.next += 1;
        self.peers.insert(peer, made.handle.clone());
        self.desk
            .tell(desk::Command::Seat(peer, made.handle, Box::new(made.incoming)));
        tokio::spawn(listen(peer, made.events, happened.clone()));
        tracing::info!(peer = peer.0, "a connection was made");
        Ok(Offered { peer, sdp })
    }

    fn pass_on(&mut self, update: PeerUpdate) {
        if !self.peers.contains_key(&update.peer) {
            return;
        }
        tracing::info!(peer = update.peer.0, state = ?update.state, "the path of a connection changed");
        if update.state == PeerState::Closed {
            self.peers.remove(&update.peer);
            self.desk.tell(desk::Command::Unseat(update.peer));
        }
        if self.updates.try_send(update).is_err() {
            tracing::debug!("nobody reads the engine's updates");
        }
    }

    async fn close(&mut self, peer: PeerId) {
        let Some(handle) = self.peers.remove(&peer) else {
            return;
        };
        self.desk.tell(desk::Command::Unseat(peer));
        handle.close().await;
        tracing::info!(peer = peer.0, "a connection was closed");
    }

    async fn close_all(&mut self) {
        let peers: Vec<PeerId> = self.peers.keys().copied().collect();
        for peer in peers {
            self.close(peer).await;
        }
    }
}

async fn listen(peer: PeerId, mut events: mpsc::Receiver<PeerEvent>, happened: mpsc::Sender<PeerUpdate>) {
    while let Some(event) = events.recv().await {
        let state = match event {
            PeerEvent::Connected => PeerState::Connected,
            PeerEvent::Disconnected => PeerState::Disconnected,
            PeerEvent::Closed => PeerState::Closed,
            // Whoever talks to the rep has no keys that mean anything here.
            PeerEvent::Digit(_) => continue,
        };
        if happened.send(PeerUpdate { peer, state }).await.is_err() {
            return;
        }
    }
}

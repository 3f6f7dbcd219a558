//! A WebRTC audio peer: one call's SDP, ICE, DTLS-SRTP and RTP over one UDP socket, with PCM on the inside.
//!
//! A sans-IO machine (`machine`) holds everything that is decided; a thin task (`driver`) moves datagrams
//! and time in and out of it. The codec sent is the first common one in the order the remote wrote down.

mod driver;
mod impair;
mod machine;
mod receiver;
mod sdp;
mod sender;
mod stats;

use std::net::IpAddr;

use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot};

use self::driver::{Command, Driver};
pub use self::impair::Impairments;
use self::impair::Road;
use self::machine::Machine;
pub use self::sender::is_digit;
pub use self::stats::PeerStats;
use crate::Rate;
pub use crate::playout::Codec;
use crate::playout::{Packet, Playout, PlayoutStats};

/// Commands waiting for a peer's task; frames beyond it are dropped, so a stuck peer holds nobody up.
const COMMANDS_MAX: usize = 64;
/// Events nobody has read yet.
const EVENTS_MAX: usize = 256;
/// Received packets nobody has pulled yet; two seconds.
const PACKETS_MAX: usize = 100;

/// What a peer is made with.
#[derive(Clone, Debug)]
pub struct PeerConfig {
    /// The interface address the socket is bound to and SDP names as the only candidate.
    pub bind_ip: IpAddr,
    /// Answer connectivity checks only and send none (RFC 8445, section 2.5): for the side with a known
    /// address.
    pub ice_lite: bool,
    /// The rate of PCM going in and coming out.
    pub rate: Rate,
    /// Codecs to negotiate, in the order an offer names them.
    pub codecs: Vec<Codec>,
    /// Whether [`Incoming`] leaves out a frame when the remote's clock runs ahead. Turn it off to follow
    /// the clock by resampling; delays of more than 100 ms are still caught up with by leaving out frames.
    pub skips: bool,
}

/// Why a peer could not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// The remote's SDP cannot be read or does not fit ours.
    #[error("the remote's SDP: {0}")]
    Sdp(String),
    /// The two sides share no audio codec.
    #[error("no audio codec in common")]
    NoCommonCodec,
    /// No UDP socket could be opened on the configured address.
    #[error("UDP socket")]
    Socket(#[from] std::io::Error),
    /// An answer came that no offer waits for.
    #[error("no offer is waiting for an answer")]
    NoOffer,
    /// The peer has ended.
    #[error("the peer has ended")]
    Ended,
}

/// What happens to a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerEvent {
    /// Media flows: ICE has a path and DTLS is up. Comes again after a [`PeerEvent::Disconnected`].
    Connected,
    /// The path is silent. It may come back by itself or through an ICE restart.
    Disconnected,
    /// The remote pressed a key (RFC 4733): `0`-`9`, `*`, `#`, `A`-`D`.
    Digit(char),
    /// The remote closed the connection, or it broke for good; nothing follows.
    Closed,
}

/// One side of a call. The parts go to whoever does that work; the peer ends when all handles are gone.
pub struct Peer {
    /// Sends sound and commands.
    pub handle: PeerHandle,
    /// Gives sound.
    pub incoming: Incoming,
    /// Tells what happens.
    pub events: mpsc::Receiver<PeerEvent>,
}

impl Peer {
    /// Answers a remote's offer. Returns the peer and the SDP answer.
    ///
    /// # Errors
    /// If the offer does not fit or no socket can be opened.
    pub async fn answer(offer_sdp: &str, config: PeerConfig) -> Result<(Self, String), PeerError> {
        let socket = UdpSocket::bind((config.bind_ip, 0)).await?;
        let mut machine = Machine::new(&config, socket.local_addr()?, driver::now())?;
        let answer_sdp = machine.accept_offer(offer_sdp, driver::now())?;
        Ok((Self::start(machine, socket, &config), answer_sdp))
    }

    /// Makes an offer. Returns the peer and the SDP offer; it waits for [`PeerHandle::accept_answer`].
    ///
    /// # Errors
    /// If no socket can be opened.
    pub async fn offer(config: PeerConfig) -> Result<(Self, String), PeerError> {
        let socket = UdpSocket::bind((config.bind_ip, 0)).await?;
        let mut machine = Machine::new(&config, socket.local_addr()?, driver::now())?;
        let offer_sdp = machine.offer(driver::now());
        Ok((Self::start(machine, socket, &config), offer_sdp))
    }

    fn start(machine: Machine, socket: UdpSocket, config: &PeerConfig) -> Self {
        let (command_tx, commands) = mpsc::channel(COMMANDS_MAX);
        let (event_tx, events) = mpsc::channel(EVENTS_MAX);
        let (packet_tx, packets) = mpsc::channel(PACKETS_MAX);
        let seed = socket.local_addr().map_or(0, |addr| addr.port().into());
        let driver = Driver {
            machine,
            socket,
            inbound: Road::new(seed),
            outbound: Road::new(!seed),
            commands,
            events: event_tx,
            packets: packet_tx,
        };
        tokio::spawn(driver.run());
        Self {
            handle: PeerHandle { commands: command_tx },
            incoming: Incoming {
                packets,
                playout: Playout::new(config.rate, config.skips),
            },
            events,
        }
    }
}

/// Sends sound and commands to a peer; clones share it.
#[derive(Clone, Debug)]
pub struct PeerHandle {
    commands: mpsc::Sender<Command>,
}

impl PeerHandle {
    /// Sends one frame of 20 ms at the configured rate. Never waits: a peer that cannot keep up loses the
    /// frame. Send silence too, or the remote takes the path for dead.
    pub fn send(&self, frame: Vec<i16>) {
        let _ = self.commands.try_send(Command::Frame(frame));
    }

    /// Presses a key (see [`is_digit`]; anything else is ignored). It replaces the sound for 160 ms of the
    /// frames sent from now on; further keys wait their turn.
    pub fn send_digit(&self, digit: char) {
        let _ = self.commands.try_send(Command::Digit(digit));
    }

    /// Takes the remote's answer to the offer that waits.
    ///
    /// # Errors
    /// If no offer waits, the answer does not fit, or the peer has ended.
    pub async fn accept_answer(&self, answer_sdp: String) -> Result<(), PeerError> {
        self.ask(|reply| Command::AcceptAnswer(answer_sdp, reply)).await?
    }

    /// Answers a further offer of the same remote, such as its ICE restart. Returns the SDP answer.
    ///
    /// # Errors
    /// If the offer does not fit or the peer has ended.
    pub async fn accept_offer(&self, offer_sdp: String) -> Result<String, PeerError> {
        self.ask(|reply| Command::AcceptOffer(offer_sdp, reply)).await?
    }

    /// Starts an ICE restart. Returns a new SDP offer; it waits for [`PeerHandle::accept_answer`].
    ///
    /// # Errors
    /// If the peer has ended.
    pub async fn restart(&self) -> Result<String, PeerError> {
        self.ask(Command::Restart).await
    }

    /// Counts since the beginning.
    ///
    /// # Errors
    /// If the peer has ended.
    pub async fn stats(&self) -> Result<PeerStats, PeerError> {
        self.ask(Command::Stats).await
    }

    /// Makes the network bad from now on, or good again.
    pub async fn impair(&self, impairments: Impairments) {
        let _ = self.commands.send(Command::Impair(impairments)).await;
    }

    /// Ends the peer and tells the remote.
    pub async fn close(&self) {
        let _ = self.commands.send(Command::Close).await;
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T, PeerError> {
        let (reply, answer) = oneshot::channel();
        self.commands
            .send(command(reply))
            .await
            .map_err(|_| PeerError::Ended)?;
        answer.await.map_err(|_| PeerError::Ended)
    }
}

/// The sound a peer receives, in order and without gaps. Whoever pulls it sets the pace; no call waits.
pub struct Incoming {
    packets: mpsc::Receiver<Packet>,
    playout: Playout,
}

impl Incoming {
    /// Fills `out` with the next samples at the configured rate: sound, concealment or silence.
    pub fn pull(&mut self, out: &mut [i16]) {
        while let Ok(packet) = self.packets.try_recv() {
            self.playout.push(packet);
        }
        self.playout.pull(out);
    }

    /// Sound waiting to be pulled, in milliseconds.
    #[must_use]
    pub fn depth_ms(&self) -> u64 {
        self.playout.depth_ms()
    }

    /// Sound that should be waiting on this network, in milliseconds. A depth that drifts from it is the
    /// two clocks drifting apart.
    #[must_use]
    pub fn target_ms(&self) -> u64 {
        self.playout.target_ms()
    }

    /// Counts since the beginning.
    #[must_use]
    pub fn stats(&self) -> PlayoutStats {
        self.playout.stats()
    }
}

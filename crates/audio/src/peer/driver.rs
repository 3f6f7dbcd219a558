//! The task of one peer: moves datagrams, commands and time between the world and the machine.

use std::net::SocketAddr;
use std::time::Instant;

use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot};

use super::impair::{Impairments, Road};
use super::machine::{Machine, Output};
use super::{PeerError, PeerEvent, PeerStats};
use crate::playout::Packet;

/// Larger than any datagram of audio WebRTC; what is longer is not for us.
const DATAGRAM_BYTES_MAX: usize = 2_000;
/// Failed receives in a row after which the socket is given up.
const RECEIVE_ERRORS_MAX: u32 = 100;

/// What a handle asks for.
#[derive(Debug)]
pub(super) enum Command {
    Frame(Vec<i16>),
    Digit(char),
    AcceptAnswer(String, oneshot::Sender<Result<(), PeerError>>),
    AcceptOffer(String, oneshot::Sender<Result<String, PeerError>>),
    Restart(oneshot::Sender<String>),
    Stats(oneshot::Sender<PeerStats>),
    Impair(Impairments),
    Close,
}

pub(super) struct Driver {
    pub(super) machine: Machine,
    pub(super) socket: UdpSocket,
    pub(super) inbound: Road<(SocketAddr, Vec<u8>)>,
    pub(super) outbound: Road<(SocketAddr, Vec<u8>)>,
    pub(super) commands: mpsc::Receiver<Command>,
    pub(super) events: mpsc::Sender<PeerEvent>,
    pub(super) packets: mpsc::Sender<Packet>,
}

impl Driver {
    pub(super) async fn run(mut self) {
        let mut datagram = vec![0; DATAGRAM_BYTES_MAX];
        let mut receive_errors = 0;
        while !self.machine.is_closed() && receive_errors < RECEIVE_ERRORS_MAX {
            while let Some((from, bytes)) = self.inbound.pop(now()) {
                self.machine.handle_datagram(from, &bytes, now());
            }
            self.carry_out().await;
            let due = [self.inbound.deadline(), self.outbound.deadline()]
                .into_iter()
                .flatten()
                .fold(self.machine.deadline(), Instant::min);
            tokio::select! {
                command = self.commands.recv() => self.obey(command.unwrap_or(Command::Close)),
                received = self.socket.recv_from(&mut datagram) => match received {
                    Ok((length, from)) => {
                        receive_errors = 0;
                        self.inbound.push((from, datagram[..length].to_vec()), now());
                    }
                    // An ICMP answer to something we sent surfaces here on some systems; it means nothing.
                    Err(_) => receive_errors += 1,
                },
                () = tokio::time::sleep_until(due.into()) => {
                    self.machine.handle_timeout(now());
                }
            }
        }
        self.carry_out().await;
        let _ = self.events.try_send(PeerEvent::Closed);
    }

    async fn carry_out(&mut self) {
        while let Some(output) = self.machine.poll() {
            match output {
                Output::Datagram { to, bytes } => self.outbound.push((to, bytes), now()),
                // Whoever does not pull does not hear.
                Output::Packet(packet) => drop(self.packets.try_send(packet)),
                Output::Event(PeerEvent::Closed) => {}
                Output::Event(event) => {
                    if self.events.try_send(event).is_err() {
                        tracing::debug!(?event, "nobody reads this peer's events");
                    }
                }
            }
        }
        self.send_out().await;
    }

    async fn send_out(&mut self) {
        while let Some((to, bytes)) = self.outbound.pop(now()) {
            // Lost like any datagram; ICE notices when it goes on.
            let _ = self.socket.send_to(&bytes, to).await;
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Frame(frame) => self.machine.handle_frame(&frame, now()),
            Command::Digit(digit) => self.machine.press(digit),
            Command::AcceptAnswer(sdp, reply) => {
                let _ = reply.send(self.machine.accept_answer(&sdp, now()));
            }
            Command::AcceptOffer(sdp, reply) => {
                let _ = reply.send(self.machine.accept_offer(&sdp, now()));
            }
            Command::Restart(reply) => {
                let _ = reply.send(self.machine.restart(now()));
            }
            Command::Stats(reply) => {
                let _ = reply.send(self.machine.stats());
            }
            Command::Impair(impairments) => {
                self.inbound.impair(impairments);
                self.outbound.impair(impairments);
            }
            Command::Close => self.machine.close(now()),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the shell's one clock")]
pub(super) fn now() -> Instant {
    Instant::now()
}

//! What is at the far end of a leg: a WebRTC client, a simulated person, or nobody yet.

use audio::peer::{Incoming, Peer, PeerEvent, PeerHandle};
use tokio::sync::mpsc;

use super::Frame;
use super::person::{Person, PersonEvent};

/// A WebRTC leg without media for this long is lost: the 30 s that browsers, too, give a broken path.
const LOST_AFTER_FRAMES: u32 = 30 * 50;

/// What a line tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LineEvent {
    Said(String),
    Digit(char),
    HungUp,
    Connected,
    Lost,
}

#[derive(Debug)]
pub(super) enum Line {
    /// Hears and says nothing; what a leg is until its far end comes.
    Nobody,
    Person(Box<Person>),
    WebRtc(Box<WebRtc>),
}

impl Line {
    /// What the far end says now, having heard `heard` in the frame before.
    pub(super) fn speak(&mut self, heard: &Frame, said: &mut Frame) -> Vec<LineEvent> {
        match self {
            Self::Nobody => {
                said.fill(0);
                Vec::new()
            }
            Self::Person(person) => person
                .frame(heard, said)
                .map(LineEvent::from)
                .into_iter()
                .collect(),
            Self::WebRtc(peer) => {
                peer.incoming.pull(said);
                peer.events()
            }
        }
    }

    /// The far end is told of a key.
    pub(super) fn key(&mut self, digit: char) {
        match self {
            Self::Nobody => {}
            Self::Person(person) => person.key(digit),
            Self::WebRtc(peer) => peer.handle.send_digit(digit),
        }
    }

    /// A key sounds in what the far end hears; clients have ears of their own.
    pub(super) fn key_in_band(&mut self, digit: char) {
        if let Self::Person(person) = self {
            person.key(digit);
        }
    }

    /// Gives the far end what it hears now.
    pub(super) fn hear(&self, heard: &Frame) {
        match self {
            Self::Nobody | Self::Person(_) => {}
            Self::WebRtc(peer) => peer.handle.send(heard.to_vec()),
        }
    }
}

impl From<PersonEvent> for LineEvent {
    fn from(event: PersonEvent) -> Self {
        match event {
            PersonEvent::Digit(digit) => Self::Digit(digit),
            PersonEvent::HungUp => Self::HungUp,
            PersonEvent::Said(text) => Self::Said(text),
        }
    }
}

pub(super) struct WebRtc {
    pub(super) handle: PeerHandle,
    /// The client's certificate; none until it is known.
    pub(super) fingerprint: Option<String>,
    incoming: Incoming,
    peer_events: mpsc::Receiver<PeerEvent>,
    path: Path,
}

/// Whether media can reach the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Path {
    /// Its SDP is not there yet.
    NotDue,
    /// It should, and has not for this long.
    Down {
        frames: u32,
    },
    Up,
    /// Reported lost.
    Lost,
}

impl std::fmt::Debug for WebRtc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebRtc").finish_non_exhaustive()
    }
}

impl WebRtc {
    pub(super) fn new(peer: Peer) -> Self {
        Self {
            handle: peer.handle,
            fingerprint: None,
            incoming: peer.incoming,
            peer_events: peer.events,
            path: Path::NotDue,
        }
    }

    /// Both sides' SDP is there: from now on media is due.
    pub(super) fn negotiated(&mut self, fingerprint: Option<String>) {
        self.fingerprint = fingerprint;
        if self.path == Path::NotDue {
            self.path = Path::Down { frames: 0 };
        }
    }

    fn events(&mut self) -> Vec<LineEvent> {
        let mut events = Vec::new();
        while let Ok(event) = self.peer_events.try_recv() {
            match event {
                PeerEvent::Connected => {
                    self.path = Path::Up;
                    events.push(LineEvent::Connected);
                }
                PeerEvent::Disconnected => self.path = Path::Down { frames: 0 },
                PeerEvent::Digit(digit) => events.push(LineEvent::Digit(digit)),
                PeerEvent::Closed => {
                    self.path = Path::Down {
                        frames: LOST_AFTER_FRAMES,
                    }
                }
            }
        }
        if let Path::Down { frames } = &mut self.path {
            *frames += 1;
            if *frames > LOST_AFTER_FRAMES {
                self.path = Path::Lost;
                events.push(LineEvent::Lost);
            }
        }
        events
    }
}

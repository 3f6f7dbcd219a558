//! The event stream: `GET /api/v1/events?after={seq}` (WebSocket).
//!
//! The dialer numbers an agent's events 1, 2, 3, … and keeps the newest ones. A client that reconnects names the last
//! one it has; if the dialer no longer knows what came after, it starts over with [`Event::Snapshot`]. The first
//! message of a connection is always [`Event::Hello`], unnumbered (`seq` repeats the last one the client has).
//! The client sends [`ClientMessage::Heartbeat`] every 2 s; the dialer answers each with a WebSocket pong.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{CallRecord, Seat};

/// A numbered event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventEnvelope {
    /// One more than the one before, per agent.
    pub seq: u64,
    /// What happened.
    pub event: Event,
}

/// What the dialer tells a desktop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// The connection is up.
    Hello(Hello),
    /// Everything a desktop needs to start over.
    Snapshot {
        /// The agent's seat, if one is taken.
        seat: Option<Seat>,
    },
    /// The seat changed; none when the agent left it.
    Seat {
        /// The seat as it is now.
        seat: Option<Seat>,
    },
    /// A call ended or its disposition was stored.
    Call {
        /// The call as it is now.
        call: Box<CallRecord>,
    },
    /// Something the rep should know: the carrier refuses calls, a number is blocked.
    Notice {
        /// A sentence that says what to do.
        message: String,
    },
    /// This connection was replaced by a newer one of the same agent.
    Replaced,
}

/// The first message of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hello {
    /// See [`PROTOCOL_VERSION`](crate::PROTOCOL_VERSION).
    pub protocol_version: u32,
    /// The wall clock the rules of calling hours go by.
    pub now: Timestamp,
    /// True on the practice floor, where `now` is practice time.
    pub practice: bool,
}

/// What a desktop tells the dialer on the event stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ClientMessage {
    /// The desktop is alive.
    Heartbeat,
}

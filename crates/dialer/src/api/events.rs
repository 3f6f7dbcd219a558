//! `GET /events?after={seq}`: the event stream of one desktop, over a WebSocket.
//!
//! The table is the truth; wake-ups only say when to look. An agent has one stream: a newer one replaces it. A
//! desktop that sends no heartbeat for 5 s counts as gone, and the floor is told; until then it may come back on
//! another connection.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    extract::{
        Query, State, WebSocketUpgrade,
        rejection::QueryRejection,
        ws::{Message, WebSocket, rejection::WebSocketUpgradeRejection},
    },
    response::Response,
};
use jiff::{SignedDuration, Timestamp};
use protocol::{AgentId, ClientMessage, Code, Event, EventEnvelope, Hello, PROTOCOL_VERSION};
use serde::Deserialize;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio_util::sync::CancellationToken;

use super::{refusal::Refusal, signed_in::SignedIn};
use crate::{
    app::App,
    floor::FloorError,
    store::{
        StoreError,
        events::{self, Missed},
        tokens,
    },
};

/// Silence after which a desktop counts as gone. It sends a heartbeat every 2 s.
const SILENCE_MAX: SignedDuration = SignedDuration::from_secs(5);
/// The longest message from a desktop: a heartbeat.
const MESSAGE_BYTES_MAX: usize = 1_024;
/// A desktop that does not read for this long is as good as gone.
const SEND_TIME_MAX: SignedDuration = SignedDuration::from_secs(5);

/// The open streams: for each agent, what ends the one they have.
#[derive(Clone, Default)]
pub struct Streams(Arc<Mutex<Open>>);

#[derive(Default)]
struct Open {
    opened_count: u64,
    current: BTreeMap<AgentId, Current>,
}

struct Current {
    number: u64,
    replaced: CancellationToken,
}

impl Streams {
    /// Opens a stream, and ends the one that the agent had. Numbers are never used again.
    fn open(&self, agent_id: AgentId) -> (u64, CancellationToken) {
        let mut open = self.lock();
        open.opened_count += 1;
        let number = open.opened_count;
        let replaced = CancellationToken::new();
        let current = Current {
            number,
            replaced: replaced.clone(),
        };
        if let Some(older) = open.current.insert(agent_id, current) {
            older.replaced.cancel();
        }
        (number, replaced)
    }

    /// Whether the agent's desktop is connected.
    pub(crate) fn is_open(&self, agent_id: AgentId) -> bool {
        self.lock().current.contains_key(&agent_id)
    }

    /// True if no newer stream took over, so that the desktop is gone.
    fn close(&self, agent_id: AgentId, number: u64) -> bool {
        let mut open = self.lock();
        let is_last = open
            .current
            .get(&agent_id)
            .is_some_and(|current| current.number == number);
        if is_last {
            open.current.remove(&agent_id);
        }
        is_last
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().expect("nothing panics while it holds the lock")
    }
}

#[derive(Deserialize)]
pub(super) struct After {
    /// 0, or none, for a desktop that has no event yet.
    #[serde(default)]
    after: u64,
}

/// 101. 400 for a request that is no WebSocket's. 401 from the guard.
pub(super) async fn connect(
    State(app): State<App>,
    signed_in: SignedIn,
    query: Result<Query<After>, QueryRejection>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refusal> {
    let Query(After { after }) = query?;
    let upgrade = upgrade.map_err(|_| Refusal::new(Code::BadRequest, "Open this as a WebSocket."))?;
    let upgrade = upgrade
        .max_message_size(MESSAGE_BYTES_MAX)
        .max_frame_size(MESSAGE_BYTES_MAX);
    Ok(upgrade.on_upgrade(move |socket| run(app, signed_in, after, socket)))
}

async fn run(app: App, signed_in: SignedIn, after: u64, socket: WebSocket) {
    let agent_id = signed_in.agent().agent_id;
    let (number, replaced) = app.streams.open(agent_id);
    let mut stream = Stream {
        // Subscribed before the table is looked at, so that nothing falls between.
        wakes: app.store.wakes(),
        heard_at: app.clock.now(),
        agent_id,
        family_id: signed_in.0.family_id,
        seq: after,
        replaced,
        socket,
        app: app.clone(),
    };
    let ended = stream.serve().await;
    tracing::info!(%agent_id, reason = ended.reason(), "an event stream ended");
    if matches!(ended, Ended::Closed) && !stream.stays_closed().await {
        return;
    }
    let desktop_is_gone = app.streams.close(agent_id, number);
    // A dialer that stops leaves the calls alone: its successor hears from the desktops again.
    if desktop_is_gone
        && !matches!(ended, Ended::Stopping)
        && let Err(error) = app.floor.desktop_gone(agent_id).await
    {
        tracing::warn!(%agent_id, error = &error as &dyn std::error::Error, "the floor was not told that a desktop is gone");
    }
}

struct Stream {
    app: App,
    agent_id: AgentId,
    family_id: String,
    socket: WebSocket,
    wakes: broadcast::Receiver<AgentId>,
    replaced: CancellationToken,
    /// The last event that was sent.
    seq: u64,
    /// When the desktop last said that it is alive, real time.
    heard_at: Timestamp,
}

/// Why a stream ended.
enum Ended {
    Closed,
    Silent,
    Replaced,
    SignedOut,
    Misused,
    Stopping,
    /// It was logged.
    Unreadable,
}

impl Ended {
    const fn reason(&self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Silent => "silent",
            Self::Replaced => "replaced",
            Self::SignedOut => "signed out",
            Self::Misused => "not the protocol",
            Self::Stopping => "the dialer stops",
            Self::Unreadable => "the floor cannot be read",
        }
    }
}

impl From<StoreError> for Ended {
    fn from(error: StoreError) -> Self {
        FloorError::Store(error).into()
    }
}

impl From<FloorError> for Ended {
    fn from(error: FloorError) -> Self {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "an event stream cannot be read on"
        );
        Self::Unreadable
    }
}

impl Stream {
    async fn serve(&mut self) -> Ended {
        if let Err(ended) = self.greet().await {
            return ended;
        }
        let ended = loop {
            let step = async {
                self.catch_up().await?;
                self.wait().await
            };
            if let Err(ended) = step.await {
                break ended;
            }
        };
        if matches!(ended, Ended::Replaced) {
            // Best effort: the old connection is often dead, which is why there is a newer one.
            let _ = self.send(self.seq, Event::Replaced).await;
        }
        ended
    }

    /// Whether the desktop does not come back before its silence counts: a connection that breaks means nothing yet.
    async fn stays_closed(&mut self) -> bool {
        let stopped = self.app.store.stopped();
        tokio::select! {
            () = self.replaced.cancelled() => false,
            () = stopped.cancelled() => false,
            () = self.app.clock.sleep_until(self.heard_at + SILENCE_MAX) => true,
        }
    }

    async fn greet(&mut self) -> Result<(), Ended> {
        let hello = Hello {
            protocol_version: PROTOCOL_VERSION,
            now: self.app.clock.rule_now(),
            practice: self.app.clock.is_practice(),
        };
        self.send(self.seq, Event::Hello(hello)).await
    }

    /// Sends everything that the desktop does not have.
    async fn catch_up(&mut self) -> Result<(), Ended> {
        loop {
            match events::after(&self.app.store, self.agent_id, self.seq).await? {
                Missed::Events(events) if events.is_empty() => return Ok(()),
                Missed::Events(events) => {
                    for EventEnvelope { seq, event } in events {
                        self.send(seq, event).await?;
                        self.seq = seq;
                    }
                }
                Missed::TooMuch { last_seq } => {
                    // The seat is read after the number: it may be newer, and is then told again.
                    let seat = self.app.floor.seat(self.agent_id).await?;
                    self.send(last_seq, Event::Snapshot { seat }).await?;
                    self.seq = last_seq;
                    if last_seq == 0 {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Waits until there may be something to send, and listens to the desktop meanwhile.
    async fn wait(&mut self) -> Result<(), Ended> {
        let stopped = self.app.store.stopped();
        loop {
            tokio::select! {
                biased;
                () = self.replaced.cancelled() => return Err(Ended::Replaced),
                () = stopped.cancelled() => return Err(Ended::Stopping),
                wake = self.wakes.recv() => match wake {
                    Ok(agent_id) if agent_id != self.agent_id => {}
                    Ok(_) | Err(RecvError::Lagged(_)) => return Ok(()),
                    Err(RecvError::Closed) => return Err(Ended::Stopping),
                },
                message = self.socket.recv() => {
                    let Some(Ok(message)) = message else { return Err(Ended::Closed) };
                    self.heard(message).await?;
                }
                () = self.app.clock.sleep_until(self.heard_at + SILENCE_MAX) => return Err(Ended::Silent),
            }
        }
    }

    async fn heard(&mut self, message: Message) -> Result<(), Ended> {
        match message {
            Message::Text(text) => {
                let ClientMessage::Heartbeat = serde_json::from_str(&text).map_err(|_| Ended::Misused)?;
                self.heard_at = self.app.clock.now();
                if !tokens::is_signed_in(&self.app.store, &self.family_id).await? {
                    return Err(Ended::SignedOut);
                }
                self.send_message(Message::Pong(axum::body::Bytes::new())).await
            }
            Message::Ping(_) | Message::Pong(_) => Ok(()),
            Message::Binary(_) => Err(Ended::Misused),
            Message::Close(_) => Err(Ended::Closed),
        }
    }

    async fn send(&mut self, seq: u64, event: Event) -> Result<(), Ended> {
        let text = serde_json::to_string(&EventEnvelope { seq, event })
            .map_err(|_| StoreError::Corrupt("an event"))?;
        self.send_message(Message::text(text)).await
    }

    async fn send_message(&mut self, message: Message) -> Result<(), Ended> {
        tokio::select! {
            sent = self.socket.send(message) => sent.map_err(|_| Ended::Closed),
            () = self.app.clock.sleep(SEND_TIME_MAX) => Err(Ended::Silent),
        }
    }
}

//! The event stream: one WebSocket that is kept up, says that this desktop is alive, and goes on where it broke.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use protocol::{ClientMessage, Event, EventEnvelope, Hello, PROTOCOL_VERSION};
use rand::{SeedableRng, rngs::StdRng};
use reqwest::{Method, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval, sleep_until, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        handshake::{client::generate_key, derive_accept_key},
        protocol::{Role, WebSocketConfig},
    },
};

use super::{ApiError, client::Client, outage, retry::Backoff};

/// The dialer ends the agent's leg after 5 s of silence.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(2);

/// A connection on which nothing came for this long is dead.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(6);

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A message is one seat or one call; far below this.
const MESSAGE_SIZE_MAX: usize = 1 << 20;

/// Quick at first: a rep's room is kept for 20 s.
const RECONNECT: Backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(15));

/// What the stream tells the controller.
#[derive(Debug)]
pub enum StreamEvent {
    /// The connection is up.
    Up(Hello),
    /// Something happened on the floor.
    Event(Box<Event>),
    /// The connection is down; the next try comes by itself.
    Down {
        /// A sentence that says what is wrong.
        message: String,
    },
    /// Another window of the same rep took over; there is no next try.
    Replaced,
}

type Socket = WebSocketStream<reqwest::Upgraded>;

/// Keeps the stream up until the receiver of `events` is gone, or another connection takes over.
pub async fn run(client: Client, events: mpsc::Sender<StreamEvent>) {
    let mut rng = StdRng::from_os_rng();
    let mut backoff = RECONNECT;
    let mut last_seq = None;
    loop {
        let ended = match timeout(CONNECT_TIMEOUT, connect(&client, last_seq)).await {
            Ok(Ok(socket)) => follow(socket, &events, &mut last_seq, &mut backoff).await,
            Ok(Err(error)) => Ended::Broken(error),
            Err(_) => Ended::Broken(ApiError::offline("The dialer does not answer.")),
        };
        let event = match ended {
            Ended::Unwanted => return,
            Ended::Replaced => StreamEvent::Replaced,
            Ended::Broken(error) => StreamEvent::Down {
                message: error.to_string(),
            },
        };
        let replaced = matches!(event, StreamEvent::Replaced);
        if events.send(event).await.is_err() || replaced {
            return;
        }
        let wait = backoff.failed(&mut rng);
        tracing::info!(wait_ms = wait.as_millis(), "the event stream is down");
        tokio::select! {
            () = sleep_until(deadline(wait)) => {}
            () = events.closed() => return,
        }
    }
}

enum Ended {
    Unwanted,
    Replaced,
    Broken(ApiError),
}

/// Upgrades over the one HTTP client, so that proxy and certificates are the same as for every request.
async fn connect(client: &Client, last_seq: Option<u64>) -> Result<Socket, ApiError> {
    let token = client.bearer().token().await?;
    let key = generate_key();
    let reply = upgrade(client, last_seq, &key, &token).await?;
    let reply = if reply.status() == StatusCode::UNAUTHORIZED {
        let token = client.bearer().instead_of(&token).await?;
        upgrade(client, last_seq, &key, &token).await?
    } else {
        reply
    };
    let accepted = reply.headers().get(header::SEC_WEBSOCKET_ACCEPT);
    let ours =
        accepted.is_some_and(|accept| accept.as_bytes() == derive_accept_key(key.as_bytes()).as_bytes());
    if reply.status() != StatusCode::SWITCHING_PROTOCOLS || !ours {
        return Err(ApiError::offline(format!(
            "The dialer is out of order ({}).",
            reply.status()
        )));
    }
    let upgraded = reply
        .upgrade()
        .await
        .map_err(|error| outage(client.server(), &error))?;
    let config = WebSocketConfig::default()
        .max_message_size(Some(MESSAGE_SIZE_MAX))
        .max_frame_size(Some(MESSAGE_SIZE_MAX));
    Ok(WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(config)).await)
}

async fn upgrade(
    client: &Client,
    last_seq: Option<u64>,
    key: &str,
    token: &SecretString,
) -> Result<reqwest::Response, ApiError> {
    let path = match last_seq {
        Some(seq) => format!("/events?after={seq}"),
        None => "/events".to_owned(),
    };
    let request = client
        .request(Method::GET, &path)
        .bearer_auth(token.expose_secret())
        .header(header::CONNECTION, "Upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_VERSION, "13")
        .header(header::SEC_WEBSOCKET_KEY, key);
    request
        .send()
        .await
        .map_err(|error| outage(client.server(), &error))
}

async fn follow(
    mut socket: Socket,
    events: &mpsc::Sender<StreamEvent>,
    last_seq: &mut Option<u64>,
    backoff: &mut Backoff,
) -> Ended {
    let heartbeat = serde_json::to_string(&ClientMessage::Heartbeat).expect("a heartbeat is plain JSON");
    let mut heartbeats = interval(HEARTBEAT_INTERVAL);
    heartbeats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut silent_until = deadline(SILENCE_TIMEOUT);
    loop {
        tokio::select! {
            _ = heartbeats.tick() => {
                if socket.send(Message::text(heartbeat.clone())).await.is_err() {
                    return broken();
                }
            }
            () = sleep_until(silent_until) => return Ended::Broken(ApiError::offline("The dialer does not answer.")),
            () = events.closed() => return Ended::Unwanted,
            message = socket.next() => {
                let Some(Ok(message)) = message else { return broken() };
                silent_until = deadline(SILENCE_TIMEOUT);
                if let Message::Text(text) = message {
                    match take_in(&text, last_seq) {
                        Ok(None) => {}
                        Ok(Some(StreamEvent::Replaced)) => return Ended::Replaced,
                        Ok(Some(event)) => {
                            backoff.succeeded();
                            if events.send(event).await.is_err() {
                                return Ended::Unwanted;
                            }
                        }
                        Err(error) => return Ended::Broken(error),
                    }
                }
            }
        }
    }
}

/// Reads one message. Events that were seen before a reconnect are left out; kinds of a newer dialer too.
fn take_in(text: &str, last_seq: &mut Option<u64>) -> Result<Option<StreamEvent>, ApiError> {
    let Ok(EventEnvelope { seq, event }) = serde_json::from_str(text) else {
        tracing::warn!("an event was not understood");
        return Ok(None);
    };
    if let Event::Hello(hello) = event {
        return if hello.protocol_version == PROTOCOL_VERSION {
            Ok(Some(StreamEvent::Up(hello)))
        } else {
            Err(ApiError::BadReply)
        };
    }
    if matches!(event, Event::Replaced) {
        return Ok(Some(StreamEvent::Replaced));
    }
    // A snapshot starts the numbering over.
    let seen = !matches!(event, Event::Snapshot { .. }) && last_seq.is_some_and(|last| seq <= last);
    if seen {
        return Ok(None);
    }
    *last_seq = Some(seq);
    Ok(Some(StreamEvent::Event(Box::new(event))))
}

fn broken() -> Ended {
    Ended::Broken(ApiError::offline("The connection to the dialer broke."))
}

/// Stands still in a test with paused time.
fn deadline(wait: Duration) -> Instant {
    Instant::now() + wait
}

#[cfg(test)]
mod tests {
    use super::{ApiError, StreamEvent, take_in};

    const SEAT: &str = r#"{"seq":SEQ,"event":{"kind":"seat","seat":null}}"#;
    const SNAPSHOT: &str = r#"{"seq":SEQ,"event":{"kind":"snapshot","seat":null}}"#;
    const HELLO: &str = r#"{"seq":0,"event":{"kind":"hello","protocolVersion":VERSION,"now":"2026-01-06T16:00:00Z","practice":true}}"#;

    fn seen(template: &str, seq: u64, last_seq: &mut Option<u64>) -> bool {
        let text = template.replace("SEQ", &seq.to_string());
        take_in(&text, last_seq).unwrap().is_some()
    }

    #[test]
    fn an_event_is_taken_in_once() {
        let mut last = None;
        assert!(seen(SEAT, 4, &mut last));
        assert!(!seen(SEAT, 4, &mut last), "sent again after a reconnect");
        assert!(seen(SEAT, 5, &mut last));
    }

    #[test]
    fn a_snapshot_starts_the_numbering_over() {
        let mut last = Some(900);
        assert!(seen(SNAPSHOT, 2, &mut last), "the dialer lost its memory");
        assert!(seen(SEAT, 3, &mut last));
    }

    #[test]
    fn a_newer_dialer_is_told_from_a_newer_event() {
        let mut last = None;
        let hello = take_in(&HELLO.replace("VERSION", "1"), &mut last).unwrap();
        assert!(matches!(hello, Some(StreamEvent::Up(_))));
        let newer = take_in(&HELLO.replace("VERSION", "2"), &mut last);
        assert_eq!(newer.unwrap_err(), ApiError::BadReply);
        let unknown = take_in(r#"{"seq":1,"event":{"kind":"fireworks"}}"#, &mut last).unwrap();
        assert!(unknown.is_none());
    }
}

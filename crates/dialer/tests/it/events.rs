//! The event stream over a real WebSocket: what a desktop that comes back is told.

use std::time::Duration;

use dialer::store::events;
use futures_util::{FutureExt, SinkExt, StreamExt};
use jiff::SignedDuration;
use protocol::{AgentId, ClientMessage, Event, EventEnvelope, Role};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::site::Site;

/// For a condition that should hold at once; the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_desktop_that_comes_back_is_told_what_it_missed_and_nothing_twice() {
    let site = Site::start().await;
    let (agent_id, token) = site.user("ada@example.com", Role::Rep, "Engines Inc").await;
    notice(&site, agent_id, "one").await;

    let mut desktop = Desktop::connect(&site, &token, 0).await;
    assert!(matches!(desktop.next().await.event, Event::Hello(hello) if !hello.practice));
    let first = desktop.next().await;
    assert_eq!((first.seq, first.event), (1, Event::Snapshot { seat: None }));
    notice(&site, agent_id, "two").await;
    assert_eq!(desktop.next_notice().await, (2, "two".to_owned()));
    drop(desktop);

    notice(&site, agent_id, "three").await;
    notice(&site, agent_id, "four").await;
    let mut desktop = Desktop::connect(&site, &token, 2).await;
    let hello = desktop.next().await;
    assert!(matches!(hello.event, Event::Hello(_)));
    assert_eq!(hello.seq, 2);
    assert_eq!(desktop.next_notice().await, (3, "three".to_owned()));
    assert_eq!(desktop.next_notice().await, (4, "four".to_owned()));
}

#[tokio::test]
async fn a_desktop_that_was_away_too_long_starts_over() {
    let site = Site::start().await;
    let (agent_id, token) = site.user("ada@example.com", Role::Rep, "Engines Inc").await;
    for n in 0..1_002 {
        notice(&site, agent_id, &n.to_string()).await;
    }
    for (after, expected) in [(1, 1_002), (9_999, 1_002)] {
        let mut desktop = Desktop::connect(&site, &token, after).await;
        desktop.next().await;
        let snapshot = desktop.next().await;
        assert_eq!(
            (snapshot.seq, snapshot.event),
            (expected, Event::Snapshot { seat: None }),
            "after {after}"
        );
    }
    // 2 is the oldest that still has its successor.
    let mut desktop = Desktop::connect(&site, &token, 2).await;
    desktop.next().await;
    assert_eq!(desktop.next_notice().await, (3, "2".to_owned()));
}

#[tokio::test]
async fn events_of_other_agents_are_not_told() {
    let site = Site::start().await;
    let (ada, token) = site.user("ada@example.com", Role::Rep, "Engines Inc").await;
    let (bob, _) = site.user("bob@example.com", Role::Admin, "Engines Inc").await;
    notice(&site, ada, "one").await;
    let mut desktop = Desktop::connect(&site, &token, 1).await;
    desktop.next().await;
    notice(&site, bob, "for bob").await;
    notice(&site, ada, "two").await;
    assert_eq!(desktop.next_notice().await, (2, "two".to_owned()));
}

#[tokio::test]
async fn a_newer_connection_replaces_the_older_one() {
    let site = Site::start().await;
    let (_, token) = site.user("ada@example.com", Role::Rep, "Engines Inc").await;
    let mut older = Desktop::connect(&site, &token, 0).await;
    older.next().await;
    older.next().await;
    let mut newer = Desktop::connect(&site, &token, 0).await;
    newer.next().await;
    assert_eq!(older.next().await.event, Event::Replaced);
    assert!(older.ended().await);
}

#[tokio::test]
async fn a_heartbeat_keeps_the_connection_and_silence_ends_it() {
    let site = Site::start().await;
    let (_, token) = site.user("ada@example.com", Role::Rep, "Engines Inc").await;
    let mut desktop = Desktop::connect(&site, &token, 0).await;
    desktop.next().await;
    desktop.next().await;

    for _ in 0..4 {
        site.clock.advance(SignedDuration::from_secs(4));
        desktop.heartbeat().await;
    }
    site.clock.advance(SignedDuration::from_secs(5));
    assert!(desktop.ended().await);
}

#[tokio::test]
async fn signing_out_ends_the_connection_at_the_next_heartbeat() {
    let site = Site::start().await;
    let (_, token) = site.user("ada@example.com", Role::Rep, "Engines Inc").await;
    let mut desktop = Desktop::connect(&site, &token, 0).await;
    desktop.next().await;
    desktop.next().await;
    let form = [("token", token.as_str())];
    site.http
        .post(site.url("/oauth/revoke"))
        .form(&form)
        .send()
        .await
        .unwrap();
    desktop.say(&ClientMessage::Heartbeat).await;
    assert!(desktop.ended().await);
}

struct Desktop(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Desktop {
    async fn connect(site: &Site, token: &str, after: u64) -> Self {
        let url = format!("ws://{}/api/v1/events?after={after}", site.dialer.addr());
        let mut request = url.into_client_request().unwrap();
        request
            .headers_mut()
            .insert("authorization", format!("Bearer {token}").parse().unwrap());
        Self(tokio_tungstenite::connect_async(request).await.unwrap().0)
    }

    async fn next(&mut self) -> EventEnvelope {
        loop {
            let message = timeout(PATIENCE, self.0.next()).await.unwrap().unwrap().unwrap();
            if let Message::Text(text) = message {
                return serde_json::from_str(&text).unwrap();
            }
        }
    }

    async fn next_notice(&mut self) -> (u64, String) {
        let envelope = self.next().await;
        let Event::Notice { message } = envelope.event else {
            panic!("{envelope:?}")
        };
        (envelope.seq, message)
    }

    async fn say(&mut self, message: &ClientMessage) {
        self.0
            .send(Message::text(serde_json::to_string(message).unwrap()))
            .await
            .unwrap();
    }

    /// Sends a heartbeat and waits until the dialer has heard it.
    async fn heartbeat(&mut self) {
        self.say(&ClientMessage::Heartbeat).await;
        let answer = timeout(PATIENCE, self.0.next()).await.unwrap().unwrap().unwrap();
        assert!(matches!(answer, Message::Pong(_)), "{answer:?}");
    }

    async fn ended(&mut self) -> bool {
        loop {
            match timeout(PATIENCE, self.0.next()).await.unwrap() {
                None | Some(Err(_) | Ok(Message::Close(_))) => return true,
                Some(Ok(Message::Pong(_) | Message::Ping(_))) => {}
                Some(Ok(_)) => return false,
            }
        }
    }
}

async fn notice(site: &Site, agent_id: AgentId, message: &str) {
    let event = Event::Notice {
        message: message.to_owned(),
    };
    let store = &site.dialer.app().store;
    store
        .write(move |tx| async move { events::append(tx, agent_id, &event).await }.boxed())
        .await
        .unwrap();
}

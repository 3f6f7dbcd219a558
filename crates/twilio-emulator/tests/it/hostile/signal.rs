//! Frames on the Voice SDK's socket.

use futures_util::{SinkExt, StreamExt};
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::{cases, one_of, still_calls};
use crate::floor::Floor;
use crate::sdk::{OFFER, Sdk, application};

/// An application whose calls last.
async fn stays(floor: &Floor) -> String {
    floor.application.says("/voice", "<Pause length=\"60\"/>");
    application(floor).await
}

const TYPES: &str = "listen register invite reinvite hangup dtmf message answer reject ack LISTEN";

fn payloads() -> impl Strategy<Value = Value> {
    let odd = prop_oneof![
        Just(Value::Null),
        Just(json!(-1)),
        Just(json!(1e300)),
        Just(json!(true)),
        Just(json!([])),
        Just(json!({ "params": "a=%ff&&=&To=%00", "audio": true })),
        Just(json!("a.b.c")),
        Just(json!("CA00000000000000000000000000000000")),
        Just(json!("v=0\r\nm=audio 99999 RTP/AVP 300\r\na=ice-ufrag:\r\n")),
        Just(json!("TJS1")),
        Just(json!("user-defined-message")),
        Just(json!("9".repeat(10_000))),
        any::<String>().prop_map(Value::from),
    ];
    let fields = "token reconnectTimeout media callsid sdp reconnect twilio message dtmf content messagetype \
        voiceeventsid colour";
    prop::collection::btree_map(one_of(fields), odd, 0..10)
        .prop_map(|map| Value::Object(map.into_iter().collect()))
}

fn frames() -> impl Strategy<Value = Message> {
    let well_formed = (one_of(TYPES), payloads()).prop_map(|(kind, payload)| {
        Message::text(json!({ "type": kind, "payload": payload, "version": "1.6" }).to_string())
    });
    prop_oneof![
        12 => well_formed,
        1 => any::<String>().prop_map(Message::text),
        1 => any::<Vec<u8>>().prop_map(Message::binary),
        1 => Just(Message::text("[".repeat(50_000))),
        1 => Just(Message::text("\n\n")),
        1 => Just(Message::Ping(vec![7; 100].into())),
    ]
}

#[test]
fn no_frames_break_signalling() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let floor = runtime.block_on(Floor::open());
    let application = runtime.block_on(stays(&floor));
    // Some come from strangers, some from a client that has a call.
    cases(
        60,
        &(any::<bool>(), prop::collection::vec(frames(), 1..30)),
        |(calling, frames)| {
            runtime.block_on(async {
                let mut sdk = if calling {
                    let mut sdk = Sdk::listen(&floor, &application, 0).await;
                    sdk.call(OFFER, "").await;
                    sdk
                } else {
                    Sdk::connect(&floor).await
                };
                for frame in frames {
                    if sdk.websocket().send(frame).await.is_err() {
                        break;
                    }
                }
                // Whoever behaves is still heard on a socket that is not closed.
                let _ = sdk.websocket().close(None).await;
                while sdk.websocket().next().await.is_some_and(|frame| frame.is_ok()) {}
            });
        },
    );
    runtime.block_on(async {
        let mut sdk = Sdk::listen(&floor, &application, 0).await;
        sdk.call(OFFER, "").await;
        still_calls(&floor).await;
        floor.close().await;
    });
}

#[tokio::test]
async fn a_frame_that_is_too_large_ends_its_socket_alone() {
    let floor = Floor::open().await;
    let application = stays(&floor).await;
    let mut other = Sdk::listen(&floor, &application, 0).await;
    let mut huge = Sdk::connect(&floor).await;
    let _ = huge
        .websocket()
        .send(Message::text("x".repeat(1024 * 1024)))
        .await;
    while huge.websocket().next().await.is_some_and(|frame| frame.is_ok()) {}
    other.call(OFFER, "").await;
    floor.close().await;
}

#[tokio::test]
async fn a_flood_from_one_socket_leaves_the_others_alone() {
    let floor = Floor::open().await;
    let application = stays(&floor).await;
    let mut loud = Sdk::listen(&floor, &application, 0).await;
    let mut other = Sdk::listen(&floor, &application, 0).await;
    let register = json!({ "type": "register", "payload": { "media": { "audio": true } } }).to_string();
    // It reads nothing of 20,000 answers and may lose its socket for that.
    for _ in 0..20_000 {
        if loud
            .websocket()
            .send(Message::text(register.clone()))
            .await
            .is_err()
        {
            break;
        }
    }
    other.call(OFFER, "").await;
    still_calls(&floor).await;
    floor.close().await;
}

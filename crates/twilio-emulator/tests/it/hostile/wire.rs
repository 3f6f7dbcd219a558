//! Connections and bodies that do not end.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{PATIENCE, refused_as_twilio_does, request, send_raw, still_calls};
use crate::floor::{ACCOUNT_SID, Floor};

#[tokio::test]
async fn a_body_that_does_not_come_to_its_end_is_given_up() {
    let floor = Floor::open_with(|config| {
        config.body_ms_max = 100;
        config.rest_concurrency_max = 1;
    })
    .await;
    let rest = format!("/2010-04-01/Accounts/{ACCOUNT_SID}/Calls.json");
    for (method, path) in [
        ("POST", rest.as_str()),
        ("POST", "/v1/Trunks"),
        ("PUT", "/emulator/faults"),
        ("POST", "/v4/EndpointEvents"),
    ] {
        let whole = request(method, path, "application/json", b"{}");
        let reply = send_raw(&floor, &whole[..whole.len() - 1]).await.unwrap();
        assert_eq!(
            (reply.status, refused_as_twilio_does(&reply)),
            (408, Some(20408)),
            "{path}"
        );
    }
    still_calls(&floor).await;
    floor.close().await;
}

#[tokio::test]
async fn more_connections_than_allowed_wait_for_one_to_end() {
    let floor = Floor::open_with(|config| config.connections_max = 2).await;
    let mut first = TcpStream::connect(floor.addr()).await.unwrap();
    let mut second = TcpStream::connect(floor.addr()).await.unwrap();
    ask(&mut first).await;
    ask(&mut second).await;
    let mut third = TcpStream::connect(floor.addr()).await.unwrap();
    third.write_all(HEALTH).await.unwrap();
    for _ in 0..50 {
        ask(&mut first).await;
        ask(&mut second).await;
    }
    let early = third.try_read(&mut [0; 1]).map_err(|error| error.kind());
    assert_eq!(early, Err(std::io::ErrorKind::WouldBlock));
    drop(first);
    hear(&mut third).await;
    floor.close().await;
}

const HEALTH: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: api.twilio.com\r\n\r\n";

async fn ask(stream: &mut TcpStream) {
    stream.write_all(HEALTH).await.unwrap();
    hear(stream).await;
}

/// Reads one reply, which has no body.
async fn hear(stream: &mut TcpStream) {
    let reading = async {
        let mut reply = Vec::new();
        while !reply.ends_with(b"\r\n\r\n") {
            reply.push(stream.read_u8().await.unwrap());
        }
        assert!(
            reply.starts_with(b"HTTP/1.1 200 OK\r\n"),
            "{}",
            reply.escape_ascii()
        );
    };
    tokio::time::timeout(PATIENCE, reading).await.unwrap();
}

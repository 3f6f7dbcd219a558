//! Input that no well-meaning client sends: every answer is Twilio's, and the network goes on.

mod control;
mod replies;
mod rest;
mod sdp;
mod signal;
mod wire;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::floor::{ACCOUNT_SID, AUTH_TOKEN, Floor, PROSPECT};

/// Whoever has not answered by then hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// What came back over the wire.
#[derive(Debug)]
struct Reply {
    status: u16,
    head: String,
    body: String,
}

/// Sends bytes as they are and reads until the network closes the connection; `None` if it gave no status.
async fn send_raw(floor: &Floor, request: &[u8]) -> Option<Reply> {
    let exchange = async {
        let mut stream = TcpStream::connect(floor.addr()).await.unwrap();
        let (mut read, mut write) = stream.split();
        let mut answer = Vec::new();
        // The network may refuse what it has not read to the end.
        let (_, received) = tokio::join!(write.write_all(request), read.read_to_end(&mut answer));
        let _ = received;
        answer
    };
    let answer = tokio::time::timeout(PATIENCE, exchange)
        .await
        .unwrap_or_else(|_| panic!("no end of the answer to {}", String::from_utf8_lossy(request)));
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some(Reply {
        status: head.split(' ').nth(1)?.parse().ok()?,
        head: head.to_ascii_lowercase(),
        body: body.to_owned(),
    })
}

/// A whole request, signed in, after which the connection ends.
fn request(method: &str, path: &str, content_type: &str, body: &[u8]) -> Vec<u8> {
    let basic = STANDARD.encode(format!("{ACCOUNT_SID}:{AUTH_TOKEN}"));
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: api.twilio.com\r\nAuthorization: Basic {basic}\r\n\
         Content-Type: {content_type}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// A refusal has Twilio's four fields and nothing broke; gives Twilio's code.
fn refused_as_twilio_does(reply: &Reply) -> Option<u64> {
    assert!(reply.status < 500, "{reply:?}");
    if reply.status < 400 {
        return None;
    }
    let body: Value = serde_json::from_str(&reply.body).unwrap_or_else(|_| panic!("{reply:?}"));
    let code = body["code"].as_u64().unwrap_or_else(|| panic!("{reply:?}"));
    assert_eq!(body["status"], reply.status, "{reply:?}");
    assert!(body["message"].is_string(), "{reply:?}");
    let more_info = format!("https://www.twilio.com/docs/errors/{code}");
    assert_eq!(body["more_info"], more_info, "{reply:?}");
    if reply.status == 401 {
        assert!(reply.head.contains("www-authenticate: basic"), "{reply:?}");
    }
    Some(code)
}

/// The network still does what it is for.
async fn still_calls(floor: &Floor) {
    floor.listener_at(PROSPECT).await;
    let twiml = "<Response><Pause length=\"600\"/></Response>";
    let call = floor.place(&[("Twiml", twiml)]).await;
    floor.wait_for_status(&call, "in-progress").await;
    let ended = floor
        .post(&format!("Calls/{call}.json"), &[("Status", "completed")])
        .await;
    assert_eq!(ended.1["status"], "completed");
}

/// One of the words of a list.
fn one_of(list: &'static str) -> impl Strategy<Value = String> {
    proptest::sample::select(list.split_whitespace().collect::<Vec<_>>()).prop_map(str::to_owned)
}

/// The same cases in every run.
fn cases<T: Strategy>(count: u32, strategy: &T, check: impl Fn(T::Value)) {
    let config = Config {
        cases: count,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let outcome = TestRunner::new_with_rng(config, rng).run(strategy, |case| {
        check(case);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

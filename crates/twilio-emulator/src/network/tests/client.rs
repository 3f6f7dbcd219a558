//! What is left behind of Voice SDK clients.

use super::{network, run};
use crate::media::MediaCommand;
use crate::network::{Input, Output, SocketId};
use crate::sid::CallSid;
use crate::signal::ClientFrame;
use jiff::Timestamp;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::json;

#[test]
fn media_that_comes_up_after_its_call_is_over_is_closed() {
    let mut network = network(1, 0);
    let call = CallSid::from_text("CA1");
    for input in [
        Input::OfferAnswered {
            call: call.clone(),
            result: Ok("v=0".to_owned()),
        },
        Input::Offered {
            call: call.clone(),
            result: Ok("v=0".to_owned()),
        },
    ] {
        let what = format!("{input:?}");
        network.handle(input, Timestamp::UNIX_EPOCH);
        let closed = run(&mut network, 0).into_iter().any(
            |output| matches!(output, Output::Media(MediaCommand::Close { leg }) if leg == call.as_str()),
        );
        assert!(closed, "{what}");
    }
}

#[test]
fn a_socket_that_listens_again_and_again_has_one_timer() {
    let mut network = network(1, 0);
    let (socket, region) = (SocketId(1), "gll");
    network.handle(Input::SocketOpened { socket, region }, Timestamp::UNIX_EPOCH);
    for n in 0..50 {
        let frame = ClientFrame::Listen {
            token: token(3_600 + n),
            reconnect_timeout: 0,
        };
        network.handle(Input::Signal { socket, frame }, Timestamp::UNIX_EPOCH);
    }
    assert_eq!(network.timers.len(), 1);
    let expired = |outputs: Vec<Output>| {
        let mut outputs = outputs.into_iter().map(|output| format!("{output:?}"));
        outputs.any(|output| output.contains("AccessTokenExpired"))
    };
    assert!(!expired(run(&mut network, 3_648)), "the last token is still good");
    assert!(expired(run(&mut network, 3_649)));
    assert!(network.timers.is_empty());
}

fn token(expires_at_s: i64) -> String {
    let claims = json!({
        "jti": "SK1-1", "iss": "SK1", "sub": "AC1", "exp": expires_at_s,
        "grants": { "identity": "agent_1", "voice": {} },
    });
    jsonwebtoken::encode(&Header::default(), &claims, &EncodingKey::from_secret(b"secret")).unwrap()
}

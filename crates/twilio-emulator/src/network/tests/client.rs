//! What is left behind of Voice SDK clients, and what comes at odd moments.

use jiff::Timestamp;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};

use super::{network, place, run};
use crate::media::MediaCommand;
use crate::network::{Input, Network, Output, SocketId};
use crate::sid::CallSid;

const SOCKET: SocketId = SocketId(1);
const SDP: &str = "v=0\r\na=ice-ufrag:first\r\n";

/// What the client says, and the frames it gets for that.
fn says(network: &mut Network, kind: &str, payload: &Value) -> Vec<Value> {
    let frame = serde_json::from_value(json!({ "type": kind, "payload": payload })).unwrap();
    let input = Input::Signal {
        socket: SOCKET,
        frame,
    };
    network.handle(input, Timestamp::UNIX_EPOCH);
    frames(network)
}

fn frames(network: &mut Network) -> Vec<Value> {
    let signalled = |output| {
        let Output::Signal { frame, .. } = output else {
            return None;
        };
        serde_json::from_str(&frame.to_text()).ok()
    };
    run(network, 0).into_iter().filter_map(signalled).collect()
}

/// A token that is over after so many seconds.
fn token(seconds: i64) -> Value {
    let claims = json!({
        "iss": "SK1", "sub": "AC1", "iat": 0, "exp": seconds,
        "grants": { "identity": "agent_1", "voice": { "incoming": { "allow": true } } },
    });
    let key = EncodingKey::from_secret(b"secret");
    let token = jsonwebtoken::encode(&Header::default(), &claims, &key).unwrap();
    json!({ "token": token })
}

fn open(network: &mut Network) {
    let input = Input::SocketOpened {
        socket: SOCKET,
        region: "US_EAST_VIRGINIA",
    };
    network.handle(input, Timestamp::UNIX_EPOCH);
}

#[test]
fn media_that_comes_up_after_its_call_is_over_is_closed() {
    let mut network = network(1, 0);
    let call = CallSid::from_text("CA1");
    for input in [
        Input::OfferAnswered {
            call: call.clone(),
            result: Ok(SDP.to_owned()),
        },
        Input::Offered {
            call: call.clone(),
            result: Ok(SDP.to_owned()),
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
    open(&mut network);
    for n in 0..50 {
        let listening = says(&mut network, "listen", &token(3_600 + n));
        assert_eq!(listening[0]["type"], "connected");
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

#[test]
fn a_call_that_was_taken_can_be_resumed_before_its_media_is_there() {
    let mut network = network(1, 0);
    open(&mut network);
    says(&mut network, "listen", &token(600));
    says(&mut network, "register", &json!({ "media": { "audio": true } }));
    let call = place(&mut network, "client:agent_1", "<Pause length=\"60\"/>");
    run(&mut network, 0);
    let offered = Input::Offered {
        call: call.clone(),
        result: Ok(SDP.to_owned()),
    };
    network.handle(offered, Timestamp::UNIX_EPOCH);
    let invite = frames(&mut network).remove(0);
    assert_eq!(invite["type"], "invite");
    let resume = json!({ "callsid": call, "sdp": SDP, "twilio": {},
        "reconnect": invite["payload"]["reconnect"] });
    let early = says(&mut network, "invite", &resume).remove(0);
    assert_eq!(
        early["payload"]["error"]["code"], 31209,
        "nobody has taken it yet"
    );

    says(&mut network, "answer", &json!({ "callsid": call, "sdp": SDP }));
    // A new token, for which the SDK resumes what it has.
    says(&mut network, "listen", &token(900));
    let answer = says(&mut network, "invite", &resume).remove(0);
    assert_eq!(
        (&answer["type"], &answer["payload"]["callsid"]),
        (&json!("answer"), &json!(call))
    );
    let accepted = Input::AnswerAccepted {
        call: call.clone(),
        result: Ok(()),
    };
    network.handle(accepted, Timestamp::UNIX_EPOCH);
    assert_eq!(super::status(&network, &call), "in-progress");
}

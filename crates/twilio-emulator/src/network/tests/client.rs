//! What is left behind of Voice SDK clients.

use super::{network, run};
use crate::media::MediaCommand;
use crate::network::{Input, Output};
use crate::sid::CallSid;
use jiff::Timestamp;

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

//! When `<Gather>` is over, and what its action is told.

use serde_json::{Value, json};

use crate::floor::Floor;
use crate::time::{advance, virtual_floor};
use crate::twiml::{call_in, number_says};

/// Somebody calls who presses `keys` when asked, and a minute passes.
async fn caller_presses(floor: &Floor, keys: &str) {
    let script = match keys {
        "" => json!("listen"),
        keys => json!({ "talk": { "keys": keys } }),
    };
    let persona: Value =
        json!({ "name": "caller", "answer": { "after": { "ring_ms": 1 } }, "script": script });
    call_in(floor, json!({ "persona": persona })).await;
    advance(floor, 60_000).await;
}

#[tokio::test]
async fn the_finishing_key_ends_the_input_and_is_no_part_of_it() {
    let floor = virtual_floor().await;
    floor.application.says("/keys", "<Hangup/>");
    number_says(&floor, "<Gather action=\"/keys\"><Say>Your code?</Say></Gather>").await;
    caller_presses(&floor, "12#").await;
    let received = floor.application.received("/keys");
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].params["Digits"], "12");
    floor.close().await;
}

#[tokio::test]
async fn without_a_finishing_key_it_is_a_digit_like_any_other() {
    let floor = virtual_floor().await;
    floor.application.says("/keys", "<Hangup/>");
    let gather = "<Gather action=\"/keys\" finishOnKey=\"\" numDigits=\"3\"><Say>Your code?</Say></Gather>";
    number_says(&floor, gather).await;
    caller_presses(&floor, "1#2").await;
    assert_eq!(floor.application.received("/keys")[0].params["Digits"], "1#2");
    floor.close().await;
}

#[tokio::test]
async fn silence_leads_to_the_next_verb_and_not_to_the_action() {
    let floor = virtual_floor().await;
    floor.application.says("/next", "<Hangup/>");
    let verbs =
        "<Gather action=\"/keys\" timeout=\"3\"><Say>Your code?</Say></Gather><Redirect>/next</Redirect>";
    number_says(&floor, verbs).await;
    caller_presses(&floor, "").await;
    assert_eq!(floor.application.received("/next").len(), 1);
    assert_eq!(floor.application.received("/keys").len(), 0);
    floor.close().await;
}

#[tokio::test]
async fn the_action_may_ask_for_silence_too() {
    let floor = virtual_floor().await;
    floor.application.says("/keys", "<Hangup/>");
    number_says(
        &floor,
        "<Gather action=\"/keys\" actionOnEmptyResult=\"true\" timeout=\"3\"/><Redirect>/next</Redirect>",
    )
    .await;
    caller_presses(&floor, "").await;
    assert_eq!(floor.application.received("/keys")[0].params["Digits"], "");
    assert_eq!(floor.application.received("/next").len(), 0);
    floor.close().await;
}

//! `<Dial>` to people and clients, attribute by attribute.

use audio::{tone, wav};
use serde_json::{Value, json};

use crate::floor::{Floor, OWN_NUMBER, eventually, signed_in};
use crate::time::{advance, virtual_floor};
use crate::twiml::{call_in, number_says};

const FIRST: &str = "+13125550111";
const SECOND: &str = "+13125550122";

/// Somebody calls in and our number dials `nouns`; gives the caller.
async fn dials(floor: &Floor, attributes: &str, nouns: &str) -> String {
    floor.application.says("/after", "<Hangup/>");
    let verbs = format!("<Dial callerId=\"{OWN_NUMBER}\" action=\"/after\" {attributes}>{nouns}</Dial>");
    number_says(floor, &verbs).await;
    let call = call_in(floor, json!({})).await;
    call["sid"].as_str().unwrap().to_owned()
}

async fn outcome(floor: &Floor, caller: &str) -> (String, String) {
    let after = floor.application.wait_for("/after", &[("CallSid", caller)]).await;
    let field = |name: &str| after.params[name].clone();
    (field("DialCallStatus"), field("DialBridged"))
}

async fn resident(floor: &Floor, number: &str, answer: Value) {
    let person = json!({ "name": "resident", "answer": answer, "script": "listen" });
    floor.control("personas", number, &person).await;
}

fn pair(status: &str, bridged: &str) -> (String, String) {
    (status.to_owned(), bridged.to_owned())
}

#[tokio::test]
async fn what_may_not_be_dialled_is_noted_by_its_code() {
    let floor = Floor::open().await;
    floor.listener_at(FIRST).await;
    for (attributes, number, code) in [
        ("callerId=\"+19995550100\"", FIRST, "13214"),
        ("", "+4930901820", "13227"),
        ("", "12", "13223"),
    ] {
        floor.application.says("/after", "<Hangup/>");
        let caller_id = format!("callerId=\"{OWN_NUMBER}\"");
        let attributes = if attributes.is_empty() {
            &caller_id
        } else {
            attributes
        };
        number_says(
            &floor,
            &format!("<Dial action=\"/after\" {attributes}>{number}</Dial>"),
        )
        .await;
        let caller = call_in(&floor, json!({})).await["sid"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_eq!(outcome(&floor, &caller).await, pair("failed", "false"), "{code}");
        floor.wait_for_event("notification", "code", code).await;
    }
    floor.close().await;
}

#[tokio::test]
async fn one_after_the_other_until_somebody_answers() {
    let floor = Floor::open().await;
    resident(&floor, FIRST, json!("busy")).await;
    resident(&floor, SECOND, json!({ "after": { "ring_ms": 50 } })).await;
    let nouns = format!("<Number>{FIRST}</Number><Number>{SECOND}</Number>");
    let caller = dials(&floor, "sequential=\"true\" timeLimit=\"1\"", &nouns).await;
    assert_eq!(outcome(&floor, &caller).await, pair("completed", "true"));
    let dialled: Vec<Value> = floor.events("call.dialled").await;
    let numbers: Vec<&str> = dialled
        .iter()
        .map(|event| event["to"].as_str().unwrap())
        .collect();
    assert_eq!(numbers, [FIRST, SECOND]);
    let busy = floor.wait_for_event("call.ended", "status", "busy").await;
    assert!(
        busy["seq"].as_u64() < dialled[1]["seq"].as_u64(),
        "the second waits for the first"
    );
    floor.close().await;
}

#[tokio::test]
async fn what_one_side_is_to_do_first_may_not_dial() {
    let floor = Floor::open().await;
    floor.listener_at(FIRST).await;
    floor.application.says(
        "/whisper",
        "<Dial>+13125550133</Dial><Say>Here is somebody.</Say>",
    );
    let noun = format!("<Number url=\"/whisper\">{FIRST}</Number>");
    let caller = dials(&floor, "timeLimit=\"1\"", &noun).await;
    assert_eq!(outcome(&floor, &caller).await, pair("completed", "true"));
    floor.wait_for_event("notification", "code", "13201").await;
    assert_eq!(floor.events("call.dialled").await.len(), 1);
    floor.close().await;
}

#[tokio::test]
async fn a_caller_who_is_answered_with_the_bridge_rings_until_then() {
    let floor = Floor::open().await;
    resident(&floor, FIRST, json!({ "after": { "ring_ms": 200 } })).await;
    let caller = dials(&floor, "answerOnBridge=\"true\" timeLimit=\"1\"", FIRST).await;
    outcome(&floor, &caller).await;
    let at = |events: Vec<Value>, call: &str| -> u64 {
        let event = events.into_iter().find(|event| event["call"] == call);
        event.unwrap()["seq"].as_u64().unwrap()
    };
    let bridged = floor.events("dial.bridged").await;
    let friend = bridged[0]["other"].as_str().unwrap().to_owned();
    let answered = floor.events("call.in-progress").await;
    assert!(at(answered.clone(), &friend) < at(answered, &caller));
    floor.close().await;
}

#[tokio::test]
async fn nobody_who_answers_in_time_and_a_bridge_that_lasts_too_long() {
    let floor = virtual_floor().await;
    resident(&floor, FIRST, json!("no-answer")).await;
    let caller = dials(&floor, "timeout=\"10\"", FIRST).await;
    advance(&floor, 14_000).await;
    assert_eq!(
        floor.application.received("/after").len(),
        0,
        "five seconds more than asked for"
    );
    advance(&floor, 2_000).await;
    assert_eq!(outcome(&floor, &caller).await, pair("no-answer", "false"));

    resident(&floor, SECOND, json!({ "after": { "ring_ms": 50 } })).await;
    let caller = dials(&floor, "", SECOND).await;
    advance(&floor, 14_390_000).await;
    assert_eq!(floor.application.received("/after").len(), 1);
    advance(&floor, 20_000).await;
    let view = floor.get(&format!("Calls/{caller}.json")).await;
    assert_eq!(
        (&view["status"], &view["duration"]),
        (&json!("completed"), &json!("14400"))
    );
    floor.close().await;
}

#[tokio::test]
async fn a_star_hangs_up_on_the_other_side() {
    let floor = Floor::open_with(|config| config.no_media = false).await;
    // Up before the caller has said hello, or it would be the ringing that they press the key after.
    let friend =
        json!({ "name": "friend", "answer": { "after": { "ring_ms": 50 } }, "script": { "talk": {} } });
    floor.control("personas", FIRST, &friend).await;
    floor.application.says("/after", "<Hangup/>");
    let verbs =
        format!("<Dial callerId=\"{OWN_NUMBER}\" hangupOnStar=\"true\" action=\"/after\">{FIRST}</Dial>");
    number_says(&floor, &verbs).await;
    let person = json!({
        "name": "caller", "answer": { "after": { "ring_ms": 1 } },
        "script": { "talk": { "keys": "*", "replies": 100 } },
    });
    let caller = call_in(&floor, json!({ "persona": person })).await["sid"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(outcome(&floor, &caller).await, pair("completed", "true"));
    let stars = floor.events("digit").await;
    assert_eq!(stars[0]["digit"], "*");
    floor.close().await;
}

#[tokio::test]
async fn the_caller_hears_the_ringing_of_the_country_that_was_asked_for() {
    let floor = Floor::open_with(|config| config.no_media = false).await;
    resident(&floor, FIRST, json!("no-answer")).await;
    let caller = dials(&floor, "ringTone=\"de\"", FIRST).await;
    eventually("it rings in German", async || {
        let url = floor.url(&format!("/emulator/legs/{caller}/heard.wav"));
        let file = signed_in(floor.client.get(url)).await.bytes().await.unwrap();
        let samples = wav::read(&file).ok()?.samples;
        let last = samples.len().checked_sub(1_600)?;
        (tone::share(&samples[last..], 8_000, 425.0) > 0.9).then_some(())
    })
    .await;
    floor.close().await;
}

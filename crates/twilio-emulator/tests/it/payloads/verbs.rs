//! What actions of verbs, and whoever waits, are told.

use serde_json::{Value, json};

use super::{CALLER, PROGRESS, VOICE, has, only, says_exactly};
use crate::floor::{Floor, OWN_NUMBER, PROSPECT};
use crate::time::{advance, virtual_floor};
use crate::twiml::{call_in, number_says};

/// Somebody calls our number, which says `verbs`, and two minutes pass.
async fn after_calling(floor: &Floor, persona: Value, verbs: &str) -> String {
    number_says(floor, verbs).await;
    let caller = call_in(floor, json!({ "from": CALLER, "persona": persona })).await;
    advance(floor, 120_000).await;
    caller["sid"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_follows_a_dial() {
    let floor = virtual_floor().await;
    floor.application.says("/after", "<Hangup/>");
    let person = json!({ "name": "leaves", "answer": { "after": { "ring_ms": 1_000 } },
        "script": { "tones": { "steps": [{ "freq_hz": 440.0, "ms": 20_000 }], "repeat": false } } });
    floor.control("personas", PROSPECT, &person).await;
    let inbound = "StirVerstat CallToken";
    let dialled = "DialCallStatus DialCallSid DialCallDuration DialBridged";
    let verbs = format!(
        "<Dial action=\"/after\" callerId=\"{OWN_NUMBER}\" record=\"record-from-answer\"><Number \
         statusCallback=\"/leg\" statusCallbackEvent=\"initiated ringing answered completed\">{PROSPECT}\
         </Number></Dial>"
    );
    let caller = after_calling(&floor, json!("listener"), &verbs).await;
    let after = only(&floor, "/after");
    let recorded = "RecordingUrl RecordingSid";
    says_exactly("after a bridge", &after, &[VOICE, inbound, dialled, recorded]);
    let values = [
        ("DialCallStatus", "completed"),
        ("DialBridged", "true"),
        ("DialCallDuration", "20"),
    ];
    has("after a bridge", &after, &values);
    let legs = floor.application.received("/leg");
    assert_eq!(legs.len(), 4);
    for leg in &legs {
        let values = [
            ("ParentCallSid", caller.as_str()),
            ("CallSid", after.params["DialCallSid"].as_str()),
            ("Direction", "outbound-dial"),
            ("From", OWN_NUMBER),
        ];
        has("the leg", leg, &values);
    }
    says_exactly("the leg", &legs[0], &[VOICE, PROGRESS, "ParentCallSid"]);

    floor.persona_at(PROSPECT, "busy").await;
    let verbs = format!("<Dial action=\"/after\" callerId=\"{OWN_NUMBER}\">{PROSPECT}</Dial>");
    after_calling(&floor, json!("listener"), &verbs).await;
    let busy = floor.application.received("/after").pop().unwrap();
    let missed = "DialCallStatus DialCallSid DialBridged";
    says_exactly("after a busy line", &busy, &[VOICE, inbound, missed]);

    let verbs =
        "<Dial action=\"/after\" timeLimit=\"5\"><Conference waitUrl=\"/wait\">seat</Conference></Dial>";
    floor.application.says("/wait", "<Pause length=\"60\"/>");
    after_calling(&floor, json!("listener"), verbs).await;
    let conference = "ConferenceSid FriendlyName";
    says_exactly(
        "while waiting",
        &only(&floor, "/wait"),
        &[VOICE, inbound, conference],
    );
    let after = floor.application.received("/after").pop().unwrap();
    says_exactly(
        "after a conference",
        &after,
        &[VOICE, inbound, "DialCallStatus DialBridged"],
    );
    floor.close().await;
}

#[tokio::test]
async fn what_a_queue_tells() {
    let floor = virtual_floor().await;
    for path in ["/after", "/agent"] {
        floor.application.says(path, "<Hangup/>");
    }
    floor.application.says("/wait", "<Pause length=\"600\"/>");
    floor.application.says("/whisper", "<Say>Hello</Say>");
    let inbound = "StirVerstat CallToken";
    let verbs = "<Enqueue action=\"/after\" waitUrl=\"/wait\">sales</Enqueue>";
    let caller = after_calling(&floor, json!("listener"), verbs).await;
    let waits = only(&floor, "/wait");
    let queue = "QueueSid QueuePosition QueueTime AvgQueueTime CurrentQueueSize MaxQueueSize";
    says_exactly("while waiting", &waits, &[VOICE, inbound, queue]);
    let values = [
        ("QueuePosition", "1"),
        ("QueueTime", "0"),
        ("CurrentQueueSize", "1"),
        ("MaxQueueSize", "1000"),
    ];
    has("while waiting", &waits, &values);

    floor.listener_at(PROSPECT).await;
    let (agent, whisper) = (floor.application.url("/agent"), floor.application.url("/whisper"));
    let twiml = format!(
        "<Response><Dial action=\"{agent}\" timeLimit=\"10\"><Queue url=\"{whisper}\">sales</Queue></Dial></Response>"
    );
    let dialer = floor.place(&[("Twiml", &twiml)]).await;
    advance(&floor, 60_000).await;
    let heard = only(&floor, "/whisper");
    let keys = "QueueSid QueueTime DequeingCallSid";
    says_exactly("before the bridge", &heard, &[VOICE, inbound, keys]);
    has(
        "before the bridge",
        &heard,
        &[("CallSid", &caller), ("DequeingCallSid", &dialer)],
    );
    let after = only(&floor, "/after");
    says_exactly(
        "after the line",
        &after,
        &[VOICE, inbound, "QueueResult QueueSid QueueTime"],
    );
    has(
        "after the line",
        &after,
        &[
            ("QueueResult", "bridged"),
            ("QueueSid", &heard.params["QueueSid"]),
        ],
    );
    assert_eq!(after.params["QueueTime"], heard.params["QueueTime"]);
    let agent = only(&floor, "/agent");
    let keys = "DialCallStatus DialCallDuration DialBridged QueueSid QueueTime";
    says_exactly("to the agent", &agent, &[VOICE, keys]);
    floor.close().await;
}

#[tokio::test]
async fn what_was_gathered_and_recorded() {
    let floor = virtual_floor().await;
    for path in ["/keys", "/words", "/message"] {
        floor.application.says(path, "<Hangup/>");
    }
    let inbound = "StirVerstat CallToken";
    let presses = json!({ "name": "presses", "answer": { "after": { "ring_ms": 1 } }, "script": { "talk": { "keys": "12#" } } });
    let speaks = json!({ "name": "speaks", "answer": { "after": { "ring_ms": 1 } },
        "script": { "talk": { "lines": ["Because of the weather."] } } });
    for (persona, verbs, path, keys) in [
        (
            &presses,
            "<Gather action=\"/keys\"><Say>Your code?</Say></Gather>",
            "/keys",
            "Digits",
        ),
        (
            &speaks,
            "<Gather input=\"speech\" action=\"/words\"><Say>Why?</Say></Gather>",
            "/words",
            "SpeechResult Confidence Language",
        ),
        (
            &speaks,
            "<Record action=\"/message\" timeout=\"2\"/>",
            "/message",
            "RecordingUrl RecordingSid RecordingDuration",
        ),
        (
            &presses,
            "<Record action=\"/message\"/>",
            "/message",
            "RecordingUrl RecordingSid RecordingDuration Digits",
        ),
    ] {
        after_calling(&floor, persona.clone(), verbs).await;
        let told = floor.application.received(path).pop().unwrap();
        says_exactly(verbs, &told, &[VOICE, inbound, keys]);
    }
    floor.close().await;
}

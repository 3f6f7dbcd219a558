//! What TwiML makes calls do: bridging, queues, speech, detection, and calls from people.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::floor::{Floor, OWN_NUMBER, signed_in};
use crate::time::{advance, virtual_floor};

const FIRST: &str = "+13125550111";
const SECOND: &str = "+13125550122";

/// Somebody calls our number and stays as long as it goes on.
pub(crate) async fn call_in(floor: &Floor, more: Value) -> Value {
    let mut order = json!({
        "from": "+14155550177",
        "to": OWN_NUMBER,
        "persona": { "name": "caller", "answer": { "after": { "ring_ms": 1 } }, "script": "listen" },
    });
    order
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let request = floor.client.post(floor.url("/emulator/calls")).json(&order);
    let response = signed_in(request).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    response.json().await.unwrap()
}

/// Our number runs `verbs`.
pub(crate) async fn number_says(floor: &Floor, verbs: &str) {
    floor.application.says("/voice", verbs);
    let numbers = floor.get("IncomingPhoneNumbers.json").await;
    let ours = numbers["incoming_phone_numbers"].as_array().unwrap().iter();
    let sid = ours.clone().find(|it| it["phone_number"] == OWN_NUMBER).unwrap()["sid"].clone();
    let path = format!("IncomingPhoneNumbers/{}.json", sid.as_str().unwrap());
    let url = floor.application.url("/voice");
    floor.post(&path, &[("VoiceUrl", &url)]).await;
}

#[tokio::test]
async fn the_first_to_answer_is_bridged_and_the_action_hears_of_it() {
    let floor = Floor::open().await;
    floor.listener_at(FIRST).await;
    let slow = json!({ "name": "slow", "answer": { "after": { "ring_ms": 60_000 } }, "script": "listen" });
    floor.control("personas", SECOND, &slow).await;
    floor.application.says("/after", "<Hangup/>");
    let verbs = format!(
        "<Dial action=\"/after\" callerId=\"{OWN_NUMBER}\"><Number statusCallback=\"/leg\" \
         statusCallbackEvent=\"ringing answered completed\">{FIRST}</Number><Number>{SECOND}</Number></Dial>"
    );
    number_says(&floor, &verbs).await;
    let caller = call_in(&floor, json!({ "stir_verstat": "TN-Validation-Passed-A" })).await;
    let caller = caller["sid"].as_str().unwrap();
    let request = floor.application.wait_for("/voice", &[("CallSid", caller)]).await;
    assert!(request.signed);
    assert_eq!(request.params["Direction"], "inbound");
    assert_eq!(request.params["StirVerstat"], "TN-Validation-Passed-A");
    assert_eq!(request.params["FromCountry"], "US");
    let bridged = floor.wait_for_event("dial.bridged", "call", caller).await;
    let child = bridged["other"].as_str().unwrap().to_owned();
    let view = floor.get(&format!("Calls/{child}.json")).await;
    assert_eq!(view["direction"], "outbound-dial");
    assert_eq!(view["parent_call_sid"], caller);
    let loser = floor
        .get(&format!("Calls.json?To={}", SECOND.replace('+', "%2B")))
        .await;
    assert_eq!(loser["calls"][0]["status"], "canceled");
    floor
        .post(&format!("Calls/{child}.json"), &[("Status", "completed")])
        .await;
    let after = floor.application.wait_for("/after", &[("CallSid", caller)]).await;
    assert_eq!(after.params["DialCallStatus"], "completed");
    assert_eq!(after.params["DialCallSid"], child);
    assert_eq!(after.params["DialBridged"], "true");
    assert!(after.params["DialCallDuration"].parse::<u32>().is_ok());
    let leg = floor
        .application
        .wait_for("/leg", &[("CallStatus", "completed")])
        .await;
    assert_eq!(leg.params["ParentCallSid"], caller);
    floor.close().await;
}

#[tokio::test]
async fn a_dial_that_nobody_answers_says_why() {
    let floor = Floor::open().await;
    floor.persona_at(FIRST, "busy").await;
    floor.application.says("/after", "<Hangup/>");
    for (noun, status) in [
        (FIRST, "busy"),
        ("<Number>12</Number>", "failed"),
        ("<Sip>sip:desk@example.com</Sip>", "failed"),
        ("<Client>nobody</Client>", "no-answer"),
        ("<Queue>nowhere</Queue>", "failed"),
    ] {
        number_says(
            &floor,
            &format!("<Dial callerId=\"{OWN_NUMBER}\" action=\"/after\">{noun}</Dial>"),
        )
        .await;
        let caller = call_in(&floor, json!({})).await;
        let caller = caller["sid"].as_str().unwrap();
        let after = floor.application.wait_for("/after", &[("CallSid", caller)]).await;
        assert_eq!(after.params["DialCallStatus"], status, "{noun}");
        assert_eq!(after.params["DialBridged"], "false", "{noun}");
    }
    floor.close().await;
}

#[tokio::test]
async fn a_caller_in_line_is_taken_by_whoever_dials_the_queue() {
    let floor = Floor::open().await;
    floor.application.says("/after", "<Hangup/>");
    floor
        .application
        .says("/wait", "<Say>Please hold.</Say><Pause length=\"30\"/>");
    number_says(
        &floor,
        "<Enqueue action=\"/after\" waitUrl=\"/wait\">sales</Enqueue>",
    )
    .await;
    let caller = call_in(&floor, json!({})).await;
    let caller = caller["sid"].as_str().unwrap();
    let wait = floor.application.wait_for("/wait", &[("CallSid", caller)]).await;
    assert_eq!(wait.params["QueuePosition"], "1");
    assert_eq!(wait.params["CurrentQueueSize"], "1");
    floor.listener_at(FIRST).await;
    floor.application.says("/whisper", "<Say>Here is an agent.</Say>");
    let url = floor.application.url("/whisper");
    let twiml = format!("<Response><Dial><Queue url=\"{url}\">sales</Queue></Dial></Response>");
    let (_, agent) = floor
        .post(
            "Calls.json",
            &[("To", FIRST), ("From", OWN_NUMBER), ("Twiml", &twiml)],
        )
        .await;
    let agent = agent["sid"].as_str().unwrap();
    let whisper = floor
        .application
        .wait_for("/whisper", &[("CallSid", caller)])
        .await;
    assert_eq!(whisper.params["DequeingCallSid"], agent);
    floor.wait_for_event("dial.bridged", "call", agent).await;
    floor
        .post(&format!("Calls/{agent}.json"), &[("Status", "completed")])
        .await;
    let after = floor.application.wait_for("/after", &[("CallSid", caller)]).await;
    assert_eq!(after.params["QueueResult"], "bridged");
    floor.close().await;
}

#[tokio::test]
async fn a_caller_who_leaves_the_line_goes_on() {
    let floor = Floor::open().await;
    floor.application.says("/after", "<Hangup/>");
    floor.application.says("/wait", "<Leave/>");
    number_says(
        &floor,
        "<Enqueue action=\"/after\" waitUrl=\"/wait\">sales</Enqueue>",
    )
    .await;
    let caller = call_in(&floor, json!({})).await;
    let after = floor
        .application
        .wait_for("/after", &[("CallSid", caller["sid"].as_str().unwrap())])
        .await;
    assert_eq!(after.params["QueueResult"], "leave");
    floor.close().await;
}

#[tokio::test]
async fn somebody_who_is_asked_says_what_their_script_says() {
    let floor = Floor::open().await;
    floor.application.says("/heard", "<Hangup/>");
    let gather = "<Gather input=\"speech\" action=\"/heard\" partialResultCallback=\"/partial\" \
                  speechTimeout=\"auto\"><Say>Why?</Say></Gather>";
    number_says(&floor, gather).await;
    let person = json!({
        "name": "Ada", "answer": { "after": { "ring_ms": 1 } },
        "script": { "talk": { "lines": ["Because of the weather."] } },
    });
    call_in(&floor, json!({ "persona": person })).await;
    let heard = floor
        .application
        .wait_for("/heard", &[("SpeechResult", "Because of the weather.")])
        .await;
    assert!(heard.params.contains_key("Confidence"));
    assert!(!heard.params.contains_key("Digits"));
    floor
        .application
        .wait_for("/partial", &[("SequenceNumber", "0")])
        .await;
    floor.close().await;
}

#[tokio::test]
async fn a_rejected_caller_is_never_answered() {
    let floor = Floor::open().await;
    number_says(&floor, "<Reject reason=\"busy\"/>").await;
    let caller = call_in(&floor, json!({ "persona": "friendly" })).await;
    let caller = caller["sid"].as_str().unwrap();
    let view = floor.wait_for_status(caller, "busy").await;
    assert_eq!(view["duration"], "0");
    floor.close().await;
}

#[tokio::test]
async fn documents_that_only_lead_on_come_to_an_end() {
    let floor = Floor::open().await;
    number_says(&floor, "<Redirect>/voice</Redirect>").await;
    let caller = call_in(&floor, json!({})).await;
    floor
        .wait_for_status(caller["sid"].as_str().unwrap(), "completed")
        .await;
    floor.wait_for_event("notification", "code", "11215").await;
    assert_eq!(floor.application.received("/voice").len(), 11);
    floor.close().await;
}

#[tokio::test]
async fn a_machine_is_known_before_the_call_goes_on() {
    let floor = Floor::open().await;
    floor.application.says("/answered", "<Hangup/>");
    let url = floor.application.url("/answered");
    for (persona, mode, answered_by) in [
        ("brisk", "Enable", "human"),
        ("voicemail", "Enable", "machine_start"),
        ("fax", "DetectMessageEnd", "fax"),
    ] {
        floor.persona_at(FIRST, persona).await;
        let (_, call) = floor
            .post(
                "Calls.json",
                &[
                    ("To", FIRST),
                    ("From", OWN_NUMBER),
                    ("Url", &url),
                    ("MachineDetection", mode),
                ],
            )
            .await;
        let call = call["sid"].as_str().unwrap().to_owned();
        let request = floor
            .application
            .wait_for("/answered", &[("CallSid", &call)])
            .await;
        assert_eq!(request.params["AnsweredBy"], answered_by, "{persona}");
        assert!(request.params["MachineDetectionDuration"].parse::<u32>().unwrap() > 0);
        let view = floor.get(&format!("Calls/{call}.json")).await;
        assert_eq!(view["answered_by"], answered_by);
    }
    floor.close().await;
}

#[tokio::test]
async fn with_async_detection_the_verdict_comes_by_itself_and_errors_can_be_ordered() {
    let floor = Floor::open().await;
    floor
        .control("amd", "", &json!({ "human_as_machine": 1.0 }))
        .await;
    floor.persona_at(FIRST, "brisk").await;
    let callback = floor.application.url("/verdict");
    let order = [
        ("To", FIRST),
        ("From", OWN_NUMBER),
        ("Twiml", "<Response><Pause length=\"60\"/></Response>"),
        ("MachineDetection", "DetectMessageEnd"),
        ("AsyncAmd", "true"),
        ("AsyncAmdStatusCallback", &callback),
    ];
    let (_, call) = floor.post("Calls.json", &order).await;
    let verdict = floor
        .application
        .wait_for("/verdict", &[("CallSid", call["sid"].as_str().unwrap())])
        .await;
    assert_eq!(verdict.params["AnsweredBy"], "machine_end_silence");
    assert!(!verdict.params.contains_key("SequenceNumber"));
    let bad = [
        &order[..3],
        &[
            ("MachineDetection", "Enable"),
            ("MachineDetectionTimeout", "5000"),
        ],
    ]
    .concat();
    let (status, _) = floor.post("Calls.json", &bad).await;
    assert_eq!(
        status,
        StatusCode::CREATED,
        "the call is placed without detection"
    );
    floor.wait_for_event("notification", "code", "21263").await;
    floor.close().await;
}

#[tokio::test]
async fn documents_can_be_checked_without_a_call() {
    let floor = Floor::open().await;
    let codes = async |document: &str| -> Vec<(u64, u64)> {
        let url = floor.url("/emulator/twiml/check");
        let response = signed_in(floor.client.post(url).body(document.to_owned())).await;
        let body: Value = response.json().await.unwrap();
        let notes = body["notifications"].as_array().unwrap().clone();
        let numbers = |note: &Value| (note["code"].as_u64().unwrap(), note["line"].as_u64().unwrap_or(0));
        notes.iter().map(numbers).collect()
    };
    assert_eq!(
        codes("<Response><Say voice=\"Polly.Joanna\">Hi</Say></Response>").await,
        []
    );
    let bad = "<Response>\n<Dial timeout=\"3\">\n<Conference beep=\"loud\">x</Conference></Dial>\n<Shout/></Response>";
    assert_eq!(codes(bad).await, [(13212, 2), (13235, 3), (12200, 4)]);
    assert_eq!(codes("<Response>").await, [(12100, 0)]);
    floor.close().await;
}

#[tokio::test]
async fn a_pause_or_a_redirect_before_anything_else_leaves_the_caller_ringing() {
    let floor = virtual_floor().await;
    floor.application.says("/closed", "<Reject/>");
    number_says(&floor, "<Pause length=\"20\"/><Redirect>/closed</Redirect>").await;
    let caller = call_in(&floor, json!({})).await;
    let path = format!("Calls/{}.json", caller["sid"].as_str().unwrap());
    advance(&floor, 19_000).await;
    assert_eq!(floor.get(&path).await["status"], "ringing");
    advance(&floor, 2_000).await;
    let view = floor.get(&path).await;
    assert_eq!(
        (&view["status"], &view["duration"]),
        (&json!("no-answer"), &json!("0"))
    );

    for (verbs, duration) in [
        ("<Pause length=\"20\"/><Say>Hello, this is us.</Say>", "1"),
        ("<Hangup/>", "0"),
        ("", "0"),
    ] {
        number_says(&floor, verbs).await;
        let caller = call_in(&floor, json!({})).await;
        advance(&floor, 60_000).await;
        let view = floor
            .get(&format!("Calls/{}.json", caller["sid"].as_str().unwrap()))
            .await;
        assert_eq!(
            (&view["status"], &view["duration"]),
            (&json!("completed"), &json!(duration)),
            "{verbs}"
        );
        let answered = floor.wait_for_event("call.in-progress", "call", caller["sid"].as_str().unwrap());
        answered.await;
    }
    floor.close().await;
}

//! TwiML attribute by attribute, in virtual time: defaults, methods, and what is told where.

use serde_json::{Value, json};

use crate::application::{Answer, Received};
use crate::floor::{Floor, OWN_NUMBER};
use crate::sdk::{OFFER, Sdk, application};
use crate::time::{advance, virtual_floor};
use crate::twiml::{call_in, number_says};

const CALLER: &str = "+14155550177";
const FRIEND: &str = "+13125550111";
const BUSY: &str = "+13125550122";
const NOBODY: &str = "+13125550133";

/// A floor on which a friend picks up after three seconds, and others do not.
async fn scene() -> Floor {
    let floor = virtual_floor().await;
    let friend = json!({ "name": "friend", "answer": { "after": { "ring_ms": 3_000 } }, "script": "listen" });
    floor.control("personas", FRIEND, &friend).await;
    floor.persona_at(BUSY, "busy").await;
    floor.persona_at(NOBODY, "no-answer").await;
    for path in ["/after", "/next"] {
        floor.application.says(path, "<Hangup/>");
    }
    floor
}

/// Somebody who says a sentence when it is their turn, and stays, calls our number, which runs `verbs`.
async fn runs(floor: &Floor, verbs: &str) -> String {
    number_says(floor, verbs).await;
    let persona = json!({
        "name": "caller", "answer": { "after": { "ring_ms": 1 } },
        "script": { "talk": { "lines": ["I would like to buy a ladder."], "patience_ms": 600_000, "replies": 100 } },
    });
    let call = call_in(floor, json!({ "persona": persona })).await;
    advance(floor, 1).await;
    call["sid"].as_str().unwrap().to_owned()
}

/// What `path` was told of a call.
fn told(floor: &Floor, path: &str, call: &str) -> Vec<Received> {
    let mut received = floor.application.received(path);
    received.retain(|request| request.params.get("CallSid").is_some_and(|sid| sid == call));
    received
}

async fn status(floor: &Floor, call: &str) -> Value {
    floor.get(&format!("Calls/{call}.json")).await["status"].clone()
}

#[tokio::test]
async fn every_content_type_of_twiml_is_run() {
    let floor = scene().await;
    for kind in [
        "text/xml; charset=utf-8",
        "application/xml",
        "text/html",
        "text/plain",
    ] {
        number_says(&floor, "").await;
        let body = b"<Response><Redirect>/next</Redirect></Response>".to_vec();
        floor
            .application
            .answers_with("/voice", &[Answer::File(kind, body)]);
        let call = call_in(&floor, json!({})).await;
        advance(&floor, 1_000).await;
        let next = told(&floor, "/next", call["sid"].as_str().unwrap());
        assert_eq!(next.len(), 1, "{kind} is TwiML");
    }
    floor.close().await;
}

#[tokio::test]
async fn every_method_is_post_unless_the_attribute_says_get() {
    let floor = scene().await;
    floor.application.says("/leave", "<Leave/>");
    let absolute = floor.application.url("/told");
    let start = format!(
        "<Start><Recording recordingStatusCallback=\"{absolute}\" recordingStatusCallbackMethod=\"?\" \
         recordingStatusCallbackEvent=\"in-progress\"/></Start>"
    );
    for verbs in [
        "<Redirect method=\"?\">/told</Redirect>",
        "<Gather action=\"/told\" method=\"?\" actionOnEmptyResult=\"true\" timeout=\"1\"/>",
        "<Gather input=\"speech\" timeout=\"30\" partialResultCallback=\"/told\" partialResultCallbackMethod=\"?\"/>",
        "<Record action=\"/told\" method=\"?\" maxLength=\"9\"/>",
        "<Record action=\"/next\" recordingStatusCallback=\"/told\" recordingStatusCallbackMethod=\"?\" maxLength=\"9\"/>",
        &start,
        "<Dial action=\"/told\" method=\"?\">+13125550122</Dial>",
        "<Dial><Number url=\"/told\" method=\"?\">+13125550111</Number></Dial>",
        "<Dial><Number statusCallback=\"/told\" statusCallbackMethod=\"?\">+13125550122</Number></Dial>",
        "<Dial record=\"true\" timeLimit=\"2\" recordingStatusCallback=\"/told\" \
         recordingStatusCallbackMethod=\"?\">+13125550111</Dial>",
        "<Dial timeLimit=\"2\"><Conference waitUrl=\"/told\" waitMethod=\"?\">desk</Conference></Dial>",
        "<Dial timeLimit=\"2\"><Conference statusCallback=\"/told\" statusCallbackMethod=\"?\" \
         statusCallbackEvent=\"join\">desk</Conference></Dial>",
        "<Enqueue waitUrl=\"/told\" waitUrlMethod=\"?\">sales</Enqueue>",
        "<Enqueue action=\"/told\" method=\"?\" waitUrl=\"/leave\">sales</Enqueue>",
    ] {
        for (attribute, expected) in [("GET", "GET"), ("POST", "POST"), ("", "POST")] {
            let before = floor.application.received("/told").len();
            let written = match attribute {
                "" => without_method(verbs),
                method => verbs.replace('?', method),
            };
            // The caller's number, because the callee is shown it.
            let written = written.replace("<Dial", &format!("<Dial callerId=\"{OWN_NUMBER}\""));
            let call = runs(&floor, &written).await;
            advance(&floor, 30_000).await;
            let received = floor.application.received("/told");
            let first = received
                .get(before)
                .unwrap_or_else(|| panic!("nobody is told: {written}"));
            assert_eq!(first.method, expected, "{written}");
            assert!(first.signed, "{written}");
            let end = [("Status", "completed")];
            floor.post(&format!("Calls/{call}.json"), &end).await;
        }
    }
    floor.close().await;
}

/// The same without the attribute whose value is `?`.
fn without_method(verbs: &str) -> String {
    let end = verbs.find("=\"?\"").unwrap();
    let start = verbs[..end].rfind(' ').unwrap();
    format!("{}{}", &verbs[..start], &verbs[end + 4..])
}

#[tokio::test]
async fn without_an_action_the_current_document_is_asked_again() {
    let floor = scene().await;
    for (verbs, field) in [
        ("<Gather input=\"speech\" timeout=\"9\"/>", "SpeechResult"),
        ("<Record maxLength=\"9\"/>", "RecordingUrl"),
    ] {
        number_says(&floor, "").await;
        let first = Answer::Twiml(format!("<Response>{verbs}</Response>"));
        let then = Answer::Twiml("<Response><Hangup/></Response>".to_owned());
        floor.application.answers_with("/voice", &[first, then]);
        let persona = json!({
            "name": "caller", "answer": { "after": { "ring_ms": 1 } },
            "script": { "talk": { "lines": ["I would like to buy a ladder."] } },
        });
        let call = call_in(&floor, json!({ "persona": persona })).await;
        advance(&floor, 60_000).await;
        let asked = told(&floor, "/voice", call["sid"].as_str().unwrap());
        assert_eq!(asked.len(), 2, "{verbs}");
        assert!(
            asked[1].params.contains_key(field),
            "{verbs}: {:?}",
            asked[1].params
        );
    }
    floor.close().await;
}

#[tokio::test]
async fn waiting_lasts_as_long_as_it_should_by_default() {
    let floor = scene().await;
    floor.post("Queues.json", &[("FriendlyName", "sales")]).await;
    let dial = |attributes: &str, noun: &str| {
        format!("<Dial action=\"/after\" callerId=\"{OWN_NUMBER}\" {attributes}>{noun}</Dial>")
    };
    for (what, verbs, path, seconds) in [
        (
            "<Dial timeout> is 30 s and five more",
            dial("", NOBODY),
            "/after",
            35,
        ),
        (
            "<Dial timeout> is at least 5 s",
            dial("timeout=\"5\"", NOBODY),
            "/after",
            10,
        ),
        (
            "and less is taken for that",
            dial("timeout=\"1\"", NOBODY),
            "/after",
            10,
        ),
        (
            "<Dial><Queue> waits for its timeout",
            dial("timeout=\"20\"", "<Queue>sales</Queue>"),
            "/after",
            20,
        ),
        (
            "<Gather timeout> is 5 s",
            "<Gather/><Redirect>/next</Redirect>".to_owned(),
            "/next",
            5,
        ),
        (
            "<Pause length> is 1 s",
            "<Pause/><Redirect>/next</Redirect>".to_owned(),
            "/next",
            1,
        ),
    ] {
        number_says(&floor, &verbs).await;
        let call = call_in(&floor, json!({})).await;
        let call = call["sid"].as_str().unwrap().to_owned();
        advance(&floor, seconds * 1_000 - 200).await;
        assert_eq!(told(&floor, path, &call).len(), 0, "{what}: too early");
        advance(&floor, 400).await;
        assert_eq!(told(&floor, path, &call).len(), 1, "{what}: too late");
    }
    floor.close().await;
}

#[tokio::test]
async fn verbs_after_a_dial_run_only_if_it_has_no_action() {
    let floor = scene().await;
    for (action, after, next) in [("action=\"/after\"", 1, 0), ("", 0, 1)] {
        let verbs =
            format!("<Dial callerId=\"{OWN_NUMBER}\" {action}>{BUSY}</Dial><Redirect>/next</Redirect>");
        let call = runs(&floor, &verbs).await;
        advance(&floor, 30_000).await;
        assert_eq!(told(&floor, "/after", &call).len(), after, "{verbs}");
        assert_eq!(told(&floor, "/next", &call).len(), next, "{verbs}");
    }
    floor.close().await;
}

#[tokio::test]
async fn the_caller_shows_their_own_number_by_default() {
    let floor = scene().await;
    let call = runs(&floor, &format!("<Dial>{FRIEND}</Dial>")).await;
    let children = floor.get(&format!("Calls.json?ParentCallSid={call}")).await;
    assert_eq!(children["calls"][0]["from"], CALLER);
    floor.close().await;
}

#[tokio::test]
async fn a_dial_records_as_its_word_says() {
    let floor = scene().await;
    // The friend rings for three seconds and talks for two.
    for (record, channels, seconds) in [
        ("true", "1", "2"),
        ("record-from-answer", "1", "2"),
        ("record-from-answer-dual", "2", "2"),
        ("record-from-ringing", "1", "5"),
        ("record-from-ringing-dual", "2", "5"),
    ] {
        let verbs = format!(
            "<Dial callerId=\"{OWN_NUMBER}\" timeLimit=\"2\" record=\"{record}\" \
             recordingStatusCallback=\"/told\">{FRIEND}</Dial>"
        );
        let call = runs(&floor, &verbs).await;
        advance(&floor, 60_000).await;
        let told = told(&floor, "/told", &call);
        assert_eq!(told.len(), 1, "{record}: only `completed` is told by default");
        let field = |name: &str| told[0].params[name].as_str();
        assert_eq!(
            (field("RecordingChannels"), field("RecordingDuration")),
            (channels, seconds),
            "{record}"
        );
    }
    for record in ["do-not-record", "false"] {
        let before = floor.events("recording.started").await.len();
        let verbs =
            format!("<Dial callerId=\"{OWN_NUMBER}\" timeLimit=\"2\" record=\"{record}\">{FRIEND}</Dial>");
        runs(&floor, &verbs).await;
        advance(&floor, 60_000).await;
        assert_eq!(floor.events("recording.started").await.len(), before, "{record}");
    }
    floor.close().await;
}

#[tokio::test]
async fn a_dial_has_ten_numbers_at_most() {
    let floor = scene().await;
    let nouns: Vec<String> = (0..11)
        .map(|n| format!("<Number>+131255502{n:02}</Number>"))
        .collect();
    let verbs = format!("<Dial callerId=\"{OWN_NUMBER}\">{}</Dial>", nouns.concat());
    let call = runs(&floor, &verbs).await;
    let children = floor.get(&format!("Calls.json?ParentCallSid={call}")).await;
    assert_eq!(children["calls"].as_array().unwrap().len(), 10);
    floor.wait_for_event("notification", "code", "12200").await;
    floor.close().await;
}

#[tokio::test]
async fn a_number_gets_its_keys_before_it_is_connected() {
    let floor = scene().await;
    let verbs = format!(
        "<Dial callerId=\"{OWN_NUMBER}\"><Number sendDigits=\"w12\" machineDetection=\"Enable\" \
         statusCallback=\"/told\">{FRIEND}</Number></Dial>"
    );
    let call = runs(&floor, &verbs).await;
    advance(&floor, 20_000).await;
    let sent = floor.wait_for_event("keys.sent", "keys", "w12").await;
    let bridged = floor.wait_for_event("dial.bridged", "call", &call).await;
    assert_eq!(sent["call"], bridged["other"]);
    assert!(sent["seq"].as_u64() < bridged["seq"].as_u64());
    let verdicts = floor.events("amd.verdict").await;
    assert!(
        verdicts.is_empty(),
        "keys and detection would get in each other's way: {verdicts:?}"
    );
    floor
        .post(&format!("Calls/{call}.json"), &[("Status", "completed")])
        .await;
    advance(&floor, 1_000).await;
    let told = floor.application.received("/told");
    let statuses: Vec<&str> = told.iter().map(|it| it.params["CallStatus"].as_str()).collect();
    assert_eq!(statuses, ["completed"], "nothing else is told by default");
    floor.close().await;
}

#[tokio::test]
async fn a_number_is_listened_to_while_it_is_connected() {
    let floor = scene().await;
    floor.persona_at(FRIEND, "voicemail").await;
    for (method, expected) in [("", "POST"), ("amdStatusCallbackMethod=\"GET\"", "GET")] {
        let verbs = format!(
            "<Dial callerId=\"{OWN_NUMBER}\"><Number machineDetection=\"Enable\" \
             amdStatusCallback=\"/told\" {method}>{FRIEND}</Number></Dial>"
        );
        let call = runs(&floor, &verbs).await;
        advance(&floor, 20_000).await;
        let told = floor.application.received("/told").pop().unwrap();
        assert_eq!(told.method, expected);
        assert_eq!(told.params["AnsweredBy"], "machine_start");
        let bridged = floor.wait_for_event("dial.bridged", "call", &call).await;
        assert_eq!(told.params["CallSid"], bridged["other"].as_str().unwrap());
        let verdict = floor
            .wait_for_event("amd.verdict", "call", &told.params["CallSid"])
            .await;
        assert!(
            bridged["seq"].as_u64() < verdict["seq"].as_u64(),
            "the call did not wait"
        );
        floor
            .post(&format!("Calls/{call}.json"), &[("Status", "completed")])
            .await;
    }
    floor.close().await;
}

#[tokio::test]
async fn whoever_comes_in_muted_is_muted_and_the_first_says_where_to_tell() {
    let floor = scene().await;
    let room = |path: &str, more: &str| {
        format!("<Dial><Conference waitUrl=\"\" statusCallback=\"{path}\" {more}>desk</Conference></Dial>")
    };
    let join = "statusCallbackEvent=\"join\"";
    let first = runs(&floor, &room("/told", join)).await;
    let second = runs(&floor, &room("/other", &format!("{join} muted=\"true\""))).await;
    let rooms = floor.get("Conferences.json").await;
    let conference = rooms["conferences"][0]["sid"].as_str().unwrap();
    for (call, muted) in [(&first, false), (&second, true)] {
        let path = format!("Conferences/{conference}/Participants/{call}.json");
        assert_eq!(floor.get(&path).await["muted"], muted);
    }
    advance(&floor, 1_000).await;
    assert_eq!(floor.application.received("/told").len(), 2);
    assert_eq!(
        floor.application.received("/other").len(),
        0,
        "only the first one's"
    );
    for call in [first, second] {
        floor
            .post(&format!("Calls/{call}.json"), &[("Status", "completed")])
            .await;
    }
    runs(&floor, &room("/told", "")).await;
    advance(&floor, 1_000).await;
    assert_eq!(
        floor.application.received("/told").len(),
        2,
        "no event by default"
    );
    floor.close().await;
}

#[tokio::test]
async fn a_queue_that_is_full_takes_nobody() {
    let floor = scene().await;
    let queues = &[("FriendlyName", "sales"), ("MaxSize", "1")];
    floor.post("Queues.json", queues).await;
    let verbs = "<Enqueue action=\"/after\">sales</Enqueue>";
    runs(&floor, verbs).await;
    let call = runs(&floor, verbs).await;
    assert_eq!(
        told(&floor, "/after", &call)[0].params["QueueResult"],
        "queue-full"
    );
    floor.close().await;
}

#[tokio::test]
async fn a_caller_is_turned_away_unanswered_or_hung_up_on() {
    let floor = scene().await;
    let bridge = format!(
        "<Dial answerOnBridge=\"true\" callerId=\"{OWN_NUMBER}\">{BUSY}</Dial><Reject reason=\"busy\"/>"
    );
    for (verbs, outcome, answered) in [
        (bridge.as_str(), "busy", false),
        ("<Reject/>", "no-answer", false),
        ("<Reject reason=\"rejected\"/>", "no-answer", false),
        ("<Reject reason=\"busy\"/>", "busy", false),
        ("<Hangup/>", "completed", true),
        ("<Pause length=\"2\"/><Reject reason=\"busy\"/>", "busy", false),
        ("<Say>Hello.</Say><Reject reason=\"busy\"/>", "completed", true),
    ] {
        let call = runs(&floor, verbs).await;
        advance(&floor, 120_000).await;
        assert_eq!(status(&floor, &call).await, outcome, "{verbs}");
        let picked_up = floor.events("call.in-progress").await;
        let picked_up = picked_up.iter().any(|event| event["call"] == call.as_str());
        assert_eq!(picked_up, answered, "{verbs}");
        let view = floor.get(&format!("Calls/{call}.json")).await;
        if !answered {
            assert_eq!(view["duration"], "0", "{verbs}");
            assert!(
                view["price"].is_null() || view["price"] == "0",
                "{verbs} costs {}",
                view["price"]
            );
        }
    }
    floor.close().await;
}

#[tokio::test]
async fn a_gather_of_both_takes_what_comes_first() {
    let floor = scene().await;
    for (script, field, value, absent) in [
        (
            json!({ "talk": { "keys": "12#" } }),
            "Digits",
            "12",
            "SpeechResult",
        ),
        (
            json!({ "talk": { "lines": ["Sales, please."] } }),
            "SpeechResult",
            "Sales, please.",
            "Digits",
        ),
    ] {
        number_says(&floor, "<Gather input=\"dtmf speech\" action=\"/after\"/>").await;
        let persona = json!({ "name": "caller", "answer": { "after": { "ring_ms": 1 } }, "script": script });
        let call = call_in(&floor, json!({ "persona": persona })).await;
        advance(&floor, 60_000).await;
        let asked = told(&floor, "/after", call["sid"].as_str().unwrap());
        assert_eq!(asked[0].params[field], value);
        assert!(!asked[0].params.contains_key(absent), "{absent}");
    }
    floor.close().await;
}

#[tokio::test]
async fn a_client_says_ten_minutes_at_most() {
    let floor = scene().await;
    let application = application(&floor).await;
    let verbs = "<Record timeout=\"0\" action=\"/after\"/><Redirect>/next</Redirect>";
    floor.application.says("/voice", verbs);
    let mut sdk = Sdk::listen(&floor, &application, 0).await;
    sdk.send("invite", json!({ "callsid": "TJS1", "sdp": OFFER, "twilio": {} }))
        .await;
    let call = sdk.expect("ringing").await["callsid"]
        .as_str()
        .unwrap()
        .to_owned();
    advance(&floor, 599_000).await;
    assert_eq!(told(&floor, "/next", &call).len(), 0);
    advance(&floor, 3_000).await;
    assert_eq!(told(&floor, "/next", &call).len(), 1);
    floor.close().await;
}

#[tokio::test]
async fn a_client_hears_what_is_for_it_first_and_its_progress_is_told() {
    let floor = Floor::open().await;
    let application = application(&floor).await;
    floor
        .application
        .says("/whisper", "<Dial>+13125550111</Dial><Pause length=\"1\"/>");
    let mut sdk = Sdk::register(&floor, &application).await;
    let verbs = "<Dial><Client url=\"/whisper\" statusCallback=\"/told\" \
                 statusCallbackEvent=\"initiated ringing answered completed\">agent_1</Client></Dial>";
    number_says(&floor, verbs).await;
    let caller = call_in(&floor, json!({})).await;
    let invite = sdk.expect("invite").await;
    let call = invite["callsid"].as_str().unwrap();
    sdk.send("answer", json!({ "callsid": call, "sdp": OFFER })).await;
    let whisper = floor.application.wait_for("/whisper", &[("CallSid", call)]).await;
    assert_eq!(whisper.params["ParentCallSid"], caller["sid"].as_str().unwrap());
    floor.wait_for_event("notification", "code", "13201").await;
    floor.wait_for_event("dial.bridged", "other", call).await;
    sdk.send("hangup", json!({ "callsid": call })).await;
    let done = [("CallSid", call), ("CallStatus", "completed")];
    floor.application.wait_for("/told", &done).await;
    for status in ["initiated", "ringing", "in-progress"] {
        floor
            .application
            .wait_for("/told", &[("CallSid", call), ("CallStatus", status)])
            .await;
    }
    floor.close().await;
}

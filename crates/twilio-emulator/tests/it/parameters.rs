//! What the parameters of calls and participants mean when they are given, and when they are not.

mod recorded;

use reqwest::StatusCode;
use serde_json::{Value, json};
use twilio_emulator::{Config, Credentials};

use crate::application::Answer;
use crate::floor::{ACCOUNT_SID, Floor, OWN_NUMBER, PROSPECT};
use crate::time::{advance, virtual_floor};
use crate::twiml::{call_in, number_says};

const STAY: (&str, &str) = ("Twiml", "<Response><Pause length=\"600\"/></Response>");

async fn order(floor: &Floor, more: &[(&str, &str)]) -> (StatusCode, Value) {
    let form = [&[("To", PROSPECT), ("From", OWN_NUMBER)], more].concat();
    floor.post("Calls.json", &form).await
}

async fn placed(floor: &Floor, more: &[(&str, &str)]) -> String {
    let (status, call) = order(floor, more).await;
    assert_eq!(status, StatusCode::CREATED, "{more:?}: {call}");
    format!("Calls/{}.json", call["sid"].as_str().unwrap())
}

async fn field(floor: &Floor, path: &str, name: &str) -> Value {
    floor.get(path).await[name].clone()
}

#[tokio::test]
async fn ringing_lasts_a_minute_unless_timeout_says_otherwise() {
    for (timeout, seconds) in [(None, 60), (Some("600"), 600), (Some("1"), 1)] {
        let floor = virtual_floor().await;
        floor.persona_at(PROSPECT, "no-answer").await;
        let form: Vec<_> = timeout.map(|seconds| ("Timeout", seconds)).into_iter().collect();
        let call = placed(&floor, &[&form[..], &[STAY]].concat()).await;
        let people = [&[("To", PROSPECT), ("From", OWN_NUMBER)], &form[..]].concat();
        let participant = if timeout == Some("1") {
            None
        } else {
            let (_, made) = floor.post("Conferences/desk/Participants.json", &people).await;
            Some(format!("Calls/{}.json", made["call_sid"].as_str().unwrap()))
        };
        advance(&floor, seconds * 1_000 - 20).await;
        assert_ne!(field(&floor, &call, "status").await, "no-answer", "{timeout:?}");
        advance(&floor, 40).await;
        assert_eq!(field(&floor, &call, "status").await, "no-answer", "{timeout:?}");
        if let Some(participant) = participant {
            advance(&floor, 4_900).await;
            assert_eq!(
                field(&floor, &participant, "status").await,
                "ringing",
                "{timeout:?}"
            );
            advance(&floor, 200).await;
            assert_eq!(
                field(&floor, &participant, "status").await,
                "no-answer",
                "{timeout:?}"
            );
        }
        floor.close().await;
    }
}

/// A parameter of `POST Calls` with values that it takes, values that it does not, and their code.
struct Bounds(
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
    u32,
);

const BOUNDS: [Bounds; 14] = [
    Bounds("Timeout", &["1", "600"], &["0", "601", "soon"], 21208),
    Bounds("TimeLimit", &["1", "86400"], &["0", "86401"], 20001),
    Bounds("From", &[OWN_NUMBER], &["client:ann", "anonymous"], 21212),
    Bounds("Record", &["true", "false"], &["yes"], 20001),
    Bounds("RecordingChannels", &["mono", "dual"], &["stereo"], 20001),
    Bounds("RecordingTrack", &["both", "inbound", "outbound"], &["up"], 20001),
    Bounds("Trim", &["trim-silence", "do-not-trim"], &["true"], 20001),
    Bounds("Method", &["GET", "POST"], &["PUT"], 20001),
    Bounds("StatusCallbackMethod", &["GET", "POST"], &["DELETE"], 20001),
    Bounds(
        "MachineDetection",
        &["Enable", "DetectMessageEnd"],
        &["Maybe"],
        21263,
    ),
    Bounds(
        "MachineDetectionTimeout",
        &["3", "59"],
        &["2", "60", "5000"],
        21263,
    ),
    Bounds(
        "MachineDetectionSpeechThreshold",
        &["1000", "6000"],
        &["999", "6001"],
        21263,
    ),
    Bounds(
        "MachineDetectionSpeechEndThreshold",
        &["500", "5000"],
        &["499", "5001"],
        21263,
    ),
    Bounds(
        "MachineDetectionSilenceTimeout",
        &["2000", "10000"],
        &["1999", "10001"],
        21263,
    ),
];

/// A call with this value, in place of the usual one.
async fn answer_to(floor: &Floor, name: &str, value: &str) -> (u16, Value) {
    let usual = [
        ("To", PROSPECT),
        ("From", OWN_NUMBER),
        ("Url", "http://127.0.0.1:1/"),
        ("MachineDetection", "Enable"),
        ("StatusCallback", "http://127.0.0.1:1/"),
    ];
    let mut form: Vec<(&str, &str)> = usual.into_iter().filter(|(usual, _)| *usual != name).collect();
    form.push((name, value));
    let (status, answer) = floor.post("Calls.json", &form).await;
    (status.as_u16(), answer["code"].clone())
}

#[tokio::test]
async fn values_at_their_bounds_are_taken_and_beyond_them_refused() {
    let floor = virtual_floor().await;
    let switches = json!({ "amd_out_of_range": "refused" });
    floor.control("switches", "", &switches).await;
    let twiml = |characters: usize| format!("<Response>{}</Response>", " ".repeat(characters - 21));
    let keys = "0123456789ABCD#*wW".repeat(2);
    let mut rows = Vec::new();
    for Bounds(name, good, bad, code) in BOUNDS {
        rows.extend(good.iter().map(|value| (name, (*value).to_owned(), None)));
        rows.extend(bad.iter().map(|value| (name, (*value).to_owned(), Some(code))));
    }
    rows.extend([
        ("Twiml", twiml(4_000), None),
        ("Twiml", twiml(4_001), Some(20001)),
        ("SendDigits", keys[..32].to_owned(), None),
        ("SendDigits", keys[..33].to_owned(), Some(21206)),
        ("SendDigits", "1,2".to_owned(), Some(21206)),
        ("CallReason", "r".repeat(50), None),
        ("CallReason", "r".repeat(51), Some(20001)),
    ]);
    for (name, value, refused) in rows {
        let expected = refused.map_or((201, Value::Null), |code| (400, json!(code)));
        assert_eq!(answer_to(&floor, name, &value).await, expected, "{name}={value}");
    }
    floor.close().await;
}

#[tokio::test]
async fn a_url_comes_before_twiml_and_an_application_before_both() {
    let floor = virtual_floor().await;
    floor.listener_at(PROSPECT).await;
    let at = |path: &str| floor.application.url(path);
    for path in ["/answer", "/fallback"] {
        floor.application.says(path, "<Hangup/>");
    }
    let (answer, status) = (at("/answer"), at("/status"));
    let twiml = "<Response><Dial><Conference>never</Conference></Dial></Response>";
    placed(&floor, &[("Twiml", twiml), ("Url", &answer)]).await;
    advance(&floor, 5_000).await;
    assert_eq!(floor.application.received("/answer").len(), 1);
    assert_eq!(floor.events("participant.join").await.len(), 0);

    floor
        .application
        .answers_with("/application", &[Answer::Status(500)]);
    let (voice, fallback, told) = (at("/application"), at("/fallback"), at("/application-status"));
    let form = [
        ("VoiceUrl", voice.as_str()),
        ("VoiceFallbackUrl", &fallback),
        ("StatusCallback", &told),
    ];
    let (_, application) = floor.post("Applications.json", &form).await;
    let nowhere = at("/nowhere");
    let given = [
        ("ApplicationSid", application["sid"].as_str().unwrap()),
        ("Url", &nowhere),
        ("FallbackUrl", &nowhere),
        ("StatusCallback", &nowhere),
    ];
    placed(&floor, &given).await;
    advance(&floor, 5_000).await;
    for path in ["/application", "/fallback", "/application-status"] {
        assert_eq!(floor.application.received(path).len(), 1, "{path}");
    }
    assert_eq!(
        floor.application.received("/nowhere").len(),
        0,
        "the application's count"
    );

    let methods = [
        ("Url", voice.as_str()),
        ("Method", "GET"),
        ("FallbackUrl", &fallback),
        ("FallbackMethod", "GET"),
        ("StatusCallback", &status),
        ("StatusCallbackMethod", "GET"),
    ];
    placed(&floor, &methods).await;
    advance(&floor, 5_000).await;
    for path in ["/application", "/fallback", "/status"] {
        let last = floor.application.received(path).pop().unwrap();
        assert_eq!((last.method.as_str(), last.signed), ("GET", true), "{path}");
    }
    floor.close().await;
}

#[tokio::test]
async fn keys_to_send_leave_detection_off_and_a_time_limit_ends_the_call() {
    let floor = virtual_floor().await;
    floor.persona_at(PROSPECT, "talkative").await;
    let call = placed(
        &floor,
        &[STAY, ("SendDigits", "1w2"), ("MachineDetection", "Enable")],
    )
    .await;
    let short = placed(&floor, &[STAY, ("TimeLimit", "5")]).await;
    advance(&floor, 60_000).await;
    assert_eq!(field(&floor, &call, "answered_by").await, Value::Null);
    assert_eq!(floor.events("amd.verdict").await.len(), 0);
    assert_eq!(floor.events("keys.sent").await.len(), 1);
    assert_eq!(floor.events("notification").await.len(), 0);
    let over = floor.get(&short).await;
    assert_eq!(
        (&over["status"], &over["duration"]),
        (&json!("completed"), &json!("5"))
    );
    floor.close().await;
}

#[tokio::test]
async fn a_live_call_may_be_changed_as_far_as_it_has_come() {
    let floor = virtual_floor().await;
    let slow = json!({ "name": "slow", "answer": { "after": { "ring_ms": 20_000 } }, "script": "listen" });
    floor.control("personas", PROSPECT, &slow).await;
    let (url, hangup) = (
        floor.application.url("/new"),
        ("Twiml", "<Response><Hangup/></Response>"),
    );
    let call = placed(&floor, &[STAY]).await;
    for (seconds, status) in [(0, "queued"), (5, "ringing")] {
        advance(&floor, seconds * 1_000).await;
        assert_eq!(field(&floor, &call, "status").await, status);
        for form in [hangup, ("Url", url.as_str())] {
            let (answer, error) = floor.post(&call, &[form]).await;
            assert_eq!(
                (answer, &error["code"]),
                (StatusCode::BAD_REQUEST, &json!(21220)),
                "{status}"
            );
        }
    }
    let (answer, error) = floor.post(&call, &[hangup, ("Url", &url)]).await;
    assert_eq!(
        (answer, &error["code"]),
        (StatusCode::BAD_REQUEST, &json!(20001)),
        "one or the other"
    );
    advance(&floor, 30_000).await;
    let (_, redirected) = floor.post(&call, &[hangup]).await;
    assert_eq!(redirected["status"], "completed");

    let end = [("Status", "completed")];
    for (seconds, status) in [(0, "canceled"), (5, "canceled"), (30, "completed")] {
        let call = placed(&floor, &[STAY]).await;
        advance(&floor, seconds * 1_000).await;
        assert_eq!(
            floor.post(&call, &end).await.1["status"],
            status,
            "after {seconds} s"
        );
        assert_eq!(floor.post(&call, &end).await.1["code"], 21220, "it is over");
    }
    floor.close().await;
}

#[tokio::test]
async fn whoever_is_left_by_a_redirect_goes_on_after_the_dial() {
    for (redirected, goes_on) in [("child", "parent"), ("parent", "child")] {
        let floor = virtual_floor().await;
        floor.listener_at(PROSPECT).await;
        for path in ["/after", "/elsewhere"] {
            floor.application.says(path, "<Pause length=\"600\"/>");
        }
        number_says(
            &floor,
            &format!("<Dial action=\"/after\" callerId=\"{OWN_NUMBER}\">{PROSPECT}</Dial>"),
        )
        .await;
        let parent = call_in(&floor, json!({})).await["sid"]
            .as_str()
            .unwrap()
            .to_owned();
        advance(&floor, 5_000).await;
        let bridged = floor.wait_for_event("dial.bridged", "call", &parent).await;
        let child = bridged["other"].as_str().unwrap();
        let call = if redirected == "child" { child } else { &parent };
        let url = floor.application.url("/elsewhere");
        floor.post(&format!("Calls/{call}.json"), &[("Url", &url)]).await;
        advance(&floor, 5_000).await;
        let there = floor.application.received("/elsewhere");
        assert_eq!(there[0].params["CallSid"], call, "{redirected}");
        let after = floor.application.received("/after").len();
        let child_status = field(&floor, &format!("Calls/{child}.json"), "status").await;
        let expected = if goes_on == "parent" {
            (1, "in-progress")
        } else {
            (0, "completed")
        };
        assert_eq!(
            (after, child_status.as_str().unwrap()),
            expected,
            "{redirected} was redirected"
        );
        floor.close().await;
    }
}

#[tokio::test]
async fn calls_and_participants_wait_in_one_queue_and_legs_of_a_dial_in_none() {
    let credentials = Credentials {
        account_sid: ACCOUNT_SID.to_owned(),
        auth_token: "t".into(),
        api_key_sid: "SK1".to_owned(),
        api_key_secret: "s".into(),
    };
    let cps = Config::new(credentials).cps;
    assert_eq!(cps, 1, "as Twilio's accounts begin");
    let floor = virtual_floor().await;
    floor.control("account", "", &json!({ "cps": cps })).await;
    floor.listener_at(PROSPECT).await;
    let mut waits = Vec::new();
    for participant in [false, false, true, false, true] {
        let path = if participant {
            "Conferences/desk/Participants.json"
        } else {
            "Calls.json"
        };
        let mut form = vec![("To", PROSPECT), ("From", OWN_NUMBER)];
        form.extend((!participant).then_some(STAY));
        let (_, made) = floor.post(path, &form).await;
        assert_eq!(made["status"], "queued");
        waits.push(made["queue_time"].as_str().unwrap().to_owned());
    }
    assert_eq!(waits, ["0", "1000", "2000", "3000", "4000"]);
    let dial = format!("<Dial callerId=\"{OWN_NUMBER}\">{PROSPECT}</Dial>");
    number_says(&floor, &dial).await;
    call_in(&floor, json!({})).await;
    advance(&floor, 10).await;
    let initiated = floor.events("call.initiated").await.len();
    assert_eq!(initiated, 2, "the first in line, and the leg of the dial");
    for seconds in 1..5 {
        advance(&floor, 1_000).await;
        assert_eq!(floor.events("call.initiated").await.len(), initiated + seconds);
    }
    floor.close().await;
}

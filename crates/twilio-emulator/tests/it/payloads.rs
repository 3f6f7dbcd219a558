//! What webhooks say, key by key: no key is missing, and none is there that Twilio does not send.

mod rooms;
mod verbs;

use std::collections::BTreeSet;

use serde_json::json;

use crate::application::Received;
use crate::floor::{Floor, OWN_NUMBER, PROSPECT};
use crate::time::{advance, virtual_floor};
use crate::twiml::{call_in, number_says};

/// Every request about a call.
const VOICE: &str = "AccountSid ApiVersion CallSid CallStatus Direction \
    From FromCity FromState FromZip FromCountry To ToCity ToState ToZip ToCountry \
    Caller CallerCity CallerState CallerZip CallerCountry Called CalledCity CalledState CalledZip CalledCountry";
const PROGRESS: &str = "Timestamp CallbackSource SequenceNumber";
const RECORDING: &str = "AccountSid CallSid RecordingChannels RecordingSid RecordingSource RecordingStartTime \
    RecordingStatus RecordingTrack RecordingUrl";
const CALLER: &str = "+14155550177";

/// Names and values.
type Values<'a> = &'a [(&'a str, &'a str)];

fn says_exactly(what: &str, got: &Received, groups: &[&str]) {
    let expected: BTreeSet<&str> = groups.iter().flat_map(|group| group.split_whitespace()).collect();
    let keys: BTreeSet<&str> = got.params.keys().map(String::as_str).collect();
    assert_eq!(keys, expected, "{what}");
    assert!(got.signed, "{what} is signed");
}

fn has(what: &str, got: &Received, values: Values<'_>) {
    for (name, value) in values {
        assert_eq!(
            got.params.get(*name).map(String::as_str),
            Some(*value),
            "{what}: {name}"
        );
    }
}

/// The only request at `path`.
fn only(floor: &Floor, path: &str) -> Received {
    let mut received = floor.application.received(path);
    assert_eq!(received.len(), 1, "{path}: {received:?}");
    received.remove(0)
}

#[tokio::test]
async fn progress_of_a_call() {
    let floor = virtual_floor().await;
    floor.listener_at(PROSPECT).await;
    floor.application.says("/answer", "<Pause length=\"61\"/>");
    let url = floor.application.url("/answer");
    let call = floor.place(&[("Url", &url), ("Record", "true")]).await;
    advance(&floor, 90_000).await;

    let fetch = only(&floor, "/answer");
    says_exactly("the request for TwiML", &fetch, &[VOICE]);
    let common = [
        ("CallSid", call.as_str()),
        ("AccountSid", crate::floor::ACCOUNT_SID),
        ("ApiVersion", "2010-04-01"),
        ("Direction", "outbound-api"),
        ("From", OWN_NUMBER),
        ("Caller", OWN_NUMBER),
        ("To", PROSPECT),
        ("Called", PROSPECT),
        ("FromState", "DC"),
        ("CallerCity", "WASHINGTON"),
        ("ToState", "IL"),
        ("ToCity", "CHICAGO"),
        ("CalledZip", fetch.params["ToZip"].as_str()),
        ("CalledCountry", "US"),
    ];
    has("the request for TwiML", &fetch, &common);
    has("the request for TwiML", &fetch, &[("CallStatus", "in-progress")]);
    assert_eq!(fetch.method, "POST", "unless Method says otherwise");

    let told = floor.application.received("/status");
    let end = "CallDuration Duration SipResponseCode RecordingUrl RecordingSid RecordingDuration";
    let expected: [(&str, &[&str], Values); 4] = [
        ("initiated", &[], &[]),
        ("ringing", &["StirStatus"], &[("StirStatus", "B")]),
        ("in-progress", &["StirStatus"], &[("StirStatus", "B")]),
        (
            "completed",
            &[end],
            &[
                ("CallDuration", "61"),
                ("Duration", "2"),
                ("SipResponseCode", "200"),
                ("RecordingDuration", "61"),
            ],
        ),
    ];
    assert_eq!(told.len(), expected.len());
    for (n, (request, (status, more, values))) in told.iter().zip(expected).enumerate() {
        says_exactly(status, request, &[&[VOICE, PROGRESS], more].concat());
        has(status, request, &common);
        has(status, request, values);
        has(
            status,
            request,
            &[
                ("CallStatus", status),
                ("SequenceNumber", &n.to_string()),
                ("CallbackSource", "call-progress-events"),
            ],
        );
    }
    assert_eq!(told[0].params["Timestamp"], "Mon, 05 Jan 2026 15:00:00 +0000");
    let requests = told.iter().chain([&fetch]);
    let tokens: BTreeSet<&str> = requests.map(|it| it.idempotency_token.as_str()).collect();
    assert_eq!(tokens.len(), 5, "each request has its own token: {tokens:?}");
    assert!(!tokens.contains(""));
    floor.close().await;
}

#[tokio::test]
async fn ends_of_calls() {
    for (persona, status, sip_code) in [
        ("busy", "busy", "486"),
        ("no-answer", "no-answer", "487"),
        ("unreachable", "failed", "404"),
    ] {
        let floor = virtual_floor().await;
        floor.persona_at(PROSPECT, persona).await;
        let callback = floor.application.url("/end");
        let events = ("StatusCallbackEvent", "completed");
        floor
            .place(&[("StatusCallback", &callback), events, ("Twiml", "<Response/>")])
            .await;
        advance(&floor, 90_000).await;
        let told = floor.application.received("/status");
        let end = told.last().unwrap();
        says_exactly(status, end, &[VOICE, PROGRESS, "CallDuration SipResponseCode"]);
        let values = [
            ("CallStatus", status),
            ("CallDuration", "0"),
            ("SipResponseCode", sip_code),
        ];
        has(status, end, &values);
        floor.close().await;
    }
}

#[tokio::test]
async fn an_inbound_call_with_what_the_carrier_says() {
    let floor = virtual_floor().await;
    number_says(&floor, "<Hangup/>").await;
    let passed = json!({ "from": CALLER, "forwarded_from": "+16175550123" });
    call_in(&floor, passed).await;
    call_in(&floor, json!({ "from": "anonymous" })).await;
    advance(&floor, 1_000).await;
    let [known, unknown] = <[Received; 2]>::try_from(floor.application.received("/voice")).unwrap();
    says_exactly(
        "a known caller",
        &known,
        &[VOICE, "ForwardedFrom StirVerstat CallToken"],
    );
    has(
        "a known caller",
        &known,
        &[
            ("Direction", "inbound"),
            ("CallStatus", "ringing"),
            ("ForwardedFrom", "+16175550123"),
            ("StirVerstat", "TN-Validation-Passed-B"),
            ("FromState", "CA"),
        ],
    );
    let nowhere = VOICE
        .split_whitespace()
        .filter(|key| !(key.starts_with("From") || key.starts_with("Caller")) || key.len() <= 6);
    let nowhere = nowhere.collect::<Vec<_>>().join(" ");
    says_exactly("a caller without a number", &unknown, &[&nowhere]);
    has(
        "a caller without a number",
        &unknown,
        &[("From", "anonymous"), ("Caller", "anonymous")],
    );
    floor.close().await;
}

#[tokio::test]
async fn the_verdict_of_machine_detection() {
    let floor = virtual_floor().await;
    floor.persona_at(PROSPECT, "voicemail").await;
    floor.application.says("/answer", "<Pause length=\"60\"/>");
    let (answer, verdict) = (
        floor.application.url("/answer"),
        floor.application.url("/verdict"),
    );
    let detect = ("MachineDetection", "Enable");
    let asynchronous = [
        ("Url", answer.as_str()),
        detect,
        ("AsyncAmd", "true"),
        ("AsyncAmdStatusCallback", verdict.as_str()),
    ];
    floor.place(&asynchronous).await;
    advance(&floor, 120_000).await;
    let keys = "CallSid AccountSid AnsweredBy MachineDetectionDuration";
    says_exactly("the verdict", &only(&floor, "/verdict"), &[keys]);
    says_exactly("meanwhile", &only(&floor, "/answer"), &[VOICE]);
    floor.place(&[("Url", &answer), detect]).await;
    advance(&floor, 120_000).await;
    let fetch = floor.application.received("/answer").pop().unwrap();
    says_exactly(
        "after it",
        &fetch,
        &[VOICE, "AnsweredBy MachineDetectionDuration"],
    );
    has("after it", &fetch, &[("AnsweredBy", "machine_start")]);
    floor.close().await;
}

#[tokio::test]
async fn recordings() {
    let floor = virtual_floor().await;
    floor.listener_at(PROSPECT).await;
    let told = floor.application.url("/recording");
    let record = [
        ("Record", "true"),
        ("RecordingStatusCallback", told.as_str()),
        ("RecordingStatusCallbackEvent", "in-progress completed absent"),
    ];
    let stay = [("Twiml", "<Response><Pause length=\"30\"/></Response>")];
    let call = floor.place(&[&record[..], &stay].concat()).await;
    advance(&floor, 60_000).await;
    let [begun, done] = <[Received; 2]>::try_from(floor.application.received("/recording")).unwrap();
    says_exactly("in-progress", &begun, &[RECORDING]);
    says_exactly("completed", &done, &[RECORDING, "RecordingDuration"]);
    let common = [
        ("CallSid", call.as_str()),
        ("RecordingChannels", "1"),
        ("RecordingSource", "OutboundAPI"),
        ("RecordingTrack", "both"),
        ("RecordingStartTime", begun.params["RecordingStartTime"].as_str()),
        ("RecordingUrl", begun.params["RecordingUrl"].as_str()),
    ];
    has("completed", &done, &common);
    has(
        "completed",
        &done,
        &[("RecordingStatus", "completed"), ("RecordingDuration", "30")],
    );
    assert!(begun.params["RecordingUrl"].ends_with(&format!("/Recordings/{}", begun.params["RecordingSid"])));

    floor
        .place(&[&record[..], &[("Twiml", "<Response/>")]].concat())
        .await;
    advance(&floor, 60_000).await;
    let absent = floor.application.received("/recording").pop().unwrap();
    says_exactly("absent", &absent, &[RECORDING, "ErrorCode"]);
    has(
        "absent",
        &absent,
        &[("RecordingStatus", "absent"), ("ErrorCode", "16101")],
    );
    let view = floor
        .get(&format!("Recordings/{}.json", absent.params["RecordingSid"]))
        .await;
    assert_eq!(
        (&view["status"], &view["error_code"]),
        (&json!("absent"), &json!(16_101))
    );

    let (_, _, room) = rooms::two(&floor, false).await;
    let (_, made) = floor
        .post(&format!("Conferences/{room}/Recordings.json"), &record[1..])
        .await;
    advance(&floor, 1_000).await;
    let of_room = floor.application.received("/recording").pop().unwrap();
    let keys = RECORDING.replace("CallSid", "ConferenceSid");
    says_exactly("of a conference", &of_room, &[&keys]);
    let source = ("RecordingSource", "StartConferenceRecordingAPI");
    has("of a conference", &of_room, &[source, ("ConferenceSid", &room)]);
    assert_eq!(made["sid"], *of_room.params["RecordingSid"]);
    floor.close().await;
}

//! Calls to people: progress, TwiML, changes and endings.

use reqwest::StatusCode;

use crate::application::Answer;
use crate::floor::{Floor, OWN_NUMBER, PROSPECT};

#[tokio::test]
async fn progress_arrives_signed_and_numbered_from_zero() {
    let floor = Floor::open().await;
    floor.listener_at(PROSPECT).await;
    floor.application.says("/answer", "<Pause length=\"1\"/>");
    let call = floor
        .place(&[("Url", &floor.application.url("/answer#rc=1&ct=500"))])
        .await;

    let last = floor
        .application
        .wait_for("/status", &[("CallStatus", "completed")])
        .await;
    assert_eq!(last.params["CallDuration"], "1");
    assert_eq!(last.params["Duration"], "1");
    let mut progress = floor.application.received("/status");
    progress.sort_by_key(|request| request.params["SequenceNumber"].parse::<u32>().unwrap());
    let said: Vec<_> = progress
        .iter()
        .map(|r| {
            (
                r.params["SequenceNumber"].as_str(),
                r.params["CallStatus"].as_str(),
            )
        })
        .collect();
    assert_eq!(
        said,
        [
            ("0", "initiated"),
            ("1", "ringing"),
            ("2", "in-progress"),
            ("3", "completed")
        ]
    );
    for request in &progress {
        assert!(request.signed, "{request:?}");
        assert_eq!(request.params["CallSid"], call);
        assert_eq!(request.params["CallbackSource"], "call-progress-events");
        assert!(request.params["Timestamp"].ends_with("+0000"));
    }
    let fetch = floor.application.received("/answer").remove(0);
    assert!(fetch.signed, "the fragment is not part of what is signed");
    assert_eq!(fetch.params["CallStatus"], "in-progress");
    assert_eq!(
        (fetch.params["From"].as_str(), fetch.params["To"].as_str()),
        (OWN_NUMBER, PROSPECT)
    );
    floor.close().await;
}

#[tokio::test]
async fn without_events_only_the_end_is_reported() {
    let floor = Floor::open().await;
    floor.persona_at(PROSPECT, "busy").await;
    let status = floor.application.url("/only-end");
    let form = [
        ("To", PROSPECT),
        ("From", OWN_NUMBER),
        ("Twiml", "<Response/>"),
        ("StatusCallback", &status),
    ];
    let (_, call) = floor.post("Calls.json", &form).await;
    assert_eq!(call["status"], "queued");
    let end = floor.application.wait_for("/only-end", &[]).await;
    assert_eq!(
        (
            end.params["CallStatus"].as_str(),
            end.params["SequenceNumber"].as_str()
        ),
        ("busy", "0")
    );
    assert_eq!(floor.application.received("/only-end").len(), 1);
    floor.close().await;
}

#[tokio::test]
async fn the_fallback_gets_the_error_and_its_twiml_runs() {
    let floor = Floor::open().await;
    floor.listener_at(PROSPECT).await;
    floor.application.answers_with("/answer", &[Answer::Status(503)]);
    floor
        .application
        .says("/fallback", "<Dial><Conference>rescue</Conference></Dial>");
    let (url, fallback) = (
        floor.application.url("/answer"),
        floor.application.url("/fallback"),
    );
    let call = floor.place(&[("Url", &url), ("FallbackUrl", &fallback)]).await;
    let fetch = floor
        .application
        .wait_for("/fallback", &[("CallSid", &call)])
        .await;
    assert_eq!(
        (fetch.params["ErrorCode"].as_str(), &fetch.params["ErrorUrl"]),
        ("11200", &url)
    );
    floor.wait_for_event("participant.join", "call", &call).await;
    assert_eq!(
        floor.application.received("/answer").len(),
        1,
        "a 503 is not retried by default"
    );
    floor.close().await;
}

#[tokio::test]
async fn a_retry_carries_the_same_idempotency_token() {
    let floor = Floor::open().await;
    floor.listener_at(PROSPECT).await;
    floor.application.answers_with(
        "/answer",
        &[Answer::Status(500), Answer::Twiml("<Response/>".to_owned())],
    );
    let call = floor
        .place(&[("Url", &floor.application.url("/answer#rc=2&rp=5xx"))])
        .await;
    floor.wait_for_status(&call, "completed").await;
    let fetches = floor.application.received("/answer");
    assert_eq!(fetches.len(), 2);
    assert_eq!(fetches[0].idempotency_token, fetches[1].idempotency_token);
    assert!(!fetches[0].idempotency_token.is_empty());
    floor.close().await;
}

#[tokio::test]
async fn a_live_call_takes_new_twiml_and_a_finished_one_does_not() {
    let floor = Floor::open().await;
    floor.listener_at(PROSPECT).await;
    let call = floor
        .place(&[("Twiml", "<Response><Pause length=\"600\"/></Response>")])
        .await;
    let path = format!("Calls/{call}.json");
    floor.wait_for_status(&call, "in-progress").await;
    let (_, canceled) = floor.post(&path, &[("Status", "canceled")]).await;
    assert_eq!(
        canceled["status"], "in-progress",
        "canceled does not touch a call in progress"
    );
    floor
        .post(
            &path,
            &[(
                "Twiml",
                "<Response><Dial><Conference>moved</Conference></Dial></Response>",
            )],
        )
        .await;
    floor.wait_for_event("participant.join", "call", &call).await;
    let (_, ended) = floor.post(&path, &[("Status", "completed")]).await;
    assert_eq!(ended["status"], "completed");
    let (status, error) = floor.post(&path, &[("Twiml", "<Response/>")]).await;
    assert_eq!((status, &error["code"]), (StatusCode::BAD_REQUEST, &21220.into()));
    floor.close().await;
}

#[tokio::test]
async fn who_does_not_answer_is_given_up_after_the_timeout() {
    let floor = Floor::open().await;
    floor.persona_at(PROSPECT, "no-answer").await;
    let call = floor.place(&[("Twiml", "<Response/>"), ("Timeout", "2")]).await;
    floor.wait_for_status(&call, "no-answer").await;
    floor
        .application
        .wait_for("/status", &[("CallStatus", "no-answer"), ("CallDuration", "0")])
        .await;
    floor.close().await;
}

#[tokio::test]
async fn a_ringing_call_can_be_canceled_and_says_so() {
    let floor = Floor::open().await;
    floor.persona_at(PROSPECT, "no-answer").await;
    let call = floor.place(&[("Twiml", "<Response/>")]).await;
    floor.wait_for_status(&call, "ringing").await;
    floor
        .post(&format!("Calls/{call}.json"), &[("Status", "canceled")])
        .await;
    floor
        .application
        .wait_for("/status", &[("CallStatus", "canceled")])
        .await;
    floor.close().await;
}

#[tokio::test]
async fn the_queue_keeps_the_pace_and_forgets_what_is_canceled_in_it() {
    let floor = Floor::open_with(|config| config.cps = 1).await;
    floor.persona_at(PROSPECT, "busy").await;
    let first = floor.place(&[("Twiml", "<Response/>")]).await;
    let second = floor.place(&[("Twiml", "<Response/>")]).await;
    let (_, canceled) = floor
        .post(&format!("Calls/{second}.json"), &[("Status", "canceled")])
        .await;
    assert_eq!(canceled["status"], "canceled");
    assert_ne!(canceled["queue_time"], "0");
    let third = floor.place(&[("Twiml", "<Response/>")]).await;
    floor.wait_for_status(&third, "busy").await;
    floor.wait_for_status(&first, "busy").await;
    assert!(
        floor
            .application
            .received("/status")
            .iter()
            .all(|request| request.params["CallSid"] != second)
    );
    floor.close().await;
}

#[tokio::test]
async fn keys_reach_the_gather_action() {
    let floor = Floor::open_with(|config| config.no_media = false).await;
    floor.persona_at(PROSPECT, "opts-out").await;
    floor.application.says("/answer", "<Gather numDigits=\"1\" timeout=\"60\" action=\"/keys\"><Say loop=\"5\">Press nine to be left alone.</Say></Gather>");
    let call = floor.place(&[("Url", &floor.application.url("/answer"))]).await;
    let keys = floor.application.wait_for("/keys", &[("CallSid", &call)]).await;
    assert_eq!(keys.params["Digits"], "9");
    floor.close().await;
}

//! Machine detection on what people and machines really sound like.

use serde_json::{Value, json};

use crate::application::Received;
use crate::floor::{Floor, OWN_NUMBER, PROSPECT};
use crate::time::{advance, virtual_floor};

/// Who is there, what is asked for, and the verdict with the time in ms that it may take.
struct Case {
    script: Value,
    order: &'static [(&'static str, &'static str)],
    answered_by: &'static str,
    within_ms: std::ops::RangeInclusive<u64>,
}

fn cases() -> Vec<Case> {
    const ENABLE: (&str, &str) = ("MachineDetection", "Enable");
    const MESSAGE_END: (&str, &str) = ("MachineDetection", "DetectMessageEnd");
    let case = |script, order, answered_by, within_ms| Case {
        script,
        order,
        answered_by,
        within_ms,
    };
    let no_beep =
        json!({ "menu": { "says": "Hello, nobody can take your call at the moment. Please write to us." } });
    let fax = json!({ "tones": { "steps": [{ "freq_hz": 2_100.0, "ms": 3_300 }], "repeat": true } });
    vec![
        // A short greeting and the 1,200 ms of silence that end it.
        case(
            json!({ "talk": { "voice": "anna" } }),
            &[ENABLE],
            "human",
            1_200..=4_500,
        ),
        // Speech for longer than the threshold of 2,400 ms.
        case(json!("voicemail"), &[ENABLE], "machine_start", 2_400..=4_500),
        case(
            json!("voicemail"),
            &[MESSAGE_END],
            "machine_end_beep",
            7_000..=12_000,
        ),
        case(no_beep, &[MESSAGE_END], "machine_end_silence", 3_000..=15_000),
        case(
            json!("voicemail"),
            &[MESSAGE_END, ("MachineDetectionTimeout", "4")],
            "machine_end_other",
            4_000..=4_500,
        ),
        case(fax.clone(), &[ENABLE], "fax", 0..=4_500),
        case(
            json!("listen"),
            &[ENABLE, ("MachineDetectionSilenceTimeout", "2000")],
            "unknown",
            2_000..=2_500,
        ),
        // People, faxes and silence are told apart as well, and as early, when a message's end is waited for.
        case(
            json!({ "talk": { "voice": "anna" } }),
            &[MESSAGE_END],
            "human",
            1_200..=4_500,
        ),
        case(fax, &[MESSAGE_END], "fax", 0..=4_500),
        case(json!("listen"), &[MESSAGE_END], "unknown", 5_000..=5_500),
    ]
}

/// Calls everybody at once; what the application is told comes at `/answered` or at `/verdict`.
async fn judge(asynchronous: bool) {
    let floor = Floor::open_with(|config| config.no_media = false).await;
    floor.application.says("/answered", "<Pause length=\"60\"/>");
    let (answered, verdict) = (
        floor.application.url("/answered"),
        floor.application.url("/verdict"),
    );
    let mut calls = Vec::new();
    for (n, case) in cases().into_iter().enumerate() {
        let number = format!("+131255501{n:02}");
        let person =
            json!({ "name": "case", "answer": { "after": { "ring_ms": 50 } }, "script": case.script });
        floor.control("personas", &number, &person).await;
        let mut form = vec![
            ("To", number.as_str()),
            ("From", OWN_NUMBER),
            ("Url", answered.as_str()),
        ];
        form.extend(case.order);
        if asynchronous {
            form.extend([("AsyncAmd", "true"), ("AsyncAmdStatusCallback", verdict.as_str())]);
        }
        let (_, call) = floor.post("Calls.json", &form).await;
        calls.push((call["sid"].as_str().unwrap().to_owned(), case));
    }
    let path = if asynchronous { "/verdict" } else { "/answered" };
    for (call, case) in calls {
        let told = floor.application.wait_for(path, &[("CallSid", &call)]).await;
        assert_eq!(told.params["AnsweredBy"], case.answered_by);
        let ms: u64 = told.params["MachineDetectionDuration"].parse().unwrap();
        assert!(case.within_ms.contains(&ms), "{}: {ms} ms", case.answered_by);
        if asynchronous {
            let first = &floor
                .application
                .wait_for("/answered", &[("CallSid", &call)])
                .await;
            assert!(!first.params.contains_key("AnsweredBy"), "the call did not wait");
        }
        let view = floor.get(&format!("Calls/{call}.json")).await;
        assert_eq!(view["answered_by"], case.answered_by);
        let verdicts = floor.events("amd.verdict").await;
        let of_call = verdicts.iter().filter(|event| event["call"] == call.as_str());
        assert_eq!(of_call.count(), 1, "one verdict for each call");
    }
    floor.close().await;
}

/// Calls somebody with these parameters in virtual time; gives what the answered call and the verdict told.
async fn detect(errors: Value, persona: &str, order: &[(&str, &str)]) -> [Vec<Received>; 2] {
    let floor = virtual_floor().await;
    floor.control("amd", "", &errors).await;
    floor.persona_at(PROSPECT, persona).await;
    floor.application.says("/answered", "<Pause length=\"60\"/>");
    let (answered, verdict) = (
        floor.application.url("/answered"),
        floor.application.url("/verdict"),
    );
    let mut form = vec![
        ("Url", answered.as_str()),
        ("AsyncAmdStatusCallback", verdict.as_str()),
    ];
    form.extend(order);
    floor.place(&form).await;
    advance(&floor, 120_000).await;
    let told = ["/answered", "/verdict"].map(|path| floor.application.received(path));
    floor.close().await;
    told
}

#[tokio::test]
async fn detection_errs_as_often_as_it_is_told() {
    for (errors, persona, mode, answered_by) in [
        (
            json!({ "human_as_machine": 1.0 }),
            "brisk",
            "Enable",
            "machine_start",
        ),
        (
            json!({ "human_as_machine": 1.0 }),
            "brisk",
            "DetectMessageEnd",
            "machine_end_silence",
        ),
        (
            json!({ "human_as_machine": 1.0 }),
            "voicemail",
            "Enable",
            "machine_start",
        ),
        (json!({ "machine_as_human": 1.0 }), "voicemail", "Enable", "human"),
        (
            json!({ "machine_as_human": 1.0 }),
            "voicemail",
            "DetectMessageEnd",
            "human",
        ),
        (json!({ "machine_as_human": 1.0 }), "fax", "Enable", "fax"),
        (json!({ "unknown": 1.0 }), "brisk", "Enable", "unknown"),
        (
            json!({ "unknown": 1.0 }),
            "voicemail",
            "DetectMessageEnd",
            "unknown",
        ),
    ] {
        let order = [("MachineDetection", mode)];
        let [answered, _] = detect(errors.clone(), persona, &order).await;
        assert_eq!(
            answered[0].params["AnsweredBy"], answered_by,
            "{errors}: {persona}, {mode}"
        );
    }
}

#[tokio::test]
async fn only_the_word_true_makes_detection_asynchronous_and_keys_prevent_it() {
    for (order, in_answer, in_verdict) in [
        (&[("AsyncAmd", "true")][..], 0, 1),
        (&[("AsyncAmd", "false")], 1, 0),
        (&[("AsyncAmd", "yes")], 1, 0),
        (&[], 1, 0),
        (&[("AsyncAmd", "true"), ("SendDigits", "1")], 0, 0),
        (&[("SendDigits", "1")], 0, 0),
    ] {
        let order = [order, &[("MachineDetection", "Enable")]].concat();
        let [answered, verdict] = detect(json!({}), "voicemail", &order).await;
        let known = |told: &[Received]| {
            let verdicts = told.iter().filter(|it| it.params.contains_key("AnsweredBy"));
            verdicts.count()
        };
        assert_eq!(
            (known(&answered), known(&verdict)),
            (in_answer, in_verdict),
            "{order:?}"
        );
        assert_eq!(answered.len(), 1, "the call goes on in any case: {order:?}");
    }
}

#[tokio::test]
async fn a_call_that_waits_learns_who_is_there() {
    judge(false).await;
}

#[tokio::test]
async fn a_call_that_goes_on_is_told_by_callback() {
    judge(true).await;
}

#[tokio::test]
async fn a_call_that_ends_first_gets_no_verdict() {
    let floor = Floor::open().await;
    floor.listener_at("+13125550111").await;
    let verdict = floor.application.url("/verdict");
    floor.application.says("/answered", "<Hangup/>");
    let answered = floor.application.url("/answered");
    let form = [
        ("To", "+13125550111"),
        ("From", OWN_NUMBER),
        ("Url", answered.as_str()),
        ("MachineDetection", "Enable"),
        ("AsyncAmd", "true"),
        ("AsyncAmdStatusCallback", verdict.as_str()),
    ];
    let (_, call) = floor.post("Calls.json", &form).await;
    let call = call["sid"].as_str().unwrap();
    let view = floor.wait_for_status(call, "completed").await;
    assert_eq!(view["answered_by"], Value::Null);
    assert_eq!(floor.events("amd.verdict").await.len(), 0);
    floor.close().await;
}

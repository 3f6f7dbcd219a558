//! The error log and a call's events: what was asked, and what the application said.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::application::Answer;
use crate::floor::{Floor, PROSPECT, eventually, signed_in};

const TWIML: &str = "<Response><Shout/><Hangup/></Response>";

/// A call to somebody who runs what `/voice` answers, until it is over.
async fn placed(floor: &Floor, answer: Answer) -> String {
    floor.listener_at(PROSPECT).await;
    floor.application.answers_with("/voice", &[answer]);
    let url = floor.application.url("/voice?lead=7");
    let call = floor.place(&[("Url", &url)]).await;
    floor.wait_for_status(&call, "completed").await;
    call
}

/// The call's only notification with this code, from the list and by itself.
async fn note(floor: &Floor, call: &str, code: &str) -> (Value, Value) {
    let list = eventually(&format!("{code} is noted"), async || {
        let notes = floor.get(&format!("Calls/{call}/Notifications.json")).await;
        let notes = notes["notifications"].as_array().unwrap().clone();
        notes.into_iter().find(|note| note["error_code"] == code)
    })
    .await;
    let path = format!("Notifications/{}.json", list["sid"].as_str().unwrap());
    let alone = floor.get(&path).await;
    (list, alone)
}

/// What a form says of `name`.
fn field(form: &Value, name: &str) -> Option<String> {
    let form = form.as_str().unwrap();
    let mut pairs = url::form_urlencoded::parse(form.as_bytes());
    pairs
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
}

#[tokio::test]
async fn a_warning_about_a_document_shows_how_it_was_asked_for_and_what_it_is() {
    let floor = Floor::open().await;
    let call = placed(&floor, Answer::Twiml(TWIML.to_owned())).await;
    let (list, alone) = note(&floor, &call, "12200").await;
    for view in [&list, &alone] {
        assert_eq!(view["request_method"], "POST");
        assert_eq!(view["request_url"], floor.application.url("/voice?lead=7"));
    }
    assert_eq!(
        field(&alone["request_variables"], "CallSid").as_ref(),
        Some(&call)
    );
    assert_eq!(
        field(&alone["response_headers"], "content-type").as_deref(),
        Some("text/xml")
    );
    assert_eq!(alone["response_body"], TWIML);
    for big in ["request_variables", "response_headers", "response_body"] {
        assert_eq!(list[big], Value::Null, "{big} is not in lists");
    }
    floor.close().await;
}

#[tokio::test]
async fn an_error_shows_the_refusal_in_the_applications_words() {
    let floor = Floor::open().await;
    let call = placed(&floor, Answer::Refusal(503, "Out of order")).await;
    let (_, alone) = note(&floor, &call, "11200").await;
    assert_eq!(alone["response_body"], "Out of order");
    let events = floor.get(&format!("Calls/{call}/Events.json")).await;
    let all = events["events"].as_array().unwrap();
    let event = all
        .iter()
        .find(|event| event["response"]["response_code"] == 503)
        .unwrap();
    assert_eq!(event["response"]["response_body"], "Out of order");
    floor.close().await;
}

#[tokio::test]
async fn a_callback_that_is_refused_is_shown_too() {
    let floor = Floor::open().await;
    floor
        .application
        .answers_with("/status", &[Answer::Refusal(404, "No such page")]);
    let call = placed(&floor, Answer::Twiml("<Response><Hangup/></Response>".to_owned())).await;
    let (_, alone) = note(&floor, &call, "15003").await;
    assert_eq!(alone["request_url"], floor.application.url("/status"));
    assert_eq!(
        field(&alone["request_variables"], "CallStatus").as_deref(),
        Some("completed")
    );
    assert_eq!(alone["response_body"], "No such page");
    floor.close().await;
}

#[tokio::test]
async fn a_parameter_that_there_is_not_shows_what_was_asked_of_rest() {
    let floor = Floor::open().await;
    let (status, _) = floor
        .post("Queues.json", &[("FriendlyName", "a"), ("Colour", "green")])
        .await;
    assert_eq!(status, StatusCode::CREATED);
    let notes = floor.get("Notifications.json").await;
    let note = &notes["notifications"][0];
    assert_eq!(note["error_code"], "20001");
    assert_eq!(note["request_method"], "POST");
    assert_eq!(note["request_url"], floor.rest("Queues.json"));
    let path = format!("Notifications/{}.json", note["sid"].as_str().unwrap());
    let alone = floor.get(&path).await;
    assert_eq!(alone["request_variables"], "FriendlyName=a&Colour=green");
    assert_eq!(alone["response_body"], "");
    floor.close().await;
}

#[tokio::test]
async fn the_error_log_repeats_no_passwords() {
    let floor = Floor::open().await;
    let lists = "SIP/CredentialLists.json";
    let (_, list) = floor.post(lists, &[("FriendlyName", "desks")]).await;
    let path = format!(
        "SIP/CredentialLists/{}/Credentials.json",
        list["sid"].as_str().unwrap()
    );
    let form = [
        ("Username", "desk"),
        ("Password", "Twelve-Letters-1"),
        ("Colour", "green"),
    ];
    assert_eq!(floor.post(&path, &form).await.0, StatusCode::CREATED);
    let notes = floor.get("Notifications.json").await;
    let sid = notes["notifications"][0]["sid"].as_str().unwrap();
    let alone = floor.get(&format!("Notifications/{sid}.json")).await;
    assert_eq!(alone["request_variables"], "Username=desk&Colour=green");
    floor.close().await;
}

#[tokio::test]
async fn a_call_shows_its_own_notifications_only() {
    let floor = Floor::open().await;
    let noted = placed(&floor, Answer::Twiml(TWIML.to_owned())).await;
    let (_, note) = note(&floor, &noted, "12200").await;
    let other = placed(&floor, Answer::Twiml("<Response><Hangup/></Response>".to_owned())).await;
    for (call, shown) in [(noted, StatusCode::OK), (other, StatusCode::NOT_FOUND)] {
        let path = format!(
            "Calls/{call}/Notifications/{}.json",
            note["sid"].as_str().unwrap()
        );
        let response = signed_in(floor.client.get(floor.rest(&path))).await;
        assert_eq!(response.status(), shown);
    }
    floor.close().await;
}

#[tokio::test]
async fn a_calls_events_are_its_webhooks_and_their_replies() {
    let floor = Floor::open().await;
    let call = placed(&floor, Answer::Twiml(TWIML.to_owned())).await;
    let events = eventually("all webhooks are there", async || {
        let events = floor.get(&format!("Calls/{call}/Events.json")).await;
        let events = events["events"].as_array().unwrap().clone();
        (events.len() == 5).then_some(events)
    })
    .await;
    let url = floor.application.url("/voice?lead=7");
    let event = events
        .iter()
        .find(|event| event["request"]["url"] == url)
        .unwrap();
    assert_eq!(event["request"]["method"], "POST");
    assert_eq!(event["request"]["parameters"]["call_sid"], call);
    assert_eq!(event["request"]["parameters"]["api_version"], "2010-04-01");
    assert_eq!(event["request"]["parameters"]["to"], PROSPECT);
    let response = &event["response"];
    assert_eq!(response["response_code"], 200);
    assert_eq!(response["content_type"], "text/xml");
    assert_eq!(response["response_body"], TWIML);
    assert!(response["request_duration"].as_i64().unwrap() >= 0);
    assert!(response["date_created"].as_str().unwrap().ends_with("+0000"));
    floor.close().await;
}

#[tokio::test]
async fn a_sip_address_that_is_none_is_noted_once() {
    let floor = Floor::open().await;
    let twiml = "<Response><Dial><Sip>desk</Sip></Dial><Pause length=\"600\"/></Response>";
    floor.listener_at(PROSPECT).await;
    let call = floor.place(&[("Twiml", twiml)]).await;
    floor.wait_for_status(&call, "in-progress").await;
    let notes = floor.get(&format!("Calls/{call}/Notifications.json")).await;
    let notes = notes["notifications"].as_array().unwrap();
    let codes: Vec<&Value> = notes.iter().map(|note| &note["error_code"]).collect();
    assert_eq!(codes, [&json!("13243")]);
    floor.close().await;
}

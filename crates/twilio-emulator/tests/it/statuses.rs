//! What operations answer: 201 for what is made, 200 for what is read or changed, 204 and nothing for what is gone.

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::floor::{ACCOUNT_SID, Floor, OWN_NUMBER, PROSPECT, signed_in};
use crate::time::{advance, virtual_floor};
use crate::twiml::{call_in, number_says};

async fn ask(floor: &Floor, method: Method, path: &str, form: &[(&str, &str)]) -> (StatusCode, Value) {
    let request = floor.client.request(method.clone(), floor.rest(path));
    let request = if method == Method::POST {
        request.form(form)
    } else {
        request
    };
    let response = signed_in(request).await;
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE).cloned();
    let text = response.text().await.unwrap();
    if status == StatusCode::NO_CONTENT {
        assert_eq!(text, "", "{method} {path}");
        return (status, Value::Null);
    }
    assert_eq!(kind.unwrap(), "application/json", "{method} {path}");
    let answer: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{method} {path}: {text}"));
    if status == StatusCode::NOT_FOUND {
        let whole = format!("/2010-04-01/Accounts/{ACCOUNT_SID}/{path}");
        let sentence = format!("The requested resource {whole} was not found");
        assert_eq!(
            (&answer["code"], &answer["message"]),
            (&json!(20404), &json!(sentence))
        );
    }
    (status, answer)
}

/// Makes something, looks at it, changes it and deletes it; gives its SID.
async fn life(floor: &Floor, list: &str, prefix: &str, made: &[(&str, &str)], changed: &[(&str, &str)]) {
    let (status, answer) = ask(floor, Method::POST, list, made).await;
    // A validation is requested, and the caller id is another resource.
    let expected = if list == "OutgoingCallerIds.json" {
        200
    } else {
        201
    };
    assert_eq!(status, expected, "POST {list}: {answer}");
    let key = list.trim_end_matches(".json").rsplit('/').next().unwrap();
    let all = ask(floor, Method::GET, list, &[]).await.1;
    let rows = all.as_object().unwrap().values().find_map(Value::as_array);
    let newest = |row: &&Value| answer["sid"].is_null() || row["sid"] == answer["sid"];
    let row = rows
        .unwrap()
        .iter()
        .find(newest)
        .unwrap_or_else(|| panic!("{list}: {all}"));
    let sid = row["sid"].as_str().unwrap();
    let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    assert!(
        sid.len() == 34 && sid.starts_with(prefix) && sid.bytes().skip(2).all(hex),
        "{key}: {sid}"
    );
    let one = list.replace(".json", &format!("/{sid}.json"));
    for (method, form, expected) in [
        (Method::GET, &[][..], 200),
        (Method::POST, changed, 200),
        (Method::DELETE, &[], 204),
        (Method::GET, &[], 404),
        (Method::DELETE, &[], 404),
    ] {
        if method == Method::POST && form.is_empty() {
            continue;
        }
        let (status, answer) = ask(floor, method.clone(), &one, form).await;
        assert_eq!(status, expected, "{method} {one}: {answer}");
    }
}

#[tokio::test]
async fn from_making_to_deleting() {
    let floor = virtual_floor().await;
    let name = &[("FriendlyName", "renamed")][..];
    for (list, prefix, made) in [
        ("Queues.json", "QU", &[("FriendlyName", "line")][..]),
        ("Applications.json", "AP", &[]),
        (
            "IncomingPhoneNumbers.json",
            "PN",
            &[("PhoneNumber", "+16465550123")],
        ),
        ("OutgoingCallerIds.json", "PN", &[("PhoneNumber", "+16175550123")]),
        ("Keys.json", "SK", &[]),
        (
            "SIP/Domains.json",
            "SD",
            &[("DomainName", "floor.sip.twilio.com")],
        ),
        ("SIP/IpAccessControlLists.json", "AL", &[("FriendlyName", "list")]),
        ("SIP/CredentialLists.json", "CL", &[("FriendlyName", "list")]),
    ] {
        life(&floor, list, prefix, made, name).await;
    }
    floor.listener_at(PROSPECT).await;
    let order = [
        ("To", PROSPECT),
        ("From", OWN_NUMBER),
        ("Twiml", "<Response><Pause length=\"60\"/></Response>"),
    ];
    let (status, call) = ask(&floor, Method::POST, "Calls.json", &order).await;
    assert_eq!(status, 201);
    let call = call["sid"].as_str().unwrap().to_owned();
    let (path, recordings) = (
        format!("Calls/{call}.json"),
        format!("Calls/{call}/Recordings.json"),
    );
    let (status, error) = ask(&floor, Method::DELETE, &path, &[]).await;
    assert_eq!(
        (status, &error["code"]),
        (StatusCode::BAD_REQUEST, &json!(21220)),
        "it is live"
    );
    advance(&floor, 5_000).await;
    let (status, recording) = ask(&floor, Method::POST, &recordings, &[]).await;
    assert_eq!(status, 201);
    let recording = format!("Recordings/{}.json", recording["sid"].as_str().unwrap());
    let under_call = recordings.replace("Recordings.json", &recording);
    advance(&floor, 2_000).await;
    let stop = [("Status", "stopped")];
    assert_eq!(ask(&floor, Method::POST, &under_call, &stop).await.0, 200);
    for (method, path, expected) in [
        (Method::GET, &under_call, 200),
        (Method::DELETE, &recording, 204),
        (Method::DELETE, &recording, 404),
        (Method::POST, &path, 200),
        (Method::DELETE, &path, 204),
        (Method::GET, &path, 404),
        (Method::DELETE, &path, 404),
    ] {
        let (status, answer) = ask(&floor, method.clone(), path, &[("Status", "completed")]).await;
        assert_eq!(status, expected, "{method} {path}: {answer}");
    }
    floor.close().await;
}

#[tokio::test]
async fn members_and_participants() {
    let floor = virtual_floor().await;
    floor.application.says("/out", "<Hangup/>");
    number_says(&floor, "<Enqueue>line</Enqueue>").await;
    call_in(&floor, json!({})).await;
    advance(&floor, 1_000).await;
    let queue = floor.get("Queues.json").await["queues"][0]["sid"].clone();
    let queue = queue.as_str().unwrap();
    let front = format!("Queues/{queue}/Members/Front.json");
    let out = floor.application.url("/out");
    let full = ask(&floor, Method::DELETE, &format!("Queues/{queue}.json"), &[]).await;
    assert_eq!(
        (full.0, &full.1["code"]),
        (StatusCode::BAD_REQUEST, &json!(22002)),
        "somebody waits"
    );
    let nowhere = ask(&floor, Method::POST, &front, &[]).await;
    assert_eq!(
        (nowhere.0, &nowhere.1["code"]),
        (StatusCode::BAD_REQUEST, &json!(21205))
    );
    assert_eq!(ask(&floor, Method::POST, &front, &[("Url", &out)]).await.0, 200);
    assert_eq!(ask(&floor, Method::GET, &front, &[]).await.0, 404);

    let order = [("To", PROSPECT), ("From", OWN_NUMBER)];
    let (status, made) = ask(&floor, Method::POST, "Conferences/desk/Participants.json", &order).await;
    assert_eq!(status, 201);
    let room = made["conference_sid"].as_str().unwrap();
    let one = format!(
        "Conferences/{room}/Participants/{}.json",
        made["call_sid"].as_str().unwrap()
    );
    for (method, form, expected) in [
        (Method::GET, &[][..], 200),
        (Method::POST, &[("Muted", "true")], 200),
        (Method::DELETE, &[], 204),
        (Method::GET, &[], 404),
        (Method::DELETE, &[], 404),
        (Method::POST, &[("Muted", "true")], 404),
    ] {
        let (status, answer) = ask(&floor, method.clone(), &one, form).await;
        assert_eq!(status, expected, "{method} {one}: {answer}");
    }
    floor.close().await;
}

#[tokio::test]
async fn names_that_are_too_long_and_patterns_that_are_too_short() {
    let floor = virtual_floor().await;
    let sixty_four = "n".repeat(64);
    let sixty_five = "n".repeat(65);
    for (path, code) in [
        ("Applications.json", 20001),
        ("Keys.json", 70001),
        ("Queues.json", 22004),
    ] {
        let (status, _) = ask(&floor, Method::POST, path, &[("FriendlyName", &sixty_four)]).await;
        assert_eq!(status, 201, "{path}");
        let (status, error) = ask(&floor, Method::POST, path, &[("FriendlyName", &sixty_five)]).await;
        assert_eq!(
            (status, &error["code"]),
            (StatusCode::BAD_REQUEST, &json!(code)),
            "{path}"
        );
    }
    for (number, name, expected) in [
        ("+16465550123", &sixty_four, 201),
        ("+16465550124", &sixty_five, 400),
    ] {
        let form = [("PhoneNumber", number), ("FriendlyName", name)];
        assert_eq!(
            ask(&floor, Method::POST, "IncomingPhoneNumbers.json", &form)
                .await
                .0,
            expected
        );
    }
    for (pattern, expected) in [
        ("5", 400),
        ("55", 200),
        ("1415555010555555", 200),
        ("14155550105555555", 400),
    ] {
        let path = format!("AvailablePhoneNumbers/US/Local.json?Contains={pattern}");
        assert_eq!(
            ask(&floor, Method::GET, &path, &[]).await.0,
            expected,
            "{pattern}"
        );
    }
    floor.close().await;
}

//! Every field of every resource of the API of 2010: its name, its type, and what it is while nothing is known.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::floor::{ACCOUNT_SID, API_KEY_SID, AUTH_TOKEN, Floor, OWN_NUMBER, PROSPECT, signed_in};
use crate::time::{advance, virtual_floor};
use crate::twiml::call_in;

/// When the virtual clock starts.
const START: &str = "Mon, 05 Jan 2026 15:00:00 +0000";
const ROOT: &str = "/2010-04-01/Accounts/ACCOUNT";

/// The answer with the names of this run replaced, each by its word.
fn masked(answer: &Value, names: &[(&str, &str)]) -> Value {
    let mut text = answer.to_string().replace(ACCOUNT_SID, "ACCOUNT");
    for (name, word) in names {
        text = text.replace(name, word);
    }
    serde_json::from_str(&text).unwrap()
}

/// `own` with `more` in it.
fn with(mut own: Value, more: Value) -> Value {
    let Value::Object(more) = more else {
        panic!("no fields: {more}")
    };
    own.as_object_mut().unwrap().extend(more);
    own
}

fn sid(answer: &Value) -> &str {
    let sid = answer["sid"].as_str().unwrap();
    let (prefix, digits) = sid.split_at(2);
    assert!(prefix.bytes().all(|byte| byte.is_ascii_uppercase()), "{sid}");
    let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    assert!(digits.len() == 32 && digits.bytes().all(hex), "{sid}");
    sid
}

async fn own_number(floor: &Floor) -> Value {
    let numbers = floor
        .get("IncomingPhoneNumbers.json?PhoneNumber=%2B12025550100")
        .await;
    numbers["incoming_phone_numbers"][0].clone()
}

fn call(status: &str) -> Value {
    let part = |name: &str| json!(format!("{ROOT}/Calls/CALL/{name}.json"));
    json!({
        "sid": "CALL", "account_sid": "ACCOUNT", "parent_call_sid": null, "phone_number_sid": "NUMBER",
        "to": PROSPECT, "to_formatted": "(312) 555-0142", "from": OWN_NUMBER, "from_formatted": "(202) 555-0100",
        "status": status, "start_time": null, "end_time": null, "duration": null,
        "price": null, "price_unit": "USD", "direction": "outbound-api", "answered_by": null,
        "api_version": "2010-04-01", "forwarded_from": null, "caller_name": null, "group_sid": null,
        "trunk_sid": null, "queue_time": "0", "date_created": START, "date_updated": START,
        "uri": format!("{ROOT}/Calls/CALL.json"),
        "subresource_uris": {
            "events": part("Events"), "notifications": part("Notifications"), "payments": part("Payments"),
            "recordings": part("Recordings"), "siprec": part("Siprec"), "streams": part("Streams"),
            "transcriptions": part("Transcriptions"),
            "user_defined_message_subscriptions": part("UserDefinedMessageSubscriptions"),
            "user_defined_messages": part("UserDefinedMessages"),
        },
    })
}

#[tokio::test]
async fn a_call_from_the_queue_to_its_price() {
    let floor = virtual_floor().await;
    floor.persona_at(PROSPECT, "brisk").await;
    let number = own_number(&floor).await;
    let form = [
        ("To", PROSPECT),
        ("From", OWN_NUMBER),
        ("Twiml", "<Response><Pause length=\"10\"/></Response>"),
        ("MachineDetection", "Enable"),
    ];
    let (status, placed) = floor.post("Calls.json", &form).await;
    assert_eq!(status, StatusCode::CREATED);
    let names = [(sid(&placed), "CALL"), (sid(&number), "NUMBER")];
    assert_eq!(masked(&placed, &names), call("queued"));
    let path = format!("Calls/{}.json", sid(&placed));

    advance(&floor, 100).await;
    let dialled = masked(&floor.get(&path).await, &names);
    let expected = with(call("queued"), json!({ "start_time": START }));
    assert_eq!(
        dialled, expected,
        "REST has no word for a call that does not ring yet"
    );

    advance(&floor, 120_000).await;
    let over = masked(&floor.get(&path).await, &names);
    let last = json!({
        "start_time": START, "end_time": over["end_time"], "date_updated": over["end_time"], "duration": over["duration"],
        "price": "-0.01400", "answered_by": "human",
    });
    assert_eq!(over, with(call("completed"), last));
    let seconds: u32 = over["duration"].as_str().unwrap().parse().unwrap();
    assert!((10..20).contains(&seconds), "{seconds}");
    let end = over["end_time"].as_str().unwrap();
    assert!(
        end.starts_with("Mon, 05 Jan 2026 15:00:") && end.ends_with(" +0000"),
        "{end}"
    );
    let all = floor.get("Calls.json").await;
    assert_eq!(
        masked(&all["calls"], &names),
        json!([over]),
        "a list has the same"
    );
    floor.close().await;
}

#[tokio::test]
async fn calls_from_people_and_legs_of_a_dial() {
    let floor = virtual_floor().await;
    floor.listener_at(PROSPECT).await;
    let dial = format!("<Dial callerId=\"{OWN_NUMBER}\">{PROSPECT}</Dial>");
    crate::twiml::number_says(&floor, &dial).await;
    let order = json!({ "from": "+14155550177", "forwarded_from": "+16175550123" });
    let inbound = call_in(&floor, order).await;
    advance(&floor, 5_000).await;
    let number = own_number(&floor).await;
    let names = [(sid(&inbound), "CALL"), (sid(&number), "NUMBER")];
    let path = format!("Calls/{}.json", sid(&inbound));
    let view = floor.get(&path).await;
    let came_in = json!({
        "direction": "inbound", "from": "+14155550177", "from_formatted": "(415) 555-0177", "to": OWN_NUMBER,
        "to_formatted": "(202) 555-0100", "forwarded_from": "+16175550123", "start_time": START,
    });
    assert_eq!(masked(&view, &names), with(call("in-progress"), came_in));
    let children = floor
        .get(&format!("Calls.json?ParentCallSid={}", sid(&inbound)))
        .await;
    let child = &children["calls"][0];
    let names = [
        (sid(child), "CALL"),
        (sid(&inbound), "PARENT"),
        (sid(&number), "NUMBER"),
    ];
    let dialled = json!({
        "direction": "outbound-dial", "parent_call_sid": "PARENT", "start_time": START,
        "date_updated": child["date_updated"],
    });
    assert_eq!(masked(child, &names), with(call("in-progress"), dialled));
    floor.close().await;
}

#[tokio::test]
async fn a_conference_its_participants_and_its_recording() {
    let floor = virtual_floor().await;
    floor.listener_at(PROSPECT).await;
    let form = [("To", PROSPECT), ("From", OWN_NUMBER)];
    let (status, first) = floor.post("Conferences/desk/Participants.json", &form).await;
    assert_eq!(status, StatusCode::CREATED);
    let room = first["conference_sid"].as_str().unwrap();
    let names = [(first["call_sid"].as_str().unwrap(), "CALL"), (room, "ROOM")];
    let participant = json!({
        "account_sid": "ACCOUNT", "call_sid": "CALL", "conference_sid": "ROOM", "label": null,
        "muted": false, "hold": false, "coaching": false, "call_sid_to_coach": null,
        "start_conference_on_enter": true, "end_conference_on_exit": false, "status": "queued", "queue_time": "0",
        "date_created": START, "date_updated": START,
        "uri": format!("{ROOT}/Conferences/ROOM/Participants/CALL.json"),
    });
    assert_eq!(masked(&first, &names), participant);
    let conference = json!({
        "sid": "ROOM", "account_sid": "ACCOUNT", "friendly_name": "desk", "status": "init", "region": "us1",
        "reason_conference_ended": null, "call_sid_ending_conference": null, "api_version": "2010-04-01",
        "date_created": START, "date_updated": START,
        "uri": format!("{ROOT}/Conferences/ROOM.json"),
        "subresource_uris": {
            "participants": format!("{ROOT}/Conferences/ROOM/Participants.json"),
            "recordings": format!("{ROOT}/Conferences/ROOM/Recordings.json"),
        },
    });
    let path = format!("Conferences/{room}.json");
    assert_eq!(masked(&floor.get(&path).await, &names), conference);

    let one = format!("Conferences/{room}/Participants/{}.json", names[0].0);
    let status = async || floor.get(&one).await["status"].clone();
    advance(&floor, 100).await;
    assert_eq!(status().await, "connecting");
    advance(&floor, 2_000).await;
    assert_eq!(status().await, "connected");
    floor.listener_at("+13125550143").await;
    let other = [("To", "+13125550143"), ("From", OWN_NUMBER), ("Label", "rep")];
    floor.post("Conferences/desk/Participants.json", &other).await;
    advance(&floor, 2_000).await;
    let at = "Mon, 05 Jan 2026 15:00:04 +0000";
    let dual = [("RecordingChannels", "dual"), ("RecordingTrack", "inbound")];
    let (status, made) = floor
        .post(&format!("Conferences/{room}/Recordings.json"), &dual)
        .await;
    assert_eq!(status, StatusCode::CREATED);
    let uri = format!("{ROOT}/Recordings/RECORDING");
    let recording = json!({
        "sid": "RECORDING", "account_sid": "ACCOUNT", "call_sid": null, "conference_sid": "ROOM",
        "api_version": "2010-04-01", "status": "in-progress", "source": "StartConferenceRecordingAPI",
        "channels": 1, "track": "inbound", "start_time": at, "duration": null, "price": null, "price_unit": "USD",
        "error_code": null, "encryption_details": null,
        "media_url": format!("{}{uri}", floor.url("")),
        "date_created": at, "date_updated": at, "uri": format!("{uri}.json"),
        "subresource_uris": {
            "add_on_results": format!("{uri}/AddOnResults.json"),
            "transcriptions": format!("{uri}/Transcriptions.json"),
        },
    });
    let names = [(sid(&made), "RECORDING"), (room, "ROOM")];
    assert_eq!(masked(&made, &names), recording);
    advance(&floor, 7_000).await;
    floor.post(&path, &[("Status", "completed")]).await;
    let done = masked(
        &floor.get(&format!("Recordings/{}.json", sid(&made))).await,
        &names,
    );
    let end = "Mon, 05 Jan 2026 15:00:11 +0000";
    let last = json!({ "status": "completed", "duration": "7", "date_updated": end });
    assert_eq!(done, with(recording, last));
    floor.close().await;
}

#[tokio::test]
async fn numbers_owned_and_to_be_had() {
    let floor = virtual_floor().await;
    let number = own_number(&floor).await;
    let post = json!("POST");
    let expected = json!({
        "sid": "NUMBER", "account_sid": "ACCOUNT", "phone_number": OWN_NUMBER, "friendly_name": "(202) 555-0100",
        "api_version": "2010-04-01", "voice_url": null, "voice_method": post, "voice_fallback_url": null,
        "voice_fallback_method": post, "status_callback": null, "status_callback_method": post,
        "voice_caller_id_lookup": false, "voice_application_sid": null, "trunk_sid": null,
        "voice_receive_mode": "voice", "sms_url": null, "sms_method": post, "sms_fallback_url": null,
        "sms_fallback_method": post, "sms_application_sid": null, "address_requirements": "none",
        "address_sid": null, "bundle_sid": null, "identity_sid": null, "emergency_status": "Active",
        "emergency_address_sid": null, "emergency_address_status": "unregistered", "beta": false, "origin": "twilio",
        "status": "in-use", "type": "local",
        "capabilities": { "voice": true, "sms": false, "mms": false, "fax": false },
        "date_created": START, "date_updated": START,
        "uri": format!("{ROOT}/IncomingPhoneNumbers/NUMBER.json"),
    });
    assert_eq!(masked(&number, &[(sid(&number), "NUMBER")]), expected);
    let found = floor
        .get("AvailablePhoneNumbers/US/Local.json?AreaCode=415&PageSize=1")
        .await;
    let expected = json!({
        "available_phone_numbers": [{
            "phone_number": "+14155550101", "friendly_name": "(415) 555-0101", "iso_country": "US", "region": "CA",
            "locality": "San Francisco", "rate_center": "SAN FRANCISCO", "lata": null, "latitude": 37.77,
            "longitude": -122.42, "postal_code": "94105", "address_requirements": "none", "beta": false,
            "capabilities": { "voice": true, "sms": false, "mms": false, "fax": false },
        }],
        "uri": format!("{ROOT}/AvailablePhoneNumbers/US/Local.json"),
    });
    assert_eq!(masked(&found, &[]), expected);
    let (_, asked) = floor
        .post("OutgoingCallerIds.json", &[("PhoneNumber", "+16175550123")])
        .await;
    let code = asked["validation_code"].as_str().unwrap();
    assert!(code.len() == 6 && code.parse::<u32>().is_ok(), "{code}");
    let expected = json!({
        "account_sid": "ACCOUNT", "call_sid": asked["call_sid"], "friendly_name": "(617) 555-0123",
        "phone_number": "+16175550123", "validation_code": code,
    });
    assert_eq!(masked(&asked, &[]), expected);
    let ids = floor.get("OutgoingCallerIds.json").await;
    let id = &ids["outgoing_caller_ids"][0];
    let expected = json!({
        "sid": "ID", "account_sid": "ACCOUNT", "phone_number": "+16175550123", "friendly_name": "(617) 555-0123",
        "date_created": START, "date_updated": START, "uri": format!("{ROOT}/OutgoingCallerIds/ID.json"),
    });
    assert_eq!(masked(id, &[(sid(id), "ID")]), expected);
    floor.close().await;
}

#[tokio::test]
async fn queues_and_who_waits_in_them() {
    let floor = virtual_floor().await;
    let (_, queue) = floor.post("Queues.json", &[("FriendlyName", "sales")]).await;
    let expected = json!({
        "sid": "QUEUE", "account_sid": "ACCOUNT", "friendly_name": "sales", "current_size": 0, "max_size": 1_000,
        "average_wait_time": 0, "date_created": START, "date_updated": START,
        "uri": format!("{ROOT}/Queues/QUEUE.json"),
        "subresource_uris": { "members": format!("{ROOT}/Queues/QUEUE/Members.json") },
    });
    let name = (sid(&queue), "QUEUE");
    assert_eq!(masked(&queue, &[name]), expected);
    crate::twiml::number_says(&floor, "<Enqueue>sales</Enqueue>").await;
    let caller = call_in(&floor, json!({})).await;
    advance(&floor, 30_000).await;
    let member = floor.get(&format!("Queues/{}/Members/Front.json", name.0)).await;
    let call = caller["sid"].as_str().unwrap();
    let expected_member = json!({
        "call_sid": "CALL", "queue_sid": "QUEUE", "date_enqueued": START, "position": 1, "wait_time": 30,
        "uri": format!("{ROOT}/Queues/QUEUE/Members/CALL.json"),
    });
    assert_eq!(masked(&member, &[name, (call, "CALL")]), expected_member);
    floor
        .post(&format!("Calls/{call}.json"), &[("Status", "completed")])
        .await;
    let view = masked(&floor.get(&format!("Queues/{}.json", name.0)).await, &[name]);
    assert_eq!(view, with(expected, json!({ "average_wait_time": 30 })));
    floor.close().await;
}

#[tokio::test]
async fn accounts_and_keys() {
    let floor = virtual_floor().await;
    let account = signed_in(
        floor
            .client
            .get(floor.url(&format!("/2010-04-01/Accounts/{ACCOUNT_SID}.json"))),
    )
    .await;
    let account = masked(&account.json().await.unwrap(), &[]);
    let part = |name: &str| json!(format!("{ROOT}/{name}.json"));
    let expected = json!({
        "sid": "ACCOUNT", "owner_account_sid": "ACCOUNT", "friendly_name": "The main account", "status": "active",
        "type": "Full", "auth_token": AUTH_TOKEN, "date_created": START, "date_updated": START,
        "uri": format!("{ROOT}.json"),
        "subresource_uris": {
            "available_phone_numbers": part("AvailablePhoneNumbers"), "calls": part("Calls"),
            "conferences": part("Conferences"), "incoming_phone_numbers": part("IncomingPhoneNumbers"),
            "notifications": part("Notifications"), "outgoing_caller_ids": part("OutgoingCallerIds"),
            "recordings": part("Recordings"), "transcriptions": part("Transcriptions"),
        },
    });
    assert_eq!(account, expected);

    let (status, made) = floor.post("Keys.json", &[("FriendlyName", "a key")]).await;
    assert_eq!(status, StatusCode::CREATED);
    let key = json!({ "sid": "KEY", "friendly_name": "a key", "date_created": START, "date_updated": START });
    let secret = made["secret"].as_str().unwrap();
    assert_eq!(secret.len(), 32);
    let names = [(sid(&made), "KEY")];
    assert_eq!(
        masked(&made, &names),
        with(key.clone(), json!({ "secret": secret }))
    );
    let again = floor.get(&format!("Keys/{}.json", sid(&made))).await;
    assert_eq!(masked(&again, &names), key, "the secret is told once");
    let all = floor.get("Keys.json").await["keys"].clone();
    assert_eq!(
        (all[0]["sid"].as_str(), all[0].get("secret")),
        (Some(API_KEY_SID), None)
    );

    floor.close().await;
}

#[tokio::test]
async fn applications_and_notifications() {
    let floor = virtual_floor().await;
    let form = [
        ("FriendlyName", "floor"),
        ("VoiceUrl", "https://example.com/"),
        ("ApiVersion", "2010-04-01"),
    ];
    let (_, application) = floor.post("Applications.json", &form).await;
    let post = json!("POST");
    let expected = json!({
        "sid": "APPLICATION", "account_sid": "ACCOUNT", "friendly_name": "floor", "api_version": "2010-04-01",
        "voice_url": "https://example.com/", "voice_method": post, "voice_fallback_url": null,
        "voice_fallback_method": post, "voice_caller_id_lookup": false, "status_callback": null,
        "status_callback_method": post, "sms_url": null, "sms_method": post, "sms_fallback_url": null,
        "sms_fallback_method": post, "sms_status_callback": null, "message_status_callback": null,
        "public_application_connect_enabled": false, "date_created": START, "date_updated": START,
        "uri": format!("{ROOT}/Applications/APPLICATION.json"),
    });
    assert_eq!(
        masked(&application, &[(sid(&application), "APPLICATION")]),
        expected
    );
    assert_eq!(
        floor.get("Notifications.json").await["notifications"],
        json!([]),
        "ApiVersion is known"
    );

    floor.post("Keys.json", &[("Colour", "green")]).await;
    let note = floor.get("Notifications.json").await["notifications"][0].clone();
    let expected = json!({
        "sid": "NOTE", "account_sid": "ACCOUNT", "call_sid": null, "api_version": "2010-04-01", "log": "1",
        "error_code": "20001", "more_info": "https://www.twilio.com/docs/errors/20001",
        "message_text": note["message_text"], "message_date": START, "request_method": "POST",
        "request_url": floor.rest("Keys.json"),
        "date_created": START, "date_updated": START, "uri": format!("{ROOT}/Notifications/NOTE.json"),
    });
    assert_eq!(masked(&note, &[(sid(&note), "NOTE")]), masked(&expected, &[]));
    floor.close().await;
}

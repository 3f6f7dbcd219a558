//! Forms, paths, pages and credentials.

use proptest::prelude::*;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{cases, one_of, refused_as_twilio_does, request, send_raw, still_calls};
use crate::floor::{ACCOUNT_SID, AUTH_TOKEN, Floor, OWN_NUMBER, PROSPECT};

/// Every path of REST; `{}` is where a name stands.
const PATHS: [&str; 32] = [
    "Calls.json",
    "Calls/{}.json",
    "Calls/{}/Events.json",
    "Calls/{}/Notifications.json",
    "Calls/{}/Notifications/{}.json",
    "Calls/{}/Recordings.json",
    "Calls/{}/Recordings/{}.json",
    "Calls/{}/UserDefinedMessages.json",
    "Calls/{}/UserDefinedMessageSubscriptions.json",
    "Calls/{}/UserDefinedMessageSubscriptions/{}.json",
    "Recordings.json",
    "Recordings/{}.json",
    "Recordings/{}.wav",
    "Recordings/{}",
    "Conferences.json",
    "Conferences/{}.json",
    "Conferences/{}/Participants.json",
    "Conferences/{}/Participants/{}.json",
    "Conferences/{}/Recordings.json",
    "Queues.json",
    "Queues/{}.json",
    "Queues/{}/Members/{}.json",
    "IncomingPhoneNumbers.json",
    "IncomingPhoneNumbers/{}.json",
    "AvailablePhoneNumbers/{}/Local.json",
    "AvailablePhoneNumbers/US/{}.json",
    "OutgoingCallerIds/{}.json",
    "Applications/{}.json",
    "Keys/{}.json",
    "Notifications/{}.json",
    "Usage/Records.json",
    "{}/{}",
];

/// What stands where a name belongs.
fn names() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("CA00000000000000000000000000000000".to_owned()),
        Just("CF00000000000000000000000000000000".to_owned()),
        Just("Twilio.CURRENT".to_owned()),
        Just("Front".to_owned()),
        Just("%2e%2e%2f%2e%2e".to_owned()),
        Just("%00".to_owned()),
        Just("%ff%fe".to_owned()),
        Just("%".to_owned()),
        Just("%zz".to_owned()),
        Just("..".to_owned()),
        Just("C%C3%A9%F0%9F%98%80".to_owned()),
        Just("C%C3%A9".to_owned()),
        Just("-1".to_owned()),
        Just("A".repeat(4_000)),
        "[A-Z]{2}[0-9a-f]{0,40}",
    ]
}

/// Names that mean something, and some that do not.
fn parameters() -> impl Strategy<Value = String> {
    let known = "To From Url Method Twiml ApplicationSid StatusCallback StatusCallbackEvent StatusCallbackMethod \
        Timeout TimeLimit SendDigits MachineDetection AsyncAmd MachineDetectionTimeout \
        AsyncAmdStatusCallback Record RecordingChannels Trim Status Muted Hold HoldUrl Coaching \
        CallSidToCoach AnnounceUrl FriendlyName MaxSize PhoneNumber AreaCode Contains VoiceUrl \
        VoiceApplicationSid AccountSid PageSize Page PageToken StartTime StartTime> DateCreated< \
        Distance NearLatLong Content PauseBehavior RequestedChannels ConferenceStatusCallbackEvent Label \
        MaxParticipants";
    prop_oneof![
        8 => one_of(known),
        1 => any::<String>(),
    ]
}

fn values() -> impl Strategy<Value = String> {
    let odd = "0 -1 1e9 18446744073709551616 -9223372036854775809 NaN true TRUE maybe +13125550142 client: \
        client:a?b=c&d client:\u{202e} sip:x@127.0.0.1 app:AP0 http://127.0.0.1:1/ \
        http://127.0.0.1:1/#rc=99&rt=-1&tt=x&rp=all,,&ct=1e9 http://\u{0}/ http://a_b/ ftp://127.0.0.1/ \
        http://[::1 // javascript:alert(1) <Response/> <Response><Dial> completed canceled in-progress \
        paused stopped Enable DetectMessageEnd dual 9999-12-31 -009999-01-01 2026-02-30 \
        0000-00-00T00:00:00Z 9999-12-31T23:59:59.999999999Z PACA00000000000000000000000000000000 PA PA-1 \
        0,0 91,181 wW*# 1234567890123456789012345678901234";
    prop_oneof![
        6 => one_of(odd),
        1 => Just(OWN_NUMBER.to_owned()),
        1 => " ?",
        1 => any::<String>(),
        1 => (1_usize..5_000).prop_map(|count| "x".repeat(count)),
    ]
}

fn forms() -> impl Strategy<Value = String> {
    let encoded = prop::collection::vec((parameters(), values()), 0..8).prop_map(|pairs| {
        url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish()
    });
    prop_oneof![
        8 => encoded,
        1 => "[&=%+a-zA-Z0-9]{0,60}",
        1 => Just("To=%&From=%zz&%=%ff&&&==&Url".to_owned()),
        1 => Just("To=%2B13125550142&".repeat(2_000)),
        1 => Just("{\"To\":\"+13125550142\"}".to_owned()),
        1 => Just("PageSize=1&".repeat(5_000)),
    ]
}

fn requests() -> impl Strategy<Value = Vec<u8>> {
    let kinds = [
        "application/x-www-form-urlencoded",
        "application/json",
        "multipart/form-data; boundary=x",
        "text/plain; charset=utf-16",
        "\u{e9}",
    ];
    let path = (
        prop::sample::select(&PATHS[..]),
        names(),
        names(),
        forms(),
        any::<bool>(),
    );
    let methods = prop_oneof![
        6 => Just("POST".to_owned()),
        3 => Just("GET".to_owned()),
        2 => one_of("GET POST DELETE PUT PATCH HEAD OPTIONS BREW"),
    ];
    (methods, path, prop::sample::select(kinds.to_vec()), forms()).prop_map(|(method, path, kind, body)| {
        let (path, first, second, query, with_query) = path;
        let path = path.replacen("{}", &first, 1).replace("{}", &second);
        let query = if with_query && query.len() < 8_000 {
            format!("?{query}")
        } else {
            String::new()
        };
        let body = if method == "GET" { String::new() } else { body };
        let path = format!("/2010-04-01/Accounts/{ACCOUNT_SID}/{path}{query}");
        request(&method, &path, kind, body.as_bytes())
    })
}

#[test]
fn no_request_gets_anything_but_twilios_answers() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let floor = runtime.block_on(Floor::open());
    cases(1_500, &requests(), |request| {
        let reply = runtime.block_on(send_raw(&floor, &request));
        let reply = reply.unwrap_or_else(|| panic!("no answer to {}", String::from_utf8_lossy(&request)));
        if !request.starts_with(b"HEAD") {
            // What is no HTTP at all is refused before anybody can be polite about it.
            let gateway = reply.status == 400 && reply.body.is_empty();
            assert!(gateway || refused_as_twilio_does(&reply).is_some() || reply.status < 400);
        }
    });
    runtime.block_on(async {
        still_calls(&floor).await;
        floor.close().await;
    });
}

async fn refusal(floor: &Floor, request: &[u8]) -> (u16, Option<u64>) {
    let reply = send_raw(floor, request).await.unwrap();
    (reply.status, refused_as_twilio_does(&reply))
}

#[tokio::test]
async fn what_does_not_exist_is_404_and_a_wrong_method_405() {
    let floor = Floor::open().await;
    let form = "application/x-www-form-urlencoded";
    let root = format!("/2010-04-01/Accounts/{ACCOUNT_SID}");
    for (method, path, expected) in [
        ("GET", format!("{root}/Nonsense.json"), (404, Some(20404))),
        ("GET", format!("{root}/Calls/%ff.json"), (404, Some(20404))),
        ("GET", "/2010-04-02/Accounts.json".to_owned(), (404, Some(20404))),
        ("GET", "/%ff".to_owned(), (404, Some(20404))),
        ("PUT", format!("{root}/Calls.json"), (405, Some(20004))),
        ("DELETE", format!("{root}/Calls.json"), (405, Some(20004))),
        ("GET", "/emulator/reset".to_owned(), (405, Some(20004))),
    ] {
        let answer = refusal(&floor, &request(method, &path, form, b"")).await;
        assert_eq!(answer, expected, "{method} {path}");
    }
    floor.close().await;
}

#[tokio::test]
async fn bodies_have_a_limit_and_reads_have_none() {
    let floor = Floor::open().await;
    let path = format!("/2010-04-01/Accounts/{ACCOUNT_SID}/Calls.json");
    let form = "application/x-www-form-urlencoded";
    let large = vec![b'x'; 10 * 1024 * 1024];
    assert_eq!(
        refusal(&floor, &request("POST", &path, form, &large)).await,
        (413, Some(20413))
    );
    assert_eq!(
        refusal(&floor, &request("GET", &path, form, b"To=x")).await,
        (403, Some(20403))
    );

    let head = String::from_utf8(request("POST", &path, form, b"")).unwrap();
    let chunked = head.replace("Content-Length: 0", "Transfer-Encoding: chunked");
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x1_0000));
    let endless = format!("{chunked}{}0\r\n\r\n", chunk.repeat(20));
    assert_eq!(refusal(&floor, endless.as_bytes()).await, (413, Some(20413)));
    still_calls(&floor).await;
    floor.close().await;
}

#[tokio::test]
async fn pages_that_make_no_sense_are_still_pages() {
    let floor = Floor::open().await;
    for number in 0..3 {
        let to = format!("+1312555014{number}");
        floor
            .post(
                "Calls.json",
                &[
                    ("To", to.as_str()),
                    ("From", OWN_NUMBER),
                    ("Twiml", "<Response/>"),
                ],
            )
            .await;
    }
    let huge = u64::MAX.to_string();
    for (query, size, rows) in [
        ("PageSize=0".to_owned(), 1, 1),
        ("PageSize=1001".to_owned(), 1_000, 3),
        ("PageSize=-1".to_owned(), 50, 3),
        ("PageSize=many".to_owned(), 50, 3),
        (format!("PageSize={huge}&Page={huge}"), 1_000, 0),
        (format!("Page={huge}"), 50, 0),
        ("PageSize=2&Page=1&PageToken=PAforged".to_owned(), 2, 1),
        ("PageToken=PA%00".to_owned(), 50, 3),
    ] {
        let page = floor.get(&format!("Calls.json?{query}")).await;
        assert_eq!(page["page_size"], size, "{query}");
        assert_eq!(page["calls"].as_array().unwrap().len(), rows, "{query}");
        let ends = rows < size && query != "PageSize=0";
        assert_eq!(page["next_page_uri"].is_null(), ends, "{query}");
    }
    floor.close().await;
}

#[tokio::test]
async fn only_whole_and_right_credentials_open_the_door() {
    let floor = Floor::open().await;
    let path = format!("/2010-04-01/Accounts/{ACCOUNT_SID}/Calls.json");
    let good = String::from_utf8(request("GET", &path, "text/plain", b"")).unwrap();
    let line = good
        .lines()
        .find(|line| line.starts_with("Authorization"))
        .unwrap();
    for bad in [
        "X: y",
        "Authorization: Basic",
        "Authorization: Basic ====",
        "Authorization: Basic QUM=",
        "Authorization: Basic /////w==",
        "Authorization: Bearer x",
        "Authorization: Digest username=\"x\"",
        "Authorization: \u{7f}",
    ] {
        let reply = send_raw(&floor, good.replace(line, bad).as_bytes())
            .await
            .unwrap();
        assert!(matches!(reply.status, 400 | 401), "{bad}: {reply:?}");
        assert!(
            reply.body.is_empty() || refused_as_twilio_does(&reply) == Some(20003),
            "{bad}"
        );
    }
    let any_case = good.replace("Authorization: Basic", "authorization: bAsIc");
    assert_eq!(send_raw(&floor, any_case.as_bytes()).await.unwrap().status, 200);
    let strange = path.replace(ACCOUNT_SID, "AC00000000000000000000000000000000");
    let answer = refusal(&floor, &request("GET", &strange, "text/plain", b"")).await;
    assert_eq!(answer, (401, Some(20003)));
    floor.close().await;
}

/// Asks as a subaccount.
async fn ask_as(floor: &Floor, (user, token): (&str, &str), method: &str, path: &str) -> (StatusCode, Value) {
    let url = floor.url(&format!("/2010-04-01/Accounts/{path}"));
    let request = floor.client.request(method.parse().unwrap(), url);
    let request = request.basic_auth(user, Some(token)).form(&[
        ("To", PROSPECT),
        ("From", OWN_NUMBER),
        ("Twiml", "<Response/>"),
    ]);
    let response = if method == "GET" {
        let url = floor.url(&format!("/2010-04-01/Accounts/{path}"));
        floor.client.get(url).basic_auth(user, Some(token)).send().await
    } else {
        request.send().await
    };
    let response = response.unwrap();
    (response.status(), response.json().await.unwrap())
}

#[tokio::test]
async fn a_suspended_account_does_nothing() {
    let floor = Floor::open().await;
    let main = (ACCOUNT_SID, AUTH_TOKEN);
    let accounts = floor.url("/2010-04-01/Accounts.json");
    let made = floor
        .client
        .post(accounts)
        .basic_auth(main.0, Some(main.1))
        .send()
        .await;
    let made: Value = made.unwrap().json().await.unwrap();
    let sid = made["sid"].as_str().unwrap();
    let own = (sid, made["auth_token"].as_str().unwrap());
    let calls = format!("{sid}/Calls.json");
    assert_eq!(ask_as(&floor, own, "GET", &calls).await.0, StatusCode::OK);
    for standing in ["suspended", "closed"] {
        let path = floor.url(&format!("/2010-04-01/Accounts/{sid}.json"));
        let change = floor.client.post(path).basic_auth(main.0, Some(main.1));
        let changed = change.form(&[("Status", standing)]).send().await.unwrap();
        assert_eq!(changed.status(), StatusCode::OK);
        for (who, method) in [(own, "GET"), (own, "POST"), (main, "POST")] {
            let (status, body) = ask_as(&floor, who, method, &calls).await;
            assert_eq!(
                (status.as_u16(), &body["code"]),
                (401, &json!(20005)),
                "{standing} {method}"
            );
        }
        let seen = ask_as(&floor, main, "GET", &format!("{sid}.json")).await;
        assert_eq!(seen.1["status"], standing);
    }
    let elsewhere = ask_as(&floor, own, "GET", &format!("{ACCOUNT_SID}/Calls.json")).await;
    assert_eq!(elsewhere.0, StatusCode::UNAUTHORIZED);
    floor.close().await;
}

//! What an application answers when it has lost its mind.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{cases, refused_as_twilio_does, request, send_raw, still_calls};
use crate::floor::{Floor, PROSPECT};
use crate::time::{advance, virtual_floor};

/// Serves every connection these bytes, and as many `more` as it takes.
async fn application(reply: Vec<u8>, more: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let reply = match String::from_utf8(reply) {
        Ok(text) => text.replace("{base}", &base).into_bytes(),
        Err(bytes) => bytes.into_bytes(),
    };
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (reply, more) = (reply.clone(), more.clone());
            tokio::spawn(async move {
                let mut request = [0; 4_096];
                let _ = stream.read(&mut request).await;
                if stream.write_all(&reply).await.is_err() || more.is_empty() {
                    return;
                }
                // Too slow ever to end, and too much ever to be kept.
                let mut pace = tokio::time::interval(Duration::from_micros(100));
                while stream.write_all(&more).await.is_ok() {
                    pace.tick().await;
                }
            });
        }
    });
    base
}

fn head(rest: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\n{rest}\r\n").into_bytes()
}

/// A whole reply.
fn file(kind: &str, bytes: &[u8]) -> Vec<u8> {
    let rest = format!(
        "Content-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n",
        bytes.len()
    );
    [&head(&rest), bytes].concat()
}

#[tokio::test]
async fn whatever_an_application_answers_the_call_ends_with_a_code() {
    let floor = Floor::open().await;
    floor.listener_at(PROSPECT).await;
    let xml = "Content-Type: text/xml\r\n";
    let endless = (
        head(&format!("{xml}Transfer-Encoding: chunked\r\n")),
        b"400\r\n".to_vec(),
    );
    let chunk = [b"400\r\n".to_vec(), vec![b'x'; 0x400], b"\r\n".to_vec()].concat();
    for (what, reply, more, code) in [
        ("endless", endless.0, chunk, "11750"),
        ("drip", head(xml), b" ".to_vec(), "11750"),
        (
            "cut short",
            head(&format!("{xml}Content-Length: 500\r\n")),
            vec![],
            "11206",
        ),
        ("no HTTP", b"220 mail.example ESMTP\r\n".to_vec(), vec![], "11206"),
        ("nothing", Vec::new(), vec![], "11206"),
        (
            "circle",
            b"HTTP/1.1 302 Found\r\nLocation: {base}/\r\nContent-Length: 0\r\n\r\n".to_vec(),
            vec![],
            "11215",
        ),
        (
            "nowhere",
            b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n".to_vec(),
            vec![],
            "12300",
        ),
        (
            "a picture",
            head("Content-Type: image/png\r\nContent-Length: 3\r\n\r\nabc"),
            vec![],
            "12300",
        ),
        (
            "gzip",
            head(&format!(
                "{xml}Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\u{1f}abc"
            )),
            vec![],
            "12100",
        ),
        (
            "not UTF-8",
            [
                head(&format!("{xml}Content-Length: 4\r\n")),
                b"\xff\xfe<\x00".to_vec(),
            ]
            .concat(),
            vec![],
            "12100",
        ),
    ] {
        let url = application(reply, more).await;
        let call = floor.place(&[("Url", &url)]).await;
        let note = floor.wait_for_event("notification", "call", &call).await;
        assert_eq!(note["code"], code, "{what}: {note}");
        floor.wait_for_event("call.ended", "call", &call).await;
    }
    still_calls(&floor).await;
    floor.close().await;
}

#[tokio::test]
async fn a_reply_that_never_comes_is_given_up() {
    let floor = Floor::open().await;
    floor.listener_at(PROSPECT).await;
    let url = application(
        head("Content-Type: text/xml\r\nContent-Length: 9\r\n"),
        Vec::new(),
    )
    .await;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = format!("http://{}/#rt=200&tt=300", silent.local_addr().unwrap());
    let call = floor.place(&[("Url", &silent), ("FallbackUrl", &url)]).await;
    let note = floor.wait_for_event("notification", "call", &call).await;
    assert_eq!(note["code"], "11200");
    floor.wait_for_event("call.ended", "call", &call).await;
    floor.close().await;
}

fn documents() -> impl Strategy<Value = Vec<u8>> {
    let official = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Say voice=\"alice\" loop=\"2\">Hi &amp; bye</Say>\
        <Gather input=\"dtmf speech\" timeout=\"3\" numDigits=\"1\"><Say>Press</Say></Gather><Dial timeout=\"5\" \
        record=\"record-from-answer-dual\"><Number sendDigits=\"ww1\">+13125550142</Number></Dial><Dial><Conference \
        beep=\"onEnter\">a</Conference></Dial><Enqueue>q</Enqueue><Record maxLength=\"3\"/><Pause length=\"1\"/></Response>";
    let mutated = (
        0..official.len(),
        0..40_usize,
        prop_oneof![
            any::<Vec<u8>>(),
            "[<>/&\";=a-z0-9]{0,12}".prop_map(String::into_bytes)
        ],
    )
        .prop_map(move |(at, cut, put)| {
            let mut bytes = official.as_bytes().to_vec();
            let end = (at + cut).min(bytes.len());
            bytes.splice(at..end, put);
            bytes
        });
    let bomb = "<!DOCTYPE r [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><Response><Say>&b;</Say></Response>";
    prop_oneof![
        20 => mutated,
        1 => any::<Vec<u8>>(),
        1 => Just(b"<Response>".repeat(6_000)),
        1 => Just("<Response><Dial><a>".to_owned().into_bytes()),
        1 => Just([b"<Response>".to_vec(), b"<Pause length=\"0\"/>".repeat(3_000), b"</Response>".to_vec()].concat()),
        1 => Just([b"<Response>".to_vec(), b"<Leave/><Stop/>".repeat(4_000), b"</Response>".to_vec()].concat()),
        1 => Just([b"<Response><Say a=\"".to_vec(), vec![b'x'; 65_000], b"\"/></Response>".to_vec()].concat()),
        1 => Just(bomb.as_bytes().to_vec()),
        1 => Just(b"\xef\xbb\xbf<Response><Hangup/></Response>".to_vec()),
        1 => Just(b"<?xml-stylesheet href=\"x\"?><!--<--><Response><?php evil ?><Hangup/></Response>".to_vec()),
        1 => Just(b"<Response><Say>&#0;&#xFFFFFFFF;&nope;</Say></Response>".to_vec()),
        1 => Just(b"<Response><Dial timeLimit=\"4294967295\" timeout=\"99999999999\"><Sip>sip:</Sip></Dial></Response>".to_vec()),
        1 => Just(b"<Response><Pause length=\"4294967295\"/><Play loop=\"4294967295\">http://127.0.0.1:1/</Play></Response>".to_vec()),
    ]
}

#[test]
fn no_document_breaks_the_check_or_a_call() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let floor = runtime.block_on(virtual_floor());
    runtime.block_on(floor.listener_at(PROSPECT));
    cases(300, &documents(), |document| {
        runtime.block_on(async {
            let check = request("POST", "/emulator/twiml/check", "text/xml", &document);
            refused_as_twilio_does(&send_raw(&floor, &check).await.unwrap());
            let url = application(file("text/xml", &document), Vec::new()).await;
            let call = floor.place(&[("Url", &url)]).await;
            advance(&floor, 120_000).await;
            let done = [("Status", "completed")];
            floor.post(&format!("Calls/{call}.json"), &done).await;
            let call = floor.get(&format!("Calls/{call}.json")).await;
            assert_eq!(
                call["status"],
                "completed",
                "{}",
                String::from_utf8_lossy(&document)
            );
        });
    });
    runtime.block_on(async {
        let call = floor
            .place(&[("Twiml", "<Response><Say>Hello</Say></Response>")])
            .await;
        advance(&floor, 120_000).await;
        assert_eq!(
            floor.get(&format!("Calls/{call}.json")).await["status"],
            "completed"
        );
        floor.close().await;
    });
}

#[tokio::test]
async fn a_sound_that_is_none_is_skipped() {
    let floor = Floor::open().await;
    floor.listener_at(PROSPECT).await;
    let wav = |channels: u16, rate_hz: u32, declared: u32| {
        let mut file = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0".to_vec();
        file.extend(channels.to_le_bytes());
        file.extend(rate_hz.to_le_bytes());
        file.extend([0; 6]);
        file.extend(16_u16.to_le_bytes());
        file.extend(b"data");
        file.extend(declared.to_le_bytes());
        file.extend([0; 320]);
        file
    };
    for (what, bytes, sound) in [
        ("no channels", wav(0, 8_000, 320), false),
        ("nine channels", wav(9, 8_000, 320), false),
        ("no rate", wav(1, 0, 320), false),
        ("a rate of one", wav(1, 1, 320), false),
        ("the highest rate", wav(1, u32::MAX, 320), false),
        ("more than there is", wav(1, 8_000, u32::MAX), true),
        ("an odd length", wav(2, 8_000, 3), true),
        ("a cut header", wav(1, 8_000, 320)[..30].to_vec(), false),
        ("nothing", Vec::new(), false),
    ] {
        let url = application(file("audio/wav", &bytes), Vec::new()).await;
        let twiml = format!("<Response><Play>{url}</Play></Response>");
        let call = floor.place(&[("Twiml", &twiml)]).await;
        floor.wait_for_event("call.ended", "call", &call).await;
        let notes = floor.events("notification").await;
        let failed = notes
            .iter()
            .any(|note| note["call"] == json!(call) && note["code"] == "11200");
        assert_eq!(failed, !sound, "{what}: {notes:?}");
    }
    floor.close().await;
}

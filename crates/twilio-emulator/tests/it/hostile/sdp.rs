//! Session descriptions that no browser makes, against the real media.

use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};

use audio::Rate;
use audio::peer::{Codec, Peer, PeerConfig};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{cases, still_calls};
use crate::floor::{Floor, OWN_NUMBER, eventually, signed_in};
use crate::phone::Phone;
use crate::sdk::{Sdk, application};

/// Panics of the network's own tasks, which nobody else would see.
static PANICS: AtomicUsize = AtomicUsize::new(0);

const ODD_LINES: [&str; 34] = [
    "",
    "v=1",
    "=",
    "o=- - - - - -",
    "c=IN IP4 999.1.1.1",
    "m=audio 0 RTP/AVP",
    "m=audio 99999 UDP/TLS/RTP/SAVPF 300",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111",
    "m=video 9 UDP/TLS/RTP/SAVPF 96",
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
    "a=mid:",
    "a=mid:a-name-much-longer-than-any-browser-gives-to-a-section",
    "a=mid:\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}",
    "a=group:BUNDLE 0 0 1 2",
    "a=fingerprint:",
    "a=fingerprint:sha-256 zz",
    "a=fingerprint:sha-256 00:11",
    "a=ice-ufrag:",
    "a=ice-pwd:x",
    "a=ice-lite",
    "a=candidate:x",
    "a=candidate:1 1 udp 99999999999 999.0.0.1 99999 typ host",
    "a=setup:holdconn",
    "a=setup:passive",
    "a=rtpmap:300 opus/0/0",
    "a=rtpmap:111 opus/48000/99999999",
    "a=rtpmap:0 opus/48000/2",
    "a=fmtp:111 minptime=-1;;=",
    "a=ssrc:99999999999 cname:",
    "a=ssrc-group:FID 1 1",
    "a=extmap:0 x",
    "a=extmap:255 urn:ietf:params:rtp-hdrext:sdes:mid",
    "a=simulcast:send 1;2;3 recv 4",
    "a=inactive",
];

/// One thing that goes wrong with a description.
#[derive(Clone, Debug)]
enum Damage {
    Without(usize),
    Twice(usize),
    Odd(usize, &'static str),
    Cut(usize),
    Numbers(usize, &'static str),
    Text(usize, String),
}

impl Damage {
    fn done_to(&self, lines: &mut Vec<String>) {
        let count = lines.len().max(1);
        match self {
            Self::Without(at) if !lines.is_empty() => {
                lines.remove(at % count);
            }
            Self::Twice(at) if !lines.is_empty() => lines.insert(at % count, lines[at % count].clone()),
            Self::Odd(at, line) => lines.insert(at % count, (*line).to_owned()),
            Self::Cut(at) => lines.truncate(at % count),
            Self::Numbers(at, number) if !lines.is_empty() => {
                let line = &mut lines[at % count];
                let mut parts = line.split(|c: char| c.is_ascii_digit()).map(str::to_owned);
                let first = parts.next().unwrap_or_default();
                *line = parts
                    .filter(|part| !part.is_empty())
                    .fold(first, |line, part| line + number + &part);
            }
            Self::Text(at, text) if !lines.is_empty() => lines[at % count].push_str(text),
            Self::Without(_) | Self::Twice(_) | Self::Numbers(..) | Self::Text(..) => {}
        }
    }
}

fn damages() -> impl Strategy<Value = Vec<Damage>> {
    let at = || 0..200_usize;
    let numbers = prop::sample::select(vec!["", "-1", "0", "65536", "99999999999999999999"]);
    let one = prop_oneof![
        3 => at().prop_map(Damage::Without),
        2 => at().prop_map(Damage::Twice),
        6 => (at(), prop::sample::select(&ODD_LINES[..])).prop_map(|(at, line)| Damage::Odd(at, line)),
        1 => at().prop_map(Damage::Cut),
        3 => (at(), numbers).prop_map(|(at, number)| Damage::Numbers(at, number)),
        1 => (at(), any::<String>()).prop_map(|(at, text)| Damage::Text(at, text)),
    ];
    prop::collection::vec(one, 1..4)
}

fn damaged(sdp: &str, damages: &[Damage]) -> String {
    let mut lines: Vec<String> = sdp.lines().map(str::to_owned).collect();
    for damage in damages {
        damage.done_to(&mut lines);
    }
    lines.join("\r\n") + "\r\n"
}

/// A description as a browser makes it, and whoever stands behind it.
async fn whole(offer: Option<&str>) -> (Peer, String) {
    let config = PeerConfig {
        bind_ip: "127.0.0.1".parse().unwrap(),
        ice_lite: false,
        rate: Rate::Narrow,
        codecs: vec![Codec::Opus, Codec::Pcmu],
        skips: true,
    };
    match offer {
        Some(offer) => Peer::answer(offer, config).await.unwrap(),
        None => Peer::offer(config).await.unwrap(),
    }
}

/// Waits until the page is told how it goes on, which is one of these.
async fn settled(sdk: &mut Sdk, kinds: &[&str]) {
    loop {
        let frame = sdk.next().await;
        if kinds.iter().any(|kind| frame["type"] == *kind) {
            return;
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Where {
    Invite,
    Reinvite,
    Answer,
}

/// The page says it and is told what becomes of its call.
async fn say(floor: &Floor, application: &str, place: Where, damages: &[Damage]) {
    let mut sdk = Sdk::register(floor, application).await;
    let (peer, offer) = whole(None).await;
    match place {
        Where::Invite => {
            let sdp = damaged(&offer, damages);
            sdk.send("invite", json!({ "callsid": "TJS1", "sdp": sdp, "twilio": {} }))
                .await;
            settled(&mut sdk, &["answer", "hangup"]).await;
        }
        Where::Reinvite => {
            let (call, answer) = sdk.call(&offer, "").await;
            let answer = answer["sdp"].as_str().unwrap().to_owned();
            peer.handle.accept_answer(answer).await.unwrap();
            let again = peer.handle.restart().await.unwrap();
            let reinvite = json!({ "callsid": call, "sdp": damaged(&again, damages) });
            sdk.send("reinvite", reinvite).await;
            settled(&mut sdk, &["answer", "hangup"]).await;
        }
        Where::Answer => {
            let form = [
                ("To", "client:agent_1"),
                ("From", OWN_NUMBER),
                ("Twiml", "<Response><Pause length=\"60\"/></Response>"),
            ];
            let (_, call) = floor.post("Calls.json", &form).await;
            let call = call["sid"].as_str().unwrap();
            let invite = sdk.expect("invite").await;
            let (_peer, answer) = whole(invite["sdp"].as_str()).await;
            let sdp = damaged(&answer, damages);
            sdk.send("answer", json!({ "callsid": call, "sdp": sdp })).await;
            let path = format!("Calls/{call}.json");
            eventually("the answer is taken, or not", async || {
                let status = floor.get(&path).await["status"].clone();
                (status == "in-progress" || status == "failed").then_some(())
            })
            .await;
        }
    }
    drop(sdk);
    eventually("the device is gone and rings no more", async || {
        let clients = signed_in(floor.client.get(floor.url("/emulator/clients"))).await;
        let clients: Value = clients.json().await.unwrap();
        (clients["clients"] == json!([])).then_some(())
    })
    .await;
}

#[test]
fn no_description_breaks_the_media() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let of_a_test = info
            .location()
            .is_some_and(|place| place.file().contains("tests/it"));
        if !of_a_test {
            PANICS.fetch_add(1, Ordering::SeqCst);
        }
        before(info);
    }));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let floor = runtime.block_on(Floor::open_with(|config| config.no_media = false));
    floor.application.says("/voice", "<Pause length=\"60\"/>");
    let application = runtime.block_on(application(&floor));
    let place = prop::sample::select(vec![Where::Invite, Where::Reinvite, Where::Answer]);
    cases(150, &(place, damages()), |(place, damages)| {
        runtime.block_on(say(&floor, &application, place, &damages));
        assert_eq!(PANICS.load(Ordering::SeqCst), 0, "{place:?} {damages:?}");
    });
    runtime.block_on(async {
        floor
            .application
            .says("/voice", "<Play digits=\"11111111111111111111111111111111\"/>");
        let mut sdk = Sdk::listen(&floor, &application, 0).await;
        let (page, _) = Phone::call(&mut sdk, 1_000.0).await;
        page.hears(&[697.0, 1_209.0], &[]).await;
        still_calls(&floor).await;
        floor.close().await;
    });
}

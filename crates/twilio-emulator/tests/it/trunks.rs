//! Where calls to a trunk's number go first, and when they are recorded.

use serde_json::{Value, json};

use crate::floor::Floor;
use crate::sip::{codes, own_number_to, trunk, trunking};
use crate::time::{advance, virtual_floor};
use crate::twiml::call_in;

/// A PBX whose people take half a minute to pick up.
fn slow(domain: &str) -> Value {
    let person = json!({ "name": "slow", "answer": { "after": { "ring_ms": 30_000 } }, "script": "listen" });
    json!({ "domain": domain, "extensions": { "*": { "persona": person } } })
}

async fn origination(floor: &Floor, trunk: &str, weight: &str, url: &str) {
    let form = [
        ("Weight", weight),
        ("Priority", "1"),
        ("Enabled", "true"),
        ("FriendlyName", "a URL"),
        ("SipUrl", url),
    ];
    trunking(floor, &format!("/{trunk}/OriginationUrls"), &form).await;
}

#[tokio::test]
async fn of_two_urls_the_heavier_is_tried_first_more_often() {
    let floor = virtual_floor().await;
    let busy = |domain| json!({ "domain": domain, "extensions": { "*": { "persona": "busy" } } });
    let pbxs = json!([busy("heavy.example.com"), busy("light.example.com")]);
    floor.control("pbxs", "", &pbxs).await;
    let trunk = trunk(&floor, &[]).await;
    own_number_to(&floor, &trunk).await;
    origination(&floor, &trunk, "3", "sip:light.example.com").await;
    origination(&floor, &trunk, "39", "sip:heavy.example.com").await;
    for _ in 0..100 {
        call_in(&floor, json!({})).await;
        advance(&floor, 5_000).await;
    }
    let invited = floor.events("sip.invite").await;
    let to = |host: &str| {
        let at = format!("@{host}.example.com");
        let hosts = invited
            .iter()
            .filter(|it| it["to"].as_str().unwrap().ends_with(&at));
        hosts.count()
    };
    assert_eq!(to("heavy") + to("light"), 100, "a busy line ends the search");
    assert!((80..100).contains(&to("heavy")), "{} of 100", to("heavy"));
    floor.close().await;
}

#[tokio::test]
async fn a_trunk_records_from_ringing_or_from_the_answer() {
    for (mode, while_ringing) in [("record-from-ringing", 1), ("record-from-answer", 0)] {
        let floor = virtual_floor().await;
        floor.control("pbxs", "", &json!([slow("pbx.example.com")])).await;
        let trunk = trunk(&floor, &[]).await;
        own_number_to(&floor, &trunk).await;
        origination(&floor, &trunk, "1", "sip:pbx.example.com").await;
        trunking(&floor, &format!("/{trunk}/Recording"), &[("Mode", mode)]).await;
        let call = call_in(&floor, json!({})).await;
        advance(&floor, 10_000).await;
        let recordings = async || floor.get("Recordings.json").await["recordings"].clone();
        assert_eq!(
            recordings().await.as_array().unwrap().len(),
            while_ringing,
            "{mode}"
        );
        advance(&floor, 30_000).await;
        assert_eq!(recordings().await[0]["call_sid"], call["sid"], "{mode}");
        floor.close().await;
    }
}

#[tokio::test]
async fn a_url_that_is_none_is_noted() {
    let floor = virtual_floor().await;
    let trunk = trunk(&floor, &[]).await;
    own_number_to(&floor, &trunk).await;
    origination(&floor, &trunk, "1", "sip:[2001:db8::1]").await;
    let call = call_in(&floor, json!({})).await;
    advance(&floor, 10_000).await;
    let noted = codes(&floor).await;
    assert!(noted.contains(&"13243".to_owned()), "{noted:?}");
    let path = format!("Calls/{}.json", call["sid"].as_str().unwrap());
    assert_eq!(floor.get(&path).await["status"], "failed");
    floor.close().await;
}

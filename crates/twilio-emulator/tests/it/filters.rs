//! Lists by their filters.

use serde_json::{Value, json};

use crate::floor::{Floor, OWN_NUMBER, PROSPECT, signed_in};
use crate::time::{advance, virtual_floor};
use crate::twiml::{call_in, number_says};

const OTHER: &str = "+13125550143";
const OTHER_OWN: &str = "+13125550100";

/// The words for what a list shows, in its order.
async fn shown(floor: &Floor, path: &str, key: &str, names: &[(&str, &str)]) -> String {
    let list = floor.get(path).await;
    let rows = list[key].as_array().unwrap_or_else(|| panic!("{path}: {list}"));
    let word = |row: &Value| {
        let sid = row["sid"].as_str().unwrap();
        names
            .iter()
            .find(|(name, _)| *name == sid)
            .map_or("?", |(_, word)| *word)
    };
    rows.iter().map(word).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn calls() {
    let floor = virtual_floor().await;
    floor.listener_at(PROSPECT).await;
    floor.listener_at(OTHER).await;
    let place = async |to: &str, from: &str, seconds: &str| -> String {
        let twiml = format!("<Response><Pause length=\"{seconds}\"/></Response>");
        let (_, call) = floor
            .post("Calls.json", &[("To", to), ("From", from), ("Twiml", &twiml)])
            .await;
        call["sid"].as_str().unwrap().to_owned()
    };
    // One on Monday afternoon, from three o'clock; one a day later that still goes on, and a caller with a leg.
    let monday = place(PROSPECT, OWN_NUMBER, "60").await;
    advance(&floor, 24 * 3_600_000).await;
    let tuesday = place(OTHER, OTHER_OWN, "14000").await;
    advance(&floor, 10_000).await;
    number_says(
        &floor,
        &format!("<Dial callerId=\"{OWN_NUMBER}\">{PROSPECT}</Dial>"),
    )
    .await;
    let parent = call_in(&floor, json!({})).await["sid"]
        .as_str()
        .unwrap()
        .to_owned();
    advance(&floor, 10_000).await;
    let child = floor.get(&format!("Calls.json?ParentCallSid={parent}")).await["calls"][0]["sid"].clone();
    let child = child.as_str().unwrap();
    let names = [
        (monday.as_str(), "monday"),
        (&tuesday, "tuesday"),
        (&parent, "parent"),
        (child, "child"),
    ];
    for (query, expected) in [
        ("", "child parent tuesday monday"),
        ("To=%2B13125550142", "child monday"),
        ("To=%2B13125550142&Status=completed", "monday"),
        ("From=%2B13125550100", "tuesday"),
        ("From=%2B14155550177", "parent"),
        ("Status=completed", "monday"),
        ("Status=in-progress", "child parent tuesday"),
        ("Status=busy", ""),
        (&format!("ParentCallSid={parent}"), "child"),
        (&format!("ParentCallSid={child}"), ""),
        ("StartTime=2026-01-05", "monday"),
        ("StartTime=2026-01-06", "child parent tuesday"),
        ("StartTime=2026-01-07", ""),
        ("StartTime%3E=2026-01-06", "child parent tuesday"),
        ("StartTime%3C=2026-01-06", "monday"),
        ("StartTime%3E=2026-01-05T15:00:01Z", "child parent tuesday"),
        ("StartTime%3C=2026-01-06T15:00:05Z", "tuesday monday"),
        ("StartTime%3E=2026-01-06+15:00:05.000", "child parent"),
        (
            "StartTime%3E=2026-01-05T15:00:01Z&StartTime%3C=2026-01-06T15:00:05Z",
            "tuesday",
        ),
        ("EndTime=2026-01-05", "monday"),
        ("EndTime%3E=2026-01-05T15:00:30Z", "monday"),
        ("EndTime%3C=2026-01-05T15:00:30Z", ""),
        ("EndTime%3C=2026-01-06", "monday"),
        ("EndTime=2026-01-06", ""),
    ] {
        let path = format!("Calls.json?{query}");
        assert_eq!(shown(&floor, &path, "calls", &names).await, expected, "{query}");
    }
    for bad in ["StartTime=soon", "EndTime%3C=2026-02-30"] {
        let path = floor.rest(&format!("Calls.json?{bad}"));
        assert_eq!(signed_in(floor.client.get(path)).await.status(), 400, "{bad}");
    }
    floor.close().await;
}

#[tokio::test]
async fn conferences_and_recordings() {
    let floor = virtual_floor().await;
    floor.listener_at(PROSPECT).await;
    let open = async |name: &str| -> String {
        let form = [("To", PROSPECT), ("From", OWN_NUMBER), ("Record", "true")];
        let (_, made) = floor
            .post(&format!("Conferences/{name}/Participants.json"), &form)
            .await;
        advance(&floor, 5_000).await;
        made["conference_sid"].as_str().unwrap().to_owned()
    };
    let first = open("one").await;
    floor
        .post(&format!("Conferences/{first}.json"), &[("Status", "completed")])
        .await;
    advance(&floor, 24 * 3_600_000).await;
    let second = open("two").await;
    let names = [(first.as_str(), "first"), (&second, "second")];
    for (query, expected) in [
        ("", "second first"),
        ("FriendlyName=one", "first"),
        ("FriendlyName=three", ""),
        ("Status=completed", "first"),
        ("Status=init", "second"),
        ("Status=in-progress", ""),
        ("DateCreated=2026-01-05", "first"),
        ("DateCreated%3E=2026-01-06", "second"),
        ("DateCreated%3C=2026-01-06", "first"),
        ("DateUpdated=2026-01-06", "second"),
        ("DateUpdated%3C=2026-01-06", "first"),
        ("DateUpdated%3E=2026-01-07", ""),
    ] {
        let path = format!("Conferences.json?{query}");
        assert_eq!(
            shown(&floor, &path, "conferences", &names).await,
            expected,
            "{query}"
        );
    }
    let all = floor.get("Recordings.json").await["recordings"].clone();
    let [new, old] = [0, 1].map(|at| all[at].clone());
    let [new_sid, old_sid] = [&new, &old].map(|it| it["sid"].as_str().unwrap());
    let names = [(old_sid, "old"), (new_sid, "new")];
    let call = old["call_sid"].as_str().unwrap();
    for (path, expected) in [
        ("Recordings.json".to_owned(), "new old"),
        (format!("Recordings.json?CallSid={call}"), "old"),
        (format!("Recordings.json?ConferenceSid={first}"), ""),
        ("Recordings.json?DateCreated=2026-01-05".to_owned(), "old"),
        ("Recordings.json?DateCreated%3E=2026-01-06".to_owned(), "new"),
        (
            "Recordings.json?DateCreated%3C=2026-01-05T15:00:00Z".to_owned(),
            "",
        ),
        (format!("Calls/{call}/Recordings.json"), "old"),
        (format!("Calls/{call}/Recordings.json?DateCreated=2026-01-06"), ""),
        (format!("Conferences/{first}/Recordings.json"), ""),
    ] {
        assert_eq!(
            shown(&floor, &path, "recordings", &names).await,
            expected,
            "{path}"
        );
    }
    floor.close().await;
}

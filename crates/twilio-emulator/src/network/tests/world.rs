//! Who picks up in a world of one's own.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;

use super::{callbacks, network, place, run, status};
use crate::network::{Network, Output};
use crate::sid::CallSid;
use crate::world::World;

const TALKERS: &str = "[[population]]\npersona = \"friendly\"\nshare = 1\nring_ms = [1000, 1000]\n";

fn in_world(toml: &str) -> Network {
    let mut network = network(1_000, 3);
    network.set_world(World::from_toml(toml).unwrap());
    network
}

fn persona(network: &Network, call: &CallSid) -> String {
    let legs = network.legs();
    let leg = legs.iter().find(|leg| leg["sid"] == call.as_str()).unwrap();
    leg["persona"].as_str().unwrap().to_owned()
}

/// How many of a hundred calls, all placed at `hour`, are answered.
fn answered_of_hundred(network: &mut Network, hour: i64) -> usize {
    run(network, hour * 3_600);
    let calls: Vec<CallSid> = (0..100)
        .map(|n| place(network, &format!("+1312556{n:04}"), "<Hangup/>"))
        .collect();
    run(network, hour * 3_600 + 120);
    calls
        .iter()
        .filter(|call| status(network, call) == "completed")
        .count()
}

#[test]
fn people_live_where_the_world_says() {
    let toml = "digit_coded = \"+1415555\"\n\
        [personas]\n\"+13125550101\" = \"fax\"\n\
        [[rules]]\nprefix = \"+1312\"\nsuffix = \"99\"\npersona = \"busy\"\n\
        [[population]]\npersona = \"voicemail\"\nshare = 1\n";
    let mut network = in_world(toml);
    for (number, expected) in [
        ("+13125550101", "fax"),
        ("+13125550199", "busy"),
        ("+14155556000", "unreachable"),
        ("+14155551230", "brisk"),
        ("+12125550123", "voicemail"),
    ] {
        let call = place(&mut network, number, "");
        assert_eq!(persona(&network, &call), expected, "{number}");
    }
}

#[test]
fn a_caller_id_wears_out_and_recovers_at_rest() {
    let wear = "[wear]\nfree_calls = 100\nhalving_calls = 50\nfloor = 0.0\nhalf_life_h = 24\n";
    let mut network = in_world(&format!("{TALKERS}{wear}"));
    let fresh = answered_of_hundred(&mut network, 0);
    let worn = answered_of_hundred(&mut network, 1);
    let worn_out = answered_of_hundred(&mut network, 2);
    assert_eq!(fresh, 100, "a hundred calls do no harm");
    assert!((30..80).contains(&worn) && worn_out < 30, "{worn}, {worn_out}");
    assert_eq!(network.wear()[0]["number"], "+12025550100");
    let rested = answered_of_hundred(&mut network, 24 * 7);
    assert!(rested > 95, "{rested}");
}

#[test]
fn people_are_there_by_their_own_hour() {
    // The clock starts at midnight UTC, which is 19:00 in New York.
    let mut rates = [0.0; 24];
    (rates[19], rates[20]) = (1.0, 0.5);
    let hours = format!("[hours]\nzone = \"America/New_York\"\nanswer_rates = {rates:?}\n");
    let mut network = in_world(&format!("{TALKERS}{hours}"));
    assert_eq!(answered_of_hundred(&mut network, 0), 100);
    let half = answered_of_hundred(&mut network, 1);
    assert!((30..70).contains(&half), "{half}");
    assert_eq!(answered_of_hundred(&mut network, 2), 0);
}

#[test]
fn some_carriers_never_report_ringing() {
    let mut network = in_world(&format!("{TALKERS}[carriers]\nsilent_prefixes = [\"+1312\"]\n"));
    let silent = place(&mut network, "+13125550101", "<Hangup/>");
    let usual = place(&mut network, "+14155550101", "<Hangup/>");
    let outputs = run(&mut network, 60);
    assert_eq!(
        callbacks(&outputs, &silent),
        ["initiated", "in-progress", "completed"]
    );
    assert_eq!(callbacks(&outputs, &usual).len(), 4);
}

#[test]
fn callbacks_say_how_the_call_was_attested() {
    let stir = "[stir.outbound]\n\"+1202\" = \"A\"\n\"+1415\" = \"C\"\n";
    let mut network = in_world(&format!("{TALKERS}{stir}"));
    place(&mut network, "+13125550101", "<Hangup/>");
    let levels: Vec<(String, Option<String>)> = run(&mut network, 60)
        .into_iter()
        .filter_map(|output| {
            let Output::Callback { request, .. } = output else {
                return None;
            };
            Some(request.params.clone())
        })
        .map(|params| {
            let get = |name: &str| params.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
            (get("CallStatus").unwrap(), get("StirStatus"))
        })
        .collect();
    let level = |status: &str| levels.iter().find(|(s, _)| s == status).unwrap().1.clone();
    assert_eq!(level("initiated"), None);
    assert_eq!(level("ringing").as_deref(), Some("A"));
    assert_eq!(level("in-progress").as_deref(), Some("A"));
    assert_eq!(level("completed"), None);
}

#[test]
fn a_population_rings_and_talks_within_its_ranges() {
    let ranges = "ring_ms = [3000, 4000]\nreplies = [2, 3]\n";
    let mut network = in_world(&format!(
        "[[population]]\npersona = \"friendly\"\nshare = 1\n{ranges}"
    ));
    for n in 0..50 {
        place(
            &mut network,
            &format!("+1312556{n:04}"),
            "<Pause length=\"600\"/>",
        );
    }
    run(&mut network, 300);
    let ms = |from: &str, to: &str| -> Vec<i128> {
        let at = |row: &Value, name: &str| row[name].as_str().unwrap().parse::<Timestamp>().unwrap();
        let rows = network.rang(None);
        let lasted = |row: &Value| at(row, to).duration_since(at(row, from)).as_millis();
        rows.iter().map(lasted).collect()
    };
    let rings = ms("rang_at", "answered_at");
    assert_eq!(rings.len(), 50);
    assert!(rings.iter().all(|ms| (3_000..=4_000).contains(ms)), "{rings:?}");
    assert!(rings.iter().collect::<BTreeSet<_>>().len() > 25, "they differ");
    // Without media each thing that is said takes seven seconds, hello included.
    let talks: BTreeSet<i128> = ms("answered_at", "ended_at").into_iter().collect();
    assert_eq!(talks, BTreeSet::from([21_000, 28_000]));
}

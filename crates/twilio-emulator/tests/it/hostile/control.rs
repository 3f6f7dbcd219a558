//! The control API.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{cases, one_of, refused_as_twilio_does, request, send_raw, still_calls};
use crate::floor::Floor;

/// Every path of the control API that takes something.
const PATHS: [(&str, &str); 14] = [
    ("PUT", "personas/+13125550142"),
    ("PUT", "personas/%ff"),
    ("PUT", "faults"),
    ("PUT", "world"),
    ("PUT", "account"),
    ("PUT", "switches"),
    ("PUT", "amd"),
    ("PUT", "legs/CA0/impairments"),
    ("POST", "clients/agent_1"),
    ("POST", "calls"),
    ("POST", "twiml/check"),
    ("GET", "events?after=-1"),
    ("GET", "events?after=1&after=2&kind=%ff&colour=red"),
    ("GET", "legs/%00/heard.wav"),
];

fn json_values() -> impl Strategy<Value = Value> {
    let words = "persona name answer after ring_ms script talk replies lines menu tones steps ms repeat creates \
        rest callbacks effect rate times 500-placed drop reads_lag_ms population share hours \
        answer_rates wear free_calls stir trial cps geo concurrent_calls_max loss delay_ms event from to \
        busy +13125550142 +12025550100 human_as_machine advance_ms zone verified wait_url_fetch";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::sample::select(vec![0.0, 1e308, -1.0, 0.5]).prop_map(Value::from),
        Just(json!(u64::MAX)),
        one_of(words).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(one_of(words), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn bodies() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => json_values().prop_map(|value| value.to_string().into_bytes()),
        1 => any::<Vec<u8>>(),
        1 => Just(b"[".repeat(60_000)),
        1 => Just(b"{\"persona\":".repeat(5_000)),
        1 => Just(b"free_calls = nan\n[wear]\nfloor = inf".to_vec()),
    ]
}

#[test]
fn no_order_breaks_the_control_api() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let floor = runtime.block_on(Floor::open());
    let kinds = ["application/json", "application/toml", "text/plain"];
    let strategy = (
        prop::sample::select(&PATHS[..]),
        prop::sample::select(kinds.to_vec()),
        bodies(),
    );
    cases(1_000, &strategy, |((method, path), kind, body)| {
        let body = if method == "GET" { Vec::new() } else { body };
        let request = request(method, &format!("/emulator/{path}"), kind, &body);
        let reply = runtime.block_on(send_raw(&floor, &request)).unwrap();
        refused_as_twilio_does(&reply);
    });
    runtime.block_on(async {
        let reply = send_raw(&floor, &request("POST", "/emulator/reset", "text/plain", b"")).await;
        assert_eq!(reply.unwrap().status, 204);
        for (what, body) in [("account", json!({ "cps": 50 })), ("switches", json!({}))] {
            floor.control(what, "", &body).await;
        }
        still_calls(&floor).await;
        floor.close().await;
    });
}

#[tokio::test]
async fn a_refused_order_says_what_is_wrong_with_it() {
    let floor = Floor::open().await;
    for (path, body, words) in [
        ("faults", "{\"creates\":[{\"effect\":\"melt\"}]}", "melt"),
        ("account", "{\"cps\":\"many\"}", "cps"),
        ("world", "{\"absent\":\"nobody\"}", "there is no persona nobody"),
        ("world", "absent = \"busy\"", "content-type: application/toml"),
        ("world", "{\"absent\":{\"name\":\"x\"}}", "missing field `answer`"),
        ("personas/13125550142", "{\"persona\":\"busy\"}", "+13125550142"),
        (
            "personas/+13125550142",
            "{\"persona\":\"nobody\"}",
            "no persona nobody; there are friendly",
        ),
        (
            "personas/+13125550142",
            "{\"name\":\"Ada\",\"answers\":\"busy\"}",
            "unknown field `answers`",
        ),
        ("personas/+13125550142", "{}", "missing field `name`"),
        ("account", "{\"geo\":{\"44\":true}}", "not 44"),
        ("faults", "{\"rest\":[{\"effect\":\"slow\"}]}", "delay_ms"),
        ("faults", "{\"callbacks\":[{\"effect\":\"delay\"}]}", "delay_ms"),
        ("switches", "not json", "JSON"),
        (
            "faults",
            "{\"creates\":[{\"effect\":\"429\",\"rate\":7}]}",
            "rate",
        ),
        ("amd", "{\"unknown\":-1}", "from 0 to 1"),
    ] {
        let request = request(
            "PUT",
            &format!("/emulator/{path}"),
            "application/json",
            body.as_bytes(),
        );
        let reply = send_raw(&floor, &request).await.unwrap();
        assert_eq!(
            (reply.status, refused_as_twilio_does(&reply)),
            (400, Some(20001)),
            "{reply:?}"
        );
        assert!(reply.body.contains(words), "{reply:?}");
    }
    floor.close().await;
}

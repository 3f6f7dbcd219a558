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

/// Orders to every endpoint that takes something, and words of why they are refused.
const NONSENSE: [(&str, &str, &str, &str); 50] = [
    ("GET", "events?after=-1", "", "after"),
    ("GET", "events?colour=red", "", "unknown field `colour`"),
    ("GET", "rang?from=+13125550142", "", "unknown field `from`"),
    ("GET", "heard?speaker=CA0", "", "unknown field `speaker`"),
    ("GET", "played?call=CA0", "", "unknown field `call`"),
    ("PUT", "faults", r#"{"creates":[{"effect":"melt"}]}"#, "melt"),
    ("PUT", "faults", r#"{"rest":[{"effect":"slow"}]}"#, "delay_ms"),
    (
        "PUT",
        "faults",
        r#"{"callbacks":[{"effect":"delay"}]}"#,
        "delay_ms",
    ),
    (
        "PUT",
        "faults",
        r#"{"rest":[{"effect":"slow","delay_ms":600001}]}"#,
        "up to 600000",
    ),
    (
        "PUT",
        "faults",
        r#"{"creates":[{"effect":"429","rate":7}]}"#,
        "rate",
    ),
    ("PUT", "faults", r#"{"reads_lag_ms":-1}"#, "reads_lag_ms"),
    ("PUT", "account", r#"{"cps":"many"}"#, "cps"),
    ("PUT", "account", r#"{"cps":0}"#, "cps is 1 or more"),
    ("PUT", "account", r#"{"geo":{"44":true}}"#, "not 44"),
    ("PUT", "account", r#"{"geo":{"+UK":true}}"#, "not +UK"),
    (
        "PUT",
        "account",
        r#"{"verified":["13125550142"]}"#,
        "not 13125550142",
    ),
    ("PUT", "account", r#"{"colour":"red"}"#, "unknown field `colour`"),
    (
        "PUT",
        "world",
        r#"{"absent":"nobody"}"#,
        "there is no persona nobody",
    ),
    (
        "PUT",
        "world",
        "absent = \"busy\"",
        "content-type: application/toml",
    ),
    (
        "PUT",
        "world",
        r#"{"absent":{"name":"x"}}"#,
        "missing field `answer`",
    ),
    (
        "PUT",
        "personas/13125550142",
        r#"{"persona":"busy"}"#,
        "+13125550142",
    ),
    (
        "PUT",
        "personas/+13125550142",
        r#"{"persona":"nobody"}"#,
        "no persona nobody; there are friendly",
    ),
    (
        "PUT",
        "personas/+13125550142",
        r#"{"name":"Ada","answers":"busy"}"#,
        "unknown field `answers`",
    ),
    ("PUT", "personas/+13125550142", "{}", "missing field `name`"),
    ("PUT", "switches", "not json", "JSON"),
    ("PUT", "switches", r#"{"kicked_leg":"flies"}"#, "flies"),
    ("PUT", "switches", r#"{"amd_timeout_s_max":61}"#, "59 or 60"),
    ("PUT", "switches", r#"{"colour":"red"}"#, "unknown field `colour`"),
    ("PUT", "amd", r#"{"unknown":-1}"#, "from 0 to 1"),
    ("PUT", "amd", r#"{"colour":1}"#, "unknown field `colour`"),
    ("PUT", "legs/CA0/impairments", r#"{"loss":1.5}"#, "loss"),
    ("PUT", "legs/CA0/impairments", r#"{"delay_ms":5001}"#, "5000"),
    (
        "PUT",
        "legs/CA0/impairments",
        r#"{"colour":"red"}"#,
        "unknown field `colour`",
    ),
    ("POST", "clients/agent_1", r#"{"event":"explode"}"#, "explode"),
    (
        "POST",
        "clients/agent_1",
        r#"{"event":"drop","after":1}"#,
        "unknown field `after`",
    ),
    (
        "POST",
        "calls",
        r#"{"from":"+13125550142"}"#,
        "missing field `to`",
    ),
    ("POST", "calls", r#"{"from":1,"to":"+12025550100"}"#, "from"),
    (
        "POST",
        "calls",
        r#"{"from":"x","to":"+12025550100","colour":"red"}"#,
        "unknown field `colour`",
    ),
    ("PUT", "pbxs", "{}", "sequence"),
    (
        "PUT",
        "pbxs",
        r#"[{"domain":"pbx.example","colour":"red"}]"#,
        "unknown field `colour`",
    ),
    (
        "POST",
        "pbxs/pbx.example/calls",
        r#"{"extension":"1"}"#,
        "missing field `to`",
    ),
    (
        "POST",
        "pbxs/pbx.example/calls",
        r#"{"extension":1,"to":"ann"}"#,
        "extension",
    ),
    ("PUT", "trust/BU0", r#"{"status":"liked"}"#, "twilio-approved"),
    ("PUT", "trust/BU0", "{}", "missing field `status`"),
    (
        "POST",
        "webhooks",
        r#"{"url":"app.example.com","json":{}}"#,
        "https://app.example.com",
    ),
    (
        "POST",
        "webhooks",
        r#"{"url":"ftp://app.example.com","json":{}}"#,
        "not ftp://",
    ),
    (
        "POST",
        "webhooks",
        r#"{"url":"http://app.example.com"}"#,
        "missing field `json`",
    ),
    (
        "POST",
        "webhooks",
        r#"{"url":"http://a.example","json":{},"account":"AC0"}"#,
        "AC0 is no account",
    ),
    ("POST", "clock", r#"{"advance_ms":-1}"#, "advance_ms"),
    ("POST", "clock", r#"{"minutes":1}"#, "unknown field `minutes`"),
];

#[tokio::test]
async fn a_refused_order_says_what_is_wrong_with_it() {
    let floor = Floor::open().await;
    for (method, path, body, words) in NONSENSE {
        let kind = if body.starts_with("absent =") {
            "text/plain"
        } else {
            "application/json"
        };
        let request = request(method, &format!("/emulator/{path}"), kind, body.as_bytes());
        let reply = send_raw(&floor, &request).await.unwrap();
        assert_eq!(
            (reply.status, refused_as_twilio_does(&reply)),
            (400, Some(20001)),
            "{path}: {reply:?}"
        );
        assert!(reply.body.contains(words), "{path}: {reply:?}");
    }
    floor.close().await;
}

//! Voice Insights: what is known when, by the network's clock.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::floor::{Floor, OWN_NUMBER, PROSPECT, signed_in};
use crate::sip::{own_number_to, trunk};
use crate::time::{advance, virtual_floor};
use crate::twiml::{call_in, number_says};

const MINUTE_MS: u32 = 60_000;

async fn get(floor: &Floor, path: &str) -> (u16, Value) {
    let response = signed_in(floor.client.get(floor.url(&format!("/v1/{path}")))).await;
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn post(floor: &Floor, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
    let request = floor.client.post(floor.url(&format!("/v1/{path}"))).form(form);
    let response = signed_in(request).await;
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn turn_on(floor: &Floor) {
    let (status, settings) = post(floor, "Voice/Settings", &[("AdvancedFeatures", "true")]).await;
    assert_eq!((status, &settings["advanced_features"]), (200, &json!(true)));
}

async fn advance_hours(floor: &Floor, hours: u32) {
    for _ in 0..hours {
        advance(floor, 60 * MINUTE_MS).await;
    }
}

#[tokio::test]
async fn a_summary_comes_late_and_is_gone_after_a_month() {
    let floor = virtual_floor().await;
    floor.listener_at(PROSPECT).await;
    let twiml = "<Response><Pause length='20'/></Response>";
    let call = floor.place(&[("Twiml", twiml)]).await;
    advance(&floor, MINUTE_MS).await;
    let path = format!("Voice/{call}/Summary");
    assert_eq!(get(&floor, &path).await.0, 403, "an extra that is not turned on");
    turn_on(&floor).await;
    assert_eq!(get(&floor, &path).await.0, 404, "too early");

    advance(&floor, 10 * MINUTE_MS).await;
    let (_, partial) = get(&floor, &path).await;
    assert_eq!(partial["processing_state"], "partial");
    assert_eq!(
        get(&floor, &format!("{path}?ProcessingState=complete")).await.0,
        404
    );

    advance(&floor, 20 * MINUTE_MS).await;
    let (_, summary) = get(&floor, &path).await;
    assert_eq!(summary["processing_state"], "complete");
    assert_eq!(summary["call_state"], "completed");
    assert_eq!(summary["call_type"], "carrier");
    assert_eq!(summary["connect_duration"], 20, "from the answer");
    let rang_s = summary["duration"].as_i64().unwrap() - 20;
    assert!((0..=2).contains(&rang_s), "from the dialling: {rang_s}");
    assert_eq!(summary["trust"]["verified_caller"]["verified"], false);

    advance_hours(&floor, 30 * 24).await;
    let (status, gone) = get(&floor, &path).await;
    assert_eq!((status, &gone["code"]), (400, &json!(17002)));
    let (_, page) = get(&floor, "Voice/Summaries?StartTime=8w").await;
    assert_eq!(page["call_summaries"], json!([]), "nor is it listed");
    floor.close().await;
}

#[tokio::test]
async fn summaries_are_found_by_how_calls_ended_and_what_people_said() {
    let floor = virtual_floor().await;
    turn_on(&floor).await;
    let calls = [
        ("+13125550150", "busy"),
        ("+13125550151", "no-answer"),
        ("+13125550152", "tone-440"),
    ];
    let mut sids = Vec::new();
    for (number, persona) in calls {
        floor.persona_at(number, persona).await;
        let form = [
            ("To", number),
            ("From", OWN_NUMBER),
            ("Twiml", "<Response><Pause/></Response>"),
        ];
        let (status, call) = floor.post("Calls.json", &form).await;
        assert_eq!(status, StatusCode::CREATED);
        sids.push(call["sid"].as_str().unwrap().to_owned());
    }
    for _ in 0..35 {
        advance(&floor, MINUTE_MS).await;
    }
    for (sid, state) in sids.iter().zip(["busy", "noanswer", "completed"]) {
        let (_, page) = get(&floor, &format!("Voice/Summaries?CallState={state}")).await;
        assert_eq!(page["call_summaries"][0]["call_sid"], *sid, "{state}");
        assert_eq!(page["meta"]["key"], "call_summaries");
    }
    let path = format!("Voice/{}/Annotation", sids[2]);
    assert_eq!(get(&floor, &path).await.1["answered_by"], "unknown_answered_by");
    let (_, said) = post(&floor, &path, &[("AnsweredBy", "machine"), ("CallScore", "2")]).await;
    assert_eq!(
        (&said["answered_by"], &said["call_score"]),
        (&json!("machine"), &json!(2))
    );
    post(
        &floor,
        &path,
        &[("QualityIssues", "echo,latency"), ("CallScore", "")],
    )
    .await;
    let (_, page) = get(&floor, "Voice/Summaries?AnsweredByAnnotation=machine").await;
    let rows = page["call_summaries"].as_array().unwrap();
    assert_eq!(rows.len(), 1);
    let annotation = &rows[0]["annotation"];
    assert_eq!(annotation["quality_issues"], json!(["echo", "latency"]));
    assert!(annotation["call_score"].is_null());
    for bad in [
        ("CallScore", "6"),
        ("AnsweredBy", "fax"),
        ("QualityIssues", "echo,dull"),
        ("Spam", "maybe"),
    ] {
        assert_eq!(post(&floor, &path, &[bad]).await.0, 400, "{bad:?}");
    }
    advance_hours(&floor, 4).await;
    let (_, late) = get(&floor, "Voice/Summaries").await;
    assert_eq!(
        late["call_summaries"],
        json!([]),
        "the last four hours by default"
    );
    let (_, day) = get(&floor, "Voice/Summaries?StartTime=1d&PageSize=2").await;
    assert_eq!(day["call_summaries"].as_array().unwrap().len(), 2);
    assert!(day["meta"]["next_page_url"].is_string());
    floor.close().await;
}

#[tokio::test]
async fn a_conference_is_summed_up_with_everybody_who_was_in_it() {
    let floor = virtual_floor().await;
    turn_on(&floor).await;
    let twiml = "<Response><Dial><Conference endConferenceOnExit='true'>floor</Conference></Dial></Response>";
    for number in ["+13125550150", "+13125550151"] {
        floor.persona_at(number, "listener").await;
        floor
            .post(
                "Calls.json",
                &[("To", number), ("From", OWN_NUMBER), ("Twiml", twiml)],
            )
            .await;
    }
    advance(&floor, MINUTE_MS).await;
    let rooms = floor.get("Conferences.json").await;
    let room = rooms["conferences"][0]["sid"].as_str().unwrap();
    floor
        .post(&format!("Conferences/{room}.json"), &[("Status", "completed")])
        .await;
    advance(&floor, 30 * MINUTE_MS).await;

    let (_, summary) = get(&floor, &format!("Conferences/{room}")).await;
    assert_eq!(summary["status"], "completed");
    assert_eq!(summary["processing_state"], "complete");
    assert_eq!(summary["end_reason"], "conference_ended_via_api");
    assert_eq!(
        (
            &summary["unique_participants"],
            &summary["max_concurrent_participants"]
        ),
        (&json!(2), &json!(2))
    );
    let (_, page) = get(&floor, &format!("Conferences/{room}/Participants")).await;
    let stays = page["participants"].as_array().unwrap();
    assert_eq!(stays.len(), 2);
    assert!(
        stays
            .iter()
            .all(|stay| stay["leave_time"].is_string() && stay["call_type"] == "carrier")
    );
    let one = stays[1]["participant_sid"].as_str().unwrap();
    let (_, stay) = get(&floor, &format!("Conferences/{room}/Participants/{one}")).await;
    assert_eq!(stay["call_sid"], stays[1]["call_sid"]);
    let (_, none) = get(&floor, "Conferences?FriendlyName=another").await;
    assert_eq!(none["conferences"], json!([]));
    floor.close().await;
}

#[tokio::test]
async fn what_the_sdk_measures_is_in_the_metrics_of_its_call() {
    let floor = virtual_floor().await;
    turn_on(&floor).await;
    floor.listener_at(PROSPECT).await;
    let call = floor.place(&[("Twiml", "<Response><Pause/></Response>")]).await;
    let metrics = json!({
        "group": "quality-metrics-samples", "name": "metrics-sample", "level": "INFO",
        "payload": [{ "call_sid": call, "mos": 4.2, "jitter": 12, "rtt": 80, "packets_received": 50,
            "packets_lost": 1, "total_packets_lost": 1 }],
    });
    let event = json!({
        "group": "network-quality-warning-raised", "name": "high-jitter", "level": "WARNING",
        "payload": { "call_sid": call },
    });
    for (path, body) in [("EndpointMetrics", &metrics), ("EndpointEvents", &event)] {
        let sent = floor
            .client
            .post(floor.url(&format!("/v4/{path}")))
            .json(body)
            .send()
            .await;
        assert_eq!(sent.unwrap().status(), StatusCode::OK);
    }
    advance(&floor, 31 * MINUTE_MS).await;
    let (_, page) = get(&floor, &format!("Voice/{call}/Metrics")).await;
    let interval = &page["metrics"][0]["sdk_edge"]["interval"];
    assert_eq!(
        (&interval["mos"]["value"], &interval["packets_lost"]),
        (&json!(4.2), &json!(1))
    );
    let (_, page) = get(&floor, &format!("Voice/{call}/Events?Edge=sdk_edge")).await;
    assert_eq!(page["events"][0]["name"], "high-jitter");
    let (_, page) = get(&floor, &format!("Voice/{call}/Events?Edge=carrier_edge")).await;
    let names: Vec<&str> = page["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["queued", "initiated", "ringing", "in-progress", "ended"]);
    let (_, summary) = get(&floor, &format!("Voice/{call}/Summary")).await;
    assert_eq!(summary["sdk_edge"]["metrics"]["jitter"]["max"], 12.0);
    floor.close().await;
}

#[tokio::test]
async fn a_participant_is_of_the_country_they_are_called_in_or_call_from() {
    let floor = virtual_floor().await;
    turn_on(&floor).await;
    let verbs = "<Dial><Conference>floor</Conference></Dial>";
    number_says(&floor, verbs).await;
    call_in(&floor, json!({ "from": "+442071838750" })).await;
    floor.listener_at(PROSPECT).await;
    let twiml = format!("<Response>{verbs}</Response>");
    floor.place(&[("Twiml", &twiml)]).await;
    advance(&floor, MINUTE_MS).await;
    let rooms = floor.get("Conferences.json").await;
    let room = rooms["conferences"][0]["sid"].as_str().unwrap();
    let (_, page) = get(&floor, &format!("Conferences/{room}/Participants")).await;
    let stays = page["participants"].as_array().unwrap();
    let countries: Vec<&Value> = stays.iter().map(|stay| &stay["country_code"]).collect();
    assert_eq!(countries, ["GB", "US"]);
    let one = stays[0]["participant_sid"].as_str().unwrap();
    let path = format!("Conferences/{room}/Participants/{one}?Events=all&Metrics=all");
    assert_eq!(get(&floor, &path).await.0, 200);
    let notes = floor.get("Notifications.json").await;
    assert_eq!(notes["notifications"], json!([]), "these are its own parameters");
    floor.close().await;
}

#[tokio::test]
async fn a_call_through_a_trunk_is_known_as_one() {
    let floor = virtual_floor().await;
    turn_on(&floor).await;
    let trunk = trunk(&floor, &[]).await;
    own_number_to(&floor, &trunk).await;
    call_in(&floor, json!({})).await;
    for _ in 0..31 {
        advance(&floor, MINUTE_MS).await;
    }
    let (_, page) = get(&floor, "Voice/Summaries?CallType=trunking").await;
    let summary = &page["call_summaries"][0];
    assert_eq!(summary["properties"]["direction"], "trunking_originating");
    assert!(summary["carrier_edge"].is_object() && summary["sip_edge"].is_object());
    let (_, page) = get(&floor, "Voice/Summaries?CallType=carrier").await;
    assert_eq!(page["call_summaries"], json!([]));
    floor.close().await;
}

//! SIP: people on a simulated PBX who are called, who call, and who are behind a trunk.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::floor::{Floor, OWN_NUMBER, PROSPECT, eventually, signed_in};
use crate::time::{advance, virtual_floor};
use crate::twiml::{call_in, number_says};

const PASSWORD: &str = "Correct-horse-42";

/// A PBX where 100 listens, 101 is busy and 102 talks; `more` is added to it.
async fn pbx(floor: &Floor, more: Value) {
    floor.control("pbxs", "", &json!([office(&more)])).await;
}

fn office(more: &Value) -> Value {
    let listener = json!({ "name": "desk", "answer": { "after": { "ring_ms": 50 } }, "script": "listen" });
    let mut pbx = json!({
        "domain": "pbx.example.com",
        "extensions": {
            "100": { "persona": listener, "headers": { "X-Desk": "7" } },
            "101": { "persona": "busy" },
            "102": { "persona": "tone-440" },
            "103": { "persona": "friendly", "sip_code": 603 },
        },
    });
    pbx.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    pbx
}

/// Somebody calls our number, which dials `uri` in virtual time; gives what the action hears of it.
async fn dial(floor: &Floor, attributes: &str, uri: &str) -> std::collections::BTreeMap<String, String> {
    floor.application.says("/after", "<Hangup/>");
    let verbs = format!("<Dial action=\"/after\"><Sip {attributes}>{uri}</Sip></Dial>");
    number_says(floor, &verbs).await;
    let caller = call_in(floor, json!({})).await;
    let caller = caller["sid"].as_str().unwrap();
    advance(floor, 10_000).await;
    let told = floor.application.wait_for("/after", &[("CallSid", caller)]).await;
    told.params
}

pub(crate) async fn codes(floor: &Floor) -> Vec<String> {
    let events = floor.events("notification").await;
    events
        .iter()
        .map(|event| event["code"].as_str().unwrap().to_owned())
        .collect()
}

/// A request to trunking.twilio.com.
pub(crate) async fn trunking(floor: &Floor, path: &str, form: &[(&str, &str)]) -> Value {
    let request = floor.client.post(floor.url(&format!("/v1/Trunks{path}")));
    let response = signed_in(request.form(form)).await;
    assert!(response.status().is_success(), "{path}: {}", response.status());
    response.json().await.unwrap()
}

pub(crate) async fn trunk(floor: &Floor, form: &[(&str, &str)]) -> String {
    let trunk = trunking(floor, "", form).await;
    trunk["sid"].as_str().unwrap().to_owned()
}

async fn origination(floor: &Floor, trunk: &str, priority: &str, url: &str) {
    let form = [
        ("Weight", "10"),
        ("Priority", priority),
        ("Enabled", "true"),
        ("FriendlyName", "a URL"),
        ("SipUrl", url),
    ];
    trunking(floor, &format!("/{trunk}/OriginationUrls"), &form).await;
}

pub(crate) async fn own_number_to(floor: &Floor, trunk: &str) {
    let numbers = floor.get("IncomingPhoneNumbers.json").await;
    let mut ours = numbers["incoming_phone_numbers"].as_array().unwrap().iter();
    let sid = ours.find(|it| it["phone_number"] == OWN_NUMBER).unwrap()["sid"].clone();
    let form = [("PhoneNumberSid", sid.as_str().unwrap())];
    trunking(floor, &format!("/{trunk}/PhoneNumbers"), &form).await;
}

/// A list of credentials with one user in it.
async fn credentials(floor: &Floor) -> String {
    let form = [("FriendlyName", "desks")];
    let (_, list) = floor.post("SIP/CredentialLists.json", &form).await;
    let list = list["sid"].as_str().unwrap().to_owned();
    let path = format!("SIP/CredentialLists/{list}/Credentials.json");
    let user = [("Username", "office"), ("Password", PASSWORD)];
    assert_eq!(floor.post(&path, &user).await.0, StatusCode::CREATED);
    list
}

async fn addresses(floor: &Floor, address: &str) -> String {
    let form = [("FriendlyName", "offices")];
    let (_, list) = floor.post("SIP/IpAccessControlLists.json", &form).await;
    let list = list["sid"].as_str().unwrap().to_owned();
    let path = format!("SIP/IpAccessControlLists/{list}/IpAddresses.json");
    let form = [("FriendlyName", "one"), ("IpAddress", address)];
    assert_eq!(floor.post(&path, &form).await.0, StatusCode::CREATED);
    list
}

async fn call_from_pbx(floor: &Floor, order: Value) -> (StatusCode, Value) {
    let path = "/emulator/pbxs/pbx.example.com/calls";
    let response = signed_in(floor.client.post(floor.url(path)).json(&order)).await;
    (response.status(), response.json().await.unwrap())
}

#[tokio::test]
async fn an_extension_is_bridged_and_the_action_hears_of_the_sip_leg() {
    let floor = Floor::open().await;
    pbx(&floor, json!({ "username": "us", "password": "right" })).await;
    floor.application.says("/whisper", "<Say>A call for you.</Say>");
    floor.application.says("/after", "<Hangup/>");
    let verbs = "<Dial action=\"/after\"><Sip username=\"us\" password=\"right\" url=\"/whisper\" \
        statusCallback=\"/leg\" statusCallbackEvent=\"initiated answered completed\">\
        sip:100@pbx.example.com;transport=tls?X-Lead=7</Sip></Dial>";
    number_says(&floor, verbs).await;
    let caller = call_in(&floor, json!({})).await;
    let caller = caller["sid"].as_str().unwrap();
    let whisper = floor.application.wait_for("/whisper", &[]).await;
    assert_eq!(whisper.params["SipHeader_X-Desk"], "7");
    let bridged = floor.wait_for_event("dial.bridged", "call", caller).await;
    let child = bridged["other"].as_str().unwrap();
    let view = floor.get(&format!("Calls/{child}.json")).await;
    assert_eq!(view["direction"], "outbound-dial");
    assert_eq!(view["to"], "sip:100@pbx.example.com;transport=tls?X-Lead=7");
    let path = format!("Calls/{child}.json");
    floor.post(&path, &[("Status", "completed")]).await;
    let after = floor.application.wait_for("/after", &[("CallSid", caller)]).await;
    assert_eq!(after.params["DialCallStatus"], "completed");
    assert_eq!(after.params["DialSipResponseCode"], "200");
    assert_eq!(after.params["DialSipHeader_X-Desk"], "7");
    let leg = floor
        .application
        .wait_for("/leg", &[("CallStatus", "completed")])
        .await;
    assert_eq!(leg.params["SipResponseCode"], "200");
    assert_eq!(leg.params["SipCallId"], after.params["DialSipCallId"]);
    assert!(codes(&floor).await.is_empty(), "{:?}", codes(&floor).await);
    floor.close().await;
}

#[tokio::test]
async fn refusals_have_their_sip_codes() {
    let floor = virtual_floor().await;
    pbx(&floor, json!({ "username": "us", "password": "right" })).await;
    let us = "username=\"us\" password=\"right\"";
    for (attributes, uri, status, code) in [
        (us, "sip:101@pbx.example.com", "busy", "486"),
        (us, "sip:103@pbx.example.com", "busy", "603"),
        (us, "sip:999@pbx.example.com", "failed", "404"),
        ("", "sip:100@pbx.example.com", "failed", "401"),
        (
            "username=\"us\" password=\"wrong\"",
            "sip:100@pbx.example.com",
            "failed",
            "403",
        ),
        ("", "sip:100@nowhere.example.com", "failed", "503"),
        ("", "sip:alice@office.sip.twilio.com", "failed", "480"),
    ] {
        let after = dial(&floor, attributes, uri).await;
        assert_eq!(after["DialCallStatus"], status, "{uri}");
        assert_eq!(after["DialSipResponseCode"], code, "{uri}");
    }
    let noted = codes(&floor).await;
    assert_eq!(
        noted.iter().filter(|code| *code == "32011").count(),
        4,
        "{noted:?}"
    );
    assert_eq!(
        noted.iter().filter(|code| *code == "32009").count(),
        1,
        "{noted:?}"
    );
    for (uri, status, code) in [
        ("sip:@", "failed", "13243"),
        ("sip:office.sip.twilio.com", "failed", "32223"),
        (
            "sip:101@pbx.example.com?Subject=hello&amp;X-Lead=7",
            "busy",
            "13252",
        ),
    ] {
        let after = dial(&floor, us, uri).await;
        assert_eq!(after["DialCallStatus"], status, "{uri}");
        let noted = codes(&floor).await;
        assert!(noted.iter().any(|noted| noted == code), "{uri}: {noted:?}");
    }
    floor.close().await;
}

#[tokio::test]
async fn a_machine_is_known_on_a_sip_leg_too() {
    let floor = virtual_floor().await;
    let machine =
        json!({ "name": "machine", "answer": { "after": { "ring_ms": 50 } }, "script": "voicemail" });
    pbx(&floor, json!({ "extensions": { "*": { "persona": machine } } })).await;
    let verdict = floor.application.url("/verdict");
    number_says(
        &floor,
        "<Dial><Sip machineDetection=\"Enable\" amdStatusCallback=\"/verdict\">sip:1@pbx.example.com</Sip></Dial>",
    )
    .await;
    call_in(&floor, json!({})).await;
    let form = [
        ("To", "sip:2@pbx.example.com"),
        ("From", OWN_NUMBER),
        ("Twiml", "<Response><Pause length=\"60\"/></Response>"),
        ("MachineDetection", "Enable"),
        ("AsyncAmd", "true"),
        ("AsyncAmdStatusCallback", verdict.as_str()),
    ];
    assert_eq!(floor.post("Calls.json", &form).await.0, StatusCode::CREATED);
    advance(&floor, 20_000).await;
    let told = floor.application.received("/verdict");
    let heard: Vec<&str> = told.iter().map(|it| it.params["AnsweredBy"].as_str()).collect();
    assert_eq!(heard, ["machine_start", "machine_start"]);
    floor.close().await;
}

#[tokio::test]
async fn rest_calls_an_extension_and_invites_one_into_a_conference() {
    let floor = Floor::open().await;
    pbx(&floor, json!({ "username": "us", "password": "right" })).await;
    let auth = [("SipAuthUsername", "us"), ("SipAuthPassword", "right")];
    let to = ("To", "sip:100@pbx.example.com");
    let twiml = ("Twiml", "<Response><Pause length=\"60\"/></Response>");
    let form = [to, ("From", "front-desk"), twiml, auth[0], auth[1]];
    let (_, call) = floor.post("Calls.json", &form).await;
    assert_eq!((&call["to"], &call["from"]), (&json!(to.1), &json!("front-desk")));
    floor
        .wait_for_status(call["sid"].as_str().unwrap(), "in-progress")
        .await;
    let status = floor.application.url("/status");
    let form = [to, ("From", OWN_NUMBER), twiml, ("StatusCallback", &status)];
    floor.post("Calls.json", &form).await;
    let told = [("CallStatus", "failed")];
    let told = floor.application.wait_for("/status", &told).await;
    assert_eq!(told.params["SipResponseCode"], "401");

    for (form, code) in [
        (vec![("To", "sip:a b@host"), ("From", OWN_NUMBER)], 13243),
        (vec![to, ("From", "front desk")], 21212),
        (vec![to, ("From", "desk"), auth[0]], 21225),
    ] {
        let form = [form, vec![twiml]].concat();
        assert_eq!(floor.post("Calls.json", &form).await.1["code"], code, "{form:?}");
    }

    let form = [to, ("From", OWN_NUMBER), auth[0], auth[1]];
    let (status, participant) = floor.post("Conferences/standup/Participants.json", &form).await;
    assert_eq!(status, StatusCode::CREATED, "{participant}");
    let sid = participant["call_sid"].as_str().unwrap();
    floor.wait_for_event("participant.join", "call", sid).await;
    floor.close().await;
}

#[tokio::test]
async fn a_pbx_calls_a_domain_that_knows_it() {
    let floor = Floor::open().await;
    pbx(&floor, json!({})).await;
    floor
        .application
        .says("/sip", "<Say>Hello.</Say><Pause length=\"60\"/>");
    let url = floor.application.url("/sip");
    let form = [("DomainName", "Floor.sip.twilio.com"), ("VoiceUrl", url.as_str())];
    let (_, domain) = floor.post("SIP/Domains.json", &form).await;
    let sid = domain["sid"].as_str().unwrap();
    let order = json!({ "extension": "100", "to": "sip:sales@floor.sip.twilio.com" });
    assert_eq!(call_from_pbx(&floor, order.clone()).await.1["code"], 32200);

    let (list, people) = (addresses(&floor, "198.51.100.1").await, credentials(&floor).await);
    let path = format!("SIP/Domains/{sid}/Auth/Calls");
    let form = [("IpAccessControlListSid", list.as_str())];
    floor
        .post(&format!("{path}/IpAccessControlListMappings.json"), &form)
        .await;
    assert_eq!(call_from_pbx(&floor, order.clone()).await.1["code"], 32201);
    pbx(&floor, json!({ "address": "198.51.100.1" })).await;
    let form = [("CredentialListSid", people.as_str())];
    floor
        .post(&format!("{path}/CredentialListMappings.json"), &form)
        .await;
    assert_eq!(call_from_pbx(&floor, order).await.1["code"], 32202);
    let mut order = json!({ "extension": "100", "to": "sip:sales@floor.sip.twilio.com",
        "username": "office", "password": "wrong", "headers": { "X-Queue": "gold" } });
    assert_eq!(call_from_pbx(&floor, order.clone()).await.1["code"], 32202);
    order["password"] = json!(PASSWORD);
    let (status, call) = call_from_pbx(&floor, order).await;
    assert_eq!(
        (status, &call["direction"]),
        (StatusCode::CREATED, &json!("inbound"))
    );
    let asked = floor.application.wait_for("/sip", &[]).await.params;
    for (name, value) in [
        ("From", "sip:100@pbx.example.com"),
        ("To", "sip:sales@floor.sip.twilio.com"),
        ("SipDomain", "Floor.sip.twilio.com"),
        ("SipDomainSid", sid),
        ("SipSourceIp", "198.51.100.1"),
        ("SipUsername", "office"),
        ("SipHeader_X-Queue", "gold"),
    ] {
        assert_eq!(asked[name], value, "{name}");
    }
    floor
        .wait_for_status(call["sid"].as_str().unwrap(), "in-progress")
        .await;
    floor.close().await;
}

#[tokio::test]
async fn a_pbx_calls_out_through_a_trunk_with_real_audio() {
    let floor = Floor::open_with(|config| config.no_media = false).await;
    pbx(&floor, json!({})).await;
    floor.listener_at(PROSPECT).await;
    let trunk = trunk(&floor, &[("DomainName", "Floor.pstn.twilio.com")]).await;
    let people = credentials(&floor).await;
    let form = [("CredentialListSid", people.as_str())];
    trunking(&floor, &format!("/{trunk}/CredentialLists"), &form).await;
    let form = [("Mode", "record-from-answer-dual")];
    trunking(&floor, &format!("/{trunk}/Recording"), &form).await;
    let order = |from: &str, to: &str| {
        json!({ "extension": "102", "from": from, "to": format!("sip:{to}@floor.pstn.twilio.com"),
            "username": "office", "password": PASSWORD })
    };
    let code = async |from, to| call_from_pbx(&floor, order(from, to)).await.1["code"].clone();
    assert_eq!(code(PROSPECT, PROSPECT).await, 32204);
    assert_eq!(code(OWN_NUMBER, "2025550100").await, 32101);
    assert_eq!(code(OWN_NUMBER, "+442079460000").await, 13227);

    let (_, call) = call_from_pbx(&floor, order(OWN_NUMBER, PROSPECT)).await;
    assert_eq!(call["direction"], "trunking-terminating");
    assert_eq!(call["trunk_sid"], trunk);
    assert_eq!(
        (&call["from"], &call["to"]),
        (&json!(OWN_NUMBER), &json!(PROSPECT))
    );
    let sid = call["sid"].as_str().unwrap().to_owned();
    let heard = floor.wait_for_event("heard.started", "listener", &sid).await;
    let behind = heard["speaker"].as_str().unwrap();
    let hidden = signed_in(floor.client.get(floor.rest(&format!("Calls/{behind}.json")))).await;
    assert_eq!(hidden.status(), StatusCode::NOT_FOUND);
    let calls = floor.get("Calls.json").await;
    assert_eq!(calls["calls"].as_array().unwrap().len(), 1, "REST shows one call");
    floor
        .post(&format!("Calls/{sid}.json"), &[("Status", "completed")])
        .await;
    floor.wait_for_event("call.ended", "call", behind).await;
    let recordings = eventually("the recording is there", async || {
        let list = floor.get("Recordings.json").await["recordings"].clone();
        (list[0]["status"] == "completed").then_some(list)
    })
    .await;
    assert_eq!(recordings[0]["source"], "Trunking");
    assert_eq!(
        (&recordings[0]["channels"], &recordings[0]["call_sid"]),
        (&json!(2), &json!(sid))
    );
    floor.close().await;
}

#[tokio::test]
async fn a_call_to_a_trunk_number_goes_to_the_next_url_when_one_is_silent() {
    let floor = virtual_floor().await;
    let extensions = json!({ OWN_NUMBER: { "persona": { "name": "desk", "answer": { "after": { "ring_ms": 900 } },
        "script": "listen" } } });
    let office = office(&json!({ "extensions": extensions }));
    let broken = json!({ "domain": "broken.example.com", "silent": true });
    floor.control("pbxs", "", &json!([office, broken])).await;
    let trunk = trunk(&floor, &[]).await;
    own_number_to(&floor, &trunk).await;
    origination(&floor, &trunk, "2", "sip:pbx.example.com;transport=tcp").await;
    origination(&floor, &trunk, "1", "sip:broken.example.com").await;

    let call = call_in(&floor, json!({ "persona": "listener" })).await;
    let sid = call["sid"].as_str().unwrap();
    assert_eq!(call["direction"], "trunking-originating");
    assert_eq!(
        (&call["trunk_sid"], &call["status"]),
        (&json!(trunk), &json!("ringing"))
    );
    advance(&floor, 30_000).await;
    let invited = floor.events("sip.invite").await;
    let to: Vec<&str> = invited
        .iter()
        .map(|event| event["to"].as_str().unwrap())
        .collect();
    let number_at = |rest: &str| format!("sip:{OWN_NUMBER}@{rest}");
    assert_eq!(
        to,
        [
            number_at("broken.example.com"),
            number_at("pbx.example.com;transport=tcp")
        ]
    );
    assert_eq!(
        floor.get(&format!("Calls/{sid}.json")).await["status"],
        "in-progress"
    );
    assert_eq!(
        floor.get("Calls.json").await["calls"].as_array().unwrap().len(),
        1
    );
    assert_eq!(codes(&floor).await, ["32011"]);
    let five_hours_ms = 5 * 3_600_000;
    advance(&floor, five_hours_ms).await;
    let status = floor.get(&format!("Calls/{sid}.json")).await["status"].clone();
    assert_eq!(status, "in-progress", "a trunk's calls may last a day");

    floor
        .post(&format!("Calls/{sid}.json"), &[("Status", "completed")])
        .await;
    advance(&floor, 1_000).await;
    assert_eq!(
        floor.events("call.ended").await.len(),
        3,
        "the far legs end with it"
    );
    floor.close().await;
}

#[tokio::test]
async fn without_a_url_that_works_the_disaster_recovery_has_the_call() {
    let floor = Floor::open().await;
    floor.application.says(
        "/recover",
        "<Say>The office is closed.</Say><Pause length=\"60\"/>",
    );
    let recovery = floor.application.url("/recover");
    let trunk = trunk(&floor, &[("DisasterRecoveryUrl", &recovery)]).await;
    own_number_to(&floor, &trunk).await;
    let call = call_in(&floor, json!({})).await;
    let sid = call["sid"].as_str().unwrap();
    let asked = floor.application.wait_for("/recover", &[("CallSid", sid)]).await;
    assert_eq!(asked.params["Direction"], "trunking-originating");
    floor.wait_for_status(sid, "in-progress").await;
    assert_eq!(codes(&floor).await, ["32010"]);

    pbx(&floor, json!({ "extensions": { "*": { "persona": "busy" } } })).await;
    origination(&floor, &trunk, "1", "sip:pbx.example.com").await;
    let call = call_in(&floor, json!({})).await;
    floor.wait_for_status(call["sid"].as_str().unwrap(), "busy").await;
    assert_eq!(
        floor.application.received("/recover").len(),
        1,
        "busy is no disaster"
    );
    floor.close().await;
}

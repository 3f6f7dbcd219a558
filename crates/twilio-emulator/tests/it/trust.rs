//! Trust Hub: a number that Twilio vouches for is signed in full.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::floor::{Floor, OWN_NUMBER, PROSPECT, signed_in};
use crate::time::{advance, virtual_floor};

const BUSINESS: &str = "RN6433641899984f951173ef1738c3bdd0";
const SHAKEN: &str = "RN7a97559effdf62d00f4298208492a5ea";

async fn post(floor: &Floor, path: &str, form: &[(&str, &str)]) -> (StatusCode, Value) {
    let request = floor.client.post(floor.url(&format!("/v1/{path}"))).form(form);
    let response = signed_in(request).await;
    (response.status(), response.json().await.unwrap())
}

async fn made(floor: &Floor, path: &str, form: &[(&str, &str)]) -> String {
    let (status, body) = post(floor, path, form).await;
    assert_eq!(status, StatusCode::CREATED, "{body}");
    body["sid"].as_str().unwrap().to_owned()
}

async fn status(floor: &Floor, path: &str) -> String {
    let response = signed_in(floor.client.get(floor.url(&format!("/v1/{path}")))).await;
    response.json::<Value>().await.unwrap()["status"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// What the callback at `ringing` says of a call that is placed now.
async fn stir_status(floor: &Floor) -> Option<String> {
    let call = floor.place(&[("Twiml", "<Response><Hangup/></Response>")]).await;
    advance(floor, 20_000).await;
    let said = floor.application.received("/status");
    let ringing = said
        .iter()
        .find(|it| it.params["CallSid"] == call && it.params["CallStatus"] == "ringing");
    ringing.unwrap().params.get("StirStatus").cloned()
}

async fn own_number(floor: &Floor) -> String {
    let path = format!(
        "IncomingPhoneNumbers.json?PhoneNumber={}",
        OWN_NUMBER.trim_start_matches('+')
    );
    let numbers = floor.get(&path).await;
    numbers["incoming_phone_numbers"][0]["sid"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn profile(floor: &Floor) -> String {
    let form = [
        ("FriendlyName", "Acme"),
        ("Email", "a@example.com"),
        ("PolicySid", BUSINESS),
    ];
    made(floor, "CustomerProfiles", &form).await
}

#[tokio::test]
async fn an_approved_business_signs_its_numbers_in_full() {
    let floor = virtual_floor().await;
    floor.listener_at(PROSPECT).await;
    assert_eq!(
        stir_status(&floor).await.as_deref(),
        Some("B"),
        "what the world says"
    );

    let profile = profile(&floor).await;
    let number = own_number(&floor).await;
    for (path, kind) in [
        ("EndUsers", "customer_profile_business_information"),
        ("EndUsers", "authorized_representative_1"),
        ("SupportingDocuments", "customer_profile_address"),
    ] {
        let paper = made(&floor, path, &[("FriendlyName", "paper"), ("Type", kind)]).await;
        let entities = format!("CustomerProfiles/{profile}/EntityAssignments");
        made(&floor, &entities, &[("ObjectSid", &paper)]).await;
    }
    let form = [
        ("FriendlyName", "Signing"),
        ("Email", "a@example.com"),
        ("PolicySid", SHAKEN),
    ];
    let product = made(&floor, "TrustProducts", &form).await;
    let entities = format!("TrustProducts/{product}/EntityAssignments");
    made(&floor, &entities, &[("ObjectSid", &profile)]).await;

    let number = [
        ("ChannelEndpointType", "phone-number"),
        ("ChannelEndpointSid", number.as_str()),
    ];
    let product_numbers = format!("TrustProducts/{product}/ChannelEndpointAssignments");
    let (early, _) = post(&floor, &product_numbers, &number).await;
    assert_eq!(early, StatusCode::BAD_REQUEST, "the profile comes first");
    made(
        &floor,
        &format!("CustomerProfiles/{profile}/ChannelEndpointAssignments"),
        &number,
    )
    .await;
    made(&floor, &product_numbers, &number).await;

    for path in [
        format!("CustomerProfiles/{profile}"),
        format!("TrustProducts/{product}"),
    ] {
        let (_, handed_in) = post(&floor, &path, &[("Status", "pending-review")]).await;
        assert_eq!(handed_in["status"], "pending-review");
    }
    assert_eq!(
        stir_status(&floor).await.as_deref(),
        Some("B"),
        "nobody has looked yet"
    );
    advance(&floor, 60_000).await;
    assert_eq!(
        status(&floor, &format!("TrustProducts/{product}")).await,
        "twilio-approved"
    );
    assert_eq!(stir_status(&floor).await.as_deref(), Some("A"));

    floor
        .control("trust", &profile, &json!({ "status": "twilio-rejected" }))
        .await;
    assert_eq!(
        stir_status(&floor).await.as_deref(),
        Some("B"),
        "no profile, no signature"
    );
    floor.close().await;
}

#[tokio::test]
async fn what_is_incomplete_is_rejected_and_its_owner_told() {
    let floor = virtual_floor().await;
    let profile = profile(&floor).await;
    let path = format!("CustomerProfiles/{profile}");
    let callback = floor.application.url("/review");
    let changes = [
        ("Status", "pending-review"),
        ("StatusCallback", callback.as_str()),
    ];
    post(&floor, &path, &changes).await;
    advance(&floor, 59_000).await;
    assert_eq!(status(&floor, &path).await, "pending-review");
    advance(&floor, 2_000).await;
    assert_eq!(status(&floor, &path).await, "twilio-rejected");
    let told = floor.application.received("/review");
    let statuses: Vec<&str> = told.iter().map(|it| it.params["Status"].as_str()).collect();
    assert_eq!(statuses, ["pending-review", "twilio-rejected"]);
    assert!(told.iter().all(|it| it.params["BundleSid"] == profile));
    floor.close().await;
}

#[tokio::test]
async fn what_is_handed_in_again_is_looked_at_anew() {
    let floor = virtual_floor().await;
    let profile = profile(&floor).await;
    let path = format!("CustomerProfiles/{profile}");
    post(&floor, &path, &[("Status", "pending-review")]).await;
    advance(&floor, 50_000).await;
    let (_, taken_back) = post(&floor, &path, &[("Status", "draft")]).await;
    assert_eq!(taken_back["status"], "draft");
    post(&floor, &path, &[("Status", "pending-review")]).await;
    advance(&floor, 50_000).await;
    assert_eq!(
        status(&floor, &path).await,
        "pending-review",
        "a minute of its own"
    );
    advance(&floor, 11_000).await;
    assert_eq!(status(&floor, &path).await, "twilio-rejected");
    floor.close().await;
}

//! The floor on the phone network in a box, which reads Twilio's contract for itself.

use dialer::clock::Clock;
use protocol::{AttemptResult, SeatState};
use secrecy::SecretString;
use serde_json::json;
use twilio_emulator::{Config, Credentials, Emulator};

use crate::{
    carrier::{ACCOUNT_SID, AUTH_TOKEN, Carrier},
    desk::{Desk, attempt, tuesday},
};

const ADA: &str = "2125550142";

#[tokio::test]
async fn a_person_answers_and_is_talking_to_the_rep() {
    let (network, desk) = open(&[ADA]).await;
    set_persona(&desk, ADA, "friendly").await;
    let rep = desk.rep("rita@acme.example", 'a').await;
    let talking = async || matches!(desk.state(rep).await, SeatState::Talking { .. });
    desk.until("the rep talks", talking).await;
    desk.floor.hang_up(rep).await.unwrap();
    let ended = async || matches!(desk.state(rep).await, SeatState::WrapUp { .. });
    desk.until("the conversation is over", ended).await;
    assert!(attempt(desk.state(rep).await).answered_at.is_some());
    assert_eq!(desk.ledger().await, ["connected"]);
    network.shutdown().await;
}

#[tokio::test]
async fn a_busy_number_frees_the_rep() {
    let (network, desk) = open(&[ADA]).await;
    set_persona(&desk, ADA, "busy").await;
    let rep = desk.rep("rita@acme.example", 'a').await;
    let busy = async || {
        let calls = desk.floor.calls(rep, None, 1).await.unwrap();
        calls.iter().any(|call| call.result == Some(AttemptResult::Busy))
    };
    desk.until("the network says busy", busy).await;
    assert!(matches!(desk.state(rep).await, SeatState::Waiting { .. }));
    network.shutdown().await;
}

async fn open(numbers: &[&str]) -> (Emulator, Desk) {
    let credentials = Credentials {
        account_sid: ACCOUNT_SID.to_owned(),
        auth_token: SecretString::from(AUTH_TOKEN),
        api_key_sid: "SK00000000000000000000000000000001".to_owned(),
        api_key_secret: SecretString::from("x"),
    };
    let config = Config {
        no_media: true,
        numbers: vec!["+12125550100".to_owned()],
        ..Config::new(credentials)
    };
    let network = Emulator::start(config).await.unwrap();
    let base_url = format!("http://{}", network.addr()).parse().unwrap();
    let mut carrier = Carrier::start().await;
    carrier.base_url = base_url;
    (
        network,
        Desk::open_on(numbers, carrier, Clock::practice(tuesday())).await,
    )
}

/// Who answers at this number.
async fn set_persona(desk: &Desk, number: &str, persona: &str) {
    let url = desk
        .carrier
        .base_url
        .join(&format!("/emulator/personas/+1{number}"))
        .unwrap();
    let http = reqwest::Client::builder().build().unwrap();
    let request = http
        .put(url)
        .basic_auth(ACCOUNT_SID, Some(AUTH_TOKEN))
        .json(&json!({"persona": persona}));
    assert!(request.send().await.unwrap().status().is_success());
}

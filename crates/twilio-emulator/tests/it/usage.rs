//! What calls cost and how that adds up, by the network's clock.

use serde_json::Value;

use crate::floor::{Floor, OWN_NUMBER, PROSPECT};
use crate::time::{advance, virtual_floor};

async fn category(floor: &Floor, path: &str) -> Value {
    floor.get(path).await["usage_records"][0].clone()
}

#[tokio::test]
async fn a_call_has_a_price_a_minute_after_its_end() {
    let floor = virtual_floor().await;
    floor.listener_at(PROSPECT).await;
    let call = floor
        .place(&[("Twiml", "<Response><Pause length='70'/></Response>")])
        .await;
    advance(&floor, 90_000).await;
    let path = format!("Calls/{call}.json");
    let ended = floor.get(&path).await;
    assert_eq!(
        (ended["status"].as_str(), ended["duration"].as_str()),
        (Some("completed"), Some("70"))
    );
    assert!(ended["price"].is_null(), "{}", ended["price"]);
    advance(&floor, 60_000).await;
    let priced = floor.get(&path).await;
    assert_eq!(priced["price"], "-0.02800", "two minutes began");
    assert_eq!(priced["price_unit"], "USD");
    floor.close().await;
}

#[tokio::test]
async fn usage_belongs_to_the_day_it_happened_on() {
    let floor = virtual_floor().await;
    floor.listener_at(PROSPECT).await;
    let twiml = ("Twiml", "<Response><Pause length='10'/></Response>");
    floor.place(&[twiml]).await;
    advance(&floor, 30_000).await;
    for _ in 0..24 {
        advance(&floor, 3_600_000).await;
    }
    floor.place(&[twiml]).await;
    floor.persona_at("+13125550143", "busy").await;
    floor
        .post(
            "Calls.json",
            &[("To", "+13125550143"), ("From", OWN_NUMBER), twiml],
        )
        .await;
    advance(&floor, 30_000).await;

    let all = category(&floor, "Usage/Records.json?Category=calls-outbound").await;
    assert_eq!(
        (&all["count"], &all["usage"]),
        (&"2".into(), &"2".into()),
        "a busy line costs nothing"
    );
    assert_eq!(all["price"], 0.028);
    assert_eq!(
        (&all["start_date"], &all["end_date"]),
        (&"2026-01-05".into(), &"2026-01-06".into())
    );
    for when in ["Today", "Yesterday"] {
        let day = category(&floor, &format!("Usage/Records/{when}.json?Category=calls")).await;
        assert_eq!(day["count"], "1", "{when}");
    }
    let since = floor
        .get("Usage/Records/Daily.json?Category=calls&StartDate=-1days")
        .await;
    assert_eq!(since["usage_records"].as_array().unwrap().len(), 2);
    let numbers = category(&floor, "Usage/Records/ThisMonth.json?Category=phonenumbers").await;
    assert_eq!(numbers["count"], "5", "the numbers from the start");
    let balance = floor.get("Balance.json").await;
    assert_eq!(
        balance["balance"], "94.22200",
        "100 less five numbers and two minutes"
    );
    floor.close().await;
}

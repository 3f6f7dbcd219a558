//! Webhooks on order: JSON, which no call sends, so that an application can try its validator.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::Value;

use crate::rest::{ApiError, is_web_url};
use crate::web::Site;

pub(super) fn routes() -> Router<Site> {
    Router::new().route("/emulator/webhooks", post(send))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    url: String,
    json: Value,
    /// Whose token signs it; the main account's if absent.
    account: Option<String>,
}

async fn send(State(site): State<Site>, Json(order): Json<Order>) -> Result<StatusCode, ApiError> {
    if !is_web_url(&order.url) {
        let message = format!(
            "url is one such as https://app.example.com/events, not {}",
            order.url
        );
        return Err(ApiError::parameter(message));
    }
    let json = order.json.to_string();
    site.network
        .ask(move |network| network.post_json(order.account, order.url, json))
        .await??;
    Ok(StatusCode::NO_CONTENT)
}

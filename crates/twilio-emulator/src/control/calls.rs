//! Calls from people to the account's numbers, checking TwiML, and how often detection errs.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{post, put};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::network::{AmdErrors, InboundOrder};
use crate::rest::ApiError;
use crate::twiml;
use crate::web::Site;

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/emulator/calls", post(call_in))
        .route("/emulator/twiml/check", post(check))
        .route("/emulator/amd", put(set_amd_errors))
}

/// Somebody calls one of our numbers.
async fn call_in(
    State(site): State<Site>,
    Json(order): Json<InboundOrder>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let called = site.network.ask(move |network| {
        let sid = network.call_in(order)?;
        network.call_view(&sid)
    });
    Ok((StatusCode::CREATED, Json(called.await??)))
}

/// What Twilio's error log would say about a document.
async fn check(body: String) -> Json<Value> {
    let notifications = match twiml::parse(&body) {
        Ok(document) => json!(document.warnings),
        Err(error) => json!([{ "code": error.code(), "message": error.to_string(), "line": null }]),
    };
    Json(json!({ "notifications": notifications }))
}

async fn set_amd_errors(
    State(site): State<Site>,
    Json(errors): Json<AmdErrors>,
) -> Result<StatusCode, ApiError> {
    if !errors.are_possible() {
        return Err(ApiError::parameter("each rate goes from 0 to 1"));
    }
    site.network
        .ask(move |network| network.set_amd_errors(errors))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

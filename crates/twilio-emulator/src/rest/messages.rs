//! `UserDefinedMessages` and their subscriptions: what page and application say beside a call's sound.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{delete, post};
use axum::{Json, Router};
use serde_json::Value;

use super::form::Form;
use super::{ApiError, resource};
use crate::sid::CallSid;
use crate::web::Site;

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/Calls/{call}/UserDefinedMessages.json", post(create))
        .route(
            "/Calls/{call}/UserDefinedMessageSubscriptions.json",
            post(subscribe),
        )
        .route(
            "/Calls/{call}/UserDefinedMessageSubscriptions/{subscription}",
            delete(unsubscribe),
        )
}

async fn create(
    State(site): State<Site>,
    Path((account, call)): Path<(String, String)>,
    form: Form,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let content = form
        .text("Content")
        .ok_or_else(|| ApiError::parameter("Content is required".to_owned()))?;
    let content: Value = serde_json::from_str(content)
        .map_err(|error| ApiError::parameter(format!("Content is not JSON: {error}")))?;
    let sid = CallSid::from_text(&call);
    let sent = site.network.ask(move |network| {
        network.require(&account, sid.as_str())?;
        network.message_client(&sid, &content)
    });
    Ok((StatusCode::CREATED, Json(sent.await??)))
}

async fn subscribe(
    State(site): State<Site>,
    Path((account, call)): Path<(String, String)>,
    form: Form,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let endpoint = form
        .endpoint("Callback", "Method", 21_609)?
        .ok_or_else(|| ApiError::parameter("Callback is required".to_owned()))?;
    let sid = CallSid::from_text(&call);
    let subscribed = site.network.ask(move |network| {
        network.require(&account, sid.as_str())?;
        network.subscribe(&sid, endpoint)
    });
    Ok((StatusCode::CREATED, Json(subscribed.await??)))
}

async fn unsubscribe(
    State(site): State<Site>,
    Path((account, call, subscription)): Path<(String, String, String)>,
) -> Result<StatusCode, ApiError> {
    let (sid, subscription) = (CallSid::from_text(&call), resource(&subscription));
    let done = site.network.ask(move |network| {
        network.require(&account, sid.as_str())?;
        network.unsubscribe(&sid, &subscription)
    });
    done.await??;
    Ok(StatusCode::NO_CONTENT)
}

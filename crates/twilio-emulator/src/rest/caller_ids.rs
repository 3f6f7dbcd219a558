//! `OutgoingCallerIds`: numbers of others that calls may show.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;

use super::ApiError;
use super::ask::{Answer, Ask};
use super::order::is_e164;
use crate::web::Site;

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/OutgoingCallerIds.json", get(list).post(validate))
        .route(
            "/OutgoingCallerIds/{caller_id}",
            get(fetch).post(update).delete(delete),
        )
}

async fn validate(ask: Ask) -> Answer {
    ask.only(&[
        "PhoneNumber",
        "FriendlyName",
        "CallDelay",
        "Extension",
        "StatusCallback",
        "StatusCallbackMethod",
    ])
    .await?;
    let number = ask.form.text("PhoneNumber").unwrap_or_default();
    if !is_e164(number) {
        let message = format!("The phone number you are attempting to verify, {number}, is not valid.");
        return Err(ApiError::new(400, 13223, message));
    }
    let (number, name) = (
        number.to_owned(),
        ask.form.text("FriendlyName").map(str::to_owned),
    );
    ask.show(move |network, account| network.validate_caller_id(account, &number, name))
        .await
}

async fn list(ask: Ask) -> Answer {
    let number = ask.form.text("PhoneNumber").map(str::to_owned);
    let name = ask.form.text("FriendlyName").map(str::to_owned);
    ask.list(
        "outgoing_caller_ids",
        &["PhoneNumber", "FriendlyName"],
        move |network, account| Ok(network.list_caller_ids(account, number.as_deref(), name.as_deref())),
    )
    .await
}

async fn fetch(ask: Ask) -> Answer {
    let sid = ask.name(0);
    ask.read(move |network, account| network.caller_id_view(account, &sid))
        .await
}

async fn update(ask: Ask) -> Answer {
    ask.only(&["FriendlyName"]).await?;
    let sid = ask.name(0);
    let name = ask.form.text("FriendlyName").unwrap_or_default().to_owned();
    ask.show(move |network, account| {
        network.rename_caller_id(account, &sid, name)?;
        network.caller_id_view(account, &sid)
    })
    .await
}

async fn delete(ask: Ask) -> Result<StatusCode, ApiError> {
    let sid = ask.name(0);
    ask.gone(move |network, account| network.delete_caller_id(account, &sid))
        .await
}

//! `IncomingPhoneNumbers`: the numbers the account owns.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::Value;

use super::calls::is_e164;
use super::form::Form;
use super::page::page;
use super::{ApiError, resource};
use crate::network::{Change, Network, NumberChanges};
use crate::web::Site;

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/IncomingPhoneNumbers.json", get(list).post(create))
        .route("/IncomingPhoneNumbers/{number}", get(fetch).post(update))
}

async fn create(
    State(site): State<Site>,
    Path(account): Path<String>,
    form: Form,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let changes = changes(&form)?;
    let phone_number = form.text("PhoneNumber").filter(|text| is_e164(text));
    let phone_number = phone_number
        .ok_or_else(|| ApiError::new(400, 21421, "PhoneNumber is invalid".to_owned()))?
        .to_owned();
    let created = site.network.ask(move |network| {
        let sid = network.create_number(&account, &phone_number, changes)?;
        network.number_view(&sid)
    });
    Ok((StatusCode::CREATED, Json(created.await??)))
}

async fn list(
    State(site): State<Site>,
    Path(account): Path<String>,
    form: Form,
) -> Result<Json<Value>, ApiError> {
    let name = form.text("FriendlyName").map(str::to_owned);
    let pattern = form.text("PhoneNumber").map(str::to_owned);
    let listed = move |network: &mut Network| network.list_numbers(name.as_deref(), pattern.as_deref());
    let rows = site.network.ask(listed).await?;
    let path = format!("/2010-04-01/Accounts/{account}/IncomingPhoneNumbers.json");
    Ok(Json(page("incoming_phone_numbers", &path, &form, rows)))
}

async fn fetch(
    State(site): State<Site>,
    Path((_, sid)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let sid = resource(&sid);
    Ok(Json(
        site.network
            .ask(move |network| network.number_view(&sid))
            .await??,
    ))
}

async fn update(
    State(site): State<Site>,
    Path((_, sid)): Path<(String, String)>,
    form: Form,
) -> Result<Json<Value>, ApiError> {
    let (sid, changes) = (resource(&sid), changes(&form)?);
    let updated = site.network.ask(move |network| {
        network.update_number(&sid, changes)?;
        network.number_view(&sid)
    });
    Ok(Json(updated.await??))
}

fn changes(form: &Form) -> Result<NumberChanges, ApiError> {
    Ok(NumberChanges {
        friendly_name: form.raw("FriendlyName").map(str::to_owned),
        routing: form.routing()?,
        application_sid: match form.raw("VoiceApplicationSid") {
            None => Change::Keep,
            Some("") => Change::Clear,
            Some(sid) => Change::Set(sid.to_owned()),
        },
    })
}

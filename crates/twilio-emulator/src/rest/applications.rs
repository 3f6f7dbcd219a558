//! `Applications`: the TwiML applications that access tokens name.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::Value;

use super::form::Form;
use super::page::page;
use super::{ApiError, resource};
use crate::network::ApplicationChanges;
use crate::web::Site;

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/Applications.json", get(list).post(create))
        .route("/Applications/{application}", get(fetch).post(update))
}

async fn create(
    State(site): State<Site>,
    Path(account): Path<String>,
    form: Form,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let changes = changes(&form)?;
    let created = site.network.ask(move |network| {
        let sid = network.create_application(&account, changes)?;
        network.application_view(&sid)
    });
    Ok((StatusCode::CREATED, Json(created.await??)))
}

async fn list(
    State(site): State<Site>,
    Path(account): Path<String>,
    form: Form,
) -> Result<Json<Value>, ApiError> {
    let name = form.text("FriendlyName").map(str::to_owned);
    let rows = site
        .network
        .ask(move |network| network.list_applications(name.as_deref()))
        .await?;
    let path = format!("/2010-04-01/Accounts/{account}/Applications.json");
    Ok(Json(page("applications", &path, &form, rows)))
}

async fn fetch(
    State(site): State<Site>,
    Path((_, sid)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let sid = resource(&sid);
    Ok(Json(
        site.network
            .ask(move |network| network.application_view(&sid))
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
        network.update_application(&sid, changes)?;
        network.application_view(&sid)
    });
    Ok(Json(updated.await??))
}

fn changes(form: &Form) -> Result<ApplicationChanges, ApiError> {
    Ok(ApplicationChanges {
        friendly_name: form.raw("FriendlyName").map(str::to_owned),
        routing: form.routing()?,
    })
}

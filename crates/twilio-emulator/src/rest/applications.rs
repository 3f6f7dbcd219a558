//! `Applications`: the TwiML applications that access tokens name.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;

use super::ApiError;
use super::ask::{Answer, Ask};
use super::form::Form;
use crate::network::{ApplicationChanges, OF_APPLICATIONS, Settings};
use crate::web::Site;

const KNOWN: [&str; 15] = [
    "FriendlyName",
    "VoiceUrl",
    "VoiceMethod",
    "VoiceFallbackUrl",
    "VoiceFallbackMethod",
    "VoiceCallerIdLookup",
    "StatusCallback",
    "StatusCallbackMethod",
    "SmsUrl",
    "SmsMethod",
    "SmsFallbackUrl",
    "SmsFallbackMethod",
    "SmsStatusCallback",
    "MessageStatusCallback",
    "PublicApplicationConnectEnabled",
];
const FRIENDLY_NAME_CHARACTERS_MAX: usize = 64;

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/Applications.json", get(list).post(create))
        .route(
            "/Applications/{application}",
            get(fetch).post(update).delete(delete),
        )
}

async fn create(ask: Ask) -> Answer {
    ask.only(&KNOWN).await?;
    let changes = changes(&ask.form)?;
    ask.made(move |network, account| {
        let sid = network.create_application(account, changes)?;
        network.application_view(&sid)
    })
    .await
}

async fn list(ask: Ask) -> Answer {
    ask.only(&["FriendlyName"]).await?;
    let name = ask.form.text("FriendlyName").map(str::to_owned);
    ask.list("applications", move |network, account| {
        Ok(network.list_applications(account, name.as_deref()))
    })
    .await
}

async fn fetch(ask: Ask) -> Answer {
    let sid = ask.name(0);
    ask.show(move |network, account| {
        network.require(account, &sid)?;
        network.application_view(&sid)
    })
    .await
}

async fn update(ask: Ask) -> Answer {
    ask.only(&KNOWN).await?;
    let (sid, changes) = (ask.name(0), changes(&ask.form)?);
    ask.show(move |network, account| {
        network.require(account, &sid)?;
        network.update_application(&sid, changes)?;
        network.application_view(&sid)
    })
    .await
}

async fn delete(ask: Ask) -> Result<StatusCode, ApiError> {
    let sid = ask.name(0);
    ask.gone(move |network, account| {
        network.require(account, &sid)?;
        network.delete_application(&sid);
        Ok(())
    })
    .await
}

fn changes(form: &Form) -> Result<ApplicationChanges, ApiError> {
    let friendly_name = form.raw("FriendlyName").map(str::to_owned);
    let too_long = |name: &String| name.chars().count() > FRIENDLY_NAME_CHARACTERS_MAX;
    if friendly_name.as_ref().is_some_and(too_long) {
        return Err(ApiError::parameter("FriendlyName has more than 64 characters"));
    }
    Ok(ApplicationChanges {
        friendly_name,
        routing: form.routing()?,
        settings: Settings::read(&OF_APPLICATIONS, |name| form.raw(name)),
    })
}

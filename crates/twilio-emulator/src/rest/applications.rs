//! `Applications`: the TwiML applications that access tokens name.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;

use super::ApiError;
use super::ask::{Answer, Ask};
use super::form::HANDLING;
use crate::network::OF_APPLICATIONS;
use crate::web::Site;

/// What only applications have, besides [`HANDLING`].
const OWN: [&str; 3] = [
    "SmsStatusCallback",
    "MessageStatusCallback",
    "PublicApplicationConnectEnabled",
];

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/Applications.json", get(list).post(create))
        .route(
            "/Applications/{application}",
            get(fetch).post(update).delete(delete),
        )
}

async fn create(ask: Ask) -> Answer {
    ask.only(&[&HANDLING[..], &OWN].concat()).await?;
    let changes = ask.form.handling(&OF_APPLICATIONS)?;
    ask.made(move |network, account| {
        let sid = network.create_application(account, changes)?;
        network.application_view(&sid)
    })
    .await
}

async fn list(ask: Ask) -> Answer {
    let name = ask.form.text("FriendlyName").map(str::to_owned);
    ask.list("applications", &["FriendlyName"], move |network, account| {
        Ok(network.list_applications(account, name.as_deref()))
    })
    .await
}

async fn fetch(ask: Ask) -> Answer {
    let sid = ask.name(0);
    ask.read(move |network, account| {
        network.require(account, &sid)?;
        network.application_view(&sid)
    })
    .await
}

async fn update(ask: Ask) -> Answer {
    ask.only(&[&HANDLING[..], &OWN].concat()).await?;
    let (sid, changes) = (ask.name(0), ask.form.handling(&OF_APPLICATIONS)?);
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

//! `Transcriptions` of the account and of its recordings.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;

use super::ApiError;
use super::ask::{Answer, Ask};
use crate::web::Site;

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/Transcriptions.json", get(list))
        .route("/Transcriptions/{transcription}", get(fetch).delete(delete))
        .route("/Recordings/{recording}/Transcriptions.json", get(list_of))
        .route(
            "/Recordings/{recording}/Transcriptions/{transcription}",
            get(fetch_of).delete(delete_of),
        )
}

async fn list(ask: Ask) -> Answer {
    ask.list("transcriptions", &[], |network, account| {
        Ok(network.list_transcriptions(account, None))
    })
    .await
}

async fn list_of(ask: Ask) -> Answer {
    let recording = ask.name(0);
    ask.list("transcriptions", &[], move |network, account| {
        network.require(account, &recording)?;
        Ok(network.list_transcriptions(account, Some(&recording)))
    })
    .await
}

async fn fetch(ask: Ask) -> Answer {
    let sid = ask.name(0);
    ask.read(move |network, account| network.transcription_view(account, None, &sid))
        .await
}

async fn fetch_of(ask: Ask) -> Answer {
    let (recording, sid) = (ask.name(0), ask.name(1));
    ask.read(move |network, account| network.transcription_view(account, Some(&recording), &sid))
        .await
}

async fn delete(ask: Ask) -> Result<StatusCode, ApiError> {
    let sid = ask.name(0);
    ask.gone(move |network, account| network.delete_transcription(account, None, &sid))
        .await
}

async fn delete_of(ask: Ask) -> Result<StatusCode, ApiError> {
    let (recording, sid) = (ask.name(0), ask.name(1));
    ask.gone(move |network, account| network.delete_transcription(account, Some(&recording), &sid))
        .await
}

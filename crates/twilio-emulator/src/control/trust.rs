//! What a reviewer of Trust Hub decides.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::put;
use axum::{Json, Router};
use serde::Deserialize;

use crate::network::Review;
use crate::rest::ApiError;
use crate::web::Site;

pub(super) fn routes() -> Router<Site> {
    Router::new().route("/emulator/trust/{bundle}", put(decide))
}

const STATUSES: &str = "status is draft, pending-review, twilio-rejected or twilio-approved";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decision {
    status: String,
}

/// Whatever the profile or product lacks, and however long its review would take.
async fn decide(
    State(site): State<Site>,
    Path(bundle): Path<String>,
    Json(decision): Json<Decision>,
) -> Result<StatusCode, ApiError> {
    let status = Review::parse(&decision.status).ok_or_else(|| ApiError::parameter(STATUSES))?;
    let path = format!("/emulator/trust/{bundle}");
    let known = site
        .network
        .ask(move |network| network.decide_review(&bundle, status))
        .await?;
    known
        .then_some(StatusCode::NO_CONTENT)
        .ok_or_else(|| ApiError::not_found(&path))
}

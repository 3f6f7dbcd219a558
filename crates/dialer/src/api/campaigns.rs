//! `GET /campaigns` and `POST /campaigns/{id}/leads`.

use std::time::Duration;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{
        DefaultBodyLimit, Path, State,
        rejection::{BytesRejection, PathRejection},
    },
    http::StatusCode,
    routing::post,
};
use protocol::{Campaign, CampaignId, Code, ImportReport};
use tower_http::timeout::TimeoutLayer;

use super::{refusal::Refusal, signed_in::SignedIn};
use crate::{
    app::App,
    import::{self, FileRefused},
    store::campaigns,
};

/// A file of the largest size takes a few seconds to store.
const IMPORT_TIME_MAX: Duration = Duration::from_mins(1);

pub(super) fn import_router() -> Router<App> {
    Router::new()
        .route("/campaigns/{campaign_id}/leads", post(import))
        .layer(DefaultBodyLimit::max(import::FILE_BYTES_MAX))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            IMPORT_TIME_MAX,
        ))
}

/// 200, the tenant's campaigns by name.
pub(super) async fn list(
    State(app): State<App>,
    signed_in: SignedIn,
) -> Result<Json<Vec<Campaign>>, Refusal> {
    Ok(Json(
        campaigns::list(&app.store, signed_in.agent().tenant_id, app.clock.rule_now()).await?,
    ))
}

/// 200 with what became of each row, also if all are refused. 403 for reps; 404 if the tenant has no such campaign;
/// 400 for a file that cannot be read as a list.
async fn import(
    State(app): State<App>,
    signed_in: SignedIn,
    path: Result<Path<CampaignId>, PathRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<ImportReport>, Refusal> {
    let Path(campaign_id) = path?;
    signed_in.manages()?;
    let file = body.map_err(|_| {
        let sentence = format!(
            "The file is too large: {} MB are taken.",
            import::FILE_BYTES_MAX / 1_000_000
        );
        Refusal::new(Code::BadRequest, sentence)
    })?;
    let tenant_id = signed_in.agent().tenant_id;
    if !campaigns::exists(&app.store, tenant_id, campaign_id).await? {
        return Err(Refusal::new(Code::NotFound, "There is no such campaign."));
    }
    let list = import::parse(&file)
        .map_err(|refused: FileRefused| Refusal::new(Code::BadRequest, refused.to_string()))?;
    Ok(Json(
        import::store(&app.store, app.clock.rule_now(), tenant_id, campaign_id, list).await?,
    ))
}

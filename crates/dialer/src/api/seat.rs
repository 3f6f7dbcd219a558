//! The seat, what came of its calls, and their history. The floor decides; these routes pass it on.
//!
//! All answer 401 from the guard, 404 for what is not the agent's, 409 with a sentence for what the seat's state does
//! not allow, and 503 when nothing can be stored.

use axum::{
    Json,
    extract::{
        Path, Query, State,
        rejection::{JsonRejection, PathRejection, QueryRejection},
    },
    http::StatusCode,
};
use protocol::{AttemptId, CallRecord, Code, Seat, TakeSeat, WrapUp};
use serde::Deserialize;

use super::{refusal::Refusal, signed_in::SignedIn};
use crate::{app::App, store::campaigns};

const NOTE_CHARACTERS_MAX: usize = 4_000;
const CALLS_MAX: u32 = 200;
const CALLS_DEFAULT: u32 = 50;

/// 200. 404 if the tenant has no such campaign.
pub(super) async fn take(
    State(app): State<App>,
    signed_in: SignedIn,
    body: Result<Json<TakeSeat>, JsonRejection>,
) -> Result<Json<Seat>, Refusal> {
    let Json(TakeSeat { campaign_id }) = body?;
    let agent = signed_in.agent();
    if !campaigns::exists(&app.store, agent.tenant_id, campaign_id).await? {
        return Err(Refusal::new(Code::NotFound, "There is no such campaign."));
    }
    Ok(Json(app.floor.take_seat(agent.agent_id, campaign_id).await?))
}

pub(super) async fn start(State(app): State<App>, signed_in: SignedIn) -> Result<Json<Seat>, Refusal> {
    Ok(Json(app.floor.start_dialing(signed_in.agent().agent_id).await?))
}

pub(super) async fn pause(State(app): State<App>, signed_in: SignedIn) -> Result<Json<Seat>, Refusal> {
    Ok(Json(app.floor.pause(signed_in.agent().agent_id).await?))
}

pub(super) async fn hang_up(State(app): State<App>, signed_in: SignedIn) -> Result<Json<Seat>, Refusal> {
    Ok(Json(app.floor.hang_up(signed_in.agent().agent_id).await?))
}

/// 204, also without a seat.
pub(super) async fn leave(State(app): State<App>, signed_in: SignedIn) -> Result<StatusCode, Refusal> {
    app.floor.leave(signed_in.agent().agent_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 200. 400 for a note that is too long.
pub(super) async fn wrap_up(
    State(app): State<App>,
    signed_in: SignedIn,
    path: Result<Path<AttemptId>, PathRejection>,
    body: Result<Json<WrapUp>, JsonRejection>,
) -> Result<Json<CallRecord>, Refusal> {
    let Path(attempt_id) = path?;
    let Json(wrap_up) = body?;
    if wrap_up.note.expose().chars().count() > NOTE_CHARACTERS_MAX {
        let sentence = format!("The note is too long: {NOTE_CHARACTERS_MAX} characters are kept.");
        return Err(Refusal::new(Code::BadRequest, sentence));
    }
    Ok(Json(
        app.floor
            .wrap_up(signed_in.agent().agent_id, attempt_id, wrap_up)
            .await?,
    ))
}

#[derive(Deserialize)]
pub(super) struct CallsQuery {
    before: Option<AttemptId>,
    limit: Option<u32>,
}

/// 200, newest first. 400 for a query that cannot be read.
pub(super) async fn calls(
    State(app): State<App>,
    signed_in: SignedIn,
    query: Result<Query<CallsQuery>, QueryRejection>,
) -> Result<Json<Vec<CallRecord>>, Refusal> {
    let Query(CallsQuery { before, limit }) = query?;
    let limit = limit.unwrap_or(CALLS_DEFAULT).clamp(1, CALLS_MAX);
    Ok(Json(
        app.floor.calls(signed_in.agent().agent_id, before, limit).await?,
    ))
}

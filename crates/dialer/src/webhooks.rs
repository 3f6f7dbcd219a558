//! The routes Twilio calls. A request without a good signature is refused before anything of it is read.

mod signed;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use protocol::{AttemptId, SeatId};

use crate::{
    floor::{Floor, WebhookError},
    store::StoreError,
    twilio::twiml::Twiml,
};
use signed::Signed;

/// The longest form of Twilio's is a tenth of this.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// The routes below `/twilio`.
pub fn router(floor: &Floor) -> Router {
    Router::new()
        .route("/twilio/voice/client", post(client))
        .route("/twilio/attempts/{attempt}/{code}/answer", post(answer))
        .route("/twilio/attempts/{attempt}/{code}/status", post(status))
        .route("/twilio/voice/inbound", post(inbound))
        .route("/twilio/voice/inbound/opt-out", post(inbound_opt_out))
        .route("/twilio/attempts/{attempt}/{code}/opt-out", post(opt_out))
        .route("/twilio/attempts/{attempt}/{code}/dial-ended", post(dial_ended))
        .route("/twilio/attempts/{attempt}/{code}/wait", post(wait))
        .route("/twilio/rooms/{seat}/{code}/events", post(room_events))
        .route("/twilio/legs/{seat}/{code}/ended", post(leg_ended))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(floor.clone())
}

/// 200 with TwiML; an unknown seat is hung up on.
async fn client(State(floor): State<Floor>, Signed(webhook): Signed) -> Result<Twiml, WebhookError> {
    floor.client_called(webhook).await
}

/// 200 with TwiML, 404 for an address we did not make, 503 if the claim cannot be stored.
async fn answer(
    State(floor): State<Floor>,
    Path((attempt_id, code)): Path<(AttemptId, String)>,
    Signed(webhook): Signed,
) -> Result<Twiml, WebhookError> {
    floor.answered(attempt_id, &code, webhook).await
}

/// 204 once it is stored.
async fn status(
    State(floor): State<Floor>,
    Path((attempt_id, code)): Path<(AttemptId, String)>,
    Signed(webhook): Signed,
) -> Result<StatusCode, WebhookError> {
    floor.status(attempt_id, &code, webhook).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn opt_out(
    State(floor): State<Floor>,
    Path((attempt_id, code)): Path<(AttemptId, String)>,
    Signed(webhook): Signed,
) -> Result<Twiml, WebhookError> {
    floor.opted_out(attempt_id, &code, webhook).await
}

async fn inbound(State(floor): State<Floor>, Signed(webhook): Signed) -> Result<Twiml, WebhookError> {
    floor.inbound(webhook).await
}

async fn inbound_opt_out(State(floor): State<Floor>, Signed(webhook): Signed) -> Result<Twiml, WebhookError> {
    floor.inbound_opted_out(webhook).await
}

async fn dial_ended(
    State(floor): State<Floor>,
    Path((attempt_id, code)): Path<(AttemptId, String)>,
    Signed(webhook): Signed,
) -> Result<Twiml, WebhookError> {
    floor.dial_ended(attempt_id, &code, webhook).await
}

async fn wait(
    State(floor): State<Floor>,
    Path((attempt_id, code)): Path<(AttemptId, String)>,
    Signed(webhook): Signed,
) -> Result<Twiml, WebhookError> {
    floor.waiting(attempt_id, &code, webhook).await
}

/// 204 once it is stored.
async fn room_events(
    State(floor): State<Floor>,
    Path((seat_id, code)): Path<(SeatId, String)>,
    Signed(webhook): Signed,
) -> Result<StatusCode, WebhookError> {
    floor.room_event(seat_id, &code, webhook).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn leg_ended(
    State(floor): State<Floor>,
    Path((seat_id, code)): Path<(SeatId, String)>,
    Signed(webhook): Signed,
) -> Result<Twiml, WebhookError> {
    floor.leg_ended(seat_id, &code, webhook).await
}

impl IntoResponse for Twiml {
    fn into_response(self) -> Response {
        (
            [(header::CONTENT_TYPE, "application/xml")],
            self.as_str().to_owned(),
        )
            .into_response()
    }
}

impl IntoResponse for WebhookError {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::NotOurs => StatusCode::NOT_FOUND,
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Store(StoreError::Unavailable) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Store(StoreError::Sql(_) | StoreError::Corrupt(_)) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        if status.is_server_error() {
            tracing::error!(error = &self as &dyn std::error::Error, "a webhook was not taken");
        } else {
            tracing::warn!(error = %self, "a webhook was not taken");
        }
        status.into_response()
    }
}

//! The desktop's API, as `protocol` says it.

use std::time::Duration;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    routing::{get, post, put},
};
use tower_http::timeout::TimeoutLayer;

use crate::app::App;

mod campaigns;
mod me;
mod refusal;
mod seat;
mod signed_in;

pub mod events;

/// Longer than Twilio may take to end a call.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(20);
/// The longest body but for imports: a note of 4,000 characters.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// The routes below `/api/v1`. All want an access token.
pub fn router(app: &App) -> Router<App> {
    let short = Router::new()
        .route("/me", get(me::me))
        .route("/voice-token", post(me::voice_token))
        .route("/campaigns", get(campaigns::list))
        .route("/seat", put(seat::take).delete(seat::leave))
        .route("/seat/start", post(seat::start))
        .route("/seat/pause", post(seat::pause))
        .route("/seat/hang-up", post(seat::hang_up))
        .route("/attempts/{attempt_id}/wrap-up", put(seat::wrap_up))
        .route("/calls", get(seat::calls))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            REQUEST_TIME_MAX,
        ));
    Router::new()
        .merge(short)
        .merge(campaigns::import_router())
        .route("/events", get(events::connect))
        .fallback(refusal::no_route)
        .method_not_allowed_fallback(refusal::no_method)
        .layer(axum::middleware::from_fn_with_state(
            app.clone(),
            signed_in::require,
        ))
}

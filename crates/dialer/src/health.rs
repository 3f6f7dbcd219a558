//! What a supervisor asks: `GET /healthz` (the process answers) and `GET /readyz` (it can do its work).

use axum::{Router, extract::State, http::StatusCode, routing::get};

use crate::app::App;

/// The routes.
pub fn router() -> Router<App> {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
}

/// 200 if a write reaches the disk, else 503.
async fn ready(State(app): State<App>) -> (StatusCode, &'static str) {
    match app.store.write(|_| Box::pin(async { Ok(()) })).await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the database does not take writes\n",
        ),
    }
}

//! The OAuth 2.1 server of the desktop: code with PKCE, rotating refresh tokens.
//!
//! | route | meaning |
//! |---|---|
//! | `GET /.well-known/oauth-authorization-server` | where the rest is (RFC 8414) |
//! | `GET /oauth/authorize` | the sign-in page |
//! | `POST /oauth/authorize` | the page's form; answers a redirect to the desktop |
//! | `POST /oauth/token` | trades a code or a refresh token for tokens |
//! | `POST /oauth/revoke` | signs out (RFC 7009) |

use std::time::Duration;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    routing::{get, post},
};
use serde_json::{Value, json};
use tower_http::{set_header::SetResponseHeaderLayer, timeout::TimeoutLayer};

use crate::app::App;

mod authorize;
mod page;
mod request;
mod token;

pub mod lockout;

/// The only client: the desktop app. It is public, it has no secret.
pub const CLIENT_ID: &str = "offhook-desktop";

/// A form of this server has a few short fields.
const FORM_BYTES_MAX: usize = 16 * 1024;
/// Longer than a queue of password checks takes.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(15);

/// The routes.
pub fn router() -> Router<App> {
    Router::new()
        .route("/.well-known/oauth-authorization-server", get(metadata))
        .route("/oauth/authorize", get(authorize::show).post(authorize::submit))
        .route("/oauth/sign-in.css", get(page::stylesheet))
        .route("/oauth/token", post(token::issue))
        .route("/oauth/revoke", post(token::revoke))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            REQUEST_TIME_MAX,
        ))
        .layer(never("cache-control", "no-store"))
        .layer(never("x-content-type-options", "nosniff"))
        .layer(never("referrer-policy", "no-referrer"))
}

fn never(name: &'static str, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(HeaderName::from_static(name), HeaderValue::from_static(value))
}

async fn metadata(State(app): State<App>) -> ([(HeaderName, &'static str); 1], Json<Value>) {
    let issuer = app.issuer();
    let document = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/oauth/authorize"),
        "token_endpoint": format!("{issuer}/oauth/token"),
        "revocation_endpoint": format!("{issuer}/oauth/revoke"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
        "authorization_response_iss_parameter_supported": true,
    });
    ([(header::CACHE_CONTROL, "max-age=300")], Json(document))
}

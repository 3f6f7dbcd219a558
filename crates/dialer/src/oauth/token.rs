//! `POST /oauth/token` and `POST /oauth/revoke`.

use std::ops::RangeInclusive;

use axum::{
    Json,
    extract::{Form, State, rejection::FormRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use protocol::TokenReply;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::CLIENT_ID;
use crate::{
    app::App,
    store::{
        StoreError,
        tokens::{self, TokenPair},
    },
};

/// By RFC 7636 section 4.1.
const VERIFIER_LENGTHS: RangeInclusive<usize> = 43..=128;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct TokenRequest {
    grant_type: String,
    client_id: String,
    code: String,
    redirect_uri: String,
    code_verifier: String,
    refresh_token: String,
}

/// Refusals by RFC 6749 section 5.2.
pub(super) enum TokenRefused {
    InvalidRequest(&'static str),
    InvalidClient,
    InvalidGrant(&'static str),
    UnsupportedGrantType,
    Unavailable,
}

impl IntoResponse for TokenRefused {
    fn into_response(self) -> Response {
        let (status, error, description) = match self {
            Self::InvalidRequest(what) => (StatusCode::BAD_REQUEST, "invalid_request", what),
            Self::InvalidClient => (
                StatusCode::UNAUTHORIZED,
                "invalid_client",
                "the client is not known",
            ),
            Self::InvalidGrant(what) => (StatusCode::BAD_REQUEST, "invalid_grant", what),
            Self::UnsupportedGrantType => (
                StatusCode::BAD_REQUEST,
                "unsupported_grant_type",
                "grant_type must be authorization_code or refresh_token",
            ),
            // The standard has no code for this; clients go by the status.
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "temporarily_unavailable",
                "try again",
            ),
        };
        (
            status,
            Json(json!({ "error": error, "error_description": description })),
        )
            .into_response()
    }
}

impl From<StoreError> for TokenRefused {
    fn from(error: StoreError) -> Self {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "tokens could not be looked up or stored"
        );
        Self::Unavailable
    }
}

impl From<FormRejection> for TokenRefused {
    fn from(_: FormRejection) -> Self {
        Self::InvalidRequest("the body must be a form with each parameter once")
    }
}

pub(super) async fn issue(
    State(app): State<App>,
    form: Result<Form<TokenRequest>, FormRejection>,
) -> Result<Json<TokenReply>, TokenRefused> {
    let Form(request) = form?;
    if request.client_id != CLIENT_ID {
        return Err(TokenRefused::InvalidClient);
    }
    let now = app.clock.now();
    let pair = match request.grant_type.as_str() {
        "authorization_code" => {
            if !VERIFIER_LENGTHS.contains(&request.code_verifier.len()) {
                return Err(TokenRefused::InvalidRequest(
                    "code_verifier must have 43 to 128 characters",
                ));
            }
            let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(request.code_verifier.as_bytes()));
            tokens::redeem_code(&app.store, now, &request.code, &request.redirect_uri, &challenge)
                .await?
                .ok_or(TokenRefused::InvalidGrant("the code is not good; sign in again"))?
        }
        "refresh_token" => tokens::refresh(&app.store, now, &request.refresh_token)
            .await?
            .ok_or(TokenRefused::InvalidGrant(
                "the refresh token is not good; sign in again",
            ))?,
        _ => return Err(TokenRefused::UnsupportedGrantType),
    };
    Ok(Json(reply(pair)))
}

#[derive(Deserialize)]
pub(super) struct RevokeRequest {
    token: String,
}

/// 200 for any token, known or not, by RFC 7009 section 2.2.
pub(super) async fn revoke(
    State(app): State<App>,
    form: Result<Form<RevokeRequest>, FormRejection>,
) -> Result<StatusCode, TokenRefused> {
    let Form(request) = form?;
    tokens::revoke(&app.store, app.clock.now(), &request.token).await?;
    Ok(StatusCode::OK)
}

fn reply(pair: TokenPair) -> TokenReply {
    TokenReply {
        access_token: pair.access_token,
        token_type: "Bearer".to_owned(),
        expires_in: tokens::ACCESS_LIFE.as_secs().unsigned_abs(),
        refresh_token: pair.refresh_token,
    }
}

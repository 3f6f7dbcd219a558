//! Errors as Twilio writes them: `{"code","message","more_info","status"}`.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::driver::Stopped;

/// A refusal with Twilio's code.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ApiError {
    status: u16,
    code: u32,
    message: String,
}

impl ApiError {
    pub(crate) fn new(status: u16, code: u32, message: String) -> Self {
        Self {
            status,
            code,
            message,
        }
    }

    pub(crate) fn not_found(path: &str) -> Self {
        Self::new(404, 20404, format!("The requested resource {path} was not found"))
    }

    /// What is not there is named by the path that asked for it, as Twilio does.
    pub(super) fn of(self, path: &str) -> Self {
        if self.code == 20404 {
            Self::not_found(path)
        } else {
            self
        }
    }

    pub(crate) fn unauthenticated() -> Self {
        Self::new(401, 20003, "Authenticate".to_owned())
    }

    /// What a refusal that has no code of its own amounts to: 400 is 20001, 413 is 20413, and so on.
    pub(crate) fn refusal(status: StatusCode, message: String) -> Self {
        let status = match status {
            StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
            other => other,
        };
        let code = match status {
            StatusCode::BAD_REQUEST => 20001,
            StatusCode::METHOD_NOT_ALLOWED => 20004,
            other => 20_000 + u32::from(other.as_u16()),
        };
        let reason = status.canonical_reason().unwrap_or_default();
        let message = if message.is_empty() {
            reason.to_owned()
        } else {
            message
        };
        Self::new(status.as_u16(), code, message)
    }

    /// A parameter without which nothing can be done.
    pub(crate) fn missing(name: &str) -> Self {
        Self::parameter(format!("Missing required parameter {name} in the post body"))
    }

    /// A parameter that makes no sense and has no code of its own.
    pub(crate) fn parameter(message: impl Into<String>) -> Self {
        Self::new(400, 20001, message.into())
    }
}

impl From<Stopped> for ApiError {
    fn from(stopped: Stopped) -> Self {
        Self::new(500, 20500, stopped.to_string())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = json!({
            "code": self.code,
            "message": self.message,
            "more_info": format!("https://www.twilio.com/docs/errors/{}", self.code),
            "status": self.status,
        });
        let mut response = (status, Json(body)).into_response();
        if status == StatusCode::UNAUTHORIZED {
            let realm = header::HeaderValue::from_static("Basic realm=\"Twilio API\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, realm);
        }
        response
    }
}

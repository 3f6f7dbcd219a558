//! A refused request: a status, a code to act on, a sentence to show.

use axum::{
    Json,
    extract::rejection::{JsonRejection, PathRejection, QueryRejection},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use protocol::{ApiError, Code};

use crate::{floor::FloorError, store::StoreError, twilio::access_token::SignError};

/// The answer to a request that is refused.
#[derive(Debug)]
pub(super) struct Refusal {
    code: Code,
    message: String,
}

impl Refusal {
    pub(super) fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    const fn status(&self) -> StatusCode {
        match self.code {
            Code::Unauthorized => StatusCode::UNAUTHORIZED,
            Code::Forbidden => StatusCode::FORBIDDEN,
            Code::NotFound => StatusCode::NOT_FOUND,
            Code::BadRequest => StatusCode::BAD_REQUEST,
            Code::Conflict => StatusCode::CONFLICT,
            Code::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Code::Carrier => StatusCode::BAD_GATEWAY,
            Code::Internal | Code::Unknown => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = self.status();
        let mut response = (
            status,
            Json(ApiError {
                code: self.code,
                message: self.message,
            }),
        )
            .into_response();
        if status == StatusCode::UNAUTHORIZED {
            let challenge = header::HeaderValue::from_static("Bearer error=\"invalid_token\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable => Self::new(
                Code::Unavailable,
                "The dialer cannot store anything just now. Try again.",
            ),
            StoreError::Sql(_) | StoreError::Corrupt(_) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "a request failed in the store"
                );
                Self::new(Code::Internal, "The dialer has a defect. It was logged.")
            }
        }
    }
}

impl From<FloorError> for Refusal {
    fn from(error: FloorError) -> Self {
        match error {
            FloorError::NotFound => Self::new(Code::NotFound, "There is no such thing on your floor."),
            FloorError::Conflict(sentence) => Self::new(Code::Conflict, sentence),
            FloorError::Store(error) => error.into(),
        }
    }
}

impl From<SignError> for Refusal {
    fn from(error: SignError) -> Self {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "a voice token could not be signed"
        );
        Self::new(Code::Internal, "The dialer has a defect. It was logged.")
    }
}

impl From<JsonRejection> for Refusal {
    fn from(rejection: JsonRejection) -> Self {
        Self::new(Code::BadRequest, rejection.body_text())
    }
}

impl From<QueryRejection> for Refusal {
    fn from(rejection: QueryRejection) -> Self {
        Self::new(Code::BadRequest, rejection.body_text())
    }
}

impl From<PathRejection> for Refusal {
    fn from(_: PathRejection) -> Self {
        Self::new(Code::NotFound, "There is no such thing.")
    }
}

pub(super) async fn no_route() -> Refusal {
    Refusal::new(Code::NotFound, "There is no such route.")
}

pub(super) async fn no_method() -> (StatusCode, Json<ApiError>) {
    let message = "This route does not take that method.".to_owned();
    (
        StatusCode::METHOD_NOT_ALLOWED,
        Json(ApiError {
            code: Code::BadRequest,
            message,
        }),
    )
}

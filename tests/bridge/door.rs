//! Keeps other pages on this machine out: every request brings the run's key, in the address or as a cookie.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use rand::{SeedableRng, distr::Alphanumeric, distr::SampleString, rngs::StdRng};

const KEY_LENGTH: usize = 32;
const COOKIE: &str = "offhook_bridge";

/// The key of this run.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    key: Arc<str>,
}

impl Door {
    pub(crate) fn new() -> Self {
        let key = Alphanumeric.sample_string(&mut StdRng::from_os_rng(), KEY_LENGTH);
        Self { key: key.into() }
    }

    pub(crate) fn key(&self) -> &str {
        &self.key
    }
}

/// Lets a request with the key pass; one that has it in its address gets the cookie for the next ones.
pub(crate) async fn check(State(door): State<Door>, request: Request, next: Next) -> Response {
    let cookie = format!("{COOKIE}={}", door.key);
    let cookies = request
        .headers()
        .get(header::COOKIE)
        .and_then(|cookies| cookies.to_str().ok());
    let has_cookie = cookies.is_some_and(|cookies| cookies.split("; ").any(|pair| pair == cookie));
    let by_address = request.uri().query() == Some(&format!("key={}", door.key));
    if !has_cookie && !by_address {
        return StatusCode::FORBIDDEN.into_response();
    }
    let mut response = next.run(request).await;
    if by_address {
        let cookie = format!("{cookie}; HttpOnly; SameSite=Strict; Path=/");
        let cookie = HeaderValue::try_from(cookie).expect("the key is alphanumeric");
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

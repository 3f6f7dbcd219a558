//! Who makes a request: the holder of its access token.

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{header, request::Parts},
    middleware::Next,
    response::Response,
};
use protocol::{Code, Role};

use super::refusal::Refusal;
use crate::{
    app::App,
    store::{agents::Agent, tokens, tokens::Holder},
};

/// The person who makes the request.
#[derive(Debug, Clone)]
pub(super) struct SignedIn(pub(super) Holder);

impl SignedIn {
    pub(super) const fn agent(&self) -> &Agent {
        &self.0.agent
    }

    /// Refuses reps.
    pub(super) fn manages(&self) -> Result<(), Refusal> {
        match self.agent().role {
            Role::Manager | Role::Admin => Ok(()),
            Role::Rep => Err(Refusal::new(Code::Forbidden, "Only managers may do that.")),
        }
    }
}

/// Lets nothing without a good access token through to any route, known or not.
pub(super) async fn require(
    State(app): State<App>,
    mut request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let unauthorized = || Refusal::new(Code::Unauthorized, "Your sign-in ran out. Sign in again.");
    let token = bearer(&request).ok_or_else(unauthorized)?;
    let holder = tokens::holder(&app.store, app.clock.now(), token)
        .await?
        .ok_or_else(unauthorized)?;
    request.extensions_mut().insert(SignedIn(holder));
    Ok(next.run(request).await)
}

fn bearer(request: &Request) -> Option<&str> {
    let (scheme, token) = request
        .headers()
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

impl<S: Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        Ok(parts
            .extensions
            .get()
            .cloned()
            .expect("`require` guards every route of the API"))
    }
}

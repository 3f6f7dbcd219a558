//! What every request handler can reach, and the router that puts the parts together.

use std::sync::{Arc, Mutex, MutexGuard};

use axum::{
    Router,
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use protocol::AgentId;
use tower_http::{catch_panic::CatchPanicLayer, trace::TraceLayer};
use url::Url;

use crate::{
    api::{self, events::Streams},
    clock::Clock,
    config,
    floor::Floor,
    health,
    oauth::{self, lockout::Lockout},
    password::Passwords,
    store::Store,
    webhooks,
};

/// The parts of a running dialer; cheap to clone.
#[derive(Clone)]
pub struct App {
    /// The database.
    pub store: Store,
    /// Time.
    pub clock: Clock,
    /// The dialing engine.
    pub floor: Floor,
    /// Compares passwords.
    pub passwords: Passwords,
    /// How Twilio and the desktops reach this dialer.
    pub public_base_url: Url,
    /// The account that carries the calls.
    pub twilio: Arc<config::Twilio>,
    /// The TwiML application of the desktops.
    pub application_sid: Arc<str>,
    /// On the practice floor: who the one button of the sign-in page signs in.
    pub practice_agent: Option<AgentId>,
    /// The open event streams.
    pub streams: Streams,
    /// Wrong passwords.
    pub lockouts: Arc<Mutex<Lockout>>,
}

impl App {
    /// The name of this authorization server: the public base URL without a slash at its end.
    #[must_use]
    pub fn issuer(&self) -> String {
        self.public_base_url.as_str().trim_end_matches('/').to_owned()
    }

    /// The counts of wrong passwords.
    ///
    /// # Panics
    ///
    /// Never: nothing panics while it holds the lock.
    pub fn lockout(&self) -> MutexGuard<'_, Lockout> {
        self.lockouts
            .lock()
            .expect("nothing panics while it holds the lock")
    }
}

/// Every route of the dialer. Serve it with the peer's address as connect info.
pub fn router(app: App) -> Router {
    let webhooks = webhooks::router(&app.floor);
    Router::new()
        .merge(oauth::router())
        .merge(health::router())
        .nest(protocol::API_PREFIX, api::router(&app))
        .with_state(app.clone())
        .merge(webhooks)
        .layer(middleware::from_fn_with_state(app, refuse_other_hosts))
        .layer(CatchPanicLayer::new())
        .layer(TraceLayer::new_for_http().make_span_with(|request: &Request<_>| {
            // The path without its query: the queries of this dialer carry codes and states.
            tracing::info_span!("request", method = %request.method(), path = request.uri().path())
        }))
}

/// The practice floor has no passwords. A web page whose name was made to lead to this computer (DNS rebinding) would
/// count as the same origin; its requests carry its own name.
async fn refuse_other_hosts(State(app): State<App>, request: Request, next: Next) -> Response {
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    if app.practice_agent.is_some() && host != Some(app.public_base_url.authority()) {
        return (
            StatusCode::MISDIRECTED_REQUEST,
            "this is not the address of this dialer\n",
        )
            .into_response();
    }
    next.run(request).await
}

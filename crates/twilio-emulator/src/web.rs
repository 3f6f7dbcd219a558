//! What listens: REST, signalling, the Voice SDK's insights and the control API.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{DefaultBodyLimit, FromRef, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::{RequestExt, Router, body};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tower_http::catch_panic::CatchPanicLayer;

use crate::clock::Clock;
use crate::driver::NetworkHandle;
use crate::media::Media;
use crate::rest::{ApiError, Gate};
use crate::signal::{self, Sockets};
use crate::{control, rest};

/// REST forms and personas are small; TwiML in a parameter has 4,000 characters.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// A world names up to 10,000 people.
const CONTROL_BODY_BYTES_MAX: usize = 2 * 1024 * 1024;
/// A refusal's own words.
const REFUSAL_BYTES_MAX: usize = 4 * 1024;

const ACCOUNTS: &str = "/2010-04-01/Accounts.json";

/// What the handlers share; every request takes it several times.
#[derive(Clone, Debug)]
pub(crate) struct Site(Arc<Shared>);

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) network: NetworkHandle,
    pub(crate) sockets: Sockets,
    pub(crate) media: Option<Media>,
    pub(crate) clock: Clock,
    pub(crate) gate: Gate,
    /// How long a body may take to come.
    pub(crate) body_patience: Duration,
}

impl Site {
    pub(crate) fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }
}

impl Deref for Site {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// The account that signed in to what names none in its path.
#[derive(Clone, Debug)]
pub(crate) struct SignedIn(pub(crate) String);

impl FromRef<Site> for NetworkHandle {
    fn from_ref(site: &Site) -> Self {
        site.network.clone()
    }
}

impl FromRef<Site> for Sockets {
    fn from_ref(site: &Site) -> Self {
        site.sockets.clone()
    }
}

pub(crate) fn router(site: Site) -> Router {
    let whole = |routes: Router<Site>| routes.layer(middleware::from_fn_with_state(site.clone(), whole_body));
    let guarded =
        |routes: Router<Site>| routes.layer(middleware::from_fn_with_state(site.clone(), authenticate));
    let rest = rest::routes().layer(middleware::from_fn_with_state(site.clone(), rest::pass));
    let rest = whole(rest).layer(middleware::from_fn(rest::without_body));
    let control = whole(control::routes()).layer(DefaultBodyLimit::max(CONTROL_BODY_BYTES_MAX));
    Router::new()
        .merge(guarded(rest).layer(middleware::from_fn_with_state(site.clone(), rest::note)))
        .merge(guarded(control))
        .route("/signal", any(signal::upgrade))
        .merge(whole(signal::http_routes()))
        .fallback(unknown)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn(as_twilio_says_it))
        .layer(CatchPanicLayer::custom(|_| rest::internal()))
        .with_state(site)
}

/// Waits for the end of a body before anything is done about the request: one that comes slowly takes nobody's place.
async fn whole_body(State(site): State<Site>, request: Request, next: Next) -> Response {
    let (head, body) = request.with_limited_body().into_parts();
    if body.is_end_stream() {
        return next.run(Request::from_parts(head, body)).await;
    }
    match tokio::time::timeout(site.body_patience, body::to_bytes(body, usize::MAX)).await {
        Ok(Ok(bytes)) => next.run(Request::from_parts(head, Body::from(bytes))).await,
        Ok(Err(_)) => ApiError::new(413, 20413, "The request body is too large".to_owned()).into_response(),
        Err(_) => {
            ApiError::new(408, 20408, "The request body did not come in time".to_owned()).into_response()
        }
    }
}

/// Gives Twilio's body to what was refused before a handler saw it: paths, queries and bodies that cannot
/// be read.
async fn as_twilio_says_it(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE);
    let plain = kind.is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    if !plain || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let text = body::to_bytes(response.into_body(), REFUSAL_BYTES_MAX).await;
    let text = String::from_utf8_lossy(&text.unwrap_or_default()).into_owned();
    // A path that is no text names nothing.
    if text.starts_with("Invalid URL") {
        return ApiError::not_found(&path).into_response();
    }
    ApiError::refusal(status, text).into_response()
}

async fn unknown(request: Request) -> ApiError {
    ApiError::not_found(request.uri().path())
}

/// HTTP Basic: the account and its token, or an API key and its secret.
async fn authenticate(
    State(site): State<Site>,
    headers: HeaderMap,
    mut request: Request,
    next: Next,
) -> Response {
    let Some((user, password)) = basic(&headers) else {
        return ApiError::unauthenticated().into_response();
    };
    let path = request.uri().path();
    // The paths that other hosts of Twilio serve, of which no two of its products share one, and the list of accounts.
    let names_no_account = path.starts_with("/v1/") || path.starts_with("/v2/") || path == ACCOUNTS;
    let access = rest::access(request.method(), path);
    let account = path.strip_prefix("/2010-04-01/Accounts/");
    // A suspended account may still be looked at, and woken up.
    let acts = request.method() != Method::GET && account.is_some_and(|rest| rest.contains('/'));
    let account = account.and_then(|rest| rest.split('/').next());
    let account = account.map(|name| name.strip_suffix(".json").unwrap_or(name).to_owned());
    let known = site.network.ask(move |network| {
        let account = if names_no_account {
            network.account_of(&user, &password)
        } else {
            account
        };
        network.authorize((&user, &password), account.as_deref(), acts, &access)?;
        Ok(account)
    });
    match known.await {
        Ok(Ok(account)) => {
            if let Some(account) = account.filter(|_| names_no_account) {
                request.extensions_mut().insert(SignedIn(account));
            }
            next.run(request).await
        }
        Ok(Err(error)) => ApiError::into_response(error),
        Err(stopped) => ApiError::from(stopped).into_response(),
    }
}

/// The user and password of HTTP Basic.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (_, credentials) = value
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))?;
    let decoded = STANDARD.decode(credentials.trim()).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

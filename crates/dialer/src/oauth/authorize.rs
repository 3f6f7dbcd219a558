//! `GET` and `POST /oauth/authorize`: the sign-in page, and what its form leads to.

use std::net::SocketAddr;

use axum::{
    extract::{ConnectInfo, Form, Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use secrecy::SecretString;
use serde::Deserialize;
use subtle::ConstantTimeEq;

use super::{
    page::{self, SignIn},
    request::{AuthorizationRequest, Loopback, Parameters, Refused},
};
use crate::{
    app::App,
    entropy, password,
    store::{
        StoreError,
        agents::{self, Agent},
        tokens::{self, CodeRequest},
    },
};

const CSRF_COOKIE: &str = "offhook_sign_in";
/// The longest address that SMTP can deliver to.
const EMAIL_LENGTH_MAX: usize = 254;

const WRONG: &str = "The email or the password is not right.";
const STALE: &str = "This page was open for too long. Try again.";
const BUSY: &str = "Signing in is not possible just now. Try again in a minute.";

/// Shows the page. 400 for a client or an address we do not trust; other faults go to the client by redirect.
pub(super) async fn show(
    State(app): State<App>,
    headers: HeaderMap,
    Query(parameters): Query<Parameters>,
) -> Response {
    let request = match parameters.check() {
        Ok(request) => request,
        Err(refused) => return refuse(&app, refused),
    };
    // A second tab must not invalidate the first, so a cookie that is there is used again.
    let csrf = csrf_cookie(&headers).unwrap_or_else(entropy::secret);
    let practice_name = match practice_agent(&app).await {
        Ok(agent) => agent.map(|agent| agent.name.into_inner()),
        Err(_) => return page::refusal(BUSY),
    };
    let page = SignIn {
        request: &request,
        csrf: &csrf,
        practice_name: practice_name.as_deref(),
        email: "",
        problem: None,
    };
    let mut response = page.render(StatusCode::OK);
    response
        .headers_mut()
        .insert(header::SET_COOKIE, cookie(&app, &csrf));
    response
}

#[derive(Deserialize)]
pub(super) struct Credentials {
    #[serde(flatten)]
    parameters: Parameters,
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    email: String,
    password: Option<SecretString>,
}

/// Why the form leads back to the page.
enum Problem {
    Wrong,
    Locked(Timestamp),
    Stale,
    Unavailable,
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "sign-in could not be looked up or stored"
        );
        Self::Unavailable
    }
}

/// 303 to the desktop with a code; the page again with 400, 403, 429 or 503 and a sentence.
pub(super) async fn submit(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Form(credentials): Form<Credentials>,
) -> Response {
    let Credentials {
        parameters,
        csrf,
        email,
        password,
    } = credentials;
    let request = match parameters.check() {
        Ok(request) => request,
        Err(refused) => return refuse(&app, refused),
    };
    let practice = practice_agent(&app).await.ok().flatten();
    let cookie = csrf_cookie(&headers);
    let result = if is_same(cookie.as_deref(), &csrf) {
        sign_in(&app, peer, &request, practice.clone(), &email, password).await
    } else {
        Err(Problem::Stale)
    };
    let (status, problem) = match result {
        Ok(location) => return redirect(&location),
        Err(Problem::Wrong) => (StatusCode::FORBIDDEN, WRONG.to_owned()),
        Err(Problem::Locked(until)) => (StatusCode::TOO_MANY_REQUESTS, locked_sentence(&app, until)),
        Err(Problem::Stale) => (StatusCode::BAD_REQUEST, STALE.to_owned()),
        Err(Problem::Unavailable) => (StatusCode::SERVICE_UNAVAILABLE, BUSY.to_owned()),
    };
    let csrf = cookie.unwrap_or_else(entropy::secret);
    let page = SignIn {
        request: &request,
        csrf: &csrf,
        practice_name: practice.as_ref().map(|agent| agent.name.expose().as_str()),
        email: &email,
        problem: Some(&problem),
    };
    let mut response = page.render(status);
    response
        .headers_mut()
        .insert(header::SET_COOKIE, self::cookie(&app, &csrf));
    response
}

async fn sign_in(
    app: &App,
    peer: SocketAddr,
    request: &AuthorizationRequest,
    practice: Option<Agent>,
    email: &str,
    password: Option<SecretString>,
) -> Result<String, Problem> {
    let agent = match practice {
        Some(agent) => agent,
        None => check_password(app, peer, email, password.unwrap_or_default()).await?,
    };
    let code_request = CodeRequest {
        agent_id: agent.agent_id,
        redirect_uri: request.redirect_uri.as_str().to_owned(),
        code_challenge: request.code_challenge.clone(),
    };
    let code = tokens::add_code(&app.store, app.clock.now(), code_request).await?;
    tracing::info!(agent_id = %agent.agent_id, "signed in");
    Ok(request
        .redirect_uri
        .with(&[("code", &code), ("state", &request.state), ("iss", &app.issuer())]))
}

async fn check_password(
    app: &App,
    peer: SocketAddr,
    email: &str,
    password: SecretString,
) -> Result<Agent, Problem> {
    use secrecy::ExposeSecret;

    if email.len() > EMAIL_LENGTH_MAX || password.expose_secret().len() > password::LENGTH_MAX {
        return Err(Problem::Wrong);
    }
    let account = email.to_lowercase();
    app.lockout()
        .count(&account, peer.ip(), app.clock.now())
        .map_err(Problem::Locked)?;
    let (agent, hash) = agents::by_email(&app.store, &account).await?.unzip();
    if !app.passwords.matches(hash.flatten(), password).await {
        return Err(Problem::Wrong);
    }
    app.lockout().forgive(&account, peer.ip());
    agent.ok_or(Problem::Wrong)
}

async fn practice_agent(app: &App) -> Result<Option<Agent>, StoreError> {
    match app.practice_agent {
        Some(agent_id) => agents::by_id(&app.store, agent_id).await,
        None => Ok(None),
    }
}

fn refuse(app: &App, refused: Refused) -> Response {
    match refused {
        Refused::Page(reason) => page::refusal(reason),
        Refused::Redirect {
            to,
            state,
            error,
            description,
        } => redirect(&refusal_location(app, &to, &state, error, description)),
    }
}

fn refusal_location(app: &App, to: &Loopback, state: &str, error: &str, description: &str) -> String {
    to.with(&[
        ("error", error),
        ("error_description", description),
        ("state", state),
        ("iss", &app.issuer()),
    ])
}

fn redirect(location: &str) -> Response {
    let location = HeaderValue::from_str(location).expect("a URL is ASCII");
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

fn locked_sentence(app: &App, until: Timestamp) -> String {
    let seconds = until.duration_since(app.clock.now()).as_secs();
    let minutes = seconds / 60 + i64::from(seconds % 60 > 0);
    format!("Too many wrong passwords. Try again in {minutes} minutes.")
}

fn cookie(app: &App, csrf: &str) -> HeaderValue {
    let secure = if app.public_base_url.scheme() == "https" {
        "; Secure"
    } else {
        ""
    };
    HeaderValue::from_str(&format!(
        "{CSRF_COOKIE}={csrf}; Path=/oauth/authorize; HttpOnly; SameSite=Strict; Max-Age=3600{secure}"
    ))
    .expect("the secret is base64url")
}

fn csrf_cookie(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, value)| *name == CSRF_COOKIE && is_secret(value))
        .map(|(_, value)| value.to_owned())
}

/// The cookie is echoed into a header and a page: only what we would have made ourselves.
fn is_secret(text: &str) -> bool {
    text.len() == 43
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn is_same(cookie: Option<&str>, field: &str) -> bool {
    cookie.is_some_and(|cookie| cookie.as_bytes().ct_eq(field.as_bytes()).into())
}

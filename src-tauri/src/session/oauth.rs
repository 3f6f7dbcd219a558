//! OAuth 2.1 for a desktop (RFC 8252): code with PKCE in the system's browser, redirected to a loopback listener
//! that serves one answer.

use std::{net::Ipv4Addr, time::Duration};

use axum::{
    Router,
    extract::{Query, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use oauth2::{
    AuthUrl, ClientId, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, basic::BasicClient,
};
use protocol::TokenReply;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use subtle::ConstantTimeEq;
use tokio::{net::TcpListener, sync::mpsc};
use url::Url;

use super::Tokens;
use crate::{
    api::{ApiError, outage},
    clock,
};

/// The public client that every desktop is.
const CLIENT_ID: &str = "offhook-desktop";

/// How long the sign-in page may stay open.
const SIGN_IN_TIMEOUT: Duration = Duration::from_mins(10);

/// Access tokens are never trusted for longer than this, whatever the dialer says.
const LIFETIME_MAX: Duration = Duration::from_hours(24);

/// Why signing in failed.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// No port of the loopback interface could be opened.
    #[error("This computer does not let Offhook wait for the browser.")]
    Listen(#[source] std::io::Error),
    /// Nobody finished the page in time.
    #[error("The sign-in page was not finished in ten minutes. Try again.")]
    TimedOut,
    /// The page says no.
    #[error("The sign-in was not allowed. Try again.")]
    Denied,
    /// The code could not be exchanged.
    #[error("{0}")]
    Exchange(#[from] ApiError),
}

/// A sign-in page that waits for its user.
#[derive(Debug)]
pub struct SignInPage {
    /// Where it is.
    pub url: Url,
    listener: TcpListener,
    redirect: Url,
    state: CsrfToken,
    verifier: PkceCodeVerifier,
}

impl SignInPage {
    /// Makes sure that a dialer answers, opens the loopback listener and writes the page's address.
    ///
    /// # Errors
    /// When no dialer answers, which a browser would say less plainly, or the listener cannot be opened.
    ///
    /// # Panics
    /// When `server` cannot carry a path; such an address is refused when it is entered.
    pub async fn prepare(http: &reqwest::Client, server: &Url) -> Result<Self, SignInError> {
        find(http, server).await?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(SignInError::Listen)?;
        let port = listener.local_addr().map_err(SignInError::Listen)?.port();
        let redirect = format!("http://127.0.0.1:{port}/callback");
        let redirect = Url::parse(&redirect).expect("an address with a port is a URL");
        let authorize = server
            .join("oauth/authorize")
            .expect("a server's address carries a path");

        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state) = BasicClient::new(ClientId::new(CLIENT_ID.into()))
            .set_auth_uri(AuthUrl::from_url(authorize))
            .set_redirect_uri(RedirectUrl::from_url(redirect.clone()))
            .authorize_url(CsrfToken::new_random)
            .set_pkce_challenge(challenge)
            .url();
        Ok(Self {
            url,
            listener,
            redirect,
            state,
            verifier,
        })
    }

    /// Waits for the browser to come back and exchanges the code it brings. Dropping this closes the listener.
    ///
    /// # Errors
    /// When the page is left, refuses, or the dialer does not take the code.
    pub async fn finish(self, http: &reqwest::Client, server: &Url) -> Result<Tokens, SignInError> {
        let arrival = tokio::time::timeout(SIGN_IN_TIMEOUT, arrive(self.listener, self.state));
        let code = arrival.await.map_err(|_| SignInError::TimedOut)??;
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", CLIENT_ID),
            ("redirect_uri", self.redirect.as_str()),
            ("code", code.expose_secret()),
            ("code_verifier", self.verifier.secret()),
        ];
        Ok(request_tokens(http, server, &form).await?)
    }
}

/// Trades a refresh token for new tokens.
///
/// # Errors
/// [`ApiError::SignedOut`] when the dialer no longer accepts it, else why it could not be asked.
pub async fn renew(http: &reqwest::Client, server: &Url, refresh: &SecretString) -> Result<Tokens, ApiError> {
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", CLIENT_ID),
        ("refresh_token", refresh.expose_secret()),
    ];
    request_tokens(http, server, &form).await
}

/// Ends a sign-in at the dialer.
///
/// # Errors
/// When the dialer could not be asked; it then forgets the sign-in in thirty days.
pub async fn revoke(http: &reqwest::Client, server: &Url, refresh: &SecretString) -> Result<(), ApiError> {
    let form = [("client_id", CLIENT_ID), ("token", refresh.expose_secret())];
    let url = server.join("oauth/revoke").map_err(|_| ApiError::BadReply)?;
    let sent = http.post(url).form(&form).send().await;
    sent.map_err(|error| outage(server, &error))?;
    Ok(())
}

/// Asks for what RFC 8414 lets every authorization server say.
async fn find(http: &reqwest::Client, server: &Url) -> Result<(), ApiError> {
    let url = server
        .join(".well-known/oauth-authorization-server")
        .map_err(|_| ApiError::BadReply)?;
    let reply = http
        .get(url)
        .send()
        .await
        .map_err(|error| outage(server, &error))?;
    match reply.status() {
        status if status.is_success() => Ok(()),
        status if status.is_server_error() => Err(ApiError::offline(
            "The dialer is out of order. Try again in a minute.",
        )),
        _ => {
            let host = server.host_str().unwrap_or_default();
            Err(ApiError::offline(format!(
                "{host} is not an Offhook dialer. Check the address."
            )))
        }
    }
}

async fn request_tokens(
    http: &reqwest::Client,
    server: &Url,
    form: &[(&str, &str)],
) -> Result<Tokens, ApiError> {
    let asked = clock::now();
    let url = server.join("oauth/token").map_err(|_| ApiError::BadReply)?;
    let reply = http
        .post(url)
        .form(form)
        .send()
        .await
        .map_err(|error| outage(server, &error))?;
    match reply.status() {
        status if status.is_success() => {}
        StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED => return Err(ApiError::SignedOut),
        status => {
            return Err(ApiError::offline(format!(
                "The dialer cannot sign anybody in just now ({status})."
            )));
        }
    }
    let reply: TokenReply = reply.json().await.map_err(|_| ApiError::BadReply)?;
    Ok(Tokens {
        access: reply.access_token.into(),
        refresh: reply.refresh_token.into(),
        asked,
        lifetime: Duration::from_secs(reply.expires_in).min(LIFETIME_MAX),
    })
}

type Arrival = Result<SecretString, SignInError>;

/// Serves the redirect until one request brings the right state.
async fn arrive(listener: TcpListener, state: CsrfToken) -> Arrival {
    let (arrivals, mut arrival) = mpsc::channel(1);
    let shared = Listening { state, arrivals };
    let app = Router::new()
        .route("/callback", get(callback))
        .with_state(std::sync::Arc::new(shared));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = axum::serve(listener, app).with_graceful_shutdown(async move {
        let _ = stopped.await;
    });
    let mut served = std::pin::pin!(served.into_future());
    tokio::select! {
        arrived = arrival.recv() => {
            let _ = stop.send(());
            // The page still has to reach the browser.
            let _ = tokio::time::timeout(Duration::from_secs(1), served).await;
            arrived.unwrap_or(Err(SignInError::Denied))
        }
        ended = &mut served => Err(match ended {
            Err(error) => SignInError::Listen(error),
            Ok(()) => SignInError::Denied,
        }),
    }
}

#[derive(Debug)]
struct Listening {
    state: CsrfToken,
    arrivals: mpsc::Sender<Arrival>,
}

/// RFC 6749, 4.1.2.
#[derive(Deserialize)]
struct Callback {
    state: SecretString,
    code: Option<String>,
}

async fn callback(
    State(listening): State<std::sync::Arc<Listening>>,
    Query(callback): Query<Callback>,
) -> Response {
    let (expected, brought) = (listening.state.secret(), callback.state.expose_secret());
    if !bool::from(expected.as_bytes().ct_eq(brought.as_bytes())) {
        return page(
            StatusCode::BAD_REQUEST,
            "This is not the sign-in that Offhook waits for.",
        );
    }
    let (arrival, message) = match callback.code {
        Some(code) => (
            Ok(code.into()),
            "You are signed in. You can close this tab and go back to Offhook.",
        ),
        None => (
            Err(SignInError::Denied),
            "You are not signed in. You can close this tab.",
        ),
    };
    let _ = listening.arrivals.try_send(arrival);
    page(StatusCode::OK, message)
}

fn page(status: StatusCode, message: &str) -> Response {
    let html = include_str!("oauth/arrived.html").replace("{message}", message);
    let headers = [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'",
        ),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONNECTION, "close"),
    ];
    (status, headers, Html(html)).into_response()
}

#[cfg(test)]
mod tests;

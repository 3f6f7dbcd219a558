//! The whole sign-in, with a token endpoint and a browser of our own.

use axum::{
    Form, Json, Router,
    extract::State,
    routing::{get, post},
};
use protocol::TokenReply;
use secrecy::ExposeSecret;
use serde::Deserialize;
use tokio::{net::TcpListener, sync::mpsc};
use url::Url;

use super::{SignInError, SignInPage, renew};
use crate::api::{ApiError, http_client};

#[derive(Debug, Clone, Deserialize)]
struct TokenForm {
    grant_type: String,
    code: Option<String>,
    code_verifier: Option<String>,
}

/// A token endpoint that takes codes, refuses refresh tokens, and shows what it was asked.
async fn token_endpoint() -> (Url, mpsc::Receiver<TokenForm>) {
    async fn token(
        State(asked): State<mpsc::Sender<TokenForm>>,
        Form(form): Form<TokenForm>,
    ) -> Result<Json<TokenReply>, axum::http::StatusCode> {
        let known = form.grant_type == "authorization_code";
        asked.send(form).await.unwrap();
        let reply = TokenReply {
            access_token: "a1".into(),
            token_type: "Bearer".into(),
            expires_in: 600,
            refresh_token: "r1".into(),
        };
        if known {
            Ok(Json(reply))
        } else {
            Err(axum::http::StatusCode::BAD_REQUEST)
        }
    }
    let (asked, forms) = mpsc::channel(4);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let app = Router::new()
        .route("/.well-known/oauth-authorization-server", get(async || "{}"))
        .route("/oauth/token", post(token))
        .with_state(asked);
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, forms)
}

fn query(url: &Url, name: &str) -> String {
    let pair = url.query_pairs().find(|(key, _)| key == name);
    pair.unwrap_or_else(|| panic!("{name} is missing")).1.into_owned()
}

fn comes_back(page: &SignInPage, state: &str, answer: (&str, &str)) -> Url {
    let mut url = Url::parse(&query(&page.url, "redirect_uri")).unwrap();
    url.query_pairs_mut()
        .append_pair("state", state)
        .append_pair(answer.0, answer.1);
    url
}

async fn visit(url: Url) -> (u16, String) {
    let reply = http_client(&url).get(url).send().await.unwrap();
    (reply.status().as_u16(), reply.text().await.unwrap())
}

#[tokio::test]
async fn the_browser_brings_a_code_that_becomes_tokens() {
    let (server, mut forms) = token_endpoint().await;
    let http = http_client(&server);
    let page = SignInPage::prepare(&http, &server).await.unwrap();
    assert_eq!(query(&page.url, "code_challenge_method"), "S256");
    let state = query(&page.url, "state");
    let back = comes_back(&page, &state, ("code", "c1"));

    let (tokens, (status, text)) = tokio::join!(page.finish(&http, &server), visit(back));
    assert_eq!(status, 200);
    assert!(text.contains("You can close this tab"), "{text}");
    assert_eq!(tokens.unwrap().refresh.expose_secret(), "r1");
    let form = forms.recv().await.unwrap();
    assert_eq!(form.code.as_deref(), Some("c1"));
    assert!(form.code_verifier.is_some_and(|verifier| verifier.len() >= 43));
}

#[tokio::test]
async fn another_pages_redirect_changes_nothing() {
    let (server, _forms) = token_endpoint().await;
    let http = http_client(&server);
    let page = SignInPage::prepare(&http, &server).await.unwrap();
    let state = query(&page.url, "state");
    let forged = comes_back(&page, "guess", ("code", "stolen"));
    let denied = comes_back(&page, &state, ("error", "access_denied"));

    let visits = async {
        assert_eq!(visit(forged).await.0, 400);
        visit(denied).await
    };
    let (tokens, _) = tokio::join!(page.finish(&http, &server), visits);
    assert!(matches!(tokens, Err(SignInError::Denied)), "{tokens:?}");
}

#[tokio::test]
async fn a_refused_refresh_token_is_not_an_outage() {
    let (server, _forms) = token_endpoint().await;
    let refused = renew(&http_client(&server), &server, &"r0".into()).await;
    assert_eq!(refused.unwrap_err(), ApiError::SignedOut);

    let nobody = Url::parse("http://127.0.0.1:1/").unwrap();
    let outage = renew(&http_client(&nobody), &nobody, &"r0".into()).await;
    assert!(matches!(outage, Err(ApiError::Offline { .. })), "{outage:?}");
}

#[tokio::test]
async fn no_browser_is_sent_where_no_dialer_answers() {
    let closed = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let server = Url::parse(&format!("http://{closed}/")).unwrap();
    let refused = SignInPage::prepare(&http_client(&server), &server)
        .await
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "127.0.0.1 cannot be reached. Check the network."
    );
}

//! A dialer on a loopback port with its own database file, and a browser and a desktop to use it with.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use dialer::{
    clock::Clock,
    config::{Config, Twilio},
    password,
    serve::Dialer,
    store::agents::{self, NewAgent},
};
use jiff::Timestamp;
use protocol::{AgentId, Pii, Role, TokenReply};
use reqwest::{Client, RequestBuilder, Response, StatusCode, header, redirect};
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use url::Url;

pub(crate) const PASSWORD: &str = "correct horse battery";
pub(crate) const REDIRECT: &str = "http://127.0.0.1:49152/callback";
pub(crate) const VERIFIER: &str = "a-verifier-of-exactly-forty-three-characters";

/// Everything a test of the dialer's doors needs.
pub(crate) struct Site {
    pub(crate) dialer: Dialer,
    pub(crate) clock: Clock,
    pub(crate) http: Client,
    _folder: tempfile::TempDir,
}

impl Site {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual("2026-10-06T15:00:00Z".parse::<Timestamp>().unwrap());
        let dialer = Dialer::start(config(&folder), clock.clone(), None).await.unwrap();
        let http = Client::builder()
            .redirect(redirect::Policy::none())
            .build()
            .unwrap();
        Self {
            dialer,
            clock,
            http,
            _folder: folder,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.dialer.addr())
    }

    pub(crate) async fn add_user(&self, email: &str, role: Role, tenant_name: &str) -> AgentId {
        let new = NewAgent {
            tenant_name: tenant_name.to_owned(),
            email: Pii::from(email),
            name: Pii::from("Ada Lovelace"),
            role,
            password_hash: Some(password::hash(&SecretString::from(PASSWORD))),
        };
        agents::add(&self.dialer.app().store, self.clock.now(), new)
            .await
            .unwrap()
            .expect("a new address")
    }

    /// Opens the sign-in page: the browser's cookie, which is also the form's token.
    pub(crate) async fn open_page(&self) -> String {
        let page = self.http.get(self.authorize_url(&[])).send().await.unwrap();
        assert_eq!(page.status(), StatusCode::OK);
        let cookie = page.headers()[header::SET_COOKIE].to_str().unwrap();
        cookie
            .split_once('=')
            .unwrap()
            .1
            .split(';')
            .next()
            .unwrap()
            .to_owned()
    }

    /// The address the desktop opens, with some parameters changed.
    pub(crate) fn authorize_url(&self, changes: &[(&str, &str)]) -> Url {
        let challenge = challenge(VERIFIER);
        let mut parameters = vec![
            ("response_type", "code"),
            ("client_id", "offhook-desktop"),
            ("redirect_uri", REDIRECT),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("state", "the state"),
        ];
        parameters.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        parameters.extend(changes);
        Url::parse_with_params(&self.url("/oauth/authorize"), parameters).unwrap()
    }

    /// Submits the form of the page.
    pub(crate) async fn submit(&self, email: &str, password: &str) -> Response {
        let csrf = self.open_page().await;
        self.form(&csrf, &csrf, email, password).send().await.unwrap()
    }

    pub(crate) fn form(&self, cookie: &str, csrf: &str, email: &str, password: &str) -> RequestBuilder {
        let url = self.authorize_url(&[("csrf", csrf), ("email", email), ("password", password)]);
        self.http
            .post(self.url("/oauth/authorize"))
            .header(header::COOKIE, format!("offhook_sign_in={cookie}"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(url.query().unwrap().to_owned())
    }

    /// The code that signing in yields.
    pub(crate) async fn code(&self, email: &str) -> String {
        let response = self.submit(email, PASSWORD).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        answer(&response, "code").unwrap()
    }

    pub(crate) async fn token(&self, form: &[(&str, &str)]) -> Response {
        let client = [("client_id", "offhook-desktop")];
        let form: Vec<_> = client.iter().chain(form).collect();
        self.http
            .post(self.url("/oauth/token"))
            .form(&form)
            .send()
            .await
            .unwrap()
    }

    pub(crate) async fn redeem(&self, code: &str, verifier: &str) -> Response {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", verifier),
        ])
        .await
    }

    pub(crate) async fn refresh(&self, refresh_token: &str) -> Response {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)])
            .await
    }

    /// The whole way from the page to tokens.
    pub(crate) async fn sign_in(&self, email: &str) -> TokenReply {
        let code = self.code(email).await;
        self.redeem(&code, VERIFIER).await.json().await.unwrap()
    }

    /// A signed-in user of a new address.
    pub(crate) async fn user(&self, email: &str, role: Role, tenant_name: &str) -> (AgentId, String) {
        let agent_id = self.add_user(email, role, tenant_name).await;
        (agent_id, self.sign_in(email).await.access_token)
    }

    pub(crate) async fn get(&self, access_token: &str, path: &str) -> Response {
        self.http
            .get(self.url(path))
            .bearer_auth(access_token)
            .send()
            .await
            .unwrap()
    }
}

pub(crate) fn config(folder: &tempfile::TempDir) -> Config {
    Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        database_url: format!("sqlite://{}", folder.path().join("offhook.db").display()),
        public_base_url: None,
        twilio: Twilio {
            // Nobody listens on the discard port: these tests are about what needs no carrier.
            base_url: "http://127.0.0.1:9".parse().unwrap(),
            account_sid: "AC00000000000000000000000000000000".to_owned(),
            auth_token: SecretString::from("auth token"),
            api_key_sid: "SK00000000000000000000000000000000".to_owned(),
            api_key_secret: SecretString::from("api key secret"),
            application_sid: Some("AP00000000000000000000000000000000".to_owned()),
            signalling_host: Some("127.0.0.1:1".to_owned()),
            calls_per_second: 1,
            fallback_url: None,
        },
    }
}

pub(crate) fn challenge(verifier: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

/// A parameter of the address that a redirect leads to.
pub(crate) fn answer(response: &Response, name: &str) -> Option<String> {
    let location = Url::parse(response.headers()[header::LOCATION].to_str().unwrap()).unwrap();
    location
        .query_pairs()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

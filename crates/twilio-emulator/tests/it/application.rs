//! The customer's side: a web server that answers with TwiML and keeps every request, checked by its
//! own reading of Twilio's signature.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use crate::floor::eventually;

/// The version of every file.
const ETAG: &str = "\"1\"";

/// What came in.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) params: BTreeMap<String, String>,
    pub(crate) idempotency_token: String,
    pub(crate) cookie: String,
    pub(crate) body: String,
    pub(crate) signed: bool,
    /// It asked only whether something has changed.
    pub(crate) conditional: bool,
}

/// What goes out for a path; the last one of a list is repeated.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Twiml(String),
    Status(u16),
    /// A status and words.
    Refusal(u16, &'static str),
    /// `Set-Cookie` and a document.
    Cookie(&'static str, String),
    /// To another path, by status 302.
    Redirect(&'static str),
    /// Of any content type; it stays the same.
    File(&'static str, Vec<u8>),
}

#[derive(Clone)]
pub(crate) struct Application {
    base: String,
    auth_token: String,
    received: Arc<Mutex<Vec<Received>>>,
    answers: Arc<Mutex<BTreeMap<String, Vec<Answer>>>>,
}

impl Application {
    pub(crate) async fn start(auth_token: &str) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let application = Self {
            base: format!("http://{}", listener.local_addr().unwrap()),
            auth_token: auth_token.to_owned(),
            received: Arc::default(),
            answers: Arc::default(),
        };
        let router = Router::new().fallback(serve).with_state(application.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        application
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// What `path` answers from now on, without `<Response>` around it.
    pub(crate) fn says(&self, path: &str, verbs: &str) {
        self.answers_with(path, &[Answer::Twiml(format!("<Response>{verbs}</Response>"))]);
    }

    pub(crate) fn answers_with(&self, path: &str, answers: &[Answer]) {
        self.answers
            .lock()
            .unwrap()
            .insert(path.to_owned(), answers.to_vec());
    }

    pub(crate) fn received(&self, path: &str) -> Vec<Received> {
        let received = self.received.lock().unwrap();
        received
            .iter()
            .filter(|request| request.path == path)
            .cloned()
            .collect()
    }

    /// Waits for the request at `path` that has these parameters.
    pub(crate) async fn wait_for(&self, path: &str, params: &[(&str, &str)]) -> Received {
        eventually(&format!("{path} got {params:?}"), async || {
            self.received(path).into_iter().find(|request| {
                params
                    .iter()
                    .all(|(name, value)| request.params.get(*name).is_some_and(|got| got == value))
            })
        })
        .await
    }

    fn next_answer(&self, path: &str) -> Answer {
        let mut answers = self.answers.lock().unwrap();
        match answers.get_mut(path) {
            Some(list) if list.len() > 1 => list.remove(0),
            Some(list) => list[0].clone(),
            None => Answer::Status(204),
        }
    }
}

async fn serve(
    State(application): State<Application>,
    method: Method,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind == "application/json");
    let form: Vec<(String, String)> = if is_json {
        Vec::new()
    } else {
        url::form_urlencoded::parse(&body).into_owned().collect()
    };
    let url = format!("{}{uri}", application.base);
    let signature = expected_signature(&application.auth_token, &url, &form);
    let text = |name: &str| {
        headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
            .to_owned()
    };
    let mut params: BTreeMap<String, String> = form.into_iter().collect();
    if method == Method::GET || is_json {
        params.extend(url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned());
    }
    application.received.lock().unwrap().push(Received {
        method: method.to_string(),
        path: uri.path().to_owned(),
        params,
        idempotency_token: text("i-twilio-idempotency-token"),
        cookie: text("cookie"),
        body: String::from_utf8_lossy(&body).into_owned(),
        signed: text("x-twilio-signature") == signature,
        conditional: text("if-none-match") == ETAG,
    });
    match application.next_answer(uri.path()) {
        Answer::Twiml(body) => ([(header::CONTENT_TYPE, "text/xml")], body).into_response(),
        Answer::Cookie(cookie, body) => (
            [(header::CONTENT_TYPE, "text/xml"), (header::SET_COOKIE, cookie)],
            body,
        )
            .into_response(),
        Answer::Redirect(path) => (StatusCode::FOUND, [(header::LOCATION, path)]).into_response(),
        Answer::File(..) if text("if-none-match") == ETAG => StatusCode::NOT_MODIFIED.into_response(),
        Answer::File(content_type, body) => {
            ([(header::CONTENT_TYPE, content_type), (header::ETAG, ETAG)], body).into_response()
        }
        Answer::Refusal(status, words) => (StatusCode::from_u16(status).unwrap(), words).into_response(),
        Answer::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
    }
}

/// Names in byte order, each with its distinct values in order, after the exact URL.
pub(crate) fn expected_signature(auth_token: &str, url: &str, form: &[(String, String)]) -> String {
    let mut by_name: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, value) in form {
        by_name.entry(name).or_default().insert(value);
    }
    let mut text = url.to_owned();
    for (name, values) in by_name {
        for value in values {
            text = text + name + value;
        }
    }
    let mut mac = Hmac::<Sha1>::new_from_slice(auth_token.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

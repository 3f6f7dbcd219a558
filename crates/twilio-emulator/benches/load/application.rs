//! The customer's side, as cheap as it can be: what it costs is not the network's.
//!
//! It writes no more HTTP than it must, keeps its connections and reads of a callback only the status.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self as client, SendRequest};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::server::conn::http1 as server;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, Notify};

use crate::{ACCOUNT_SID, AUTH_TOKEN, OWN_NUMBER};

/// How the `CallStatus` of a call that is over begins, in a form.
const OVER: [&[u8]; 5] = [b"completed", b"busy", b"failed", b"no-answer", b"canceled"];

/// One connection to the network; whoever asks meanwhile waits.
pub(crate) struct Line(Mutex<SendRequest<Full<Bytes>>>);

impl Line {
    pub(crate) async fn open(network: SocketAddr) -> Self {
        let stream = TcpStream::connect(network).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (line, connection) = client::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Self(Mutex::new(line))
    }

    /// Posts and gives the status, the reply read to its end.
    pub(crate) async fn post(&self, path: &'static str, kind: &'static str, body: String) -> StatusCode {
        let mut request = Request::new(Full::from(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = path.parse().unwrap();
        let login = format!("Basic {}", STANDARD.encode(format!("{ACCOUNT_SID}:{AUTH_TOKEN}")));
        let headers = request.headers_mut();
        headers.insert(HOST, HeaderValue::from_static("api.twilio.com"));
        headers.insert(AUTHORIZATION, login.parse().unwrap());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        let mut line = self.0.lock().await;
        line.ready().await.unwrap();
        let response = line.send_request(request).await.unwrap();
        let status = response.status();
        response.into_body().collect().await.unwrap();
        status
    }
}

/// What the application knows and does.
pub(crate) struct Application {
    base: String,
    pub(crate) callbacks: AtomicUsize,
    pub(crate) completed: AtomicUsize,
    /// Somebody waits for so many calls to be over.
    pub(crate) wanted: usize,
    pub(crate) all_done: Notify,
    /// Whoever has completed a call places the next one, here.
    pub(crate) redials: Option<Line>,
}

impl Application {
    /// Listens, on the runtime it is called on.
    pub(crate) async fn start(wanted: usize, redials: Option<Line>) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let application = Arc::new(Self {
            base: format!("http%3A%2F%2F{}", listener.local_addr().unwrap()),
            callbacks: AtomicUsize::new(0),
            completed: AtomicUsize::new(0),
            wanted,
            all_done: Notify::new(),
            redials,
        });
        let serving = application.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                let application = serving.clone();
                let service = service_fn(move |request| answer(application.clone(), request));
                tokio::spawn(server::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        application
    }

    /// Places call number `n` for an agent, with all four callbacks.
    pub(crate) async fn place(&self, line: &Line, n: usize, agent: usize) {
        const EVENTS: &str = "StatusCallbackEvent=initiated&StatusCallbackEvent=ringing\
            &StatusCallbackEvent=answered&StatusCallbackEvent=completed";
        const PATH: &str = "/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Calls.json";
        let (base, to) = (&self.base, 2_000_000 + n % 7_000_000);
        let form = format!(
            "To=%2B1312{to:07}&From={}&Url={base}%2Fvoice%2F{agent}&StatusCallback={base}%2Fstatus%2F{agent}&{EVENTS}",
            OWN_NUMBER.replace('+', "%2B"),
        );
        let status = line.post(PATH, "application/x-www-form-urlencoded", form).await;
        assert_eq!(status, StatusCode::CREATED);
    }
}

async fn answer(
    application: Arc<Application>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (what, agent) = request.uri().path()[1..].split_once('/').unwrap();
    let (documents, agent) = (what == "voice", agent.parse().unwrap());
    let body = request.into_body().collect().await?.to_bytes();
    if documents {
        return Ok(document(application.redials.is_some().then_some(agent)));
    }
    application.callbacks.fetch_add(1, Ordering::Relaxed);
    if is_over(&body) {
        let completed = application.completed.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some(line) = &application.redials {
            application
                .place(line, application.wanted + completed, agent)
                .await;
        } else if completed == application.wanted {
            application.all_done.notify_one();
        }
    }
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}

/// An agent's seat, or the end of the call.
fn document(seat: Option<usize>) -> Response<Full<Bytes>> {
    let document = seat.map_or_else(
        || "<Response><Hangup/></Response>".to_owned(),
        |agent| {
            format!(
                "<Response><Dial><Conference startConferenceOnEnter=\"true\" beep=\"false\" waitUrl=\"\">seat-{agent}\
                </Conference></Dial></Response>"
            )
        },
    );
    let mut response = Response::new(Full::from(document));
    let kind = HeaderValue::from_static("text/xml");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

fn is_over(form: &[u8]) -> bool {
    const NAME: &[u8] = b"CallStatus=";
    let mut places = form.windows(NAME.len());
    let at = places.position(|window| window == NAME).unwrap();
    OVER.iter()
        .any(|status| form[at + NAME.len()..].starts_with(status))
}

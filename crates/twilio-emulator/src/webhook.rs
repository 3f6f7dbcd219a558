//! Requests to the customer's application, delivered by Twilio's rules for time-outs and retries.

mod cache;
mod cookies;
mod envelope;
mod overrides;

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use crate::twiml::{DOCUMENT_BYTES_MAX, Method};
use cache::Cache;
pub(crate) use cookies::Cookies;
use envelope::Envelope;
use overrides::Overrides;

/// Audio for `<Play>` may be larger than TwiML: forty minutes of 8 kHz 16-bit sound.
const AUDIO_BYTES_MAX: usize = 40 * 60 * 16_000;
/// Requests under way at once; more wait their turn, within their own time.
const UNDER_WAY_MAX: usize = 1_000;
/// Cookies of one reply.
const COOKIES_MAX: usize = 50;
/// Redirects of HTTP that one request follows.
const REDIRECTS_MAX: usize = 10;
/// Clients are kept by connect time-out; there are few distinct ones.
const CLIENTS_MAX: usize = 16;

/// The secret that an account shares with its application.
#[derive(Clone, Debug)]
pub(crate) struct AuthToken(SecretString);

impl AuthToken {
    pub(crate) fn new(token: SecretString) -> Self {
        Self(token)
    }

    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl PartialEq for AuthToken {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

/// Ways in which what is sent may differ from what is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Quirks {
    pub(crate) stir_unsigned: bool,
    pub(crate) query_sorted: bool,
}

/// One logical request; retries repeat it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Request {
    /// Signs it.
    pub(crate) auth_token: AuthToken,
    /// As the application gave it, fragment included.
    pub(crate) url: String,
    pub(crate) method: Method,
    pub(crate) params: Vec<(String, String)>,
    /// A body that is posted instead of the parameters.
    pub(crate) json: Option<String>,
    /// The same for every retry, so that the receiver can tell.
    pub(crate) idempotency_token: String,
    pub(crate) quirks: Quirks,
    /// The `Cookie` header; empty for none.
    pub(crate) cookies: String,
}

/// What came back with a status below 400.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reply {
    pub(crate) content_type: String,
    /// Its `Set-Cookie` headers.
    pub(crate) cookies: Vec<String>,
    pub(crate) body: Vec<u8>,
}

/// Why no usable reply came.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum DeliveryError {
    #[error("no connection")]
    Connect,
    #[error("no address of that name")]
    Name,
    #[error("the connection broke before the reply was whole")]
    Broken,
    #[error("no reply in time")]
    Timeout,
    #[error("status {0}")]
    Status(u16),
    #[error("the URL cannot be requested")]
    Url,
    #[error("more than ten redirects")]
    Redirects,
    #[error("the body is too large")]
    TooLarge,
}

impl DeliveryError {
    /// Twilio's error code.
    pub(crate) fn code(&self) -> u32 {
        match self {
            Self::Connect => 11205,
            Self::Name => 11210,
            Self::Broken => 11206,
            Self::Timeout | Self::Status(_) => 11200,
            Self::Redirects => 11215,
            Self::Url => 11100,
            Self::TooLarge => 11750,
        }
    }
}

/// The network's HTTP client.
#[derive(Clone, Debug)]
pub(crate) struct Webhooks {
    clients: Arc<Mutex<BTreeMap<u64, reqwest::Client>>>,
    under_way: Arc<Semaphore>,
    /// Of GET requests.
    cache: Arc<Mutex<Cache>>,
}

impl Webhooks {
    pub(crate) fn new() -> Self {
        Self {
            clients: Arc::default(),
            under_way: Arc::new(Semaphore::new(UNDER_WAY_MAX)),
            cache: Arc::default(),
        }
    }

    /// Delivers `request`, retrying as its URL's fragment says.
    pub(crate) async fn deliver(&self, request: &Request) -> Result<Reply, DeliveryError> {
        let overrides = Overrides::of(&request.url);
        let attempts = async {
            let mut result = self.attempt(request, &overrides).await;
            for _ in 0..overrides.retries_max {
                let Err(error) = &result else { break };
                if !overrides.retries(error) {
                    break;
                }
                result = self.attempt(request, &overrides).await;
            }
            result
        };
        tokio::time::timeout(Duration::from_millis(overrides.total_ms), attempts)
            .await
            .unwrap_or(Err(DeliveryError::Timeout))
    }

    async fn attempt(&self, request: &Request, overrides: &Overrides) -> Result<Reply, DeliveryError> {
        let _permit = self
            .under_way
            .acquire()
            .await
            .map_err(|_| DeliveryError::Connect)?;
        let client = self.client(overrides.connect_ms)?;
        let mut envelope = Envelope::of(request)?;
        loop {
            // POST requests are always asked anew.
            let kept = envelope.kept_as().map(str::to_owned);
            let conditions = kept.as_deref().map(|url| self.cache().conditions(url));
            let response = envelope
                .builder(&client)
                .headers(conditions.unwrap_or_default())
                .timeout(Duration::from_millis(overrides.read_ms))
                .send()
                .await
                .map_err(|error| classify(&error))?;
            let status = response.status();
            if status == StatusCode::UNAUTHORIZED && envelope.answer(response.headers()) {
                continue;
            }
            if status.is_client_error() || status.is_server_error() {
                return Err(DeliveryError::Status(status.as_u16()));
            }
            let known = kept.as_deref().filter(|_| status == StatusCode::NOT_MODIFIED);
            if let Some(url) = known {
                return self
                    .cache()
                    .reply(url)
                    .ok_or(DeliveryError::Status(status.as_u16()));
            }
            let headers: HeaderMap = response.headers().clone();
            let reply = read(response).await?;
            if let Some(url) = kept {
                self.cache().keep(&url, &headers, &reply);
            }
            return Ok(reply);
        }
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache
            .lock()
            .expect("nothing panics while it holds this lock")
    }

    fn client(&self, connect_ms: u64) -> Result<reqwest::Client, DeliveryError> {
        let mut clients = self
            .clients
            .lock()
            .expect("nothing panics while it holds this lock");
        if let Some(client) = clients.get(&connect_ms) {
            return Ok(client.clone());
        }
        // A proxy between the emulator and the application would change what the signature covers.
        let client = reqwest::Client::builder()
            .connect_timeout(Duration::from_millis(connect_ms))
            .no_proxy()
            .tcp_nodelay(true)
            .redirect(reqwest::redirect::Policy::limited(REDIRECTS_MAX))
            .build()
            .map_err(|_| DeliveryError::Connect)?;
        if clients.len() >= CLIENTS_MAX {
            clients.clear();
        }
        clients.insert(connect_ms, client.clone());
        Ok(client)
    }
}

async fn read(mut response: reqwest::Response) -> Result<Reply, DeliveryError> {
    let content_type = response
        .headers()
        .get(reqwest::header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let cookies = response.headers().get_all(reqwest::header::SET_COOKIE);
    let cookies = cookies.iter().filter_map(|value| value.to_str().ok());
    let cookies: Vec<String> = cookies.take(COOKIES_MAX).map(str::to_owned).collect();
    let bytes_max = if content_type.starts_with("audio/") {
        AUDIO_BYTES_MAX
    } else {
        DOCUMENT_BYTES_MAX
    };
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| classify(&error))? {
        if body.len() + chunk.len() > bytes_max {
            return Err(DeliveryError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Reply {
        content_type,
        cookies,
        body,
    })
}

fn classify(error: &reqwest::Error) -> DeliveryError {
    if error.is_redirect() {
        DeliveryError::Redirects
    } else if error.is_connect() {
        if is_about_name(error) {
            DeliveryError::Name
        } else {
            DeliveryError::Connect
        }
    } else if error.is_timeout() {
        DeliveryError::Timeout
    } else if error.is_builder() {
        DeliveryError::Url
    } else {
        DeliveryError::Broken
    }
}

/// The HTTP client says only in words that a name has no address.
fn is_about_name(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.to_string().starts_with("dns error") {
            return true;
        }
        cause = error.source();
    }
    false
}

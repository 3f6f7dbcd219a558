//! Requests to the customer's application, delivered by Twilio's rules for time-outs and retries.

mod cache;
mod cookies;
mod envelope;
mod exchange;
mod overrides;

use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode, header};
use bytes::Bytes;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use crate::twiml::Method;
use cache::Cache;
pub(crate) use cookies::Cookies;
use envelope::Envelope;
use exchange::Exchanges;
use overrides::Overrides;

/// Requests under way at once; more wait their turn, within their own time.
const UNDER_WAY_MAX: usize = 1_000;
/// Cookies of one reply.
const COOKIES_MAX: usize = 50;
/// Redirects of HTTP that one request follows.
const REDIRECTS_MAX: usize = 10;

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

/// A name and its value. Nearly all names are known beforehand.
pub(crate) type Param = (Cow<'static, str>, String);
pub(crate) type Params = Vec<Param>;

/// One logical request; retries repeat it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Request {
    /// Signs it.
    pub(crate) auth_token: AuthToken,
    /// As the application gave it, fragment included.
    pub(crate) url: String,
    pub(crate) method: Method,
    pub(crate) params: Params,
    /// A body that is posted instead of the parameters.
    pub(crate) json: Option<String>,
    /// The same for every retry, so that the receiver can tell.
    pub(crate) idempotency_token: String,
    /// When it sets out.
    pub(crate) asked_at: Timestamp,
    pub(crate) quirks: Quirks,
    /// The `Cookie` header; empty for none.
    pub(crate) cookies: String,
}

/// What came back.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn content_type(&self) -> &str {
        let kind = self.headers.get(header::CONTENT_TYPE);
        kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default()
    }

    /// Its `Set-Cookie` headers.
    pub(crate) fn cookies(&self) -> impl Iterator<Item = &str> {
        let cookies = self.headers.get_all(header::SET_COOKIE).iter();
        cookies
            .filter_map(|cookie| cookie.to_str().ok())
            .take(COOKIES_MAX)
    }
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
    #[error("status {}", .0.status.as_u16())]
    Refused(Box<Reply>),
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
            Self::Timeout | Self::Refused(_) => 11200,
            Self::Redirects => 11215,
            Self::Url => 11100,
            Self::TooLarge => 11750,
        }
    }
}

/// The network's HTTP client.
#[derive(Clone, Debug)]
pub(crate) struct Webhooks {
    exchanges: Exchanges,
    under_way: Arc<Semaphore>,
    /// Of GET requests.
    cache: Arc<Mutex<Cache>>,
}

impl Webhooks {
    pub(crate) fn new() -> Self {
        Self {
            exchanges: Exchanges::new(),
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

    async fn attempt(&self, request: &Request, overrides: &Overrides<'_>) -> Result<Reply, DeliveryError> {
        let _permit = self
            .under_way
            .acquire()
            .await
            .map_err(|_| DeliveryError::Connect)?;
        let mut envelope = Envelope::of(request)?;
        // POST requests are always asked anew.
        let kept = envelope.kept_as().map(str::to_owned);
        let mut redirects = 0;
        loop {
            let mut asked = envelope.request()?;
            if let Some(url) = &kept {
                asked.headers_mut().extend(self.cache().conditions(url));
            }
            let reply = self.exchanges.exchange(asked, overrides).await?;
            if reply.status == StatusCode::UNAUTHORIZED && envelope.answer(&reply.headers) {
                continue;
            }
            if reply.status.is_client_error() || reply.status.is_server_error() {
                return Err(DeliveryError::Refused(Box::new(reply)));
            }
            if envelope.follow(&reply)? {
                redirects += 1;
                if redirects > REDIRECTS_MAX {
                    return Err(DeliveryError::Redirects);
                }
                continue;
            }
            let Some(url) = kept else {
                return Ok(reply);
            };
            if reply.status == StatusCode::NOT_MODIFIED {
                let same = self.cache().reply(&url);
                return same.ok_or_else(|| DeliveryError::Refused(Box::new(reply)));
            }
            self.cache().keep(&url, &reply);
            return Ok(reply);
        }
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache
            .lock()
            .expect("nothing panics while it holds this lock")
    }
}

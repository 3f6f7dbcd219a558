//! The REST client: places, asks about and ends calls, and tells for every failure whether it may have had an effect.

use std::time::Duration;

use dialer_core::{
    call::{CallSid, CallStatus},
    phone_number::PhoneNumber,
};
use jiff::Timestamp;
use reqwest::{RequestBuilder, Response, StatusCode, header::RETRY_AFTER};
use secrecy::{ExposeSecret, SecretString};
use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeOwned},
};
use url::Url;

use crate::config;

mod application;

/// Longest wait for a connection; nothing was sent before it is there.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(3);
/// Longest wait for a whole reply. Shorter than the time after which an attempt without a reply is searched for.
const REPLY_TIME_MAX: Duration = Duration::from_secs(10);
/// Seconds a phone rings: more than the fifteen the law wants.
const RING_TIMEOUT_S: u32 = 25;
/// Calls of one number looked at in a search; the newest come first.
const SEARCH_CALLS_MAX: u32 = 50;
/// Longest reply that is read.
const REPLY_BYTES_MAX: usize = 1024 * 1024;

/// A handle on one account; cheap to clone.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    account_url: Url,
    account_sid: String,
    auth_token: SecretString,
}

/// The client cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// TLS is not available.
    #[error("the HTTP client cannot be set up")]
    Http(#[source] reqwest::Error),
    /// The base URL cannot carry a path.
    #[error("twilio.base_url must look like https://api.twilio.com")]
    BaseUrl,
}

/// Why a request failed, told apart by whether it may have had an effect.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Twilio understood and refused: no effect, and the same request will be refused again.
    #[error("Twilio refused the request with status {status} and code {code:?}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Twilio's error code.
        code: Option<u32>,
    },
    /// Too many requests at once: never processed, safe to repeat.
    #[error("Twilio takes no more requests at the moment")]
    RateLimited {
        /// Seconds Twilio asks to wait.
        retry_after_s: Option<u64>,
    },
    /// No connection: never sent, safe to repeat.
    #[error("Twilio cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    /// Sent, but the reply is an error of theirs, cut off, unreadable or missing: nobody knows whether it had an effect.
    #[error("nobody knows whether Twilio did it: {0}")]
    OutcomeUnknown(String),
}

/// A call to place.
#[derive(Debug, Clone)]
pub struct NewCall {
    /// Whom to call.
    pub to: PhoneNumber,
    /// The caller ID.
    pub from: PhoneNumber,
    /// Fetched when they answer.
    pub answer_url: String,
    /// Fetched if `answer_url` cannot be.
    pub fallback_url: Option<String>,
    /// Told how far the call is.
    pub status_url: String,
}

/// A call as Twilio sees it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Found {
    /// Which call.
    pub sid: CallSid,
    /// How far it is.
    pub status: CallStatus,
    /// When Twilio took it; unknown if the reply does not say.
    #[serde(rename = "date_created", default, deserialize_with = "rfc_2822")]
    pub created_at: Option<Timestamp>,
}

impl Client {
    /// A client for the account in the configuration.
    ///
    /// # Errors
    ///
    /// See [`SetupError`].
    pub fn new(config: &config::Twilio) -> Result<Self, SetupError> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIME_MAX)
            .timeout(REPLY_TIME_MAX)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(SetupError::Http)?;
        let mut account_url = config.base_url.clone();
        account_url
            .path_segments_mut()
            .map_err(|()| SetupError::BaseUrl)?
            .pop_if_empty()
            .extend(["2010-04-01", "Accounts", &config.account_sid]);
        Ok(Self {
            http,
            account_url,
            account_sid: config.account_sid.clone(),
            auth_token: config.auth_token.clone(),
        })
    }

    /// Places a call. There is no way to make this safe to repeat: see the variants of the error.
    ///
    /// # Errors
    ///
    /// See [`ClientError`].
    pub async fn create_call(&self, call: &NewCall) -> Result<Found, ClientError> {
        let (to, from, timeout) = (call.to.e164(), call.from.e164(), RING_TIMEOUT_S.to_string());
        let mut form = vec![
            ("To", to.as_str()),
            ("From", &from),
            ("Url", &call.answer_url),
            ("StatusCallback", &call.status_url),
            ("Timeout", &timeout),
        ];
        form.extend(
            ["initiated", "ringing", "answered", "completed"].map(|event| ("StatusCallbackEvent", event)),
        );
        if let Some(fallback_url) = &call.fallback_url {
            form.push(("FallbackUrl", fallback_url));
        }
        self.send(self.http.post(self.url(&["Calls.json"])).form(&form))
            .await
    }

    /// How far a call is. For some seconds after it was placed this may be refused with status 404.
    ///
    /// # Errors
    ///
    /// See [`ClientError`].
    pub async fn fetch_call(&self, sid: &CallSid) -> Result<Found, ClientError> {
        self.send(self.http.get(self.call_url(sid))).await
    }

    /// The newest calls between two numbers, queued ones included.
    ///
    /// # Errors
    ///
    /// See [`ClientError`].
    pub async fn search_calls(&self, to: PhoneNumber, from: PhoneNumber) -> Result<Vec<Found>, ClientError> {
        let query = [
            ("To", to.e164()),
            ("From", from.e164()),
            ("PageSize", SEARCH_CALLS_MAX.to_string()),
        ];
        let page: Page = self
            .send(self.http.get(self.url(&["Calls.json"])).query(&query))
            .await?;
        Ok(page.calls)
    }

    /// Takes back a call that is not answered; one that is goes on.
    ///
    /// # Errors
    ///
    /// See [`ClientError`].
    pub async fn cancel_call(&self, sid: &CallSid) -> Result<Found, ClientError> {
        self.update_call(sid, "canceled").await
    }

    /// Ends a call, however far it is.
    ///
    /// # Errors
    ///
    /// See [`ClientError`].
    pub async fn end_call(&self, sid: &CallSid) -> Result<Found, ClientError> {
        self.update_call(sid, "completed").await
    }

    async fn update_call(&self, sid: &CallSid, status: &str) -> Result<Found, ClientError> {
        self.send(self.http.post(self.call_url(sid)).form(&[("Status", status)]))
            .await
    }

    fn call_url(&self, sid: &CallSid) -> Url {
        self.url(&["Calls", &format!("{sid}.json")])
    }

    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.account_url.clone();
        url.path_segments_mut()
            .expect("checked when the client was built")
            .extend(path);
        url
    }

    async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ClientError> {
        let request = request.basic_auth(&self.account_sid, Some(self.auth_token.expose_secret()));
        let response = request.send().await.map_err(unsent_or_unknown)?;
        let status = response.status();
        let retry_after_s = retry_after_s(&response);
        let body = read(response).await?;
        match status {
            StatusCode::TOO_MANY_REQUESTS => Err(ClientError::RateLimited { retry_after_s }),
            status if status.is_success() => serde_json::from_slice(&body)
                .map_err(|_| ClientError::OutcomeUnknown("the reply cannot be read".to_owned())),
            status if status.is_client_error() => {
                let code = serde_json::from_slice::<ErrorBody>(&body)
                    .ok()
                    .and_then(|body| body.code);
                Err(ClientError::Refused {
                    status: status.as_u16(),
                    code,
                })
            }
            status => Err(ClientError::OutcomeUnknown(format!(
                "the reply has status {}",
                status.as_u16()
            ))),
        }
    }
}

#[derive(Deserialize)]
struct Page {
    calls: Vec<Found>,
}

#[derive(Deserialize)]
struct ErrorBody {
    code: Option<u32>,
}

/// A time as this API writes it: `Tue, 31 Aug 2010 20:36:28 +0000`.
fn rfc_2822<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    let parsed = text.map(|text| jiff::fmt::rfc2822::parse(&text)).transpose();
    Ok(parsed.map_err(de::Error::custom)?.map(|zoned| zoned.timestamp()))
}

async fn read(mut response: Response) -> Result<Vec<u8>, ClientError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unsent_or_unknown)? {
        if body.len() + chunk.len() > REPLY_BYTES_MAX {
            return Err(ClientError::OutcomeUnknown("the reply is too long".to_owned()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn unsent_or_unknown(error: reqwest::Error) -> ClientError {
    // The URL carries phone numbers.
    let error = error.without_url();
    if error.is_connect() || error.is_builder() {
        ClientError::Unreachable(error)
    } else if error.is_timeout() {
        ClientError::OutcomeUnknown("no reply in time".to_owned())
    } else {
        ClientError::OutcomeUnknown("the reply was cut off".to_owned())
    }
}

fn retry_after_s(response: &Response) -> Option<u64> {
    response.headers().get(RETRY_AFTER)?.to_str().ok()?.parse().ok()
}

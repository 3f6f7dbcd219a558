//! One HTTP exchange: to reach the application has its time, and what it says has another from then on.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, Request, header};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::{HttpConnector, capture_connection};
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::timeout;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};

use super::overrides::Overrides;
use super::{DeliveryError, Reply};
use crate::twiml::DOCUMENT_BYTES_MAX;

/// Audio for `<Play>` may be larger than TwiML: forty minutes of 8 kHz 16-bit sound.
const AUDIO_BYTES_MAX: usize = 40 * 60 * 16_000;
/// A connection that nothing is asked on goes after this long.
const IDLE_MAX: Duration = Duration::from_secs(90);

/// Keeps connections for the next request.
#[derive(Clone, Debug)]
pub(super) struct Exchanges(Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

impl Exchanges {
    /// Knows no proxy: one before the application would change what the signature covers.
    pub(super) fn new() -> Self {
        let mut tcp = HttpConnector::new();
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(trust())
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_MAX)
            .build(connector);
        Self(client)
    }

    /// Sends a request and reads the reply to its end.
    pub(super) async fn exchange(
        &self,
        mut request: Request<Full<Bytes>>,
        overrides: &Overrides<'_>,
    ) -> Result<Reply, DeliveryError> {
        let mut connection = capture_connection(&mut request);
        let mut response = self.0.request(request);
        let connected = async {
            tokio::select! {
                biased;
                early = &mut response => Some(early),
                _ = connection.wait_for_connection_metadata() => None,
            }
        };
        let early = timeout(Duration::from_millis(overrides.connect_ms), connected)
            .await
            .map_err(|_| DeliveryError::Connect)?;
        let read = async {
            let response = match early {
                Some(early) => early,
                None => response.await,
            };
            let (head, body) = response.map_err(|error| classify(&error))?.into_parts();
            let body = Limited::new(body, bytes_max(&head.headers)).collect().await;
            let refused = head.status.is_client_error() || head.status.is_server_error();
            let body = match body {
                Ok(body) => Bytes::copy_from_slice(&body.to_bytes()),
                // A refusal is one, whatever becomes of its words.
                Err(_) if refused => Bytes::new(),
                Err(error) if error.is::<LengthLimitError>() => return Err(DeliveryError::TooLarge),
                Err(_) => return Err(DeliveryError::Broken),
            };
            Ok(Reply {
                status: head.status,
                headers: copied(&head.headers),
                body,
            })
        };
        timeout(Duration::from_millis(overrides.read_ms), read)
            .await
            .unwrap_or(Err(DeliveryError::Timeout))
    }
}

/// Replies are kept for long; as they were read, each would hold the whole buffer of its connection.
fn copied(headers: &HeaderMap) -> HeaderMap {
    let copy = |value: &HeaderValue| HeaderValue::from_bytes(value.as_bytes());
    let headers = headers.iter();
    headers
        .filter_map(|(name, value)| Some((name.clone(), copy(value).ok()?)))
        .collect()
}

/// The authorities that this machine trusts. Without any, all but https can be reached.
fn trust() -> ClientConfig {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = || {
        ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .expect("the provider knows the usual protocols")
    };
    let trusting = builder().try_with_platform_verifier().unwrap_or_else(|error| {
        tracing::warn!(%error, "this machine trusts no authority; webhooks by https will fail");
        builder().with_root_certificates(RootCertStore::empty())
    });
    trusting.with_no_client_auth()
}

fn bytes_max(headers: &HeaderMap) -> usize {
    let kind = headers.get(header::CONTENT_TYPE);
    if kind.is_some_and(|kind| kind.as_bytes().starts_with(b"audio/")) {
        AUDIO_BYTES_MAX
    } else {
        DOCUMENT_BYTES_MAX
    }
}

fn classify(error: &legacy::Error) -> DeliveryError {
    if !error.is_connect() {
        DeliveryError::Broken
    } else if is_about_name(error) {
        DeliveryError::Name
    } else {
        DeliveryError::Connect
    }
}

/// The HTTP client says only in words that a name has no address.
fn is_about_name(error: &legacy::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.to_string().starts_with("dns error") {
            return true;
        }
        cause = error.source();
    }
    false
}

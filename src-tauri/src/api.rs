//! The dialer's HTTP API, as the desktop uses it.

pub mod bearer;
pub mod client;
pub mod retry;
pub mod stream;

use std::{error::Error as _, time::Duration};

use url::Url;

use crate::error::{Code, Error};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// For a whole request; the event stream has its own.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);

/// Why a request failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// There is no sign-in, or the dialer no longer accepts it.
    #[error("nobody is signed in")]
    SignedOut,
    /// The dialer could not be reached or is out of order; the same request may work later.
    #[error("{message}")]
    Offline {
        /// A sentence that says what is wrong.
        message: String,
    },
    /// The dialer said no; the same request would be refused again.
    #[error("{message}")]
    Refused {
        /// The dialer's sentence.
        message: String,
    },
    /// The answer is not what this version understands.
    #[error("The dialer's answer was not understood. Update Offhook.")]
    BadReply,
}

impl ApiError {
    pub(crate) fn offline(message: impl Into<String>) -> Self {
        Self::Offline {
            message: message.into(),
        }
    }
}

impl From<ApiError> for Error {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::SignedOut => Self::signed_out(),
            ApiError::Offline { message } => Self::new(Code::Offline, message),
            ApiError::Refused { message } => Self::new(Code::Refused, message),
            ApiError::BadReply => Self::new(Code::Refused, error.to_string()),
        }
    }
}

/// The one configured HTTP client: it follows no redirect, and asks no proxy for a loopback address.
///
/// # Panics
/// When the system's certificates cannot be loaded.
#[must_use]
pub fn http_client(server: &Url) -> reqwest::Client {
    let builder = reqwest::Client::builder()
        .user_agent(concat!("offhook/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(REQUEST_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .http1_only();
    let builder = if is_loopback(server) {
        builder.no_proxy()
    } else {
        builder
    };
    builder.build().expect("the TLS back end is compiled in")
}

/// True for an address that never leaves this machine.
#[must_use]
pub fn is_loopback(server: &Url) -> bool {
    match server.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Reads a dialer's address as a person types it.
///
/// # Errors
/// A sentence that says what is wrong: passwords would travel in the clear, or it is no address.
pub fn parse_server_url(text: &str) -> Result<Url, Error> {
    let invalid = |message: &str| Err(Error::new(Code::Invalid, message));
    let text = text.trim();
    let text = if text.contains("://") {
        text.to_owned()
    } else {
        format!("https://{text}")
    };
    let Ok(mut url) = Url::parse(&text) else {
        return invalid("This is not an address. It looks like https://dialer.example.com.");
    };
    if url.host().is_none() {
        return invalid("This is not an address. It looks like https://dialer.example.com.");
    }
    if !(url.scheme() == "https" || url.scheme() == "http" && is_loopback(&url)) {
        return invalid("The address has to begin with https://.");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return invalid("Leave the name and password out of the address.");
    }
    url.set_query(None);
    url.set_fragment(None);
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url)
}

/// Says what is wrong with the network or the dialer.
#[must_use]
pub fn outage(server: &Url, error: &reqwest::Error) -> ApiError {
    tracing::debug!(%error, cause = error.source().map(tracing::field::display), "a request failed");
    let host = server.host_str().unwrap_or("the dialer");
    ApiError::offline(if error.is_timeout() {
        format!("{host} does not answer.")
    } else if is_certificate(error) {
        format!("{host} cannot prove who it is: its certificate is not valid.")
    } else if error.is_connect() {
        format!("{host} cannot be reached. Check the network.")
    } else {
        format!("The connection to {host} broke.")
    })
}

fn is_certificate(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.to_string().contains("certificate") {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::parse_server_url;

    fn check(text: &str, expect: Option<&str>) {
        let url = parse_server_url(text).ok();
        assert_eq!(url.as_ref().map(url::Url::as_str), expect, "{text}");
    }

    #[test]
    fn an_address_is_read_as_people_type_it() {
        check(" dialer.example.com ", Some("https://dialer.example.com/"));
        check("https://example.com/floor", Some("https://example.com/floor/"));
        check("http://127.0.0.1:8080", Some("http://127.0.0.1:8080/"));
        check("http://localhost:8080/?x#y", Some("http://localhost:8080/"));
    }

    #[test]
    fn passwords_do_not_travel_in_the_clear() {
        check("http://dialer.example.com", None);
        check("http://127.0.0.1.example.com", None);
        check("https://ada:secret@example.com", None);
        check("file:///etc/passwd", None);
        check("", None);
    }
}

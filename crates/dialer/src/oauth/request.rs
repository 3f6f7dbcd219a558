//! The parameters of an authorization request, checked.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use url::Url;

use super::CLIENT_ID;

/// The client's `state` comes back as it was, so it must stay short.
const STATE_LENGTH_MAX: usize = 512;
/// SHA-256.
const CHALLENGE_BYTES: usize = 32;

/// The parameters as they came. Those of the page's form are the same ones, hidden in it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Parameters {
    pub(super) response_type: String,
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) code_challenge: String,
    pub(super) code_challenge_method: String,
    pub(super) state: String,
}

/// A request that may be answered with a redirect.
#[derive(Debug)]
pub(super) struct AuthorizationRequest {
    pub(super) redirect_uri: Loopback,
    pub(super) code_challenge: String,
    pub(super) state: String,
}

/// Why a request is refused.
#[derive(Debug)]
pub(super) enum Refused {
    /// We do not know who asks or do not trust the address: show a page, and send nobody anywhere.
    Page(&'static str),
    /// Tell the client, by a redirect: an error code of RFC 6749 section 4.1.2.1, and a sentence.
    Redirect {
        to: Loopback,
        state: String,
        error: &'static str,
        description: &'static str,
    },
}

/// An address of the desktop on the user's own machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Loopback(String);

impl Loopback {
    /// Takes `http://127.0.0.1:PORT/callback` and `http://[::1]:PORT/callback`, letter by letter, with any port.
    /// There is no URL parser here whose opinion could differ from the browser's.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let rest = text
            .strip_prefix("http://127.0.0.1:")
            .or_else(|| text.strip_prefix("http://[::1]:"))?;
        let port = rest.strip_suffix("/callback")?;
        let is_port =
            port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0);
        is_port.then(|| Self(text.to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// What `form-action` must allow for the redirect. CSP has no syntax for IPv6 addresses, so those get the scheme.
    pub(super) fn csp_source(&self) -> &str {
        if self.0.starts_with("http://[") {
            "http:"
        } else {
            self.0.trim_end_matches("/callback")
        }
    }

    /// The address with an answer in its query.
    pub(super) fn with(&self, answer: &[(&str, &str)]) -> String {
        let mut url = Url::parse(&self.0).expect("the form that `parse` takes is a URL");
        url.query_pairs_mut()
            .extend_pairs(answer.iter().filter(|(_, value)| !value.is_empty()));
        url.into()
    }
}

impl Parameters {
    pub(super) fn check(self) -> Result<AuthorizationRequest, Refused> {
        if self.client_id != CLIENT_ID {
            return Err(Refused::Page(
                "The app that sent you here is not known to this server.",
            ));
        }
        let Some(to) = Loopback::parse(&self.redirect_uri) else {
            return Err(Refused::Page(
                "The app that sent you here gave an address that is not on this computer.",
            ));
        };
        if self.state.len() > STATE_LENGTH_MAX {
            return Err(Refused::Page("The app that sent you here sent too long a state."));
        }
        let refuse = |error, description| {
            Err(Refused::Redirect {
                to: to.clone(),
                state: self.state.clone(),
                error,
                description,
            })
        };
        if self.response_type != "code" {
            return refuse("unsupported_response_type", "response_type must be code");
        }
        if self.code_challenge_method != "S256" {
            return refuse("invalid_request", "code_challenge_method must be S256");
        }
        if !is_challenge(&self.code_challenge) {
            return refuse(
                "invalid_request",
                "code_challenge must be the base64url of a SHA-256",
            );
        }
        Ok(AuthorizationRequest {
            redirect_uri: to,
            code_challenge: self.code_challenge,
            state: self.state,
        })
    }
}

fn is_challenge(text: &str) -> bool {
    BASE64_URL_SAFE_NO_PAD
        .decode(text)
        .is_ok_and(|bytes| bytes.len() == CHALLENGE_BYTES)
}

#[cfg(test)]
mod tests {
    use super::Loopback;

    #[test]
    fn only_the_loopback_callback_is_an_address_to_send_a_code_to() {
        for good in ["http://127.0.0.1:49152/callback", "http://[::1]:1/callback"] {
            assert!(Loopback::parse(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "http://127.0.0.1/callback",
            "http://127.0.0.1:0/callback",
            "http://127.0.0.1:65536/callback",
            "http://127.0.0.1:+80/callback",
            "http://127.0.0.1:80@evil.example/callback",
            "http://127.0.0.1:80/callback?next=https://evil.example",
            "http://127.0.0.1:80/callback#",
            "http://127.0.0.1:80/elsewhere/callback",
            "http://127.0.0.1:80\\@evil.example/callback",
            "http://127.0.0.1.evil.example:80/callback",
            "http://localhost:80/callback",
            "https://127.0.0.1:80/callback",
            "HTTP://127.0.0.1:80/callback",
            "offhook://callback",
        ] {
            assert!(Loopback::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn an_answer_is_encoded() {
        let address = Loopback::parse("http://127.0.0.1:80/callback").unwrap();
        assert_eq!(
            address.with(&[("code", "a&b"), ("state", ""), ("iss", "http://d")]),
            "http://127.0.0.1/callback?code=a%26b&iss=http%3A%2F%2Fd"
        );
    }
}

//! The signature of Twilio's webhooks: `X-Twilio-Signature`.
//!
//! It covers the exact URL Twilio was given, without its fragment, and the form that was posted. It carries no time and
//! no nonce: whoever calls this must make sure that the same request twice has no second effect.

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The query parameter that carries the hash of a JSON body.
const BODY_HASH: &str = "bodySHA256";

/// What was posted.
#[derive(Debug, Clone, Copy)]
pub enum Body<'a> {
    /// Nothing, because it was a GET.
    None,
    /// A form: every parameter, decoded, in any order.
    Form(&'a [(String, String)]),
    /// Anything else, byte by byte; the URL must carry its hash.
    Raw(&'a [u8]),
}

/// Whether one of the account's tokens signed this request.
///
/// Several tokens are good while one is rotated. Official validators disagree about the standard port, so the URL is
/// tried as it is, with and without it.
#[must_use]
pub fn is_valid(tokens: &[SecretString], url: &str, body: Body<'_>, signature: &str) -> bool {
    let url = url.split('#').next().unwrap_or(url);
    if let Body::Raw(bytes) = body
        && !has_hash_of(url, bytes)
    {
        return false;
    }
    let mut good = false;
    for token in tokens {
        for spelling in spellings(url) {
            let expected = sign(token, &spelling, body);
            good |= bool::from(expected.as_bytes().ct_eq(signature.as_bytes()));
        }
    }
    good
}

/// The signature Twilio gives a request to exactly this URL.
///
/// # Panics
///
/// Never: a key of any length is good for HMAC.
#[must_use]
pub fn sign(token: &SecretString, url: &str, body: Body<'_>) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(token.expose_secret().as_bytes()).expect("HMAC takes any key");
    mac.update(url.as_bytes());
    if let Body::Form(params) = body {
        let mut params: Vec<(&str, &str)> = params
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        params.sort_unstable();
        params.dedup();
        for (name, value) in params {
            mac.update(name.as_bytes());
            mac.update(value.as_bytes());
        }
    }
    BASE64_STANDARD.encode(mac.finalize().into_bytes())
}

fn has_hash_of(url: &str, body: &[u8]) -> bool {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let claimed = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == BODY_HASH);
    let actual = hex::encode(Sha256::digest(body));
    claimed.is_some_and(|(_, hash)| bool::from(actual.as_bytes().ct_eq(hash.to_lowercase().as_bytes())))
}

/// The URL as it is, with the standard port added, and with it taken away.
fn spellings(url: &str) -> Vec<String> {
    let mut spellings = vec![url.to_owned()];
    let Some((scheme, rest)) = url.split_once("://") else {
        return spellings;
    };
    let standard_port = if scheme == "https" { ":443" } else { ":80" };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let has_port = host
        .rsplit_once(':')
        .is_some_and(|(_, port)| !port.ends_with(']'));
    if let Some(bare) = authority.strip_suffix(standard_port).filter(|_| has_port) {
        spellings.push(format!("{scheme}://{bare}{path}"));
    } else if !has_port {
        spellings.push(format!("{scheme}://{authority}{standard_port}{path}"));
    } else if scheme == "https" {
        // The official validators strip any port of an https URL.
        let bare = authority.rsplit_once(':').map_or(authority, |(bare, _)| bare);
        spellings.push(format!("{scheme}://{bare}{path}"));
    }
    spellings
}

#[cfg(test)]
mod tests;

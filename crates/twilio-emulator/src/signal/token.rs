//! Access tokens: who may listen, and what they may do.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, errors::ErrorKind};
use serde::Deserialize;
use serde_json::Value;

/// Twilio accepts no token that lives longer.
const LIFETIME_S_MAX: i64 = 86_400;
const IDENTITY_CHARS_MAX: usize = 121;

/// What a valid token allows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Grants {
    /// Identities of different accounts are different people.
    pub(crate) account: String,
    pub(crate) identity: String,
    /// Calls to the identity may ring here.
    pub(crate) incoming: bool,
    /// The TwiML application that outgoing calls run; none if they are not allowed.
    pub(crate) application_sid: Option<String>,
    /// What the application is told with every call; the page cannot change it.
    pub(crate) params: Vec<(String, String)>,
    /// Seconds since 1970.
    pub(crate) expires_at_s: i64,
}

impl Grants {
    /// It is for this name in this account.
    pub(crate) fn names(&self, account: &str, identity: &str) -> bool {
        self.account == account && self.identity == identity
    }

    /// The same name in the same account.
    pub(crate) fn is_same_person(&self, other: &Self) -> bool {
        self.names(&other.account, &other.identity)
    }
}

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    #[error("AccessTokenInvalid")]
    Malformed,
    #[error("AccessTokenSignatureValidationFailed")]
    Signature,
    #[error("NoValidAccount")]
    Account,
    #[error("AccessTokenExpired")]
    Expired,
    #[error("JWTTokenExpirationTooLong")]
    TooLong,
    #[error("InvalidClientName")]
    Identity,
}

impl TokenError {
    /// The Voice SDK's error code.
    pub(crate) fn code(self) -> u32 {
        match self {
            Self::Malformed => 31204,
            Self::Signature => 31202,
            Self::Account => 31203,
            Self::Expired => 31205,
            Self::TooLong => 31207,
            Self::Identity => 31105,
        }
    }
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    iat: Option<i64>,
    nbf: Option<i64>,
    exp: i64,
    grants: ClaimedGrants,
}

#[derive(Deserialize)]
struct ClaimedGrants {
    identity: String,
    voice: Option<Voice>,
}

#[derive(Deserialize)]
struct Voice {
    outgoing: Option<Outgoing>,
    incoming: Option<Incoming>,
}

#[derive(Deserialize)]
struct Incoming {
    #[serde(default)]
    allow: bool,
}

#[derive(Deserialize)]
struct Outgoing {
    application_sid: String,
    #[serde(default)]
    params: BTreeMap<String, Value>,
}

impl Outgoing {
    fn params(&self) -> impl Iterator<Item = (String, String)> {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.params
            .iter()
            .map(move |(name, value)| (name.clone(), text(value)))
    }
}

/// The API key that a token says it was made with; nothing is checked yet.
pub(crate) fn issuer(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Issuer {
        iss: String,
    }
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Issuer = serde_json::from_slice(&claims).ok()?;
    Some(claims.iss)
}

/// What is wrong with a token whose issuer is no key of ours.
pub(crate) fn unknown_issuer(token: &str) -> TokenError {
    if issuer(token).is_some() && jsonwebtoken::decode_header(token).is_ok() {
        TokenError::Account
    } else {
        TokenError::Malformed
    }
}

/// Checks signature, issuer, account, times and identity.
pub(crate) fn verify(
    token: &str,
    account_sid: &str,
    api_key_sid: &str,
    api_key_secret: &str,
    now_s: i64,
) -> Result<Grants, TokenError> {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.algorithms = vec![Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];
    // Times are checked below, against the network's clock.
    validation.validate_exp = false;
    validation.validate_aud = false;
    let key = DecodingKey::from_secret(api_key_secret.as_bytes());
    let claims = jsonwebtoken::decode::<Claims>(token, &key, &validation)
        .map_err(|error| {
            if matches!(error.kind(), ErrorKind::InvalidSignature) {
                TokenError::Signature
            } else {
                TokenError::Malformed
            }
        })?
        .claims;
    if claims.iss != api_key_sid || claims.sub != account_sid {
        return Err(TokenError::Account);
    }
    if claims.exp <= now_s {
        return Err(TokenError::Expired);
    }
    if claims.nbf.is_some_and(|nbf| nbf > now_s) {
        return Err(TokenError::Malformed);
    }
    if claims.exp.saturating_sub(claims.iat.unwrap_or(now_s)) > LIFETIME_S_MAX {
        return Err(TokenError::TooLong);
    }
    let identity = claims.grants.identity;
    let well_formed = identity.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if identity.is_empty() || identity.len() > IDENTITY_CHARS_MAX || !well_formed {
        return Err(TokenError::Identity);
    }
    let voice = claims.grants.voice;
    let incoming = voice.as_ref().and_then(|voice| voice.incoming.as_ref());
    let incoming = incoming.is_some_and(|incoming| incoming.allow);
    let outgoing = voice.and_then(|voice| voice.outgoing);
    let params = outgoing.iter().flat_map(Outgoing::params).collect();
    Ok(Grants {
        account: claims.sub,
        identity,
        incoming,
        application_sid: outgoing.map(|outgoing| outgoing.application_sid),
        params,
        expires_at_s: claims.exp,
    })
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{Algorithm, EncodingKey, Header};
    use serde_json::{Value, json};

    use super::verify;

    const NOW_S: i64 = 1_800_000_000;

    fn signed(algorithm: Algorithm, change: impl FnOnce(&mut Value), secret: &str) -> String {
        let mut claims = json!({
            "jti": "SK1-1", "iss": "SK1", "sub": "AC1", "iat": NOW_S, "exp": NOW_S + 3_600,
            "grants": { "identity": "agent_1", "voice": { "outgoing": { "application_sid": "AP1" } } },
        });
        change(&mut claims);
        let key = EncodingKey::from_secret(secret.as_bytes());
        jsonwebtoken::encode(&Header::new(algorithm), &claims, &key).unwrap()
    }

    #[test]
    fn the_three_algorithms_of_twilios_libraries_are_taken() {
        for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            let token = signed(algorithm, |_| {}, "secret");
            let grants = verify(&token, "AC1", "SK1", "secret", NOW_S).unwrap();
            let expected = ("agent_1", Some("AP1"), false, NOW_S + 3_600);
            assert_eq!(
                (
                    grants.identity.as_str(),
                    grants.application_sid.as_deref(),
                    grants.incoming,
                    grants.expires_at_s
                ),
                expected,
                "{algorithm:?}"
            );
        }
    }

    #[test]
    fn each_defect_has_the_sdks_code() {
        let set = |path: &str, value: Value| {
            let path = path.to_owned();
            move |claims: &mut Value| *claims.pointer_mut(&path).unwrap() = value
        };
        let token = |path: &str, value: Value| signed(Algorithm::HS256, set(path, value), "secret");
        let long = "a".repeat(122);
        for (what, token, code) in [
            ("another secret", signed(Algorithm::HS256, |_| {}, "other"), 31202),
            ("another key", token("/iss", json!("SK2")), 31203),
            ("another account", token("/sub", json!("AC2")), 31203),
            ("expired", token("/exp", json!(NOW_S)), 31205),
            ("longer than a day", token("/exp", json!(NOW_S + 86_401)), 31207),
            ("made long ago", token("/iat", json!(i64::MIN)), 31207),
            (
                "an identity with a space",
                token("/grants/identity", json!("a b")),
                31105,
            ),
            ("no identity", token("/grants/identity", json!("")), 31105),
            ("a long identity", token("/grants/identity", json!(long)), 31105),
            (
                "an identity that is no text",
                token("/grants/identity", json!(7)),
                31204,
            ),
            ("no token", "not-a-jwt".to_owned(), 31204),
        ] {
            let error = verify(&token, "AC1", "SK1", "secret", NOW_S).unwrap_err();
            assert_eq!(error.code(), code, "{what}");
        }
        let early = signed(
            Algorithm::HS256,
            |claims| claims["nbf"] = json!(NOW_S + 1),
            "secret",
        );
        assert_eq!(
            verify(&early, "AC1", "SK1", "secret", NOW_S).unwrap_err().code(),
            31204
        );
    }
}

//! The token with which an agent's phone registers at Twilio.

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use protocol::{AgentId, VoiceToken};
use secrecy::ExposeSecret;
use serde::Serialize;

use super::identity;
use crate::config;

/// Seconds a token lives. Twilio allows a day; an hour bounds what a stolen one is good for.
const TTL_S: u64 = 3_600;

/// The token cannot be signed.
#[derive(Debug, thiserror::Error)]
#[error("the voice token cannot be signed")]
pub struct SignError(#[source] jsonwebtoken::errors::Error);

/// A token for the phone of one agent: outgoing calls to our TwiML application, and no incoming ones, because a
/// caller waits in a queue until a rep accepts.
///
/// # Errors
///
/// If the claims cannot be signed.
pub fn voice_token(
    twilio: &config::Twilio,
    application_sid: &str,
    agent_id: AgentId,
    now: Timestamp,
) -> Result<VoiceToken, SignError> {
    let mut header = Header::new(Algorithm::HS256);
    header.cty = Some("twilio-fpa;v=1".to_owned());
    let issued_at_s = now.as_second();
    let identity = identity(agent_id);
    let claims = Claims {
        jti: format!("{}-{issued_at_s}", twilio.api_key_sid),
        iss: &twilio.api_key_sid,
        sub: &twilio.account_sid,
        iat: issued_at_s,
        exp: issued_at_s + TTL_S.cast_signed(),
        grants: Grants {
            identity: &identity,
            voice: Voice {
                outgoing: Outgoing { application_sid },
            },
        },
    };
    let key = EncodingKey::from_secret(twilio.api_key_secret.expose_secret().as_bytes());
    let token = jsonwebtoken::encode(&header, &claims, &key).map_err(SignError)?;
    Ok(VoiceToken {
        token,
        identity,
        ttl_s: TTL_S,
        signalling_host: twilio.signalling_host.clone(),
    })
}

#[derive(Serialize)]
struct Claims<'a> {
    jti: String,
    iss: &'a str,
    sub: &'a str,
    iat: i64,
    exp: i64,
    grants: Grants<'a>,
}

#[derive(Serialize)]
struct Grants<'a> {
    identity: &'a str,
    voice: Voice<'a>,
}

#[derive(Serialize)]
struct Voice<'a> {
    outgoing: Outgoing<'a>,
}

#[derive(Serialize)]
struct Outgoing<'a> {
    application_sid: &'a str,
}

#[cfg(test)]
mod tests {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    use jiff::Timestamp;
    use protocol::AgentId;

    use super::voice_token;
    use crate::{config, twilio::agent_of};

    #[test]
    fn the_token_says_what_twilio_s_own_library_says() {
        let twilio: config::Twilio = toml::from_str(
            "account_sid = 'AC0'\nauth_token = 'x'\napi_key_sid = 'SK0'\napi_key_secret = 'secret'",
        )
        .unwrap();
        let agent_id = AgentId::from_parts(1, 1);
        let now = Timestamp::from_second(1_780_000_000).unwrap();
        let token = voice_token(&twilio, "AP0", agent_id, now).unwrap();
        let parts: Vec<serde_json::Value> = token
            .token
            .split('.')
            .take(2)
            .map(|part| serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap())
            .collect();
        assert_eq!(
            parts[0],
            serde_json::json!({"typ": "JWT", "alg": "HS256", "cty": "twilio-fpa;v=1"})
        );
        assert_eq!(
            parts[1],
            serde_json::json!({
                "jti": "SK0-1780000000", "iss": "SK0", "sub": "AC0", "iat": 1_780_000_000, "exp": 1_780_003_600,
                "grants": {"identity": token.identity, "voice": {"outgoing": {"application_sid": "AP0"}}},
            })
        );
        assert_eq!(agent_of(&format!("client:{}", token.identity)), Some(agent_id));
    }
}

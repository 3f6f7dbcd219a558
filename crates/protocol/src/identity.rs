//! Who is signed in, and the tokens they hold.
//!
//! `GET  /oauth/authorize` and `POST /oauth/token`: OAuth 2.1, code with PKCE (S256), public client `offhook-desktop`,
//! loopback redirect `http://127.0.0.1:PORT/callback`; `POST /oauth/revoke` signs out.
//! `GET  /api/v1/me` answers [`Me`]; `POST /api/v1/voice-token` answers [`VoiceToken`].

use serde::{Deserialize, Serialize};

use crate::{AgentId, Pii};

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Takes a seat and talks.
    Rep,
    /// Sees the floor, and owns campaigns and lists.
    Manager,
    /// A manager who also owns users.
    Admin,
}

/// The signed-in user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct Me {
    /// Whose sign-in this is.
    pub agent_id: AgentId,
    /// The name shown in the corner of the window.
    pub name: Pii<String>,
    /// The address used to sign in.
    pub email: Pii<String>,
    /// What they may do.
    pub role: Role,
    /// The company's name.
    pub tenant_name: String,
}

/// A reply of the token endpoint, RFC 6749 section 5.1 (field names are the standard's).
#[derive(Clone, Serialize, Deserialize)]
pub struct TokenReply {
    /// Sent as `Authorization: Bearer …`; lives ten minutes.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: String,
    /// Seconds until the access token expires.
    pub expires_in: u64,
    /// Good for one refresh; lives thirty days.
    pub refresh_token: String,
}

/// What the Voice SDK needs to register.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct VoiceToken {
    /// The access token (a JWT) for `new Device(token)`.
    pub token: String,
    /// The client name it is for.
    pub identity: String,
    /// Seconds it lives from now.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub ttl_s: u64,
    /// `host:port` of a stand-in's signalling; none for Twilio itself.
    pub signalling_host: Option<String>,
}

impl std::fmt::Debug for VoiceToken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("VoiceToken")
            .field("identity", &self.identity)
            .field("ttl_s", &self.ttl_s)
            .finish_non_exhaustive()
    }
}

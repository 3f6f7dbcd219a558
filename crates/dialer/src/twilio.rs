//! Twilio: the REST client, TwiML, voice tokens, and the signature of what Twilio sends us.

pub mod access_token;
mod client;
pub mod signature;
pub mod twiml;

use protocol::AgentId;

pub use client::{Client, ClientError, Found, NewCall, SetupError};

/// What the identity of every agent's phone starts with.
const IDENTITY_PREFIX: &str = "agent_";

/// The name by which Twilio knows an agent's phone: `agent_` and the identifier, no name or address.
#[must_use]
pub fn identity(agent_id: AgentId) -> String {
    format!("{IDENTITY_PREFIX}{agent_id}")
}

/// The agent behind the `From` of a phone's call: `client:agent_…`.
#[must_use]
pub fn agent_of(from: &str) -> Option<AgentId> {
    from.strip_prefix("client:")?
        .strip_prefix(IDENTITY_PREFIX)?
        .parse()
        .ok()
}

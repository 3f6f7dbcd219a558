//! Constants of the HTTP API.

/// Every route of the desktop's API starts with this.
pub const API_PREFIX: &str = "/api/v1";

/// Sent in [`Hello`](crate::Hello); a desktop that does not know the number asks its user to update.
pub const PROTOCOL_VERSION: u32 = 1;

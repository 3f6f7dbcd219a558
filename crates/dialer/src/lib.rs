//! The cloud dialer: identity, lists, dialing, webhooks and the live floor.

pub mod clock;
pub mod config;
pub mod entropy;
pub mod import;
pub mod password;
pub mod store;

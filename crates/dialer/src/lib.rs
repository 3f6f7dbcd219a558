//! The cloud dialer: identity, lists, dialing, webhooks and the live floor.

pub mod clock;
pub mod entropy;
pub mod store;

//! The cloud dialer: identity, lists, dialing, webhooks and the live floor.

pub mod clock;
pub mod config;
pub mod entropy;
pub mod floor;
pub mod import;
pub mod password;
pub mod store;
pub mod twilio;
pub mod webhooks;

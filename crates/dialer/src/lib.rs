//! The cloud dialer: identity, lists, dialing, webhooks and the live floor.

pub mod api;
pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod entropy;
pub mod floor;
pub mod health;
pub mod import;
pub mod oauth;
pub mod password;
#[cfg(feature = "practice")]
pub mod practice;
pub mod serve;
pub mod store;
pub mod twilio;
pub mod webhooks;

//! The dialer through its own doors: real router, real database file, a clock the test moves.
#![expect(clippy::unwrap_used, reason = "in a test's helper a panic is a failed test")]

mod api;
mod carrier;
mod desk;
mod events;
mod floor;
#[cfg(feature = "practice")]
mod network;
mod oauth;
#[cfg(feature = "practice")]
mod practice;
mod site;
mod store;

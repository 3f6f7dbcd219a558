//! The desktop softphone: sign in, take a seat, talk to one person after another.

pub mod api;
pub mod cache;
pub mod clock;
pub mod config;
pub mod controller;
pub mod error;
pub mod headset;
pub mod launch;
mod log;
pub mod media;
pub mod practice;
pub mod session;
pub mod settings;
pub mod shell;
pub mod snapshot;

//! A phone network in a box that Twilio's own SDKs talk to.

mod amd;
mod clock;
mod config;
mod control;
mod driver;
mod emulator;
mod faults;
pub mod media;
mod network;
pub mod pbx;
mod rest;
mod sid;
mod signal;
mod signature;
mod sound;
mod tls;
mod twiml;
mod web;
mod webhook;
mod wire;
pub mod world;

pub use config::{
    CPS_DEFAULT, CanceledInProgress, ClockMode, Config, Credentials, KickedLeg, Switches, UrlQuery,
    WaitUrlFetch,
};
pub use emulator::Emulator;
pub use network::Limits;

//! The phone network from outside: REST, webhooks, signalling and the control API over real sockets.

#![expect(clippy::unwrap_used, reason = "a test stops where something is missing")]

mod amd;
mod application;
mod beside;
mod busy;
mod calls;
mod clients;
mod command;
mod delivery;
mod dial;
mod documents;
mod faults;
mod fields;
mod filters;
mod floor;
mod gather;
mod hostile;
mod inbound;
mod insights;
mod keys;
mod limits;
mod lists;
mod moderation;
mod orders;
mod parameters;
mod participants;
mod payloads;
mod peer;
mod phone;
mod recordings;
mod rooms;
mod rules;
mod sdk;
mod session;
mod signalling;
mod sip;
mod switches;
mod talk;
mod time;
mod tls;
mod trunks;
mod trust;
mod truth;
mod twiml;
mod usage;

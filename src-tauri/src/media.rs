//! The media engine: a call's WebRTC outside the webview, between the sound card and the network.
//!
//! The page's shim (`ui/src/phone/native`) asks through `commands`; `engine` owns the peers, `desk` moves
//! their sound every 10 ms, and `plug` keeps the headset open on whatever is plugged in. Sound never
//! crosses into the page.

mod card;
mod cleaner;
pub(crate) mod commands;
mod cpal_card;
mod desk;
mod engine;
mod line;
mod pipe;
mod plug;
mod route;

pub use card::{CardError, Opened, SoundCard};
pub use cpal_card::CpalCard;
pub use engine::{Engine, EngineError, Offered, PeerId, PeerState, PeerUpdate, Troubles};
pub use pipe::{Capture, CaptureCallback, Playback, PlaybackCallback, capture_pipe, playback_pipe};

#[cfg(test)]
mod fake_card;
#[cfg(test)]
mod tests;

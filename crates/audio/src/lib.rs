//! Public standards of telephone audio: G.711, Opus, WAV, tones, resampling, jitter, and a WebRTC audio peer.

pub mod g711;
pub mod jitter;
pub mod opus;
pub mod peer;
pub mod playout;
pub mod rate;
pub mod resample;
pub mod tone;
pub mod wav;

pub use rate::{FRAME_MS, Rate};

//! The edge to the sound card: what the engine needs of microphones and speakers.

use super::pipe::{Capture, Playback};
use crate::headset::AudioDevices;

/// Why a device could not be listed or opened.
#[derive(Debug, thiserror::Error)]
#[error("sound card: {0}")]
pub struct CardError(pub String);

/// A device that is open until this is dropped.
pub struct Opened<End> {
    /// The desk's side of its sound.
    pub end: End,
    /// What keeps it open.
    pub stream: Box<dyn Send>,
}

/// Microphones and speakers. All methods may take long; none is called where that matters.
pub trait SoundCard: Send + Sync + 'static {
    /// What is plugged in, without what people would not know as a device.
    ///
    /// # Errors
    /// If the system's sound cannot be reached.
    fn devices(&self) -> Result<AudioDevices, CardError>;

    /// Opens a microphone and lets it run.
    ///
    /// # Errors
    /// If it is gone, busy or forbidden.
    fn open_microphone(&self, id: &str) -> Result<Opened<Capture>, CardError>;

    /// Opens a speaker and lets it run.
    ///
    /// # Errors
    /// If it is gone or busy.
    fn open_speaker(&self, id: &str) -> Result<Opened<Playback>, CardError>;
}

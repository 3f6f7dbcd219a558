//! Microphones and speakers, as the settings page uses them.

use std::fmt::Debug;

use serde::Serialize;
use specta::Type;

use crate::error::{Code, Error};

/// A microphone or speaker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AudioDevice {
    /// Stays the same over restarts and replugging.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// True for the one the system would choose.
    pub is_default: bool,
}

/// What is plugged in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AudioDevices {
    /// Microphones.
    pub inputs: Vec<AudioDevice>,
    /// Speakers.
    pub outputs: Vec<AudioDevice>,
}

/// How loud the microphone is, 0 to 1, about 20 times a second.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Type)]
#[serde(transparent)]
pub struct Level(#[specta(type = i32)] pub f32);

/// Where microphone levels go.
pub trait LevelSink: Debug + Send + 'static {
    /// Delivers one level; false once nobody listens.
    fn send(&self, level: Level) -> bool;
}

/// The sound card.
pub trait Sound: Send + Sync + 'static {
    /// What is plugged in. Blocks for some 30 ms.
    ///
    /// # Errors
    /// When the system's sound server cannot be asked.
    fn devices(&self) -> Result<AudioDevices, Error>;

    /// Plays a second of tone on the chosen speaker.
    ///
    /// # Errors
    /// When there is no speaker.
    fn play_test_tone(&self) -> Result<(), Error>;

    /// Sends the chosen microphone's level until [`Self::stop_level`].
    ///
    /// # Errors
    /// When there is no microphone.
    fn watch_level(&self, levels: Box<dyn LevelSink>) -> Result<(), Error>;

    /// Stops the level.
    fn stop_level(&self);
}

/// A computer without a sound card.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

const NO_SOUND: &str = "No headset was found. Plug one in.";

impl Sound for Silent {
    fn devices(&self) -> Result<AudioDevices, Error> {
        Ok(AudioDevices::default())
    }

    fn play_test_tone(&self) -> Result<(), Error> {
        Err(Error::new(Code::Audio, NO_SOUND))
    }

    fn watch_level(&self, _levels: Box<dyn LevelSink>) -> Result<(), Error> {
        Err(Error::new(Code::Audio, NO_SOUND))
    }

    fn stop_level(&self) {}
}

//! Microphones and speakers: list them by stable id, follow plugging, show a level.

use serde::Serialize;
use specta::Type;

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

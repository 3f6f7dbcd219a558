//! What the rep chose and keeps: the dialer's address and the headset.

use serde::{Deserialize, Serialize};
use specta::Type;

/// The settings file, as a whole.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Settings {
    /// The dialer's address; none until one was entered.
    pub server_url: Option<String>,
    /// Which headset, and how loud it rings.
    pub audio: AudioSettings,
}

/// Which headset, and how loud it rings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AudioSettings {
    /// The chosen microphone's stable id; none follows the system's default.
    pub input_id: Option<String>,
    /// The chosen speaker's stable id; none follows the system's default.
    pub output_id: Option<String>,
    /// 0 to 1.
    #[specta(type = i32)]
    pub ring_volume: f32,
}

impl Default for AudioSettings {
    fn default() -> Self {
        Self {
            input_id: None,
            output_id: None,
            ring_volume: 0.7,
        }
    }
}

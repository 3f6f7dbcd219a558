//! What a command of the webview is refused with.

use serde::Serialize;
use specta::Type;

/// A refusal, with a code to act on and a sentence to show.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Type)]
#[error("{message}")]
#[serde(rename = "Error_")]
pub struct Error {
    /// What to act on.
    pub code: Code,
    /// What to show: a plain sentence that says what to do.
    pub message: String,
}

/// Why a command was refused. The UI acts on these and never on the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// Nobody is signed in.
    SignedOut,
    /// The dialer cannot be reached.
    Offline,
    /// The dialer refused: not in this state, not allowed, or not found.
    Refused,
    /// What was entered cannot be used.
    Invalid,
    /// A microphone or speaker cannot be used.
    Audio,
    /// The system's keyring cannot be used.
    Keyring,
    /// A defect; it was logged.
    Internal,
}

impl Error {
    /// A refusal with this code and sentence.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    /// Nobody is signed in.
    #[must_use]
    pub fn signed_out() -> Self {
        Self::new(Code::SignedOut, "Sign in first.")
    }

    /// Logs a defect here and hides its details from the page.
    pub fn internal(defect: impl std::fmt::Display) -> Self {
        tracing::error!(%defect, "a command failed");
        Self::new(
            Code::Internal,
            "Something went wrong inside Offhook. The log file says what.",
        )
    }
}

//! Twilio's words for a call: its SID and how far it is.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Twilio's name of one call (one leg): `CA` and 32 hexadecimal digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CallSid(String);

/// The text is not a call's SID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a call SID: CA and 32 hexadecimal digits are expected")]
pub struct NotACallSid;

impl CallSid {
    /// The SID as Twilio writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CallSid {
    type Err = NotACallSid;

    fn from_str(text: &str) -> Result<Self, NotACallSid> {
        let digits = text.strip_prefix("CA").ok_or(NotACallSid)?;
        let whole = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        if whole {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotACallSid)
        }
    }
}

impl TryFrom<String> for CallSid {
    type Error = NotACallSid;

    fn try_from(text: String) -> Result<Self, NotACallSid> {
        text.parse()
    }
}

impl From<CallSid> for String {
    fn from(sid: CallSid) -> Self {
        sid.0
    }
}

impl fmt::Display for CallSid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for CallSid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// How far a call is, in the union of what REST and callbacks say, least progress first.
///
/// `Initiated` exists only in callbacks, `Queued` only in REST.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallStatus {
    /// Accepted; waits for Twilio's own calls-per-second queue.
    Queued,
    /// Handed to the carrier.
    Initiated,
    /// The carrier says that it rings.
    Ringing,
    /// Answered.
    InProgress,
    /// Ended before it was answered, by us.
    Canceled,
    /// Rang out.
    NoAnswer,
    /// Could not be reached.
    Failed,
    /// Busy.
    Busy,
    /// Answered and over.
    Completed,
}

impl CallStatus {
    /// Reads Twilio's word; none for a word that is new to us.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "queued" => Self::Queued,
            "initiated" => Self::Initiated,
            "ringing" => Self::Ringing,
            "in-progress" => Self::InProgress,
            "canceled" => Self::Canceled,
            "no-answer" => Self::NoAnswer,
            "failed" => Self::Failed,
            "busy" => Self::Busy,
            "completed" => Self::Completed,
            _ => return None,
        })
    }

    /// Nothing follows it.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        match self {
            Self::Queued | Self::Initiated | Self::Ringing | Self::InProgress => false,
            Self::Canceled | Self::NoAnswer | Self::Failed | Self::Busy | Self::Completed => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CallSid, CallStatus};

    #[test]
    fn only_a_whole_sid_is_a_sid() {
        let text = "CA0123456789abcdef0123456789abcdef";
        assert_eq!(text.parse::<CallSid>().expect("a whole SID").as_str(), text);
        for wrong in [
            "",
            "CA",
            "CF0123456789abcdef0123456789abcdef",
            "CA0123456789abcdef0123456789abcdeg",
        ] {
            assert!(wrong.parse::<CallSid>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_word_is_written_as_it_is_read() {
        for word in [
            "queued",
            "initiated",
            "ringing",
            "in-progress",
            "no-answer",
            "completed",
        ] {
            let status = CallStatus::parse(word).expect("a word of Twilio's");
            assert_eq!(
                serde_json::to_string(&status).expect("a string"),
                format!("\"{word}\"")
            );
        }
        assert_eq!(CallStatus::parse("foo"), None);
    }
}

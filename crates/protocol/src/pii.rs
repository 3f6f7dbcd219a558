//! A wrapper that keeps personal data out of logs.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Personal data: a name, a phone number, an e-mail address, a note.
///
/// It travels as the bare value, and prints as `…` so that no log line or panic message carries it.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(transparent)]
pub struct Pii<T>(T);

impl<T> Pii<T> {
    /// Wraps a value at the boundary where it came in.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, for the places that must show, store or send it.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// Unwraps the value.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl From<&str> for Pii<String> {
    fn from(value: &str) -> Self {
        Self(value.to_owned())
    }
}

impl From<String> for Pii<String> {
    fn from(value: String) -> Self {
        Self(value)
    }
}

impl<T> fmt::Debug for Pii<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("…")
    }
}

#[cfg(test)]
mod tests {
    use super::Pii;

    #[test]
    fn it_is_sent_whole_and_printed_hidden() {
        let name = Pii::from("Ada Lovelace");
        assert_eq!(format!("{name:?}"), "…");
        assert_eq!(serde_json::to_string(&name).unwrap(), "\"Ada Lovelace\"");
    }
}

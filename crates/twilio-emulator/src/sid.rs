//! Twilio's identifiers: two letters and 32 hex digits.

use std::fmt;

use rand::RngCore;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// Two letters and 32 digits.
const BYTES: usize = 34;

/// What is as long as an identifier lies where it is used: calls are found by it all the time.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Text {
    Usual([u8; BYTES]),
    Other(String),
}

impl Text {
    fn new(text: &str) -> Self {
        match text.as_bytes().try_into() {
            Ok(bytes) => Self::Usual(bytes),
            Err(_) => Self::Other(text.to_owned()),
        }
    }

    fn as_str(&self) -> &str {
        match self {
            Self::Usual(bytes) => std::str::from_utf8(bytes).expect("it was made from text"),
            Self::Other(text) => text,
        }
    }
}

macro_rules! sid {
    ($name:ident, $prefix:literal, $doc:literal) => {
        #[doc = $doc]
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) struct $name(Text);

        impl $name {
            pub(crate) fn new(sids: &mut Sids) -> Self {
                Self::from_text(&sids.next($prefix))
            }

            /// Takes text as it came from a client; it names nothing unless the network made it.
            pub(crate) fn from_text(text: &str) -> Self {
                Self(Text::new(text))
            }

            pub(crate) fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

sid!(CallSid, "CA", "Names a leg.");
sid!(
    ConferenceSid,
    "CF",
    "Names one filling of a room, from its first participant to its last."
);

/// Makes identifiers. On a real clock they differ at every start, so that a database that outlives the emulator never
/// meets the same one twice; what people do depends on the seed only.
#[derive(Debug)]
pub(crate) struct Sids(ChaCha8Rng);

impl Sids {
    pub(crate) fn new(seed: u64, started: jiff::Timestamp) -> Self {
        let nanos = u64::try_from(started.as_nanosecond() & i128::from(u64::MAX)).unwrap_or_default();
        Self(ChaCha8Rng::seed_from_u64(seed ^ nanos))
    }

    pub(crate) fn next(&mut self, prefix: &str) -> String {
        let mut bytes = [0u8; 16];
        self.0.fill_bytes(&mut bytes);
        format!("{prefix}{}", hex::encode(bytes))
    }
}

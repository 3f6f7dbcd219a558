//! Twilio's identifiers: two letters and 32 hex digits.

use std::fmt;

use rand::RngCore;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

macro_rules! sid {
    ($name:ident, $prefix:literal, $doc:literal) => {
        #[doc = $doc]
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
        #[serde(transparent)]
        pub(crate) struct $name(String);

        impl $name {
            pub(crate) fn new(sids: &mut Sids) -> Self {
                Self(sids.next($prefix))
            }

            /// Takes text as it came from a client; it names nothing unless the network made it.
            pub(crate) fn from_text(text: &str) -> Self {
                Self(text.to_owned())
            }

            pub(crate) fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
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

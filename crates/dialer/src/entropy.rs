//! The one place that reads the operating system's randomness.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use rand::{TryRngCore, rngs::OsRng};

/// Random bytes in a secret: 256 bits cannot be guessed.
const SECRET_BYTES: usize = 32;

/// A new secret, as text that is safe in URLs and headers.
#[must_use]
pub fn secret() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes::<SECRET_BYTES>())
}

/// What the `from_parts` of an identifier takes: the time in milliseconds and 80 random bits.
///
/// # Panics
///
/// If the time is before 1970.
#[must_use]
pub fn id_parts(now: Timestamp) -> (u64, u128) {
    let unix_ms = u64::try_from(now.as_millisecond()).expect("the clock is set to a time after 1970");
    let mut random = [0; 16];
    random[6..].copy_from_slice(&bytes::<10>());
    (unix_ms, u128::from_be_bytes(random))
}

/// Random bytes.
///
/// # Panics
///
/// If the operating system has none to give: nothing secret can be made then.
#[must_use]
pub fn bytes<const LENGTH: usize>() -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    OsRng
        .try_fill_bytes(&mut bytes)
        .expect("the operating system gives random bytes");
    bytes
}

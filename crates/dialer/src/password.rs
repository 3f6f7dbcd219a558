//! Passwords: argon2id, off the async threads, and never more than a few at a time.

use std::sync::Arc;

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

/// Hashes at a time: each takes 19 MiB and a core for some 20 ms.
const HASHES_MAX: usize = 2;
/// The shortest password that is taken, in characters.
pub const LENGTH_MIN: usize = 8;
/// The longest, in characters or bytes, so that a request cannot make the hash slow.
pub const LENGTH_MAX: usize = 256;

/// Compares passwords with their hashes.
#[derive(Clone)]
pub struct Passwords {
    slots: Arc<Semaphore>,
    /// Checked when there is no such user, so that both cases take as long.
    decoy: Arc<str>,
}

impl Passwords {
    /// Prepares the comparison.
    #[must_use]
    pub fn new() -> Self {
        let decoy = hash(&SecretString::from(crate::entropy::secret()));
        Self {
            slots: Arc::new(Semaphore::new(HASHES_MAX)),
            decoy: decoy.into(),
        }
    }

    /// True if the password is the one that was hashed. With no hash it does the same work and says no.
    pub async fn matches(&self, hash: Option<String>, password: SecretString) -> bool {
        let Ok(_slot) = self.slots.acquire().await else {
            return false;
        };
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.decoy.to_string());
        tokio::task::spawn_blocking(move || {
            let right = PasswordHash::new(&hash).is_ok_and(|parsed| {
                Argon2::default()
                    .verify_password(password.expose_secret().as_bytes(), &parsed)
                    .is_ok()
            });
            known && right
        })
        .await
        .unwrap_or(false)
    }
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

/// Hashes a password for storage, with a random salt.
///
/// # Panics
///
/// If the operating system has no randomness for the salt.
#[must_use]
pub fn hash(password: &SecretString) -> String {
    Argon2::default()
        .hash_password(password.expose_secret().as_bytes())
        .expect("the default parameters are valid")
        .to_string()
}

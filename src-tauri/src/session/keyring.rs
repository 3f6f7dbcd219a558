//! The system's keyring, on a thread of its own: a locked one may block for as long as nobody answers its prompt.
//!
//! A refresh token is never written anywhere else.

use std::{sync::Arc, thread, time::Duration};

use keyring_core::{CredentialStore, Entry, Error as StoreError};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{mpsc, oneshot};

/// The name under which the system lists our entries.
const SERVICE: &str = "dev.offhook.desktop";

/// How long to wait before a silent keyring counts as locked.
const TIMEOUT: Duration = Duration::from_secs(3);

/// The same while the user types the keyring's password.
const PATIENT_TIMEOUT: Duration = Duration::from_mins(2);

/// Calls that may wait behind one that blocks.
const QUEUE_LEN: usize = 16;

/// Why nothing could be read or kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// It wants a password first, or does not answer.
    #[error("the keyring is locked")]
    Locked,
    /// There is none, or it does not work.
    #[error("there is no usable keyring")]
    Missing,
}

/// Opens the system's store, anew for each call: one that failed may work later.
pub type OpenStore = fn() -> Result<Arc<CredentialStore>, StoreError>;

/// The thread's address.
#[derive(Debug, Clone)]
pub struct Keyring {
    calls: mpsc::Sender<Call>,
    timeout: Duration,
}

#[derive(Debug)]
struct Call {
    entry: String,
    verb: Verb,
}

#[derive(Debug)]
enum Verb {
    Read(oneshot::Sender<Result<Option<SecretString>, KeyringError>>),
    Write(SecretString, oneshot::Sender<Result<(), KeyringError>>),
    Clear,
}

impl Keyring {
    /// Starts the thread. It ends with the last clone of this.
    #[must_use]
    pub fn start(open: OpenStore) -> Self {
        Self::with_timeout(open, TIMEOUT)
    }

    fn with_timeout(open: OpenStore, timeout: Duration) -> Self {
        let (calls, mut inbox) = mpsc::channel(QUEUE_LEN);
        thread::spawn(move || {
            while let Some(call) = inbox.blocking_recv() {
                answer(open, call);
            }
        });
        Self { calls, timeout }
    }

    /// The token kept under `entry`, if there is one; `patient` leaves the user time to unlock. The call is in
    /// the queue when this returns.
    pub fn read(
        &self,
        entry: String,
        patient: bool,
    ) -> impl Future<Output = Result<Option<SecretString>, KeyringError>> + Send + use<> {
        let (reply, answer) = oneshot::channel();
        let timeout = if patient { PATIENT_TIMEOUT } else { self.timeout };
        self.queue(entry, Verb::Read(reply));
        within(timeout, answer)
    }

    /// Keeps `token` under `entry`. After an error it may still get there, once the user unlocks. The call is in
    /// the queue when this returns.
    pub fn write(
        &self,
        entry: String,
        token: SecretString,
    ) -> impl Future<Output = Result<(), KeyringError>> + Send + use<> {
        let (reply, answer) = oneshot::channel();
        self.queue(entry, Verb::Write(token, reply));
        within(self.timeout, answer)
    }

    /// Forgets what is kept under `entry`.
    pub fn clear(&self, entry: String) {
        self.queue(entry, Verb::Clear);
    }

    /// A full queue drops the call, which its caller notices like a keyring that does not answer.
    fn queue(&self, entry: String, verb: Verb) {
        if self.calls.try_send(Call { entry, verb }).is_err() {
            tracing::warn!("the keyring does not answer");
        }
    }
}

/// The keyring of this system.
///
/// # Errors
/// When it cannot be reached.
pub fn system_store() -> Result<Arc<CredentialStore>, StoreError> {
    #[cfg(target_os = "linux")]
    return Ok(zbus_secret_service_keyring_store::Store::new()?);
    #[cfg(target_os = "macos")]
    return Ok(apple_native_keyring_store::keychain::Store::new()?);
    #[cfg(target_os = "windows")]
    return Ok(windows_native_keyring_store::Store::new()?);
}

async fn within<T>(
    limit: Duration,
    answer: oneshot::Receiver<Result<T, KeyringError>>,
) -> Result<T, KeyringError> {
    let answered = tokio::time::timeout(limit, answer)
        .await
        .map_err(|_| KeyringError::Locked)?;
    answered.map_err(|_| KeyringError::Locked)?
}

fn answer(open: OpenStore, call: Call) {
    let entry = open().and_then(|store| store.build(SERVICE, &call.entry, None));
    match call.verb {
        Verb::Read(reply) => drop(reply.send(read(entry))),
        Verb::Write(token, reply) => {
            let written = entry.and_then(|entry| entry.set_password(token.expose_secret()));
            let _ = reply.send(written.map_err(|error| classify(&error)));
        }
        Verb::Clear => match entry.and_then(|entry| entry.delete_credential()) {
            Ok(()) | Err(StoreError::NoEntry) => {}
            Err(error) => drop(classify(&error)),
        },
    }
}

fn read(entry: Result<Entry, StoreError>) -> Result<Option<SecretString>, KeyringError> {
    match entry.and_then(|entry| entry.get_password()) {
        Ok(token) => Ok(Some(token.into())),
        Err(StoreError::NoEntry) => Ok(None),
        Err(error) => Err(classify(&error)),
    }
}

fn classify(error: &StoreError) -> KeyringError {
    tracing::warn!(%error, "the keyring cannot be used");
    if matches!(error, StoreError::NoStorageAccess(_)) {
        KeyringError::Locked
    } else {
        KeyringError::Missing
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Arc, Barrier, LazyLock},
        time::Duration,
    };

    use keyring_core::{CredentialStore, Error as StoreError, mock};
    use secrecy::ExposeSecret;

    use super::{Keyring, KeyringError};

    const ENTRY: &str = "https://dialer.example";

    #[expect(clippy::unnecessary_wraps, reason = "it is an `OpenStore`")]
    fn memory() -> Result<Arc<CredentialStore>, StoreError> {
        static STORE: LazyLock<Arc<mock::Store>> = LazyLock::new(|| mock::Store::new().unwrap());
        Ok(STORE.clone())
    }

    #[tokio::test]
    async fn a_token_is_kept_and_forgotten() {
        let keyring = Keyring::start(memory);
        assert!(keyring.read(ENTRY.into(), false).await.unwrap().is_none());
        keyring.write(ENTRY.into(), "r1".into()).await.unwrap();
        let kept = keyring.read(ENTRY.into(), false).await.unwrap().unwrap();
        assert_eq!(kept.expose_secret(), "r1");
        keyring.clear(ENTRY.into());
        assert!(keyring.read(ENTRY.into(), false).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn no_keyring_is_not_a_locked_one() {
        let keyring = Keyring::start(|| Err(StoreError::NoDefaultStore));
        assert_eq!(
            keyring.write(ENTRY.into(), "r1".into()).await,
            Err(KeyringError::Missing)
        );
    }

    #[tokio::test]
    async fn a_keyring_that_waits_for_its_prompt_counts_as_locked() {
        static PROMPT: LazyLock<Barrier> = LazyLock::new(|| Barrier::new(2));
        let blocked = || {
            PROMPT.wait();
            Err(StoreError::NoDefaultStore)
        };
        let keyring = Keyring::with_timeout(blocked, Duration::from_millis(20));
        assert_eq!(
            keyring.read(ENTRY.into(), false).await.unwrap_err(),
            KeyringError::Locked
        );
        PROMPT.wait();
    }
}

//! A keyring in memory, shared by every desktop of the process: a restarted one finds what it left.

use std::sync::{Arc, LazyLock};

use keyring_core::{CredentialStore, Entry, Error as StoreError, mock};

/// The name under which the desktop lists its entries.
const SERVICE: &str = "dev.offhook.desktop";

#[expect(clippy::unnecessary_wraps, reason = "it is an `OpenStore`")]
pub(crate) fn open() -> Result<Arc<CredentialStore>, StoreError> {
    static STORE: LazyLock<Arc<mock::Store>> = LazyLock::new(|| mock::Store::new().unwrap());
    Ok(STORE.clone())
}

/// The refresh token that is kept for an account.
pub(crate) fn token(account: &str) -> Option<String> {
    entry(account).get_password().ok()
}

/// Puts an older one back: the newer one never reached the keyring.
pub(crate) fn put_back(account: &str, token: &str) {
    entry(account).set_password(token).unwrap();
}

fn entry(account: &str) -> Entry {
    open().unwrap().build(SERVICE, account, None).unwrap()
}

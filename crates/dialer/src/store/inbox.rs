//! Webhooks as they came: what was answered with a 2xx is here.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::{StoreError, Tx, to_ms};

/// A request of Twilio's whose signature was good.
#[derive(Clone)]
pub struct Webhook {
    /// Its path.
    pub path: String,
    /// The form, decoded, in the order it came.
    pub params: Vec<(String, String)>,
}

impl Webhook {
    /// The first value of a parameter.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&str> {
        let found = self.params.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Equal for the same request sent again, by Twilio or by whoever captured it.
    fn key(&self) -> String {
        let mut params: Vec<&(String, String)> = self.params.iter().collect();
        params.sort_unstable();
        let mut hash = Sha256::new();
        hash.update(self.path.as_bytes());
        for (name, value) in params {
            for part in [name, value] {
                hash.update(part.len().to_be_bytes());
                hash.update(part.as_bytes());
            }
        }
        hex::encode(hash.finalize())
    }
}

/// Stores a request; false if the very same one is stored already.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn add(tx: &mut Tx, webhook: &Webhook, now: Timestamp) -> Result<bool, StoreError> {
    let params = serde_json::to_string(&webhook.params).map_err(|_| StoreError::Corrupt("a webhook"))?;
    let added = sqlx::query(
        "INSERT INTO inbox (request_key, path, params, received_at_ms) VALUES ($1, $2, $3, $4)
         ON CONFLICT (request_key) DO NOTHING",
    )
    .bind(webhook.key())
    .bind(&webhook.path)
    .bind(params)
    .bind(to_ms(now))
    .execute(&mut **tx)
    .await?;
    Ok(added.rows_affected() == 1)
}

//! Wrap-ups that the dialer has not accepted yet.

use protocol::{AgentId, AttemptId, WrapUp};
use serde::{Deserialize, Serialize};

use super::{Cache, CacheError};

/// A wrap-up on its way to the dialer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsent {
    /// Who saved it.
    pub agent_id: AgentId,
    /// Of which attempt.
    pub attempt_id: AttemptId,
    /// What came of it.
    pub wrap_up: WrapUp,
}

impl Cache {
    /// Keeps a wrap-up until [`Self::sent`]. A later one of the same attempt replaces it.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub async fn save_unsent(&self, unsent: &Unsent) -> Result<(), CacheError> {
        self.journal.append(unsent)?;
        self.insert_unsent(unsent).await
    }

    /// What this agent saved and the dialer has not accepted, oldest attempt first.
    ///
    /// # Errors
    /// When the database cannot be read.
    ///
    /// # Panics
    /// When somebody else wrote into the database.
    pub async fn unsent(&self, agent_id: AgentId) -> Result<Vec<Unsent>, CacheError> {
        let sql = "SELECT attempt_id, wrap_up FROM outbox WHERE agent_id = ? ORDER BY attempt_id";
        let rows: Vec<(String, String)> = sqlx::query_as(sql)
            .bind(agent_id.to_string())
            .fetch_all(&self.database)
            .await?;
        rows.into_iter()
            .map(|(attempt_id, wrap_up)| {
                Ok(Unsent {
                    agent_id,
                    attempt_id: attempt_id.parse().expect("only attempt ids are written there"),
                    wrap_up: serde_json::from_str(&wrap_up)?,
                })
            })
            .collect()
    }

    /// Forgets a wrap-up that the dialer has; one that was saved meanwhile stays.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub async fn sent(&self, unsent: &Unsent) -> Result<(), CacheError> {
        sqlx::query("DELETE FROM outbox WHERE agent_id = ? AND attempt_id = ? AND wrap_up = ?")
            .bind(unsent.agent_id.to_string())
            .bind(unsent.attempt_id.to_string())
            .bind(serde_json::to_string(&unsent.wrap_up)?)
            .execute(&self.database)
            .await?;
        let left: i64 = sqlx::query_scalar("SELECT count(*) FROM outbox")
            .fetch_one(&self.database)
            .await?;
        if left == 0 {
            self.journal.clear()?;
        }
        Ok(())
    }

    /// Puts back what the journal holds and a rebuilt database does not. Sending one twice changes nothing.
    pub(super) async fn restore_outbox(&self) -> Result<(), CacheError> {
        for unsent in self.journal.read()? {
            self.insert_unsent(&unsent).await?;
        }
        Ok(())
    }

    async fn insert_unsent(&self, unsent: &Unsent) -> Result<(), CacheError> {
        sqlx::query("INSERT OR REPLACE INTO outbox (agent_id, attempt_id, wrap_up) VALUES (?, ?, ?)")
            .bind(unsent.agent_id.to_string())
            .bind(unsent.attempt_id.to_string())
            .bind(serde_json::to_string(&unsent.wrap_up)?)
            .execute(&self.database)
            .await?;
        Ok(())
    }
}

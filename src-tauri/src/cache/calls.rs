//! The agent's calls, so that the history can be read while the dialer cannot.

use protocol::{AgentId, AttemptId, CallRecord};

use super::{Cache, CacheError};

/// Calls kept per agent; older ones are left to the dialer.
const CALLS_MAX: i64 = 2_000;

impl Cache {
    /// Keeps these calls, each in place of what was known of it.
    ///
    /// # Errors
    /// When the disk does not take them.
    pub async fn save_calls(&self, agent_id: AgentId, calls: &[CallRecord]) -> Result<(), CacheError> {
        let mut transaction = self.database.begin().await?;
        for call in calls {
            sqlx::query("INSERT OR REPLACE INTO calls (agent_id, attempt_id, call) VALUES (?, ?, ?)")
                .bind(agent_id.to_string())
                .bind(call.attempt.attempt_id.to_string())
                .bind(serde_json::to_string(call)?)
                .execute(&mut *transaction)
                .await?;
        }
        let surplus = "DELETE FROM calls WHERE agent_id = ?1 AND attempt_id <= (SELECT attempt_id FROM calls \
                       WHERE agent_id = ?1 ORDER BY attempt_id DESC LIMIT 1 OFFSET ?2)";
        sqlx::query(surplus)
            .bind(agent_id.to_string())
            .bind(CALLS_MAX)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Kept calls before `before`, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn calls(
        &self,
        agent_id: AgentId,
        before: Option<AttemptId>,
        limit: u32,
    ) -> Result<Vec<CallRecord>, CacheError> {
        let sql = "SELECT call FROM calls WHERE agent_id = ?1 AND (?2 IS NULL OR attempt_id < ?2) \
                   ORDER BY attempt_id DESC LIMIT ?3";
        let calls: Vec<String> = sqlx::query_scalar(sql)
            .bind(agent_id.to_string())
            .bind(before.map(|id| id.to_string()))
            .bind(limit)
            .fetch_all(&self.database)
            .await?;
        calls.iter().map(|call| Ok(serde_json::from_str(call)?)).collect()
    }
}

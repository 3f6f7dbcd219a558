//! What is entered for an attempt before it is saved.

use protocol::{AgentId, AttemptId, Disposition, Pii};

use super::{Cache, CacheError};
use crate::snapshot::Draft;

impl Cache {
    /// Keeps a draft in place of the one before.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub async fn save_draft(&self, agent_id: AgentId, draft: &Draft) -> Result<(), CacheError> {
        let disposition = draft
            .disposition
            .as_ref()
            .map(serde_json::to_string)
            .transpose()?;
        let sql =
            "INSERT OR REPLACE INTO drafts (agent_id, attempt_id, disposition, note) VALUES (?, ?, ?, ?)";
        sqlx::query(sql)
            .bind(agent_id.to_string())
            .bind(draft.attempt_id.to_string())
            .bind(disposition)
            .bind(draft.note.expose())
            .execute(&self.database)
            .await?;
        Ok(())
    }

    /// What was entered for an attempt.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn draft(&self, agent_id: AgentId, attempt_id: AttemptId) -> Result<Option<Draft>, CacheError> {
        let sql = "SELECT disposition, note FROM drafts WHERE agent_id = ? AND attempt_id = ?";
        let row: Option<(Option<String>, String)> = sqlx::query_as(sql)
            .bind(agent_id.to_string())
            .bind(attempt_id.to_string())
            .fetch_optional(&self.database)
            .await?;
        let Some((disposition, note)) = row else {
            return Ok(None);
        };
        let disposition: Option<Disposition> =
            disposition.as_deref().map(serde_json::from_str).transpose()?;
        Ok(Some(Draft {
            attempt_id,
            disposition,
            note: Pii::new(note),
        }))
    }

    /// Forgets a draft that was saved as a wrap-up.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub async fn drop_draft(&self, agent_id: AgentId, attempt_id: AttemptId) -> Result<(), CacheError> {
        sqlx::query("DELETE FROM drafts WHERE agent_id = ? AND attempt_id = ?")
            .bind(agent_id.to_string())
            .bind(attempt_id.to_string())
            .execute(&self.database)
            .await?;
        Ok(())
    }
}

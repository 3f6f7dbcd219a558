//! Who was signed in last at a dialer and what they may call, so that a start without a network shows it.

use protocol::{AgentId, Campaign, Me};

use super::{Cache, CacheError};

impl Cache {
    /// Keeps who is signed in under `account`.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub async fn save_me(&self, account: &str, me: &Me) -> Result<(), CacheError> {
        sqlx::query("INSERT OR REPLACE INTO profiles (account, me) VALUES (?, ?)")
            .bind(account)
            .bind(serde_json::to_string(me)?)
            .execute(&self.database)
            .await?;
        Ok(())
    }

    /// Who was signed in last under `account`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn me(&self, account: &str) -> Result<Option<Me>, CacheError> {
        let sql = "SELECT me FROM profiles WHERE account = ?";
        let me: Option<String> = sqlx::query_scalar(sql)
            .bind(account)
            .fetch_optional(&self.database)
            .await?;
        Ok(me.as_deref().map(serde_json::from_str).transpose()?)
    }

    /// Forgets who was signed in under `account`. Their drafts and unsent wrap-ups stay for their return.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub async fn drop_me(&self, account: &str) -> Result<(), CacheError> {
        sqlx::query("DELETE FROM profiles WHERE account = ?")
            .bind(account)
            .execute(&self.database)
            .await?;
        Ok(())
    }

    /// Keeps an agent's campaigns.
    ///
    /// # Errors
    /// When the disk does not take them.
    pub async fn save_campaigns(&self, agent_id: AgentId, campaigns: &[Campaign]) -> Result<(), CacheError> {
        sqlx::query("INSERT OR REPLACE INTO campaigns (agent_id, campaigns) VALUES (?, ?)")
            .bind(agent_id.to_string())
            .bind(serde_json::to_string(campaigns)?)
            .execute(&self.database)
            .await?;
        Ok(())
    }

    /// An agent's campaigns as they were.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn campaigns(&self, agent_id: AgentId) -> Result<Vec<Campaign>, CacheError> {
        let campaigns: Option<String> =
            sqlx::query_scalar("SELECT campaigns FROM campaigns WHERE agent_id = ?")
                .bind(agent_id.to_string())
                .fetch_optional(&self.database)
                .await?;
        Ok(campaigns
            .as_deref()
            .map(serde_json::from_str)
            .transpose()?
            .unwrap_or_default())
    }
}

//! Tenants, and the people who sign in.

use jiff::Timestamp;
use protocol::{AgentId, Pii, Role, TenantId};
use sqlx::{Row, sqlite::SqliteRow};

use super::{Store, StoreError, parse, to_ms};
use crate::entropy;

/// A person who signs in.
#[derive(Debug, Clone)]
pub struct Agent {
    /// Who.
    pub agent_id: AgentId,
    /// Their company.
    pub tenant_id: TenantId,
    /// Its name.
    pub tenant_name: String,
    /// Lower case.
    pub email: Pii<String>,
    /// As shown.
    pub name: Pii<String>,
    /// What they may do.
    pub role: Role,
}

/// Somebody to add.
#[derive(Debug, Clone)]
pub struct NewAgent {
    /// The company; added if it is new.
    pub tenant_name: String,
    /// Any case.
    pub email: Pii<String>,
    /// As shown.
    pub name: Pii<String>,
    /// What they may do.
    pub role: Role,
    /// From [`crate::password::hash`]; none on the practice floor.
    pub password_hash: Option<String>,
}

/// Adds somebody who signs in. `None` if the address is taken.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn add(store: &Store, now: Timestamp, new: NewAgent) -> Result<Option<AgentId>, StoreError> {
    let (unix_ms, random) = entropy::id_parts(now);
    let agent_id = AgentId::from_parts(unix_ms, random);
    let new_tenant_id = TenantId::from_parts(unix_ms, entropy::id_parts(now).1);
    store
        .write(move |tx| {
            Box::pin(async move {
                sqlx::query("INSERT INTO tenants VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING")
                    .bind(new_tenant_id.to_string())
                    .bind(&new.tenant_name)
                    .bind(to_ms(now))
                    .execute(&mut **tx)
                    .await?;
                let added = sqlx::query(
                    "INSERT INTO agents (agent_id, tenant_id, email, name, role, password_hash, created_at_ms)
                     SELECT $1, tenant_id, $2, $3, $4, $5, $6 FROM tenants WHERE name = $7
                     ON CONFLICT (email) DO NOTHING",
                )
                .bind(agent_id.to_string())
                .bind(new.email.expose().to_lowercase())
                .bind(new.name.expose())
                .bind(role_text(new.role))
                .bind(&new.password_hash)
                .bind(to_ms(now))
                .bind(&new.tenant_name)
                .execute(&mut **tx)
                .await?;
                Ok((added.rows_affected() == 1).then_some(agent_id))
            })
        })
        .await
}

/// The person who signs in with this address, and the hash of their password.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn by_email(store: &Store, email: &str) -> Result<Option<(Agent, Option<String>)>, StoreError> {
    let row = sqlx::query("SELECT agents.*, tenants.name AS tenant_name FROM agents JOIN tenants USING (tenant_id) WHERE email = $1")
        .bind(email.to_lowercase())
        .fetch_optional(store.readers())
        .await?;
    row.map(|row| Ok((agent(&row)?, row.get("password_hash"))))
        .transpose()
}

/// Gives somebody a new password and revokes their sign-ins. False if nobody has that address.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn set_password(
    store: &Store,
    now: Timestamp,
    email: &str,
    password_hash: String,
) -> Result<bool, StoreError> {
    let email = email.to_lowercase();
    store
        .write(move |tx| {
            Box::pin(async move {
                let changed = sqlx::query("UPDATE agents SET password_hash = $1 WHERE email = $2")
                    .bind(password_hash)
                    .bind(&email)
                    .execute(&mut **tx)
                    .await?;
                sqlx::query(
                    "UPDATE token_families SET revoked_at_ms = $1 WHERE revoked_at_ms IS NULL
                     AND agent_id IN (SELECT agent_id FROM agents WHERE email = $2)",
                )
                .bind(to_ms(now))
                .bind(&email)
                .execute(&mut **tx)
                .await?;
                Ok(changed.rows_affected() == 1)
            })
        })
        .await
}

/// A person by identifier.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn by_id(store: &Store, agent_id: AgentId) -> Result<Option<Agent>, StoreError> {
    let row = sqlx::query(
        "SELECT agents.*, tenants.name AS tenant_name FROM agents JOIN tenants USING (tenant_id) WHERE agent_id = $1",
    )
    .bind(agent_id.to_string())
    .fetch_optional(store.readers())
    .await?;
    row.as_ref().map(agent).transpose()
}

/// The company of that name.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn tenant_by_name(store: &Store, name: &str) -> Result<Option<TenantId>, StoreError> {
    let text: Option<String> = sqlx::query_scalar("SELECT tenant_id FROM tenants WHERE name = $1")
        .bind(name)
        .fetch_optional(store.readers())
        .await?;
    text.map(|text| parse(&text, "a tenant id")).transpose()
}

/// Reads the columns of `agents` and `tenant_name` from a row.
pub(super) fn agent(row: &SqliteRow) -> Result<Agent, StoreError> {
    Ok(Agent {
        agent_id: parse(row.get("agent_id"), "an agent id")?,
        tenant_id: parse(row.get("tenant_id"), "a tenant id")?,
        tenant_name: row.get("tenant_name"),
        email: Pii::new(row.get("email")),
        name: Pii::new(row.get("name")),
        role: role(row.get("role"))?,
    })
}

/// The word for a role in the database, the API and on the command line.
#[must_use]
pub const fn role_text(role: Role) -> &'static str {
    match role {
        Role::Rep => "rep",
        Role::Manager => "manager",
        Role::Admin => "admin",
    }
}

fn role(text: &str) -> Result<Role, StoreError> {
    [Role::Rep, Role::Manager, Role::Admin]
        .into_iter()
        .find(|role| role_text(*role) == text)
        .ok_or(StoreError::Corrupt("a role"))
}

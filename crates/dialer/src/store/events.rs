//! What each agent's desktop is told: numbered, and kept for one that was away.

use protocol::{AgentId, Event, EventEnvelope};
use sqlx::Row;

use super::{Store, StoreError, Tx};

/// Events kept per agent: at one call a minute more than an afternoon's worth.
const EVENTS_KEPT: i64 = 1_000;
/// Events read at a time.
const PAGE_EVENTS: i64 = 200;

/// What a desktop missed.
#[derive(Debug, PartialEq, Eq)]
pub enum Missed {
    /// These, oldest first; perhaps not all. None if it missed nothing.
    Events(Vec<EventEnvelope>),
    /// More than is kept, or it never had any: it must start over after this number.
    TooMuch {
        /// The newest number.
        last_seq: u64,
    },
}

/// Appends an event in the transaction of the change it tells about, and wakes the agent's stream.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn append(tx: &mut Tx, agent_id: AgentId, event: &Event) -> Result<u64, StoreError> {
    let body = serde_json::to_string(event).map_err(|_| StoreError::Corrupt("an event"))?;
    let seq: i64 = sqlx::query_scalar(
        "UPDATE agents SET last_seq = last_seq + 1 WHERE agent_id = $1 RETURNING last_seq",
    )
    .bind(agent_id.to_string())
    .fetch_one(&mut **tx)
    .await?;
    sqlx::query("INSERT INTO events (agent_id, seq, body) VALUES ($1, $2, $3)")
        .bind(agent_id.to_string())
        .bind(seq)
        .bind(body)
        .execute(&mut **tx)
        .await?;
    sqlx::query("DELETE FROM events WHERE agent_id = $1 AND seq <= $2")
        .bind(agent_id.to_string())
        .bind(seq - EVENTS_KEPT)
        .execute(&mut **tx)
        .await?;
    tx.wake(agent_id);
    Ok(seq.unsigned_abs())
}

/// What came after the event that the desktop had last; 0 if it has none.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn after(store: &Store, agent_id: AgentId, seq: u64) -> Result<Missed, StoreError> {
    let after = i64::try_from(seq).unwrap_or(i64::MAX);
    let mut snapshot = store.readers().begin().await?;
    let last: i64 = sqlx::query_scalar("SELECT last_seq FROM agents WHERE agent_id = $1")
        .bind(agent_id.to_string())
        .fetch_one(&mut *snapshot)
        .await?;
    // A number from the future is one of another database: the desktop was pointed elsewhere, or a backup came back.
    if seq == 0 || after > last || after < last - EVENTS_KEPT {
        return Ok(Missed::TooMuch {
            last_seq: last.unsigned_abs(),
        });
    }
    let rows =
        sqlx::query("SELECT seq, body FROM events WHERE agent_id = $1 AND seq > $2 ORDER BY seq LIMIT $3")
            .bind(agent_id.to_string())
            .bind(after)
            .bind(PAGE_EVENTS)
            .fetch_all(&mut *snapshot)
            .await?;
    let envelopes = rows.iter().map(|row| {
        let event = serde_json::from_str(row.get("body")).map_err(|_| StoreError::Corrupt("an event"))?;
        Ok(EventEnvelope {
            seq: row.get::<i64, _>("seq").unsigned_abs(),
            event,
        })
    });
    Ok(Missed::Events(envelopes.collect::<Result<_, StoreError>>()?))
}

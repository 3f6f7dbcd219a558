//! Attempts: rows, the events of their calls, and how a desktop sees them.

mod candidates;
mod view;

use dialer_core::{
    attempt::{CallEvent, Facts},
    call::CallSid,
    phone_number::PhoneNumber,
};
use jiff::Timestamp;
use protocol::{AgentId, AttemptId, AttemptResult, CampaignId, LeadId, SeatId, TenantId};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

use super::{StoreError, Tx, from_ms, parse, to_ms};

pub use candidates::{PAGE_LEADS, candidate, candidates, pool};
pub use view::{history, record, view};

/// An attempt with everything that is known about its call.
#[derive(Debug, Clone)]
pub struct AttemptRow {
    /// Which.
    pub attempt_id: AttemptId,
    /// Whose company.
    pub tenant_id: TenantId,
    /// Of which list.
    pub campaign_id: CampaignId,
    /// Who is called.
    pub lead_id: LeadId,
    /// Whose line it is on; after a claim, who talks.
    pub seat_id: SeatId,
    /// The agent of that seat.
    pub agent_id: AgentId,
    /// The called number.
    pub to: PhoneNumber,
    /// The shown number.
    pub from: PhoneNumber,
    /// Rule time of the intent.
    pub placed_at: Timestamp,
    /// The rep asked to end it.
    pub hung_up: bool,
    /// It ended once, whatever came in later.
    pub closed: bool,
    /// The fold of its events; in real time.
    pub facts: Facts,
}

impl AttemptRow {
    /// Rule time of a moment that is known in real time.
    #[must_use]
    pub fn rule_time(&self, at: Timestamp) -> Timestamp {
        self.placed_at + at.duration_since(self.facts.intent_at())
    }
}

/// An attempt to write down before Twilio is asked.
#[derive(Debug, Clone)]
pub struct Intent {
    /// Its new identifier.
    pub attempt_id: AttemptId,
    /// Whose company.
    pub tenant_id: TenantId,
    /// Of which list.
    pub campaign_id: CampaignId,
    /// Who is called.
    pub lead_id: LeadId,
    /// For which seat.
    pub seat_id: SeatId,
    /// The agent of that seat.
    pub agent_id: AgentId,
    /// The called number.
    pub to: PhoneNumber,
    /// The shown number.
    pub from: PhoneNumber,
    /// Which try of this lead.
    pub try_number: u32,
    /// Why it is allowed.
    pub reasons: Vec<String>,
    /// Real time.
    pub intent_at: Timestamp,
    /// Rule time.
    pub placed_at: Timestamp,
}

/// Writes an intent. False if another attempt holds the lock on the number.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn add(tx: &mut Tx, intent: &Intent) -> Result<bool, StoreError> {
    let reasons = serde_json::to_string(&intent.reasons).map_err(|_| StoreError::Corrupt("reasons"))?;
    let added = sqlx::query(
        "INSERT INTO attempts (attempt_id, tenant_id, campaign_id, lead_id, seat_id, agent_id, to_number,
                from_number, try_number, reasons, intent_at_ms, placed_at_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING",
    )
    .bind(intent.attempt_id.to_string())
    .bind(intent.tenant_id.to_string())
    .bind(intent.campaign_id.to_string())
    .bind(intent.lead_id.to_string())
    .bind(intent.seat_id.to_string())
    .bind(intent.agent_id.to_string())
    .bind(intent.to.e164())
    .bind(intent.from.e164())
    .bind(intent.try_number)
    .bind(reasons)
    .bind(to_ms(intent.intent_at))
    .bind(to_ms(intent.placed_at))
    .execute(&mut **tx)
    .await?;
    Ok(added.rows_affected() == 1)
}

/// An attempt with its events folded.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn by_id(
    connection: &mut SqliteConnection,
    attempt_id: AttemptId,
) -> Result<Option<AttemptRow>, StoreError> {
    let row = sqlx::query("SELECT * FROM attempts WHERE attempt_id = $1")
        .bind(attempt_id.to_string())
        .fetch_optional(&mut *connection)
        .await?;
    match row {
        Some(row) => Ok(Some(read(connection, &row).await?)),
        None => Ok(None),
    }
}

/// Every attempt whose call is not over.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn open(connection: &mut SqliteConnection) -> Result<Vec<AttemptRow>, StoreError> {
    let rows = sqlx::query("SELECT * FROM attempts WHERE open = 1 ORDER BY attempt_id")
        .fetch_all(&mut *connection)
        .await?;
    let mut attempts = Vec::with_capacity(rows.len());
    for row in rows {
        attempts.push(read(connection, &row).await?);
    }
    Ok(attempts)
}

/// Adds an event to the set; false if it is there already.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn add_event(tx: &mut Tx, attempt_id: AttemptId, event: &CallEvent) -> Result<bool, StoreError> {
    let body = serde_json::to_string(event).map_err(|_| StoreError::Corrupt("a call event"))?;
    let added =
        sqlx::query("INSERT INTO call_events (attempt_id, body) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(attempt_id.to_string())
            .bind(body)
            .execute(&mut **tx)
            .await?;
    Ok(added.rows_affected() == 1)
}

/// Stores what the fold says now. The first end stands: a sign of life after it opens the call, not the attempt.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn save_fold(tx: &mut Tx, row: &AttemptRow) -> Result<(), StoreError> {
    let facts = &row.facts;
    let ended_at = facts.ended_at().map(|at| to_ms(row.rule_time(at)));
    sqlx::query(
        "UPDATE attempts SET call_sid = $1, answered_at_ms = $2, open = $3, seat_id = $4, agent_id = $5,
                ended_at_ms = COALESCE(ended_at_ms, $6), result = COALESCE($7, result) WHERE attempt_id = $8",
    )
    .bind(facts.sid().map(CallSid::as_str))
    .bind(facts.answered_at().map(|at| to_ms(row.rule_time(at))))
    .bind(facts.result().is_none())
    .bind(row.seat_id.to_string())
    .bind(row.agent_id.to_string())
    .bind(ended_at)
    .bind(facts.result().map(result_text))
    .bind(row.attempt_id.to_string())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Notes that the rep asked to end the call.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn hang_up(tx: &mut Tx, attempt_id: AttemptId, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE attempts SET hung_up_at_ms = COALESCE(hung_up_at_ms, $1) WHERE attempt_id = $2")
        .bind(to_ms(now))
        .bind(attempt_id.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Books an answered call, once: connected to a rep, or abandoned.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn book(tx: &mut Tx, row: &AttemptRow, result: AttemptResult) -> Result<(), StoreError> {
    let outcome = match result {
        AttemptResult::Talked => "connected",
        AttemptResult::Abandoned => "abandoned",
        AttemptResult::NoAnswer
        | AttemptResult::Busy
        | AttemptResult::Failed
        | AttemptResult::Canceled
        | AttemptResult::NotPlaced => return Ok(()),
    };
    let answered_at = row
        .facts
        .answered_at()
        .or(row.facts.ended_at())
        .unwrap_or(row.facts.intent_at());
    sqlx::query(
        "INSERT INTO ledger (attempt_id, campaign_id, answered_at_ms, outcome) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING",
    )
    .bind(row.attempt_id.to_string())
    .bind(row.campaign_id.to_string())
    .bind(to_ms(row.rule_time(answered_at)))
    .bind(outcome)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// SIDs that belong to attempts at this number, so that a search can tell whose a call is.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn known_sids(
    connection: &mut SqliteConnection,
    to: PhoneNumber,
) -> Result<Vec<String>, StoreError> {
    Ok(
        sqlx::query_scalar("SELECT call_sid FROM attempts WHERE to_number = $1 AND call_sid IS NOT NULL")
            .bind(to.e164())
            .fetch_all(connection)
            .await?,
    )
}

async fn read(connection: &mut SqliteConnection, row: &SqliteRow) -> Result<AttemptRow, StoreError> {
    let attempt_id: &str = row.get("attempt_id");
    let bodies: Vec<String> = sqlx::query_scalar("SELECT body FROM call_events WHERE attempt_id = $1")
        .bind(attempt_id)
        .fetch_all(connection)
        .await?;
    let events: Result<Vec<CallEvent>, _> = bodies.iter().map(|body| serde_json::from_str(body)).collect();
    let events = events.map_err(|_| StoreError::Corrupt("a call event"))?;
    Ok(AttemptRow {
        attempt_id: parse(attempt_id, "an attempt id")?,
        tenant_id: parse(row.get("tenant_id"), "a tenant id")?,
        campaign_id: parse(row.get("campaign_id"), "a campaign id")?,
        lead_id: parse(row.get("lead_id"), "a lead id")?,
        seat_id: parse(row.get("seat_id"), "a seat id")?,
        agent_id: parse(row.get("agent_id"), "an agent id")?,
        to: parse(row.get("to_number"), "a phone number")?,
        from: parse(row.get("from_number"), "a phone number")?,
        placed_at: from_ms(row.get("placed_at_ms"))?,
        hung_up: row.get::<Option<i64>, _>("hung_up_at_ms").is_some(),
        closed: row.get::<Option<i64>, _>("ended_at_ms").is_some(),
        facts: Facts::fold(from_ms(row.get("intent_at_ms"))?, &events),
    })
}

const fn result_text(result: AttemptResult) -> &'static str {
    match result {
        AttemptResult::Talked => "talked",
        AttemptResult::Abandoned => "abandoned",
        AttemptResult::NoAnswer => "no_answer",
        AttemptResult::Busy => "busy",
        AttemptResult::Failed => "failed",
        AttemptResult::Canceled => "canceled",
        AttemptResult::NotPlaced => "not_placed",
    }
}

//! Attempts as a desktop sees them.

use dialer_core::phone_number::PhoneNumber;
use protocol::{AgentId, Attempt, AttemptId, AttemptState, CallRecord, Lead, Pii};
use serde::de::DeserializeOwned;
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

use super::by_id;
use crate::store::{StoreError, from_ms, parse};

/// An attempt for the window of a rep.
///
/// # Errors
///
/// [`StoreError::Corrupt`] if there is no such attempt: only ids that the store gave are asked for.
pub async fn view(connection: &mut SqliteConnection, attempt_id: AttemptId) -> Result<Attempt, StoreError> {
    Ok(record(connection, attempt_id).await?.attempt)
}

/// A call for the history of a rep.
///
/// # Errors
///
/// As [`view`].
pub async fn record(
    connection: &mut SqliteConnection,
    attempt_id: AttemptId,
) -> Result<CallRecord, StoreError> {
    let row = sqlx::query(
        "SELECT attempts.*, leads.name, company, phone_number, fields, last_note, campaigns.name AS campaign_name
         FROM attempts JOIN leads USING (lead_id)
         JOIN campaigns ON campaigns.campaign_id = attempts.campaign_id WHERE attempt_id = $1",
    )
    .bind(attempt_id.to_string())
    .fetch_one(&mut *connection)
    .await?;
    let attempt = by_id(connection, attempt_id)
        .await?
        .ok_or(StoreError::Corrupt("an attempt"))?;
    let closed = attempt.closed || attempt.facts.releases_seat();
    let state = if closed {
        AttemptState::Ended
    } else {
        attempt.facts.state()
    };
    let ended_at = row
        .get::<Option<i64>, _>("ended_at_ms")
        .map(from_ms)
        .transpose()?;
    Ok(CallRecord {
        attempt: Attempt {
            attempt_id,
            lead: lead(&row)?,
            from: Pii::new(attempt.from.formatted()),
            state,
            placed_at: attempt.placed_at,
            answered_at: attempt.facts.answered_at().map(|at| attempt.rule_time(at)),
            ended_at,
            try_number: row.get("try_number"),
            reasons: json(row.get("reasons"), "reasons")?,
        },
        campaign_name: row.get("campaign_name"),
        result: word(row.get("result"), "a result")?,
        disposition: word(row.get("disposition"), "a disposition")?,
        note: Pii::new(row.get("note")),
    })
}

/// An agent's calls, newest first.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn history(
    connection: &mut SqliteConnection,
    agent_id: AgentId,
    before: Option<AttemptId>,
    limit: u32,
) -> Result<Vec<CallRecord>, StoreError> {
    // Past every identifier: their alphabet ends with Z.
    let before = before.map_or_else(|| "~".to_owned(), |attempt_id| attempt_id.to_string());
    let ids: Vec<String> = sqlx::query_scalar(
        "SELECT attempt_id FROM attempts WHERE agent_id = $1 AND attempt_id < $2
         ORDER BY attempt_id DESC LIMIT $3",
    )
    .bind(agent_id.to_string())
    .bind(before)
    .bind(limit)
    .fetch_all(&mut *connection)
    .await?;
    let mut calls = Vec::with_capacity(ids.len());
    for id in ids {
        calls.push(record(connection, parse(&id, "an attempt id")?).await?);
    }
    Ok(calls)
}

fn lead(row: &SqliteRow) -> Result<Lead, StoreError> {
    let number: PhoneNumber = parse(row.get("phone_number"), "a phone number")?;
    let place = number.place();
    Ok(Lead {
        lead_id: parse(row.get("lead_id"), "a lead id")?,
        name: Pii::new(row.get("name")),
        company: Pii::new(row.get("company")),
        phone_number: Pii::new(number.formatted()),
        region: place.state.clone(),
        time_zone: place
            .zones
            .first()
            .map(|zone| zone.name.clone())
            .unwrap_or_default(),
        fields: json(row.get("fields"), "a lead's fields")?,
        last_note: Pii::new(row.get("last_note")),
    })
}

fn json<T: DeserializeOwned>(text: &str, what: &'static str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Corrupt(what))
}

/// An enumeration stored as the word it has on the wire.
fn word<T: DeserializeOwned>(text: Option<&str>, what: &'static str) -> Result<Option<T>, StoreError> {
    let parsed = text.map(|text| serde_json::from_value(serde_json::Value::from(text)));
    parsed.transpose().map_err(|_| StoreError::Corrupt(what))
}

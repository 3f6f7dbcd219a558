//! Seats: the machine of `dialer_core::seat`, a row at a time.

use dialer_core::{
    call::CallSid,
    seat::{Line, Seat},
};
use jiff::Timestamp;
use protocol::{AgentId, AttemptId, CampaignId, SeatId, SeatState, TenantId, Waiting};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

use super::{StoreError, Tx, attempts, events, from_ms, parse, to_ms};

/// A seat with whose it is.
#[derive(Debug, Clone)]
pub struct SeatRow {
    /// Which.
    pub seat_id: SeatId,
    /// Whose company.
    pub tenant_id: TenantId,
    /// The list it dials.
    pub campaign_id: CampaignId,
    /// Whose it is.
    pub agent_id: AgentId,
    /// The machine.
    pub seat: Seat,
    /// Why nothing is dialed; in rule time.
    pub waiting: Option<Waiting>,
    /// When Twilio last confirmed the agent's leg; real time.
    pub leg_checked_at: Option<Timestamp>,
    /// The agent left it; the leg may live on for a moment.
    pub left: bool,
}

/// A seat that is new.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn add(tx: &mut Tx, row: &SeatRow, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO seats (seat_id, tenant_id, campaign_id, agent_id, created_at_ms) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(row.seat_id.to_string())
    .bind(row.tenant_id.to_string())
    .bind(row.campaign_id.to_string())
    .bind(row.agent_id.to_string())
    .bind(to_ms(now))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The seat an agent has.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn of_agent(
    connection: &mut SqliteConnection,
    agent_id: AgentId,
) -> Result<Option<SeatRow>, StoreError> {
    let row = sqlx::query("SELECT * FROM seats WHERE agent_id = $1 AND left_at_ms IS NULL")
        .bind(agent_id.to_string())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(read).transpose()
}

/// A seat, left or not.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn by_id(
    connection: &mut SqliteConnection,
    seat_id: SeatId,
) -> Result<Option<SeatRow>, StoreError> {
    let row = sqlx::query("SELECT * FROM seats WHERE seat_id = $1")
        .bind(seat_id.to_string())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(read).transpose()
}

/// Every seat that is taken, and every one whose agent left but whose leg lives on.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn live(connection: &mut SqliteConnection) -> Result<Vec<SeatRow>, StoreError> {
    let rows =
        sqlx::query("SELECT * FROM seats WHERE left_at_ms IS NULL OR leg IS NOT NULL ORDER BY seat_id")
            .fetch_all(connection)
            .await?;
    rows.iter().map(read).collect()
}

/// The taken seats of a campaign.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn of_campaign(
    connection: &mut SqliteConnection,
    campaign_id: CampaignId,
) -> Result<Vec<SeatRow>, StoreError> {
    let rows =
        sqlx::query("SELECT * FROM seats WHERE campaign_id = $1 AND left_at_ms IS NULL ORDER BY seat_id")
            .bind(campaign_id.to_string())
            .fetch_all(connection)
            .await?;
    rows.iter().map(read).collect()
}

/// Stores a seat that was read with this epoch, and tells its agent.
///
/// # Errors
///
/// [`StoreError::Corrupt`] if the seat moved on since it was read: within one transaction it cannot.
pub async fn save(tx: &mut Tx, row: &SeatRow, read_epoch: u64, now: Timestamp) -> Result<(), StoreError> {
    let (line, attempt_id) = line_columns(row.seat.line);
    let saved = sqlx::query(
        "UPDATE seats SET epoch = $1, leg = $2, dialing = $3, line = $4, attempt_id = $5, waiting_reason = $6,
                waiting_until_ms = $7, leg_checked_at_ms = $8, left_at_ms = CASE WHEN $9 THEN $10 END
         WHERE seat_id = $11 AND epoch = $12",
    )
    .bind(row.seat.epoch.cast_signed())
    .bind(row.seat.leg.as_ref().map(CallSid::as_str))
    .bind(row.seat.dialing)
    .bind(line)
    .bind(attempt_id.map(|attempt_id| attempt_id.to_string()))
    .bind(row.waiting.as_ref().map(|waiting| waiting.reason.as_str()))
    .bind(row.waiting.as_ref().and_then(|waiting| waiting.until).map(to_ms))
    .bind(row.leg_checked_at.map(to_ms))
    .bind(row.left)
    .bind(to_ms(now))
    .bind(row.seat_id.to_string())
    .bind(read_epoch.cast_signed())
    .execute(&mut **tx)
    .await?;
    if saved.rows_affected() != 1 {
        return Err(StoreError::Corrupt("a seat that kept still while it was changed"));
    }
    announce(tx, row).await
}

/// Notes that Twilio confirmed the agent's leg.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn confirm_leg(tx: &mut Tx, seat_id: SeatId, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE seats SET leg_checked_at_ms = $1 WHERE seat_id = $2")
        .bind(to_ms(now))
        .bind(seat_id.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Tells the agent how their seat is now.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn announce(tx: &mut Tx, row: &SeatRow) -> Result<(), StoreError> {
    let seat = if row.left {
        None
    } else {
        Some(view(tx, row).await?)
    };
    events::append(tx, row.agent_id, &protocol::Event::Seat { seat }).await?;
    Ok(())
}

/// The seat as its agent sees it.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn view(connection: &mut SqliteConnection, row: &SeatRow) -> Result<protocol::Seat, StoreError> {
    Ok(protocol::Seat {
        seat_id: row.seat_id,
        campaign_id: row.campaign_id,
        state: state(connection, row).await?,
        dialing: row.seat.dialing,
    })
}

async fn state(connection: &mut SqliteConnection, row: &SeatRow) -> Result<SeatState, StoreError> {
    let in_room = row.seat.leg.is_some();
    Ok(match row.seat.line {
        Line::Talking { attempt_id } => SeatState::Talking {
            attempt: attempts::view(connection, attempt_id).await?,
        },
        Line::WrapUp { attempt_id } => SeatState::WrapUp {
            attempt: attempts::view(connection, attempt_id).await?,
        },
        Line::Dialing { .. } | Line::Idle if !in_room => SeatState::Joining,
        Line::Dialing { attempt_id } => SeatState::Dialing {
            attempt: attempts::view(connection, attempt_id).await?,
        },
        Line::Idle if !row.seat.dialing => SeatState::Paused,
        Line::Idle => {
            let looking = || Waiting {
                reason: "Looking for the next lead.".to_owned(),
                until: None,
            };
            SeatState::Waiting {
                waiting: row.waiting.clone().unwrap_or_else(looking),
            }
        }
    })
}

fn line_columns(line: Line) -> (&'static str, Option<AttemptId>) {
    match line {
        Line::Idle => ("idle", None),
        Line::Dialing { attempt_id } => ("dialing", Some(attempt_id)),
        Line::Talking { attempt_id } => ("talking", Some(attempt_id)),
        Line::WrapUp { attempt_id } => ("wrap_up", Some(attempt_id)),
    }
}

fn read(row: &SqliteRow) -> Result<SeatRow, StoreError> {
    let seat_id = parse(row.get("seat_id"), "a seat id")?;
    let leg: Option<&str> = row.get("leg");
    let seat = Seat {
        epoch: row.get::<i64, _>("epoch").cast_unsigned(),
        leg: leg.map(|leg| parse(leg, "a call SID")).transpose()?,
        dialing: row.get::<i64, _>("dialing") != 0,
        line: read_line(row)?,
    };
    let until = row
        .get::<Option<i64>, _>("waiting_until_ms")
        .map(from_ms)
        .transpose()?;
    let reason: Option<String> = row.get("waiting_reason");
    Ok(SeatRow {
        seat_id,
        tenant_id: parse(row.get("tenant_id"), "a tenant id")?,
        campaign_id: parse(row.get("campaign_id"), "a campaign id")?,
        agent_id: parse(row.get("agent_id"), "an agent id")?,
        seat,
        waiting: reason.map(|reason| Waiting { reason, until }),
        leg_checked_at: row
            .get::<Option<i64>, _>("leg_checked_at_ms")
            .map(from_ms)
            .transpose()?,
        left: row.get::<Option<i64>, _>("left_at_ms").is_some(),
    })
}

fn read_line(row: &SqliteRow) -> Result<Line, StoreError> {
    let attempt_id: Option<&str> = row.get("attempt_id");
    let attempt_id = attempt_id.map(|text| parse(text, "an attempt id")).transpose()?;
    match (row.get("line"), attempt_id) {
        ("idle", _) => Ok(Line::Idle),
        ("dialing", Some(attempt_id)) => Ok(Line::Dialing { attempt_id }),
        ("talking", Some(attempt_id)) => Ok(Line::Talking { attempt_id }),
        ("wrap_up", Some(attempt_id)) => Ok(Line::WrapUp { attempt_id }),
        _ => Err(StoreError::Corrupt("the line of a seat")),
    }
}

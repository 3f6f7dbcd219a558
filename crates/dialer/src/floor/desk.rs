//! What a rep does at a desk: sit down, start, pause, hang up, leave, wrap up.

use dialer_core::{
    call::CallSid,
    seat::{Input, Line},
};
use jiff::{SignedDuration, Timestamp};
use protocol::{AgentId, AttemptId, CallRecord, CampaignId, Disposition, Event, Seat, SeatId, WrapUp};
use sqlx::Row;

use super::FloorError;
use crate::{
    entropy,
    store::{
        StoreError, Tx,
        attempts::{self, AttemptRow},
        events, leads, parse,
        seats::{self, SeatRow},
        to_ms,
    },
};

/// Somebody who asked for another time is left alone for a day, unless a time was agreed.
const CALL_BACK_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// What a change at the desk comes to. A refusal is given before anything is written.
pub(super) type Outcome<T> = Result<Result<T, FloorError>, StoreError>;

pub(super) async fn take(
    tx: &mut Tx,
    agent_id: AgentId,
    campaign_id: CampaignId,
    now: Timestamp,
    rule_now: Timestamp,
) -> Outcome<Seat> {
    let row = sqlx::query(
        "SELECT campaigns.tenant_id FROM campaigns JOIN agents USING (tenant_id)
         WHERE campaign_id = $1 AND agent_id = $2",
    )
    .bind(campaign_id.to_string())
    .bind(agent_id.to_string())
    .fetch_optional(&mut **tx)
    .await?;
    let Some(row) = row else {
        return Ok(Err(FloorError::NotFound));
    };
    if let Some(present) = seats::of_agent(tx, agent_id).await? {
        if present.campaign_id == campaign_id {
            return Ok(Ok(seats::view(tx, &present).await?));
        }
        leave_seat(tx, present, now).await?;
    }
    let (unix_ms, random) = entropy::id_parts(now);
    let seat = SeatRow {
        seat_id: SeatId::from_parts(unix_ms, random),
        tenant_id: parse(row.get("tenant_id"), "a tenant id")?,
        campaign_id,
        agent_id,
        seat: dialer_core::seat::Seat::default(),
        waiting: None,
        leg_checked_at: None,
        left: false,
    };
    seats::add(tx, &seat, rule_now).await?;
    seats::announce(tx, &seat).await?;
    Ok(Ok(seats::view(tx, &seat).await?))
}

pub(super) async fn start(tx: &mut Tx, agent_id: AgentId, now: Timestamp) -> Outcome<Seat> {
    handle(tx, agent_id, &Input::Start, now).await
}

pub(super) async fn pause(tx: &mut Tx, agent_id: AgentId, now: Timestamp) -> Outcome<Seat> {
    handle(tx, agent_id, &Input::Pause, now).await
}

async fn handle(tx: &mut Tx, agent_id: AgentId, input: &Input, now: Timestamp) -> Outcome<Seat> {
    let Some(mut row) = seats::of_agent(tx, agent_id).await? else {
        return Ok(Err(FloorError::NotFound));
    };
    let epoch = row.seat.epoch;
    if row.seat.handle(input) {
        row.waiting = None;
        seats::save(tx, &row, epoch, now).await?;
    }
    Ok(Ok(seats::view(tx, &row).await?))
}

pub(super) async fn hang_up(tx: &mut Tx, agent_id: AgentId, now: Timestamp) -> Outcome<Seat> {
    let Some(row) = seats::of_agent(tx, agent_id).await? else {
        return Ok(Err(FloorError::NotFound));
    };
    let (Line::Dialing { attempt_id } | Line::Talking { attempt_id }) = row.seat.line else {
        return Ok(Err(FloorError::Conflict("There is no call to hang up.")));
    };
    attempts::hang_up(tx, attempt_id, now).await?;
    Ok(Ok(seats::view(tx, &row).await?))
}

pub(super) async fn leave(tx: &mut Tx, agent_id: AgentId, now: Timestamp) -> Outcome<()> {
    if let Some(row) = seats::of_agent(tx, agent_id).await? {
        leave_seat(tx, row, now).await?;
    }
    Ok(Ok(()))
}

async fn leave_seat(tx: &mut Tx, mut row: SeatRow, now: Timestamp) -> Result<(), StoreError> {
    if let Line::Dialing { attempt_id } | Line::Talking { attempt_id } = row.seat.line {
        attempts::hang_up(tx, attempt_id, now).await?;
    }
    let epoch = row.seat.epoch;
    row.seat.handle(&Input::Pause);
    row.left = true;
    seats::save(tx, &row, epoch, now).await
}

/// Returns the agent's leg, to be ended once this is committed.
pub(super) async fn desktop_gone(
    tx: &mut Tx,
    agent_id: AgentId,
    now: Timestamp,
) -> Outcome<Option<(SeatId, CallSid)>> {
    let Some(mut row) = seats::of_agent(tx, agent_id).await? else {
        return Ok(Ok(None));
    };
    let epoch = row.seat.epoch;
    if row.seat.handle(&Input::Pause) {
        seats::save(tx, &row, epoch, now).await?;
    }
    Ok(Ok(row.seat.leg.map(|leg| (row.seat_id, leg))))
}

pub(super) async fn wrap_up(
    tx: &mut Tx,
    agent_id: AgentId,
    attempt_id: AttemptId,
    wrap_up: WrapUp,
    now: Timestamp,
    rule_now: Timestamp,
) -> Outcome<CallRecord> {
    let attempt = attempts::by_id(tx, attempt_id)
        .await?
        .filter(|row| row.agent_id == agent_id);
    let Some(attempt) = attempt else {
        return Ok(Err(FloorError::NotFound));
    };
    let Ok(word) = serde_json::to_value(wrap_up.disposition) else {
        return Err(StoreError::Corrupt("a disposition"));
    };
    let saved = sqlx::query(
        "UPDATE attempts SET disposition = $1, note = $2, saved_at_ms = $3
         WHERE attempt_id = $4 AND (saved_at_ms IS NULL OR saved_at_ms <= $3)",
    )
    .bind(word.as_str())
    .bind(wrap_up.note.expose())
    .bind(to_ms(wrap_up.saved_at))
    .bind(attempt_id.to_string())
    .execute(&mut **tx)
    .await?;
    if saved.rows_affected() == 1 {
        apply_to_lead(tx, &attempt, &wrap_up, rule_now).await?;
    }
    if let Some(mut row) = seats::of_agent(tx, agent_id).await? {
        let epoch = row.seat.epoch;
        if row.seat.handle(&Input::WrappedUp { attempt_id }) {
            row.waiting = None;
            seats::save(tx, &row, epoch, now).await?;
        }
    }
    let call = attempts::record(tx, attempt_id).await?;
    events::append(
        tx,
        agent_id,
        &Event::Call {
            call: Box::new(call.clone()),
        },
    )
    .await?;
    Ok(Ok(call))
}

/// What the disposition means for the lead. A number on the do-not-call list stays there, whatever is said later.
async fn apply_to_lead(
    tx: &mut Tx,
    attempt: &AttemptRow,
    wrap_up: &WrapUp,
    rule_now: Timestamp,
) -> Result<(), StoreError> {
    let (done, not_before) = match wrap_up.disposition {
        Disposition::Interested
        | Disposition::Meeting
        | Disposition::NotInterested
        | Disposition::WrongNumber
        | Disposition::DoNotCall => (true, None),
        Disposition::Voicemail => (false, None),
        Disposition::CallBack => (false, Some(rule_now + CALL_BACK_AFTER)),
    };
    sqlx::query(
        "UPDATE leads SET done_at_ms = CASE WHEN $1 THEN $2 END, not_before_ms = $3, last_note = $4
         WHERE lead_id = $5",
    )
    .bind(done)
    .bind(to_ms(rule_now))
    .bind(not_before.map(to_ms))
    .bind(wrap_up.note.expose())
    .bind(attempt.lead_id.to_string())
    .execute(&mut **tx)
    .await?;
    if wrap_up.disposition == Disposition::DoNotCall {
        leads::do_not_call(tx, attempt.tenant_id, attempt.to, rule_now).await?;
    }
    Ok(())
}

//! Lets what was learned about a call take effect: on its attempt, on the seat it holds, on the ledger.

use dialer_core::{
    attempt::CallEvent,
    seat::{Input, elect},
};
use jiff::Timestamp;
use protocol::{AttemptId, AttemptResult, Event, SeatId};

use crate::store::{
    StoreError, Tx,
    attempts::{self, AttemptRow},
    events, seats,
};

/// How a person who has just answered is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// With a rep: the room of this seat.
    Room(SeatId),
    /// With the identification message: nobody is free.
    Message,
    /// With nothing: this call is over, or was when we heard of it.
    Nothing,
}

/// Adds events to the set of an attempt and lets the new fold take effect. None if there is no such attempt.
pub(super) async fn learn(
    tx: &mut Tx,
    attempt_id: AttemptId,
    events: Vec<CallEvent>,
    now: Timestamp,
) -> Result<Option<AttemptRow>, StoreError> {
    let Some(mut row) = attempts::by_id(tx, attempt_id).await? else {
        return Ok(None);
    };
    let before = row.facts.clone();
    for event in &events {
        if attempts::add_event(tx, attempt_id, event).await? {
            row.facts.absorb(event);
        }
    }
    if row.facts == before {
        return Ok(Some(row));
    }
    attempts::save_fold(tx, &row).await?;
    let unseated = row.facts.had_no_seat().then_some(AttemptResult::Abandoned);
    if let Some(result) = unseated.or(row.facts.result()) {
        attempts::book(tx, &row, result).await?;
    }
    if row.facts.releases_seat() && !before.releases_seat() {
        release_seats(tx, &row, now).await?;
        let call = Box::new(attempts::record(tx, attempt_id).await?);
        events::append(tx, row.agent_id, &Event::Call { call }).await?;
    } else if row.facts.state() != before.state() {
        announce(tx, &row).await?;
    }
    row.closed |= row.facts.result().is_some();
    Ok(Some(row))
}

/// Frees every seat that waited for the attempt or talked to it.
async fn release_seats(tx: &mut Tx, attempt: &AttemptRow, now: Timestamp) -> Result<(), StoreError> {
    let attempt_id = attempt.attempt_id;
    for mut row in seats::of_campaign(tx, attempt.campaign_id).await? {
        let epoch = row.seat.epoch;
        if row.seat.handle(&Input::Released { attempt_id }) {
            row.waiting = None;
            seats::save(tx, &row, epoch, now).await?;
        }
    }
    Ok(())
}

/// Shows a rep how far their call is.
async fn announce(tx: &mut Tx, attempt: &AttemptRow) -> Result<(), StoreError> {
    if let Some(row) = seats::by_id(tx, attempt.seat_id).await?
        && row.seat.line.attempt_id() == Some(attempt.attempt_id)
    {
        seats::announce(tx, &row).await?;
    }
    Ok(())
}

/// Answers a person who has just answered: elects a seat and writes its claim, in this transaction.
///
/// Asked again (then nothing was `fetched`), it says the same while the claim stands. An attempt that ended once never
/// gets a seat.
pub(super) async fn answer(
    tx: &mut Tx,
    attempt_id: AttemptId,
    fetched: Option<CallEvent>,
    now: Timestamp,
) -> Result<Option<Answer>, StoreError> {
    let Some(before) = attempts::by_id(tx, attempt_id).await? else {
        return Ok(None);
    };
    let Some(row) = learn(tx, attempt_id, fetched.into_iter().collect(), now).await? else {
        return Ok(None);
    };
    if row.facts.result().is_some() {
        return Ok(Some(Answer::Nothing));
    }
    match row.facts.claim() {
        Some(claim) if !row.facts.releases_seat() => return Ok(Some(Answer::Room(claim.seat_id))),
        Some(_) => return Ok(Some(Answer::Nothing)),
        None if before.closed || row.facts.had_no_seat() => return Ok(Some(Answer::Message)),
        None => {}
    }
    if let Some(seat_id) = claim_seat(tx, row, now).await? {
        return Ok(Some(Answer::Room(seat_id)));
    }
    learn(tx, attempt_id, vec![CallEvent::NoSeat { at: now }], now).await?;
    Ok(Some(Answer::Message))
}

async fn claim_seat(tx: &mut Tx, mut row: AttemptRow, now: Timestamp) -> Result<Option<SeatId>, StoreError> {
    let mut rows = seats::of_campaign(tx, row.campaign_id).await?;
    let read: Vec<_> = rows.iter().map(|row| row.seat.clone()).collect();
    let mut machines: Vec<_> = rows.iter().map(|row| (row.seat_id, row.seat.clone())).collect();
    let own = row.seat_id;
    let electorate = machines.iter_mut().map(|(seat_id, seat)| (*seat_id, seat));
    let Some(seat_id) = elect(electorate, own, row.attempt_id) else {
        return Ok(None);
    };
    let winner = rows
        .iter()
        .position(|row| row.seat_id == seat_id)
        .expect("elected from these");
    row.seat_id = seat_id;
    row.agent_id = rows[winner].agent_id;
    let claim = CallEvent::Claimed {
        seat_id,
        epoch: machines[winner].1.epoch,
        at: now,
    };
    attempts::add_event(tx, row.attempt_id, &claim).await?;
    row.facts.absorb(&claim);
    attempts::save_fold(tx, &row).await?;
    attempts::book(tx, &row, AttemptResult::Talked).await?;
    for ((row, (_, seat)), read) in rows.iter_mut().zip(machines).zip(read) {
        if seat != read {
            row.seat = seat;
            row.waiting = None;
            seats::save(tx, row, read.epoch, now).await?;
        }
    }
    Ok(Some(seat_id))
}

//! Errands at Twilio: place a call, ask about it, end it; and write down what came of it.

use dialer_core::{
    attempt::{CallEvent, Upkeep},
    call::{CallSid, CallStatus},
    seat::Input,
};
use jiff::SignedDuration;
use protocol::{AttemptId, Event, SeatId};

use super::{Floor, reducer};
use crate::{
    store::{
        StoreError, Tx,
        attempts::{self, AttemptRow, Intent},
        events, seats, to_ms,
    },
    twilio::{ClientError, Found, NewCall},
};

/// Repetitions of a request that was certainly not processed.
const RETRIES_MAX: u32 = 4;
/// The first pause between them; each is twice as long as the one before.
const RETRY_AFTER: SignedDuration = SignedDuration::from_millis(400);
/// The longest pause Twilio can ask for: past it the lead is better called another time.
const RETRY_AFTER_MAX: SignedDuration = SignedDuration::from_secs(4);
/// A call that Twilio does not know right after it was placed is only slow to appear; one this old is gone.
const FORGOTTEN_AFTER: SignedDuration = SignedDuration::from_secs(60);
/// How far Twilio's clock and ours may be apart.
const CLOCKS_APART_MAX: SignedDuration = SignedDuration::from_secs(60);
/// Twilio's codes that are about the called number and not about us.
const BAD_NUMBER_CODES: [u32; 5] = [21_211, 21_214, 21_216, 21_217, 21_265];

/// Places the call of an intent that is committed. Repeats only what Twilio certainly did not process.
pub(super) async fn place(floor: &Floor, intent: &Intent) {
    let parts = &floor.0;
    let call = NewCall {
        to: intent.to,
        from: intent.from,
        answer_url: parts.addresses.answer(intent.attempt_id),
        fallback_url: parts.fallback_url.as_ref().map(ToString::to_string),
        status_url: parts.addresses.status(intent.attempt_id),
    };
    let mut retry = 0;
    let result = loop {
        let result = parts.twilio.create_call(&call).await;
        let pause = match &result {
            Err(ClientError::RateLimited { retry_after_s }) => {
                let asked = retry_after_s.and_then(|seconds| i64::try_from(seconds).ok());
                asked.map_or(RETRY_AFTER * (1 << retry), SignedDuration::from_secs)
            }
            Err(ClientError::Unreachable(_)) => RETRY_AFTER * (1 << retry),
            Ok(_) | Err(ClientError::Refused { .. } | ClientError::OutcomeUnknown(_)) => break result,
        };
        if retry == RETRIES_MAX {
            break result;
        }
        retry += 1;
        parts.clock.sleep(pause.min(RETRY_AFTER_MAX)).await;
    };
    let attempt_id = intent.attempt_id;
    let at = parts.clock.now();
    let event = match result {
        Ok(found) => reported(found, at),
        Err(ClientError::OutcomeUnknown(reason)) => {
            tracing::warn!(%attempt_id, reason, "nobody knows whether the call was placed; it will be searched for");
            CallEvent::OutcomeUnknown { at }
        }
        Err(error) => {
            tracing::warn!(%attempt_id, %error, "the call was not placed");
            refused(floor, intent, &error).await;
            let code = match error {
                ClientError::Refused { code, .. } => code,
                ClientError::RateLimited { .. } => Some(20_429),
                ClientError::Unreachable(_) | ClientError::OutcomeUnknown(_) => None,
            };
            CallEvent::Refused { code, at }
        }
    };
    learn(floor, attempt_id, vec![event]).await;
}

/// A refusal that is about the number ends the lead; any other pauses the rep, so that the list is not burnt.
async fn refused(floor: &Floor, intent: &Intent, error: &ClientError) {
    let (lead_id, agent_id) = (intent.lead_id, intent.agent_id);
    let message = match error {
        ClientError::Refused { code: Some(code), .. } if BAD_NUMBER_CODES.contains(code) => None,
        ClientError::Refused { code, .. } => {
            let code = code.map_or_else(|| "no code".to_owned(), |code| format!("code {code}"));
            Some(format!(
                "Twilio refuses to place calls ({code}). Ask whoever runs the dialer."
            ))
        }
        ClientError::RateLimited { .. } => {
            Some("Twilio takes no more calls at the moment. Press start to go on.".to_owned())
        }
        ClientError::Unreachable(_) | ClientError::OutcomeUnknown(_) => {
            Some("Twilio cannot be reached. Press start to try again.".to_owned())
        }
    };
    let (now, rule_now) = floor.now();
    let written = floor.0.store.write(move |tx| {
        Box::pin(async move {
            let Some(message) = message else {
                sqlx::query("UPDATE leads SET done_at_ms = $1 WHERE lead_id = $2")
                    .bind(to_ms(rule_now))
                    .bind(lead_id.to_string())
                    .execute(&mut **tx)
                    .await?;
                return Ok(());
            };
            if let Some(mut row) = seats::of_agent(tx, agent_id).await? {
                let epoch = row.seat.epoch;
                if row.seat.handle(&Input::Pause) {
                    seats::save(tx, &row, epoch, now).await?;
                }
            }
            events::append(tx, agent_id, &Event::Notice { message }).await?;
            Ok(())
        })
    });
    log(written.await, "a refusal was not written down");
}

/// Does what an attempt needs and writes down the answer. A request that fails is repeated by the engine later.
pub(super) async fn keep(floor: &Floor, row: &AttemptRow, upkeep: &Upkeep) {
    let twilio = &floor.0.twilio;
    let result = match upkeep {
        Upkeep::Search => return search(floor, row).await,
        Upkeep::Fetch(sid) => twilio.fetch_call(sid).await,
        Upkeep::Cancel(sid) => match twilio.cancel_call(sid).await {
            // Too late or too early to cancel: what it is now decides what is next.
            Err(ClientError::Refused { .. }) => twilio.fetch_call(sid).await,
            result => result,
        },
        Upkeep::End(sid) => match twilio.end_call(sid).await {
            Err(ClientError::Refused { .. }) => twilio.fetch_call(sid).await,
            result => result,
        },
    };
    let attempt_id = row.attempt_id;
    let now = floor.0.clock.now();
    match result {
        Ok(found) => learn(floor, attempt_id, vec![reported(found, now)]).await,
        Err(ClientError::Refused { status: 404, .. }) if row.facts.intent_at() + FORGOTTEN_AFTER < now => {
            learn(floor, attempt_id, forgotten(row, now)).await;
        }
        Err(error) => tracing::warn!(%attempt_id, ?upkeep, %error, "an errand at Twilio failed"),
    }
}

/// Twilio no longer knows the call, so it is over, and nobody will ever tell how it ended.
fn forgotten(row: &AttemptRow, at: jiff::Timestamp) -> Vec<CallEvent> {
    let answered = row.facts.answered_at().is_some();
    let status = if answered {
        CallStatus::Completed
    } else {
        CallStatus::Failed
    };
    row.facts
        .sid()
        .map(|sid| CallEvent::Reported {
            sid: sid.clone(),
            status,
            at,
        })
        .into_iter()
        .collect()
}

/// Looks for the call of an attempt of unknown outcome: one between its two numbers that belongs to no other attempt.
async fn search(floor: &Floor, row: &AttemptRow) {
    let attempt_id = row.attempt_id;
    let found = match floor.0.twilio.search_calls(row.to, row.from).await {
        Ok(found) => found,
        Err(error) => {
            return tracing::warn!(%attempt_id, %error, "a search at Twilio failed");
        }
    };
    let to = row.to;
    let known = async {
        let mut reader = floor.0.store.readers().acquire().await?;
        attempts::known_sids(&mut reader, to).await
    };
    let known = match known.await {
        Ok(known) => known,
        Err(error) => return tracing::error!(%error, "the known calls cannot be read"),
    };
    let since = row.facts.intent_at() - CLOCKS_APART_MAX;
    let ours = found.into_iter().find(|call| {
        let is_new = call.created_at.is_none_or(|created_at| created_at >= since);
        is_new && !known.iter().any(|sid| sid == call.sid.as_str())
    });
    let at = floor.0.clock.now();
    let event = ours.map_or(CallEvent::NotFound { at }, |found| reported(found, at));
    learn(floor, attempt_id, vec![event]).await;
}

/// Ends the agent's own leg and empties the seat.
pub(super) async fn end_agent_leg(floor: &Floor, seat_id: SeatId, leg: &CallSid) {
    match floor.0.twilio.end_call(leg).await {
        Ok(_) | Err(ClientError::Refused { .. }) => leg_left(floor, seat_id, leg.clone()).await,
        Err(error) => {
            tracing::warn!(%seat_id, %error, "the agent's leg was not ended; it will be tried again");
        }
    }
}

/// Asks whether the agent's leg still lives.
pub(super) async fn check_agent_leg(floor: &Floor, seat_id: SeatId, leg: &CallSid) {
    let over = match floor.0.twilio.fetch_call(leg).await {
        Ok(found) => found.status.is_terminal(),
        Err(ClientError::Refused { status: 404, .. }) => true,
        Err(error) => return tracing::warn!(%seat_id, %error, "the agent's leg cannot be asked about"),
    };
    if over {
        return leg_left(floor, seat_id, leg.clone()).await;
    }
    let now = floor.0.clock.now();
    let written = floor
        .0
        .store
        .write(move |tx| Box::pin(seats::confirm_leg(tx, seat_id, now)));
    log(written.await, "the check of a leg was not written down");
}

async fn leg_left(floor: &Floor, seat_id: SeatId, leg: CallSid) {
    let now = floor.0.clock.now();
    let written = floor
        .0
        .store
        .write(move |tx| Box::pin(async move { leave_room(tx, seat_id, leg, now).await }));
    log(written.await, "the end of a leg was not written down");
    floor.0.changed.notify_one();
}

/// Empties the seat if this was its leg.
pub(super) async fn leave_room(
    tx: &mut Tx,
    seat_id: SeatId,
    leg: CallSid,
    now: jiff::Timestamp,
) -> Result<(), StoreError> {
    let Some(mut row) = seats::by_id(tx, seat_id).await? else {
        return Ok(());
    };
    let epoch = row.seat.epoch;
    if row.seat.handle(&Input::Left { leg }) {
        seats::save(tx, &row, epoch, now).await?;
    }
    Ok(())
}

pub(super) async fn learn(floor: &Floor, attempt_id: AttemptId, events: Vec<CallEvent>) {
    let now = floor.0.clock.now();
    let written = floor.0.store.write(move |tx| {
        Box::pin(async move { reducer::learn(tx, attempt_id, events, now).await.map(drop) })
    });
    log(
        written.await,
        "what Twilio said about a call was not written down",
    );
    floor.0.changed.notify_one();
}

fn reported(found: Found, at: jiff::Timestamp) -> CallEvent {
    let Found { sid, status, .. } = found;
    CallEvent::Reported { sid, status, at }
}

/// What could not be stored is asked again: the rows still say what is open.
fn log(result: Result<(), StoreError>, message: &'static str) {
    match result {
        Ok(()) => {}
        Err(StoreError::Unavailable) => tracing::warn!("{message}"),
        Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "{message}"),
    }
}

//! The engine: one task that looks at the rows whenever something changed or a time has come, and does what is due.
//!
//! It keeps nothing that it could not lose: a token bucket, which errands are under way, and when to plan again.

use std::{collections::BTreeMap, future::Future};

use dialer_core::{
    attempt::{CallEvent, Phase, Upkeep},
    eligibility::{DialMode, Eligibility, judge},
    law::TenantRules,
    plan::{Placement, Plan, TokenBucket},
    seat::Input,
};
use jiff::{SignedDuration, Timestamp};
use protocol::{AttemptId, CampaignId, SeatId, Waiting};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Floor, errand, outlook};
use crate::{
    entropy,
    store::{
        StoreError, Tx,
        attempts::{self, AttemptRow, Intent},
        seats::{self, SeatRow},
    },
};

/// The longest the engine sleeps: rows that others changed are seen after it.
const SLEEP_MAX: SignedDuration = SignedDuration::from_secs(30);
/// The longest a plan to wait stands: leads may have been imported.
const PLAN_AGAIN_MAX: SignedDuration = SignedDuration::from_secs(15);
/// After a plan that was overtaken by events.
const PLAN_AGAIN_MIN: SignedDuration = SignedDuration::from_millis(200);
/// Between two errands for the same attempt or leg.
const ERRAND_AGAIN: SignedDuration = SignedDuration::from_secs(3);
/// After the store failed.
const STORE_AGAIN: SignedDuration = SignedDuration::from_secs(1);
/// How often Twilio is asked whether an agent's leg still lives.
const LEG_CHECK_EVERY: SignedDuration = SignedDuration::from_secs(120);
/// Errands at a time.
const ERRANDS_MAX: usize = 64;

/// What an errand is about: one at a time for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    Attempt(AttemptId),
    Leg(SeatId),
}

/// What was found for a campaign in this round, if it was that nobody is called.
type Waits = BTreeMap<CampaignId, Plan>;

struct Engine {
    floor: Floor,
    bucket: TokenBucket,
    errands: JoinSet<Subject>,
    /// When each errand began; under way while it is `true`.
    begun: BTreeMap<Subject, (Timestamp, bool)>,
    /// When to plan again for a seat that waits, and the epoch it waits in.
    plan_at: BTreeMap<SeatId, (u64, Timestamp)>,
}

/// Runs until `shutdown`. Errands under way are dropped then: their intents are rows.
pub(super) async fn run(floor: Floor, shutdown: CancellationToken) {
    let now = floor.0.clock.now();
    let mut engine = Engine {
        bucket: TokenBucket::new(floor.0.calls_per_second, now),
        floor,
        errands: JoinSet::new(),
        begun: BTreeMap::new(),
        plan_at: BTreeMap::new(),
    };
    let mut recovered = false;
    while !shutdown.is_cancelled() {
        if !recovered {
            recovered = engine.recover().await.is_ok();
        }
        let next = if recovered {
            engine.round().await
        } else {
            Err(StoreError::Unavailable)
        };
        let now = engine.floor.0.clock.now();
        let next = next.unwrap_or_else(|error| {
            tracing::warn!(%error, "the floor cannot read or write its rows");
            now + STORE_AGAIN
        });
        let (clock, floor) = (engine.floor.0.clock.clone(), engine.floor.clone());
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = floor.0.changed.notified() => {}
            () = clock.sleep_until(next) => {}
            Some(done) = engine.errands.join_next() => engine.done(done),
        }
    }
}

impl Engine {
    /// An intent without a reply was being placed when the process ended: nobody knows what became of it. Of calls
    /// and legs that are known, the news may have been lost meanwhile: Twilio is asked at once.
    async fn recover(&mut self) -> Result<(), StoreError> {
        let mut reader = self.floor.0.store.readers().acquire().await?;
        let open = attempts::open(&mut reader).await?;
        let seats = seats::live(&mut reader).await?;
        drop(reader);
        let at = self.floor.0.clock.now();
        for row in open {
            let (floor, attempt_id) = (self.floor.clone(), row.attempt_id);
            if row.facts.phase() == Phase::Intent {
                errand::learn(&floor, attempt_id, vec![CallEvent::OutcomeUnknown { at }]).await;
            } else if let Some(sid) = row.facts.sid().cloned() {
                self.begin(Subject::Attempt(attempt_id), at, async move {
                    errand::keep(&floor, &row, &Upkeep::Fetch(sid)).await;
                });
            }
        }
        for row in seats.into_iter().filter(|row| !row.left) {
            let (floor, seat_id) = (self.floor.clone(), row.seat_id);
            if let Some(leg) = row.seat.leg {
                self.begin(Subject::Leg(seat_id), at, async move {
                    errand::check_agent_leg(&floor, seat_id, &leg).await;
                });
            }
        }
        Ok(())
    }

    fn done(&mut self, done: Result<Subject, tokio::task::JoinError>) {
        match done {
            Ok(subject) => {
                if let Some((_, under_way)) = self.begun.get_mut(&subject) {
                    *under_way = false;
                }
            }
            Err(error) => tracing::error!(%error, "an errand of the floor failed"),
        }
    }

    /// Does all that is due; returns when to look again.
    async fn round(&mut self) -> Result<Timestamp, StoreError> {
        let now = self.floor.0.clock.now();
        let mut reader = self.floor.0.store.readers().acquire().await?;
        let open = attempts::open(&mut reader).await?;
        let seats = seats::live(&mut reader).await?;
        drop(reader);
        self.begun
            .retain(|_, (begun_at, under_way)| *under_way || *begun_at + ERRAND_AGAIN > now);
        let mut next = now + SLEEP_MAX;
        let mut waits = Waits::new();
        for row in &open {
            next = next.min(self.keep_attempt(row, &seats, now));
        }
        for row in &seats {
            next = next.min(self.keep_leg(row, now));
            if !row.left && row.seat.wants_line() {
                next = next.min(self.plan(row, &mut waits).await?);
            } else {
                self.plan_at.remove(&row.seat_id);
            }
        }
        Ok(next)
    }

    fn keep_attempt(&mut self, row: &AttemptRow, seats: &[SeatRow], now: Timestamp) -> Timestamp {
        let seat = seats
            .iter()
            .find(|seat| seat.seat_id == row.seat_id && !seat.left);
        let unwanted = row.hung_up || row.closed;
        let wanted = row
            .facts
            .wanted(row.attempt_id, seat.map(|seat| &seat.seat), unwanted);
        let Some((at, upkeep)) = row.facts.upkeep(wanted, now) else {
            return now + SLEEP_MAX;
        };
        if at > now {
            return at;
        }
        let (floor, row) = (self.floor.clone(), row.clone());
        self.begin(Subject::Attempt(row.attempt_id), now, async move {
            errand::keep(&floor, &row, &upkeep).await;
        })
    }

    fn keep_leg(&mut self, row: &SeatRow, now: Timestamp) -> Timestamp {
        let Some(leg) = row.seat.leg.clone() else {
            return now + SLEEP_MAX;
        };
        let (floor, seat_id) = (self.floor.clone(), row.seat_id);
        if row.left {
            let end = async move { errand::end_agent_leg(&floor, seat_id, &leg).await };
            return self.begin(Subject::Leg(seat_id), now, end);
        }
        let check_at = row
            .leg_checked_at
            .map_or(now, |checked_at| checked_at + LEG_CHECK_EVERY);
        if check_at > now {
            return check_at;
        }
        let check = async move { errand::check_agent_leg(&floor, seat_id, &leg).await };
        self.begin(Subject::Leg(seat_id), now, check)
    }

    /// Begins an errand unless one about the same is under way, or was a moment ago; returns when to look again.
    fn begin(
        &mut self,
        subject: Subject,
        now: Timestamp,
        errand: impl Future<Output = ()> + Send + 'static,
    ) -> Timestamp {
        if let Some((begun_at, under_way)) = self.begun.get(&subject) {
            return if *under_way {
                now + SLEEP_MAX
            } else {
                *begun_at + ERRAND_AGAIN
            };
        }
        if self.errands.len() >= ERRANDS_MAX {
            return now + ERRAND_AGAIN;
        }
        self.begun.insert(subject, (now, true));
        self.errands.spawn(async move {
            errand.await;
            subject
        });
        now + ERRAND_AGAIN
    }

    /// Plans for a seat that is free, once per campaign and round if nobody is called; returns when to plan for it again.
    async fn plan(&mut self, row: &SeatRow, waits: &mut Waits) -> Result<Timestamp, StoreError> {
        let (now, rule_now) = self.floor.now();
        // A seat that shows no reason was changed by its rep: it is planned for at once.
        if let Some((epoch, at)) = self.plan_at.get(&row.seat_id)
            && *epoch == row.seat.epoch
            && *at > now
            && row.waiting.is_some()
        {
            return Ok(*at);
        }
        // The bucket goes by real time, the rules by rule time.
        let ready_at = self.bucket.ready_at(now);
        if ready_at > now {
            return Ok(ready_at);
        }
        let planned = if let Some(wait) = waits.get(&row.campaign_id) {
            wait.clone()
        } else {
            let mut reader = self.floor.0.store.readers().acquire().await?;
            outlook::next_call(&mut reader, row.campaign_id, rule_now).await?
        };
        match planned {
            Plan::Place(placement) => self.place(row, placement).await,
            Plan::Wait { reason, until } => {
                waits.insert(
                    row.campaign_id,
                    Plan::Wait {
                        reason: reason.clone(),
                        until,
                    },
                );
                let at = until.map_or(now + PLAN_AGAIN_MAX, |until| now + until.duration_since(rule_now));
                let at = at.clamp(now + ERRAND_AGAIN, now + PLAN_AGAIN_MAX);
                self.plan_at.insert(row.seat_id, (row.seat.epoch, at));
                self.wait(row, Waiting { reason, until }, now).await?;
                Ok(at)
            }
        }
    }

    async fn wait(&self, row: &SeatRow, waiting: Waiting, now: Timestamp) -> Result<(), StoreError> {
        if row.waiting.as_ref() == Some(&waiting) {
            return Ok(());
        }
        let (seat_id, epoch) = (row.seat_id, row.seat.epoch);
        let work = async move |tx: &mut Tx| {
            let Some(mut row) = seats::by_id(tx, seat_id).await? else {
                return Ok(());
            };
            if row.seat.epoch != epoch || !row.seat.wants_line() || row.left {
                return Ok(());
            }
            row.waiting = Some(waiting);
            seats::save(tx, &row, epoch, now).await
        };
        self.floor
            .0
            .store
            .write(move |tx| Box::pin(async move { work(tx).await }))
            .await
    }

    /// Writes the intent, then asks Twilio.
    async fn place(&mut self, row: &SeatRow, placement: Placement) -> Result<Timestamp, StoreError> {
        let (now, rule_now) = self.floor.now();
        let (unix_ms, random) = entropy::id_parts(rule_now);
        let intent = Intent {
            attempt_id: AttemptId::from_parts(unix_ms, random),
            tenant_id: row.tenant_id,
            campaign_id: row.campaign_id,
            lead_id: placement.lead_id,
            seat_id: row.seat_id,
            agent_id: row.agent_id,
            to: placement.to,
            from: placement.from,
            try_number: 0,
            reasons: placement.reasons,
            intent_at: now,
            placed_at: rule_now,
        };
        let written = self
            .floor
            .0
            .store
            .write(move |tx| Box::pin(async move { write_intent(tx, intent, now).await }));
        let Some(intent) = written.await? else {
            return Ok(now + PLAN_AGAIN_MIN);
        };
        self.bucket.take(now);
        let floor = self.floor.clone();
        let attempt_id = intent.attempt_id;
        let place = async move { errand::place(&floor, &intent).await };
        Ok(self.begin(Subject::Attempt(attempt_id), now, place))
    }
}

/// The gate, in the transaction that writes the intent: none if anything changed since it was planned.
async fn write_intent(tx: &mut Tx, mut intent: Intent, now: Timestamp) -> Result<Option<Intent>, StoreError> {
    let rule_now = intent.placed_at;
    let Some(candidate) = attempts::candidate(tx, intent.lead_id, rule_now).await? else {
        return Ok(None);
    };
    let verdict = judge(&candidate, &TenantRules::default(), DialMode::Power, rule_now);
    let Eligibility::Allowed { .. } = verdict else {
        return Ok(None);
    };
    let Some(mut row) = seats::by_id(tx, intent.seat_id).await?.filter(|row| !row.left) else {
        return Ok(None);
    };
    let epoch = row.seat.epoch;
    if !row.seat.handle(&Input::Planned {
        attempt_id: intent.attempt_id,
    }) {
        return Ok(None);
    }
    intent.try_number = candidate.try_count + 1;
    if !attempts::add(tx, &intent).await? {
        return Ok(None);
    }
    row.waiting = None;
    seats::save(tx, &row, epoch, now).await?;
    Ok(Some(intent))
}

//! The shell around the machines: rows that survive a crash, and what does not.

use std::collections::BTreeMap;

use dialer_core::{
    attempt::{CallEvent, Facts, Phase, Upkeep, Wanted},
    call::CallSid,
    eligibility::{Candidate, order},
    law::TenantRules,
    phone_number::PhoneNumber,
    plan::{OurNumber, Plan, TokenBucket, plan},
    seat::{Input, Line, Seat, elect},
};
use jiff::{SignedDuration, Timestamp};
use protocol::{AttemptId, SeatId};

/// Time between two requests for the same attempt.
const REPEAT_AFTER: SignedDuration = SignedDuration::from_secs(3);

/// The longest a plan to wait stands: others may finish, or leads come in.
const PLAN_AGAIN_MAX: SignedDuration = SignedDuration::from_mins(10);

/// An attempt's row, with the events in their own table.
pub(super) struct Row {
    pub(super) lead: usize,
    pub(super) own_seat: SeatId,
    pub(super) intent_at: Timestamp,
    pub(super) events: Vec<CallEvent>,
    pub(super) facts: Facts,
    pub(super) hung_up: bool,
    /// Set when the fold first said that it is over; a late sign of life does not take it back.
    pub(super) closed: bool,
}

/// Something for Twilio to do.
pub(super) enum Request {
    Create(AttemptId, PhoneNumber),
    Keep(AttemptId, Upkeep),
}

/// How an answer is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Room(SeatId),
    Message,
}

/// What is lost in a crash.
struct Volatile {
    bucket: TokenBucket,
    asked_at: BTreeMap<AttemptId, Timestamp>,
    /// Planning again before this changes nothing, or little.
    plan_at: Timestamp,
}

pub(super) struct Dialer {
    pub(super) seats: BTreeMap<SeatId, Seat>,
    pub(super) leads: Vec<Candidate>,
    pub(super) attempts: BTreeMap<AttemptId, Row>,
    numbers: Vec<OurNumber>,
    volatile: Volatile,
}

impl Dialer {
    pub(super) fn new(seats: usize, leads: Vec<Candidate>, ours: PhoneNumber, now: Timestamp) -> Self {
        let seats = (1..=seats).map(|id| (SeatId::from_parts(id as u64, 0), Seat::default()));
        Self {
            seats: seats.collect(),
            leads,
            attempts: BTreeMap::new(),
            numbers: vec![OurNumber {
                number: ours,
                placed_today_count: 0,
            }],
            volatile: volatile(now),
        }
    }

    /// Forgets everything but the rows, and reads them again.
    pub(super) fn restart(&mut self, now: Timestamp) {
        self.volatile = volatile(now);
        let mut unanswered = Vec::new();
        for (attempt_id, row) in &mut self.attempts {
            let facts = Facts::fold(row.intent_at, &row.events);
            assert_eq!(facts, row.facts, "I5: the rows do not say what the process knew");
            row.facts = facts;
            if row.facts.phase() == Phase::Intent {
                unanswered.push(*attempt_id);
            }
        }
        for attempt_id in unanswered {
            self.learn(attempt_id, CallEvent::OutcomeUnknown { at: now });
        }
    }

    /// Stores an event and lets it take effect.
    pub(super) fn learn(&mut self, attempt_id: AttemptId, event: CallEvent) {
        let row = self
            .attempts
            .get_mut(&attempt_id)
            .expect("callback paths carry ids of ours");
        let before = row.facts.state();
        row.facts.absorb(&event);
        if !row.events.contains(&event) {
            row.events.push(event);
        }
        let backwards = Facts::fold(row.intent_at, row.events.iter().rev().chain(&row.events));
        assert_eq!(backwards, row.facts, "I5: order or repetition matters");
        let presumed = row
            .events
            .iter()
            .any(|event| matches!(event, CallEvent::NotFound { .. }));
        assert!(
            row.facts.state() >= before || presumed,
            "I6: a call went back from {before:?}"
        );
        row.closed |= row.facts.result().is_some();
        if row.facts.releases_seat() {
            for seat in self.seats.values_mut() {
                seat.handle(&Input::Released { attempt_id });
            }
        }
    }

    /// Answers Twilio's question what to do with a person who has just answered.
    pub(super) fn answer(&mut self, attempt_id: AttemptId, sid: &CallSid, now: Timestamp) -> Answer {
        let row = &self.attempts[&attempt_id];
        let closed = row.closed;
        let own_seat = row.own_seat;
        self.learn(
            attempt_id,
            CallEvent::AnswerFetched {
                sid: sid.clone(),
                at: now,
            },
        );
        let facts = &self.attempts[&attempt_id].facts;
        match facts.claim() {
            Some(claim) if !facts.releases_seat() => return Answer::Room(claim.seat_id),
            None if !closed && !facts.had_no_seat() => {}
            Some(_) | None => return Answer::Message,
        }
        let seats = self.seats.iter_mut().map(|(seat_id, seat)| (*seat_id, seat));
        if let Some(seat_id) = elect(seats, own_seat, attempt_id) {
            let epoch = self.seats[&seat_id].epoch;
            self.learn(
                attempt_id,
                CallEvent::Claimed {
                    seat_id,
                    epoch,
                    at: now,
                },
            );
            return Answer::Room(seat_id);
        }
        self.learn(attempt_id, CallEvent::NoSeat { at: now });
        Answer::Message
    }

    /// Does all that is due.
    pub(super) fn work(&mut self, now: Timestamp) -> Vec<Request> {
        let mut requests = self.upkeep(now);
        let free: Vec<SeatId> = self
            .seats
            .iter()
            .filter(|(_, seat)| seat.wants_line())
            .map(|(seat_id, _)| *seat_id)
            .collect();
        for seat_id in free {
            if self.volatile.plan_at <= now {
                requests.extend(self.plan(seat_id, now));
            }
        }
        requests
    }

    fn plan(&mut self, seat_id: SeatId, now: Timestamp) -> Option<Request> {
        let mut candidates = self.leads.clone();
        order(&mut candidates);
        let planned = plan(
            &candidates,
            &self.numbers,
            &TenantRules::default(),
            &self.volatile.bucket,
            now,
        );
        let placement = match planned {
            Plan::Place(placement) => placement,
            Plan::Wait { until, .. } => {
                let again = now + PLAN_AGAIN_MAX;
                self.volatile.plan_at = until.map_or(again, |until| until.min(again));
                return None;
            }
        };
        let attempt_id = AttemptId::from_parts(self.attempts.len() as u64 + 1, 0);
        let lead = self
            .leads
            .iter()
            .position(|lead| lead.lead_id == placement.lead_id)
            .expect("planned from it");
        let row = Row {
            lead,
            own_seat: seat_id,
            intent_at: now,
            events: Vec::new(),
            facts: Facts::new(now),
            hung_up: false,
            closed: false,
        };
        self.attempts.insert(attempt_id, row);
        self.leads[lead].dialed_at.push(now);
        self.seats
            .get_mut(&seat_id)
            .expect("a free seat")
            .handle(&Input::Planned { attempt_id });
        assert!(self.volatile.bucket.take(now), "a plan without a token");
        Some(Request::Create(attempt_id, placement.to))
    }

    fn upkeep(&mut self, now: Timestamp) -> Vec<Request> {
        let mut requests = Vec::new();
        for (attempt_id, row) in &self.attempts {
            if row.facts.result().is_some() {
                continue;
            }
            let asked_at = self.volatile.asked_at.get(attempt_id);
            let Some((at, upkeep)) = row.facts.upkeep(self.wanted(*attempt_id), now) else {
                continue;
            };
            if at <= now && asked_at.is_none_or(|asked_at| *asked_at + REPEAT_AFTER <= now) {
                requests.push((*attempt_id, upkeep));
            }
        }
        for (attempt_id, _) in &requests {
            self.volatile.asked_at.insert(*attempt_id, now);
        }
        requests
            .into_iter()
            .map(|(attempt_id, upkeep)| Request::Keep(attempt_id, upkeep))
            .collect()
    }

    fn wanted(&self, attempt_id: AttemptId) -> Wanted {
        let row = &self.attempts[&attempt_id];
        let seat_id = row.facts.claim().map_or(row.own_seat, |claim| claim.seat_id);
        row.facts
            .wanted(attempt_id, self.seats.get(&seat_id), row.hung_up)
    }

    /// Whether a number's lock is held, for every lead.
    pub(super) fn lock_numbers(&mut self) {
        for lead in &mut self.leads {
            lead.in_flight = false;
        }
        for row in self.attempts.values().filter(|row| !row.closed) {
            self.leads[row.lead].in_flight = true;
        }
    }

    /// The attempt a seat talks to or dials.
    pub(super) fn attempt_of(&self, seat_id: SeatId) -> Option<AttemptId> {
        match self.seats[&seat_id].line {
            Line::Dialing { attempt_id } | Line::Talking { attempt_id } => Some(attempt_id),
            Line::Idle | Line::WrapUp { .. } => None,
        }
    }
}

fn volatile(now: Timestamp) -> Volatile {
    Volatile {
        bucket: TokenBucket::new(2, now),
        asked_at: BTreeMap::new(),
        plan_at: now,
    }
}

//! Time, chance and people: drives the dialer and the network and checks both after every event.

use std::collections::BTreeMap;

use dialer_core::{
    attempt::{CallEvent, Upkeep},
    call::{CallSid, CallStatus},
    eligibility::{Candidate, Standing},
    phone_number::PhoneNumber,
    seat::{Input, Line},
};
use jiff::{SignedDuration, Timestamp};
use protocol::{AttemptId, AttemptResult, LeadId, SeatId};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{
    dialer::{Answer, Dialer, Request},
    network::{Created, Network, Step},
};

const SEATS: usize = 5;
const LEADS: usize = 40;
const DAYS: i64 = 2;
/// The dialer looks around this often by day.
const TICK: SignedDuration = SignedDuration::from_secs(2);
/// Area codes of leads: two-zone ones, strict states, one without daylight saving time.
const AREA_CODES: [u16; 8] = [212, 208, 602, 214, 205, 305, 808, 850];

enum Event {
    Tick,
    Network(CallSid, Step),
    /// A status callback arrives.
    Callback(AttemptId, CallSid, CallStatus),
    /// Twilio asks what to do with an answered call; this many tries are left.
    Fetch(AttemptId, CallSid, u32),
    Reply(AttemptId, CallEvent),
    Person(SeatId),
    Crash,
    Restart,
}

pub(super) struct World {
    rng: ChaCha8Rng,
    now: Timestamp,
    ends_at: Timestamp,
    queue: BTreeMap<(Timestamp, u64), Event>,
    scheduled: u64,
    dialer: Dialer,
    network: Network,
    up: bool,
    closing: bool,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let starts = [
            "2026-10-31T12:30:00Z",
            "2027-03-13T12:30:00Z",
            "2026-11-24T12:30:00Z",
        ];
        let now: Timestamp = starts[rng.random_range(0..starts.len())]
            .parse()
            .expect("a timestamp");
        let leads = (0..LEADS).map(|index| lead(&mut rng, index)).collect();
        let ours = PhoneNumber::parse("2125550100").expect("a valid number");
        let mut world = Self {
            dialer: Dialer::new(SEATS, leads, ours, now),
            ends_at: now + SignedDuration::from_hours(24 * DAYS),
            rng,
            now,
            queue: BTreeMap::new(),
            scheduled: 0,
            network: Network::default(),
            up: true,
            closing: false,
        };
        let seats: Vec<SeatId> = world.dialer.seats.keys().copied().collect();
        for seat_id in seats {
            world.after(SignedDuration::from_secs(1), Event::Person(seat_id));
        }
        world.after(TICK, Event::Tick);
        world.after(SignedDuration::from_hours(2), Event::Crash);
        world
    }

    /// Runs to the end; how many calls were placed.
    pub(super) fn run(mut self) -> usize {
        while let Some(((at, _), event)) = self.queue.pop_first() {
            self.now = at;
            if !self.closing && at >= self.ends_at {
                self.close();
            }
            self.handle(event);
            self.network.check_ages(self.now);
        }
        self.check_accounts();
        self.network.calls.len()
    }

    fn after(&mut self, delay: SignedDuration, event: Event) {
        self.scheduled += 1;
        self.queue.insert((self.now + delay, self.scheduled), event);
    }

    fn millis(&mut self, range: std::ops::Range<i64>) -> SignedDuration {
        SignedDuration::from_millis(self.rng.random_range(range))
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Tick => self.tick(),
            Event::Network(sid, step) => self.step(&sid, &step),
            Event::Callback(attempt_id, sid, status) if self.up => {
                let at = self.now;
                self.dialer
                    .learn(attempt_id, CallEvent::Reported { sid, status, at });
            }
            Event::Fetch(attempt_id, sid, tries) => self.fetch(attempt_id, &sid, tries),
            Event::Reply(attempt_id, event) if self.up => self.dialer.learn(attempt_id, event),
            // What arrives at a dialer that is down, or for a process that is gone, is lost.
            Event::Callback(..) | Event::Reply(..) => {}
            Event::Person(seat_id) => self.person(seat_id),
            Event::Crash => self.crash(),
            Event::Restart => {
                self.up = true;
                self.dialer.restart(self.now);
            }
        }
        self.dialer.lock_numbers();
    }

    fn tick(&mut self) {
        let requests = if self.up {
            self.dialer.work(self.now)
        } else {
            Vec::new()
        };
        for request in requests {
            match request {
                Request::Create(attempt_id, to) => self.create(attempt_id, to),
                Request::Keep(attempt_id, upkeep) => self.keep(attempt_id, &upkeep),
            }
            self.dialer.lock_numbers();
        }
        let over = self.closing && self.now > self.ends_at + SignedDuration::from_mins(30);
        if !over {
            // By night nothing happens: larger steps.
            let busy = self
                .dialer
                .attempts
                .values()
                .any(|row| row.facts.result().is_none());
            let step = if busy || self.closing { TICK } else { TICK * 20 };
            self.after(step, Event::Tick);
        }
    }

    fn create(&mut self, attempt_id: AttemptId, to: PhoneNumber) {
        let lead = &self.dialer.leads[self.dialer.attempts[&attempt_id].lead];
        assert_eq!(
            lead.standing,
            Standing::Open,
            "I7: a lead that must not be called is called"
        );
        let delay = self.millis(50..14_000);
        let at = self.now + delay;
        let created = self.network.create(&mut self.rng, attempt_id, to, self.now);
        let (sid, reply) = match created {
            Created::Replied(sid) => {
                let status = CallStatus::Queued;
                (Some(sid.clone()), CallEvent::Reported { sid, status, at })
            }
            Created::Lost(sid) => (sid, CallEvent::OutcomeUnknown { at }),
            Created::RateLimited => (
                None,
                CallEvent::Refused {
                    code: Some(20_429),
                    at,
                },
            ),
            Created::Refused => (
                None,
                CallEvent::Refused {
                    code: Some(21_217),
                    at,
                },
            ),
        };
        self.after(delay, Event::Reply(attempt_id, reply));
        if let Some(sid) = sid {
            for (delay, step) in Network::fate(&mut self.rng) {
                self.after(delay, Event::Network(sid.clone(), step));
            }
        }
    }

    fn keep(&mut self, attempt_id: AttemptId, upkeep: &Upkeep) {
        if self.rng.random_ratio(1, 20) {
            return; // The request or its reply is lost.
        }
        let at = self.now;
        let event = match upkeep {
            Upkeep::Search => match self.network.search(attempt_id, at) {
                Some((sid, status)) => CallEvent::Reported { sid, status, at },
                None => CallEvent::NotFound { at },
            },
            Upkeep::Fetch(sid) => CallEvent::Reported {
                sid: sid.clone(),
                status: self.network.calls[sid].status,
                at,
            },
            Upkeep::Cancel(sid) => {
                let status = self.network.cancel(sid, at);
                CallEvent::Reported {
                    sid: sid.clone(),
                    status,
                    at,
                }
            }
            Upkeep::End(sid) => {
                self.network.step(sid, &Step::End(CallStatus::Completed), at);
                CallEvent::Reported {
                    sid: sid.clone(),
                    status: self.network.calls[sid].status,
                    at,
                }
            }
        };
        self.after(SignedDuration::from_millis(1), Event::Reply(attempt_id, event));
    }

    fn step(&mut self, sid: &CallSid, step: &Step) {
        let Some(status) = self.network.step(sid, step, self.now) else {
            return;
        };
        let attempt_id = self.network.calls[sid].attempt_id;
        let copies = [0, 1, 1, 1, 1, 1, 1, 2, 3][self.rng.random_range(0..9)];
        for _ in 0..copies {
            let late = self.rng.random_ratio(1, 20);
            let delay = if late {
                self.millis(60_000..7_200_000)
            } else {
                self.millis(10..3_000)
            };
            self.after(delay, Event::Callback(attempt_id, sid.clone(), status));
        }
        if *step == Step::Answer {
            self.after(
                SignedDuration::from_millis(60),
                Event::Fetch(attempt_id, sid.clone(), 2),
            );
        }
    }

    fn fetch(&mut self, attempt_id: AttemptId, sid: &CallSid, tries: u32) {
        let lost = self.rng.random_ratio(1, 30);
        if !self.up && tries > 0 {
            return self.after(
                SignedDuration::from_secs(1),
                Event::Fetch(attempt_id, sid.clone(), tries - 1),
            );
        }
        let answer = if self.up {
            self.dialer.answer(attempt_id, sid, self.now)
        } else {
            Answer::Message
        };
        if lost && tries > 0 {
            // The reply did not arrive: the same question comes again and must get the same answer.
            return self.after(
                SignedDuration::from_millis(800),
                Event::Fetch(attempt_id, sid.clone(), tries - 1),
            );
        }
        match answer {
            Answer::Room(seat_id) => self.network.enter(sid, seat_id),
            Answer::Message => {
                let end = Event::Network(sid.clone(), Step::End(CallStatus::Completed));
                self.after(SignedDuration::from_secs(8), end);
            }
        }
    }

    /// A rep does something: mostly what the seat's state asks for.
    fn person(&mut self, seat_id: SeatId) {
        let next = self.millis(2_000..40_000);
        self.after_if_open(next, Event::Person(seat_id));
        if !self.up || self.closing {
            return;
        }
        let seat = self.dialer.seats.get_mut(&seat_id).expect("seats stay");
        let line = seat.line;
        if seat.leg.is_none() {
            seat.handle(&Input::Joined { leg: agent_leg() });
            seat.handle(&Input::Start);
            return;
        }
        match (line, self.rng.random_range(0..40)) {
            (Line::WrapUp { attempt_id }, _) => self.wrap_up(seat_id, attempt_id),
            (_, 0) => {
                seat.handle(&Input::Left { leg: agent_leg() });
                self.empty_room(seat_id);
            }
            (_, 1) => {
                seat.handle(&Input::Pause);
            }
            (Line::Dialing { attempt_id } | Line::Talking { attempt_id }, 2..6) => {
                self.dialer
                    .attempts
                    .get_mut(&attempt_id)
                    .expect("a seat's attempt")
                    .hung_up = true;
            }
            (_, _) => {
                seat.handle(&Input::Start);
            }
        }
    }

    fn wrap_up(&mut self, seat_id: SeatId, attempt_id: AttemptId) {
        let lead = self.dialer.attempts[&attempt_id].lead;
        self.dialer.leads[lead].standing = match self.rng.random_range(0..10) {
            0 => Standing::DoNotCall,
            1 => Standing::Finished,
            _ => Standing::Open,
        };
        let seat = self.dialer.seats.get_mut(&seat_id).expect("seats stay");
        seat.handle(&Input::WrappedUp { attempt_id });
    }

    /// The agent left: the conference ends, and with it the prospect's leg.
    fn empty_room(&mut self, seat_id: SeatId) {
        let calls = &self.network.calls;
        let inside = calls
            .iter()
            .find(|(_, call)| call.room == Some(seat_id))
            .map(|(sid, _)| sid.clone());
        if let Some(sid) = inside {
            let attempt_id = self.network.calls[&sid].attempt_id;
            self.network.calls.get_mut(&sid).expect("just found").room = None;
            self.dialer
                .learn(attempt_id, CallEvent::LeftRoom { at: self.now });
            self.after(
                SignedDuration::from_secs(3),
                Event::Network(sid, Step::End(CallStatus::Completed)),
            );
        }
    }

    fn crash(&mut self) {
        self.up = false;
        let down = self.millis(500..120_000);
        self.after(down, Event::Restart);
        let next = self.millis(600_000..14_400_000);
        self.after_if_open(next, Event::Crash);
    }

    fn after_if_open(&mut self, delay: SignedDuration, event: Event) {
        if !self.closing {
            self.after(delay, event);
        }
    }

    /// Everybody goes home; what is on the line must come to its end.
    fn close(&mut self) {
        self.closing = true;
        let seats: Vec<SeatId> = self.dialer.seats.keys().copied().collect();
        for seat_id in seats {
            let seat = self.dialer.seats.get_mut(&seat_id).expect("seats stay");
            seat.handle(&Input::Pause);
            if let Some(leg) = seat.leg.clone() {
                seat.handle(&Input::Left { leg });
            }
            self.empty_room(seat_id);
            assert!(
                self.dialer
                    .attempt_of(seat_id)
                    .is_none_or(|id| self.dialer.attempts.contains_key(&id))
            );
        }
    }

    /// I3, I4, I14: every call ended, is known by its attempt, and every answer is booked as one of two things.
    fn check_accounts(&self) {
        for (sid, call) in &self.network.calls {
            assert!(call.ended_at.is_some(), "I4: {sid} still lives");
            let facts = &self.dialer.attempts[&call.attempt_id].facts;
            assert_eq!(facts.sid(), Some(sid), "I14: a call was placed and nobody knows");
            let booked = matches!(
                facts.result(),
                Some(AttemptResult::Talked | AttemptResult::Abandoned)
            );
            assert_eq!(
                call.answered_at.is_some(),
                booked,
                "I3: {:?} is booked wrongly",
                facts.result()
            );
        }
        for row in self.dialer.attempts.values() {
            assert!(
                row.facts.result().is_some(),
                "an attempt never ended: {:?}",
                row.facts
            );
        }
        for seat in self.dialer.seats.values() {
            assert!(
                matches!(seat.line, Line::Idle | Line::WrapUp { .. }),
                "a seat waits for nothing"
            );
        }
    }
}

fn agent_leg() -> CallSid {
    format!("CA{}", "f".repeat(32)).parse().expect("a SID")
}

fn lead(rng: &mut ChaCha8Rng, index: usize) -> Candidate {
    let area_code = AREA_CODES[rng.random_range(0..AREA_CODES.len())];
    let line = 100 + index;
    Candidate {
        lead_id: LeadId::from_parts(index as u64 + 1, 0),
        number: PhoneNumber::parse(&format!("{area_code}555{line:04}")).expect("a fictional number"),
        added_at: Timestamp::UNIX_EPOCH,
        dialed_at: Vec::new(),
        try_count: 0,
        consent: rng.random_ratio(1, 2),
        in_flight: false,
        standing: if rng.random_ratio(1, 20) {
            Standing::DoNotCall
        } else {
            Standing::Open
        },
        not_before: None,
    }
}

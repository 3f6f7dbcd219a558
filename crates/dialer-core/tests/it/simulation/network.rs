//! A Twilio that keeps the truth: which phones rang when, and who is in which room.

use std::collections::BTreeMap;

use dialer_core::{
    call::{CallSid, CallStatus},
    phone_number::PhoneNumber,
};
use jiff::{SignedDuration, Timestamp};
use protocol::{AttemptId, SeatId};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// How long Twilio lets a phone ring for us.
const RING_TIMEOUT_S: i64 = 30;

/// A call at Twilio.
pub(super) struct Call {
    pub(super) attempt_id: AttemptId,
    pub(super) to: PhoneNumber,
    pub(super) status: CallStatus,
    pub(super) placed_at: Timestamp,
    pub(super) ringing_at: Option<Timestamp>,
    pub(super) answered_at: Option<Timestamp>,
    pub(super) ended_at: Option<Timestamp>,
    pub(super) room: Option<SeatId>,
}

/// What a call does next by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Initiate,
    Ring,
    Answer,
    End(CallStatus),
}

/// What `POST /Calls` does.
pub(super) enum Created {
    Replied(CallSid),
    /// An error or nothing comes back; the call may have been placed.
    Lost(Option<CallSid>),
    /// 429: never processed.
    RateLimited,
    Refused,
}

#[derive(Default)]
pub(super) struct Network {
    pub(super) calls: BTreeMap<CallSid, Call>,
}

impl Network {
    pub(super) fn create(
        &mut self,
        rng: &mut ChaCha8Rng,
        attempt_id: AttemptId,
        to: PhoneNumber,
        now: Timestamp,
    ) -> Created {
        match rng.random_range(0..100) {
            0..4 => Created::Lost(None),
            4..8 => Created::Lost(Some(self.place(attempt_id, to, now))),
            8..11 => Created::RateLimited,
            11..12 => Created::Refused,
            _ => Created::Replied(self.place(attempt_id, to, now)),
        }
    }

    fn place(&mut self, attempt_id: AttemptId, to: PhoneNumber, now: Timestamp) -> CallSid {
        for call in self.calls.values().filter(|call| call.to == to) {
            assert!(call.ended_at.is_some(), "I1: two calls to one phone at once");
            let apart = now.duration_since(call.placed_at);
            assert!(
                apart >= SignedDuration::from_hours(2),
                "I1: a phone rang again after {apart:#}"
            );
        }
        for zone in &to.place().zones {
            let local = now.to_zoned(zone.rules.clone());
            assert!((9..20).contains(&local.hour()), "I7: {local} is no time to call");
        }
        let sid: CallSid = format!("CA{:032x}", self.calls.len() + 1).parse().expect("a SID");
        let call = Call {
            attempt_id,
            to,
            status: CallStatus::Queued,
            placed_at: now,
            ringing_at: None,
            answered_at: None,
            ended_at: None,
            room: None,
        };
        assert!(self.calls.insert(sid.clone(), call).is_none());
        sid
    }

    /// The steps of a new call and when they come, from how people and carriers behave.
    pub(super) fn fate(rng: &mut ChaCha8Rng) -> Vec<(SignedDuration, Step)> {
        let ms = SignedDuration::from_millis;
        if rng.random_ratio(1, 50) {
            // Stuck in Twilio's queue until somebody takes it back.
            return vec![(SignedDuration::from_hours(20), Step::Initiate)];
        }
        let initiated = ms(rng.random_range(50..400));
        let ringing = initiated + ms(rng.random_range(200..3_000));
        let mut steps = vec![(initiated, Step::Initiate)];
        if rng.random_ratio(9, 10) {
            steps.push((ringing, Step::Ring));
        }
        match rng.random_range(0..10) {
            0 => steps.push((ringing, Step::End(CallStatus::Busy))),
            1 => steps.push((ringing, Step::End(CallStatus::Failed))),
            2..6 => {
                steps.push((
                    ringing + SignedDuration::from_secs(RING_TIMEOUT_S),
                    Step::End(CallStatus::NoAnswer),
                ));
            }
            _ => {
                let answered = ringing + ms(rng.random_range(500..28_000));
                let hung_up = answered + ms(rng.random_range(300..200_000));
                steps.push((answered, Step::Answer));
                steps.push((hung_up, Step::End(CallStatus::Completed)));
            }
        }
        steps
    }

    /// Moves a call on; the status to report, if the step still applies.
    pub(super) fn step(&mut self, sid: &CallSid, step: &Step, now: Timestamp) -> Option<CallStatus> {
        let call = self.calls.get_mut(sid)?;
        if call.ended_at.is_some() {
            return None;
        }
        match step {
            Step::Initiate => call.status = CallStatus::Initiated,
            Step::Ring => {
                call.ringing_at = Some(now);
                call.status = CallStatus::Ringing;
            }
            Step::Answer => {
                call.answered_at = Some(now);
                call.status = CallStatus::InProgress;
            }
            Step::End(status) => {
                call.ended_at = Some(now);
                call.room = None;
                call.status = *status;
            }
        }
        Some(call.status)
    }

    /// `Status=canceled`: the status afterwards.
    pub(super) fn cancel(&mut self, sid: &CallSid, now: Timestamp) -> CallStatus {
        let call = self
            .calls
            .get_mut(sid)
            .expect("the dialer knows only SIDs of ours");
        let rings_since = call.ringing_at.filter(|_| call.status == CallStatus::Ringing);
        if let Some(ringing_at) = rings_since {
            let rang = now.duration_since(ringing_at);
            let just_placed = now.duration_since(call.placed_at) < SignedDuration::from_secs(3);
            assert!(
                just_placed || rang >= SignedDuration::from_secs(15),
                "a ringing phone was cut off after {rang:#}"
            );
        }
        if matches!(
            call.status,
            CallStatus::Queued | CallStatus::Initiated | CallStatus::Ringing
        ) {
            self.step(sid, &Step::End(CallStatus::Canceled), now);
        }
        self.calls[sid].status
    }

    /// Puts an answered call into a room.
    pub(super) fn enter(&mut self, sid: &CallSid, seat_id: SeatId) {
        let call = self.calls.get_mut(sid).expect("the call has just asked");
        if call.ended_at.is_none() {
            call.room = Some(seat_id);
        }
        let inside = self
            .calls
            .values()
            .filter(|call| call.room == Some(seat_id))
            .count();
        assert!(inside <= 1, "I2: an agent hears {inside} prospects");
    }

    /// What a list of calls shows: new ones appear with a delay.
    pub(super) fn search(&self, attempt_id: AttemptId, now: Timestamp) -> Option<(CallSid, CallStatus)> {
        let visible = now - SignedDuration::from_secs(2);
        let found = self
            .calls
            .iter()
            .find(|(_, call)| call.attempt_id == attempt_id && call.placed_at < visible);
        found.map(|(sid, call)| (sid.clone(), call.status))
    }

    /// I4: no call lives on for longer than the sweep allows.
    pub(super) fn check_ages(&self, now: Timestamp) {
        for call in self.calls.values().filter(|call| call.ended_at.is_none()) {
            let age = now.duration_since(call.placed_at);
            let rings_too_long = call.answered_at.is_none() && age > SignedDuration::from_mins(6);
            assert!(!rings_too_long, "I4: a call is unanswered after {age:#}");
            let alone = call.answered_at.filter(|_| call.room.is_none());
            let alone = alone.map_or(SignedDuration::ZERO, |at| now.duration_since(at));
            assert!(
                alone < SignedDuration::from_mins(6),
                "I4: a person has nobody on the line for {alone:#}"
            );
        }
    }
}

//! Placing a call: the queue at the account's pace, ringing, and what the person does.

use jiff::SignedDuration;
use rand::Rng;

use super::call::{Call, Endpoint, Party, Progress, Status};
use super::run::{Run, Scope};
use super::sip::SipLeg;
use super::{Network, RecordingWish, Timer};
use crate::amd::Amd;
use crate::media::{Answer, Script};
use crate::pbx::{Password, is_sip};
use crate::rest::ApiError;
use crate::sid::CallSid;
use crate::twiml::{Room, Verb};

/// Twilio holds at most a day's worth of calls.
const QUEUE_SECONDS_MAX: usize = 86_400;
/// From dialling to the far end's first ring.
const SETUP_MS: std::ops::Range<i64> = 200..800;
/// Calls end after four hours at most; Twilio lifts that for some accounts.
pub(super) const TIME_LIMIT_S_MAX: u32 = 14_400;

/// What a leg does when it is answered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Instructions {
    Url(Endpoint),
    Twiml(String),
    /// Be connected to the leg that dialled this one, after this document.
    Connect(Option<Endpoint>),
    /// Take part in a conference.
    Join(Box<Room>),
}

/// `POST Calls`, its parameters already checked.
#[derive(Clone, Debug)]
pub(crate) struct CallOrder {
    pub(crate) account: String,
    pub(crate) record: Option<RecordingWish>,
    pub(crate) to: String,
    pub(crate) from: String,
    pub(crate) instructions: Option<Instructions>,
    /// Overrides the instructions and callbacks.
    pub(crate) application_sid: Option<String>,
    pub(crate) fallback: Option<Endpoint>,
    pub(crate) callback: Option<Endpoint>,
    pub(crate) callback_events: Vec<String>,
    pub(crate) ring_timeout_s: u32,
    pub(crate) time_limit_s: Option<u32>,
    /// `SendDigits`.
    pub(crate) keys: Option<String>,
    pub(crate) amd: Option<Amd>,
    /// What the called side is shown of why it is called.
    pub(crate) reason: Option<String>,
    /// Of the call whose caller this one shows.
    pub(crate) token: Option<String>,
    /// For a PBX that asks.
    pub(crate) sip_credentials: Option<(String, Password)>,
    /// What is odd about it, by Twilio's codes.
    pub(crate) notes: Vec<(u32, String)>,
}

impl Network {
    /// Accepts a call and puts it in the queue.
    pub(crate) fn create_call(&mut self, mut order: CallOrder) -> Result<CallSid, ApiError> {
        let instructions = self.complete_order(&mut order)?;
        self.make_room()?;
        let sid = CallSid::new(&mut self.sids);
        let party = self.party(&order.to);
        let sip = is_sip(&order.to).then(|| Box::new(SipLeg::with(order.sip_credentials.take())));
        let ahead_ms = i128::try_from(self.queue.len()).unwrap_or_default() * 1_000 / i128::from(self.cps);
        let busy_ms = self.queue_free_at.duration_since(self.now).as_millis().max(0);
        let fresh = Call::new(sid.clone(), order.from, order.to, party, self.now);
        let call = Call {
            account: order.account,
            queue_ms: i64::try_from(ahead_ms + busy_ms).unwrap_or(i64::MAX),
            ring_timeout_s: order.ring_timeout_s,
            time_limit_s: order
                .time_limit_s
                .unwrap_or(TIME_LIMIT_S_MAX)
                .min(TIME_LIMIT_S_MAX),
            instructions,
            fallback: order.fallback,
            callback: order.callback.map(|endpoint| Progress {
                endpoint,
                events: if order.callback_events.is_empty() {
                    vec!["completed".to_owned()]
                } else {
                    order.callback_events
                },
                sequence: 0,
            }),
            record: order.record,
            reason: order.reason,
            keys: order.keys,
            sip,
            amd: order.amd.map(super::amd::Listening::new),
            ..fresh
        };
        self.log(
            "call.queued",
            &[("call", sid.as_str()), ("to", &call.to), ("from", &call.from)],
        );
        self.insert_call(call);
        for (code, note) in order.notes {
            self.notify(&sid, code, &note);
        }
        if self.queue.is_empty() {
            let delay = self
                .queue_free_at
                .duration_since(self.now)
                .max(SignedDuration::ZERO);
            self.set_timer(delay, Timer::Dial);
        }
        self.queue.push_back(sid.clone());
        Ok(sid)
    }

    /// Fills in what the order's application says, and checks whether it may be placed at all.
    fn complete_order(&self, order: &mut CallOrder) -> Result<Instructions, ApiError> {
        if let Some(sid) = order.application_sid.take() {
            let application = self
                .application(&sid)
                .filter(|application| application.account == order.account)
                .ok_or_else(|| ApiError::new(400, 21218, format!("Invalid ApplicationSid: {sid}")))?;
            order.instructions = application.handling.routing.voice.clone().map(Instructions::Url);
            order.fallback.clone_from(&application.handling.routing.fallback);
            order.callback.clone_from(&application.handling.routing.callback);
        }
        let instructions = order.instructions.take();
        let instructions =
            instructions.ok_or_else(|| ApiError::new(400, 21205, "Url parameter is required.".to_owned()))?;
        // Clients and PBXs may be shown any caller.
        let any_caller = order.from.starts_with("client:") || is_sip(&order.to);
        let forwards = |token: &String| self.forwards(token, &order.account, &order.from);
        let may_show =
            || self.may_call_from(&order.account, &order.from) || order.token.as_ref().is_some_and(forwards);
        if !any_caller && !may_show() {
            let message = format!(
                "The source phone number provided, {}, is not yet verified for your account.",
                order.from
            );
            return Err(ApiError::new(400, 21210, message));
        }
        self.permit(order)?;
        if self.queue.len() >= QUEUE_SECONDS_MAX * self.cps as usize {
            return Err(ApiError::new(400, 22005, "Call queue is full".to_owned()));
        }
        Ok(instructions)
    }

    /// Who is at an address of `POST Calls`: `client:` and an identity, or a number.
    pub(super) fn party(&mut self, to: &str) -> Party {
        let Some(client) = to.strip_prefix("client:") else {
            return Party::Person(Box::new(self.population.person(to)));
        };
        let (identity, params) = client.split_once('?').unwrap_or((client, ""));
        let params = url::form_urlencoded::parse(params.as_bytes()).into_owned();
        Party::called_client(identity, params.collect())
    }

    pub(super) fn insert_call(&mut self, call: Call) {
        // Only legs of live calls come without having asked for room, a few for each.
        let _ = self.make_room();
        self.call_order.push_back(call.sid.clone());
        if call.client().is_some() {
            self.client_legs.insert(call.sid.clone());
        }
        self.calls.insert(call.sid.clone(), call);
    }

    /// Dials the next call that is still wanted and keeps the account's pace.
    pub(super) fn dial_next(&mut self) {
        while let Some(sid) = self.queue.pop_front() {
            if self
                .calls
                .get(&sid)
                .is_none_or(|call| call.status != Status::Queued)
            {
                continue;
            }
            self.dial(&sid);
            let gap = SignedDuration::from_millis(1_000 / i64::from(self.cps));
            self.queue_free_at = self.now.saturating_add(gap).unwrap_or(self.now);
            if !self.queue.is_empty() {
                self.set_timer(gap, Timer::Dial);
            }
            return;
        }
    }

    pub(super) fn dial(&mut self, sid: &CallSid) {
        let Some(call) = self.calls.get_mut(sid) else {
            return;
        };
        call.dialled_at = Some(self.now);
        self.reach_by_sip(sid);
        self.settle_presence(sid);
        let Some(call) = self.calls.get_mut(sid) else {
            return;
        };
        let ring_timeout = SignedDuration::from_secs(
            call.ring_timeout_s
                .saturating_add(self.switches.ring_timeout_extra_s)
                .into(),
        );
        let Party::Person(persona) = &call.party else {
            self.enter(sid, Status::Initiated);
            self.set_timer(ring_timeout, Timer::RingTimeout(sid.clone()));
            return self.ring_client(sid);
        };
        let unreachable = matches!(persona.answer, Answer::Unreachable);
        self.enter(sid, Status::Initiated);
        let setup = SignedDuration::from_millis(self.population.rng().random_range(SETUP_MS));
        self.set_timer(
            setup,
            if unreachable {
                Timer::Refuse(sid.clone())
            } else {
                Timer::Ring(sid.clone())
            },
        );
        // Twilio adds up to five seconds to the time-out of some flows; this network adds none.
        self.set_timer(ring_timeout, Timer::RingTimeout(sid.clone()));
    }

    pub(super) fn ring(&mut self, sid: &CallSid) {
        let Some(call) = self
            .calls
            .get(sid)
            .filter(|call| call.status == Status::Initiated)
        else {
            return;
        };
        let Party::Person(persona) = &call.party else {
            return;
        };
        let next = match persona.answer {
            Answer::After { ring_ms } => Some((ring_ms, Timer::PickUp(sid.clone()))),
            Answer::NoAnswer => None,
            Answer::Busy | Answer::Unreachable => return self.refuse(sid),
        };
        if !self.population.rings_silently(&call.to) {
            self.enter(sid, Status::Ringing);
        }
        if let Some((ring_ms, timer)) = next {
            self.set_timer(SignedDuration::from_millis(i64::from(ring_ms)), timer);
        }
    }

    pub(super) fn ring_timeout(&mut self, sid: &CallSid) {
        let Some(call) = self.calls.get(sid) else { return };
        if matches!(call.status, Status::Initiated | Status::Ringing) {
            self.end(sid, Status::NoAnswer, "nobody answered");
        }
    }

    pub(super) fn pick_up(&mut self, sid: &CallSid) {
        let rings = |call: &&Call| matches!(call.status, Status::Initiated | Status::Ringing);
        let Some(call) = self.calls.get(sid).filter(rings) else {
            return;
        };
        let Party::Person(persona) = &call.party else {
            return;
        };
        let persona = persona.as_ref().clone();
        let seed = self.population.rng().random();
        self.open_person(sid, persona, seed);
        self.begin(sid);
    }

    /// Somebody we called has picked up: what the call is for begins.
    pub(super) fn begin(&mut self, sid: &CallSid) {
        self.answered(sid);
        self.follow(sid);
    }

    /// A called side hears its keys, is listened to, and then does as it was told.
    pub(super) fn follow(&mut self, sid: &CallSid) {
        if let Some(keys) = self.calls.get_mut(sid).and_then(|call| call.keys.take()) {
            if let Some(call) = self.calls.get_mut(sid) {
                call.runs = vec![Run::new(Scope::Keys, vec![Verb::Keys(keys)], None)];
            }
            return self.advance(sid);
        }
        self.start_listening(sid);
        self.begin_instructions(sid);
    }

    /// Starts the instructions unless detection is to come first.
    pub(super) fn begin_instructions(&mut self, sid: &CallSid) {
        let Some(call) = self.calls.get(sid) else { return };
        let blocked = call.amd.as_ref().is_some_and(super::amd::Listening::blocks);
        if !blocked {
            let instructions = call.instructions.clone();
            self.start_answered(sid, instructions);
        }
    }

    /// The leg is up: time starts to count.
    pub(super) fn answered(&mut self, sid: &CallSid) {
        let Some(call) = self.calls.get_mut(sid) else {
            return;
        };
        call.answered_at = Some(self.now);
        let limit = SignedDuration::from_secs(call.time_limit_s.into());
        self.set_timer(limit, Timer::TimeLimit(sid.clone()));
        self.enter(sid, Status::InProgress);
        self.record_from_answer(sid);
        self.note_answered(sid);
    }

    /// The call has lasted as long as it may, unless that was changed meanwhile.
    pub(super) fn time_limit_due(&mut self, sid: &CallSid) {
        let Some(call) = self.calls.get(sid) else { return };
        let limit = SignedDuration::from_secs(call.time_limit_s.into());
        let lasted = call.answered_at.map(|at| self.now.duration_since(at));
        if lasted.is_some_and(|lasted| lasted >= limit) {
            self.end(sid, Status::Completed, "time limit");
        }
    }

    /// Changes a call's status, notes it and reports it.
    pub(super) fn enter(&mut self, sid: &CallSid, status: Status) {
        let Some(call) = self.calls.get_mut(sid) else {
            return;
        };
        call.status = status;
        call.updated_at = self.now;
        if status == Status::Ringing {
            call.rang_at = Some(self.now);
        }
        let dialled_by = call.dialled_by.clone();
        self.log(format!("call.{}", status.callback()), &[("call", sid.as_str())]);
        self.report_progress(sid);
        if status == Status::InProgress {
            self.room_hears_no_more(sid);
        }
        if status != Status::Ringing {
            return;
        }
        self.room_hears_ringing(sid);
        if let Some(parent) = dialled_by {
            self.record_dial(&parent, true);
        }
    }
}

/// How long somebody stays on the line when nobody can hear them: about seven seconds for each thing said.
pub(super) fn stay(script: &Script) -> Option<SignedDuration> {
    match script {
        Script::Talk(talk) => Some(SignedDuration::from_secs(7 * (1 + i64::from(talk.replies)))),
        Script::Voicemail | Script::Menu(_) => Some(SignedDuration::from_mins(1)),
        Script::Tones { steps, repeat: false } => Some(SignedDuration::from_millis(
            steps.iter().map(|step| i64::from(step.ms)).sum(),
        )),
        Script::Tones { repeat: true, .. } | Script::Listen => None,
    }
}

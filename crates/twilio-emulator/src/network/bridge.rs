//! `<Dial>` to people and clients: legs that ring, the first that answers, and the bridge between two legs.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use super::call::{Call, Endpoint, Party, Progress, Status};
use super::callback::{Params, bool_text, push};
use super::limits::TO_UNVERIFIED;
use super::run::{FetchPurpose, Run, Scope, SoundSource, Waiting};
use super::sip::SipLeg;
use super::{Instructions, Network, Output, Timer};
use crate::media::MediaCommand;
use crate::pbx::SipUri;
use crate::sid::CallSid;
use crate::twiml::{Address, Callee, Dial, Noun, QueueNoun};

/// Twilio always lets it ring this much longer than `<Dial timeout>` and a participant's `Timeout` say.
pub(super) const RING_EXTRA_S: u32 = 5;

/// A `<Dial>` under way.
#[derive(Debug)]
pub(super) struct Dialing {
    pub(super) order: Dial,
    /// Legs that ring or talk.
    legs: Vec<CallSid>,
    /// To be tried if those before them do not answer.
    next: VecDeque<Callee>,
    /// The first leg that answered.
    winner: Option<CallSid>,
    /// What the other leg was to hear first is over.
    ready: bool,
    bridged_at: Option<Timestamp>,
    /// What `record` has begun.
    pub(super) recording: Option<String>,
    /// The last leg that ended unanswered.
    missed: Option<(CallSid, Status)>,
    /// What is said about the queue the other leg comes from.
    pub(super) queue: Params,
}

/// Whom a noun of a `<Dial>` means.
struct FarEnd {
    to: String,
    party: Party,
    sip: Option<Box<SipLeg>>,
}

impl Dialing {
    pub(super) fn new(order: Dial) -> Self {
        Self {
            order,
            legs: Vec::new(),
            next: VecDeque::new(),
            winner: None,
            ready: false,
            bridged_at: None,
            recording: None,
            missed: None,
            queue: Params::new(),
        }
    }

    pub(super) fn queue_noun(&self) -> Option<QueueNoun> {
        match &self.order.noun {
            Noun::Queue(noun) => Some(noun.as_ref().clone()),
            Noun::Room(_) | Noun::Callees(_) | Noun::Unconnected(_) => None,
        }
    }

    /// Nobody has come yet.
    pub(super) fn is_open(&self) -> bool {
        self.winner.is_none()
    }

    /// Who is at the other end of the bridge.
    pub(super) fn other(&self) -> Option<&CallSid> {
        self.bridged_at.and(self.winner.as_ref())
    }

    /// The leg that the action is told about.
    pub(super) fn outcome_leg(&self) -> Option<&CallSid> {
        self.winner.as_ref().or(self.missed.as_ref().map(|(leg, _)| leg))
    }

    /// What the action is told.
    fn outcome(&self, status: &str, now: Timestamp) -> Params {
        let mut params = Params::new();
        push(&mut params, "DialCallStatus", status);
        if matches!(self.order.noun, Noun::Room(_)) {
            push(&mut params, "DialBridged", bool_text(status == "answered"));
            return params;
        }
        if let Some(leg) = self.outcome_leg().filter(|_| self.queue.is_empty()) {
            push(&mut params, "DialCallSid", leg.as_str());
        }
        if let Some(bridged_at) = self.bridged_at {
            let seconds = (now.duration_since(bridged_at).as_millis() + 500) / 1_000;
            push(&mut params, "DialCallDuration", &seconds.to_string());
        }
        push(&mut params, "DialBridged", bool_text(self.bridged_at.is_some()));
        params.extend(self.queue.iter().cloned());
        params
    }
}

impl Network {
    /// Rings everybody a `<Dial>` names, or the first of them if it is sequential.
    pub(super) fn dial_callees(&mut self, sid: &CallSid, order: Dial, callees: Vec<Callee>) {
        let mut dialing = Dialing::new(order);
        dialing.next = callees.into();
        self.wait_for(sid, Waiting::Dial(Box::new(dialing)));
        self.ring_next(sid);
    }

    fn ring_next(&mut self, sid: &CallSid) {
        let through_trunk = self.calls.get(sid).is_some_and(|call| call.trunk.is_some());
        let mut code = None;
        loop {
            let Some(dialing) = self.dialing_mut(sid) else {
                return;
            };
            // Whoever is busy behind a trunk is so at its other URLs too.
            if through_trunk && matches!(dialing.missed, Some((_, Status::Busy))) {
                dialing.next.clear();
            }
            let all = !dialing.order.sequential;
            if !dialing.legs.is_empty() && !all {
                break;
            }
            let order = dialing.order.clone();
            let Some(callee) = dialing.next.pop_front() else {
                break;
            };
            match self.ring_callee(sid, &order, callee) {
                Ok(()) => {}
                Err((failed, message)) => {
                    self.notify(sid, failed, &message);
                    code = Some(failed);
                }
            }
        }
        let Some(dialing) = self.dialing_mut(sid) else {
            return;
        };
        if !dialing.legs.is_empty() {
            return self.ringback(sid);
        }
        if !dialing.is_open() {
            return;
        }
        let missed = dialing.missed.as_ref().map(|(_, status)| *status);
        let status = missed.filter(|_| code.is_none()).unwrap_or(Status::Failed);
        self.after_dial(sid, status.callback());
    }

    /// Places the leg for one noun; the error is Twilio's code and why.
    fn ring_callee(&mut self, sid: &CallSid, order: &Dial, callee: Callee) -> Result<(), (u32, String)> {
        let Some(parent) = self.calls.get(sid) else {
            return Ok(());
        };
        let parent = (parent.from.clone(), parent.to.clone(), parent.account.clone());
        let FarEnd { to, party, sip } = self.locate(callee.address)?;
        let is_client = to.starts_with("client:");
        if to.starts_with('+') && !self.geo_allows(&to) {
            return Err((13227, format!("the account may not call {to}")));
        }
        self.trial_permits(&parent.2, &to)
            .map_err(|message| (TO_UNVERIFIED, message))?;
        let from = match &order.caller_id {
            None => parent.0.clone(),
            Some(wish) => wish.clone(),
        };
        let known = is_client
            || sip.is_some()
            || from == parent.0
            || from == parent.1
            || self.may_call_from(&parent.2, &from);
        if !known || (!is_client && sip.is_none() && !from.starts_with('+')) {
            return Err((13214, format!("{from} may not be shown as the caller")));
        }
        let whisper = callee.whisper.map(|target| Endpoint {
            url: self.resolve(sid, &target.url),
            method: target.method,
        });
        let callback = callee.callback.map(|wish| Progress {
            endpoint: Endpoint {
                url: self.resolve(sid, &wish.url),
                method: wish.method,
            },
            events: wish.events,
            sequence: 0,
        });
        let amd = callee.amd.map(|mut amd| {
            if let Some(target) = &mut amd.callback {
                target.url = self.resolve(sid, &target.url);
            }
            amd
        });
        let child = self.insert_child(sid, from, to, party);
        self.put_on_trunk(sid, &child);
        if let Some(call) = self.calls.get_mut(&child) {
            call.ring_timeout_s = order.timeout_s + RING_EXTRA_S;
            call.instructions = Instructions::Connect(whisper);
            call.callback = callback;
            call.keys = callee.keys;
            call.sip = sip;
            call.amd = amd.map(super::amd::Listening::new);
        }
        if let Some(dialing) = self.dialing_mut(sid) {
            dialing.legs.push(child.clone());
        }
        if is_client {
            self.enter(&child, Status::Initiated);
            let limit = SignedDuration::from_secs((order.timeout_s + RING_EXTRA_S).into());
            self.set_timer(limit, Timer::RingTimeout(child.clone()));
            self.ring_client(&child);
        } else {
            self.dial(&child);
        }
        Ok(())
    }

    /// Who is at an address, and what is SIP about it; the error is Twilio's code and why.
    fn locate(&mut self, address: Address) -> Result<FarEnd, (u32, String)> {
        match address {
            Address::Sip { uri, credentials } => {
                if SipUri::parse(&uri).is_none() {
                    return Err((13243, format!("Dial->SIP: Invalid SIP URI: {uri}")));
                }
                let party = self.party(&uri);
                let sip = Some(Box::new(SipLeg::with(credentials)));
                Ok(FarEnd { to: uri, party, sip })
            }
            Address::Number(text) => {
                let to = e164(&text).ok_or((13223, format!("{text} is not a phone number")))?;
                let party = self.party(&to);
                Ok(FarEnd { to, party, sip: None })
            }
            Address::Client { identity, params } => {
                let party = Party::called_client(&identity, params);
                let to = format!("client:{identity}");
                Ok(FarEnd { to, party, sip: None })
            }
        }
    }

    /// A leg that belongs to another one's `<Dial>`; it does nothing yet.
    fn insert_child(&mut self, sid: &CallSid, from: String, to: String, party: Party) -> CallSid {
        let child = CallSid::new(&mut self.sids);
        let call = Call::new(child.clone(), from, to, party, self.now);
        let account = self.calls.get(sid).map(|call| call.account.clone());
        let call = Call {
            account: account.unwrap_or_default(),
            parent: Some(sid.clone()),
            dialled_by: Some(sid.clone()),
            ..call
        };
        self.log(
            "call.dialled",
            &[
                ("call", child.as_str()),
                ("parent", sid.as_str()),
                ("to", &call.to),
            ],
        );
        self.insert_call(call);
        child
    }

    fn ringback(&mut self, sid: &CallSid) {
        let Some(call) = self.calls.get(sid) else { return };
        if call.status == Status::Ringing {
            self.early_media(sid);
        }
        let Some(dialing) = self.dialing_mut(sid) else {
            return;
        };
        let ring_tone = dialing.order.ring_tone.clone();
        let leg = dialing.legs.first().cloned();
        let number = leg.and_then(|leg| self.calls.get(&leg)).map(|leg| leg.to.clone());
        self.outputs.push_back(Output::Sound {
            call: sid.clone(),
            play: 0,
            source: SoundSource::Ringback {
                ring_tone,
                number: number.unwrap_or_default(),
            },
            rounds: 0,
        });
    }

    pub(super) fn dialing_mut(&mut self, sid: &CallSid) -> Option<&mut Dialing> {
        match self
            .calls
            .get_mut(sid)?
            .runs
            .first_mut()
            .map(|run| &mut run.waiting)
        {
            Some(Waiting::Dial(dialing)) => Some(dialing),
            Some(_) | None => None,
        }
    }

    /// A leg was answered: the first one of its `<Dial>` wins and the others stop ringing. A caller who
    /// was to be answered with the bridge is bridged now.
    pub(super) fn note_answered(&mut self, sid: &CallSid) {
        self.bridge_if_ready(sid);
        let Some(parent) = self.calls.get(sid).and_then(|call| call.dialled_by.clone()) else {
            return;
        };
        let Some(dialing) = self.dialing_mut(&parent).filter(|dialing| dialing.is_open()) else {
            return;
        };
        dialing.winner = Some(sid.clone());
        dialing.next.clear();
        let others: Vec<CallSid> = dialing.legs.iter().filter(|leg| *leg != sid).cloned().collect();
        dialing.legs.retain(|leg| leg == sid);
        for other in others {
            self.end(&other, Status::Canceled, "somebody else answered first");
        }
    }

    /// Somebody who is up already is the other side of a `<Dial>`.
    pub(super) fn win(&mut self, sid: &CallSid, other: &CallSid, queue: Params) {
        if let Some(call) = self.calls.get_mut(other) {
            call.dialled_by = Some(sid.clone());
        }
        if let Some(dialing) = self.dialing_mut(sid) {
            dialing.winner = Some(other.clone());
            dialing.legs = vec![other.clone()];
            dialing.queue = queue;
        }
    }

    /// The other leg is to be connected, after what it is to hear first.
    pub(super) fn connect_leg(&mut self, sid: &CallSid, whisper: Option<Endpoint>, more: Params) {
        let Some(whisper) = whisper else {
            return self.leg_ready(sid);
        };
        if let Some(call) = self.calls.get_mut(sid) {
            let base = call.runs.last().and_then(|run| run.base.clone());
            call.runs.push(Run::new(Scope::Whisper, Vec::new(), base));
        }
        self.fetch(sid, &whisper.url, whisper.method, FetchPurpose::Document, more);
    }

    pub(super) fn leg_ready(&mut self, sid: &CallSid) {
        let Some(parent) = self.calls.get(sid).and_then(|call| call.dialled_by.clone()) else {
            return self.end(sid, Status::Completed, "nobody is there any more");
        };
        match self.dialing_mut(&parent) {
            Some(dialing) if dialing.winner.as_ref() == Some(sid) => dialing.ready = true,
            Some(_) | None => return,
        }
        if self
            .calls
            .get(&parent)
            .is_some_and(|call| call.status == Status::Ringing)
        {
            return self.answer_inbound(&parent);
        }
        self.bridge_if_ready(&parent);
    }

    fn bridge_if_ready(&mut self, sid: &CallSid) {
        let now = self.now;
        if self
            .calls
            .get(sid)
            .is_none_or(|call| call.status != Status::InProgress)
        {
            return;
        }
        let Some(dialing) = self.dialing_mut(sid) else {
            return;
        };
        if !dialing.ready || dialing.bridged_at.is_some() {
            return;
        }
        let Some(other) = dialing.winner.clone() else {
            return;
        };
        dialing.bridged_at = Some(now);
        let limit = SignedDuration::from_secs(dialing.order.time_limit_s.into());
        let step = self.next_id();
        if let Some(run) = self.calls.get_mut(sid).and_then(|call| call.runs.first_mut()) {
            run.step = step;
        }
        self.set_timer(limit, Timer::Step(sid.clone(), step));
        self.log(
            "dial.bridged",
            &[("call", sid.as_str()), ("other", other.as_str())],
        );
        for leg in [sid, &other] {
            self.stop_sound(leg);
            self.outputs.push_back(Output::Media(MediaCommand::Join {
                leg: leg.as_str().to_owned(),
                room: sid.as_str().to_owned(),
                muted: false,
                hold: false,
                coach: None,
            }));
        }
        self.record_dial(sid, false);
    }

    /// A leg has ended: what that means for the leg whose `<Dial>` it was part of.
    pub(super) fn note_ended(&mut self, sid: &CallSid, status: Status) {
        let Some(parent) = self.calls.get_mut(sid).and_then(|call| call.dialled_by.take()) else {
            return;
        };
        let Some(dialing) = self.dialing_mut(&parent) else {
            return;
        };
        dialing.legs.retain(|leg| leg != sid);
        if dialing.winner.as_ref() == Some(sid) {
            return self.unbridge(&parent);
        }
        if dialing.is_open() {
            dialing.missed = Some((sid.clone(), status));
            if dialing.legs.is_empty() {
                self.ring_next(&parent);
            }
        }
    }

    /// The bridge is over for the leg that dialled; the other one is gone its own way.
    fn unbridge(&mut self, sid: &CallSid) {
        self.outputs.push_back(Output::Media(MediaCommand::Leave {
            leg: sid.as_str().to_owned(),
        }));
        self.after_dial(sid, "completed");
    }

    /// Takes a leg that is redirected or gone out of its bridge, on whichever side it is.
    pub(super) fn cut_bridge(&mut self, sid: &CallSid) {
        let recording = self.dialing_mut(sid).and_then(|dialing| dialing.recording.take());
        if let Some(recording) = recording {
            self.stop_recording(&recording);
        }
        let legs = self
            .dialing_mut(sid)
            .map(|dialing| std::mem::take(&mut dialing.legs))
            .unwrap_or_default();
        if !legs.is_empty() {
            self.outputs.push_back(Output::Media(MediaCommand::Leave {
                leg: sid.as_str().to_owned(),
            }));
        }
        for leg in legs {
            self.release_leg(sid, &leg);
        }
        let live = self.calls.get_mut(sid).filter(|call| !call.status.is_final());
        if let Some(call) = live
            && let Some(parent) = call.dialled_by.take()
        {
            self.outputs.push_back(Output::Media(MediaCommand::Leave {
                leg: sid.as_str().to_owned(),
            }));
            if self.dialing_mut(&parent).is_some() {
                self.unbridge(&parent);
            }
        }
    }

    /// Lets go of the other side: whom the `<Dial>` called hangs up, who came from a queue goes on.
    fn release_leg(&mut self, sid: &CallSid, leg: &CallSid) {
        let Some(call) = self.calls.get_mut(leg) else {
            return;
        };
        call.dialled_by = None;
        let status = call.status;
        if call.parent.as_ref() != Some(sid) {
            self.outputs.push_back(Output::Media(MediaCommand::Leave {
                leg: leg.as_str().to_owned(),
            }));
            return self.after_queue(leg, "bridged");
        }
        let status = if status == Status::InProgress {
            Status::Completed
        } else {
            Status::Canceled
        };
        self.end(leg, status, "the caller is gone");
    }

    /// The `<Dial>` has taken as long as it may, or `*` was pressed.
    pub(super) fn end_bridge(&mut self, sid: &CallSid) {
        let Some(dialing) = self.dialing_mut(sid) else {
            return;
        };
        if dialing.is_open() {
            return self.after_dial(sid, "no-answer");
        }
        let legs = std::mem::take(&mut dialing.legs);
        for leg in legs {
            self.release_leg(sid, &leg);
        }
        self.unbridge(sid);
    }

    /// Who talks to this leg over a bridge, on whichever side of it the leg is.
    pub(super) fn bridged_with(&mut self, sid: &CallSid) -> Option<CallSid> {
        if let Some(other) = self.dialing_mut(sid).and_then(|dialing| dialing.other()) {
            return Some(other.clone());
        }
        let dialer = self.calls.get(sid)?.dialled_by.clone()?;
        let other = self.dialing_mut(&dialer)?.other() == Some(sid);
        other.then_some(dialer)
    }

    /// The leg whose `<Dial>` calls nobody but this one, now or later.
    pub(super) fn caller_of_only_leg(&mut self, sid: &CallSid) -> Option<CallSid> {
        let dialer = self.calls.get(sid)?.dialled_by.clone()?;
        let dialing = self.dialing_mut(&dialer)?;
        let only = dialing.legs == [sid.clone()] && dialing.next.is_empty();
        only.then_some(dialer)
    }

    /// What a `<Dial>` that ends now tells its action.
    pub(super) fn dial_outcome(&self, dialing: &Dialing, status: &str) -> Params {
        let mut outcome = dialing.outcome(status, self.now);
        outcome.extend(self.sip_outcome(dialing));
        if let Some(recording) = &dialing.recording {
            outcome.extend(self.recording_facts(recording));
        }
        outcome
    }

    /// What the action of a `<Dial>` is told whose leg hangs up itself.
    pub(super) fn farewell_outcome(&self, dialing: &Dialing) -> Params {
        let status = match (&dialing.order.noun, dialing.bridged_at) {
            (Noun::Room(_), _) => "answered",
            (_, Some(_)) => "completed",
            (_, None) => "canceled",
        };
        self.dial_outcome(dialing, status)
    }
}

/// A phone number as people write it, in E.164; ten digits are North American.
pub(super) fn e164(text: &str) -> Option<String> {
    let plain: String = text
        .chars()
        .filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '.'))
        .collect();
    let digits = plain.strip_prefix('+').unwrap_or(&plain);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    match (plain.starts_with('+'), digits.len()) {
        (true, 8..=15) if !digits.starts_with('0') => Some(plain),
        (false, 10) => Some(format!("+1{digits}")),
        (false, 11) if digits.starts_with('1') => Some(format!("+{digits}")),
        _ => None,
    }
}

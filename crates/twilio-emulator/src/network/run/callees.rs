//! Whom a `<Dial>` names: a leg for each, at once or one after the other, and what the caller hears meanwhile.

use super::{Dialing, SoundSource, Waiting};
use crate::network::amd::Listening;
use crate::network::call::{Call, Endpoint, Party, Progress, Status};
use crate::network::limits::TO_UNVERIFIED;
use crate::network::sip::SipLeg;
use crate::network::{Instructions, Network, Output};
use crate::pbx::SipUri;
use crate::sid::CallSid;
use crate::twiml::{Address, Callee, Dial};

/// Twilio always lets it ring this much longer than `<Dial timeout>` and a participant's `Timeout` say.
pub(in crate::network) const RING_EXTRA_S: u32 = 5;

/// Whom a noun of a `<Dial>` means.
struct FarEnd {
    to: String,
    party: Party,
    sip: Option<Box<SipLeg>>,
}

impl Network {
    /// Rings everybody a `<Dial>` names, or the first of them if it is sequential.
    pub(in crate::network) fn dial_callees(&mut self, sid: &CallSid, order: Dial, callees: Vec<Callee>) {
        let mut dialing = Dialing::new(order);
        dialing.next = callees.into();
        self.wait_for(sid, Waiting::Dial(Box::new(dialing)));
        self.ring_next(sid);
    }

    pub(in crate::network) fn ring_next(&mut self, sid: &CallSid) {
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
        if to.starts_with('+') && !self.geo_allows(&parent.2, &to) {
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
            call.reason.clone_from(&order.reason);
            call.sip = sip;
            call.amd = amd.map(Listening::new);
        }
        if let Some(dialing) = self.dialing_mut(sid) {
            dialing.legs.push(child.clone());
        }
        self.dial(&child);
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
}

/// A phone number as people write it, in E.164; ten digits are North American.
pub(in crate::network) fn e164(text: &str) -> Option<String> {
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

//! Calls through a trunk: which of its URLs is tried when, what is recorded, and what follows if none answers.

use rand::Rng;

use super::origination::OriginationUrl;
use super::trunks::{RecordingMode, Trunk};
use crate::network::call::{Call, Status};
use crate::network::place::TIME_LIMIT_S_MAX;
use crate::network::recording::Source;
use crate::network::run::{Run, Scope};
use crate::network::{Instructions, Network};
use crate::sid::CallSid;
use crate::twiml::{Address, Callee, Dial, Method, Noun, Recorded, Track, Verb};

/// How long one URL or number rings.
const RING_TIMEOUT_S: u32 = 60;
/// Calls through trunks end after a day.
const TIME_LIMIT_S: u32 = 86_400;

/// A leg's part in a call through a trunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::network) struct OnTrunk {
    pub(in crate::network) trunk: String,
    role: Role,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// From a person to a number of the trunk.
    Originating,
    /// No URL took it; its disaster recovery's TwiML has it now.
    Recovering,
    /// From a PBX to a number.
    Terminating,
    /// The PBX's side of either; REST does not show it.
    Behind,
}

impl OnTrunk {
    fn new(trunk: &Trunk, role: Role) -> Self {
        Self {
            trunk: trunk.sid.clone(),
            role,
        }
    }

    /// TwiML has the call because no PBX took it.
    pub(in crate::network) fn recovers(&self) -> bool {
        self.role == Role::Recovering
    }

    pub(in crate::network) fn direction(&self) -> Option<&'static str> {
        match self.role {
            Role::Originating | Role::Recovering => Some("trunking-originating"),
            Role::Terminating => Some("trunking-terminating"),
            Role::Behind => None,
        }
    }
}

impl Call {
    /// The PBX's side of a call through a trunk.
    pub(in crate::network) fn is_behind_trunk(&self) -> bool {
        self.trunk.as_ref().is_some_and(|on| on.role == Role::Behind)
    }
}

impl Network {
    fn trunk(&self, sid: &str) -> Option<Trunk> {
        self.sip.trunks.iter().find(|trunk| trunk.sid == sid).cloned()
    }

    /// Sends a call to a number on its way to the trunk's PBX.
    pub(in crate::network) fn originate(&mut self, sid: &CallSid, trunk: &str) {
        let Some(trunk) = self.trunk(trunk) else {
            return self.end(sid, Status::Failed, "the number's trunk is gone");
        };
        let urls = self.in_order_of_trial(&trunk);
        let Some(call) = self.calls.get_mut(sid) else {
            return;
        };
        call.trunk = Some(OnTrunk::new(&trunk, Role::Originating));
        if urls.is_empty() {
            self.notify(sid, 32010, "SIP: No valid Origination URIs configured");
            return self.recover(sid, Status::Failed);
        }
        let to = call.to.clone();
        let callees = urls.iter().map(|url| Address::Sip {
            uri: with_user(&url.sip_url, &to),
            credentials: None,
        });
        self.dial_for(sid, &trunk, callees.collect());
    }

    /// Sends a PBX's call on its way to a number; gives the leg that REST shows.
    pub(super) fn terminate(&mut self, sid: &CallSid, trunk: &Trunk, number: String) -> CallSid {
        if let Some(call) = self.calls.get_mut(sid) {
            call.trunk = Some(OnTrunk::new(trunk, Role::Behind));
        }
        self.dial_for(sid, trunk, vec![Address::Number(number)]);
        // It is the newest call, or one of the newest.
        let child = |of: &&CallSid| self.calls.get(of).and_then(|call| call.parent.as_ref()) == Some(sid);
        let shown = self.call_order.iter().rev().find(child);
        shown.unwrap_or(sid).clone()
    }

    fn dial_for(&mut self, sid: &CallSid, trunk: &Trunk, addresses: Vec<Address>) {
        let callees = addresses.into_iter().map(|address| Callee {
            address,
            whisper: None,
            keys: None,
            callback: None,
            amd: None,
        });
        let behind = self.calls.get(sid).is_some_and(Call::is_behind_trunk);
        let dial = Dial {
            action: None,
            method: Method::Post,
            timeout_s: RING_TIMEOUT_S,
            time_limit_s: TIME_LIMIT_S,
            caller_id: None,
            answer_on_bridge: true,
            hangup_on_star: false,
            sequential: true,
            ring_tone: None,
            recorded: recorded(trunk).filter(|_| !behind),
            reason: None,
            noun: Noun::Callees(callees.collect()),
        };
        if let Some(call) = self.calls.get_mut(sid) {
            call.time_limit_s = TIME_LIMIT_S;
            call.runs = vec![Run::new(Scope::Call, vec![Verb::Dial(Box::new(dial))], None)];
        }
        self.advance(sid);
    }

    /// A leg that a trunk dials is the other side of its call.
    pub(in crate::network) fn put_on_trunk(&mut self, parent: &CallSid, child: &CallSid) {
        let on = self.calls.get(parent).and_then(|call| call.trunk.clone());
        let Some(on) = on.filter(|on| !on.recovers()) else {
            return;
        };
        let Some(trunk) = self.trunk(&on.trunk) else {
            return;
        };
        let terminating = on.role == Role::Behind;
        let role = if terminating {
            Role::Terminating
        } else {
            Role::Behind
        };
        if let Some(call) = self.calls.get_mut(child) {
            call.time_limit_s = TIME_LIMIT_S;
            call.trunk = Some(OnTrunk::new(&trunk, role));
        }
        let Some(recorded) = recorded(&trunk).filter(|_| terminating) else {
            return;
        };
        let wish = self.wish_of(child, &recorded);
        if recorded.from_ringing {
            self.record_call(child, Source::Trunking, &wish);
        } else if let Some(call) = self.calls.get_mut(child) {
            call.record = Some(wish);
        }
    }

    /// The trunk has tried everybody; true if that decides what becomes of the call.
    pub(in crate::network) fn trunk_tried(&mut self, sid: &CallSid, dial_status: &str) -> bool {
        let Some(call) = self.calls.get(sid) else {
            return false;
        };
        let Some(on) = &call.trunk else { return false };
        if call.status != Status::Ringing || on.recovers() {
            return false;
        }
        let status = match dial_status {
            "busy" => Status::Busy,
            "no-answer" => Status::NoAnswer,
            _ => Status::Failed,
        };
        self.recover(sid, status);
        true
    }

    /// No PBX could be reached: TwiML has the call, if the trunk has any.
    fn recover(&mut self, sid: &CallSid, status: Status) {
        let trunk = self.calls.get(sid).and_then(|call| call.trunk.clone());
        let trunk = trunk
            .filter(|on| on.role == Role::Originating && status == Status::Failed)
            .and_then(|on| self.trunk(&on.trunk));
        let recovery = trunk.and_then(|trunk| trunk.disaster_recovery);
        let Some(recovery) = recovery else {
            return self.end(sid, status, "nobody answered through the trunk");
        };
        if let Some(on) = self.calls.get_mut(sid).and_then(|call| call.trunk.as_mut()) {
            on.role = Role::Recovering;
        }
        if let Some(call) = self.calls.get_mut(sid) {
            call.time_limit_s = TIME_LIMIT_S_MAX;
        }
        self.stop_sound(sid);
        self.start_instructions(sid, Instructions::Url(recovery));
    }

    /// Lowest priority first; among equals the weights decide who is tried before whom.
    fn in_order_of_trial(&mut self, trunk: &Trunk) -> Vec<OriginationUrl> {
        let enabled = trunk.origination.iter().filter(|url| url.enabled);
        let mut waiting: Vec<OriginationUrl> = enabled.cloned().collect();
        let mut order = Vec::new();
        while let Some(first) = waiting.iter().map(|url| url.priority).min() {
            let equals = waiting.iter().filter(|url| url.priority == first);
            // One ticket more than the weight: weight 0 is seldom first, but it is tried.
            let tickets = |url: &OriginationUrl| u32::from(url.weight) + 1;
            let mut drawn = self
                .population
                .rng()
                .random_range(0..equals.map(tickets).sum::<u32>());
            let at = waiting.iter().position(|url| {
                let hit = url.priority == first && drawn < tickets(url);
                if url.priority == first && !hit {
                    drawn -= tickets(url);
                }
                hit
            });
            order.extend(at.map(|at| waiting.remove(at)));
        }
        order
    }
}

/// How the trunk wants its calls recorded.
fn recorded(trunk: &Trunk) -> Option<Recorded> {
    let (from_ringing, dual) = match trunk.recording {
        RecordingMode::Never => return None,
        RecordingMode::FromRinging { dual } => (true, dual),
        RecordingMode::FromAnswer { dual } => (false, dual),
    };
    Some(Recorded {
        dual,
        from_ringing,
        track: Track::Both,
        trim: trunk.trim,
        callback: None,
    })
}

/// The URL with the number that was called as its user.
fn with_user(url: &str, number: &str) -> String {
    let rest = url.strip_prefix("sip:").unwrap_or(url);
    let host_at = rest.find('@').map_or(0, |at| at + 1);
    format!("sip:{number}@{}", &rest[host_at..])
}

#[cfg(test)]
mod tests {
    use super::with_user;

    #[test]
    fn the_called_number_is_the_user() {
        let number = "+12025550100";
        for (url, wanted) in [
            ("sip:pbx.example.com", "sip:+12025550100@pbx.example.com"),
            (
                "sip:office@pbx.example.com:5061;transport=tls",
                "sip:+12025550100@pbx.example.com:5061;transport=tls",
            ),
        ] {
            assert_eq!(with_user(url, number), wanted);
        }
    }
}

//! What is SIP about a leg: whom its INVITE reaches, and what is said about it.

use crate::media::Answer;
use crate::network::call::{Call, Party};
use crate::network::callback::{Params, push};
use crate::network::{Network, run::Dialing};
use crate::pbx::{Met, Password, SipUri};
use crate::sid::CallSid;

/// Headers that may go out without `X-`.
const HEADERS: [&str; 4] = [
    "user-to-user",
    "remote-party-id",
    "p-preferred-identity",
    "p-called-party-id",
];

/// The SIP side of a leg.
#[derive(Clone, Debug, Default)]
pub(in crate::network) struct SipLeg {
    call_id: String,
    /// Offered to a PBX that asks.
    credentials: Option<(String, Password)>,
    /// The final response, if it refuses.
    refusal: Option<u16>,
    /// The `X-` headers of the final response.
    headers: Vec<(String, String)>,
    /// What requests about a call that came in by SIP say.
    pub(super) came_with: Params,
}

impl SipLeg {
    /// A leg that will call with these credentials.
    pub(in crate::network) fn with(credentials: Option<(String, Password)>) -> Self {
        Self {
            credentials,
            ..Self::default()
        }
    }

    /// A leg that has called us.
    pub(super) fn incoming(call_id: String, came_with: Params) -> Self {
        Self {
            call_id,
            came_with,
            ..Self::default()
        }
    }
}

impl Call {
    /// The final SIP response, where the call has one of its own.
    pub(in crate::network) fn sip_code(&self) -> String {
        let refusal = self.sip.as_ref().and_then(|sip| sip.refusal);
        refusal.map_or_else(|| self.status.sip_code().to_owned(), |code| code.to_string())
    }

    /// What every request about the leg says of SIP.
    pub(in crate::network) fn sip_params(&self) -> Params {
        let Some(sip) = &self.sip else {
            return Params::new();
        };
        let mut params = sip.came_with.clone();
        push(&mut params, "SipCallId", &sip.call_id);
        if self.answered_at.is_some() {
            for (name, value) in &sip.headers {
                push(&mut params, format!("SipHeader_{name}"), value);
            }
        }
        params
    }
}

impl Network {
    /// The INVITE of a leg that goes to a SIP URI: from now on it is known who is there.
    pub(in crate::network) fn reach_by_sip(&mut self, sid: &CallSid) {
        let Some(call) = self.calls.get(sid) else { return };
        // Everybody who makes a call has looked at its URI.
        let Some(uri) = SipUri::parse(&call.to) else {
            return;
        };
        let credentials = call.sip.as_ref().and_then(|sip| sip.credentials.clone());
        let (to, from) = (call.to.clone(), call.from.clone());
        let call_id = format!("{}@0.0.0.0", self.sids.next(""));
        self.check_headers(sid, &uri);
        self.log(
            "sip.invite",
            &[
                ("call", sid.as_str()),
                ("to", &to),
                ("from", &from),
                ("sip_call_id", &call_id),
            ],
        );
        let met = self.ask_pbx(sid, &uri, credentials.as_ref());
        let Some(call) = self.calls.get_mut(sid) else {
            return;
        };
        call.party = Party::Person(Box::new(met.persona));
        call.sip = Some(Box::new(SipLeg {
            call_id,
            credentials,
            refusal: met.refusal,
            headers: met.headers.into_iter().collect(),
            came_with: Params::new(),
        }));
    }

    fn check_headers(&mut self, sid: &CallSid, uri: &SipUri) {
        for (name, _) in &uri.headers {
            let lower = name.to_ascii_lowercase();
            if !lower.starts_with("x-") && !HEADERS.contains(&lower.as_str()) {
                self.notify(sid, 13252, &format!("Dial: Invalid header name: {name}"));
            }
        }
    }

    fn ask_pbx(&mut self, sid: &CallSid, uri: &SipUri, credentials: Option<&(String, Password)>) -> Met {
        if uri.host.ends_with(".sip.twilio.com") {
            let (code, what) = if uri.user.is_empty() {
                (32223, "There is no username in the SIP URI")
            } else {
                (32009, "The user is not registered with the SIP domain")
            };
            self.notify(sid, code, &format!("{what}: {}", uri.host));
            return Met::refused(480);
        }
        let pbx = self.population.pbxs().find(|pbx| pbx.is_at(&uri.host));
        // A name that leads nowhere is a service that is unavailable.
        let met = pbx.map_or_else(|| Met::refused(503), |pbx| pbx.meet(&uri.user, credentials));
        if let Some(code) = met
            .refusal
            .filter(|_| !matches!(met.persona.answer, Answer::Busy))
        {
            let message = format!(
                "Error communicating with your SIP infrastructure: {code} from {}",
                uri.host
            );
            self.notify(sid, 32011, &message);
        }
        met
    }

    /// What the action of a `<Dial>` is told about the SIP leg that it called.
    pub(in crate::network) fn sip_outcome(&self, dialing: &Dialing) -> Params {
        let mut params = Params::new();
        let call = dialing.outcome_leg().and_then(|leg| self.calls.get(leg));
        let Some((call, sip)) = call.and_then(|call| Some((call, call.sip.as_ref()?))) else {
            return params;
        };
        push(&mut params, "DialSipCallId", &sip.call_id);
        let code = if call.answered_at.is_some() {
            "200".to_owned()
        } else {
            call.sip_code()
        };
        push(&mut params, "DialSipResponseCode", &code);
        for (name, value) in &sip.headers {
            push(&mut params, format!("DialSipHeader_{name}"), value);
        }
        params
    }
}

//! Calls that PBXs make: to a SIP domain, which asks the application, or through a trunk to a number.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::{Value, json};

use super::SipLeg;
use super::mappings::Unadmitted;
use crate::media::Persona;
use crate::network::call::{Call, Party, Progress, Status};
use crate::network::callback::{Params, push};
use crate::network::{Instructions, Network, not_found};
use crate::pbx::{Password, Pbx, SipUri};
use crate::rest::ApiError;
use crate::sid::CallSid;

/// `POST /emulator/pbxs/{domain}/calls`.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PbxOrder {
    /// Who calls.
    extension: String,
    /// A user of a SIP domain, or a number at a trunk's domain.
    to: String,
    /// The caller id; a trunk wants a number of the account, else it is the extension's own URI.
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    password: Option<Password>,
    /// `X-` headers of the INVITE.
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

/// An INVITE from a PBX.
struct Invite {
    from: String,
    to: SipUri,
    /// Without headers.
    to_text: String,
    source: IpAddr,
    credentials: Option<(String, Password)>,
    headers: BTreeMap<String, String>,
    persona: Persona,
}

impl Network {
    /// Lets somebody on a PBX call.
    pub(crate) fn call_from_pbx(&mut self, domain: &str, order: PbxOrder) -> Result<Value, ApiError> {
        let pbx = self.population.pbxs().find(|pbx| pbx.is_at(domain)).cloned();
        let invite = invite(&pbx.ok_or_else(|| not_found(domain))?, order)?;
        self.make_room()?;
        let sid = if invite.to.host.ends_with(".pstn.twilio.com") {
            self.call_through_trunk(invite)
        } else {
            self.call_domain(invite)
        }?;
        self.call_view(&sid)
    }

    fn call_domain(&mut self, invite: Invite) -> Result<CallSid, ApiError> {
        let mut domains = self.sip.domains.iter();
        let domain = domains
            .find(|domain| domain.name.eq_ignore_ascii_case(&invite.to.host))
            .cloned();
        let domain = domain.ok_or_else(|| not_found(&invite.to.host))?;
        self.let_in(&domain.account, &domain.calls, &invite)?;
        let mut came_with = Params::new();
        push(&mut came_with, "SipDomain", &domain.name);
        push(&mut came_with, "SipDomainSid", &domain.sid);
        push(&mut came_with, "SipSourceIp", &invite.source.to_string());
        if let Some((name, _)) = &invite.credentials {
            push(&mut came_with, "SipUsername", name);
        }
        for (name, value) in &invite.headers {
            push(&mut came_with, format!("SipHeader_{name}"), value);
        }
        let call = self.incoming(&domain.account, invite, came_with);
        let sid = call.sid.clone();
        let routing = domain.routing;
        self.insert_call(Call {
            fallback: routing.fallback,
            callback: routing.callback.map(|endpoint| Progress {
                endpoint,
                events: vec!["completed".to_owned()],
                sequence: 0,
            }),
            ..call
        });
        match routing.voice {
            Some(voice) => self.start_instructions(&sid, Instructions::Url(voice)),
            None => self.end(&sid, Status::Failed, "the domain has no VoiceUrl"),
        }
        Ok(sid)
    }

    /// The call that REST shows is the one to the number; the PBX's own side is behind it.
    fn call_through_trunk(&mut self, invite: Invite) -> Result<CallSid, ApiError> {
        let mut trunks = self.sip.trunks.iter();
        let trunk = trunks.find(|trunk| trunk.is_at(&invite.to.host)).cloned();
        let trunk = trunk.ok_or_else(|| not_found(&invite.to.host))?;
        self.let_in(&trunk.account, &trunk.lists, &invite)?;
        let number = invite.to.user.clone();
        if !number.starts_with('+') || crate::network::run::e164(&number).is_none() {
            return Err(self.refuse_invite(&trunk.account, 400, 32101, "SIP: Invalid phone number"));
        }
        if !self.may_call_from(&trunk.account, &invite.from) {
            let message = "SIP: 'From' phone number not verified";
            return Err(self.refuse_invite(&trunk.account, 403, 32204, message));
        }
        if !self.geo_allows(&trunk.account, &number) {
            let message = "The account may not call this number";
            return Err(self.refuse_invite(&trunk.account, 403, 13227, message));
        }
        let call = self.incoming(&trunk.account, invite, Params::new());
        let sid = call.sid.clone();
        self.insert_call(call);
        Ok(self.terminate(&sid, &trunk, number))
    }

    fn incoming(&mut self, account: &str, invite: Invite, came_with: Params) -> Call {
        let sid = CallSid::new(&mut self.sids);
        let call_id = format!("{}@{}", self.sids.next(""), invite.source);
        let party = Party::Person(Box::new(invite.persona));
        self.log(
            "call.inbound",
            &[
                ("call", sid.as_str()),
                ("from", &invite.from),
                ("to", &invite.to_text),
            ],
        );
        Call {
            account: account.to_owned(),
            inbound: true,
            status: Status::Ringing,
            dialled_at: Some(self.now),
            sip: Some(Box::new(SipLeg::incoming(call_id, came_with))),
            ..Call::new(sid, invite.from, invite.to_text, party, self.now)
        }
    }

    fn let_in(
        &mut self,
        account: &str,
        mappings: &[super::mappings::Mapping],
        invite: &Invite,
    ) -> Result<(), ApiError> {
        let offered = invite.credentials.as_ref();
        let offered = offered.map(|(name, word)| (name.as_str(), word.expose()));
        let admitted = self.sip.admit(mappings, invite.source, offered);
        admitted.map_err(
            |Unadmitted {
                 sip_code,
                 code,
                 message,
             }| self.refuse_invite(account, sip_code, code, message),
        )
    }

    /// No call comes of it; the account's error log has it, and so has whoever made the PBX call.
    fn refuse_invite(&mut self, account: &str, sip_code: u16, code: u32, message: &str) -> ApiError {
        let (sip, number) = (sip_code.to_string(), code.to_string());
        self.log("sip.refused", &[("sip_code", &sip), ("code", &number)]);
        self.notify_account(account, None, code, message);
        ApiError::new(400, code, format!("{message} (SIP {sip_code})"))
    }

    /// PBXs and who is on them.
    pub(crate) fn pbxs(&self) -> Vec<Value> {
        let pbxs = self.population.pbxs();
        pbxs.map(|pbx| {
            json!({
                "domain": pbx.domain,
                "address": pbx.address,
                "extensions": pbx.extensions.keys().collect::<Vec<_>>(),
            })
        })
        .collect()
    }
}

fn invite(pbx: &Pbx, order: PbxOrder) -> Result<Invite, ApiError> {
    let extension = pbx.extension(&order.extension);
    let persona = extension.and_then(|extension| extension.persona.persona());
    let persona = persona.ok_or_else(|| not_found(&order.extension))?;
    let wrong = || ApiError::parameter(format!("{} is no SIP URI", order.to));
    let to = SipUri::parse(&order.to).ok_or_else(wrong)?;
    let to_text = order.to.split('?').next().unwrap_or_default().to_owned();
    Ok(Invite {
        from: order
            .from
            .unwrap_or_else(|| format!("sip:{}@{}", order.extension, pbx.domain)),
        to,
        to_text,
        source: pbx.address,
        credentials: order.username.zip(order.password),
        headers: order.headers,
        persona,
    })
}

//! SIP domains: names under `sip.twilio.com` that take calls in, as a number does.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::is_domain;
use super::mappings::Mapping;
use crate::clock::rfc2822;
use crate::network::account::Routing;
use crate::network::views::{merge, root, routing_fields};
use crate::network::{Network, RoutingChanges, not_found};
use crate::rest::ApiError;

/// Domains of all accounts.
const DOMAINS_MAX: usize = 1_000;
/// What every domain's name ends with.
const SUFFIX: &str = ".sip.twilio.com";

/// One SIP domain.
#[derive(Clone, Debug)]
pub(in crate::network) struct Domain {
    pub(in crate::network) sid: String,
    pub(in crate::network) account: String,
    pub(in crate::network) name: String,
    friendly_name: String,
    pub(in crate::network) routing: Routing,
    takes_registrations: bool,
    emergency_calling: bool,
    secure: bool,
    byoc_trunk: Option<String>,
    emergency_caller: Option<String>,
    /// Who may call.
    pub(super) calls: Vec<Mapping>,
    /// Who may register.
    pub(super) registrations: Vec<Mapping>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// `POST SIP/Domains`: what is given.
#[derive(Clone, Debug, Default)]
pub(crate) struct DomainChanges {
    pub(crate) name: Option<String>,
    pub(crate) friendly_name: Option<String>,
    pub(crate) routing: RoutingChanges,
    pub(crate) takes_registrations: Option<bool>,
    pub(crate) emergency_calling: Option<bool>,
    pub(crate) secure: Option<bool>,
    pub(crate) byoc_trunk: Option<String>,
    pub(crate) emergency_caller: Option<String>,
}

impl Network {
    pub(super) fn domain_mut(&mut self, account: &str, sid: &str) -> Result<&mut Domain, ApiError> {
        let mut domains = self.sip.domains.iter_mut();
        domains
            .find(|domain| domain.sid == sid && domain.account == account)
            .ok_or_else(|| not_found(sid))
    }

    pub(crate) fn create_domain(&mut self, account: &str, changes: DomainChanges) -> Result<Value, ApiError> {
        if self.sip.domains.len() >= DOMAINS_MAX {
            return Err(ApiError::parameter("Too many domains"));
        }
        let name = changes.name.clone();
        let name = name.ok_or_else(|| ApiError::missing("DomainName"))?;
        self.check_domain_name(&name)?;
        let sid = self.sids.next("SD");
        self.sip.domains.push(Domain {
            sid: sid.clone(),
            account: account.to_owned(),
            friendly_name: name.clone(),
            name,
            routing: Routing::default(),
            takes_registrations: false,
            emergency_calling: false,
            secure: false,
            byoc_trunk: None,
            emergency_caller: None,
            calls: Vec::new(),
            registrations: Vec::new(),
            created_at: self.now,
            updated_at: self.now,
        });
        self.update_domain(account, &sid, changes)
    }

    fn check_domain_name(&self, name: &str) -> Result<(), ApiError> {
        if !is_domain(name, SUFFIX) {
            return Err(ApiError::new(400, 21231, "Invalid Domain Name".to_owned()));
        }
        let taken = |domain: &Domain| domain.name.eq_ignore_ascii_case(name);
        if self.sip.domains.iter().any(taken) {
            let message = format!("Domain {name} is already taken");
            return Err(ApiError::new(400, 21231, message));
        }
        Ok(())
    }

    pub(crate) fn update_domain(
        &mut self,
        account: &str,
        sid: &str,
        changes: DomainChanges,
    ) -> Result<Value, ApiError> {
        let now = self.now;
        let old = self.domain_mut(account, sid)?.name.clone();
        let name = changes.name.unwrap_or_else(|| old.clone());
        if !name.eq_ignore_ascii_case(&old) {
            self.check_domain_name(&name)?;
        }
        let domain = self.domain_mut(account, sid)?;
        domain.name = name;
        if let Some(friendly_name) = changes.friendly_name {
            domain.friendly_name = friendly_name;
        }
        changes.routing.apply(&mut domain.routing);
        domain.takes_registrations = changes.takes_registrations.unwrap_or(domain.takes_registrations);
        domain.emergency_calling = changes.emergency_calling.unwrap_or(domain.emergency_calling);
        domain.secure = changes.secure.unwrap_or(domain.secure);
        domain.byoc_trunk = changes.byoc_trunk.or(domain.byoc_trunk.take());
        domain.emergency_caller = changes.emergency_caller.or(domain.emergency_caller.take());
        domain.updated_at = now;
        self.domain_view(account, sid)
    }

    pub(crate) fn domain_view(&mut self, account: &str, sid: &str) -> Result<Value, ApiError> {
        let domain = self.domain_mut(account, sid)?.clone();
        Ok(self.domain_json(&domain))
    }

    pub(crate) fn list_domains(&self, account: &str) -> Vec<Value> {
        let own = self.sip.domains.iter().filter(|domain| domain.account == account);
        own.map(|domain| self.domain_json(domain)).collect()
    }

    pub(crate) fn delete_domain(&mut self, account: &str, sid: &str) -> Result<(), ApiError> {
        self.domain_mut(account, sid)?;
        self.sip.domains.retain(|domain| domain.sid != sid);
        Ok(())
    }

    fn domain_json(&self, domain: &Domain) -> Value {
        let base = format!("{}/SIP/Domains/{}", root(&domain.account), domain.sid);
        let mut view = routing_fields(&domain.routing);
        if let Value::Object(fields) = &mut view {
            for (given, wanted) in [
                ("status_callback", "voice_status_callback_url"),
                ("status_callback_method", "voice_status_callback_method"),
            ] {
                let value = fields.remove(given).unwrap_or_default();
                fields.insert(wanted.to_owned(), value);
            }
        }
        let own = json!({
            "sid": domain.sid,
            "account_sid": domain.account,
            "api_version": "2010-04-01",
            "domain_name": domain.name,
            "friendly_name": domain.friendly_name,
            "auth_type": self.sip.auth_types(&domain.calls).join(","),
            "sip_registration": domain.takes_registrations,
            "emergency_calling_enabled": domain.emergency_calling,
            "secure": domain.secure,
            "byoc_trunk_sid": domain.byoc_trunk,
            "emergency_caller_sid": domain.emergency_caller,
            "date_created": rfc2822(domain.created_at),
            "date_updated": rfc2822(domain.updated_at),
            "uri": format!("{base}.json"),
            "subresource_uris": {
                "ip_access_control_list_mappings": format!("{base}/IpAccessControlListMappings.json"),
                "credential_list_mappings": format!("{base}/CredentialListMappings.json"),
            },
        });
        merge(&mut view, own);
        view
    }
}

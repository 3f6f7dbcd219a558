//! Which lists admit callers to which domain or trunk.

use std::net::IpAddr;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::lists::{AccessList, ListKind};
use super::{Sip, iso};
use crate::clock::rfc2822;
use crate::network::views::{merge, root};
use crate::network::{Network, not_found};
use crate::rest::ApiError;

/// Lists of one domain or trunk, as far as this network goes.
const MAPPINGS_MAX: usize = 100;

/// What a list is mapped to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    /// Calls to a domain, by the path that has `uri`.
    Domain,
    /// Calls to a domain, by the newer path.
    DomainCalls,
    DomainRegistrations,
    Trunk,
}

/// A list that admits callers.
#[derive(Clone, Debug)]
pub(super) struct Mapping {
    list: String,
    mapped_at: Timestamp,
}

/// Why a call is not let in, with Twilio's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::network) struct Unadmitted {
    pub(in crate::network) sip_code: u16,
    pub(in crate::network) code: u32,
    pub(in crate::network) message: &'static str,
}

impl Sip {
    /// Whether this list admits callers anywhere.
    pub(super) fn admits_by(&self, list: &str) -> bool {
        let domains = self
            .domains
            .iter()
            .flat_map(|it| it.calls.iter().chain(&it.registrations));
        let trunks = self.trunks.iter().flat_map(|it| &it.lists);
        domains.chain(trunks).any(|mapping| mapping.list == list)
    }

    fn lists_of<'a>(
        &'a self,
        mappings: &'a [Mapping],
        kind: ListKind,
    ) -> impl Iterator<Item = &'a AccessList> {
        let found = mappings
            .iter()
            .filter_map(|mapping| self.lists.iter().find(|list| list.sid == mapping.list));
        found.filter(move |list| list.kind == kind)
    }

    /// What `auth_type` says.
    pub(super) fn auth_types(&self, mappings: &[Mapping]) -> Vec<&'static str> {
        [ListKind::Addresses, ListKind::Credentials]
            .into_iter()
            .filter(|kind| self.lists_of(mappings, *kind).next().is_some())
            .map(ListKind::auth_type)
            .collect()
    }

    /// Whether a call may come in: by every kind of list there is, and there must be one.
    pub(super) fn admit(
        &self,
        mappings: &[Mapping],
        source: IpAddr,
        credentials: Option<(&str, &str)>,
    ) -> Result<(), Unadmitted> {
        let refuse = |sip_code, code, message| Unadmitted {
            sip_code,
            code,
            message,
        };
        let kinds = self.auth_types(mappings);
        if kinds.is_empty() {
            return Err(refuse(403, 32200, "SIP: Insufficient permissions"));
        }
        let by_address = self
            .lists_of(mappings, ListKind::Addresses)
            .any(|list| list.has_address(source));
        if kinds.contains(&ListKind::Addresses.auth_type()) && !by_address {
            return Err(refuse(403, 32201, "SIP: Source IP address not in ACL"));
        }
        if !kinds.contains(&ListKind::Credentials.auth_type()) {
            return Ok(());
        }
        let Some((name, word)) = credentials else {
            return Err(refuse(407, 32202, "SIP: Bad user credentials"));
        };
        let mut lists = self.lists_of(mappings, ListKind::Credentials);
        if lists.any(|list| list.has_credential(name, word)) {
            Ok(())
        } else {
            Err(refuse(403, 32202, "SIP: Bad user credentials"))
        }
    }
}

impl Network {
    fn mappings_mut(
        &mut self,
        account: &str,
        (holder, sid): (Holder, &str),
    ) -> Result<&mut Vec<Mapping>, ApiError> {
        match holder {
            Holder::Domain | Holder::DomainCalls => Ok(&mut self.domain_mut(account, sid)?.calls),
            Holder::DomainRegistrations => Ok(&mut self.domain_mut(account, sid)?.registrations),
            Holder::Trunk => Ok(&mut self.trunk_mut(account, sid)?.lists),
        }
    }

    pub(crate) fn map_list(
        &mut self,
        account: &str,
        to: (Holder, &str),
        kind: ListKind,
        list: &str,
    ) -> Result<Value, ApiError> {
        let now = self.now;
        self.mappings_mut(account, to)?;
        if self.access_list(account, list)?.kind != kind {
            return Err(not_found(list));
        }
        let mappings = self.mappings_mut(account, to)?;
        if mappings.iter().any(|mapping| mapping.list == list) {
            let code = if to.0 == Holder::Trunk { 20409 } else { 21231 };
            let message = format!("{list} is already associated with {}", to.1);
            return Err(ApiError::new(400, code, message));
        }
        if mappings.len() >= MAPPINGS_MAX {
            let message = format!("{} has {MAPPINGS_MAX} lists, and no room for another", to.1);
            return Err(ApiError::parameter(message));
        }
        mappings.push(Mapping {
            list: list.to_owned(),
            mapped_at: now,
        });
        self.mapping_view(account, to, kind, list)
    }

    pub(crate) fn mappings(
        &mut self,
        account: &str,
        of: (Holder, &str),
        kind: ListKind,
    ) -> Result<Vec<Value>, ApiError> {
        let mappings = self.mappings_mut(account, of)?.clone();
        let of_kind = mappings.iter().filter_map(|mapping| {
            let list = self.access_list(account, &mapping.list).ok()?;
            (list.kind == kind).then(|| self.mapping_json(of, list, mapping))
        });
        Ok(of_kind.collect())
    }

    pub(crate) fn mapping_view(
        &mut self,
        account: &str,
        of: (Holder, &str),
        kind: ListKind,
        list: &str,
    ) -> Result<Value, ApiError> {
        let views = self.mappings(account, of, kind)?;
        let found = views.into_iter().find(|view| view["sid"] == list);
        found.ok_or_else(|| not_found(list))
    }

    pub(crate) fn unmap_list(
        &mut self,
        account: &str,
        from: (Holder, &str),
        kind: ListKind,
        list: &str,
    ) -> Result<(), ApiError> {
        self.mapping_view(account, from, kind, list)?;
        let mappings = self.mappings_mut(account, from)?;
        mappings.retain(|mapping| mapping.list != list);
        Ok(())
    }

    fn mapping_json(&self, (holder, sid): (Holder, &str), list: &AccessList, mapping: &Mapping) -> Value {
        let (date, own) = match holder {
            Holder::Trunk => {
                let path = format!("/v1/Trunks/{sid}/{}/{}", list.kind.path(), list.sid);
                let own = json!({ "trunk_sid": sid, "url": format!("{}{path}", self.origin()) });
                (iso(mapping.mapped_at), own)
            }
            Holder::Domain => {
                let base = format!("{}/SIP/Domains/{sid}", root(&list.account));
                let uri = format!("{base}/{}/{}.json", list.kind.mappings_path(), list.sid);
                (
                    rfc2822(mapping.mapped_at),
                    json!({ "domain_sid": sid, "uri": uri }),
                )
            }
            Holder::DomainCalls | Holder::DomainRegistrations => (rfc2822(mapping.mapped_at), json!({})),
        };
        let mut view = json!({
            "sid": list.sid,
            "account_sid": list.account,
            "friendly_name": list.friendly_name,
            "date_created": date,
            "date_updated": date,
        });
        merge(&mut view, own);
        view
    }
}

//! Lists of IP addresses and of credentials; domains and trunks admit whoever is on theirs.

mod entries;

use jiff::Timestamp;
use serde_json::{Value, json};

use entries::Entry;
pub(crate) use entries::EntryChanges;

use crate::clock::rfc2822;
use crate::network::views::root;
use crate::network::{Network, not_found};
use crate::rest::ApiError;

/// Lists of both kinds, of all accounts.
const LISTS_MAX: usize = 1_000;

/// What a list admits callers by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListKind {
    Addresses,
    Credentials,
}

impl ListKind {
    /// The last part of the lists' path.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Addresses => "IpAccessControlLists",
            Self::Credentials => "CredentialLists",
        }
    }

    /// The last part of the path of a list's entries.
    pub(crate) fn entries_path(self) -> &'static str {
        match self {
            Self::Addresses => "IpAddresses",
            Self::Credentials => "Credentials",
        }
    }

    /// What a page of lists is called.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Addresses => "ip_access_control_lists",
            Self::Credentials => "credential_lists",
        }
    }

    /// What a page of entries is called.
    pub(crate) fn entries_key(self) -> &'static str {
        match self {
            Self::Addresses => "ip_addresses",
            Self::Credentials => "credentials",
        }
    }

    /// The last part of the path of the lists that are mapped to a domain.
    pub(crate) fn mappings_path(self) -> &'static str {
        match self {
            Self::Addresses => "IpAccessControlListMappings",
            Self::Credentials => "CredentialListMappings",
        }
    }

    /// What a page of those is called.
    pub(crate) fn mappings_key(self) -> &'static str {
        match self {
            Self::Addresses => "ip_access_control_list_mappings",
            Self::Credentials => "credential_list_mappings",
        }
    }

    /// What `auth_type` calls it.
    pub(super) fn auth_type(self) -> &'static str {
        match self {
            Self::Addresses => "IP_ACL",
            Self::Credentials => "CREDENTIAL_LIST",
        }
    }

    fn prefixes(self) -> (&'static str, &'static str) {
        match self {
            Self::Addresses => ("AL", "IP"),
            Self::Credentials => ("CL", "CR"),
        }
    }
}

/// One list.
#[derive(Clone, Debug)]
pub(super) struct AccessList {
    pub(super) sid: String,
    pub(super) account: String,
    pub(super) kind: ListKind,
    pub(super) friendly_name: String,
    created_at: Timestamp,
    updated_at: Timestamp,
    entries: Vec<Entry>,
}

impl AccessList {
    /// Where REST has it, without `.json`.
    fn path(&self) -> String {
        format!("{}/SIP/{}/{}", root(&self.account), self.kind.path(), self.sid)
    }
}

impl Network {
    pub(super) fn access_list(&self, account: &str, sid: &str) -> Result<&AccessList, ApiError> {
        let mut lists = self.sip.lists.iter();
        lists
            .find(|list| list.sid == sid && list.account == account)
            .ok_or_else(|| not_found(sid))
    }

    fn list_of(&mut self, account: &str, kind: ListKind, sid: &str) -> Result<&mut AccessList, ApiError> {
        let mut lists = self.sip.lists.iter_mut();
        lists
            .find(|list| list.sid == sid && list.account == account && list.kind == kind)
            .ok_or_else(|| not_found(sid))
    }

    pub(crate) fn create_access_list(
        &mut self,
        account: &str,
        kind: ListKind,
        friendly_name: String,
    ) -> Result<Value, ApiError> {
        if self.sip.lists.len() >= LISTS_MAX {
            return Err(ApiError::parameter("Too many lists"));
        }
        let list = AccessList {
            sid: self.sids.next(kind.prefixes().0),
            account: account.to_owned(),
            kind,
            friendly_name,
            created_at: self.now,
            updated_at: self.now,
            entries: Vec::new(),
        };
        let view = list_json(&list);
        self.sip.lists.push(list);
        Ok(view)
    }

    pub(crate) fn access_lists(&self, account: &str, kind: ListKind) -> Vec<Value> {
        let lists = self.sip.lists.iter();
        let own = lists.filter(|list| list.account == account && list.kind == kind);
        own.map(list_json).collect()
    }

    pub(crate) fn access_list_view(
        &mut self,
        account: &str,
        kind: ListKind,
        sid: &str,
    ) -> Result<Value, ApiError> {
        Ok(list_json(self.list_of(account, kind, sid)?))
    }

    pub(crate) fn rename_access_list(
        &mut self,
        account: &str,
        kind: ListKind,
        sid: &str,
        friendly_name: String,
    ) -> Result<Value, ApiError> {
        let now = self.now;
        let list = self.list_of(account, kind, sid)?;
        list.friendly_name = friendly_name;
        list.updated_at = now;
        Ok(list_json(list))
    }

    /// A list that still admits callers somewhere stays.
    pub(crate) fn delete_access_list(
        &mut self,
        account: &str,
        kind: ListKind,
        sid: &str,
    ) -> Result<(), ApiError> {
        self.list_of(account, kind, sid)?;
        if self.sip.admits_by(sid) {
            let message = format!("{sid} is mapped to a domain or a trunk and cannot be deleted");
            return Err(ApiError::new(409, 20409, message));
        }
        self.sip.lists.retain(|list| list.sid != sid);
        Ok(())
    }
}

fn list_json(list: &AccessList) -> Value {
    let path = list.path();
    json!({
        "sid": list.sid,
        "account_sid": list.account,
        "friendly_name": list.friendly_name,
        "date_created": rfc2822(list.created_at),
        "date_updated": rfc2822(list.updated_at),
        "subresource_uris": { list.kind.entries_key(): format!("{path}/{}.json", list.kind.entries_path()) },
        "uri": format!("{path}.json"),
    })
}

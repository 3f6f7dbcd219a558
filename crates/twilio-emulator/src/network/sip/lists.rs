//! Lists of IP addresses and of credentials; domains and trunks admit whoever is on theirs.

use std::net::IpAddr;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::clock::rfc2822;
use crate::network::views::root;
use crate::network::{Network, not_found};
use crate::rest::ApiError;

/// Lists of both kinds, of all accounts.
const LISTS_MAX: usize = 1_000;
/// Twilio's limits for one list.
const CREDENTIALS_PER_LIST_MAX: usize = 1_000;
const ADDRESSES_PER_LIST_MAX: usize = 100;
const USERNAME_CHARACTERS_MAX: usize = 32;
const PASSWORD_CHARACTERS_MIN: usize = 12;

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

    /// The parameter that names a list of this kind.
    pub(crate) fn parameter(self) -> &'static str {
        match self {
            Self::Addresses => "IpAccessControlListSid",
            Self::Credentials => "CredentialListSid",
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

/// Who is on a list.
#[derive(Clone, Debug)]
struct Entry {
    sid: String,
    who: Who,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Clone, Debug)]
enum Who {
    Address {
        friendly_name: String,
        network: IpAddr,
        prefix_bits: u8,
    },
    Credential {
        username: String,
        password: SecretString,
    },
}

/// `POST` to a list's entries: what is given.
#[derive(Clone, Debug, Default)]
pub(crate) struct EntryChanges {
    pub(crate) friendly_name: Option<String>,
    pub(crate) address: Option<String>,
    pub(crate) prefix_bits: Option<u8>,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<String>,
}

impl AccessList {
    /// Whether a call from this address is admitted.
    pub(super) fn has_address(&self, source: IpAddr) -> bool {
        self.entries.iter().any(|entry| match &entry.who {
            Who::Address {
                network, prefix_bits, ..
            } => covers(*network, *prefix_bits, source),
            Who::Credential { .. } => false,
        })
    }

    pub(super) fn has_credential(&self, name: &str, word: &str) -> bool {
        self.entries.iter().any(|entry| match &entry.who {
            Who::Credential { username, password } => username == name && password.expose_secret() == word,
            Who::Address { .. } => false,
        })
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

    pub(crate) fn create_entry(
        &mut self,
        account: &str,
        kind: ListKind,
        list: &str,
        changes: EntryChanges,
    ) -> Result<Value, ApiError> {
        let sid = self.sids.next(kind.prefixes().1);
        let now = self.now;
        let list = self.list_of(account, kind, list)?;
        let who = match kind {
            ListKind::Addresses => Who::Address {
                friendly_name: changes
                    .friendly_name
                    .ok_or_else(|| ApiError::missing("FriendlyName"))?,
                network: address(&changes.address.ok_or_else(|| ApiError::missing("IpAddress"))?)?,
                prefix_bits: changes.prefix_bits.unwrap_or(32),
            },
            ListKind::Credentials => Who::Credential {
                username: username(changes.username.ok_or_else(|| ApiError::missing("Username"))?)?,
                password: password(changes.password.ok_or_else(|| ApiError::missing("Password"))?)?,
            },
        };
        let most = match kind {
            ListKind::Addresses => ADDRESSES_PER_LIST_MAX,
            ListKind::Credentials => CREDENTIALS_PER_LIST_MAX,
        };
        if list.entries.len() >= most {
            return Err(ApiError::parameter(format!("A list has at most {most} entries")));
        }
        if list.entries.iter().any(|entry| same(&entry.who, &who)) {
            let message = "The list has this entry already".to_owned();
            return Err(ApiError::new(400, 20409, message));
        }
        list.entries.push(Entry {
            sid: sid.clone(),
            who: who.checked()?,
            created_at: now,
            updated_at: now,
        });
        let list = list.sid.clone();
        self.entry_view(account, kind, &list, &sid)
    }

    pub(crate) fn entries(
        &mut self,
        account: &str,
        kind: ListKind,
        list: &str,
    ) -> Result<Vec<Value>, ApiError> {
        let list = self.list_of(account, kind, list)?;
        Ok(list.entries.iter().map(|entry| entry_json(list, entry)).collect())
    }

    pub(crate) fn entry_view(
        &mut self,
        account: &str,
        kind: ListKind,
        list: &str,
        sid: &str,
    ) -> Result<Value, ApiError> {
        let list = self.list_of(account, kind, list)?;
        let entry = list.entries.iter().find(|entry| entry.sid == sid);
        Ok(entry_json(list, entry.ok_or_else(|| not_found(sid))?))
    }

    pub(crate) fn update_entry(
        &mut self,
        account: &str,
        kind: ListKind,
        list: &str,
        sid: &str,
        changes: EntryChanges,
    ) -> Result<Value, ApiError> {
        let now = self.now;
        let found = self.list_of(account, kind, list)?;
        let entry = found.entries.iter_mut().find(|entry| entry.sid == sid);
        let entry = entry.ok_or_else(|| not_found(sid))?;
        let mut who = entry.who.clone();
        match &mut who {
            Who::Address {
                friendly_name,
                network,
                prefix_bits,
            } => {
                *friendly_name = changes.friendly_name.unwrap_or_else(|| friendly_name.clone());
                *network = changes.address.map_or(Ok(*network), |text| address(&text))?;
                *prefix_bits = changes.prefix_bits.unwrap_or(*prefix_bits);
            }
            Who::Credential { password: word, .. } => {
                *word = changes.password.map_or_else(|| Ok(word.clone()), password)?;
            }
        }
        entry.who = who.checked()?;
        entry.updated_at = now;
        self.entry_view(account, kind, list, sid)
    }

    pub(crate) fn delete_entry(
        &mut self,
        account: &str,
        kind: ListKind,
        list: &str,
        sid: &str,
    ) -> Result<(), ApiError> {
        self.entry_view(account, kind, list, sid)?;
        let list = self.list_of(account, kind, list)?;
        list.entries.retain(|entry| entry.sid != sid);
        Ok(())
    }
}

impl Who {
    /// Whether the prefix fits the address.
    fn checked(self) -> Result<Self, ApiError> {
        match &self {
            Self::Address {
                network, prefix_bits, ..
            } if *prefix_bits > bits_of(*network) => Err(ApiError::parameter("CidrPrefixLength is too long")),
            Self::Address { .. } | Self::Credential { .. } => Ok(self),
        }
    }
}

fn address(text: &str) -> Result<IpAddr, ApiError> {
    text.parse()
        .map_err(|_| ApiError::parameter(format!("{text} is not an IP address")))
}

fn username(name: String) -> Result<String, ApiError> {
    let plain = |c: char| c.is_ascii_graphic() && !"<>\"@:;,?/\\".contains(c);
    if name.chars().count() > USERNAME_CHARACTERS_MAX || !name.chars().all(plain) {
        return Err(ApiError::parameter(
            "Username has up to 32 letters, digits and signs",
        ));
    }
    Ok(name)
}

fn password(word: String) -> Result<SecretString, ApiError> {
    let has = |class: fn(&char) -> bool| word.chars().any(|c| class(&c));
    let strong = word.chars().count() >= PASSWORD_CHARACTERS_MIN
        && has(char::is_ascii_uppercase)
        && has(char::is_ascii_lowercase)
        && has(char::is_ascii_digit);
    if !strong {
        return Err(ApiError::parameter(
            "Password needs at least 12 characters with upper and lower case and a digit",
        ));
    }
    Ok(SecretString::from(word))
}

fn same(one: &Who, other: &Who) -> bool {
    match (one, other) {
        (Who::Credential { username: one, .. }, Who::Credential { username: other, .. }) => one == other,
        (
            Who::Address {
                network: one,
                prefix_bits: bits,
                ..
            },
            Who::Address {
                network: other,
                prefix_bits: other_bits,
                ..
            },
        ) => one == other && bits == other_bits,
        (Who::Address { .. } | Who::Credential { .. }, _) => false,
    }
}

fn bits_of(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn covers(network: IpAddr, prefix_bits: u8, source: IpAddr) -> bool {
    let bits = |address: IpAddr| match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()) << 96,
        IpAddr::V6(v6) => v6.to_bits(),
    };
    let mask = u128::MAX.checked_shl(128 - u32::from(prefix_bits)).unwrap_or(0);
    network.is_ipv4() == source.is_ipv4() && bits(network) & mask == bits(source) & mask
}

fn list_json(list: &AccessList) -> Value {
    let base = format!("{}/SIP/{}/{}", root(&list.account), list.kind.path(), list.sid);
    json!({
        "sid": list.sid,
        "account_sid": list.account,
        "friendly_name": list.friendly_name,
        "date_created": rfc2822(list.created_at),
        "date_updated": rfc2822(list.updated_at),
        "subresource_uris": { list.kind.entries_key(): format!("{base}/{}.json", list.kind.entries_path()) },
        "uri": format!("{base}.json"),
    })
}

fn entry_json(list: &AccessList, entry: &Entry) -> Value {
    let base = format!("{}/SIP/{}/{}", root(&list.account), list.kind.path(), list.sid);
    let mut view = json!({
        "sid": entry.sid,
        "account_sid": list.account,
        "date_created": rfc2822(entry.created_at),
        "date_updated": rfc2822(entry.updated_at),
        "uri": format!("{base}/{}/{}.json", list.kind.entries_path(), entry.sid),
    });
    match &entry.who {
        Who::Address {
            friendly_name,
            network,
            prefix_bits,
        } => {
            view["friendly_name"] = json!(friendly_name);
            view["ip_address"] = json!(network);
            view["cidr_prefix_length"] = json!(prefix_bits);
            view["ip_access_control_list_sid"] = json!(list.sid);
        }
        Who::Credential { username, .. } => {
            view["username"] = json!(username);
            view["credential_list_sid"] = json!(list.sid);
        }
    }
    view
}

#[cfg(test)]
mod tests {
    use super::{covers, password};

    #[test]
    fn a_prefix_covers_its_network_and_nothing_else() {
        let at = |text: &str| text.parse().unwrap();
        assert!(covers(at("203.0.113.0"), 24, at("203.0.113.77")));
        assert!(!covers(at("203.0.113.0"), 24, at("203.0.114.77")));
        assert!(covers(at("203.0.113.7"), 32, at("203.0.113.7")));
        assert!(!covers(at("203.0.113.7"), 32, at("203.0.113.8")));
        assert!(covers(at("0.0.0.0"), 0, at("198.51.100.1")));
        assert!(!covers(at("0.0.0.0"), 0, at("2001:db8::1")));
        assert!(covers(at("2001:db8::"), 32, at("2001:db8::1")));
    }

    #[test]
    fn passwords_are_long_and_mixed() {
        assert!(password("Abcdefghijk1".to_owned()).is_ok());
        for weak in ["Abcdefghij1", "abcdefghijk1", "ABCDEFGHIJK1", "Abcdefghijkl"] {
            assert!(password(weak.to_owned()).is_err(), "{weak}");
        }
    }
}

//! Who is on a list: networks of addresses, or users with their passwords.

use std::net::{IpAddr, Ipv4Addr};

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::{AccessList, ListKind};
use crate::clock::rfc2822;
use crate::network::{Network, not_found};
use crate::rest::ApiError;

/// Twilio's limits for one list.
const CREDENTIALS_PER_LIST_MAX: usize = 1_000;
const ADDRESSES_PER_LIST_MAX: usize = 100;
const USERNAME_CHARACTERS_MAX: usize = 32;
const PASSWORD_CHARACTERS_MIN: usize = 12;
/// One address and no more.
const PREFIX_BITS_MAX: u8 = 32;

/// One of them.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    sid: String,
    who: Who,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Clone, Debug)]
enum Who {
    /// Twilio takes IPv4 only.
    Address {
        friendly_name: String,
        network: Ipv4Addr,
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
    pub(in crate::network::sip) fn has_address(&self, source: IpAddr) -> bool {
        let IpAddr::V4(source) = source else { return false };
        self.entries.iter().any(|entry| match &entry.who {
            Who::Address {
                network, prefix_bits, ..
            } => covers(*network, *prefix_bits, source),
            Who::Credential { .. } => false,
        })
    }

    pub(in crate::network::sip) fn has_credential(&self, name: &str, word: &str) -> bool {
        self.entries.iter().any(|entry| match &entry.who {
            Who::Credential { username, password } => username == name && password.expose_secret() == word,
            Who::Address { .. } => false,
        })
    }

    /// Fails if another entry than `sid` says the same.
    fn check_unique(&self, sid: &str, who: &Who) -> Result<(), ApiError> {
        let mut others = self.entries.iter().filter(|entry| entry.sid != sid);
        if others.any(|entry| entry.who.is_same(who)) {
            let message = "The list has this entry already".to_owned();
            return Err(ApiError::new(400, 20409, message));
        }
        Ok(())
    }
}

impl Network {
    pub(crate) fn create_entry(
        &mut self,
        account: &str,
        kind: ListKind,
        list: &str,
        changes: EntryChanges,
    ) -> Result<Value, ApiError> {
        let sid = self.sids.next(kind.prefixes().1);
        let now = self.now;
        let found = self.list_of(account, kind, list)?;
        let who = Who::of(kind, changes)?;
        let most = match kind {
            ListKind::Addresses => ADDRESSES_PER_LIST_MAX,
            ListKind::Credentials => CREDENTIALS_PER_LIST_MAX,
        };
        if found.entries.len() >= most {
            return Err(ApiError::parameter(format!("A list has at most {most} entries")));
        }
        found.check_unique(&sid, &who)?;
        found.entries.push(Entry {
            sid: sid.clone(),
            who,
            created_at: now,
            updated_at: now,
        });
        self.entry_view(account, kind, list, &sid)
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
        (list, sid): (&str, &str),
        changes: EntryChanges,
    ) -> Result<Value, ApiError> {
        let now = self.now;
        let found = self.list_of(account, kind, list)?;
        let entry = found.entries.iter().find(|entry| entry.sid == sid);
        let who = entry.ok_or_else(|| not_found(sid))?.who.changed(changes)?;
        found.check_unique(sid, &who)?;
        if let Some(entry) = found.entries.iter_mut().find(|entry| entry.sid == sid) {
            entry.who = who;
            entry.updated_at = now;
        }
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
    /// Whoever a new entry is about: everything must be given, apart from the length of the prefix.
    fn of(kind: ListKind, changes: EntryChanges) -> Result<Self, ApiError> {
        let missing = ApiError::missing;
        Ok(match kind {
            ListKind::Addresses => Self::Address {
                friendly_name: changes.friendly_name.ok_or_else(|| missing("FriendlyName"))?,
                network: address(&changes.address.ok_or_else(|| missing("IpAddress"))?)?,
                prefix_bits: prefix_bits(changes.prefix_bits.unwrap_or(PREFIX_BITS_MAX))?,
            },
            ListKind::Credentials => Self::Credential {
                username: username(changes.username.ok_or_else(|| missing("Username"))?)?,
                password: password(changes.password.ok_or_else(|| missing("Password"))?)?,
            },
        })
    }

    /// A user keeps the name.
    fn changed(&self, changes: EntryChanges) -> Result<Self, ApiError> {
        Ok(match self {
            Self::Address {
                friendly_name,
                network,
                prefix_bits: bits,
            } => Self::Address {
                friendly_name: changes.friendly_name.unwrap_or_else(|| friendly_name.clone()),
                network: changes.address.map_or(Ok(*network), |text| address(&text))?,
                prefix_bits: prefix_bits(changes.prefix_bits.unwrap_or(*bits))?,
            },
            Self::Credential {
                username,
                password: word,
            } => Self::Credential {
                username: username.clone(),
                password: changes.password.map_or_else(|| Ok(word.clone()), password)?,
            },
        })
    }

    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Credential { username: one, .. }, Self::Credential { username: other, .. }) => {
                one == other
            }
            (
                Self::Address {
                    network, prefix_bits, ..
                },
                Self::Address {
                    network: other,
                    prefix_bits: bits,
                    ..
                },
            ) => network == other && prefix_bits == bits,
            (Self::Address { .. } | Self::Credential { .. }, _) => false,
        }
    }
}

fn address(text: &str) -> Result<Ipv4Addr, ApiError> {
    text.parse()
        .map_err(|_| ApiError::parameter(format!("{text} is not an IPv4 address")))
}

fn prefix_bits(bits: u8) -> Result<u8, ApiError> {
    if bits > PREFIX_BITS_MAX {
        return Err(ApiError::parameter("CidrPrefixLength is at most 32"));
    }
    Ok(bits)
}

fn username(name: String) -> Result<String, ApiError> {
    let plain = |c: char| c.is_ascii_graphic() && !"<>\"@:;,?/\\".contains(c);
    if name.is_empty() || name.chars().count() > USERNAME_CHARACTERS_MAX || !name.chars().all(plain) {
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

fn covers(network: Ipv4Addr, prefix_bits: u8, source: Ipv4Addr) -> bool {
    let host_bits = u32::from(PREFIX_BITS_MAX - prefix_bits);
    let mask = u32::MAX.checked_shl(host_bits).unwrap_or(0);
    network.to_bits() & mask == source.to_bits() & mask
}

fn entry_json(list: &AccessList, entry: &Entry) -> Value {
    let mut view = json!({
        "sid": entry.sid,
        "account_sid": list.account,
        "date_created": rfc2822(entry.created_at),
        "date_updated": rfc2822(entry.updated_at),
        "uri": format!("{}/{}/{}.json", list.path(), list.kind.entries_path(), entry.sid),
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
    use super::{address, covers, password, prefix_bits, username};

    #[test]
    fn a_prefix_covers_its_network_and_nothing_else() {
        let at = |text: &str| text.parse().unwrap();
        assert!(covers(at("203.0.113.0"), 24, at("203.0.113.77")));
        assert!(!covers(at("203.0.113.0"), 24, at("203.0.114.77")));
        assert!(covers(at("203.0.113.7"), 32, at("203.0.113.7")));
        assert!(!covers(at("203.0.113.7"), 32, at("203.0.113.8")));
        assert!(covers(at("0.0.0.0"), 0, at("198.51.100.1")));
    }

    #[test]
    fn addresses_are_those_of_the_old_internet() {
        assert!(address("203.0.113.7").is_ok());
        for wrong in ["2001:db8::1", "203.0.113", "203.0.113.*", ""] {
            assert!(address(wrong).is_err(), "{wrong}");
        }
        assert!(prefix_bits(32).is_ok() && prefix_bits(33).is_err());
    }

    #[test]
    fn users_have_names_without_signs_of_uris() {
        assert!(username("front-desk_1".to_owned()).is_ok());
        for wrong in ["", "a b", "a@b", "a:b", &"a".repeat(33)] {
            assert!(username(wrong.to_owned()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn passwords_are_long_and_mixed() {
        assert!(password("Abcdefghijk1".to_owned()).is_ok());
        for weak in ["Abcdefghij1", "abcdefghijk1", "ABCDEFGHIJK1", "Abcdefghijkl"] {
            assert!(password(weak.to_owned()).is_err(), "{weak}");
        }
    }
}

//! How accounts, keys and tokens are shown.

use serde_json::{Value, json};

use super::root;
use crate::clock::{iso8601, rfc2822};
use crate::network::accounts::Account;
use crate::network::keys::Key;
use crate::network::{Network, not_found};
use crate::rest::ApiError;
use crate::webhook::AuthToken;

impl Network {
    pub(crate) fn account_view(&self, sid: &str) -> Result<Value, ApiError> {
        let account = self.accounts.get(sid).ok_or_else(|| not_found(sid))?;
        Ok(account_json(account, self.limits.trial))
    }

    /// The holder and its subaccounts.
    pub(crate) fn list_accounts(&self, holder: &str, name: Option<&str>, status: Option<&str>) -> Vec<Value> {
        let own = self.accounts.all().filter(|it| self.holds(holder, &it.sid));
        let wanted = own.filter(|account| {
            name.is_none_or(|name| name == account.friendly_name)
                && status.is_none_or(|status| status == account.standing.as_str())
        });
        wanted
            .map(|account| account_json(account, self.limits.trial))
            .collect()
    }

    pub(crate) fn key_view(&self, account: &str, sid: &str) -> Result<Value, ApiError> {
        let mut keys = self.accounts.keys.iter();
        let key = keys.find(|key| key.sid == sid && key.account == account);
        key.map(key_json).ok_or_else(|| not_found(sid))
    }

    pub(crate) fn list_keys(&self, account: &str) -> Vec<Value> {
        let own = self.accounts.keys.iter().filter(|key| key.account == account);
        own.map(key_json).collect()
    }

    /// Credentials for STUN and TURN. No such servers are run: media goes straight to the network.
    pub(crate) fn ice_token(&mut self, account: &str, ttl_s: u32) -> Value {
        let username = format!("{}{}", self.sids.next(""), self.sids.next(""));
        let password = self.sids.next("");
        let host = url::Url::parse(&self.origin)
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned))
            .unwrap_or_default();
        let turn = |port: u16, transport: &str| {
            let urls = format!("turn:{host}:{port}?transport={transport}");
            json!({ "url": urls, "urls": urls, "username": username, "credential": password })
        };
        let stun = format!("stun:{host}:3478");
        json!({
            "account_sid": account,
            "username": username,
            "password": password,
            "ttl": ttl_s.to_string(),
            "ice_servers": [
                { "url": stun, "urls": stun },
                turn(3_478, "udp"),
                turn(3_478, "tcp"),
                turn(443, "tcp"),
            ],
            "date_created": rfc2822(self.now),
            "date_updated": rfc2822(self.now),
        })
    }

    /// A key as `iam.twilio.com` shows it, if the holder or one of its subaccounts has it.
    pub(crate) fn iam_key_view(&self, holder: &str, sid: &str) -> Result<Value, ApiError> {
        let mut keys = self.accounts.keys.iter();
        let key = keys.find(|key| key.sid == sid && self.holds(holder, &key.account));
        let mut view = key.map(key_json).ok_or_else(|| not_found(sid))?;
        view["policy"] = json!(key.and_then(|key| key.scope.policy()));
        Ok(view)
    }

    pub(crate) fn list_iam_keys(&self, holder: &str, account: &str) -> Result<Vec<Value>, ApiError> {
        if !self.holds(holder, account) {
            return Err(not_found(account));
        }
        let own = self.accounts.keys.iter().filter(|key| key.account == account);
        let rows = own.map(|key| {
            let mut row = key_json(key);
            row["flags"] = json!(key.scope.flags());
            row
        });
        Ok(rows.collect())
    }

    /// The newer products' spelling: ISO dates and whole URLs.
    pub(crate) fn token_view(&self, account: &str, field: &str, token: &AuthToken, path: &str) -> Value {
        let account = self.accounts.get(account);
        json!({
            "account_sid": account.map(|account| account.sid.as_str()),
            field: token.expose(),
            "date_created": account.map(|account| iso8601(account.updated_at)),
            "date_updated": account.map(|account| iso8601(account.updated_at)),
            "url": format!("https://accounts.twilio.com/v1/AuthTokens/{path}"),
        })
    }
}

fn key_json(key: &Key) -> Value {
    json!({
        "sid": key.sid,
        "friendly_name": key.friendly_name,
        "date_created": rfc2822(key.created_at),
        "date_updated": rfc2822(key.updated_at),
    })
}

fn account_json(account: &Account, trial: bool) -> Value {
    let uri = root(&account.sid);
    let parts = [
        ("available_phone_numbers", "AvailablePhoneNumbers"),
        ("calls", "Calls"),
        ("conferences", "Conferences"),
        ("incoming_phone_numbers", "IncomingPhoneNumbers"),
        ("notifications", "Notifications"),
        ("outgoing_caller_ids", "OutgoingCallerIds"),
        ("recordings", "Recordings"),
        ("transcriptions", "Transcriptions"),
    ];
    let subresources: serde_json::Map<String, Value> = parts
        .iter()
        .map(|(name, path)| ((*name).to_owned(), json!(format!("{uri}/{path}.json"))))
        .collect();
    json!({
        "sid": account.sid,
        "owner_account_sid": account.owner,
        "friendly_name": account.friendly_name,
        "status": account.standing.as_str(),
        "type": if trial { "Trial" } else { "Full" },
        "auth_token": account.token.expose(),
        "date_created": rfc2822(account.created_at),
        "date_updated": rfc2822(account.updated_at),
        "uri": format!("{uri}.json"),
        "subresource_uris": subresources,
    })
}

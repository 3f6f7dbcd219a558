//! Verified caller ids: numbers of others that calls may show.

use jiff::Timestamp;
use rand::Rng;
use serde_json::{Value, json};

use super::views::{formatted, root};
use super::{Network, not_found};
use crate::clock::rfc2822;
use crate::rest::ApiError;

/// Caller ids of all accounts.
const CALLER_IDS_MAX: usize = 10_000;

/// A number that its owner has confirmed.
#[derive(Clone, Debug)]
pub(super) struct CallerId {
    sid: String,
    pub(super) account: String,
    pub(super) e164: String,
    friendly_name: String,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl Network {
    /// `POST OutgoingCallerIds`: whoever picks up types the code at once, so the number is verified.
    pub(crate) fn validate_caller_id(
        &mut self,
        account: &str,
        e164: &str,
        friendly_name: Option<String>,
    ) -> Result<Value, ApiError> {
        if self.caller_id_of(account, e164).is_some() {
            let message = format!("Phone number already verified for your account: {e164}");
            return Err(ApiError::new(400, 21450, message));
        }
        if self.caller_ids.len() >= CALLER_IDS_MAX {
            return Err(ApiError::parameter("Too many caller ids"));
        }
        let friendly_name = friendly_name.unwrap_or_else(|| formatted(e164));
        let code = self.population.rng().random_range(0..1_000_000_u32);
        let (sid, call_sid) = (self.sids.next("PN"), self.sids.next("CA"));
        self.caller_ids.push(CallerId {
            sid,
            account: account.to_owned(),
            e164: e164.to_owned(),
            friendly_name: friendly_name.clone(),
            created_at: self.now,
            updated_at: self.now,
        });
        Ok(json!({
            "account_sid": account,
            "call_sid": call_sid,
            "friendly_name": friendly_name,
            "phone_number": e164,
            "validation_code": format!("{code:06}"),
        }))
    }

    /// The SID of a caller id that the account has verified.
    pub(super) fn caller_id_of(&self, account: &str, e164: &str) -> Option<&str> {
        let mut ids = self.caller_ids.iter();
        let own = ids.find(|it| it.e164 == e164 && it.account == account);
        own.map(|it| it.sid.as_str())
    }

    pub(crate) fn list_caller_ids(
        &self,
        account: &str,
        number: Option<&str>,
        name: Option<&str>,
    ) -> Vec<Value> {
        let wanted = self.caller_ids.iter().filter(|it| {
            it.account == account
                && number.is_none_or(|number| number == it.e164)
                && name.is_none_or(|name| name == it.friendly_name)
        });
        wanted.map(caller_id_json).collect()
    }

    pub(crate) fn caller_id_view(&self, account: &str, sid: &str) -> Result<Value, ApiError> {
        let mut ids = self.caller_ids.iter();
        let found = ids.find(|it| it.sid == sid && it.account == account);
        found.map(caller_id_json).ok_or_else(|| not_found(sid))
    }

    pub(crate) fn rename_caller_id(
        &mut self,
        account: &str,
        sid: &str,
        name: String,
    ) -> Result<(), ApiError> {
        let now = self.now;
        let mut ids = self.caller_ids.iter_mut();
        let found = ids.find(|it| it.sid == sid && it.account == account);
        let found = found.ok_or_else(|| not_found(sid))?;
        found.friendly_name = name;
        found.updated_at = now;
        Ok(())
    }

    pub(crate) fn delete_caller_id(&mut self, account: &str, sid: &str) -> Result<(), ApiError> {
        self.caller_id_view(account, sid)?;
        self.caller_ids.retain(|it| it.sid != sid);
        Ok(())
    }
}

fn caller_id_json(it: &CallerId) -> Value {
    json!({
        "sid": it.sid,
        "account_sid": it.account,
        "phone_number": it.e164,
        "friendly_name": it.friendly_name,
        "date_created": rfc2822(it.created_at),
        "date_updated": rfc2822(it.updated_at),
        "uri": format!("{}/OutgoingCallerIds/{}.json", root(&it.account), it.sid),
    })
}

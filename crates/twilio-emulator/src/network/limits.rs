//! What the account may do: trial accounts, countries, and calls at once.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::call::Status;
use super::{CallOrder, Network};
use crate::rest::{ApiError, is_e164};

/// Calls of a trial account end after ten minutes.
const TRIAL_TIME_LIMIT_S: u32 = 600;
/// Area codes of +1 in the Caribbean and Bermuda: other countries, and a favourite of toll fraud.
const CARIBBEAN: [&str; 21] = [
    "242", "246", "264", "268", "284", "345", "441", "473", "649", "658", "664", "721", "758", "767", "784",
    "809", "829", "849", "868", "869", "876",
];

/// What the account may do.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Only verified numbers may be called, for ten minutes; they hear a notice and press a key first.
    pub trial: bool,
    /// Outgoing caller IDs that the account has verified.
    pub verified: Vec<String>,
    /// Calls being dialled, ringing or in progress at once; more are refused (10004).
    pub concurrent_calls_max: Option<u32>,
    /// Which numbers may be called, by prefix; the longest counts, and without any a number may not.
    pub geo: BTreeMap<String, bool>,
    /// Prefixes of numbers with a risk of toll fraud, which need their country's permission for that.
    pub toll_fraud: Vec<String>,
    /// Outbound calls started per second from now on, if it is to change.
    pub cps: Option<u32>,
}

impl Limits {
    /// What makes no sense about them.
    pub(crate) fn complaint(&self) -> Option<String> {
        if self.cps == Some(0) {
            return Some("cps is 1 or more: calls started per second".to_owned());
        }
        let is_prefix = |text: &str| {
            let digits = text.strip_prefix('+');
            digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        };
        let mut prefixes = self.geo.keys().chain(&self.toll_fraud);
        if let Some(prefix) = prefixes.find(|prefix| !is_prefix(prefix)) {
            return Some(format!(
                "geo and toll_fraud have prefixes such as +1, not {prefix}"
            ));
        }
        let number = self.verified.iter().find(|number| !is_e164(number))?;
        Some(format!("verified has numbers such as +13125550142, not {number}"))
    }
}

impl Default for Limits {
    /// A full account that may call the United States and Canada.
    fn default() -> Self {
        let islands = CARIBBEAN.iter().map(|code| (format!("+1{code}"), false));
        Self {
            trial: false,
            verified: Vec::new(),
            concurrent_calls_max: None,
            geo: islands.chain([("+1".to_owned(), true)]).collect(),
            toll_fraud: Vec::new(),
            cps: None,
        }
    }
}

/// "'To' phone number not verified".
pub(super) const TO_UNVERIFIED: u32 = 21219;

impl Network {
    pub(crate) fn set_limits(&mut self, limits: Limits) {
        self.log("limits.set", &[]);
        if let Some(cps) = limits.cps {
            self.cps = cps;
        }
        self.main_dialing.geo.clone_from(&limits.geo);
        self.limits = limits;
    }

    /// Whether this is an outgoing caller ID that has been verified.
    pub(super) fn is_verified(&self, number: &str) -> bool {
        self.limits.verified.iter().any(|verified| verified == number)
    }

    /// A trial account calls its own and verified numbers only; otherwise why not.
    pub(super) fn trial_permits(&self, account: &str, to: &str) -> Result<(), String> {
        if !self.limits.trial || !to.starts_with('+') || self.may_call_from(account, to) {
            return Ok(());
        }
        Err(format!(
            "The number {to} is unverified. Trial accounts may only make calls to verified numbers."
        ))
    }

    /// Whether the account may place this call now; a trial account's ends earlier.
    pub(super) fn permit(&self, order: &mut CallOrder) -> Result<(), ApiError> {
        let to = &order.to;
        if to.starts_with('+') && !self.geo_allows(&order.account, to) {
            let message = format!(
                "Account not authorized to call {to}. Perhaps you need to enable some international \
                permissions: https://www.twilio.com/console/voice/calls/geo-permissions/low-risk"
            );
            return Err(ApiError::new(400, 21215, message));
        }
        if self.limits.trial {
            self.trial_permits(&order.account, to)
                .map_err(|message| ApiError::new(400, TO_UNVERIFIED, message))?;
            let asked = order.time_limit_s.unwrap_or(TRIAL_TIME_LIMIT_S);
            order.time_limit_s = Some(asked.min(TRIAL_TIME_LIMIT_S));
        }
        let Some(most) = self.limits.concurrent_calls_max else {
            return Ok(());
        };
        let live = self
            .calls
            .values()
            .filter(|call| !call.status.is_final() && call.status != Status::Queued);
        if live.count() + self.queue.len() >= most as usize {
            return Err(ApiError::new(
                400,
                10004,
                "Call concurrency limit exceeded".to_owned(),
            ));
        }
        Ok(())
    }
}

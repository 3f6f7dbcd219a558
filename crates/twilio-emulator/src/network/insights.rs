//! Voice Insights: what is known of a call or a conference some time after its end, and what people say of it.

mod annotation;
mod calls;
mod rooms;
mod traces;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Number, Value, json};

use super::call::Call;
use super::{Network, not_found};
use crate::rest::ApiError;
use crate::sid::CallSid;
pub(crate) use annotation::Annotation;
use traces::SdkTrace;
pub(crate) use traces::{SdkReport, TraceFilter};

/// Twilio knows nothing of older calls.
const KNOWN_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Annotated calls; the first SID of more is forgotten.
const ANNOTATIONS_MAX: usize = 100_000;
/// Calls whose SDK has reported.
const TRACES_MAX: usize = 10_000;

/// What Insights keeps besides the calls themselves.
#[derive(Debug, Default)]
pub(super) struct Insights {
    /// Accounts with Advanced Features.
    advanced: BTreeSet<String>,
    /// Accounts with voice traces; nothing follows from it.
    voice_trace: BTreeSet<String>,
    annotations: BTreeMap<String, Annotation>,
    traces: BTreeMap<String, SdkTrace>,
}

impl Insights {
    /// What was turned on stays on.
    pub(super) fn forget(&mut self) {
        self.annotations.clear();
        self.traces.clear();
    }
}

/// How much is known of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Processing {
    Partial,
    Complete,
}

impl Processing {
    fn as_str(self) -> &'static str {
        match self {
            Self::Partial => "partial",
            Self::Complete => "complete",
        }
    }
}

/// Rows that a list's own parameters show, by where a row has what the parameter names.
#[derive(Clone, Debug, Default)]
pub(crate) struct RowFilter {
    /// A JSON pointer, and what has to be there.
    pub(crate) wanted: Vec<(&'static str, String)>,
    pub(crate) from: Option<String>,
    pub(crate) until: Option<String>,
}

impl RowFilter {
    pub(crate) fn shows(&self, row: &Value) -> bool {
        self.wanted
            .iter()
            .all(|(place, wanted)| match row.pointer(place) {
                Some(Value::String(text)) => text == wanted,
                Some(Value::Array(list)) => list.iter().any(|item| item.as_str() == Some(wanted)),
                Some(Value::Bool(flag)) => wanted.parse() == Ok(*flag),
                Some(Value::Number(number)) => wanted.parse().is_ok_and(|wanted: Number| wanted == *number),
                Some(Value::Null | Value::Object(_)) | None => false,
            })
    }
}

/// `4h`, `30m`, `3d` and `1w` ago, or a time.
fn moment(text: &str, now: Timestamp) -> Result<Timestamp, ApiError> {
    let refusal = || ApiError::parameter(format!("{text} is neither a time nor so long ago"));
    if let Ok(at) = text.parse() {
        return Ok(at);
    }
    let unit = text.chars().last().ok_or_else(refusal)?;
    let count: i64 = text[..text.len() - unit.len_utf8()]
        .parse()
        .map_err(|_| refusal())?;
    let minutes = match unit {
        'm' => 1,
        'h' => 60,
        'd' => 24 * 60,
        'w' => 7 * 24 * 60,
        _ => return Err(refusal()),
    };
    let seconds = count.checked_mul(minutes * 60).ok_or_else(refusal)?;
    now.checked_sub(SignedDuration::from_secs(seconds))
        .map_err(|_| refusal())
}

impl Network {
    /// Insights are an extra that an account has to turn on.
    pub(super) fn require_insights(&self, account: &str) -> Result<(), ApiError> {
        if self.insights.advanced.contains(account) {
            return Ok(());
        }
        let message = "Voice Insights Advanced Features are not enabled for this account";
        Err(ApiError::new(403, 20403, message.to_owned()))
    }

    pub(crate) fn insights_settings(&self, holder: &str, account: &str) -> Result<Value, ApiError> {
        if !self.holds(holder, account) {
            return Err(not_found(account));
        }
        Ok(json!({
            "account_sid": account,
            "advanced_features": self.insights.advanced.contains(account),
            "voice_trace": self.insights.voice_trace.contains(account),
            "url": format!("{}/v1/Voice/Settings", self.origin),
        }))
    }

    pub(crate) fn set_insights(&mut self, account: &str, advanced: Option<bool>, voice_trace: Option<bool>) {
        let set = |accounts: &mut BTreeSet<String>, on: Option<bool>| match on {
            Some(true) => {
                accounts.insert(account.to_owned());
            }
            Some(false) => {
                accounts.remove(account);
            }
            None => {}
        };
        set(&mut self.insights.advanced, advanced);
        set(&mut self.insights.voice_trace, voice_trace);
    }

    /// A call of the account that Insights still knows.
    fn insights_call(&self, account: &str, sid: &str) -> Result<&Call, ApiError> {
        self.require_insights(account)?;
        let call = self.calls.get(&CallSid::from_text(sid));
        let call = call
            .filter(|call| call.account == account)
            .ok_or_else(|| not_found(sid))?;
        if !self.is_known(call) {
            let message = format!("{sid} is older than 30 days");
            return Err(ApiError::new(400, 17_002, message));
        }
        Ok(call)
    }

    fn is_known(&self, call: &Call) -> bool {
        self.now.duration_since(call.created_at) <= KNOWN_FOR
    }

    /// How much is known of what ended then.
    fn processing(&self, ended_at: Option<Timestamp>) -> Option<Processing> {
        let age_s = self.now.duration_since(ended_at?).as_secs();
        if age_s >= i64::from(self.switches.insights_complete_after_s) {
            Some(Processing::Complete)
        } else if age_s >= i64::from(self.switches.insights_partial_after_s) {
            Some(Processing::Partial)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_may_be_so_long_ago() {
        let now: Timestamp = "2026-01-05T12:00:00Z".parse().unwrap();
        let at = |text: &str| moment(text, now).map(|at| at.to_string());
        assert_eq!(at("4h").unwrap(), "2026-01-05T08:00:00Z");
        assert_eq!(at("1w").unwrap(), "2025-12-29T12:00:00Z");
        assert_eq!(at("2026-01-01T00:00:00Z").unwrap(), "2026-01-01T00:00:00Z");
        for bad in ["", "h", "4y", "é", "99999999999999999w", "99999999999999d"] {
            assert!(at(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn rows_are_shown_by_what_they_say() {
        let row = json!({ "state": "busy", "score": 4, "spam": true, "issues": ["echo"] });
        let shows = |place, wanted: &str| {
            let wanted = vec![(place, wanted.to_owned())];
            RowFilter {
                wanted,
                ..RowFilter::default()
            }
            .shows(&row)
        };
        assert!(
            shows("/state", "busy")
                && shows("/score", "4")
                && shows("/spam", "true")
                && shows("/issues", "echo")
        );
        assert!(!shows("/state", "completed") && !shows("/nothing", "busy"));
    }
}

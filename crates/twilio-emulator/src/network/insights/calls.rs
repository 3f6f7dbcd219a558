//! Summaries of calls.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Network, Processing, RowFilter, moment};
use crate::clock::iso8601;
use crate::network::call::{Call, Party, Status};
use crate::network::geography::country;
use crate::network::not_found;
use crate::rest::ApiError;

/// What a list of summaries covers if it is not told.
const LISTED_FROM: &str = "4h";
const LISTED_UNTIL: &str = "0m";

/// Packets of 20 ms.
const PACKETS_PER_S: i64 = 50;

/// Insights' own words for where a call stands.
pub(super) fn state(call: &Call) -> &'static str {
    match call.status {
        Status::Queued | Status::Initiated => "undialed",
        Status::Ringing => "ringing",
        Status::InProgress => "answered",
        Status::Completed => "completed",
        Status::Busy => "busy",
        Status::Failed => "fail",
        Status::NoAnswer => "noanswer",
        Status::Canceled if call.dialled_at.is_none() => "undialed",
        Status::Canceled => "canceled",
    }
}

pub(super) fn kind(call: &Call) -> &'static str {
    if call.direction().starts_with("trunking") {
        return "trunking";
    }
    match &call.party {
        Party::Client(_) => "client",
        Party::Person(_) if call.to.starts_with("sip:") || call.from.starts_with("sip:") => "sip",
        Party::Person(_) => "carrier",
    }
}

fn seconds(from: Option<Timestamp>, to: Option<Timestamp>) -> i64 {
    let lasted = from.zip(to).map(|(from, to)| to.duration_since(from));
    lasted.map_or(0, |lasted| lasted.as_secs())
}

impl Network {
    /// The summary that there is by now, or that of this state.
    pub(crate) fn call_summary(
        &self,
        account: &str,
        sid: &str,
        wanted: Option<&str>,
    ) -> Result<Value, ApiError> {
        let call = self.insights_call(account, sid)?;
        let known = self.processing(call.ended_at).ok_or_else(|| not_found(sid))?;
        let shown = match wanted {
            Some("partial") => Processing::Partial,
            Some("complete") if known == Processing::Partial => return Err(not_found(sid)),
            Some(_) | None => known,
        };
        Ok(self.summary_json(call, shown.as_str()))
    }

    /// Where the rest of what is known of a call is.
    pub(crate) fn call_insights(&self, account: &str, sid: &str) -> Result<Value, ApiError> {
        self.insights_call(account, sid)?;
        let url = format!("{}/v1/Voice/{sid}", self.origin);
        Ok(json!({
            "sid": sid,
            "url": url,
            "links": {
                "annotation": format!("{url}/Annotation"),
                "events": format!("{url}/Events"),
                "metrics": format!("{url}/Metrics"),
                "summary": format!("{url}/Summary"),
            },
        }))
    }

    /// Newest first.
    pub(crate) fn list_summaries(
        &self,
        holder: &str,
        account: &str,
        state: &str,
        filter: &RowFilter,
    ) -> Result<Vec<Value>, ApiError> {
        if !self.holds(holder, account) {
            return Err(not_found(account));
        }
        self.require_insights(account)?;
        let at = |text: &Option<String>, default: &str| moment(text.as_deref().unwrap_or(default), self.now);
        let (from, until) = (at(&filter.from, LISTED_FROM)?, at(&filter.until, LISTED_UNTIL)?);
        let newest_first = self.call_order.iter().rev().filter_map(|sid| self.calls.get(sid));
        let rows = newest_first
            .filter(|call| call.account == account && self.is_known(call))
            .filter(|call| (from..=until).contains(&call.dialled_at.unwrap_or(call.created_at)))
            .filter_map(|call| {
                let shown = match (state, self.processing(call.ended_at)) {
                    ("all" | "started", None) => "started",
                    ("all" | "completed", Some(Processing::Complete)) => "complete",
                    ("all" | "partial", Some(Processing::Partial)) => "partial",
                    _ => return None,
                };
                Some(self.summary_json(call, shown))
            });
        Ok(rows.filter(|row| filter.shows(row)).collect())
    }

    fn summary_json(&self, call: &Call, state_of_processing: &str) -> Value {
        let sid = call.sid.as_str();
        let connected_s = seconds(call.answered_at, call.ended_at);
        let edge = json!({
            "metrics": { "inbound": stream(connected_s), "outbound": stream(connected_s) },
            "properties": { "media_region": "us1", "signaling_region": "us1", "direction": direction(call) },
        });
        let on = |kinds: &[&str]| {
            if kinds.contains(&kind(call)) {
                edge.clone()
            } else {
                Value::Null
            }
        };
        json!({
            "account_sid": call.account,
            "call_sid": sid,
            "call_type": kind(call),
            "call_state": state(call),
            "answered_by": call.answered_by(self.now),
            "processing_state": state_of_processing,
            "created_time": iso8601(call.created_at),
            "start_time": call.dialled_at.map(iso8601),
            "end_time": call.ended_at.map(iso8601),
            "duration": seconds(call.dialled_at, call.ended_at),
            "connect_duration": connected_s,
            "from": party("caller", &call.from),
            "to": party("callee", &call.to),
            "carrier_edge": on(&["carrier", "trunking"]),
            "client_edge": on(&["client"]),
            "sdk_edge": self.sdk_edge(sid),
            "sip_edge": on(&["sip", "trunking"]),
            "tags": [],
            "agent_session_summaries": [],
            "attributes": { "conference_participant": call.was_in_room },
            "properties": {
                "direction": direction(call),
                "last_sip_response_num": call.sip_code().parse::<u16>().unwrap_or_default(),
                "queue_time": call.queue_ms,
            },
            "trust": self.trust_json(call),
            "annotation": self.annotation_json(&call.account, sid),
            "url": format!("{}/v1/Voice/{sid}/Summary", self.origin),
        })
    }

    fn trust_json(&self, call: &Call) -> Value {
        let verified = !call.inbound && self.attestation(&call.from) == Some("A");
        let number = self.numbers.iter().find(|number| number.e164 == call.from);
        let profile = number.and_then(|number| self.trust.profile_of(&number.sid));
        json!({
            "verified_caller": { "verified": verified },
            "branded": { "enabled": false },
            "business_profile": profile.map(|profile| json!({ "bundle_sid": profile.sid })),
            "voice_integrity": { "enabled": false },
        })
    }
}

/// As the list's filter spells it.
fn direction(call: &Call) -> String {
    call.direction().replace('-', "_")
}

fn party(role: &str, number: &str) -> Value {
    json!({
        role: number,
        "connection": if number.starts_with("client:") { "twilio_sdk" } else { "landline" },
        "country_code": country(number),
        "number_prefix": number.get(..5).filter(|prefix| prefix.starts_with("+1")),
    })
}

/// Simulated lines lose nothing.
fn stream(connected_s: i64) -> Value {
    json!({
        "codec_name": "pcmu",
        "packets_received": connected_s * PACKETS_PER_S,
        "packets_lost": 0,
        "packet_loss_percentage": 0.0,
        "jitter": { "avg": 0.0, "max": 0.0 },
    })
}

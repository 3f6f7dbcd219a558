//! Events and metrics of a call: the network's own, and what the Voice SDK posted.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Insights, Network, TRACES_MAX};
use crate::clock::iso8601;
use crate::rest::ApiError;
use crate::sid::CallSid;

/// Of one call, the newest events and samples; the SDK takes a sample a second.
const EVENTS_MAX: usize = 500;
const SAMPLES_MAX: usize = 3_600;
/// Of a sample, what is shown; whatever else a page posts is not kept.
const MEASURES: [&str; 12] = [
    "packets_received",
    "packets_lost",
    "audio_level_in",
    "audio_level_out",
    "jitter",
    "mos",
    "rtt",
    "total_bytes_received",
    "total_bytes_sent",
    "total_packets_received",
    "total_packets_lost",
    "total_packets_sent",
];

/// Something the SDK posted.
#[derive(Clone, Debug, Default)]
pub(crate) struct SdkReport {
    pub(crate) group: String,
    pub(crate) name: String,
    pub(crate) level: String,
    pub(crate) call: Option<String>,
    /// What it measured, if it did.
    pub(crate) sample: Option<Value>,
}

/// What the SDK told of one call.
#[derive(Debug, Default)]
pub(super) struct SdkTrace {
    events: VecDeque<(Timestamp, SdkReport)>,
    samples: VecDeque<(Timestamp, Value)>,
    /// When it told something last.
    told_at: Timestamp,
}

/// `GET Events` and `GET Metrics`: what to show.
#[derive(Clone, Debug, Default)]
pub(crate) struct TraceFilter {
    pub(crate) edge: Option<String>,
    pub(crate) direction: Option<String>,
}

impl Insights {
    fn trace(&mut self, call: String, report: SdkReport, now: Timestamp) {
        let traces = &mut self.traces;
        if traces.len() >= TRACES_MAX && !traces.contains_key(&call) {
            let silent = traces.iter().min_by_key(|(_, trace)| trace.told_at);
            if let Some(silent) = silent.map(|(call, _)| call.clone()) {
                traces.remove(&silent);
            }
        }
        traces.entry(call).or_default().take(report, now);
    }
}

impl SdkTrace {
    fn take(&mut self, report: SdkReport, now: Timestamp) {
        self.told_at = now;
        if let Some(sample) = report.sample {
            let measured = MEASURES.map(|name| (name.to_owned(), number(&sample[name])));
            self.samples.push_back((now, Value::from_iter(measured)));
            if self.samples.len() > SAMPLES_MAX {
                self.samples.pop_front();
            }
        } else {
            self.events.push_back((now, report));
            if self.events.len() > EVENTS_MAX {
                self.events.pop_front();
            }
        }
    }
}

impl Network {
    /// Notes what a page's SDK posts. Nobody checks it, but it has to be about a call that there is.
    pub(crate) fn note_insights(&mut self, reports: Vec<SdkReport>) {
        for report in reports {
            if report.sample.is_none() {
                self.log("insights", &[("group", &report.group), ("name", &report.name)]);
            }
            self.trace(report);
        }
    }

    fn trace(&mut self, report: SdkReport) {
        let Some(call) = report.call.clone() else { return };
        if !self.calls.contains_key(&CallSid::from_text(&call)) {
            return;
        }
        self.insights.trace(call, report, self.now);
    }

    /// Oldest first.
    pub(crate) fn insights_events(
        &self,
        account: &str,
        sid: &str,
        filter: &TraceFilter,
    ) -> Result<Vec<Value>, ApiError> {
        let call = self.insights_call(account, sid)?;
        let own_edge = match super::calls::kind(call) {
            "trunking" => "carrier_edge".to_owned(),
            kind => format!("{kind}_edge"),
        };
        let row = |at: Timestamp, edge: &str, (group, name, level): (&str, &str, &str)| {
            let mut row = json!({
                "timestamp": iso8601(at),
                "call_sid": sid,
                "account_sid": account,
                "edge": edge,
                "group": group,
                "level": level,
                "name": name,
                "conversation_relay_data": null,
            });
            for other in ["carrier_edge", "sip_edge", "sdk_edge", "client_edge"] {
                row[other] = if other == edge { json!({}) } else { Value::Null };
            }
            (at, row)
        };
        let logged = self
            .events
            .iter()
            .filter(|event| event.kind.starts_with("call.") && event.field("call") == Some(sid));
        let mut rows: Vec<(Timestamp, Value)> = logged
            .map(|event| {
                let name = event.kind.trim_start_matches("call.");
                row(event.at, &own_edge, ("call", name, "INFO"))
            })
            .collect();
        if let Some(trace) = self.insights.traces.get(sid) {
            let posted = trace.events.iter();
            rows.extend(posted.map(|(at, it)| row(*at, "sdk_edge", (&it.group, &it.name, &it.level))));
        }
        rows.sort_by_key(|(at, _)| *at);
        let rows = rows.into_iter().map(|(_, row)| row);
        Ok(rows.filter(|row| filter.shows(row)).collect())
    }

    /// What the SDK measured each second, oldest first. Only SDK legs are measured.
    pub(crate) fn insights_metrics(
        &self,
        account: &str,
        sid: &str,
        filter: &TraceFilter,
    ) -> Result<Vec<Value>, ApiError> {
        self.insights_call(account, sid)?;
        let samples = self.insights.traces.get(sid).map(|trace| &trace.samples);
        let rows = samples.into_iter().flatten().map(|(at, sample)| {
            let value = |name: &str| json!({ "value": sample[name] });
            json!({
                "timestamp": iso8601(*at),
                "call_sid": sid,
                "account_sid": account,
                "edge": "sdk_edge",
                "direction": "both",
                "carrier_edge": null,
                "sip_edge": null,
                "client_edge": null,
                "sdk_edge": {
                    "interval": {
                        "packets_received": sample["packets_received"],
                        "packets_lost": sample["packets_lost"],
                        "audio_in": value("audio_level_in"),
                        "audio_out": value("audio_level_out"),
                        "jitter": value("jitter"),
                        "mos": value("mos"),
                        "rtt": value("rtt"),
                    },
                    "cumulative": {
                        "bytes_received": sample["total_bytes_received"],
                        "bytes_sent": sample["total_bytes_sent"],
                        "packets_received": sample["total_packets_received"],
                        "packets_lost": sample["total_packets_lost"],
                        "packets_sent": sample["total_packets_sent"],
                    },
                },
            })
        });
        Ok(rows.filter(|row| filter.shows(row)).collect())
    }

    /// The worst of what the SDK measured, for the summary.
    pub(super) fn sdk_edge(&self, sid: &str) -> Value {
        let Some(trace) = self.insights.traces.get(sid).filter(|it| !it.samples.is_empty()) else {
            return Value::Null;
        };
        let values = |name: &'static str| trace.samples.iter().filter_map(move |(_, it)| it[name].as_f64());
        let worst = |name| values(name).fold(0.0, f64::max);
        let mos = values("mos").fold(5.0, f64::min);
        json!({
            "metrics": {
                "samples": trace.samples.len(),
                "jitter": { "max": worst("jitter") },
                "rtt": { "max": worst("rtt") },
                "packets_lost": worst("total_packets_lost"),
                "mos": { "min": mos },
            },
            "events": trace.events.len(),
        })
    }
}

impl TraceFilter {
    fn shows(&self, row: &Value) -> bool {
        let is =
            |wanted: &Option<String>, name: &str| wanted.as_ref().is_none_or(|it| row[name] == *it.as_str());
        is(&self.edge, "edge") && is(&self.direction, "direction")
    }
}

/// The SDK writes some numbers as text.
fn number(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number),
        Value::String(text) => json!(text.parse::<f64>().ok()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: usize) -> Timestamp {
        Timestamp::from_second(i64::try_from(second).unwrap()).unwrap()
    }

    fn event(name: usize) -> SdkReport {
        SdkReport {
            name: name.to_string(),
            ..SdkReport::default()
        }
    }

    #[test]
    fn of_one_call_the_newest_are_kept() {
        let mut trace = SdkTrace::default();
        for n in 0..=EVENTS_MAX {
            trace.take(event(n), at(n));
        }
        for rtt in 0..=SAMPLES_MAX {
            let sample = Some(json!({ "rtt": rtt, "secret": "x" }));
            let report = SdkReport { sample, ..event(0) };
            trace.take(report, at(rtt));
        }
        assert_eq!(trace.events.len(), EVENTS_MAX);
        assert_eq!(trace.events[0].1.name, "1");
        assert_eq!(trace.samples.len(), SAMPLES_MAX);
        assert_eq!(trace.samples[0].1["rtt"], 1);
        assert!(trace.samples[0].1.get("secret").is_none());
    }

    #[test]
    fn the_call_that_was_silent_longest_is_forgotten() {
        let mut insights = Insights::default();
        for n in 0..TRACES_MAX {
            insights.trace(n.to_string(), event(n), at(n));
        }
        insights.trace("0".to_owned(), event(0), at(TRACES_MAX));
        assert_eq!(insights.traces.len(), TRACES_MAX, "it was known");
        insights.trace("new".to_owned(), event(0), at(TRACES_MAX));
        assert_eq!(insights.traces.len(), TRACES_MAX);
        let knows = |call: &str| insights.traces.contains_key(call);
        assert!(knows("0") && knows("new") && !knows("1"));
    }
}

//! Questions to the ground truth: who rang when, who heard whom, and what was played to them.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::Network;
use super::call::Call;
use super::callback::bool_text;
use super::events::Event;
use super::{Output, SoundSource};
use crate::media::MediaCommand;
use crate::sound::BEEP_MS;

/// Rows of one answer, the newest.
const ROWS_MAX: usize = 10_000;

/// `GET events`: what to show.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct EventFilter {
    pub(crate) after: u64,
    /// A kind, or its beginning up to a dot: `callback` shows `callback.delivered` too.
    pub(crate) kind: Option<String>,
    /// Events that name this call in any role.
    pub(crate) call: Option<String>,
}

impl EventFilter {
    pub(super) fn shows(&self, event: &Event) -> bool {
        let kind = self.kind.as_deref().is_none_or(|kind| {
            event
                .kind
                .strip_prefix(kind)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        });
        let roles = ["call", "listener", "speaker"];
        let call = self
            .call
            .as_deref()
            .is_none_or(|call| roles.iter().any(|role| event.field(role) == Some(call)));
        kind && call
    }
}

/// Which of the things that a leg hears at once a sound is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layer {
    /// The one that is played to the leg; the next one takes its place.
    Leg,
    /// Over that.
    Over,
    /// Heard by a whole room.
    Room,
}

impl SoundSource {
    /// What it is, and in which words or from where.
    pub(super) fn told(&self) -> (&'static str, &str) {
        match self {
            Self::Speech(text) => ("speech", text),
            Self::File(url) => ("file", url),
            Self::Keys(keys) => ("keys", keys),
            Self::Chime => ("chime", ""),
            Self::Beep => ("beep", ""),
            Self::Busy => ("busy", ""),
            Self::Intercept => ("intercept", ""),
            Self::Received(_) => ("file", ""),
            Self::Ringback { number, .. } => ("ringback", number),
            Self::HoldMusic => ("music", ""),
        }
    }
}

impl Network {
    /// Notes what a leg begins or ceases to hear besides other legs.
    pub(super) fn note_sound(&mut self, output: &Output) {
        if let Output::Sound {
            call, play, source, ..
        }
        | Output::SoundOver {
            call, play, source, ..
        } = output
        {
            let (what, content) = source.told();
            // Announcements and chimes sound over whatever else plays.
            let over = matches!(output, Output::SoundOver { .. }) || *source == SoundSource::Chime;
            let (play, over) = (play.to_string(), bool_text(over));
            let fields = [
                ("call", call.as_str()),
                ("play", &play),
                ("what", what),
                ("content", content),
                ("over", over),
            ];
            self.log("play.started", &fields);
        } else if let Output::Media(MediaCommand::StopPlay { leg }) = output {
            self.log("play.stopped", &[("call", leg)]);
        }
    }

    /// What the network played to whom, in order of its beginning; what goes on has no end.
    pub(crate) fn played(&self, listener: Option<&str>) -> Vec<Value> {
        let mut rows: Vec<Value> = Vec::new();
        // What each leg hears: the row, its name, and what it gives way to.
        let mut open: BTreeMap<&str, Vec<(usize, &str, Layer)>> = BTreeMap::new();
        for event in self.events.iter() {
            let field = |name: &str| event.field(name);
            let Some(call) = field("call").filter(|call| listener.is_none_or(|it| it == *call)) else {
                continue;
            };
            let name = field("play").or(field("speaker")).unwrap_or_default();
            let layer = match &*event.kind {
                "early-media.started" => Layer::Room,
                _ if field("over") == Some("true") => Layer::Over,
                _ => Layer::Leg,
            };
            let ends = |&mut (_, open, over): &mut (usize, &str, Layer)| match &*event.kind {
                "play.started" => layer == Layer::Leg && over == Layer::Leg,
                "play.ended" | "play.failed" | "early-media.ended" => open == name,
                "play.stopped" => over != Layer::Room,
                "call.ended" => true,
                _ => false,
            };
            let heard = open.entry(call).or_default();
            for (row, ..) in heard.extract_if(.., ends) {
                rows[row]["to"] = json!(event.at);
            }
            let (Some(what), Some(content)) = (field("what"), field("content")) else {
                continue;
            };
            let chime = (what == "chime").then(|| event.at + SignedDuration::from_millis(BEEP_MS.into()));
            if chime.is_none() {
                heard.push((rows.len(), name, layer));
            }
            rows.push(json!({
                "listener": call, "what": what, "content": content, "from": event.at, "to": chime,
            }));
        }
        let surplus = rows.len().saturating_sub(ROWS_MAX);
        rows.split_off(surplus)
    }

    /// Every call that left the queue, oldest first: who was called, and when it rang, was answered and ended.
    pub(crate) fn rang(&self, to: Option<&str>) -> Vec<Value> {
        let row = |call: &Call| {
            json!({
                "call": call.sid,
                "from": call.from,
                "to": call.to,
                "dialled_at": call.dialled_at,
                "rang_at": call.rang_at,
                "answered_at": call.answered_at,
                "ended_at": call.ended_at,
                "status": call.status.callback(),
            })
        };
        let mut rows: Vec<Value> = self
            .call_order
            .iter()
            .rev()
            .filter_map(|sid| self.calls.get(sid))
            .filter(|call| call.dialled_at.is_some() && to.is_none_or(|to| to == call.to))
            .take(ROWS_MAX)
            .map(row)
            .collect();
        rows.reverse();
        rows
    }

    /// Every stretch of time in which one leg heard another's voice, in order of their beginning; those
    /// that go on have no end.
    pub(crate) fn heard(&self, listener: Option<&str>) -> Vec<Value> {
        let mut stretches: Vec<Value> = Vec::new();
        let mut open: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for event in self.events.iter() {
            let (Some(hears), Some(speaks)) = (event.field("listener"), event.field("speaker")) else {
                continue;
            };
            if listener.is_some_and(|listener| listener != hears) {
                continue;
            }
            let pair = (hears, speaks);
            match &*event.kind {
                "heard.started" => {
                    open.insert(pair, stretches.len());
                    stretches.push(json!({
                        "listener": hears, "speaker": speaks, "from": event.at, "to": null,
                    }));
                }
                "heard.ended" => {
                    if let Some(at) = open.remove(&pair) {
                        stretches[at]["to"] = json!(event.at);
                    }
                }
                _ => {}
            }
        }
        let surplus = stretches.len().saturating_sub(ROWS_MAX);
        stretches.split_off(surplus)
    }
}

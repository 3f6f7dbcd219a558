//! The ground truth: what happened, in order, whatever the application was told.

use std::borrow::Cow;
use std::collections::VecDeque;

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use url::Url;

use super::truth::EventFilter;

/// The newest events are kept, about an hour of a busy floor.
const EVENTS_MAX: usize = 200_000;

/// What is longer, such as a URL, is cut off.
const FIELD_BYTES_MAX: usize = 4_096;

/// One thing that happened.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct Event {
    pub(crate) seq: u64,
    pub(crate) at: Timestamp,
    pub(crate) kind: Cow<'static, str>,
    #[serde(flatten)]
    fields: Fields,
}

/// Names and values, few of them.
#[derive(Clone, Debug)]
struct Fields(Vec<(&'static str, String)>);

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl Event {
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let field = self.fields.0.iter().find(|(known, _)| *known == name);
        field.map(|(_, value)| value.as_str())
    }
}

#[derive(Debug, Default)]
pub(super) struct EventLog {
    last_seq: u64,
    events: VecDeque<Event>,
}

impl EventLog {
    pub(super) fn push(
        &mut self,
        at: Timestamp,
        kind: impl Into<Cow<'static, str>>,
        fields: &[(&'static str, &str)],
    ) {
        self.last_seq += 1;
        let fields = fields
            .iter()
            .map(|(name, value)| {
                let value = without_password(value);
                let shown = &value[..value.floor_char_boundary(FIELD_BYTES_MAX)];
                (*name, shown.to_owned())
            })
            .collect();
        self.events.push_back(Event {
            seq: self.last_seq,
            at,
            kind: kind.into(),
            fields: Fields(fields),
        });
        if self.events.len() > EVENTS_MAX {
            self.events.pop_front();
        }
    }

    /// Everything that is kept, oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Event> {
        self.events.iter()
    }

    /// Forgets what happened; numbering goes on, so that `after` stays valid.
    pub(super) fn clear(&mut self) {
        self.events.clear();
    }
}

impl super::Network {
    /// The oldest events that the filter shows, at most `limit`.
    pub(crate) fn events_of(&self, filter: &EventFilter, limit: usize) -> Vec<Event> {
        let start = self
            .events
            .events
            .partition_point(|event| event.seq <= filter.after);
        let later = self.events.events.range(start..);
        later
            .filter(|event| filter.shows(event))
            .take(limit)
            .cloned()
            .collect()
    }
}

/// An address without the password it may carry for the application: the log is what people hand to each other.
fn without_password(value: &str) -> Cow<'_, str> {
    if !value.starts_with("http") || !value.contains('@') {
        return Cow::Borrowed(value);
    }
    let Ok(mut url) = Url::parse(value) else {
        return Cow::Borrowed(value);
    };
    if url.password().is_none() || url.set_password(None).is_err() {
        return Cow::Borrowed(value);
    }
    Cow::Owned(url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_tells_where_but_not_the_password() {
        let mut log = EventLog::default();
        let urls = [
            "https://ada:secret@app.example.com/voice?from=a@b",
            "https://app.example.com/voice",
            "http://?@",
        ];
        for url in urls {
            log.push(Timestamp::UNIX_EPOCH, "callback", &[("url", url)]);
        }
        let shown: Vec<&str> = log.iter().map(|event| event.field("url").unwrap()).collect();
        assert_eq!(
            shown,
            ["https://ada@app.example.com/voice?from=a@b", urls[1], urls[2]]
        );
    }
}

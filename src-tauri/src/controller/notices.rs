//! What the rep should know, until dismissed.

use crate::snapshot::Notice;

/// More would hide the window; the oldest goes first.
const NOTICES_MAX: usize = 6;

/// The list.
#[derive(Debug, Default)]
pub(super) struct Notices {
    last_id: u32,
    shown: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    topic: Option<&'static str>,
    notice: Notice,
}

impl Notices {
    /// Adds a notice, unless the same words are shown already.
    pub(super) fn add(&mut self, message: impl Into<String>) {
        self.push(None, message.into());
    }

    /// Replaces what is shown on a topic, or takes it back.
    pub(super) fn report(&mut self, topic: &'static str, message: Option<String>) {
        self.shown.retain(|entry| entry.topic != Some(topic));
        if let Some(message) = message {
            self.push(Some(topic), message);
        }
    }

    pub(super) fn dismiss(&mut self, id: u32) {
        self.shown.retain(|entry| entry.notice.id != id);
    }

    pub(super) fn shown(&self) -> Vec<Notice> {
        self.shown.iter().map(|entry| entry.notice.clone()).collect()
    }

    fn push(&mut self, topic: Option<&'static str>, message: String) {
        if self.shown.iter().any(|entry| entry.notice.message == message) {
            return;
        }
        if self.shown.len() == NOTICES_MAX {
            self.shown.remove(0);
        }
        self.last_id += 1;
        let id = self.last_id;
        self.shown.push(Entry {
            topic,
            notice: Notice { id, message },
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{NOTICES_MAX, Notices};

    fn words(notices: &Notices) -> Vec<String> {
        notices.shown().into_iter().map(|notice| notice.message).collect()
    }

    #[test]
    fn one_topic_has_one_notice_and_can_be_taken_back() {
        let mut notices = Notices::default();
        notices.report("microphone", Some("No microphone.".into()));
        notices.report("microphone", Some("The microphone is muted.".into()));
        assert_eq!(words(&notices), ["The microphone is muted."]);
        notices.report("microphone", None);
        assert_eq!(words(&notices), [""; 0]);
    }

    #[test]
    fn the_same_words_are_shown_once_and_the_list_stays_short() {
        let mut notices = Notices::default();
        notices.add("Twice.");
        notices.add("Twice.");
        assert_eq!(words(&notices), ["Twice."]);
        for number in 0..20 {
            notices.add(format!("Number {number}."));
        }
        assert_eq!(notices.shown().len(), NOTICES_MAX);
        let first = notices.shown()[0].id;
        notices.dismiss(first);
        assert_eq!(notices.shown().len(), NOTICES_MAX - 1);
    }
}

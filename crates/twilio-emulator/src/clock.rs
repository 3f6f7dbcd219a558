//! The network's clock: wall time that never runs backwards.

use std::time::Instant;

use jiff::{SignedDuration, Timestamp};

/// Reads time for everything in this crate; the machines get `now` as a parameter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    started: Instant,
    epoch: Timestamp,
}

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "the shell's one clock")]
    pub(crate) fn start() -> Self {
        Self {
            started: Instant::now(),
            epoch: Timestamp::now(),
        }
    }

    pub(crate) fn now(self) -> Timestamp {
        let elapsed = SignedDuration::try_from(self.started.elapsed()).unwrap_or(SignedDuration::MAX);
        self.epoch.saturating_add(elapsed).unwrap_or(Timestamp::MAX)
    }
}

/// `2026-11-22 10:00:00Z` as Twilio's API of 2010 writes it: `Sun, 22 Nov 2026 10:00:00 +0000`.
pub(crate) fn rfc2822(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

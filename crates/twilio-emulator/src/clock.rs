//! The network's clock: wall time that never runs backwards, or time that moves only when told to.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};

use crate::config::ClockMode;

/// Reads time for everything in this crate; the machines get `now` as a parameter.
#[derive(Clone, Debug)]
pub(crate) enum Clock {
    Real { started: Instant, epoch: Timestamp },
    Virtual(Arc<Mutex<Timestamp>>),
}

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "the shell's one clock")]
    pub(crate) fn start(mode: ClockMode) -> Self {
        match mode {
            ClockMode::Real => Self::Real {
                started: Instant::now(),
                epoch: Timestamp::now(),
            },
            ClockMode::Virtual { start } => Self::Virtual(Arc::new(Mutex::new(start))),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        match self {
            Self::Real { started, epoch } => {
                let elapsed = SignedDuration::try_from(started.elapsed()).unwrap_or(SignedDuration::MAX);
                epoch.saturating_add(elapsed).unwrap_or(Timestamp::MAX)
            }
            Self::Virtual(now) => *now.lock().expect("nothing panics while it holds this lock"),
        }
    }

    pub(crate) fn is_virtual(&self) -> bool {
        matches!(self, Self::Virtual(_))
    }

    /// Moves virtual time forward; real time moves by itself.
    pub(crate) fn advance_to(&self, at: Timestamp) {
        if let Self::Virtual(now) = self {
            let mut now = now.lock().expect("nothing panics while it holds this lock");
            *now = at.max(*now);
        }
    }
}

/// As Twilio's newer products write it: `2026-11-22T10:00:00Z`.
pub(crate) fn iso8601(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `2026-11-22 10:00:00Z` as Twilio's API of 2010 writes it: `Sun, 22 Nov 2026 10:00:00 +0000`.
pub(crate) fn rfc2822(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

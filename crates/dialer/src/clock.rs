//! The one place that reads clocks: real time for secrets, rule time for calling hours.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

/// Sets practice time: a time such as `2026-10-06T20:45:00-04:00`.
const PRACTICE_NOW: &str = "OFFHOOK_PRACTICE_NOW";

/// `OFFHOOK_PRACTICE_NOW` is not a time.
#[derive(Debug, thiserror::Error)]
#[error("OFFHOOK_PRACTICE_NOW must look like 2026-10-06T11:00:00-04:00")]
pub struct PracticeNowError(#[source] jiff::Error);

/// When practice time starts, if the environment says so.
///
/// # Errors
///
/// If what it says is not a time.
pub fn practice_start() -> Result<Option<Timestamp>, PracticeNowError> {
    let text = std::env::var(PRACTICE_NOW).ok();
    text.map(|text| text.parse().map_err(PracticeNowError))
        .transpose()
}

/// A handle on time, passed to everything that needs some.
///
/// Real time decides when tokens expire and how long a silence lasted. Rule time is the wall clock that calling
/// hours, attempt caps and histories go by; it differs from real time only on the practice floor.
#[derive(Clone)]
pub struct Clock {
    source: Source,
    practice_offset: Option<SignedDuration>,
}

#[derive(Clone)]
enum Source {
    System,
    Manual(Arc<watch::Sender<Timestamp>>),
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub const fn system() -> Self {
        Self {
            source: Source::System,
            practice_offset: None,
        }
    }

    /// The machine's clock, with rule time starting at `rule_start` now and running on from there.
    #[must_use]
    pub fn practice(rule_start: Timestamp) -> Self {
        let offset = rule_start.duration_since(system_now());
        Self {
            source: Source::System,
            practice_offset: Some(offset),
        }
    }

    /// A clock that stands still until a test moves it.
    #[must_use]
    pub fn manual(start: Timestamp) -> Self {
        Self {
            source: Source::Manual(Arc::new(watch::Sender::new(start))),
            practice_offset: None,
        }
    }

    /// Real time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.source {
            Source::System => system_now(),
            Source::Manual(now) => *now.borrow(),
        }
    }

    /// Rule time: the wall clock that calling hours go by.
    #[must_use]
    pub fn rule_now(&self) -> Timestamp {
        self.now() + self.practice_offset.unwrap_or_default()
    }

    /// True if rule time is practice time.
    #[must_use]
    pub const fn is_practice(&self) -> bool {
        self.practice_offset.is_some()
    }

    /// Returns when real time has reached `deadline`.
    pub async fn sleep_until(&self, deadline: Timestamp) {
        match &self.source {
            Source::System => system_sleep(deadline.duration_since(system_now())).await,
            Source::Manual(now) => {
                // The sender lives in `self`, so the channel cannot close while this waits.
                let _ = now.subscribe().wait_for(|now| *now >= deadline).await;
            }
        }
    }

    /// Returns when that much real time has passed.
    pub async fn sleep(&self, duration: SignedDuration) {
        self.sleep_until(self.now() + duration).await;
    }

    /// Moves a manual clock on; everything that sleeps until then wakes up.
    ///
    /// # Panics
    ///
    /// If this is not a manual clock: no program moves the machine's time.
    pub fn advance(&self, duration: SignedDuration) {
        match &self.source {
            Source::System => panic!("only a manual clock can be moved"),
            Source::Manual(now) => now.send_modify(|now| *now += duration),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the shell's one clock")]
fn system_now() -> Timestamp {
    Timestamp::now()
}

#[expect(clippy::disallowed_methods, reason = "the shell's one clock")]
async fn system_sleep(duration: SignedDuration) {
    tokio::time::sleep(duration.try_into().unwrap_or_default()).await;
}

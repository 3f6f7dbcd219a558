//! Monotonic time that goes on while the computer sleeps, so that a token is known to be old when the lid opens.

use std::time::Duration;

use jiff::Timestamp;

/// A point in time; only differences mean anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(Duration);

impl Moment {
    /// The moment this long after the clock's zero.
    #[must_use]
    pub const fn from_zero(since_zero: Duration) -> Self {
        Self(since_zero)
    }

    /// The moment this much later.
    #[must_use]
    pub const fn after(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(wait))
    }

    /// How long after `earlier` this is; zero if it is not.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// The moment it is now.
///
/// # Panics
/// Never: these clocks start at zero and count up.
#[cfg(unix)]
#[must_use]
pub fn now() -> Moment {
    use rustix::time::{ClockId, clock_gettime};

    // Linux's MONOTONIC stands still in sleep and BOOTTIME does not; elsewhere MONOTONIC goes on.
    #[cfg(target_os = "linux")]
    const CLOCK: ClockId = ClockId::Boottime;
    #[cfg(not(target_os = "linux"))]
    const CLOCK: ClockId = ClockId::Monotonic;

    let time = clock_gettime(CLOCK);
    let secs = u64::try_from(time.tv_sec).expect("these clocks start at zero");
    let nanos = u32::try_from(time.tv_nsec).expect("a clock's nanoseconds stay below a second");
    Moment(Duration::new(secs, nanos))
}

/// The moment it is now. Windows' performance counter goes on in sleep.
#[cfg(not(unix))]
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the shell's one monotonic clock")]
pub fn now() -> Moment {
    use std::{sync::OnceLock, time::Instant};

    static ZERO: OnceLock<Instant> = OnceLock::new();
    let zero = *ZERO.get_or_init(Instant::now);
    Moment(Instant::now().duration_since(zero))
}

/// This machine's wall clock.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the shell's one wall clock")]
pub fn wall() -> Timestamp {
    Timestamp::now()
}

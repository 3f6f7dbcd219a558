//! A token bucket for calls per second, so that Twilio's own queue stays empty.

use jiff::Timestamp;

/// Parts of a token; one call costs this many.
const PARTS_PER_CALL: i64 = 1_000;

/// Calls per second of the account: a token per call, refilled evenly, at most one second's worth of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenBucket {
    rate_per_s: u32,
    parts: i64,
    refilled_at: Timestamp,
}

impl TokenBucket {
    /// A bucket that starts empty: what was placed just before a restart is not known here.
    ///
    /// A rate of 0 is taken as 1, the least Twilio gives.
    #[must_use]
    pub const fn new(rate_per_s: u32, now: Timestamp) -> Self {
        let rate_per_s = if rate_per_s == 0 { 1 } else { rate_per_s };
        Self {
            rate_per_s,
            parts: 0,
            refilled_at: now,
        }
    }

    /// Calls per second.
    #[must_use]
    pub const fn rate_per_s(&self) -> u32 {
        self.rate_per_s
    }

    /// When the next call may be placed: `now`, or later.
    #[must_use]
    pub fn ready_at(&self, now: Timestamp) -> Timestamp {
        let missing = PARTS_PER_CALL - self.filled(now);
        if missing <= 0 {
            return now;
        }
        let rate = i64::from(self.rate_per_s);
        now + jiff::SignedDuration::from_millis((missing + rate - 1) / rate)
    }

    /// Takes the token of one call; false if there is none.
    pub fn take(&mut self, now: Timestamp) -> bool {
        self.parts = self.filled(now);
        self.refilled_at = now;
        let ready = self.parts >= PARTS_PER_CALL;
        if ready {
            self.parts -= PARTS_PER_CALL;
        }
        ready
    }

    /// A thousandth of a token comes in for each millisecond and call per second; a clock set back adds nothing.
    fn filled(&self, now: Timestamp) -> i64 {
        let rate = i64::from(self.rate_per_s);
        let elapsed_ms = now
            .as_millisecond()
            .saturating_sub(self.refilled_at.as_millisecond())
            .clamp(0, 1_000);
        (self.parts + elapsed_ms * rate).min(rate * PARTS_PER_CALL)
    }
}

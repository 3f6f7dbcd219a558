//! How long to wait before trying again: exponential with full jitter, so that a floor of desktops does not
//! come back all at once.

use std::time::Duration;

use rand::Rng;

/// Waits that grow from `base` to `cap`.
#[derive(Debug, Clone)]
pub struct Backoff {
    base: Duration,
    cap: Duration,
    failures: u32,
}

impl Backoff {
    /// Waits of at most `base` after the first failure, twice that after the second, never more than `cap`.
    #[must_use]
    pub const fn new(base: Duration, cap: Duration) -> Self {
        Self {
            base,
            cap,
            failures: 0,
        }
    }

    /// The wait after one more failure: anything from zero to the limit it has grown to.
    pub fn failed(&mut self, rng: &mut impl Rng) -> Duration {
        let limit = self.limit();
        self.failures = self.failures.saturating_add(1);
        limit.mul_f64(rng.random::<f64>())
    }

    /// Starts over after a success.
    pub const fn succeeded(&mut self) {
        self.failures = 0;
    }

    fn limit(&self) -> Duration {
        let factor = 2_u32.saturating_pow(self.failures);
        self.base.saturating_mul(factor).min(self.cap)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rand::{SeedableRng, rngs::StdRng};

    use super::Backoff;

    const BASE: Duration = Duration::from_millis(500);
    const CAP: Duration = Duration::from_secs(20);

    #[test]
    fn waits_are_jittered_below_a_limit_that_doubles() {
        let mut rng = StdRng::seed_from_u64(1);
        let mut longest = [Duration::ZERO; 4];
        for _ in 0..500 {
            let mut backoff = Backoff::new(BASE, CAP);
            for longest in &mut longest {
                *longest = backoff.failed(&mut rng).max(*longest);
            }
        }
        for (failures, longest) in longest.iter().enumerate() {
            let limit = BASE * 2_u32.pow(u32::try_from(failures).unwrap());
            assert!(*longest <= limit, "{longest:?} after {failures} failures");
            assert!(*longest > limit / 2, "the whole range is used");
        }
    }

    #[test]
    fn a_night_of_failures_stays_at_the_cap_and_success_starts_over() {
        let mut rng = StdRng::seed_from_u64(2);
        let mut backoff = Backoff::new(BASE, CAP);
        for _ in 0..10_000 {
            assert!(backoff.failed(&mut rng) <= CAP);
        }
        backoff.succeeded();
        assert!(backoff.failed(&mut rng) <= BASE);
    }
}

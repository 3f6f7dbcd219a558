//! How often a password may be tried.
//!
//! Three counts, each over 15 minutes: one account from one address, one account from anywhere, and one address
//! for any account. They live in memory: a restart forgives, which is worth less to an attacker than 15 minutes of
//! a locked-out floor would cost after an update.

use std::{collections::BTreeMap, net::IpAddr};

use jiff::{SignedDuration, Timestamp};

/// Wrong passwords for one account from one address.
const PAIR_FAILURES_MAX: u32 = 5;
/// Wrong passwords for one account from everywhere: more, or anybody could lock anybody out.
const ACCOUNT_FAILURES_MAX: u32 = 30;
/// Wrong passwords from one address: a company's reps share one.
const ADDRESS_FAILURES_MAX: u32 = 100;
/// Failures count for this long after the first of them.
const WINDOW: SignedDuration = SignedDuration::from_mins(15);
/// Counts that are kept. Beyond it the oldest is forgotten.
const COUNTS_MAX: usize = 20_000;

/// Counts wrong passwords.
#[derive(Default)]
pub struct Lockout {
    counts: BTreeMap<Key, Count>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Pair(String, IpAddr),
    Account(String),
    Address(IpAddr),
}

struct Count {
    failures: u32,
    since: Timestamp,
}

impl Lockout {
    /// Counts a try as failed before its password is looked at, so that a hundred tries at one moment are not one.
    /// A right password takes it back with [`Lockout::forgive`].
    ///
    /// # Errors
    ///
    /// When the next try is possible, if there were too many. The try must then not be made.
    pub fn count(&mut self, account: &str, address: IpAddr, now: Timestamp) -> Result<(), Timestamp> {
        let keys = keys(account, address);
        for (key, failures_max) in &keys {
            if let Some(count) = self.counts.get(key)
                && count.failures >= *failures_max
                && now < count.since + WINDOW
            {
                return Err(count.since + WINDOW);
            }
        }
        for (key, _) in keys {
            let count = self.counts.entry(key).or_insert(Count {
                failures: 0,
                since: now,
            });
            if now >= count.since + WINDOW {
                *count = Count {
                    failures: 0,
                    since: now,
                };
            }
            count.failures += 1;
        }
        self.forget(now);
        Ok(())
    }

    /// The password was right.
    pub fn forgive(&mut self, account: &str, address: IpAddr) {
        for (key, _) in keys(account, address) {
            match (&key, self.counts.get_mut(&key)) {
                (Key::Pair(..) | Key::Account(_), _) => drop(self.counts.remove(&key)),
                // Signing in to one's own account must not clear what was tried on others.
                (Key::Address(_), Some(count)) => count.failures = count.failures.saturating_sub(1),
                (Key::Address(_), None) => {}
            }
        }
    }

    fn forget(&mut self, now: Timestamp) {
        if self.counts.len() <= COUNTS_MAX {
            return;
        }
        self.counts.retain(|_, count| now < count.since + WINDOW);
        while self.counts.len() > COUNTS_MAX {
            let oldest = self
                .counts
                .iter()
                .min_by_key(|(_, count)| count.since)
                .map(|(key, _)| key.clone());
            let Some(oldest) = oldest else { return };
            self.counts.remove(&oldest);
        }
    }
}

fn keys(account: &str, address: IpAddr) -> [(Key, u32); 3] {
    [
        (Key::Pair(account.to_owned(), address), PAIR_FAILURES_MAX),
        (Key::Account(account.to_owned()), ACCOUNT_FAILURES_MAX),
        (Key::Address(address), ADDRESS_FAILURES_MAX),
    ]
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use jiff::{SignedDuration, Timestamp};

    use super::{ADDRESS_FAILURES_MAX, COUNTS_MAX, Lockout, PAIR_FAILURES_MAX, WINDOW};

    const HOME: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    const AWAY: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));
    const START: Timestamp = Timestamp::UNIX_EPOCH;

    #[test]
    fn an_account_is_locked_for_the_address_that_guesses_and_for_no_other() {
        let mut lockout = Lockout::default();
        for _ in 0..PAIR_FAILURES_MAX {
            lockout.count("ada", AWAY, START).unwrap();
        }
        assert_eq!(lockout.count("ada", AWAY, START), Err(START + WINDOW));
        lockout.count("ada", HOME, START).unwrap();
        lockout.count("ada", AWAY, START + WINDOW).unwrap();
    }

    #[test]
    fn trying_one_password_on_many_accounts_is_noticed() {
        let mut lockout = Lockout::default();
        for n in 0..ADDRESS_FAILURES_MAX {
            lockout.count(&n.to_string(), AWAY, START).unwrap();
        }
        lockout.count("ada", AWAY, START).unwrap_err();
    }

    #[test]
    fn the_right_password_clears_the_account_but_not_the_address() {
        let mut lockout = Lockout::default();
        for n in 1..ADDRESS_FAILURES_MAX {
            lockout.count(&n.to_string(), AWAY, START).unwrap();
        }
        lockout.count("own", AWAY, START).unwrap();
        lockout.forgive("own", AWAY);
        lockout.count("ada", AWAY, START).unwrap();
        lockout.count("eve", AWAY, START).unwrap_err();
    }

    #[test]
    fn memory_is_bounded() {
        let mut lockout = Lockout::default();
        for n in 0..u32::try_from(COUNTS_MAX).unwrap() {
            let address = IpAddr::V4(Ipv4Addr::from_bits(n));
            let _ = lockout.count("ada", address, START + SignedDuration::from_millis(n.into()));
        }
        assert!(lockout.counts.len() <= COUNTS_MAX);
    }
}

//! A seeded simulation: a floor of seats, a Twilio that loses, doubles and reorders, and a dialer that crashes.
//!
//! `OFFHOOK_SEED` runs one seed, `OFFHOOK_SEEDS` that many from 0 on. A failure prints its seed.

mod dialer;
mod network;
mod world;

use std::env;

use world::World;

/// Seeds of an ordinary run.
const SEEDS_DEFAULT: u64 = 20;

#[test]
fn no_seed_breaks_an_invariant() {
    let mut placed = 0;
    for seed in seeds() {
        let failure = FailureSeed(seed);
        placed += World::new(seed).run();
        std::mem::forget(failure);
    }
    assert!(placed > 0, "a simulation in which nobody is called shows nothing");
}

#[test]
fn a_seed_tells_the_same_story_twice() {
    assert_eq!(World::new(7).run(), World::new(7).run());
}

fn seeds() -> Vec<u64> {
    let number = |name: &str| env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    match (number("OFFHOOK_SEED"), number("OFFHOOK_SEEDS")) {
        (Some(seed), _) => vec![seed],
        (None, count) => (0..count.unwrap_or(SEEDS_DEFAULT)).collect(),
    }
}

/// Prints the seed when an assertion unwinds past it.
struct FailureSeed(u64);

impl Drop for FailureSeed {
    fn drop(&mut self) {
        eprintln!("this was OFFHOOK_SEED={}", self.0);
    }
}

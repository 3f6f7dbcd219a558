//! A bad network on purpose: datagrams lost, late and out of order.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// Datagrams held back at once in one direction; ten seconds of audio.
const HELD_MAX: usize = 500;

/// What happens to every datagram of a peer, in both directions.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Impairments {
    /// The share that is lost, from 0 to 1; with 1 the path is cut.
    pub loss: f64,
    /// How much later each arrives, in milliseconds.
    pub delay_ms: u32,
    /// By how much more, at most, some of them are late, in milliseconds; they overtake each other.
    pub jitter_ms: u32,
}

/// One direction.
#[derive(Debug)]
pub(super) struct Road<T> {
    impairments: Impairments,
    random: u64,
    passed: VecDeque<T>,
    held: BTreeMap<(Instant, u64), T>,
    count: u64,
}

impl<T> Road<T> {
    /// A good road; the seed decides what a bad one loses.
    pub(super) fn new(seed: u64) -> Self {
        Self {
            impairments: Impairments::default(),
            random: seed | 1,
            passed: VecDeque::new(),
            held: BTreeMap::new(),
            count: 0,
        }
    }

    pub(super) fn impair(&mut self, impairments: Impairments) {
        self.impairments = impairments;
    }

    pub(super) fn push(&mut self, item: T, now: Instant) {
        let Impairments {
            loss,
            delay_ms,
            jitter_ms,
        } = self.impairments;
        if loss > 0.0 && self.chance() < loss {
            return;
        }
        let late = Duration::from_millis(delay_ms.into())
            + Duration::from_millis(jitter_ms.into()).mul_f64(if jitter_ms == 0 {
                0.0
            } else {
                self.chance()
            });
        if late.is_zero() {
            self.passed.push_back(item);
        } else if self.held.len() < HELD_MAX {
            self.count += 1;
            self.held.insert((now + late, self.count), item);
        }
    }

    /// The next datagram that has arrived.
    pub(super) fn pop(&mut self, now: Instant) -> Option<T> {
        if let Some(item) = self.passed.pop_front() {
            return Some(item);
        }
        let entry = self.held.first_entry()?;
        (entry.key().0 <= now).then(|| entry.remove())
    }

    /// When the next one arrives.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.held.first_key_value().map(|((at, _), _)| *at)
    }

    /// From 0 up to 1 (xorshift64*).
    #[expect(clippy::cast_precision_loss, reason = "53 bits are what a double holds")]
    fn chance(&mut self) -> f64 {
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        let bits = self.random.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11;
        bits as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer::driver::now;

    #[test]
    fn a_road_loses_and_delays_what_it_is_told_to() {
        let start = now();
        let mut road = Road::new(7);
        road.push(0, start);
        assert_eq!((road.pop(start), road.deadline()), (Some(0), None));

        road.impair(Impairments {
            loss: 0.5,
            delay_ms: 100,
            jitter_ms: 50,
        });
        for item in 0..400 {
            road.push(item, start);
        }
        assert_eq!(road.pop(start + Duration::from_millis(99)), None);
        let arrived: Vec<i32> = std::iter::from_fn(|| road.pop(start + Duration::from_millis(150))).collect();
        assert!((150..250).contains(&arrived.len()), "{} of 400", arrived.len());
        assert!(!arrived.is_sorted(), "late ones are overtaken");

        road.impair(Impairments {
            loss: 1.0,
            ..Impairments::default()
        });
        road.push(1, start);
        assert_eq!(road.pop(start), None);
    }
}

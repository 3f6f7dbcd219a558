//! Faults on order: what goes wrong, how often, and how many times.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// A fault without a number of its own happens this often if it has no `rate` either.
const TIMES_DEFAULT: u32 = 1;
/// Nothing is later than this.
const DELAY_MS_MAX: u32 = 600_000;

/// `PUT /emulator/faults`: everything that goes wrong from now on.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct FaultOrders {
    /// What `POST Calls` meets: the first entry that has not been used up.
    pub(crate) creates: Vec<RestFault>,
    /// What any REST request meets.
    pub(crate) rest: Vec<RestFault>,
    /// What callbacks meet.
    pub(crate) callbacks: Vec<CallbackFault>,
    /// For how long after its creation a call cannot be found.
    pub(crate) reads_lag_ms: u32,
}

/// How a REST request goes wrong.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RestFault {
    pub(crate) effect: RestEffect,
    /// Only requests whose method and path contain this, such as `POST Calls.json`.
    #[serde(default)]
    pub(crate) on: String,
    /// Without a rate once, with one for good.
    pub(crate) times: Option<u32>,
    /// Its chance at each request, from 0 to 1.
    pub(crate) rate: Option<f64>,
    /// How many bytes of a cut reply arrive.
    #[serde(default)]
    pub(crate) at_byte: u32,
    /// How late a slow reply is.
    #[serde(default)]
    pub(crate) delay_ms: u32,
}

/// What becomes of a REST request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum RestEffect {
    /// The answer is 500, and what was asked is done all the same.
    #[serde(rename = "500-placed")]
    ErrorPlaced,
    /// The answer is 500 and nothing happens.
    #[serde(rename = "500-not-placed")]
    ErrorNotPlaced,
    /// The answer is 429 (20429) and nothing happens.
    #[serde(rename = "429")]
    TooManyRequests,
    /// The connection is reset and nothing happens.
    #[serde(rename = "reset-before")]
    ResetBefore,
    /// What was asked is done, then the connection is reset.
    #[serde(rename = "reset-after")]
    ResetAfter,
    /// What was asked is done; the reply ends after some bytes.
    #[serde(rename = "cut")]
    Cut,
    /// What was asked is done at once; the reply comes late.
    #[serde(rename = "slow")]
    Slow,
}

/// How a callback goes wrong.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CallbackFault {
    pub(crate) effect: CallbackEffect,
    times: Option<u32>,
    rate: Option<f64>,
    /// How late a delayed callback or the second copy of a duplicated one is, and how long at most a
    /// reordered one waits to be overtaken.
    #[serde(default)]
    pub(crate) delay_ms: u32,
    /// Only callbacks that say this `CallStatus` or `StatusCallbackEvent`.
    event: Option<String>,
}

/// What becomes of a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CallbackEffect {
    Drop,
    Duplicate,
    Delay,
    /// It arrives after the call's next one.
    Reorder,
}

impl FaultOrders {
    /// What makes no sense about them.
    pub(crate) fn complaint(&self) -> Option<&'static str> {
        let rest = || self.creates.iter().chain(&self.rest);
        let mut rates = rest()
            .map(|fault| fault.rate)
            .chain(self.callbacks.iter().map(|fault| fault.rate));
        if !rates.all(|rate| rate.is_none_or(|rate| (0.0..=1.0).contains(&rate))) {
            return Some("rate goes from 0 to 1");
        }
        let late = rest().map(|fault| fault.delay_ms);
        let mut late = late.chain(self.callbacks.iter().map(|fault| fault.delay_ms));
        if late.any(|ms| ms > DELAY_MS_MAX) {
            return Some("delay_ms goes up to 600000, ten minutes");
        }
        let slow = rest().any(|fault| fault.effect == RestEffect::Slow && fault.delay_ms == 0);
        let late = |fault: &CallbackFault| fault.effect == CallbackEffect::Delay && fault.delay_ms == 0;
        (slow || self.callbacks.iter().any(late)).then_some("slow and delay need a delay_ms")
    }
}

impl RestFault {
    /// The fault that the next request `on` meets, counted as having happened.
    pub(crate) fn next(faults: &mut [Self], on: &str, rng: &mut ChaCha8Rng) -> Option<Self> {
        let fault = faults
            .iter_mut()
            .filter(|fault| on.contains(&fault.on))
            .find_map(|fault| happens(&mut fault.times, fault.rate, rng).then_some(fault))?;
        Some(fault.clone())
    }
}

impl CallbackFault {
    /// The fault that a callback for `event` meets, counted as having happened.
    pub(crate) fn next(faults: &mut [Self], event: &str, rng: &mut ChaCha8Rng) -> Option<Self> {
        let fault = faults
            .iter_mut()
            .filter(|fault| fault.event.as_deref().is_none_or(|only| only == event))
            .find_map(|fault| happens(&mut fault.times, fault.rate, rng).then_some(fault))?;
        Some(fault.clone())
    }
}

/// Whether a fault with this much left and this rate happens now. With a rate and no number there is no end.
fn happens(times: &mut Option<u32>, rate: Option<f64>, rng: &mut ChaCha8Rng) -> bool {
    if rate.is_none() {
        times.get_or_insert(TIMES_DEFAULT);
    }
    let left = times.is_none_or(|times| times > 0);
    if !left || rate.is_some_and(|rate| rng.random::<f64>() >= rate) {
        return false;
    }
    if let Some(times) = times {
        *times -= 1;
    }
    true
}

/// An effect by the name it was ordered by.
pub(crate) fn name_of(effect: impl Serialize) -> String {
    let name = serde_json::to_value(effect).unwrap_or_default();
    name.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    fn orders(json: &str) -> FaultOrders {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn faults_without_a_rate_happen_in_order_and_run_out() {
        let mut orders = orders(
            r#"{"creates":[{"effect":"429"},{"effect":"500-placed","times":2},{"effect":"slow","on":"GET"}]}"#,
        );
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let effects: Vec<Option<RestEffect>> = (0..4)
            .map(|_| {
                RestFault::next(&mut orders.creates, "POST Calls.json", &mut rng).map(|fault| fault.effect)
            })
            .collect();
        let placed = Some(RestEffect::ErrorPlaced);
        assert_eq!(effects, [Some(RestEffect::TooManyRequests), placed, placed, None]);
    }

    #[test]
    fn a_rate_is_kept_by_the_seed_and_a_number_bounds_it() {
        let strikes = |seed: u64, json: &str| {
            let mut orders = orders(json);
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let happened = |_| CallbackFault::next(&mut orders.callbacks, "completed", &mut rng).is_some();
            (0..1_000).map(happened).collect::<Vec<bool>>()
        };
        let tenth = r#"{"callbacks":[{"effect":"drop","rate":0.1}]}"#;
        let dropped = strikes(1, tenth).into_iter().filter(|hit| *hit).count();
        assert!((70..130).contains(&dropped), "{dropped} of 1000");
        assert_eq!(strikes(1, tenth), strikes(1, tenth));
        assert_ne!(strikes(1, tenth), strikes(2, tenth));
        let few = strikes(1, r#"{"callbacks":[{"effect":"drop","rate":0.1,"times":5}]}"#);
        assert_eq!(few.into_iter().filter(|hit| *hit).count(), 5);
    }
}

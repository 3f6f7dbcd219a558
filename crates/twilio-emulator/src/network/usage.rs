//! What things cost, and how much of them each account has used, day by day.

mod views;

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::Network;
use super::area_codes::is_toll_free;
use super::call::{Call, Party};
use crate::sid::CallSid;

pub(crate) use views::{UsageFilter, UsageSplit};

/// A call has no price for so long after its end; with Twilio it comes minutes later at times.
const PRICED_AFTER: SignedDuration = SignedDuration::from_secs(60);
/// How far back usage is known, in days; Twilio keeps it longer.
const DAYS_KEPT: i32 = 400;
/// What an account has before it uses anything.
const BALANCE_AT_START: Price = Price(10_000_000);

/// What a minute or a piece costs. In size like Twilio's public prices for the United States, and no promise about them.
const OUTBOUND_MINUTE: Price = Price(1_400);
const INBOUND_LOCAL_MINUTE: Price = Price(850);
const INBOUND_TOLL_FREE_MINUTE: Price = Price(2_200);
const CLIENT_MINUTE: Price = Price(400);
const SIP_MINUTE: Price = Price(400);
const RECORDED_MINUTE: Price = Price(250);
const TRANSCRIBED_MINUTE: Price = Price(5_000);
const DETECTION: Price = Price(750);
const NUMBER_LOCAL: Price = Price(115_000);
const NUMBER_TOLL_FREE: Price = Price(215_000);

/// Hundred-thousandths of a dollar, as finely as Twilio writes prices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Price(i64);

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, units) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        write!(f, "{sign}{}.{:05}", units / 100_000, units % 100_000)
    }
}

/// What is counted and paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Item {
    CallOutbound,
    CallInboundLocal,
    CallInboundTollFree,
    CallClient,
    CallSip,
    Recording,
    Transcription,
    MachineDetection,
    NumberLocal,
    NumberTollFree,
}

impl Item {
    /// Of one minute, one detection, or one month.
    fn price(self) -> Price {
        match self {
            Self::CallOutbound => OUTBOUND_MINUTE,
            Self::CallInboundLocal => INBOUND_LOCAL_MINUTE,
            Self::CallInboundTollFree => INBOUND_TOLL_FREE_MINUTE,
            Self::CallClient => CLIENT_MINUTE,
            Self::CallSip => SIP_MINUTE,
            Self::Recording => RECORDED_MINUTE,
            Self::Transcription => TRANSCRIBED_MINUTE,
            Self::MachineDetection => DETECTION,
            Self::NumberLocal => NUMBER_LOCAL,
            Self::NumberTollFree => NUMBER_TOLL_FREE,
        }
    }

    fn of_call(call: &Call) -> Self {
        match &call.party {
            Party::Client(_) => Self::CallClient,
            Party::Person(_) if [&call.to, &call.from].iter().any(|end| end.starts_with("sip:")) => {
                Self::CallSip
            }
            Party::Person(_) if !call.inbound => Self::CallOutbound,
            Party::Person(_) if is_toll_free(&call.to) => Self::CallInboundTollFree,
            Party::Person(_) => Self::CallInboundLocal,
        }
    }
}

/// Minutes as they are billed: every one that has begun.
fn minutes(seconds: i64) -> i64 {
    seconds.max(1).saturating_add(59) / 60
}

/// How much there was of an item.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    count: i64,
    /// Minutes, or pieces.
    used: i64,
    price: Price,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.count += other.count;
        self.used += other.used;
        self.price.0 += other.price.0;
    }
}

/// Everything that was used, by account, day and item.
#[derive(Debug, Default)]
pub(super) struct Ledger(BTreeMap<(Date, String, Item), Tally>);

impl Ledger {
    fn charge(&mut self, day: Date, account: &str, item: Item, used: i64) {
        let tally = Tally {
            count: 1,
            used,
            price: Price(item.price().0.saturating_mul(used)),
        };
        self.0
            .entry((day, account.to_owned(), item))
            .or_default()
            .add(tally);
        let oldest = day.saturating_sub(DAYS_KEPT.days());
        while self
            .0
            .first_key_value()
            .is_some_and(|((then, ..), _)| *then < oldest)
        {
            self.0.pop_first();
        }
    }
}

/// Twilio's days begin at midnight in Greenwich.
fn day_of(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

impl Network {
    /// A call that was answered is paid for when it ends, and so is the look at who answered.
    pub(super) fn charge_call(&mut self, sid: &CallSid) {
        let Some(call) = self.calls.get(sid).filter(|call| call.answered_at.is_some()) else {
            return;
        };
        let day = day_of(self.now);
        self.ledger.charge(
            day,
            &call.account,
            Item::of_call(call),
            minutes(call.duration_s()),
        );
        if call.answered_by(self.now).is_some() {
            self.ledger.charge(day, &call.account, Item::MachineDetection, 1);
        }
    }

    pub(super) fn charge_recording(&mut self, account: &str, seconds: i64) {
        self.ledger
            .charge(day_of(self.now), account, Item::Recording, minutes(seconds));
    }

    /// Gives the price in dollars, negative as all prices.
    pub(super) fn charge_transcription(&mut self, account: &str, seconds: i64) -> f64 {
        let (item, used) = (Item::Transcription, minutes(seconds));
        self.ledger.charge(day_of(self.now), account, item, used);
        let price = item.price().0.saturating_mul(used);
        -f64::from(i32::try_from(price).unwrap_or(i32::MAX)) / 100_000.0
    }

    /// The first month of a number.
    pub(super) fn charge_number(&mut self, account: &str, number: &str) {
        let item = if is_toll_free(number) {
            Item::NumberTollFree
        } else {
            Item::NumberLocal
        };
        self.ledger.charge(day_of(self.now), account, item, 1);
    }

    /// What a call cost, once that is known: a negative number of dollars.
    pub(super) fn call_price(&self, call: &Call) -> Option<String> {
        call.answered_at?;
        let known_at = call.ended_at?.saturating_add(PRICED_AFTER).ok()?;
        let price = Item::of_call(call).price().0 * minutes(call.duration_s());
        (self.now >= known_at).then(|| Price(-price).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_written_like_twilios() {
        assert_eq!(Price(-2_800).to_string(), "-0.02800");
        assert_eq!(Price(115_000).to_string(), "1.15000");
        assert_eq!(Price(0).to_string(), "0.00000");
    }

    #[test]
    fn every_minute_that_began_is_paid() {
        assert_eq!([0, 1, 60, 61].map(minutes), [1, 1, 1, 2]);
    }

    #[test]
    fn usage_is_forgotten_after_its_time() {
        let mut ledger = Ledger::default();
        let day = jiff::civil::date(2026, 1, 5);
        ledger.charge(day, "AC1", Item::CallOutbound, 2);
        ledger.charge(day, "AC1", Item::CallOutbound, 1);
        assert_eq!(ledger.0.len(), 1);
        let tally = ledger.0.values().next().unwrap();
        assert_eq!((tally.count, tally.used, tally.price), (2, 3, Price(4_200)));
        ledger.charge(day + 401.days(), "AC1", Item::CallOutbound, 1);
        assert_eq!(ledger.0.len(), 1);
    }
}

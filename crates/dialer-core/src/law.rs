//! When and how often a number may be called: dated rules per state, from `data/calling_rules.json`.
//!
//! A tenant chooses hours and caps; what applies is always the stricter of the choice and the law. Nothing outside
//! this module can build [`Rules`] any other way.

mod holidays;
mod hours;
mod window;

use std::sync::LazyLock;

use jiff::{SignedDuration, civil::Date};
use serde::Deserialize;

pub use hours::{DayHours, InvalidHours, WeekHours};
pub use window::CallingTime;

use crate::area_codes::Place;

/// Dials of one number in 24 hours unless the tenant or a state says less.
pub const ATTEMPTS_IN_24_H_DEFAULT: u32 = 3;
/// The most a tenant may choose where no state has a cap. Our own limit.
pub const ATTEMPTS_IN_24_H_MAX: u32 = 8;
/// Time between two dials of one number unless the tenant chooses otherwise.
pub const SPACING_MINUTES_DEFAULT: u32 = 120;
/// The least a tenant may choose between two dials of one number. Our own limit.
pub const SPACING_MINUTES_MIN: u32 = 15;

/// What a tenant chooses for its campaigns. Any choice is safe: the law is applied on top.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TenantRules {
    /// Local hours in which to call; outside the law's hours they have no effect.
    pub hours: WeekHours,
    /// Dials of one number in any 24 hours.
    pub attempts_in_24_h_max: u32,
    /// Minutes between two dials of one number.
    pub spacing_minutes: u32,
}

impl Default for TenantRules {
    /// 9:00 to 20:00 local on every day, three attempts in 24 hours, two hours apart.
    fn default() -> Self {
        Self {
            hours: WeekHours::every_day(DayHours::NINE_TO_EIGHT),
            attempts_in_24_h_max: ATTEMPTS_IN_24_H_DEFAULT,
            spacing_minutes: SPACING_MINUTES_DEFAULT,
        }
    }
}

/// The rules that apply to the numbers of one area code: the tenant's choice, cut to federal and state law.
#[derive(Debug, Clone)]
pub struct Rules {
    place: &'static Place,
    state: Option<&'static Law>,
    tenant: TenantRules,
}

impl Rules {
    /// The rules for numbers of this place.
    #[must_use]
    pub fn new(place: &'static Place, tenant: &TenantRules) -> Self {
        let state = BOOK.states.iter().find(|law| law.state == place.state);
        Self {
            place,
            state,
            tenant: *tenant,
        }
    }

    /// Dials of one number allowed in any 24 hours.
    #[must_use]
    pub fn attempts_in_24_h_max(&self, today: Date) -> u32 {
        let legal = self
            .law_on(today)
            .filter_map(|law| law.attempts_in_24_h_max)
            .min();
        self.tenant
            .attempts_in_24_h_max
            .min(legal.unwrap_or(ATTEMPTS_IN_24_H_MAX))
    }

    /// Time that must pass between two dials of one number.
    #[must_use]
    pub fn spacing(&self) -> SignedDuration {
        SignedDuration::from_mins(self.tenant.spacing_minutes.max(SPACING_MINUTES_MIN).into())
    }

    /// Whether a machine may only dial this number with the lead's consent on record (FL, OK, MD).
    #[must_use]
    pub fn needs_consent(&self, today: Date) -> bool {
        self.law_on(today).any(|law| law.click_to_dial_without_consent)
    }

    /// The state's letters, for sentences.
    #[must_use]
    pub fn state(&self) -> &str {
        &self.place.state
    }

    /// The hours of a local date; none if nobody is called on it.
    fn hours_on(&self, date: Date) -> Option<DayHours> {
        let weekday = date.weekday();
        let mut hours = self.tenant.hours.on(weekday)?;
        for law in self.law_on(date) {
            if law.closed_on_holidays && holidays::is_holiday(date) {
                return None;
            }
            hours = hours.intersect(law.hours.on(weekday)?)?;
        }
        Some(hours)
    }

    /// Federal law, and the state's if it is in force on this date.
    fn law_on(&self, date: Date) -> impl Iterator<Item = &'static Law> {
        let state = self
            .state
            .filter(move |law| law.in_force_from.is_none_or(|from| from <= date));
        std::iter::once(&BOOK.federal).chain(state)
    }
}

/// The rules of one state, or of the federation, with where they are written.
#[derive(Debug, Deserialize)]
struct Law {
    state: String,
    #[serde(flatten)]
    hours: WeekHours,
    closed_on_holidays: bool,
    attempts_in_24_h_max: Option<u32>,
    click_to_dial_without_consent: bool,
    in_force_from: Option<Date>,
    source: String,
}

#[derive(Deserialize)]
struct Book {
    checked: Date,
    federal: Law,
    states: Vec<Law>,
}

static BOOK: LazyLock<Book> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../data/calling_rules.json"))
        .expect("the rules are part of this crate and a test reads them")
});

/// Where the law of a state is written; the federal source if the state has no rule of its own.
#[must_use]
pub fn source(state: &str) -> &'static str {
    let law = BOOK.states.iter().find(|law| law.state == state);
    &law.unwrap_or(&BOOK.federal).source
}

/// The day on which the rules were last compared with their sources.
#[must_use]
pub fn checked() -> Date {
    BOOK.checked
}

#[cfg(test)]
mod tests;

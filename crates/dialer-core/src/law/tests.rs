//! What the calendar and the states allow, on ordinary days and on the days the clocks change.

use jiff::{SignedDuration, Timestamp, civil::time};
use proptest::prelude::*;

use super::{CallingTime, DayHours, Rules, TenantRules, WeekHours, checked, source};
use crate::area_codes::{self, AreaCode};

fn rules(code: u16) -> Rules {
    rules_of(code, &TenantRules::default())
}

fn rules_of(code: u16, tenant: &TenantRules) -> Rules {
    Rules::new(
        area_codes::place(AreaCode::new(code)).expect("a US area code"),
        tenant,
    )
}

fn around_the_clock() -> TenantRules {
    let day = DayHours::new(time(0, 0, 0, 0), time(23, 59, 0, 0)).expect("a day");
    TenantRules {
        hours: WeekHours::every_day(day),
        attempts_in_24_h_max: 99,
        spacing_minutes: 0,
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a timestamp")
}

fn is_open(rules: &Rules, now: &str) -> bool {
    matches!(rules.calling_time(at(now)), CallingTime::Open { .. })
}

#[test]
fn new_york_is_called_from_nine_to_eight() {
    // Tuesday 24 November 2026, Eastern Standard Time (UTC-5).
    let rules = rules(212);
    assert!(!is_open(&rules, "2026-11-24T13:59:59Z"));
    assert!(is_open(&rules, "2026-11-24T14:00:00Z"));
    assert!(is_open(&rules, "2026-11-25T00:59:59Z"));
    assert!(!is_open(&rules, "2026-11-25T01:00:00Z"));
    let closed = rules.calling_time(at("2026-11-24T13:12:00Z"));
    let reason = "It is 8:12 in New York; calling starts at 9:00.".to_owned();
    assert_eq!(
        closed,
        CallingTime::Closed {
            reason,
            opens: Some(at("2026-11-24T14:00:00Z"))
        }
    );
}

#[test]
fn a_number_that_may_be_in_two_zones_is_called_only_in_the_hours_of_both() {
    // Idaho is in Mountain and Pacific time: 9:00 Pacific is 10:00 Mountain, 20:00 Mountain is 19:00 Pacific.
    let rules = rules(208);
    assert!(!is_open(&rules, "2026-11-24T16:30:00Z"));
    assert!(is_open(&rules, "2026-11-24T17:00:00Z"));
    assert!(is_open(&rules, "2026-11-25T02:59:00Z"));
    assert!(!is_open(&rules, "2026-11-25T03:00:00Z"));
}

#[test]
fn the_hours_move_with_daylight_saving_time() {
    // 31 October is EDT (UTC-4), 1 November EST (UTC-5); 13 March 2027 EST, 14 March EDT. Phoenix never moves.
    for (code, before, after) in [
        (212, "2026-10-31T13:00:00Z", "2026-11-01T14:00:00Z"),
        (212, "2027-03-13T14:00:00Z", "2027-03-14T13:00:00Z"),
        (602, "2026-10-31T16:00:00Z", "2026-11-01T16:00:00Z"),
    ] {
        for opens in [before, after] {
            let night = at(opens) - SignedDuration::from_hours(8);
            assert_eq!(rules(code).next_allowed(night), Some(at(opens)), "{code}");
        }
    }
}

#[test]
fn states_are_stricter_on_sundays_and_holidays() {
    // Sunday 22 November 2026, noon and 10:30 Central; Thanksgiving is 26 November.
    assert!(!is_open(&rules(205), "2026-11-22T18:00:00Z"));
    assert!(!is_open(&rules(205), "2026-11-26T18:00:00Z"));
    assert!(!is_open(&rules(214), "2026-11-22T16:30:00Z"));
    assert!(is_open(&rules(214), "2026-11-22T18:00:00Z"));
    assert_eq!(
        rules(205).calling_time(at("2026-11-22T18:00:00Z")),
        CallingTime::Closed {
            reason: "Nobody in AL is called on a Sunday.".to_owned(),
            opens: Some(at("2026-11-23T15:00:00Z")),
        }
    );
}

#[test]
fn a_tenant_widens_to_the_legal_limit_and_not_past_it() {
    let tenant = around_the_clock();
    // New York has federal hours only (8 to 21); Florida closes at 20.
    let new_york = rules_of(212, &tenant);
    assert!(is_open(&new_york, "2026-11-24T13:00:00Z") && !is_open(&new_york, "2026-11-24T12:59:00Z"));
    assert!(is_open(&new_york, "2026-11-25T01:59:00Z") && !is_open(&new_york, "2026-11-25T02:00:00Z"));
    assert!(!is_open(&rules_of(305, &tenant), "2026-11-25T01:00:00Z"));
    let today = at("2026-11-24T12:00:00Z")
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date();
    assert_eq!(new_york.attempts_in_24_h_max(today), super::ATTEMPTS_IN_24_H_MAX);
    assert_eq!(rules_of(305, &tenant).attempts_in_24_h_max(today), 3);
    assert_eq!(new_york.spacing(), SignedDuration::from_mins(15));
}

#[test]
fn three_states_need_consent_before_a_machine_dials() {
    let today = at("2026-11-24T12:00:00Z")
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date();
    for code in [305, 405, 301] {
        assert!(rules(code).needs_consent(today), "{code}");
    }
    assert!(!rules(212).needs_consent(today));
}

#[test]
fn a_law_binds_from_its_date_on() {
    let before = at("2023-12-31T12:00:00Z")
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date();
    assert!(!rules(301).needs_consent(before));
    assert!(rules(301).needs_consent(before.tomorrow().expect("a day")));
}

#[test]
fn every_rule_names_its_source() {
    for place in area_codes::all() {
        assert!(!source(&place.state).is_empty());
    }
    assert_eq!(checked().to_string(), "2026-11-22");
}

proptest! {
    /// For 400 days around two changes of the clock, for every area code, whatever the tenant wishes.
    #[test]
    fn nobody_is_called_outside_federal_hours(
        index in 0..378_usize,
        minutes in 0..400 * 24 * 60_i64,
        wide in any::<bool>(),
    ) {
        let now = at("2026-09-01T00:00:00Z") + SignedDuration::from_mins(minutes);
        let place = &area_codes::all()[index];
        let tenant = if wide { around_the_clock() } else { TenantRules::default() };
        let rules = Rules::new(place, &tenant);
        if let Some(next) = rules.next_allowed(now) {
            prop_assert!(next >= now);
            let open = matches!(rules.calling_time(next), CallingTime::Open { .. });
            prop_assert!(open, "closed at the moment it was said to open");
        }
        if let CallingTime::Open { until, .. } = rules.calling_time(now) {
            for zone in &place.zones {
                let hour = now.to_zoned(zone.rules.clone()).hour();
                prop_assert!((8..21).contains(&hour), "{} at {hour} in {}", place.code, zone.name);
            }
            let closed = matches!(rules.calling_time(until), CallingTime::Closed { .. });
            prop_assert!(closed, "open at the moment it was said to close");
        }
    }
}

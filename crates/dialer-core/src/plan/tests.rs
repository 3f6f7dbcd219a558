//! Who is dialed next, from which number, and when nobody is.

use jiff::{SignedDuration, Timestamp};
use protocol::LeadId;

use super::{OurNumber, Plan, TokenBucket, choose, plan};
use crate::{
    eligibility::{Candidate, Standing},
    law::TenantRules,
    phone_number::PhoneNumber,
};

fn at(text: &str) -> Timestamp {
    text.parse().expect("a timestamp")
}

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text).expect("a valid number")
}

fn lead(id: u64, to: &str) -> Candidate {
    Candidate {
        lead_id: LeadId::from_parts(id, 0),
        number: number(to),
        added_at: Timestamp::UNIX_EPOCH,
        dialed_at: Vec::new(),
        try_count: 0,
        consent: false,
        in_flight: false,
        standing: Standing::Open,
        not_before: None,
    }
}

fn ours(text: &str, placed_today_count: u32) -> OurNumber {
    OurNumber {
        number: number(text),
        placed_today_count,
    }
}

fn full_bucket(now: Timestamp) -> TokenBucket {
    TokenBucket::new(1, now - SignedDuration::from_secs(5))
}

fn plan_at(now: &str, leads: &[Candidate]) -> Plan {
    let now = at(now);
    plan(
        leads,
        &[ours("2125550100", 0)],
        &TenantRules::default(),
        &full_bucket(now),
        now,
    )
}

#[test]
fn the_first_lead_that_may_be_called_is_placed() {
    // 9:30 in New York, 6:30 in Los Angeles.
    let leads = [lead(1, "2135550142"), lead(2, "2125550142")];
    let Plan::Place(placement) = plan_at("2026-11-24T14:30:00Z", &leads) else {
        panic!("nobody was placed")
    };
    assert_eq!(placement.lead_id, leads[1].lead_id);
    let why = "Called from a number of area code 212.".to_owned();
    assert_eq!(placement.reasons.last(), Some(&why));
}

#[test]
fn a_wait_names_the_first_moment_that_changes_it() {
    let leads = [lead(1, "2135550142"), lead(2, "2125550142")];
    let expected = Plan::Wait {
        reason: "It is 8:30 in New York; calling starts at 9:00.".to_owned(),
        until: Some(at("2026-11-24T14:00:00Z")),
    };
    assert_eq!(plan_at("2026-11-24T13:30:00Z", &leads), expected);
    let nobody = Plan::Wait {
        reason: "Nobody is left to call on this list.".to_owned(),
        until: None,
    };
    assert_eq!(plan_at("2026-11-24T13:30:00Z", &[]), nobody);
}

#[test]
fn the_account_s_rate_paces_the_floor() {
    let now = at("2026-11-24T17:00:00Z");
    let mut bucket = full_bucket(now);
    assert!(bucket.take(now));
    let leads = [lead(1, "2125550142")];
    let waiting = plan(
        &leads,
        &[ours("2125550100", 0)],
        &TenantRules::default(),
        &bucket,
        now,
    );
    let Plan::Wait { until, .. } = waiting else {
        panic!("placed without a token")
    };
    assert_eq!(until, Some(now + SignedDuration::from_secs(1)));
}

#[test]
fn a_bucket_never_lets_more_through_than_its_rate() {
    let start = at("2026-11-24T17:00:00Z");
    let mut bucket = TokenBucket::new(5, start);
    let taken = (0..10_000)
        .filter(|ms| bucket.take(start + SignedDuration::from_millis(*ms)))
        .count();
    assert_eq!(taken, 49);
    assert!(
        !bucket.take(start - SignedDuration::from_hours(1)),
        "a clock set back fills nothing"
    );
}

#[test]
fn the_nearest_number_is_shown_and_the_least_used_among_equals() {
    let pool = [
        ours("3055550100", 0),
        ours("6465550100", 9),
        ours("2125550100", 70),
        ours("2125550101", 50),
    ];
    assert_eq!(
        choose(number("2125550142"), &pool).expect("a number").0,
        number("2125550101")
    );
    assert_eq!(
        choose(number("3325550142"), &pool).expect("a number").0,
        number("6465550100")
    );
    assert_eq!(
        choose(number("7165550142"), &pool).expect("a number").0,
        number("6465550100")
    );
    assert_eq!(
        choose(number("2135550142"), &pool).expect("a number").0,
        number("3055550100")
    );
    assert_eq!(choose(number("2125550142"), &[]), None);
    let tired = [ours("2125550100", 100), ours("3055550100", 3)];
    assert_eq!(
        choose(number("2125550142"), &tired).expect("a number").0,
        number("3055550100")
    );
}

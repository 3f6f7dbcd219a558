//! Whether a lead may be called now, and who comes first.

use std::fmt;

use jiff::{SignedDuration, Timestamp, civil::Date};
use protocol::LeadId;

use crate::{
    law::{CallingTime, Rules, TenantRules},
    phone_number::PhoneNumber,
};

/// The period attempt caps count in.
const CAP_PERIOD: SignedDuration = SignedDuration::from_hours(24);

/// The longest time from this decision to the call on the network: our request's time-out and Twilio's queue.
const PLACING_MAX: SignedDuration = SignedDuration::from_secs(60);

/// A lead with everything the gate looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Who.
    pub lead_id: LeadId,
    /// Their number.
    pub number: PhoneNumber,
    /// When they came onto the list.
    pub added_at: Timestamp,
    /// When the tenant dialed this number, on any list, in any order; at least the last 24 hours and the last dial.
    pub dialed_at: Vec<Timestamp>,
    /// How often this lead was dialed, ever.
    pub try_count: u32,
    /// Their consent to automatic dialing is on record.
    pub consent: bool,
    /// Some attempt at this number has not ended, or nobody knows whether it was placed.
    pub in_flight: bool,
    /// Whether the lead may be called at all.
    pub standing: Standing,
    /// Not to be called before this time: they asked for another one.
    pub not_before: Option<Timestamp>,
}

/// Whether a lead may be called at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Yes, if the rules of the moment allow it.
    Open,
    /// No: a disposition ended the matter, or the number does not exist.
    Finished,
    /// No: the number is on the tenant's do-not-call list.
    DoNotCall,
}

/// Who asks: a machine that dials on, or a rep who chose this lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DialMode {
    /// The dialer picks and dials.
    Power,
    /// A person picks and dials.
    Click,
}

/// Whether a lead may be called now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Eligibility {
    /// Yes, because of all of these.
    Allowed {
        /// Sentences.
        reasons: Vec<String>,
    },
    /// No.
    Blocked {
        /// Why not; prints as a sentence.
        reason: Block,
        /// When that reason ends by itself, if it does.
        until: Option<Timestamp>,
    },
}

/// Why a lead may not be called now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// The tenant's do-not-call list.
    DoNotCall,
    /// A disposition that ends the matter.
    Finished,
    /// The state wants consent before a machine dials.
    ConsentNeeded {
        /// Its letters.
        state: String,
    },
    /// The number's lock is held by an attempt.
    InFlight,
    /// They asked for another time.
    AskedForLater,
    /// The cap is reached.
    TooManyAttempts {
        /// The cap.
        attempts_in_24_h_max: u32,
    },
    /// Too soon after the last dial.
    TooSoon {
        /// Minutes that must pass.
        spacing_minutes: i64,
    },
    /// Not calling time where they may be.
    OutsideHours {
        /// Where, and what the hours are.
        sentence: String,
    },
}

impl fmt::Display for Block {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DoNotCall => formatter.write_str("The number is on the do-not-call list."),
            Self::Finished => formatter.write_str("This lead is done."),
            Self::ConsentNeeded { state } => {
                write!(
                    formatter,
                    "In {state} a machine may dial only with consent on record."
                )
            }
            Self::InFlight => formatter.write_str("A call to this number has not ended yet."),
            Self::AskedForLater => formatter.write_str("They asked to be called at another time."),
            Self::TooManyAttempts { attempts_in_24_h_max } => {
                write!(
                    formatter,
                    "The number was dialed {attempts_in_24_h_max} times in 24 hours."
                )
            }
            Self::TooSoon { spacing_minutes } => {
                write!(
                    formatter,
                    "The number was dialed less than {spacing_minutes} minutes ago."
                )
            }
            Self::OutsideHours { sentence } => formatter.write_str(sentence),
        }
    }
}

/// Judges a lead at the moment of dialing.
///
/// Lasting reasons come before passing ones, so that a lead that can never be called is not shown with a time.
#[must_use]
pub fn judge(candidate: &Candidate, tenant: &TenantRules, mode: DialMode, now: Timestamp) -> Eligibility {
    let blocked = |reason, until| Eligibility::Blocked { reason, until };
    let rules = Rules::new(candidate.number.place(), tenant);
    let today = local_date(candidate.number, now);
    match candidate.standing {
        Standing::DoNotCall => return blocked(Block::DoNotCall, None),
        Standing::Finished => return blocked(Block::Finished, None),
        Standing::Open => {}
    }
    if mode == DialMode::Power && rules.needs_consent(today) && !candidate.consent {
        return blocked(
            Block::ConsentNeeded {
                state: rules.state().to_owned(),
            },
            None,
        );
    }
    if candidate.in_flight {
        return blocked(Block::InFlight, None);
    }
    if let Some(not_before) = candidate.not_before.filter(|not_before| *not_before > now) {
        return blocked(
            Block::AskedForLater,
            Some(rules.next_allowed(not_before).unwrap_or(not_before)),
        );
    }
    let attempts_in_24_h_max = rules.attempts_in_24_h_max(today);
    let recent = recent_dials(candidate, now);
    if let Some(free_at) = cap_frees_at(&recent, attempts_in_24_h_max) {
        let until = rules.next_allowed(free_at);
        return blocked(Block::TooManyAttempts { attempts_in_24_h_max }, until);
    }
    if let Some(last) = recent.last().filter(|last| **last + rules.spacing() > now) {
        let until = rules.next_allowed(*last + rules.spacing());
        return blocked(
            Block::TooSoon {
                spacing_minutes: rules.spacing().as_mins(),
            },
            until,
        );
    }
    match calling_time(&rules, now) {
        CallingTime::Closed { reason, opens } => blocked(Block::OutsideHours { sentence: reason }, opens),
        CallingTime::Open { mut reasons, .. } => {
            reasons.push("The number is not on the do-not-call list.".to_owned());
            reasons.push(format!(
                "{} of {attempts_in_24_h_max} attempts in 24 hours are used.",
                recent.len()
            ));
            Eligibility::Allowed { reasons }
        }
    }
}

/// Whether a call that is decided on now reaches the network in calling time.
fn calling_time(rules: &Rules, now: Timestamp) -> CallingTime {
    let time = rules.calling_time(now);
    if let CallingTime::Open { until, .. } = time
        && until < now + PLACING_MAX
    {
        return rules.calling_time(until);
    }
    time
}

/// Puts the leads in the order they are dialed: never tried first, then the one whose last dial is longest ago; the
/// one that has been on the list for longest among equals.
pub fn order(candidates: &mut [Candidate]) {
    candidates.sort_by_cached_key(|candidate| {
        (
            candidate.dialed_at.iter().max().copied(),
            candidate.added_at,
            candidate.lead_id,
        )
    });
}

/// The date where the called party is, by the first of their zones.
fn local_date(number: PhoneNumber, now: Timestamp) -> Date {
    let zone = number.place().zones.first().expect("every place has a zone");
    now.to_zoned(zone.rules.clone()).date()
}

/// Dials of the cap period, ascending. A dial "in the future" (the clock was set back) counts too.
fn recent_dials(candidate: &Candidate, now: Timestamp) -> Vec<Timestamp> {
    let mut recent: Vec<Timestamp> = candidate
        .dialed_at
        .iter()
        .copied()
        .filter(|dialed_at| *dialed_at + CAP_PERIOD > now)
        .collect();
    recent.sort_unstable();
    recent
}

/// When the cap lets another dial through; none if it does now.
fn cap_frees_at(recent: &[Timestamp], attempts_in_24_h_max: u32) -> Option<Timestamp> {
    let cap = usize::try_from(attempts_in_24_h_max).unwrap_or(usize::MAX);
    let over = recent.len().checked_sub(cap)?;
    // With a cap of zero nothing ever frees; the newest dial, or nothing, is as good an answer as any.
    recent
        .get(over)
        .or(recent.last())
        .map(|dialed_at| *dialed_at + CAP_PERIOD)
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};
    use protocol::LeadId;

    use super::{Block, Candidate, DialMode, Eligibility, Standing, judge, order};
    use crate::{law::TenantRules, phone_number::PhoneNumber};

    fn noon() -> Timestamp {
        "2026-11-24T17:00:00Z".parse().expect("Tuesday noon in New York")
    }

    fn candidate(number: &str) -> Candidate {
        Candidate {
            lead_id: LeadId::from_parts(1, 1),
            number: PhoneNumber::parse(number).expect("a valid number"),
            added_at: noon(),
            dialed_at: Vec::new(),
            try_count: 0,
            consent: false,
            in_flight: false,
            standing: Standing::Open,
            not_before: None,
        }
    }

    fn hours_ago(hours: i64) -> Timestamp {
        noon() - SignedDuration::from_hours(hours)
    }

    fn check(candidate: &Candidate, expected: &Block, until: Option<Timestamp>) {
        let verdict = judge(candidate, &TenantRules::default(), DialMode::Power, noon());
        assert_eq!(
            verdict,
            Eligibility::Blocked {
                reason: expected.clone(),
                until
            }
        );
    }

    #[test]
    fn a_fresh_lead_at_noon_is_called_and_the_reasons_are_sentences() {
        let verdict = judge(
            &candidate("2125550142"),
            &TenantRules::default(),
            DialMode::Power,
            noon(),
        );
        let Eligibility::Allowed { reasons } = verdict else {
            panic!("{verdict:?}")
        };
        assert_eq!(
            reasons,
            [
                "It is 12:00 in New York; calling hours are 9:00 to 20:00.",
                "The number is not on the do-not-call list.",
                "0 of 3 attempts in 24 hours are used.",
            ]
        );
    }

    #[test]
    fn what_lasts_blocks_without_a_time() {
        let number = "2125550142";
        check(
            &Candidate {
                standing: Standing::DoNotCall,
                ..candidate(number)
            },
            &Block::DoNotCall,
            None,
        );
        check(
            &Candidate {
                standing: Standing::Finished,
                ..candidate(number)
            },
            &Block::Finished,
            None,
        );
        check(
            &Candidate {
                in_flight: true,
                ..candidate(number)
            },
            &Block::InFlight,
            None,
        );
        check(
            &candidate("3055550142"),
            &Block::ConsentNeeded {
                state: "FL".to_owned(),
            },
            None,
        );
    }

    #[test]
    fn florida_is_dialed_with_consent_or_by_hand() {
        let lead = candidate("3055550142");
        let tenant = TenantRules::default();
        let by_hand = judge(&lead, &tenant, DialMode::Click, noon());
        assert!(matches!(by_hand, Eligibility::Allowed { .. }));
        let consented = judge(
            &Candidate {
                consent: true,
                ..lead
            },
            &tenant,
            DialMode::Power,
            noon(),
        );
        assert!(matches!(consented, Eligibility::Allowed { .. }));
    }

    #[test]
    fn two_hours_lie_between_two_dials() {
        let dialed_at = vec![hours_ago(1)];
        let lead = Candidate {
            dialed_at,
            ..candidate("2125550142")
        };
        check(
            &lead,
            &Block::TooSoon { spacing_minutes: 120 },
            Some(noon() + SignedDuration::from_hours(1)),
        );
    }

    #[test]
    fn the_fourth_dial_waits_until_the_first_is_a_day_old() {
        let dialed_at = vec![hours_ago(3), hours_ago(22), hours_ago(6)];
        let lead = Candidate {
            dialed_at,
            ..candidate("2125550142")
        };
        // Two hours from noon the oldest of the three is 24 hours old.
        let until = noon() + SignedDuration::from_hours(2);
        check(
            &lead,
            &Block::TooManyAttempts {
                attempts_in_24_h_max: 3,
            },
            Some(until),
        );
    }

    #[test]
    fn a_time_to_try_again_is_always_within_hours() {
        let dialed_at = vec![hours_ago(-8)];
        let lead = Candidate {
            dialed_at,
            ..candidate("2125550142")
        };
        // The clock was set back; the last dial lies at 20:00, and two hours later is night.
        let until = "2026-11-25T14:00:00Z".parse().ok();
        check(&lead, &Block::TooSoon { spacing_minutes: 120 }, until);
    }

    #[test]
    fn never_tried_first_then_longest_ago() {
        let lead = |id, dialed: Option<i64>| Candidate {
            lead_id: LeadId::from_parts(id, 0),
            dialed_at: dialed.map(hours_ago).into_iter().collect(),
            ..candidate("2125550142")
        };
        let mut leads = [lead(1, Some(5)), lead(2, Some(30)), lead(4, None), lead(3, None)];
        order(&mut leads);
        let ids: Vec<LeadId> = leads.iter().map(|lead| lead.lead_id).collect();
        assert_eq!(ids, [3, 4, 2, 1].map(|id| LeadId::from_parts(id, 0)));
    }
}

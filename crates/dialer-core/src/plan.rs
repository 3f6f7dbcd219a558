//! What to do next for a free seat: place a lead from one of our numbers, or wait, with the reasons.

mod bucket;
mod caller_id;

use jiff::Timestamp;
use protocol::LeadId;

pub use bucket::TokenBucket;
pub use caller_id::{OurNumber, choose};

use crate::{
    eligibility::{Candidate, DialMode, Eligibility, judge},
    law::TenantRules,
    phone_number::PhoneNumber,
};

/// The next thing to do for a seat that is free.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// Call this lead.
    Place(Placement),
    /// Call nobody now.
    Wait {
        /// A sentence for the rep.
        reason: String,
        /// When to plan again, if time alone changes the answer.
        until: Option<Timestamp>,
    },
}

/// A call to place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// Whom.
    pub lead_id: LeadId,
    /// At which number.
    pub to: PhoneNumber,
    /// From which of ours.
    pub from: PhoneNumber,
    /// Why it is allowed, and why from that number; sentences.
    pub reasons: Vec<String>,
}

/// Plans the next call for one free seat.
///
/// `candidates` are in the order they should be dialed. The token for the call is the caller's to take, once the intent
/// is written.
#[must_use]
pub fn plan(
    candidates: &[Candidate],
    numbers: &[OurNumber],
    tenant: &TenantRules,
    bucket: &TokenBucket,
    now: Timestamp,
) -> Plan {
    let mut first_block: Option<(Timestamp, String)> = None;
    let mut last_reason = None;
    for candidate in candidates {
        match judge(candidate, tenant, DialMode::Power, now) {
            Eligibility::Allowed { reasons } => return place(candidate, reasons, numbers, bucket, now),
            Eligibility::Blocked {
                reason,
                until: Some(until),
            } => {
                if first_block.as_ref().is_none_or(|(earliest, _)| until < *earliest) {
                    first_block = Some((until, reason.to_string()));
                }
            }
            Eligibility::Blocked { reason, until: None } => last_reason = Some(reason.to_string()),
        }
    }
    match (first_block, last_reason) {
        (Some((until, reason)), _) => Plan::Wait {
            reason,
            until: Some(until),
        },
        (None, Some(reason)) => Plan::Wait { reason, until: None },
        (None, None) => Plan::Wait {
            reason: "Nobody is left to call on this list.".to_owned(),
            until: None,
        },
    }
}

fn place(
    candidate: &Candidate,
    mut reasons: Vec<String>,
    numbers: &[OurNumber],
    bucket: &TokenBucket,
    now: Timestamp,
) -> Plan {
    let Some((from, why)) = choose(candidate.number, numbers) else {
        let reason = "The campaign has no number to call from: add one to its pool.".to_owned();
        return Plan::Wait { reason, until: None };
    };
    let ready_at = bucket.ready_at(now);
    if ready_at > now {
        let reason = format!(
            "Twilio places {} calls per second for this account.",
            bucket.rate_per_s()
        );
        return Plan::Wait {
            reason,
            until: Some(ready_at),
        };
    }
    reasons.push(why);
    Plan::Place(Placement {
        lead_id: candidate.lead_id,
        to: candidate.number,
        from,
        reasons,
    })
}

#[cfg(test)]
mod tests;

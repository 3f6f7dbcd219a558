//! Goes through a campaign's list, page by page, for the next call to place.

use dialer_core::{
    law::TenantRules,
    plan::{Plan, TokenBucket, plan},
};
use jiff::{SignedDuration, Timestamp};
use protocol::CampaignId;
use sqlx::SqliteConnection;

use crate::store::{
    StoreError,
    attempts::{self, PAGE_LEADS},
};

/// Pages looked at in one plan: a list of a hundred thousand leads.
const PAGES_MAX: u32 = 50;

/// The next call of a campaign, or why there is none. The account's pace is not looked at.
pub(super) async fn next_call(
    reader: &mut SqliteConnection,
    campaign_id: CampaignId,
    rule_now: Timestamp,
) -> Result<Plan, StoreError> {
    let numbers = attempts::pool(reader, campaign_id, rule_now).await?;
    let bucket = TokenBucket::new(1, rule_now - SignedDuration::from_secs(2));
    let mut best = None;
    for page in 0..PAGES_MAX {
        let candidates = attempts::candidates(reader, campaign_id, rule_now, page).await?;
        let is_last = candidates.len() < PAGE_LEADS as usize;
        match plan(&candidates, &numbers, &TenantRules::default(), &bucket, rule_now) {
            place @ Plan::Place(_) => return Ok(place),
            wait @ Plan::Wait { .. } if page == 0 || !candidates.is_empty() => {
                best = Some(sooner(best, wait));
            }
            Plan::Wait { .. } => {}
        }
        if is_last {
            break;
        }
    }
    Ok(best.expect("the first page always has a plan"))
}

/// Of two reasons to wait, the one that ends first; one that ends by itself before one that does not.
fn sooner(best: Option<Plan>, other: Plan) -> Plan {
    let ends_at = |plan: &Plan| match plan {
        Plan::Wait { until, .. } => until.unwrap_or(Timestamp::MAX),
        Plan::Place(_) => Timestamp::MIN,
    };
    match best {
        Some(best) if ends_at(&best) <= ends_at(&other) => best,
        Some(_) | None => other,
    }
}

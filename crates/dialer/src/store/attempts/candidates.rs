//! What the gate looks at: leads with their history, and the numbers to call from.

use std::collections::BTreeMap;

use dialer_core::{
    eligibility::{Candidate, Standing},
    phone_number::PhoneNumber,
    plan::OurNumber,
};
use jiff::{SignedDuration, Timestamp};
use protocol::{CampaignId, LeadId};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

use crate::store::{StoreError, from_ms, parse, to_ms};

/// Leads read at a time.
pub const PAGE_LEADS: u32 = 2_000;
/// How far back dials are counted.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The leads of a campaign that are not done, in the order they are dialed: never tried first, then longest ago.
/// Those on the do-not-call list or with a call in flight are left out. Page 0 is the first; a page that is not full
/// is the last.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn candidates(
    connection: &mut SqliteConnection,
    campaign_id: CampaignId,
    now: Timestamp,
    page: u32,
) -> Result<Vec<Candidate>, StoreError> {
    let rows = sqlx::query(
        "SELECT leads.*, 0 AS do_not_call, 0 AS in_flight,
                (SELECT MAX(placed_at_ms) FROM attempts
                 WHERE attempts.tenant_id = leads.tenant_id AND to_number = leads.phone_number) AS dialed_at_ms,
                (SELECT COUNT(*) FROM attempts WHERE attempts.lead_id = leads.lead_id) AS try_count
         FROM leads
         WHERE campaign_id = $1 AND done_at_ms IS NULL
           AND NOT EXISTS (SELECT 1 FROM do_not_call WHERE do_not_call.tenant_id = leads.tenant_id
                           AND do_not_call.phone_number = leads.phone_number)
           AND NOT EXISTS (SELECT 1 FROM attempts WHERE attempts.tenant_id = leads.tenant_id
                           AND to_number = leads.phone_number AND ended_at_ms IS NULL)
         ORDER BY COALESCE(dialed_at_ms, 0), lead_id LIMIT $2 OFFSET $3",
    )
    .bind(campaign_id.to_string())
    .bind(PAGE_LEADS)
    .bind(page * PAGE_LEADS)
    .fetch_all(&mut *connection)
    .await?;
    let dials = recent_dials(connection, campaign_id, now).await?;
    rows.iter().map(|row| read(row, &dials)).collect()
}

/// One lead, whatever its standing: for the gate inside the transaction that writes the intent.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn candidate(
    connection: &mut SqliteConnection,
    lead_id: LeadId,
    now: Timestamp,
) -> Result<Option<Candidate>, StoreError> {
    let row = sqlx::query(
        "SELECT leads.*, do_not_call.phone_number IS NOT NULL AS do_not_call,
                EXISTS (SELECT 1 FROM attempts WHERE attempts.tenant_id = leads.tenant_id
                        AND to_number = leads.phone_number AND ended_at_ms IS NULL) AS in_flight,
                (SELECT MAX(placed_at_ms) FROM attempts
                 WHERE attempts.tenant_id = leads.tenant_id AND to_number = leads.phone_number) AS dialed_at_ms,
                (SELECT COUNT(*) FROM attempts WHERE attempts.lead_id = leads.lead_id) AS try_count
         FROM leads LEFT JOIN do_not_call ON do_not_call.tenant_id = leads.tenant_id
                          AND do_not_call.phone_number = leads.phone_number
         WHERE lead_id = $1",
    )
    .bind(lead_id.to_string())
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let campaign_id = parse(row.get("campaign_id"), "a campaign id")?;
    let dials = recent_dials(connection, campaign_id, now).await?;
    read(&row, &dials).map(Some)
}

/// The numbers a campaign calls from.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn pool(
    connection: &mut SqliteConnection,
    campaign_id: CampaignId,
    now: Timestamp,
) -> Result<Vec<OurNumber>, StoreError> {
    let rows = sqlx::query(
        "SELECT phone_number, (SELECT COUNT(*) FROM attempts WHERE from_number = phone_number
                               AND placed_at_ms > $1) AS placed_today_count
         FROM pool_numbers WHERE campaign_id = $2 ORDER BY phone_number",
    )
    .bind(to_ms(now - DAY))
    .bind(campaign_id.to_string())
    .fetch_all(connection)
    .await?;
    let numbers = rows.iter().map(|row| {
        Ok(OurNumber {
            number: parse(row.get("phone_number"), "a phone number")?,
            placed_today_count: row.get("placed_today_count"),
        })
    });
    numbers.collect()
}

type Dials = BTreeMap<String, Vec<Timestamp>>;

/// When the tenant dialed which number, on any of its lists, in the last day.
async fn recent_dials(
    connection: &mut SqliteConnection,
    campaign_id: CampaignId,
    now: Timestamp,
) -> Result<Dials, StoreError> {
    let rows = sqlx::query(
        "SELECT to_number, placed_at_ms FROM attempts
         WHERE tenant_id = (SELECT tenant_id FROM campaigns WHERE campaign_id = $1) AND placed_at_ms > $2",
    )
    .bind(campaign_id.to_string())
    .bind(to_ms(now - DAY))
    .fetch_all(connection)
    .await?;
    let mut dials = Dials::new();
    for row in rows {
        dials
            .entry(row.get("to_number"))
            .or_default()
            .push(from_ms(row.get("placed_at_ms"))?);
    }
    Ok(dials)
}

fn read(row: &SqliteRow, dials: &Dials) -> Result<Candidate, StoreError> {
    let text: &str = row.get("phone_number");
    let number: PhoneNumber = parse(text, "a phone number")?;
    let last = row
        .get::<Option<i64>, _>("dialed_at_ms")
        .map(from_ms)
        .transpose()?;
    let mut dialed_at = dials.get(text).cloned().unwrap_or_default();
    dialed_at.extend(last.filter(|last| !dialed_at.contains(last)));
    let standing = if row.get::<i64, _>("do_not_call") != 0 {
        Standing::DoNotCall
    } else if row.get::<Option<i64>, _>("done_at_ms").is_some() {
        Standing::Finished
    } else {
        Standing::Open
    };
    Ok(Candidate {
        lead_id: parse(row.get("lead_id"), "a lead id")?,
        number,
        added_at: from_ms(row.get("created_at_ms"))?,
        dialed_at,
        try_count: row.get("try_count"),
        consent: row.get::<Option<i64>, _>("consent_at_ms").is_some(),
        in_flight: row.get::<i64, _>("in_flight") != 0,
        standing,
        not_before: row
            .get::<Option<i64>, _>("not_before_ms")
            .map(from_ms)
            .transpose()?,
    })
}

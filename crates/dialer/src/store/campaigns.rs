//! Campaigns: lists with a script, what a rep may choose afterwards, and the numbers that calls may show.

use std::collections::BTreeMap;

use dialer_core::{
    eligibility::{Candidate, DialMode, Eligibility, Standing, judge},
    law::TenantRules,
    phone_number::PhoneNumber,
};
use jiff::Timestamp;
use protocol::{Campaign, CampaignId, Disposition, LeadId, TenantId};
use sqlx::{Row, error::DatabaseError};

use super::{Store, StoreError, parse, to_ms};
use crate::entropy;

/// What a rep may choose unless the campaign says otherwise.
pub const DISPOSITIONS_DEFAULT: [Disposition; 7] = [
    Disposition::Interested,
    Disposition::Meeting,
    Disposition::CallBack,
    Disposition::NotInterested,
    Disposition::Voicemail,
    Disposition::WrongNumber,
    Disposition::DoNotCall,
];

/// A campaign to add.
#[derive(Debug, Clone)]
pub struct NewCampaign {
    /// Whose.
    pub tenant_id: TenantId,
    /// Unique in the tenant.
    pub name: String,
    /// What the rep reads out.
    pub script: String,
    /// The numbers its calls show, best two or more.
    pub pool: Vec<PhoneNumber>,
}

/// Adds a campaign. `None` if the tenant has one of that name, or another tenant has one of the numbers.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn add(store: &Store, now: Timestamp, new: NewCampaign) -> Result<Option<CampaignId>, StoreError> {
    let (unix_ms, random) = entropy::id_parts(now);
    let campaign_id = CampaignId::from_parts(unix_ms, random);
    let dispositions =
        serde_json::to_string(&DISPOSITIONS_DEFAULT).map_err(|_| StoreError::Corrupt("dispositions"))?;
    let result = store
        .write(move |tx| {
            Box::pin(async move {
                sqlx::query("INSERT INTO campaigns VALUES ($1, $2, $3, $4, $5, $6)")
                    .bind(campaign_id.to_string())
                    .bind(new.tenant_id.to_string())
                    .bind(new.name)
                    .bind(new.script)
                    .bind(dispositions)
                    .bind(to_ms(now))
                    .execute(&mut **tx)
                    .await?;
                for number in new.pool {
                    sqlx::query("INSERT INTO numbers VALUES ($1, $2, $3) ON CONFLICT (tenant_id, phone_number) DO NOTHING")
                        .bind(new.tenant_id.to_string())
                        .bind(number.e164())
                        .bind(to_ms(now))
                        .execute(&mut **tx)
                        .await?;
                    sqlx::query("INSERT INTO pool_numbers VALUES ($1, $2)")
                        .bind(campaign_id.to_string())
                        .bind(number.e164())
                        .execute(&mut **tx)
                        .await?;
                }
                Ok(campaign_id)
            })
        })
        .await;
    match result {
        Ok(campaign_id) => Ok(Some(campaign_id)),
        Err(StoreError::Sql(error))
            if error
                .as_database_error()
                .is_some_and(DatabaseError::is_unique_violation) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The campaign of that name.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn by_name(
    store: &Store,
    tenant_id: TenantId,
    name: &str,
) -> Result<Option<CampaignId>, StoreError> {
    let text: Option<String> =
        sqlx::query_scalar("SELECT campaign_id FROM campaigns WHERE tenant_id = $1 AND name = $2")
            .bind(tenant_id.to_string())
            .bind(name)
            .fetch_optional(store.readers())
            .await?;
    text.map(|text| parse(&text, "a campaign id")).transpose()
}

/// Whether the tenant has that campaign.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn exists(store: &Store, tenant_id: TenantId, campaign_id: CampaignId) -> Result<bool, StoreError> {
    let found: Option<i64> =
        sqlx::query_scalar("SELECT 1 FROM campaigns WHERE tenant_id = $1 AND campaign_id = $2")
            .bind(tenant_id.to_string())
            .bind(campaign_id.to_string())
            .fetch_optional(store.readers())
            .await?;
    Ok(found.is_some())
}

/// The tenant's campaigns by name.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn list(store: &Store, tenant_id: TenantId, now: Timestamp) -> Result<Vec<Campaign>, StoreError> {
    let callable = callable_counts(store, tenant_id, now).await?;
    let rows = sqlx::query(
        "SELECT *, (SELECT COUNT(*) FROM leads WHERE leads.campaign_id = campaigns.campaign_id) AS lead_count
         FROM campaigns WHERE tenant_id = $1 ORDER BY name",
    )
    .bind(tenant_id.to_string())
    .fetch_all(store.readers())
    .await?;
    let campaigns = rows.iter().map(|row| {
        let campaign_id = parse(row.get("campaign_id"), "a campaign id")?;
        Ok(Campaign {
            campaign_id,
            name: row.get("name"),
            script: row.get("script"),
            lead_count: row.get("lead_count"),
            callable_count: callable.get(&campaign_id).copied().unwrap_or_default(),
            dispositions: serde_json::from_str(row.get("dispositions"))
                .map_err(|_| StoreError::Corrupt("dispositions"))?,
        })
    });
    campaigns.collect()
}

/// Leads per campaign that may be dialed at this moment. The calling hours are those of an area code, so leads are
/// counted by it and one of each is judged; that a number was dialed of late is seen in SQL.
async fn callable_counts(
    store: &Store,
    tenant_id: TenantId,
    now: Timestamp,
) -> Result<BTreeMap<CampaignId, u32>, StoreError> {
    let tenant = TenantRules::default();
    let too_soon = now - jiff::SignedDuration::from_mins(tenant.spacing_minutes.into());
    let rows = sqlx::query(
        "SELECT campaign_id, MIN(phone_number) AS phone_number, consent_at_ms IS NOT NULL AS consent,
                COUNT(*) AS lead_count
         FROM leads
         WHERE tenant_id = $1 AND done_at_ms IS NULL AND (not_before_ms IS NULL OR not_before_ms <= $2)
           AND NOT EXISTS (SELECT 1 FROM do_not_call
                           WHERE do_not_call.tenant_id = leads.tenant_id
                             AND do_not_call.phone_number = leads.phone_number)
           AND NOT EXISTS (SELECT 1 FROM attempts
                           WHERE attempts.tenant_id = leads.tenant_id AND to_number = leads.phone_number
                             AND (placed_at_ms > $3 OR ended_at_ms IS NULL))
         GROUP BY campaign_id, substr(phone_number, 1, 5), consent_at_ms IS NOT NULL",
    )
    .bind(tenant_id.to_string())
    .bind(to_ms(now))
    .bind(to_ms(too_soon))
    .fetch_all(store.readers())
    .await?;
    let mut counts = BTreeMap::new();
    for row in rows {
        let number =
            PhoneNumber::parse(row.get("phone_number")).map_err(|_| StoreError::Corrupt("a number"))?;
        if may_be_dialed(number, row.get("consent"), &tenant, now) {
            let campaign_id: CampaignId = parse(row.get("campaign_id"), "a campaign id")?;
            *counts.entry(campaign_id).or_default() += row.get::<u32, _>("lead_count");
        }
    }
    Ok(counts)
}

fn may_be_dialed(number: PhoneNumber, consent: bool, tenant: &TenantRules, now: Timestamp) -> bool {
    let candidate = Candidate {
        lead_id: LeadId::from_parts(0, 0),
        number,
        added_at: now,
        dialed_at: Vec::new(),
        try_count: 0,
        consent,
        in_flight: false,
        standing: Standing::Open,
        not_before: None,
    };
    matches!(
        judge(&candidate, tenant, DialMode::Power, now),
        Eligibility::Allowed { .. }
    )
}

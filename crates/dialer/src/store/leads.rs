//! The people on the lists.

use dialer_core::phone_number::PhoneNumber;
use jiff::Timestamp;
use protocol::{CampaignId, LeadField, LeadId, TenantId};

use super::{Store, StoreError, Tx, to_ms};
use crate::entropy;

/// A person to put on a list.
#[derive(Clone)]
pub struct NewLead {
    /// Whom to call.
    pub phone_number: PhoneNumber,
    /// Full name; may be empty.
    pub name: String,
    /// Company; may be empty.
    pub company: String,
    /// What else is known, in the order of the file.
    pub fields: Vec<LeadField>,
}

impl std::fmt::Debug for NewLead {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("NewLead")
            .field("phone_number", &self.phone_number)
            .finish_non_exhaustive()
    }
}

/// Puts people on a list, in this order, in one transaction; answers how many were not on it yet.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn add(
    store: &Store,
    now: Timestamp,
    tenant_id: TenantId,
    campaign_id: CampaignId,
    leads: Vec<NewLead>,
) -> Result<u32, StoreError> {
    // Identifiers must sort as the file does: they share the time, and the random part counts up.
    let (unix_ms, first) = entropy::id_parts(now);
    store
        .write(move |tx| {
            Box::pin(async move {
                let mut added_count = 0;
                for (random, lead) in (first >> 1..).zip(leads) {
                    let fields =
                        serde_json::to_string(&lead.fields).map_err(|_| StoreError::Corrupt("a lead's fields"))?;
                    let added = sqlx::query(
                        "INSERT INTO leads
                         (lead_id, tenant_id, campaign_id, phone_number, name, company, fields, created_at_ms)
                         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (campaign_id, phone_number) DO NOTHING",
                    )
                    .bind(LeadId::from_parts(unix_ms, random).to_string())
                    .bind(tenant_id.to_string())
                    .bind(campaign_id.to_string())
                    .bind(lead.phone_number.e164())
                    .bind(lead.name)
                    .bind(lead.company)
                    .bind(fields)
                    .bind(to_ms(now))
                    .execute(&mut **tx)
                    .await?;
                    added_count += u32::from(added.rows_affected() == 1);
                }
                Ok(added_count)
            })
        })
        .await
}

/// Puts a number on a tenant's list of those that nobody calls again.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn do_not_call(
    tx: &mut Tx,
    tenant_id: TenantId,
    number: PhoneNumber,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO do_not_call VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
        .bind(tenant_id.to_string())
        .bind(number.e164())
        .bind(to_ms(now))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

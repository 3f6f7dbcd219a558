//! Campaigns and the import of leads.
//!
//! `GET  /api/v1/campaigns` answers `[Campaign]`.
//! `POST /api/v1/campaigns/{id}/leads` takes `text/csv` and answers [`ImportReport`] (managers and admins).

use serde::{Deserialize, Serialize};

use crate::{CampaignId, Disposition};

/// A campaign as a rep sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct Campaign {
    /// Which campaign.
    pub campaign_id: CampaignId,
    /// Its name.
    pub name: String,
    /// What the rep reads out; plain text, blank lines separate paragraphs.
    pub script: String,
    /// Leads on the list.
    pub lead_count: u32,
    /// Leads that may be called at this moment.
    pub callable_count: u32,
    /// What a rep may choose when a conversation ends, in the order of the keys 1, 2, 3, ….
    pub dispositions: Vec<Disposition>,
}

/// What became of an imported file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportReport {
    /// Rows that became new leads.
    pub added_count: u32,
    /// Rows whose number was on this list already.
    pub duplicate_count: u32,
    /// Rows that were refused, each with a reason.
    pub errors: Vec<RowError>,
}

/// Why a row was refused. The other rows were taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RowError {
    /// The line in the file; the header is line 1.
    pub line: u64,
    /// The column at fault, if it is one.
    pub column: Option<String>,
    /// A sentence that says what to do.
    pub message: String,
}

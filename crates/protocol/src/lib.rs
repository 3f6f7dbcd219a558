//! What the desktop and the dialer say to each other: serde types only.
//!
//! The HTTP API lives under [`API_PREFIX`]; each module lists its routes. Times are RFC 3339 in UTC. Personal data
//! is wrapped in [`Pii`], which prints as `…`.

mod api;
mod campaign;
mod error;
mod event;
mod id;
mod identity;
mod pii;
mod seat;

pub use api::{API_PREFIX, PROTOCOL_VERSION};
pub use campaign::{Campaign, ImportReport, RowError};
pub use error::{ApiError, Code};
pub use event::{ClientMessage, Event, EventEnvelope, Hello};
pub use id::{AgentId, AttemptId, CampaignId, LeadId, ParseIdError, SeatId, TenantId};
pub use identity::{Me, Role, TokenReply, VoiceToken};
pub use pii::Pii;
pub use seat::{
    Attempt, AttemptResult, AttemptState, CallRecord, Disposition, Lead, LeadField, Seat, SeatState,
    TakeSeat, Waiting, WrapUp,
};

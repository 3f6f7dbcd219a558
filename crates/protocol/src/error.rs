//! The body of every failed request.

use serde::{Deserialize, Serialize};

/// A refusal, with a code to act on and a sentence to show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiError {
    /// What to act on.
    pub code: Code,
    /// What to show: a plain sentence that says what to do.
    pub message: String,
}

/// Why a request was refused. The desktop acts on these and never on the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// 401: the access token is missing, expired or unknown; refresh it, else sign in again.
    Unauthorized,
    /// 403: this user may not do that.
    Forbidden,
    /// 404: there is no such thing, or not for this tenant.
    NotFound,
    /// 400: the request is malformed; retrying does not help.
    BadRequest,
    /// 409: not in this state; the event stream says what the state is.
    Conflict,
    /// 429: too many requests; try again later.
    TooMany,
    /// 503: the dialer cannot store anything just now; try again.
    Unavailable,
    /// 502: Twilio refused or could not be reached.
    Carrier,
    /// 500: a defect of the dialer; it was logged.
    Internal,
    /// A code of a newer dialer.
    #[serde(other)]
    Unknown,
}

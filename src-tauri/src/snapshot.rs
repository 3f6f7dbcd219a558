//! What the window shows: one value, sent whole on each change.

use protocol::{AttemptId, Campaign, Disposition, Me, Pii, Seat};
use serde::{Deserialize, Serialize};
use specta::Type;

/// Everything the window shows that the backend knows.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// Who is signed in, or what stands in the way.
    pub session: SessionView,
    /// Whether the dialer can be reached.
    pub server: Server,
    /// The dialer's address; it can be changed while signed out.
    pub server_url: String,
    /// True on the practice floor: its calls reach no real person.
    pub practice: bool,
    /// The dialer's wall clock (practice time on the practice floor) minus this machine's.
    #[specta(type = i32)]
    pub clock_offset_ms: i64,
    /// The campaigns a seat can be taken on.
    pub campaigns: Vec<Campaign>,
    /// The seat that is taken.
    pub seat: Option<Seat>,
    /// What is entered for the seat's current attempt and not yet saved as its wrap-up.
    pub draft: Option<Draft>,
    /// Saved wrap-ups that the dialer has not accepted yet.
    pub unsent_count: u32,
    /// What the rep should know, oldest first.
    pub notices: Vec<Notice>,
    /// Who carries the call's audio.
    pub media: Media,
    /// The version of this program.
    pub version: String,
}

/// Who is signed in, or what stands in the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(
    rename = "Session",
    tag = "kind",
    rename_all = "snake_case",
    rename_all_fields = "camelCase"
)]
pub enum SessionView {
    /// The keyring is being asked for an earlier sign-in, or the dialer who it belongs to.
    Starting,
    /// Nobody.
    SignedOut {
        /// Why, if that is a surprise: "Your sign-in ran out. Sign in again."
        notice: Option<String>,
    },
    /// The browser shows the sign-in page.
    AwaitingBrowser {
        /// The page, to be copied when no browser opened.
        url: String,
        /// False when no browser could be started.
        browser_opened: bool,
    },
    /// An earlier sign-in may lie in the keyring, which is locked.
    KeyringLocked {
        /// A sentence that says what to do.
        message: String,
    },
    /// Somebody.
    SignedIn {
        /// Who.
        me: Me,
    },
}

/// Whether the dialer can be reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Server {
    /// The first connection is being made.
    Connecting,
    /// The event stream is up.
    Online,
    /// It cannot be reached; the next try comes by itself.
    Offline {
        /// A sentence that says what is wrong.
        message: String,
    },
}

/// What is entered for an attempt before it is saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Draft {
    /// The attempt.
    pub attempt_id: AttemptId,
    /// What is chosen so far.
    pub disposition: Option<Disposition>,
    /// What is typed so far.
    pub note: Pii<String>,
}

/// Something the rep should know, until dismissed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
pub struct Notice {
    /// For dismissing it.
    pub id: u32,
    /// A sentence that says what to do.
    pub message: String,
}

/// Who carries the call's audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Media {
    /// The Rust engine: Linux, whose webview has no WebRTC.
    Native,
    /// The webview's own WebRTC.
    Webview,
}

impl Media {
    /// What this system uses.
    #[must_use]
    pub const fn of_this_system() -> Self {
        if cfg!(target_os = "linux") {
            Self::Native
        } else {
            Self::Webview
        }
    }
}

/// What the page says about its phone, for the log and for asking before the window closes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Type)]
pub struct PhoneReport {
    /// What the phone does.
    pub state: PhoneState,
    /// More about a failure.
    pub detail: Option<String>,
}

/// What the page's phone does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum PhoneState {
    /// No seat, no phone.
    Off,
    /// On its way into the room.
    Connecting,
    /// The agent's leg is in the room.
    InRoom,
    /// The network was lost; it is being found again.
    Reconnecting,
    /// It gave up.
    Failed,
}

//! What the phone network is started with.

use std::net::{Ipv4Addr, SocketAddr};

use jiff::Timestamp;
use secrecy::SecretString;

use crate::network::Limits;
use crate::world::World;

/// Twilio's default pace for new accounts, in calls per second.
pub const CPS_DEFAULT: u32 = 1;

/// REST requests that the network answers at once. Twilio's own limit differs by account and is not published.
pub(crate) const REST_CONCURRENCY_MAX_DEFAULT: usize = 100;

/// Connections of one listener at once.
const CONNECTIONS_MAX_DEFAULT: usize = 8_192;

/// A body that takes longer comes no more.
const BODY_MS_MAX_DEFAULT: u64 = 30_000;

/// The account and API key that clients of the emulator use, as they would Twilio's.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// `AC` and 32 hex digits.
    pub account_sid: String,
    /// Signs webhooks and opens REST and the control API.
    pub auth_token: SecretString,
    /// `SK` and 32 hex digits; the issuer of access tokens.
    pub api_key_sid: String,
    /// Signs access tokens; also opens REST.
    pub api_key_secret: SecretString,
}

/// What moves time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockMode {
    /// The machine's own clock.
    Real,
    /// `POST /emulator/clock` alone; possible without media only. Then the same seed and the same requests
    /// give the same SIDs and the same events.
    Virtual {
        /// What time it is at first.
        start: Timestamp,
    },
}

/// How to start an [`crate::Emulator`].
#[derive(Clone, Debug)]
pub struct Config {
    /// Where REST, signalling and the control API listen; port 0 picks one.
    pub listen: SocketAddr,
    /// Where all that listens encrypted as well, under an authority made for this run; port 0 picks one.
    pub tls_listen: Option<SocketAddr>,
    /// The one account.
    pub credentials: Credentials,
    /// Decides who answers and how; the same seed gives the same population.
    pub seed: u64,
    /// Carries no audio: plays take their length by the clock and WebRTC legs never connect.
    pub no_media: bool,
    /// Outbound calls the network starts per second.
    pub cps: u32,
    /// REST requests answered at once; the others get 429 (20429).
    pub rest_concurrency_max: usize,
    /// Connections of one listener at once; more wait until one of them ends.
    pub connections_max: usize,
    /// How long the body of a request may take to come, in milliseconds; then the answer is 408 (20408).
    pub body_ms_max: u64,
    /// What moves time.
    pub clock: ClockMode,
    /// Who lives on the network.
    pub world: World,
    /// What the account may do.
    pub limits: Limits,
    /// The phone numbers the account owns at the start, in E.164.
    pub numbers: Vec<String>,
    /// Answers to questions that Twilio's documents leave open.
    pub switches: Switches,
}

impl Config {
    /// A network on a free loopback port, with sound, at Twilio's default pace, owning five numbers.
    #[must_use]
    pub fn new(credentials: Credentials) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            tls_listen: None,
            credentials,
            seed: 0,
            no_media: false,
            cps: CPS_DEFAULT,
            clock: ClockMode::Real,
            world: World::default(),
            limits: Limits::default(),
            rest_concurrency_max: REST_CONCURRENCY_MAX_DEFAULT,
            connections_max: CONNECTIONS_MAX_DEFAULT,
            body_ms_max: BODY_MS_MAX_DEFAULT,
            // 555-0100 to 555-0199 are set aside for fiction in every area code.
            numbers: ["202", "312", "415", "617", "713"]
                .iter()
                .map(|area_code| format!("+1{area_code}5550100"))
                .collect(),
            switches: Switches::default(),
        }
    }
}

/// Named hypotheses about behaviour that Twilio does not document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    /// When a participant's `waitUrl` is requested.
    pub wait_url_fetch: WaitUrlFetch,
    /// Whether `<Dial action>` is still requested when the leg that ran the `<Dial>` hangs up itself.
    pub dial_action_after_hangup: bool,
    /// What `Status=canceled` does to a call in progress.
    pub canceled_in_progress: CanceledInProgress,
    /// What a leg does that was removed from a conference.
    pub kicked_leg: KickedLeg,
    /// Whether music returns for the last participant of a conference that goes on.
    pub lone_participant_music: bool,
    /// The `SequenceNumber` of a conference's first event.
    pub conference_sequence_first: u32,
    /// Whether `StirVerstat` and `CallToken` are inside the signature.
    pub stir_signed: bool,
    /// How the query of an application's URL is sent; the signature covers it as it was given.
    pub url_query: UrlQuery,
    /// What a parameter of machine detection that is out of range does to `POST Calls`.
    pub amd_out_of_range: AmdOutOfRange,
    /// The longest `MachineDetectionTimeout` of `POST Calls`, in seconds: 59 or 60.
    pub amd_timeout_s_max: u32,
    /// How the asynchronous verdict of machine detection is sent.
    pub amd_callback_method: AmdCallbackMethod,
    /// The channels of a dual recording that `<Dial record>` made.
    pub dial_recording_channels: DialRecordingChannels,
    /// The channels of a dual `<Start><Recording>` on a leg that joined a conference.
    pub start_recording_channels: StartRecordingChannels,
    /// Seconds that Twilio adds to a call's `Timeout`.
    pub ring_timeout_extra_s: u32,
    /// How long after a call's end Insights has a partial summary; Twilio promises ten minutes.
    pub insights_partial_after_s: u32,
    /// How long after a call's end its summary is complete; Twilio promises half an hour.
    pub insights_complete_after_s: u32,
    /// What the others in a conference hear of a participant's keys.
    pub conference_digits: ConferenceDigits,
    /// What happens when the document with the music of a held participant ends.
    pub hold_music_end: HoldMusicEnd,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            wait_url_fetch: WaitUrlFetch::UnlessStarted,
            dial_action_after_hangup: true,
            canceled_in_progress: CanceledInProgress::Ignored,
            kicked_leg: KickedLeg::GoesOn,
            lone_participant_music: false,
            conference_sequence_first: 1,
            stir_signed: true,
            url_query: UrlQuery::AsGiven,
            amd_out_of_range: AmdOutOfRange::Noted,
            amd_timeout_s_max: 59,
            amd_callback_method: AmdCallbackMethod::AsAsked,
            dial_recording_channels: DialRecordingChannels::ParentFirst,
            start_recording_channels: StartRecordingChannels::LegFirst,
            ring_timeout_extra_s: 0,
            insights_partial_after_s: 600,
            insights_complete_after_s: 1_800,
            conference_digits: ConferenceDigits::Heard,
            hold_music_end: HoldMusicEnd::Again,
        }
    }
}

/// What the others in a conference hear of a participant's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConferenceDigits {
    /// The tones, in place of the participant's voice; phone trees follow them.
    Heard,
    /// Nothing.
    Absorbed,
}

/// What happens when the document with the music of a held participant ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HoldMusicEnd {
    /// It is requested again, as in a queue.
    Again,
    /// They wait in silence.
    Silence,
}

/// When a participant's `waitUrl` is requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WaitUrlFetch {
    /// Only if the conference has not started once this participant is in.
    UnlessStarted,
    /// Always; what it plays stops when the conference starts.
    Always,
}

/// What `Status=canceled` does to a call in progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CanceledInProgress {
    /// Nothing; the reply shows the call as it is.
    Ignored,
    /// It is refused with 21220.
    Refused,
}

/// What a leg does that was removed from a conference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KickedLeg {
    /// It goes on after its `<Dial>`.
    GoesOn,
    /// Its call ends.
    HangsUp,
}

/// How the query of an application's URL is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UrlQuery {
    /// As it was given.
    AsGiven,
    /// Its parameters sorted.
    Sorted,
}

/// What a parameter of machine detection that is out of range does to `POST Calls`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AmdOutOfRange {
    /// The call is placed without detection, and the account gets notification 21263.
    Noted,
    /// It is refused: 400 with code 21263.
    Refused,
}

/// How the asynchronous verdict of machine detection is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AmdCallbackMethod {
    /// By the method that `AsyncAmdStatusCallbackMethod` names.
    AsAsked,
    /// By POST, whatever was asked for.
    Post,
}

/// The channels of a dual recording that `<Dial record>` made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DialRecordingChannels {
    /// First the leg that ran the `<Dial>`, then whom it was connected to.
    ParentFirst,
    /// The other way round.
    ChildFirst,
}

/// The channels of a dual `<Start><Recording>` on a leg that joined a conference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StartRecordingChannels {
    /// First the leg, then what it heard.
    LegFirst,
    /// The other way round.
    LegSecond,
    /// There is one channel only, with both.
    Mono,
}

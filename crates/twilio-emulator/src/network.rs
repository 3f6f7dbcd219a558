//! The phone network: one machine that owns every call, room and socket.
//!
//! It is pure: [`Network::handle`] takes what happened and the time, [`Network::poll`] says what to do
//! about it, [`Network::deadline`] says when it wants to be called again.

mod account;
mod accounts;
mod amd;
mod area_codes;
mod bounds;
mod bridge;
mod call;
mod callback;
mod caller_ids;
mod client;
mod dialing_permissions;
mod end;
mod events;
mod exchanges;
mod faults;
mod geography;
mod inbound;
mod input;
mod insights;
mod keys;
mod limits;
mod market;
mod notifications;
mod output;
mod place;
mod population;
mod queue;
mod recording;
mod refusal;
mod room;
mod run;
mod sip;
#[cfg(test)]
mod tests;
mod timers;
mod trial;
mod trust;
mod truth;
mod usage;
mod views;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

pub(crate) use account::settings::{OF_APPLICATIONS, OF_NUMBERS, Setting};
pub(crate) use account::{Change, HandlingChanges, NumberChanges, RoutingChanges, Settings};
pub(crate) use accounts::Standing;
pub(crate) use amd::AmdErrors;
pub(crate) use call::Endpoint;
pub(crate) use client::SocketEvent;
use dialing_permissions::DialingPermissions;
pub(crate) use dialing_permissions::{CountryFilter, CountryUpdate};
pub(crate) use end::{CallChanges, StatusChange};
pub(crate) use geography::Point;
pub(crate) use inbound::InboundOrder;
pub(crate) use input::Input;
pub(crate) use insights::{Annotation, RowFilter, SdkReport, TraceFilter};
pub(crate) use keys::{Access, Policy, Scope, violation};
pub use limits::Limits;
pub(crate) use market::{Near, NumberSearch, Pattern};
pub(crate) use notifications::{NotificationFilter, RestRequest};
pub(crate) use output::Output;
pub(crate) use place::{CallOrder, Instructions};
pub(crate) use population::PersonaOrder;
pub(crate) use recording::{RecordingChange, RecordingFilter, RecordingTrack, RecordingWish};
pub(crate) use room::{ParticipantChanges, ParticipantOrder, is_label};
pub(crate) use run::{Fetch, SoundSource};
pub(crate) use sip::{
    DomainChanges, EntryChanges, Holder, ListKind, OriginationChanges, PbxOrder, RecordingMode, TrunkChanges,
};
pub(crate) use trust::{
    BundleChanges, BundleFilter, BundleKind, BundleOrder, PaperKind, PaperOrder, Part, PartFilter, Review,
};
pub(crate) use truth::EventFilter;
pub(crate) use usage::{UsageFilter, UsageSplit};
pub(crate) use views::{CallFilter, ConferenceFilter, NumberFilter, ParticipantFilter, When};

use crate::config::{Config, Switches};
use crate::faults::CallbackFault;
use crate::rest::ApiError;
use crate::sid::{CallSid, ConferenceSid, Sids};
use crate::webhook::Request;
use account::{Application, Number};
use accounts::Accounts;
use bounds::Bounds;
use call::Call;
use caller_ids::CallerId;
use client::Socket;
use events::EventLog;
use exchanges::Exchanges;
use insights::Insights;
use notifications::Journal;
use population::Population;
use queue::CallQueue;
use recording::{Recordings, Transcription};
use room::Conference;
use sip::Sip;
use timers::Timer;
use trust::TrustHub;
use usage::Ledger;

/// Names one WebSocket of the Voice SDK.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SocketId(pub(crate) u64);

/// See the module.
#[derive(Debug)]
pub(crate) struct Network {
    now: Timestamp,
    bounds: Bounds,
    accounts: Accounts,
    switches: Switches,
    /// No media side tells when sounds end and people leave.
    no_media: bool,
    cps: u32,
    sids: Sids,
    population: Population,
    callback_faults: Vec<CallbackFault>,
    /// Callbacks that wait to be overtaken.
    held_callbacks: BTreeMap<CallSid, Vec<Arc<Request>>>,
    /// Draws which faults happen, apart from the people's draws.
    fault_rng: ChaCha8Rng,
    reads_lag_ms: u32,
    limits: Limits,
    main_dialing: DialingPermissions,
    /// Of subaccounts that have permissions of their own.
    dialing: BTreeMap<String, DialingPermissions>,
    events: EventLog,
    journal: Journal,
    exchanges: Exchanges,
    calls: BTreeMap<CallSid, Call>,
    /// In order of creation.
    call_order: VecDeque<CallSid>,
    /// Calls that wait for their turn at the account's pace.
    queue: VecDeque<CallSid>,
    queue_free_at: Timestamp,
    conferences: BTreeMap<ConferenceSid, Conference>,
    conference_order: VecDeque<ConferenceSid>,
    /// The conference that goes on under each room's name.
    open_rooms: BTreeMap<(String, String), ConferenceSid>,
    call_queues: Vec<CallQueue>,
    recordings: Recordings,
    /// Oldest first.
    transcriptions: VecDeque<Transcription>,
    /// Where this network is reached, for the URLs of recordings.
    origin: String,
    applications: Vec<Application>,
    numbers: Vec<Number>,
    caller_ids: Vec<CallerId>,
    ledger: Ledger,
    insights: Insights,
    sip: Sip,
    trust: TrustHub,
    amd_errors: AmdErrors,
    /// Who dials which queue and waits for somebody in line, in order.
    queue_dialers: VecDeque<(String, CallSid)>,
    sockets: BTreeMap<SocketId, Socket>,
    /// Live legs of Voice SDK clients, few among all calls.
    client_legs: BTreeSet<CallSid>,
    timers: BTreeMap<(Timestamp, u64), Timer>,
    last_id: u64,
    outputs: VecDeque<Output>,
}

impl Network {
    pub(crate) fn new(config: &Config, now: Timestamp) -> Self {
        let mut network = Self {
            now,
            bounds: Bounds::default(),
            accounts: Accounts::new(&config.credentials, now),
            switches: config.switches,
            no_media: config.no_media,
            cps: config.limits.cps.unwrap_or(config.cps).max(1),
            sids: Sids::new(config.seed, now),
            population: Population::new(config.seed, config.world.clone()),
            callback_faults: Vec::new(),
            held_callbacks: BTreeMap::new(),
            fault_rng: ChaCha8Rng::seed_from_u64(!config.seed),
            reads_lag_ms: 0,
            limits: config.limits.clone(),
            main_dialing: DialingPermissions::new(config.limits.geo.clone()),
            dialing: BTreeMap::new(),
            events: EventLog::default(),
            journal: Journal::default(),
            exchanges: Exchanges::default(),
            calls: BTreeMap::new(),
            call_order: VecDeque::new(),
            queue: VecDeque::new(),
            queue_free_at: now,
            conferences: BTreeMap::new(),
            conference_order: VecDeque::new(),
            open_rooms: BTreeMap::new(),
            call_queues: Vec::new(),
            recordings: Recordings::default(),
            transcriptions: VecDeque::new(),
            origin: String::new(),
            applications: Vec::new(),
            numbers: Vec::new(),
            caller_ids: Vec::new(),
            ledger: Ledger::default(),
            insights: Insights::default(),
            sip: Sip::default(),
            trust: TrustHub::default(),
            amd_errors: AmdErrors::default(),
            queue_dialers: VecDeque::new(),
            sockets: BTreeMap::new(),
            client_legs: BTreeSet::new(),
            timers: BTreeMap::new(),
            last_id: 0,
            outputs: VecDeque::new(),
        };
        for number in &config.numbers {
            network.add_number(&config.credentials.account_sid, number);
        }
        network
    }

    /// Says where the network listens, before anything happens on it.
    pub(crate) fn set_origin(&mut self, origin: String) {
        self.origin = origin;
    }

    /// Where the network is reached; URLs in its answers begin with it.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Moves time forward and takes one input; drain [`Network::poll`] afterwards.
    pub(crate) fn handle(&mut self, input: Input, now: Timestamp) {
        self.advance_to(now);
        match input {
            Input::Tick => {}
            Input::Requested { method, path, status } => self.log(
                "rest",
                &[
                    ("method", &method),
                    ("path", &path),
                    ("status", &status.to_string()),
                ],
            ),
            Input::Fetched { fetch, result } => self.fetched(&fetch, result),
            Input::CallbackDone {
                call,
                request,
                result,
            } => self.callback_done(&call, request, result),
            Input::Media(event) => self.media_event(event),
            Input::SoundLength { call, play, ms } => self.sound_lasts(&call, play, ms),
            Input::SoundFailed {
                call,
                play,
                code,
                reason,
            } => self.sound_failed(&call, play, code, &reason),
            Input::OfferAnswered { call, result } => self.offer_answered(&call, result),
            Input::Offered { call, result } => self.offered(&call, result),
            Input::AnswerAccepted { call, result } => self.answer_accepted(&call, result),
            Input::SocketOpened { socket, region } => self.socket_opened(socket, region),
            Input::Signal { socket, frame } => self.signal(socket, frame),
            Input::SocketClosed(socket) => self.socket_closed(socket),
        }
    }

    pub(crate) fn poll(&mut self) -> Option<Output> {
        let output = self.outputs.pop_front()?;
        self.note_sound(&output);
        Some(output)
    }

    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        self.timers.first_key_value().map(|((at, _), _)| *at)
    }

    /// Ends every call without a word and forgets personas, faults, rooms and events; applications and
    /// numbers stay.
    pub(crate) fn reset(&mut self) {
        let live: Vec<CallSid> = self
            .calls
            .values()
            .filter(|c| !c.status.is_final())
            .map(|c| c.sid.clone())
            .collect();
        for sid in live {
            if let Some(call) = self.calls.get_mut(&sid) {
                call.callback = None;
                call.runs.clear();
            }
            self.end(&sid, call::Status::Completed, "reset");
        }
        self.calls.clear();
        self.call_order.clear();
        self.queue.clear();
        self.conferences.clear();
        self.conference_order.clear();
        self.open_rooms.clear();
        self.call_queues.clear();
        self.recordings = Recordings::default();
        self.transcriptions.clear();
        self.ledger = Ledger::default();
        self.insights.forget();
        self.queue_dialers.clear();
        self.population.forget();
        self.amd_errors = AmdErrors::default();
        self.callback_faults.clear();
        self.held_callbacks.clear();
        self.reads_lag_ms = 0;
        self.events.clear();
        self.journal = Journal::default();
        self.exchanges = Exchanges::default();
        self.timers
            .retain(|_, timer| matches!(timer, Timer::TokenExpiry(..) | Timer::Review(..)));
    }

    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    fn log(&mut self, kind: impl Into<Cow<'static, str>>, fields: &[(&'static str, &str)]) {
        self.events.push(self.now, kind, fields);
    }
}

fn not_found(path: &str) -> ApiError {
    ApiError::new(404, 20404, format!("The requested resource {path} was not found"))
}

//! The one task behind the window: it owns the session, the seat and the cache, and knows no Tauri.

mod floor;
mod notices;
mod request;
mod sign_in;
mod wrap_up;

use std::{future, sync::Arc, time::Duration};

use rand::{SeedableRng, rngs::StdRng};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};
use url::Url;

pub use self::request::{Handle, Reply, Request};
use self::{
    floor::{Floor, SeatAnswer},
    notices::Notices,
    request::Report,
    wrap_up::Outbox,
};
use crate::{
    api::{
        ApiError,
        bearer::{Bearer, Publisher, bearer},
        client::Client,
        stream::StreamEvent,
    },
    cache::{Cache, CacheError, Unsent},
    clock::{self, Moment},
    config::Config,
    error::{Code, Error},
    session::{
        self, Session,
        keyring::Keyring,
        oauth::{SignInError, SignInPage},
    },
    settings::{AudioSettings, Settings},
    snapshot::Snapshot,
};

/// Commands that wait for the controller.
const REQUESTS_LEN: usize = 64;

/// How often the clock is looked at: timers stand still while the computer sleeps, and deadlines do not.
const CLOCK_CHECK: Duration = Duration::from_secs(5);

/// How long leaving the seat may hold up signing out and closing.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(3);

/// What the controller needs of a window and of the system. Tauri is one; tests bring another.
pub trait Shell: Send + Sync + 'static {
    /// What the window shows has changed.
    fn show(&self, snapshot: &Snapshot);

    /// Shows a page in the system's browser; false when none could be started. May block for seconds.
    fn open_browser(&self, url: &str) -> bool;

    /// Brings the window to the front: the user comes back from the browser.
    fn raise(&self);

    /// The settings as they were saved, or the defaults.
    fn load_settings(&self) -> Settings;

    /// Saves the settings.
    ///
    /// # Errors
    /// When they could not be written.
    fn save_settings(&self, settings: &Settings) -> Result<(), Error>;

    /// Closes the window for good.
    fn close(&self);
}

/// The task's state. Build it with [`Controller::new`] and spawn [`Controller::run`].
#[derive(Debug)]
pub struct Controller<S> {
    shell: Arc<S>,
    config: Config,
    settings: Settings,
    cache: Cache,
    keyring: Keyring,
    session: Session,
    /// Whose tasks are in `tasks`.
    epoch: u64,
    publisher: Publisher,
    bearer: Bearer,
    client: Option<Client>,
    floor: Floor,
    outbox: Outbox,
    notices: Notices,
    requests: mpsc::Receiver<Request>,
    reports: mpsc::UnboundedReceiver<Report>,
    /// What this sign-in waits for; all of it ends with the sign-in.
    tasks: JoinSet<Outcome>,
    snapshots: watch::Sender<Snapshot>,
    audio_settings: watch::Sender<AudioSettings>,
    rng: StdRng,
}

/// What a task brings back.
#[derive(Debug)]
enum Outcome {
    Session(session::Input),
    /// The access token was not renewed, with a sentence that says why.
    Unrenewed(String),
    Page(Result<Box<SignInPage>, SignInError>),
    Seat(Box<SeatAnswer>),
    Campaigns(Result<Vec<protocol::Campaign>, ApiError>),
    WrapUp(Unsent, Box<Result<protocol::CallRecord, ApiError>>),
    LeftToSignOut(Reply<()>),
    LeftToClose(Reply<()>),
    Replied,
}

/// What ends a wait.
enum Tick {
    Request(Option<Request>),
    Report(Report),
    Outcome(Outcome),
    Stream(Option<StreamEvent>),
    AccessRefused(secrecy::SecretString),
    Clock,
}

impl<S: Shell> Controller<S> {
    /// A controller that begins by asking the keyring, and the way to it.
    ///
    /// # Panics
    /// Never: a saved address that no longer parses counts as none.
    pub fn new(config: Config, shell: Arc<S>, cache: Cache, keyring: Keyring) -> (Self, Handle) {
        let settings = shell.load_settings();
        let saved = settings
            .server_url
            .as_deref()
            .and_then(|url| Url::parse(url).ok());
        let server = config.server_url.clone().or(saved);
        let (publisher, bearer) = bearer();
        let client = server.map(|server| Client::new(server, bearer.clone()));

        let (floor, outbox, notices) = (Floor::default(), Outbox::default(), Notices::default());
        let session = Session::new();
        let snapshot = view(&config, &session, client.as_ref(), &floor, &outbox, &notices);
        let (requests, inbox) = mpsc::channel(REQUESTS_LEN);
        let (reports, reported) = mpsc::unbounded_channel();
        let (snapshots, shown) = watch::channel(snapshot);
        let (audio_settings, audio) = watch::channel(settings.audio.clone());
        let handle = Handle {
            requests,
            reports,
            snapshots: shown,
            audio_settings: audio,
        };
        let controller = Self {
            shell,
            config,
            settings,
            cache,
            keyring,
            epoch: session.epoch(),
            session,
            publisher,
            bearer,
            client,
            floor,
            outbox,
            notices,
            requests: inbox,
            reports: reported,
            tasks: JoinSet::new(),
            snapshots,
            audio_settings,
            rng: StdRng::from_os_rng(),
        };
        (controller, handle)
    }

    /// Works until every [`Handle`] is gone.
    pub async fn run(mut self) {
        loop {
            self.settle().await;
            match self.next().await {
                Tick::Request(None) => break,
                Tick::Request(Some(request)) => self.on_request(request).await,
                Tick::Report(report) => self.notices.report(report.topic, report.message),
                Tick::Outcome(outcome) => self.on_outcome(outcome).await,
                Tick::Stream(event) => self.on_stream(event).await,
                Tick::AccessRefused(token) => self.feed(session::Input::AccessRefused(token)),
                Tick::Clock => self.on_clock().await,
            }
        }
        self.cache.close().await;
    }

    async fn next(&mut self) -> Tick {
        let wait = self.wait();
        tokio::select! {
            request = self.requests.recv() => Tick::Request(request),
            Some(report) = self.reports.recv() => Tick::Report(report),
            Some(outcome) = self.tasks.join_next() => {
                // A task that was aborted or panicked has nothing to say; its caller's reply is dropped.
                Tick::Outcome(outcome.unwrap_or(Outcome::Replied))
            }
            event = receive(&mut self.floor.stream) => Tick::Stream(event),
            Some(token) = self.publisher.refused.recv() => Tick::AccessRefused(token),
            _ = tokio::time::timeout(wait, future::pending::<()>()) => Tick::Clock,
        }
    }

    /// How long until the next deadline, or until the clock is to be looked at.
    fn wait(&self) -> Duration {
        let deadlines = [
            self.session.deadline().map(|(at, _)| at),
            self.outbox.retry_at,
            self.floor.campaigns_at,
        ];
        let now = clock::now();
        let next = deadlines
            .into_iter()
            .flatten()
            .map(|at: Moment| at.since(now))
            .min();
        next.unwrap_or(CLOCK_CHECK).min(CLOCK_CHECK)
    }

    async fn on_clock(&mut self) {
        self.feed(session::Input::Tick);
        let now = clock::now();
        if self.outbox.retry_at.is_some_and(|at| at <= now) {
            self.outbox.retry_at = None;
            self.send_next().await;
        }
        if self.floor.campaigns_at.is_some_and(|at| at <= now) {
            self.fetch_campaigns();
        }
    }

    async fn on_request(&mut self, request: Request) {
        match request {
            Request::SignIn(reply) => drop(reply.send(self.sign_in())),
            Request::CancelSignIn(reply) => self.feed_and_reply(session::Input::CancelSignIn, reply),
            Request::UnlockKeyring(reply) => self.feed_and_reply(session::Input::UnlockKeyring, reply),
            Request::SignOut(reply) => self.leave_first(reply, Outcome::LeftToSignOut),
            Request::CloseWindow(reply) => self.leave_first(reply, Outcome::LeftToClose),
            Request::SetServerUrl { url, reply } => drop(reply.send(self.set_server_url(&url))),
            Request::TakeSeat { campaign_id, reply } => self.take_seat(campaign_id, reply),
            Request::StartDialing(reply) => {
                self.ask_seat(reply, async |client| client.start_dialing().await.map(Some));
            }
            Request::PauseDialing(reply) => {
                self.ask_seat(reply, async |client| client.pause_dialing().await.map(Some));
            }
            Request::HangUp(reply) => self.ask_seat(reply, async |client| client.hang_up().await.map(Some)),
            Request::LeaveSeat(reply) => {
                self.ask_seat(reply, async |client| client.leave_seat().await.map(|()| None));
            }
            Request::SaveDraft {
                attempt_id,
                disposition,
                note,
                reply,
            } => {
                drop(reply.send(self.save_draft(attempt_id, disposition, note).await));
            }
            Request::FinishWrapUp {
                attempt_id,
                disposition,
                note,
                reply,
            } => {
                drop(reply.send(self.finish_wrap_up(attempt_id, disposition, note).await));
                self.send_next().await;
            }
            Request::History { before, limit, reply } => self.history(before, limit, reply),
            Request::VoiceToken(reply) => self.voice_token(reply),
            Request::ReportPhone { report, reply } => {
                tracing::info!(state = ?report.state, detail = report.detail, "the phone changed");
                drop(reply.send(Ok(())));
            }
            Request::DismissNotice { id, reply } => {
                self.notices.dismiss(id);
                drop(reply.send(Ok(())));
            }
            Request::SetAudioSettings { settings, reply } => {
                drop(reply.send(self.set_audio_settings(settings)));
            }
        }
    }

    async fn on_outcome(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Session(input) => self.on_session(input).await,
            Outcome::Unrenewed(message) => self.on_unrenewed(message),
            Outcome::Page(page) => self.on_page(page),
            Outcome::Seat(answer) => self.on_seat_answer(*answer).await,
            Outcome::Campaigns(campaigns) => self.on_campaigns(campaigns).await,
            Outcome::WrapUp(unsent, answer) => self.on_wrap_up(unsent, *answer).await,
            Outcome::LeftToSignOut(reply) => {
                self.forget_profile().await;
                self.feed_and_reply(session::Input::SignOut, reply);
            }
            Outcome::LeftToClose(reply) => {
                self.shell.close();
                drop(reply.send(Ok(())));
            }
            Outcome::Replied => {}
        }
    }

    /// Does what the session wants, and shows what came of it.
    async fn settle(&mut self) {
        if self.epoch != self.session.epoch() {
            self.epoch = self.session.epoch();
            self.tasks = JoinSet::new();
            self.outbox = Outbox::default();
        }
        while let Some(output) = self.session.poll() {
            self.carry_out(output);
        }
        self.follow_session().await;
        let snapshot = view(
            &self.config,
            &self.session,
            self.client.as_ref(),
            &self.floor,
            &self.outbox,
            &self.notices,
        );
        if *self.snapshots.borrow() != snapshot {
            self.shell.show(&snapshot);
            self.snapshots.send_replace(snapshot);
        }
    }

    fn feed(&mut self, input: session::Input) {
        self.session.handle(input, clock::now(), &mut self.rng);
    }

    fn feed_and_reply(&mut self, input: session::Input, reply: Reply<()>) {
        self.feed(input);
        drop(reply.send(Ok(())));
    }

    fn set_audio_settings(&mut self, audio: AudioSettings) -> Result<(), Error> {
        let settings = Settings {
            audio,
            ..self.settings.clone()
        };
        self.shell.save_settings(&settings)?;
        self.audio_settings.send_replace(settings.audio.clone());
        self.settings = settings;
        Ok(())
    }

    /// The client, for a command that needs a sign-in.
    fn signed_in_client(&self) -> Result<Client, Error> {
        let client = self.client.clone().filter(|_| self.session.is_signed_in());
        client.ok_or_else(Error::signed_out)
    }
}

fn view(
    config: &Config,
    session: &Session,
    client: Option<&Client>,
    floor: &Floor,
    outbox: &Outbox,
    notices: &Notices,
) -> Snapshot {
    Snapshot {
        session: session.view(),
        server: floor.server.clone(),
        server_url: client
            .map(|client| client.server().to_string())
            .unwrap_or_default(),
        practice: config.practice || floor.practice,
        clock_offset_ms: floor.clock_offset_ms,
        campaigns: floor.campaigns.clone(),
        seat: floor.seat.clone(),
        draft: floor.draft.clone(),
        unsent_count: outbox.count,
        notices: notices.shown(),
        media: config.media,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

async fn receive(stream: &mut Option<mpsc::Receiver<StreamEvent>>) -> Option<StreamEvent> {
    match stream {
        Some(stream) => stream.recv().await,
        None => future::pending().await,
    }
}

impl From<CacheError> for Error {
    fn from(error: CacheError) -> Self {
        tracing::error!(cause = ?error, "the cache failed");
        Self::new(
            Code::Internal,
            "This could not be saved on this computer. Is the disk full?",
        )
    }
}

#[cfg(test)]
mod tests;

//! A running dialer: everything started in order, and stopped in order.

use std::{
    error::Error,
    fs::{File, TryLockError},
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, bail};
use jiff::SignedDuration;
use protocol::AgentId;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::{
    api::events::Streams,
    app::{self, App},
    clock::Clock,
    config::Config,
    floor::{self, Addresses, Floor},
    password::Passwords,
    store::{Store, tokens},
    twilio,
};

/// What the TwiML application is called in Twilio's console, and found by.
const APPLICATION_NAME: &str = "Offhook";
/// How often what expired is deleted.
const PURGE_INTERVAL: SignedDuration = SignedDuration::from_hours(1);
/// How long desktops have, after a start, to open their streams again.
const RETURN_TIME_MAX: SignedDuration = SignedDuration::from_secs(30);
/// How long requests in flight have, after a stop.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(25);

/// A running dialer.
pub struct Dialer {
    app: App,
    addr: SocketAddr,
    shutdown: CancellationToken,
    server: JoinHandle<std::io::Result<()>>,
    _lock: File,
}

impl Dialer {
    /// Starts a dialer, and returns when it answers requests. `practice_agent` is for the practice floor: who the
    /// sign-in page signs in without a password.
    ///
    /// # Errors
    ///
    /// With a sentence for the operator: the address is taken, the database cannot be opened, or Twilio refuses.
    pub async fn start(
        config: Config,
        clock: Clock,
        practice_agent: Option<AgentId>,
    ) -> anyhow::Result<Self> {
        let lock = lock(&config.database_url)?;
        let store = Store::open(&config.database_url).await?;
        let listener = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("cannot listen on {}", config.listen))?;
        let addr = listener.local_addr()?;
        let public_base_url = public_base_url(config.public_base_url, addr)?;

        let client = twilio::Client::new(&config.twilio)?;
        let addresses = Addresses::new(&public_base_url, &config.twilio.auth_token);
        let known_sid = config.twilio.application_sid.as_deref();
        let application_sid = point_application_here(&client, &addresses.voice_client(), known_sid).await?;
        let shutdown = CancellationToken::new();
        let numbers = point_numbers_here(client.clone(), store.clone(), addresses.voice_inbound());
        tokio::spawn(shutdown.clone().run_until_cancelled_owned(numbers));
        let floor = Floor::start(
            floor::Setup {
                store: store.clone(),
                clock: clock.clone(),
                twilio: client,
                public_base_url: public_base_url.clone(),
                fallback_url: config.twilio.fallback_url.clone(),
                auth_token: config.twilio.auth_token.clone(),
                calls_per_second: config.twilio.calls_per_second,
            },
            shutdown.clone(),
        );
        let app = App {
            store,
            clock,
            floor,
            passwords: Passwords::new(),
            public_base_url,
            twilio: Arc::new(config.twilio),
            application_sid: application_sid.into(),
            practice_agent,
            streams: Streams::default(),
            lockouts: Arc::default(),
        };
        tokio::spawn(shutdown.clone().run_until_cancelled_owned(purge(app.clone())));
        tokio::spawn(
            shutdown
                .clone()
                .run_until_cancelled_owned(dismiss_absent(app.clone())),
        );
        let service = app::router(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
        let server =
            axum::serve(listener, service).with_graceful_shutdown(shutdown.clone().cancelled_owned());
        Ok(Self {
            app,
            addr,
            shutdown,
            server: tokio::spawn(async { server.await }),
            _lock: lock,
        })
    }

    /// The address it listens on.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Its parts, for the practice floor and tests.
    #[must_use]
    pub const fn app(&self) -> &App {
        &self.app
    }

    /// Returns when the dialer cannot go on: the disk failed, or the listener did.
    pub async fn failed(&mut self) {
        let stopped = self.app.store.stopped();
        tokio::select! {
            () = stopped.cancelled() => tracing::error!("the database cannot be written; the dialer stops"),
            ended = &mut self.server => tracing::error!(?ended, "the listener ended; the dialer stops"),
        }
    }

    /// Stops: nothing new is placed, requests in flight end, what is queued is stored. Calls go on at Twilio, and
    /// the next start finds them.
    pub async fn stop(self) {
        self.shutdown.cancel();
        if !self.server.is_finished() && tokio::time::timeout(DRAIN_TIME_MAX, self.server).await.is_err() {
            tracing::warn!("some requests did not end in time");
        }
        self.app.store.close().await;
    }
}

/// Two dialers on one database would both place calls.
pub(crate) fn lock(database_url: &str) -> anyhow::Result<File> {
    let mut path = PathBuf::from(database_path(database_url));
    path.add_extension("lock");
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    }
    let file = File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!("another offhook-dialer is running on this database"),
        Err(TryLockError::Error(error)) => Err(error).context("cannot lock the database"),
    }
}

fn database_path(database_url: &str) -> &Path {
    let path = database_url
        .trim_start_matches("sqlite:")
        .trim_start_matches("//");
    Path::new(path.split_once('?').map_or(path, |(path, _)| path))
}

fn public_base_url(configured: Option<Url>, addr: SocketAddr) -> anyhow::Result<Url> {
    match configured {
        Some(url) if url.query().is_some() || url.fragment().is_some() => {
            bail!("public_base_url must end after its path")
        }
        Some(url) if !matches!(url.scheme(), "http" | "https") => {
            bail!("public_base_url must begin with https://")
        }
        Some(url) => Ok(url),
        None if addr.ip().is_loopback() => Ok(Url::parse(&format!("http://{addr}"))?),
        None => bail!("public_base_url is missing: Twilio must be told where to reach the dialer"),
    }
}

/// Makes sure that the desktops' TwiML application leads to this dialer, and answers its SID.
async fn point_application_here(
    client: &twilio::Client,
    voice_url: &str,
    known: Option<&str>,
) -> anyhow::Result<String> {
    match (
        client
            .ensure_application(APPLICATION_NAME, voice_url, known)
            .await,
        known,
    ) {
        (Ok(application_sid), _) => Ok(application_sid),
        // It was right the last time; a restart while Twilio's REST API is down must not end the floor.
        (Err(error), Some(known)) => {
            tracing::warn!(
                error = &error as &dyn Error,
                "the TwiML application was not checked"
            );
            Ok(known.to_owned())
        }
        (Err(error), None) => Err(error).context("the TwiML application cannot be found or created"),
    }
}

/// Sends the people who call one of our numbers to this dialer. A number that cannot be pointed still places calls.
async fn point_numbers_here(client: twilio::Client, store: Store, voice_url: String) {
    let numbers: Result<Vec<String>, _> = sqlx::query_scalar("SELECT DISTINCT phone_number FROM numbers")
        .fetch_all(store.readers())
        .await;
    for number in numbers.into_iter().flatten() {
        match client.point_number(&number, &voice_url).await {
            Ok(true) => {}
            Ok(false) => tracing::warn!(
                number,
                "this number is not the Twilio account's; its calls are refused"
            ),
            Err(error) => tracing::warn!(
                number,
                error = &error as &dyn Error,
                "people who call this number back may not be answered"
            ),
        }
    }
}

async fn purge(app: App) {
    loop {
        if let Err(error) = tokens::purge(&app.store, app.clock.now()).await {
            tracing::warn!(error = &error as &dyn Error, "expired tokens were not deleted");
        }
        app.clock.sleep(PURGE_INTERVAL).await;
    }
}

/// Tells the floor of desktops that were there before the last stop, and did not come back.
async fn dismiss_absent(app: App) {
    app.clock.sleep(RETURN_TIME_MAX).await;
    let seated: Result<Vec<String>, _> =
        sqlx::query_scalar("SELECT agent_id FROM seats WHERE left_at_ms IS NULL")
            .fetch_all(app.store.readers())
            .await;
    for agent_id in seated.into_iter().flatten().filter_map(|text| text.parse().ok()) {
        if !app.streams.is_open(agent_id)
            && let Err(error) = app.floor.desktop_gone(agent_id).await
        {
            tracing::warn!(%agent_id, error = &error as &dyn Error, "the floor was not told of a gone desktop");
        }
    }
}

//! The database: one writer with group commit, and a pool of readers.
//!
//! **Invariant:** nobody hears that a write succeeded before it is on the disk.

use std::{path::Path, str::FromStr, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use protocol::AgentId;
use sqlx::{
    ConnectOptions, Connection, SqliteConnection, SqlitePool,
    migrate::MigrateError,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::sync::{broadcast, oneshot};
use tokio_util::sync::CancellationToken;

pub mod agents;
pub mod attempts;
pub mod campaigns;
pub mod events;
pub mod inbox;
pub mod leads;
pub mod seats;
pub mod tokens;
mod writer;

pub use writer::Tx;

/// Readers at a time; a request that finds none free waits for [`READ_WAIT_MAX`].
const READERS_MAX: u32 = 8;
/// How long a request waits for a free reader.
const READ_WAIT_MAX: Duration = Duration::from_secs(2);
/// How long a statement waits for another process, such as `offhook-dialer user add`.
const BUSY_WAIT_MAX: Duration = Duration::from_secs(5);
/// Wake-ups kept for a slow listener; one that missed some looks at the table anyway.
const WAKES_MAX: usize = 1024;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations/dialer");

/// Why something could not be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Not now: the queue is full, the disk is full, or the dialer is stopping. Nothing was changed.
    #[error("the dialer cannot store anything just now")]
    Unavailable,
    /// The database refused the statement. Nothing was changed.
    #[error("the database refused a statement")]
    Sql(#[source] sqlx::Error),
    /// A stored value is not what this version of the dialer writes.
    #[error("a stored value cannot be read: {0}")]
    Corrupt(&'static str),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if writer::is_transient(&error) {
            Self::Unavailable
        } else {
            Self::Sql(error)
        }
    }
}

/// Why the database could not be opened. Each is a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address is not one of SQLite.
    #[error("database_url must look like sqlite:///path/to/offhook.db")]
    Url(#[source] sqlx::Error),
    /// The file cannot be opened.
    #[error("the database cannot be opened")]
    Open(#[source] sqlx::Error),
    /// The file's contents are damaged.
    #[error("the database is damaged ({0}); restore it from a backup")]
    Damaged(String),
    /// A newer dialer wrote the file.
    #[error(
        "the database was written by a newer offhook-dialer (schema {0}); use that version or a later one"
    )]
    Newer(i64),
    /// The tables cannot be brought up to date.
    #[error("the database cannot be brought up to date")]
    Migrate(#[source] MigrateError),
}

/// A handle on the database; cheap to clone.
#[derive(Clone)]
pub struct Store {
    writer: Arc<writer::Queue>,
    readers: SqlitePool,
    wakes: broadcast::Sender<AgentId>,
}

impl Store {
    /// Opens the database, creates it if it does not exist, and brings its tables up to date.
    ///
    /// # Errors
    ///
    /// See [`OpenError`].
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        let options = SqliteConnectOptions::from_str(url)
            .map_err(OpenError::Url)?
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_WAIT_MAX)
            .disable_statement_logging();
        create_private(options.get_filename()).map_err(|error| OpenError::Open(error.into()))?;

        let mut connection = SqliteConnection::connect_with(&options.clone().create_if_missing(true))
            .await
            .map_err(OpenError::Open)?;
        check(&mut connection).await?;
        migrate(&mut connection).await?;

        let readers = SqlitePoolOptions::new()
            .max_connections(READERS_MAX)
            .acquire_timeout(READ_WAIT_MAX)
            .connect_with(options.pragma("query_only", "on"))
            .await
            .map_err(OpenError::Open)?;
        let wakes = broadcast::Sender::new(WAKES_MAX);
        Ok(Self {
            writer: Arc::new(writer::start(connection, wakes.clone())),
            readers,
            wakes,
        })
    }

    /// The readers. They see what is committed, and cannot write.
    #[must_use]
    pub const fn readers(&self) -> &SqlitePool {
        &self.readers
    }

    /// Runs `work` in a transaction and answers once it is on the disk.
    ///
    /// Work of several callers may share one commit; each can fail without the others. `work` must only talk to the
    /// database: everybody else's writes wait for it. To refuse after having written, return an error: what this
    /// work wrote is undone.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the queue is full or the disk is, else what `work` returned.
    pub async fn write<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: for<'tx> FnOnce(&'tx mut Tx) -> BoxFuture<'tx, Result<T, StoreError>> + Send + 'static,
    {
        self.send(writer::Lane::Ordinary, work).await
    }

    /// Like [`Store::write`], but ahead of everything ordinary: for the claim of a seat, when a person who has just
    /// said hello hears silence until it is stored.
    ///
    /// # Errors
    ///
    /// As [`Store::write`].
    pub async fn claim<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: for<'tx> FnOnce(&'tx mut Tx) -> BoxFuture<'tx, Result<T, StoreError>> + Send + 'static,
    {
        self.send(writer::Lane::Claim, work).await
    }

    async fn send<T, W>(&self, lane: writer::Lane, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: for<'tx> FnOnce(&'tx mut Tx) -> BoxFuture<'tx, Result<T, StoreError>> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        self.writer.send(lane, writer::Job::new(work, reply))?;
        answer.await.unwrap_or(Err(StoreError::Unavailable))
    }

    /// Agents for whom an event was committed. A listener that lags must look at the table for everything.
    #[must_use]
    pub fn wakes(&self) -> broadcast::Receiver<AgentId> {
        self.wakes.subscribe()
    }

    /// Cancelled when the writer stopped, because of [`Store::close`] or because the disk failed. A dialer that
    /// cannot write ends, and starts over from what is on the disk.
    #[must_use]
    pub fn stopped(&self) -> CancellationToken {
        self.writer.stopped()
    }

    /// Commits what is queued and closes the file. Later writes are refused.
    pub async fn close(&self) {
        self.writer.close().await;
        self.readers.close().await;
    }
}

/// A time as it is stored.
#[must_use]
pub fn to_ms(time: Timestamp) -> i64 {
    time.as_millisecond()
}

/// A stored time.
///
/// # Errors
///
/// [`StoreError::Corrupt`] if no calendar has that time.
pub fn from_ms(ms: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(ms).map_err(|_| StoreError::Corrupt("a time"))
}

/// A stored identifier, enumeration or other short text.
///
/// # Errors
///
/// [`StoreError::Corrupt`] with `what` it should have been.
pub fn parse<T: FromStr>(text: &str, what: &'static str) -> Result<T, StoreError> {
    text.parse().map_err(|_| StoreError::Corrupt(what))
}

/// The file holds personal data: nobody else on the machine may read it.
fn create_private(path: &Path) -> std::io::Result<()> {
    if path.exists() || path.as_os_str().is_empty() || path.starts_with(":memory:") {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

async fn check(connection: &mut SqliteConnection) -> Result<(), OpenError> {
    let verdict: String = sqlx::query_scalar("PRAGMA quick_check(1)")
        .fetch_one(connection)
        .await
        .map_err(OpenError::Open)?;
    if verdict == "ok" {
        Ok(())
    } else {
        Err(OpenError::Damaged(verdict))
    }
}

async fn migrate(connection: &mut SqliteConnection) -> Result<(), OpenError> {
    match MIGRATIONS.run(connection).await {
        Ok(()) => Ok(()),
        Err(MigrateError::VersionMissing(version)) => Err(OpenError::Newer(version)),
        Err(error) => Err(OpenError::Migrate(error)),
    }
}

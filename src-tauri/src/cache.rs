//! What survives a restart: one SQLite file, and a journal of what only this computer knows.
//!
//! **Invariant:** a saved wrap-up is in the database and in the journal before the rep is told that it is saved.
//! A database that cannot be read is put aside and rebuilt; the wrap-ups come back from the journal.

mod calls;
mod drafts;
mod journal;
mod outbox;
mod profiles;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use self::journal::Journal;
pub use self::outbox::Unsent;

const DATABASE: &str = "offhook.sqlite";
const JOURNAL: &str = "unsent.jsonl";

/// Why something could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The database.
    #[error("the cache cannot be used")]
    Database(#[from] sqlx::Error),
    /// Its layout.
    #[error("the cache cannot be brought up to date")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// A file beside it.
    #[error("the data folder cannot be used")]
    File(#[from] io::Error),
    /// What is in it.
    #[error("the cache holds something else than expected")]
    Content(#[from] serde_json::Error),
}

/// The open cache. Clones share it.
#[derive(Debug, Clone)]
pub struct Cache {
    database: SqlitePool,
    journal: Journal,
}

impl Cache {
    /// Opens the cache in `folder`; one that cannot be read is put aside and rebuilt.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub async fn open(folder: &Path) -> Result<Self, CacheError> {
        create_private(folder)?;
        let path = folder.join(DATABASE);
        let database = match open_database(&path).await {
            Ok(database) => database,
            Err(error @ CacheError::File(_)) => return Err(error),
            Err(error) => {
                tracing::warn!(%error, cause = ?error, "the cache is rebuilt");
                put_aside(&path)?;
                open_database(&path).await?
            }
        };
        let cache = Self {
            database,
            journal: Journal::new(folder.join(JOURNAL)),
        };
        cache.restore_outbox().await?;
        Ok(cache)
    }

    /// Deletes the cache in `folder`.
    ///
    /// # Errors
    /// When a file cannot be deleted.
    pub fn remove(folder: &Path) -> io::Result<()> {
        for name in [DATABASE, "offhook.sqlite-wal", "offhook.sqlite-shm", JOURNAL] {
            match fs::remove_file(folder.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }

    /// Waits until everything is on disk.
    pub async fn close(&self) {
        self.database.close().await;
    }
}

/// The folder holds names, numbers and notes: nobody else on this computer may look.
fn create_private(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    #[cfg(unix)]
    fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    Ok(())
}

async fn open_database(path: &Path) -> Result<SqlitePool, CacheError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    // One connection: a desktop has one writer, and readers that wait for it for a millisecond.
    let database = SqlitePoolOptions::new()
        .max_connections(1)
        .connect_with(options)
        .await?;
    let checked = prepare(&database).await;
    if checked.is_err() {
        database.close().await;
    }
    checked.map(|()| database)
}

async fn prepare(database: &SqlitePool) -> Result<(), CacheError> {
    let verdict: String = sqlx::query_scalar("PRAGMA quick_check(1)")
        .fetch_one(database)
        .await?;
    if verdict != "ok" {
        return Err(CacheError::Database(sqlx::Error::Protocol(verdict)));
    }
    // An older desktop may meet the cache of a newer one: migrations only add.
    sqlx::migrate!("migrations/desktop")
        .set_ignore_missing(true)
        .run(database)
        .await?;
    Ok(())
}

/// Renames the database and its companions, replacing what an earlier accident left there.
fn put_aside(path: &Path) -> Result<(), CacheError> {
    for suffix in ["", "-wal", "-shm"] {
        let from = with_suffix(path, suffix);
        if from.exists() {
            fs::rename(&from, with_suffix(path, &format!(".damaged{suffix}")))?;
        }
    }
    Ok(())
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests;

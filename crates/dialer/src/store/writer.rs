//! The one writer: takes what is queued, runs each piece in a savepoint, commits all at once, then answers.

use std::{
    collections::BTreeSet,
    ops::{Deref, DerefMut},
};

use futures_util::future::BoxFuture;
use protocol::AgentId;
use sqlx::{Connection, SqliteConnection};
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::StoreError;

/// Ordinary writes that may wait. At 10,000 a second a full queue is less than half a second old.
const QUEUED_WRITES_MAX: usize = 4_096;
/// Claims that may wait: more than any floor has calls being answered at one moment.
const QUEUED_CLAIMS_MAX: usize = 1_024;
/// Writes in one commit: bounds how long a claim waits behind a batch that has begun.
const BATCH_WRITES_MAX: usize = 128;

/// A write transaction.
pub struct Tx {
    connection: SqliteConnection,
    woken: BTreeSet<AgentId>,
}

impl Tx {
    /// Tells the listeners of [`Store::wakes`](super::Store::wakes) about the agent, once this is committed.
    pub fn wake(&mut self, agent_id: AgentId) {
        self.woken.insert(agent_id);
    }
}

impl Deref for Tx {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.connection
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }
}

#[derive(Clone, Copy)]
pub(super) enum Lane {
    Claim,
    Ordinary,
}

/// A piece of work, and who waits for it.
pub(super) struct Job(Box<Work>);

type Work = dyn for<'tx> FnOnce(&'tx mut Tx) -> BoxFuture<'tx, Ran> + Send;

/// A piece of work that ran: whether what it wrote stays, and the answer to give once the commit is decided.
struct Ran {
    keep: bool,
    lost_disk: bool,
    answer: Answer,
}

type Answer = Box<dyn FnOnce(bool) + Send>;

impl Job {
    pub(super) fn new<T, W>(work: W, reply: oneshot::Sender<Result<T, StoreError>>) -> Self
    where
        T: Send + 'static,
        W: for<'tx> FnOnce(&'tx mut Tx) -> BoxFuture<'tx, Result<T, StoreError>> + Send + 'static,
    {
        Self(Box::new(move |tx| {
            Box::pin(async move {
                let result = work(tx).await;
                let lost_disk = matches!(&result, Err(StoreError::Sql(error)) if is_disk_failure(error));
                let keep = result.is_ok();
                // A caller that went away is not told; its write stands.
                let answer: Answer = Box::new(move |committed| {
                    let _ = reply.send(if committed || !keep {
                        result
                    } else {
                        Err(StoreError::Unavailable)
                    });
                });
                Ran {
                    keep,
                    lost_disk,
                    answer,
                }
            })
        }))
    }
}

/// The queues into the writer.
pub(super) struct Queue {
    claims: mpsc::Sender<Job>,
    writes: mpsc::Sender<Job>,
    closing: CancellationToken,
    stopped: CancellationToken,
}

impl Queue {
    pub(super) fn send(&self, lane: Lane, job: Job) -> Result<(), StoreError> {
        let queue = match lane {
            Lane::Claim => &self.claims,
            Lane::Ordinary => &self.writes,
        };
        queue.try_send(job).map_err(|_| StoreError::Unavailable)
    }

    pub(super) fn stopped(&self) -> CancellationToken {
        self.stopped.clone()
    }

    pub(super) async fn close(&self) {
        self.closing.cancel();
        self.stopped.cancelled().await;
    }
}

/// Starts the writer on its own task. It ends on close, or when the disk fails.
pub(super) fn start(connection: SqliteConnection, wakes: broadcast::Sender<AgentId>) -> Queue {
    let (claims, claim_jobs) = mpsc::channel(QUEUED_CLAIMS_MAX);
    let (writes, ordinary_jobs) = mpsc::channel(QUEUED_WRITES_MAX);
    let queue = Queue {
        claims,
        writes,
        closing: CancellationToken::new(),
        stopped: CancellationToken::new(),
    };
    let task = Writer {
        tx: Tx {
            connection,
            woken: BTreeSet::new(),
        },
        claims: claim_jobs,
        writes: ordinary_jobs,
        closing: queue.closing.clone(),
        wakes,
    };
    let stopped = queue.stopped.clone().drop_guard();
    tokio::spawn(async move {
        let _stopped = stopped;
        task.run().await;
    });
    queue
}

struct Writer {
    tx: Tx,
    claims: mpsc::Receiver<Job>,
    writes: mpsc::Receiver<Job>,
    closing: CancellationToken,
    wakes: broadcast::Sender<AgentId>,
}

/// The transaction as a whole failed: nothing of the batch is stored.
struct BatchLost {
    lost_disk: bool,
}

impl From<sqlx::Error> for BatchLost {
    fn from(error: sqlx::Error) -> Self {
        tracing::error!(%error, "a batch of writes was lost");
        Self {
            lost_disk: is_disk_failure(&error),
        }
    }
}

impl Writer {
    async fn run(mut self) {
        while let Some((lane, job)) = self.next().await {
            let mut answers = Vec::new();
            let outcome = self.batch(lane, job, &mut answers).await;
            for answer in answers {
                answer(outcome.is_ok());
            }
            let woken = std::mem::take(&mut self.tx.woken);
            match outcome {
                Ok(()) => {
                    for agent_id in woken {
                        // Nobody listening is fine: the event is in the table.
                        let _ = self.wakes.send(agent_id);
                    }
                }
                // An fsync that failed cannot be repeated: the kernel may have dropped the pages.
                Err(BatchLost { lost_disk: true }) => return,
                Err(BatchLost { lost_disk: false }) => {
                    // SQLite may have rolled back by itself; then there is nothing left to undo.
                    let _ = sqlx::query("ROLLBACK").execute(&mut *self.tx).await;
                }
            }
        }
        if let Err(error) = self.tx.connection.close().await {
            tracing::warn!(%error, "the database was not closed cleanly; its log is replayed at the next start");
        }
    }

    async fn next(&mut self) -> Option<(Lane, Job)> {
        tokio::select! {
            biased;
            Some(job) = self.claims.recv() => Some((Lane::Claim, job)),
            Some(job) = self.writes.recv() => Some((Lane::Ordinary, job)),
            () = self.closing.cancelled() => None,
            else => None,
        }
    }

    /// Runs the job and what else is queued in one transaction. A batch with a claim takes on nothing ordinary
    /// after it, so that the claim is committed at once.
    async fn batch(
        &mut self,
        mut lane: Lane,
        mut job: Job,
        answers: &mut Vec<Answer>,
    ) -> Result<(), BatchLost> {
        let mut claimed = false;
        sqlx::query("BEGIN IMMEDIATE")
            .execute(&mut *self.tx)
            .await
            .map_err(|error| {
                // The job is dropped, and with it the reply: the caller hears that the store is unavailable.
                BatchLost::from(error)
            })?;
        loop {
            claimed |= matches!(lane, Lane::Claim);
            self.run_one(job, answers).await?;
            let queued = if answers.len() >= BATCH_WRITES_MAX {
                None
            } else {
                self.queued(claimed)
            };
            let Some(next) = queued else { break };
            (lane, job) = next;
        }
        sqlx::query("COMMIT").execute(&mut *self.tx).await?;
        Ok(())
    }

    async fn run_one(&mut self, job: Job, answers: &mut Vec<Answer>) -> Result<(), BatchLost> {
        sqlx::query("SAVEPOINT job").execute(&mut *self.tx).await?;
        let ran = (job.0)(&mut self.tx).await;
        answers.push(ran.answer);
        if ran.lost_disk {
            return Err(BatchLost { lost_disk: true });
        }
        if !ran.keep {
            sqlx::query("ROLLBACK TO job").execute(&mut *self.tx).await?;
        }
        sqlx::query("RELEASE job").execute(&mut *self.tx).await?;
        Ok(())
    }

    fn queued(&mut self, claims_only: bool) -> Option<(Lane, Job)> {
        if let Ok(job) = self.claims.try_recv() {
            return Some((Lane::Claim, job));
        }
        if claims_only {
            return None;
        }
        self.writes.try_recv().ok().map(|job| (Lane::Ordinary, job))
    }
}

/// The statement may succeed later: the disk is full, or another process holds the file.
pub(super) fn is_transient(error: &sqlx::Error) -> bool {
    matches!(
        primary_code(error),
        Some(SQLITE_BUSY | SQLITE_LOCKED | SQLITE_FULL)
    )
}

fn is_disk_failure(error: &sqlx::Error) -> bool {
    matches!(
        primary_code(error),
        Some(SQLITE_IOERR | SQLITE_CORRUPT | SQLITE_NOTADB)
    ) || matches!(error, sqlx::Error::WorkerCrashed)
}

const SQLITE_BUSY: u32 = 5;
const SQLITE_LOCKED: u32 = 6;
const SQLITE_IOERR: u32 = 10;
const SQLITE_CORRUPT: u32 = 11;
const SQLITE_FULL: u32 = 13;
const SQLITE_NOTADB: u32 = 26;

/// The low byte of SQLite's result code; the rest says more than is needed here.
fn primary_code(error: &sqlx::Error) -> Option<u32> {
    let code: u32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(code & 0xff)
}

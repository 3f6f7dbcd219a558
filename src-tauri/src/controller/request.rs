//! What the window may ask of the controller.

use protocol::{AttemptId, CallRecord, CampaignId, Disposition, Pii, VoiceToken};
use tokio::sync::{mpsc, oneshot, watch};

use crate::{
    error::Error,
    headset::{AudioDevices, Level},
    settings::AudioSettings,
    snapshot::{PhoneReport, Snapshot},
};

/// Where the answer goes.
pub type Reply<T> = oneshot::Sender<Result<T, Error>>;

/// One command of the window, with the place for its answer.
#[derive(Debug)]
#[expect(
    missing_docs,
    reason = "each is the command of the same name in `shell::commands`"
)]
pub enum Request {
    SignIn(Reply<()>),
    CancelSignIn(Reply<()>),
    SignOut(Reply<()>),
    UnlockKeyring(Reply<()>),
    SetServerUrl {
        url: String,
        reply: Reply<()>,
    },
    TakeSeat {
        campaign_id: CampaignId,
        reply: Reply<()>,
    },
    StartDialing(Reply<()>),
    PauseDialing(Reply<()>),
    LeaveSeat(Reply<()>),
    HangUp(Reply<()>),
    SaveDraft {
        attempt_id: AttemptId,
        disposition: Option<Disposition>,
        note: Pii<String>,
        reply: Reply<()>,
    },
    FinishWrapUp {
        attempt_id: AttemptId,
        disposition: Disposition,
        note: Pii<String>,
        reply: Reply<()>,
    },
    History {
        before: Option<AttemptId>,
        limit: u32,
        reply: Reply<Vec<CallRecord>>,
    },
    VoiceToken(Reply<VoiceToken>),
    ReportPhone {
        report: PhoneReport,
        reply: Reply<()>,
    },
    DismissNotice {
        id: u32,
        reply: Reply<()>,
    },
    AudioDevices(Reply<AudioDevices>),
    AudioSettings(Reply<AudioSettings>),
    SetAudioSettings {
        settings: AudioSettings,
        reply: Reply<()>,
    },
    PlayTestTone(Reply<()>),
    WatchMicrophone {
        levels: Box<dyn LevelSink>,
        reply: Reply<()>,
    },
    StopMicrophone(Reply<()>),
    CloseWindow(Reply<()>),
}

/// Where microphone levels go; false once nobody listens.
pub trait LevelSink: Send + std::fmt::Debug + 'static {
    /// Delivers one level.
    fn send(&self, level: Level) -> bool;
}

/// The window's way to the controller; clones share one controller.
#[derive(Debug, Clone)]
pub struct Handle {
    requests: mpsc::Sender<Request>,
    snapshots: watch::Receiver<Snapshot>,
}

impl Handle {
    pub(super) const fn new(requests: mpsc::Sender<Request>, snapshots: watch::Receiver<Snapshot>) -> Self {
        Self { requests, snapshots }
    }

    /// What the window shows now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.snapshots.borrow().clone()
    }

    /// Follows what the window shows.
    #[must_use]
    pub fn snapshots(&self) -> watch::Receiver<Snapshot> {
        self.snapshots.clone()
    }

    /// Asks and waits for the answer.
    ///
    /// # Errors
    /// What the controller answers, or an internal error once it has stopped.
    pub async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        let stopped = || Error::internal("the controller has stopped");
        self.requests.send(request(reply)).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }
}

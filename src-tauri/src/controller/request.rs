//! What the window may ask of the controller.

use protocol::{AttemptId, CallRecord, CampaignId, Disposition, Pii, VoiceToken};
use tokio::sync::{mpsc, oneshot, watch};

use crate::{
    error::Error,
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
    SetAudioSettings {
        settings: AudioSettings,
        reply: Reply<()>,
    },
    CloseWindow(Reply<()>),
}

/// A notice of another part of the program: there is one per topic, and it can be taken back.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) topic: &'static str,
    pub(super) message: Option<String>,
}

/// Everybody's way to the controller; clones share one controller.
#[derive(Debug, Clone)]
pub struct Handle {
    pub(super) requests: mpsc::Sender<Request>,
    pub(super) reports: mpsc::UnboundedSender<Report>,
    pub(super) snapshots: watch::Receiver<Snapshot>,
    pub(super) audio_settings: watch::Receiver<AudioSettings>,
}

impl Handle {
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

    /// Follows which headset is chosen.
    #[must_use]
    pub fn audio_settings(&self) -> watch::Receiver<AudioSettings> {
        self.audio_settings.clone()
    }

    /// Shows the rep a notice on this topic in place of the one before, or takes it back. Never blocks.
    pub fn report(&self, topic: &'static str, message: Option<String>) {
        // After the end of the controller there is nobody left to tell.
        let _ = self.reports.send(Report { topic, message });
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

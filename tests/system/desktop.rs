//! A rep at their desktop: the real backend, a window that is a notepad, and a phone.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use offhook::{
    cache::Cache,
    config::Config,
    controller::{Controller, Handle, Reply, Request, Shell},
    error::Error,
    session::keyring::Keyring,
    settings::Settings,
    snapshot::{Media, Server, SessionView, Snapshot},
};
use protocol::{AttemptId, CallRecord, CampaignId, Disposition, Pii, Seat, SeatState};
use tokio::{runtime, task::JoinHandle};
use url::Url;

use crate::{
    browser::{self, Credentials},
    keychain,
    phone::{self, Headset},
    wait::PATIENCE,
};

/// A running desktop. Dropping it is a crash: its sockets close, and nothing is said.
pub(crate) struct Desktop {
    pub(crate) handle: Handle,
    account: String,
    folder: PathBuf,
    shell: Arc<Notepad>,
    tasks: [JoinHandle<()>; 2],
}

impl Drop for Desktop {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Desktop {
    /// Starts the program with this data folder.
    pub(crate) async fn start(folder: &Path, server: &Url, headset: Option<Headset>) -> Self {
        let shell = Arc::new(Notepad {
            runtime: runtime::Handle::current(),
            credentials: Mutex::default(),
        });
        let config = Config {
            data_dir: folder.to_owned(),
            own_folder: true,
            server_url: Some(server.clone()),
            practice: false,
            media: Media::Webview,
        };
        let account = config.account(server);
        let cache = Cache::open(folder).await.unwrap();
        let (controller, handle) =
            Controller::new(config, Arc::clone(&shell), cache, Keyring::start(keychain::open));
        let phone = tokio::spawn(phone::run(handle.clone(), headset));
        Self {
            handle,
            account,
            folder: folder.to_owned(),
            shell,
            tasks: [tokio::spawn(controller.run()), phone],
        }
    }

    /// The program is gone without a word.
    pub(crate) fn crash(self) {
        drop(self);
    }

    /// The program is gone without a word; a new one opens the same folder.
    pub(crate) async fn crash_and_start(self, server: &Url) -> Self {
        let folder = self.folder.clone();
        drop(self);
        Self::start(&folder, server, None).await
    }

    /// What the keyring keeps for this desktop.
    pub(crate) fn kept_token(&self) -> Option<String> {
        keychain::token(&self.account)
    }

    /// Under which name the keyring keeps it.
    pub(crate) fn account(&self) -> &str {
        &self.account
    }

    /// The browser will sign in as this person by itself.
    pub(crate) fn browser_knows(&self, credentials: Credentials) {
        *self.shell.credentials.lock().unwrap() = Some(credentials);
    }

    /// Signs in through the page and waits until the floor is there.
    pub(crate) async fn sign_in(&self, credentials: Credentials) {
        self.browser_knows(credentials);
        self.until_signed_out().await;
        self.ask(Request::SignIn).await.unwrap();
        self.until_online().await;
    }

    /// Waits until somebody is signed in and the event stream is up.
    pub(crate) async fn until_online(&self) -> Snapshot {
        self.until("the desktop is online", |snapshot| {
            matches!(snapshot.session, SessionView::SignedIn { .. }) && snapshot.server == Server::Online
        })
        .await
    }

    /// Takes a seat and waits for the phone to be in its room.
    pub(crate) async fn sit_down(&self, campaign_id: CampaignId) -> Seat {
        self.ask(|reply| Request::TakeSeat { campaign_id, reply })
            .await
            .unwrap();
        self.until_seat("the phone is in the room", |state| {
            matches!(state, SeatState::Paused)
        })
        .await
    }

    pub(crate) async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Result<T, Error> {
        self.handle.ask(request).await
    }

    /// Saves what came of a conversation.
    pub(crate) async fn wrap_up(&self, attempt_id: AttemptId, disposition: Disposition, note: &str) {
        let note = Pii::from(note);
        self.ask(|reply| Request::FinishWrapUp {
            attempt_id,
            disposition,
            note,
            reply,
        })
        .await
        .unwrap();
    }

    /// Types without saving.
    pub(crate) async fn type_note(&self, attempt_id: AttemptId, note: &str) {
        let (disposition, note) = (Some(Disposition::Interested), Pii::from(note));
        self.ask(|reply| Request::SaveDraft {
            attempt_id,
            disposition,
            note,
            reply,
        })
        .await
        .unwrap();
    }

    /// The calls in History, newest first.
    pub(crate) async fn history(&self) -> Vec<CallRecord> {
        let (before, limit) = (None, 50);
        self.ask(|reply| Request::History { before, limit, reply })
            .await
            .unwrap()
    }

    /// Waits until the window shows this.
    pub(crate) async fn until(&self, what: &str, condition: impl FnMut(&Snapshot) -> bool) -> Snapshot {
        let mut snapshots = self.handle.snapshots();
        let reached = tokio::time::timeout(PATIENCE, snapshots.wait_for(condition)).await;
        let Ok(snapshot) = reached else {
            panic!("it never came to be that {what}: {:#?}", self.handle.snapshot());
        };
        snapshot.unwrap().clone()
    }

    /// The sign-in page's address, as the window shows it to be copied.
    pub(crate) async fn sign_in_page(&self) -> String {
        let snapshot = self
            .until("the page's address is shown", |snapshot| {
                matches!(&snapshot.session, SessionView::AwaitingBrowser { url, .. } if !url.is_empty())
            })
            .await;
        let SessionView::AwaitingBrowser { url, .. } = snapshot.session else {
            panic!("it was a moment ago")
        };
        url
    }

    /// Waits until nobody is signed in; what the window says about it.
    pub(crate) async fn until_signed_out(&self) -> Option<String> {
        let snapshot = self
            .until("signing in is offered", |snapshot| {
                matches!(snapshot.session, SessionView::SignedOut { .. })
            })
            .await;
        let SessionView::SignedOut { notice } = snapshot.session else {
            panic!("it was a moment ago")
        };
        notice
    }

    /// Waits until the seat is in this state.
    pub(crate) async fn until_seat(&self, what: &str, mut condition: impl FnMut(&SeatState) -> bool) -> Seat {
        let snapshot = self
            .until(what, |snapshot| {
                snapshot.seat.as_ref().is_some_and(|seat| condition(&seat.state))
            })
            .await;
        snapshot.seat.unwrap()
    }

    /// Waits for a conversation; whose it is.
    pub(crate) async fn until_talking(&self) -> AttemptId {
        let seat = self
            .until_seat("the rep talks", |state| {
                matches!(state, SeatState::Talking { .. })
            })
            .await;
        attempt_id(&seat)
    }

    /// Waits for the end of a conversation; whose it was.
    pub(crate) async fn until_wrap_up(&self) -> AttemptId {
        let seat = self
            .until_seat("the call is over", |state| {
                matches!(state, SeatState::WrapUp { .. })
            })
            .await;
        attempt_id(&seat)
    }

    /// Waits until the window says why nobody is called.
    pub(crate) async fn until_waiting(&self, reason: &str) {
        let what = format!("the seat waits because: {reason}");
        self.until_seat(
            &what,
            |state| matches!(state, SeatState::Waiting { waiting } if waiting.reason.contains(reason)),
        )
        .await;
    }
}

/// The attempt that a seat is about.
pub(crate) fn attempt_id(seat: &Seat) -> AttemptId {
    match &seat.state {
        SeatState::Dialing { attempt } | SeatState::Talking { attempt } | SeatState::WrapUp { attempt } => {
            attempt.attempt_id
        }
        SeatState::Joining | SeatState::Paused | SeatState::Waiting { .. } => {
            panic!("there is no attempt: {seat:?}")
        }
    }
}

/// A window nobody looks at, and a browser that knows what to type.
struct Notepad {
    runtime: runtime::Handle,
    credentials: Mutex<Option<Credentials>>,
}

impl Shell for Notepad {
    fn show(&self, _snapshot: &Snapshot) {}

    fn open_browser(&self, url: &str) -> bool {
        let Some(credentials) = self.credentials.lock().unwrap().clone() else {
            return false;
        };
        let url = url.to_owned();
        self.runtime
            .spawn(async move { browser::sign_in(&url, &credentials).await.unwrap() });
        true
    }

    fn raise(&self) {}

    fn load_settings(&self) -> Settings {
        Settings::default()
    }

    fn save_settings(&self, _settings: &Settings) -> Result<(), Error> {
        Ok(())
    }

    fn close(&self) {}
}

//! The controller against a dialer of its own, with a window that is a notepad and a browser that signs in at once.

mod dialer;

use std::{
    path::Path,
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use keyring_core::{CredentialStore, Error as StoreError, mock};
use protocol::{CampaignId, Disposition, Pii};
use tokio::runtime;
use url::Url;

use self::dialer::{Dialer, attempt_id, talking};
use super::{Controller, Handle, Request, Shell};
use crate::{
    api::http_client,
    cache::Cache,
    config::Config,
    error::{Code, Error},
    session::keyring::Keyring,
    settings::Settings,
    snapshot::{Media, Server, SessionView, Snapshot},
};

const WAIT_MAX: Duration = Duration::from_secs(20);
const CAMPAIGN: CampaignId = CampaignId::from_parts(1, 1);

#[derive(Debug)]
struct Notepad {
    runtime: runtime::Handle,
    settings: Mutex<Settings>,
    closed: Mutex<bool>,
}

impl Shell for Notepad {
    fn show(&self, _snapshot: &Snapshot) {}

    /// Comes back with a code, as the dialer's page would.
    fn open_browser(&self, url: &str) -> bool {
        let page = Url::parse(url).unwrap();
        let pair = |name: &str| {
            let (_, value) = page.query_pairs().find(|(key, _)| key == name).unwrap();
            value.into_owned()
        };
        let mut back = Url::parse(&pair("redirect_uri")).unwrap();
        back.query_pairs_mut()
            .append_pair("state", &pair("state"))
            .append_pair("code", "c1");
        self.runtime
            .spawn(async move { http_client(&back).get(back).send().await });
        true
    }

    fn raise(&self) {}

    fn load_settings(&self) -> Settings {
        self.settings.lock().unwrap().clone()
    }

    fn save_settings(&self, settings: &Settings) -> Result<(), Error> {
        self.settings.lock().unwrap().clone_from(settings);
        Ok(())
    }

    fn close(&self) {
        *self.closed.lock().unwrap() = true;
    }
}

/// A running desktop. Dropping it is a crash.
struct Desktop {
    handle: Handle,
    shell: Arc<Notepad>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Desktop {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it is an `OpenStore`")]
fn memory() -> Result<Arc<CredentialStore>, StoreError> {
    static STORE: LazyLock<Arc<mock::Store>> = LazyLock::new(|| mock::Store::new().unwrap());
    Ok(STORE.clone())
}

impl Desktop {
    async fn start(folder: &Path, server: Option<&Url>) -> Self {
        let shell = Arc::new(Notepad {
            runtime: runtime::Handle::current(),
            settings: Mutex::default(),
            closed: Mutex::default(),
        });
        let config = Config {
            data_dir: folder.to_owned(),
            own_folder: true,
            server_url: server.cloned(),
            practice: false,
            media: Media::Webview,
        };
        let cache = Cache::open(folder).await.unwrap();
        let (controller, handle) = Controller::new(config, Arc::clone(&shell), cache, Keyring::start(memory));
        let task = tokio::spawn(controller.run());
        Self { handle, shell, task }
    }

    /// Signs in and waits for the event stream.
    async fn sign_in(&self) {
        self.until(|snapshot| matches!(snapshot.session, SessionView::SignedOut { .. }))
            .await;
        self.handle.ask(Request::SignIn).await.unwrap();
        self.until(|snapshot| {
            matches!(snapshot.session, SessionView::SignedIn { .. }) && snapshot.server == Server::Online
        })
        .await;
    }

    async fn until(&self, condition: impl FnMut(&Snapshot) -> bool) -> Snapshot {
        let mut snapshots = self.handle.snapshots();
        let reached = tokio::time::timeout(WAIT_MAX, snapshots.wait_for(condition)).await;
        let Ok(snapshot) = reached else {
            panic!("it was not reached: {:#?}", self.handle.snapshot());
        };
        snapshot.unwrap().clone()
    }

    async fn finish(&self, note: &str) -> Result<(), Error> {
        let note = Pii::from(note);
        let (attempt_id, disposition) = (attempt_id(), Disposition::Meeting);
        self.handle
            .ask(|reply| Request::FinishWrapUp {
                attempt_id,
                disposition,
                note,
                reply,
            })
            .await
    }
}

#[tokio::test]
async fn one_click_signs_in_and_a_seat_comes_by_the_stream() {
    let folder = tempfile::tempdir().unwrap();
    let dialer = Dialer::start().await;
    let desktop = Desktop::start(folder.path(), Some(&dialer.url)).await;
    desktop.sign_in().await;
    let snapshot = desktop.until(|snapshot| !snapshot.campaigns.is_empty()).await;
    assert!(snapshot.seat.is_none());

    desktop
        .handle
        .ask(|reply| Request::TakeSeat {
            campaign_id: CAMPAIGN,
            reply,
        })
        .await
        .unwrap();
    desktop.until(|snapshot| snapshot.seat.is_some()).await;
    dialer.push_seat(Some(talking()));
    let snapshot = desktop.until(|snapshot| snapshot.seat == Some(talking())).await;
    assert!(
        snapshot.clock_offset_ms.abs() > 86_400_000,
        "the dialer's clock is another day's"
    );

    desktop.handle.ask(Request::SignOut).await.unwrap();
    let snapshot = desktop.until(|snapshot| snapshot.seat.is_none()).await;
    assert_eq!(snapshot.session, SessionView::SignedOut { notice: None });
    dialer.until(|state| state.left && state.revoked.is_some()).await;
}

#[tokio::test]
async fn a_refused_access_token_is_renewed_behind_the_scenes() {
    let folder = tempfile::tempdir().unwrap();
    let dialer = Dialer::start().await;
    let desktop = Desktop::start(folder.path(), Some(&dialer.url)).await;
    desktop.sign_in().await;
    dialer.change(|state| state.accept_from = state.issued + 1);
    desktop.handle.ask(Request::VoiceToken).await.unwrap();
    assert!(matches!(
        desktop.handle.snapshot().session,
        SessionView::SignedIn { .. }
    ));
}

#[tokio::test]
async fn a_wrap_up_survives_an_outage_and_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let dialer = Dialer::start().await;
    let desktop = Desktop::start(folder.path(), Some(&dialer.url)).await;
    desktop.sign_in().await;
    dialer.change(|state| state.down = true);
    desktop.finish("call in May").await.unwrap();
    desktop.until(|snapshot| snapshot.unsent_count == 1).await;
    drop(desktop);

    let desktop = Desktop::start(folder.path(), Some(&dialer.url)).await;
    let snapshot = desktop.until(|snapshot| snapshot.unsent_count == 1).await;
    assert!(
        matches!(snapshot.session, SessionView::SignedIn { .. }),
        "the keyring and the cache know who"
    );
    dialer.change(|state| state.down = false);
    desktop.until(|snapshot| snapshot.unsent_count == 0).await;
    let notes = dialer.until(|state| !state.wrap_ups.is_empty()).await.wrap_ups;
    assert!(
        notes.iter().all(|wrap_up| wrap_up.note.expose() == "call in May"),
        "{notes:?}"
    );
}

#[tokio::test]
async fn a_wrap_up_that_the_dialer_refuses_is_said_and_not_sent_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let dialer = Dialer::start().await;
    let desktop = Desktop::start(folder.path(), Some(&dialer.url)).await;
    desktop.sign_in().await;
    dialer.change(|state| state.refuse_wrap_ups = true);
    desktop.finish("").await.unwrap();
    let snapshot = desktop.until(|snapshot| !snapshot.notices.is_empty()).await;
    assert!(
        snapshot.notices[0].message.contains("was not accepted"),
        "{:?}",
        snapshot.notices
    );
    desktop.until(|snapshot| snapshot.unsent_count == 0).await;
}

#[tokio::test]
async fn what_was_typed_is_there_after_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let dialer = Dialer::start().await;
    dialer.push_seat(Some(talking()));
    let desktop = Desktop::start(folder.path(), Some(&dialer.url)).await;
    desktop.sign_in().await;
    desktop.until(|snapshot| snapshot.seat.is_some()).await;
    let (attempt_id, disposition, note) = (attempt_id(), None, Pii::from("half a sen"));
    let draft = |reply| Request::SaveDraft {
        attempt_id,
        disposition,
        note,
        reply,
    };
    desktop.handle.ask(draft).await.unwrap();
    drop(desktop);

    let desktop = Desktop::start(folder.path(), Some(&dialer.url)).await;
    let draft = desktop
        .until(|snapshot| snapshot.draft.is_some())
        .await
        .draft
        .unwrap();
    assert_eq!(draft.note.expose(), "half a sen");
    desktop.finish("half a sentence").await.unwrap();
    desktop.until(|snapshot| snapshot.draft.is_none()).await;
}

#[tokio::test]
async fn closing_leaves_the_seat_first() {
    let folder = tempfile::tempdir().unwrap();
    let dialer = Dialer::start().await;
    dialer.push_seat(Some(talking()));
    let desktop = Desktop::start(folder.path(), Some(&dialer.url)).await;
    desktop.sign_in().await;
    desktop.until(|snapshot| snapshot.seat.is_some()).await;
    desktop.handle.ask(Request::CloseWindow).await.unwrap();
    assert!(*desktop.shell.closed.lock().unwrap());
    dialer.until(|state| state.left).await;
}

#[tokio::test]
async fn a_dialer_is_chosen_once_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let desktop = Desktop::start(folder.path(), None).await;
    desktop
        .until(|snapshot| matches!(snapshot.session, SessionView::SignedOut { .. }))
        .await;
    let refused = desktop.handle.ask(Request::SignIn).await.unwrap_err();
    assert_eq!(refused.code, Code::Invalid);

    let url = "dialer.example.com".to_owned();
    desktop
        .handle
        .ask(|reply| Request::SetServerUrl { url, reply })
        .await
        .unwrap();
    desktop
        .until(|snapshot| snapshot.server_url == "https://dialer.example.com/")
        .await;
    let saved = desktop.shell.settings.lock().unwrap().server_url.clone();
    assert_eq!(saved.as_deref(), Some("https://dialer.example.com/"));
}

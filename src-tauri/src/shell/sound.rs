//! Connects the media engine to the window: its updates as events, what a call misses as a notice.

use std::{net::SocketAddr, sync::Arc};

use tauri::{AppHandle, Manager, Runtime};
use tauri_specta::Event;
use tokio::sync::{mpsc, watch};

use crate::{
    controller::Handle,
    headset::Sound,
    media::{CpalCard, Engine, PeerUpdate, Troubles, commands::EngineEvent},
    settings::AudioSettings,
};

/// The notice about the headset.
const TOPIC: &str = "headset";

/// The engine before there is anybody to tell its troubles to.
pub(super) struct Headset {
    pub(super) sound: Arc<dyn Sound>,
    chosen: watch::Sender<AudioSettings>,
    troubles: Troubles,
}

impl Headset {
    /// Starts the engine and gives the commands their way to it. Calls go out where `stand_in` can be reached.
    pub(super) fn open<R: Runtime>(app: &AppHandle<R>, stand_in: Option<SocketAddr>) -> Self {
        let (chosen, settings) = watch::channel(AudioSettings::default());
        let (engine, updates) = Engine::start(Arc::new(CpalCard::default()), settings, stand_in);
        app.manage(engine.clone());
        tauri::async_runtime::spawn(pass_on(app.clone(), updates));
        Self {
            troubles: engine.troubles(),
            sound: Arc::new(engine),
            chosen,
        }
    }

    /// From now on the engine uses the headset of the settings, and the rep is told when there is none.
    pub(super) fn follow(self, handle: Handle) {
        let Self {
            chosen, mut troubles, ..
        } = self;
        let mut settings = handle.audio_settings();
        tauri::async_runtime::spawn(async move {
            loop {
                chosen.send_replace(settings.borrow_and_update().clone());
                handle.report(TOPIC, troubles.sentence().map(str::to_owned));
                tokio::select! {
                    changed = settings.changed() => if changed.is_err() { return },
                    goes_on = troubles.changed() => if !goes_on { return },
                }
            }
        });
    }
}

async fn pass_on<R: Runtime>(app: AppHandle<R>, mut updates: mpsc::Receiver<PeerUpdate>) {
    while let Some(update) = updates.recv().await {
        if let Err(error) = EngineEvent::from(update).emit(&app) {
            tracing::error!(%error, "the page cannot be told of its call");
        }
    }
}

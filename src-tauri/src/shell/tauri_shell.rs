//! Tauri as the controller's shell.

use std::{ffi::OsString, path::Path, path::PathBuf, sync::Arc};

use anyhow::Context as _;
use serde_json::{Map, Value};
use tauri::{AppHandle, Manager, Runtime};
use tauri_plugin_store::{Store, StoreExt};
use tauri_specta::Event;

use super::{ipc::SnapshotChanged, window};
use crate::{
    controller::Shell,
    error::{Code, Error},
    session::browser,
    settings::Settings,
    snapshot::Snapshot,
};

/// A window, a settings file and the system's browser.
pub struct TauriShell<R: Runtime> {
    app: AppHandle<R>,
    settings: Arc<Store<R>>,
    browser: Option<OsString>,
}

impl<R: Runtime> std::fmt::Debug for TauriShell<R> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TauriShell")
    }
}

impl<R: Runtime> TauriShell<R> {
    /// Opens the settings file; one that cannot be read is put aside. `browser` stands in for the system's.
    ///
    /// # Errors
    /// When the store plugin is missing.
    pub fn open(app: AppHandle<R>, settings: PathBuf, browser: Option<OsString>) -> anyhow::Result<Self> {
        put_aside_if_damaged(&settings);
        let settings = app
            .store_builder(settings)
            .disable_auto_save()
            .build()
            .context("the settings cannot be opened")?;
        Ok(Self {
            app,
            settings,
            browser,
        })
    }
}

impl<R: Runtime> Shell for TauriShell<R> {
    fn show(&self, snapshot: &Snapshot) {
        if let Err(error) = SnapshotChanged(snapshot.clone()).emit(&self.app) {
            tracing::error!(%error, "the page was not told");
        }
    }

    fn open_browser(&self, url: &str) -> bool {
        browser::open(url, self.browser.as_deref())
    }

    fn raise(&self) {
        window::raise(&self.app);
    }

    fn load_settings(&self) -> Settings {
        let entries: Map<String, Value> = self.settings.entries().into_iter().collect();
        serde_json::from_value(Value::Object(entries)).unwrap_or_else(|error| {
            tracing::warn!(%error, "the settings are not understood; the defaults are used");
            Settings::default()
        })
    }

    fn save_settings(&self, settings: &Settings) -> Result<(), Error> {
        let Value::Object(entries) = serde_json::to_value(settings).map_err(Error::internal)? else {
            return Err(Error::internal("settings are an object"));
        };
        for (key, value) in entries {
            self.settings.set(key, value);
        }
        self.settings.save().map_err(|error| {
            tracing::error!(%error, "the settings were not saved");
            Error::new(
                Code::Internal,
                "The settings could not be saved. Is the disk full?",
            )
        })
    }

    fn close(&self) {
        for window in self.app.webview_windows().into_values() {
            if let Err(error) = window.destroy() {
                tracing::error!(%error, "the window does not close");
            }
        }
    }
}

/// The store would begin with nothing and overwrite the file; a look at it must stay possible.
fn put_aside_if_damaged(path: &Path) {
    let Ok(text) = std::fs::read(path) else {
        return;
    };
    if serde_json::from_slice::<Map<String, Value>>(&text).is_err() {
        tracing::warn!("the settings file is damaged and was put aside");
        if let Err(error) = std::fs::rename(path, path.with_extension("json.damaged")) {
            tracing::error!(%error, "the damaged settings file stays");
        }
    }
}

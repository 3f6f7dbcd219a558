//! Everything that knows Tauri: the runtime, the plugins, the window, and the seam to the page.

mod commands;
mod ipc;
mod sound;
mod tauri_shell;
mod window;

use std::{fs, path::PathBuf, sync::Arc};

use anyhow::Context as _;
use tauri::{AppHandle, Manager, Runtime};

use self::sound::Headset;
pub use self::{
    ipc::{CloseRequested, SnapshotChanged, ipc},
    tauri_shell::TauriShell,
    window::with_signalling,
};
use crate::{
    cache::Cache,
    config::{Config, Flags},
    controller::{Controller, Handle},
    headset::Sound,
    launch::Launch,
    log,
    session::keyring::{Keyring, system_store},
    snapshot::Media,
};

/// The practice floor is a program of its own to the system: it may run beside the real one and shares nothing.
const PRACTICE_IDENTIFIER: &str = "dev.offhook.practice";

/// Runs the program until its window closes.
///
/// # Errors
/// When Tauri cannot start.
pub fn run(flags: Flags) -> anyhow::Result<()> {
    let mut context = tauri::generate_context!();
    if flags.practice {
        PRACTICE_IDENTIFIER.clone_into(&mut context.config_mut().identifier);
    }
    let ipc = ipc::<tauri::Wry>();
    let mut builder = tauri::Builder::default();
    if flags.data_dir.is_none() {
        // It has to be the first plugin: a second start ends here and brings the first to the front.
        builder = builder.plugin(tauri_plugin_single_instance::init(|app, _arguments, _folder| {
            window::raise(app);
        }));
    }
    builder
        .plugin(tauri_plugin_store::Builder::new().build())
        .invoke_handler(ipc.invoke_handler())
        .setup(move |app| {
            ipc.mount_events(app);
            let data_dir = data_dir(app.handle(), &flags)?;
            log::start(&data_dir.join("log"))?;
            let state = data_dir.join("window.json").display().to_string();
            app.handle().plugin(
                tauri_plugin_window_state::Builder::new()
                    .with_filename(state)
                    .build(),
            )?;
            open_when_ready(app.handle().clone(), flags, data_dir);
            Ok(())
        })
        .run(context)
        .context("the window cannot be opened")
}

/// Opens the window as soon as what it talks to is there.
fn open_when_ready(app: AppHandle, flags: Flags, data_dir: PathBuf) {
    tauri::async_runtime::spawn(async move {
        let launch = Launch::prepare(&flags, data_dir, Media::of_this_system()).await;
        let opened = async {
            let headset = Headset::open(&app, launch.signalling);
            let handle = start(&app, launch.config.clone(), &flags, Arc::clone(&headset.sound)).await?;
            headset.follow(handle.clone());
            window::open(&app, &handle, &launch)?;
            anyhow::Ok(handle)
        };
        match opened.await {
            Ok(handle) => launch.watch_practice(handle).await,
            Err(error) => {
                tracing::error!(cause = ?error, "Offhook cannot start");
                app.exit(1);
            }
        }
    });
}

/// Starts everything behind the window, and gives the commands their way to it.
///
/// # Errors
/// When the data folder cannot be used.
pub async fn start<R: Runtime>(
    app: &AppHandle<R>,
    config: Config,
    flags: &Flags,
    sound: Arc<dyn Sound>,
) -> anyhow::Result<Handle> {
    if flags.reset {
        Cache::remove(&config.data_dir).context("the practice floor's cache cannot be emptied")?;
    }
    let cache = Cache::open(&config.data_dir)
        .await
        .context("the data folder cannot be used")?;
    let keyring = Keyring::start(system_store);
    if let Some(server) = config.server_url.as_ref().filter(|_| flags.reset) {
        keyring.clear(config.account(server));
    }
    let settings = config.data_dir.join("settings.json");
    let shell = TauriShell::open(app.clone(), settings, flags.browser.clone())?;
    let (controller, handle) = Controller::new(config, Arc::new(shell), cache, keyring);
    app.manage(handle.clone());
    app.manage(sound);
    tauri::async_runtime::spawn(controller.run());
    Ok(handle)
}

/// The folder that was asked for, or the user's own; practice has its own either way.
fn data_dir(app: &AppHandle, flags: &Flags) -> anyhow::Result<PathBuf> {
    let folder = match &flags.data_dir {
        Some(folder) if flags.practice => folder.join("practice"),
        Some(folder) => folder.clone(),
        None => app
            .path()
            .app_data_dir()
            .context("this user has no data folder")?,
    };
    fs::create_dir_all(&folder).context("the data folder cannot be created")?;
    std::path::absolute(folder).context("the data folder has no path")
}

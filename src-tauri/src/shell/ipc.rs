//! The typed seam to the page: commands and events, and the TypeScript that describes them.

use serde::Serialize;
use specta::Type;
use tauri::Runtime;
use tauri_specta::{Event, collect_commands, collect_events};

use super::commands;
use crate::{
    media::commands::{self as engine, EngineEvent},
    snapshot::Snapshot,
};

/// What the window shows has changed.
#[derive(Debug, Clone, Serialize, Type, Event)]
pub struct SnapshotChanged(pub Snapshot);

/// The rep wants to close the window during a call: ask, then call `closeWindow`.
#[derive(Debug, Clone, Serialize, Type, Event)]
pub struct CloseRequested;

/// All commands and events, for the real runtime and for the one of the tests.
#[must_use]
pub fn ipc<R: Runtime>() -> tauri_specta::Builder<R> {
    tauri_specta::Builder::new()
        .disable_serde_phases()
        .commands(collect_commands![
            commands::get_snapshot,
            commands::history,
            commands::audio_devices,
            commands::audio_settings,
            commands::sign_in,
            commands::cancel_sign_in,
            commands::sign_out,
            commands::unlock_keyring,
            commands::set_server_url,
            commands::take_seat,
            commands::start_dialing,
            commands::pause_dialing,
            commands::leave_seat,
            commands::hang_up,
            commands::save_draft,
            commands::finish_wrap_up,
            commands::set_audio_settings,
            commands::dismiss_notice,
            commands::voice_token,
            commands::report_phone,
            commands::play_test_tone,
            commands::watch_microphone,
            commands::stop_microphone,
            commands::close_window,
            engine::engine_offer,
            engine::engine_answer,
            engine::engine_accept_answer,
            engine::engine_mute,
            engine::engine_send_digits,
            engine::engine_stats,
            engine::engine_close,
            engine::engine_reset,
        ])
        .events(collect_events![SnapshotChanged, CloseRequested, EngineEvent])
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use specta_typescript::Typescript;

    use super::ipc;

    /// `UPDATE=1 cargo test bindings_are_current` writes the file.
    #[test]
    fn bindings_are_current() {
        let folder = tempfile::tempdir().unwrap();
        let fresh = folder.path().join("bindings.ts");
        let header = "// @ts-nocheck\n// Written by the test `bindings_are_current`; do not edit.\n";
        ipc::<tauri::Wry>()
            .export(Typescript::default().header(header), &fresh)
            .unwrap();
        let fresh = fs::read_to_string(fresh).unwrap();

        let checked_in = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/src/backend/bindings.ts");
        if std::env::var_os("UPDATE").is_some() {
            fs::create_dir_all(checked_in.parent().unwrap()).unwrap();
            fs::write(&checked_in, &fresh).unwrap();
        }
        let current = fs::read_to_string(checked_in).unwrap_or_default();
        assert!(
            current == fresh,
            "bindings.ts is stale: UPDATE=1 cargo test bindings_are_current"
        );
    }
}

//! Everything that knows Tauri.

mod commands;
mod ipc;

pub use ipc::{CloseRequested, SnapshotChanged, ipc};

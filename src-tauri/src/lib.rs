//! The desktop softphone: sign in, take a seat, talk to one person after another.

pub mod api;
pub mod cache;
pub mod clock;
pub mod config;
pub mod controller;
pub mod error;
pub mod headset;
pub mod session;
pub mod settings;
pub mod shell;
pub mod snapshot;

/// Opens the window.
pub fn run() {
    tauri::Builder::default()
        .run(tauri::generate_context!())
        .expect("the configuration is checked at build time");
}

//! The desktop softphone.

/// Opens the window.
pub fn run() {
    tauri::Builder::default().run(tauri::generate_context!()).expect("the configuration is checked at build time");
}

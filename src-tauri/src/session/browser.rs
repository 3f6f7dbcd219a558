//! Shows a page in the system's browser.

use std::{
    ffi::OsStr,
    process::{Command, Stdio},
    time::Duration,
};

/// How long a browser's launcher may take before it counts as working.
const LAUNCH_TIMEOUT: Duration = Duration::from_secs(3);

/// Opens `url`; false when no browser could be started. Blocks for up to three seconds.
///
/// `instead` is a command that gets the address as its only argument and stands in for the browser.
#[must_use]
pub fn open(url: &str, instead: Option<&OsStr>) -> bool {
    let started = match instead {
        Some(program) => Command::new(program)
            .arg(url)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .map(reap),
        None => open::that_detached_with_timeout(url, LAUNCH_TIMEOUT),
    };
    if let Err(error) = &started {
        // The error's text has the address, with the sign-in's one-time state.
        tracing::warn!(kind = %error.kind(), "no browser could be started");
    }
    started.is_ok()
}

/// Waits for the stand-in elsewhere, so that it leaves no zombie.
fn reap(mut child: std::process::Child) {
    std::thread::spawn(move || child.wait());
}

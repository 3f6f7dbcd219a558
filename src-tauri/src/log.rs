//! The log file: a week of days, ids but no personal data.

use std::{fs, path::Path};

use anyhow::Context as _;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

/// Days that are kept.
const FILES_MAX: usize = 7;

/// Which parts log how much; the syntax is that of `tracing_subscriber::EnvFilter`.
const FILTER_VARIABLE: &str = "OFFHOOK_LOG";
/// The PulseAudio client calls each connection an event and each end of one an error.
const FILTER_DEFAULT: &str = "info,pulseaudio=off";

/// Logs into `folder` from now on, and to the terminal if the variable asks for something.
///
/// # Errors
/// When the folder cannot be written.
pub(crate) fn start(folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).context("the log folder cannot be created")?;
    let file = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("offhook")
        .filename_suffix("log")
        .max_log_files(FILES_MAX)
        .build(folder)
        .context("the log file cannot be opened")?;
    let asked = EnvFilter::try_from_env(FILTER_VARIABLE);
    let terminal = asked
        .is_ok()
        .then(|| tracing_subscriber::fmt::layer().with_writer(std::io::stderr));
    tracing_subscriber::registry()
        .with(asked.unwrap_or_else(|_| EnvFilter::new(FILTER_DEFAULT)))
        .with(
            tracing_subscriber::fmt::layer()
                .with_ansi(false)
                .with_writer(file),
        )
        .with(terminal)
        .try_init()
        .context("another log was started first")
}

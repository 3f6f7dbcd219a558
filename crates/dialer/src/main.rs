//! Runs the cloud dialer.

use std::{
    io::{IsTerminal, Write, stderr},
    process::ExitCode,
};

use clap::Parser;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_env("OFFHOOK_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    // Standard output is for whoever starts this program: it carries the ready line.
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(stderr().is_terminal())
        .with_writer(stderr)
        .init();
    match dialer::cli::run(dialer::cli::Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A sentence and its causes; nobody reads a closed standard error.
            let _ = writeln!(stderr(), "offhook-dialer: {}", format!("{error:#}").trim_end());
            ExitCode::FAILURE
        }
    }
}

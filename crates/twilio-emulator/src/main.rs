//! Runs the phone network.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, ValueEnum};
use secrecy::SecretString;
use twilio_emulator::world::World;
use twilio_emulator::{CPS_DEFAULT, ClockMode, Config, Credentials, Emulator};

/// Most of what a call costs is small allocations.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What the network was started with makes no sense here; the same code as for flags that do not exist.
const USAGE_ERROR: u8 = 2;

/// A phone network in a box that Twilio's own SDKs talk to, with real audio.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// Where to listen; port 0 picks one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Where to listen encrypted as well (https, wss), under an authority made for this run.
    #[arg(long)]
    tls_listen: Option<SocketAddr>,
    /// Where to write that authority's certificate; it is printed otherwise.
    #[arg(long, requires = "tls_listen")]
    tls_ca: Option<PathBuf>,
    /// The account: AC and 32 hex digits.
    #[arg(long)]
    account_sid: String,
    /// Signs webhooks and opens REST and the control API.
    #[arg(long)]
    auth_token: SecretString,
    /// The API key: SK and 32 hex digits.
    #[arg(long)]
    api_key_sid: String,
    /// Signs access tokens.
    #[arg(long)]
    api_key_secret: SecretString,
    /// Decides who answers and how.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Carry no audio.
    #[arg(long)]
    no_media: bool,
    /// Outbound calls started per second.
    #[arg(long, default_value_t = CPS_DEFAULT, value_parser = clap::value_parser!(u32).range(1..))]
    cps: u32,
    /// What moves time; `virtual` needs --no-media.
    #[arg(long, value_enum, default_value_t = ClockKind::Real)]
    clock: ClockKind,
    /// What time it is at first when the clock is virtual: a Monday morning.
    #[arg(long, default_value = "2026-01-05T15:00:00Z")]
    clock_start: jiff::Timestamp,
    /// Who lives on the network: TOML, or JSON if the name ends so.
    #[arg(long)]
    world: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ClockKind {
    Real,
    Virtual,
}

#[tokio::main]
async fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    match run(Args::parse()).await {
        Ok(code) => code,
        Err(error) => {
            let line = format!("{error:#}")
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ");
            eprintln!("twilio-emulator: {line}");
            ExitCode::from(USAGE_ERROR)
        }
    }
}

async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let credentials = Credentials {
        account_sid: args.account_sid,
        auth_token: args.auth_token,
        api_key_sid: args.api_key_sid,
        api_key_secret: args.api_key_secret,
    };
    let config = Config {
        listen: args.listen,
        tls_listen: args.tls_listen,
        seed: args.seed,
        no_media: args.no_media,
        cps: args.cps,
        clock: match args.clock {
            ClockKind::Real => ClockMode::Real,
            ClockKind::Virtual => ClockMode::Virtual {
                start: args.clock_start,
            },
        },
        world: match &args.world {
            Some(path) => World::read(path).with_context(|| format!("--world {}", path.display()))?,
            None => World::default(),
        },
        ..Config::new(credentials)
    };
    let stop = stop_signal().context("cannot listen for signals")?;
    let emulator = Emulator::start(config).await?;
    if let Some((addr, authority_pem)) = emulator.tls() {
        match &args.tls_ca {
            Some(path) => std::fs::write(path, authority_pem)
                .with_context(|| format!("--tls-ca: cannot write {}", path.display()))?,
            None => print(authority_pem),
        }
        print(&format!("twilio-emulator tls https://{addr}\n"));
    }
    // Scripts wait for this line.
    print(&format!("twilio-emulator ready http://{}\n", emulator.addr()));
    let code = tokio::select! {
        () = stop => ExitCode::SUCCESS,
        () = emulator.stopped() => ExitCode::FAILURE,
    };
    emulator.shutdown().await;
    Ok(code)
}

/// Listens from now on; resolves at SIGTERM or SIGINT.
#[cfg(unix)]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Resolves at Ctrl-C.
#[cfg(windows)]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}

#[expect(clippy::print_stdout, reason = "a program's own output")]
fn print(text: &str) {
    print!("{text}");
}

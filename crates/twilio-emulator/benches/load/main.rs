//! How much the network carries: calls a second, mixed legs per core, and the speed of virtual time.
//!
//! `cargo bench -p twilio-emulator` prints numbers; the newest are in `docs/emulator.md`. Names after `--` choose
//! among `calls`, `hour`, `people`, `opus` and `pcmu`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench prints and stops where something is missing"
)]

mod application;
mod mixing;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use application::{Application, Line};
use audio::peer::Codec;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use twilio_emulator::world::World;
use twilio_emulator::{ClockMode, Config, Credentials, Emulator};

/// As the program itself has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ACCOUNT_SID: &str = "AC0123456789abcdef0123456789abcdef";
const AUTH_TOKEN: &str = "token";
const OWN_NUMBER: &str = "+12025550100";
const CALLS: usize = 20_000;
/// REST requests under way at once, each on a connection of its own.
const CLIENTS: usize = 32;
const AGENTS: usize = 50;
const HOUR_MS: u32 = 3_600_000;
/// Names of threads, by which their time is told apart.
const NETWORK: &str = "network";
const APPLICATION: &str = "application";

fn main() {
    // Cargo adds `--bench`.
    let chosen: Vec<String> = std::env::args()
        .skip(1)
        .filter(|name| name != "--bench")
        .collect();
    let wanted = |name: &str| chosen.is_empty() || chosen.iter().any(|chosen| chosen == name);
    // The application has threads of its own, as it has in life.
    let network = runtime(NETWORK, None);
    let application = runtime(APPLICATION, Some(1));
    if wanted("calls") {
        calls(&network, &application);
    }
    if wanted("hour") {
        virtual_hour(&network, &application);
    }
    network.block_on(async {
        if wanted("people") {
            mixing::people().await;
        }
        if wanted("opus") {
            mixing::clients(Codec::Opus).await;
        }
        if wanted("pcmu") {
            mixing::clients(Codec::Pcmu).await;
        }
    });
}

/// A thread for each core unless their number is given.
fn runtime(name: &str, threads: Option<usize>) -> Runtime {
    let mut builder = Builder::new_multi_thread();
    if let Some(threads) = threads {
        builder.worker_threads(threads);
    }
    builder.thread_name(name).enable_all().build().unwrap()
}

fn open(network: &Runtime, config: impl FnOnce(&mut Config)) -> Emulator {
    let mut settings = Config::new(Credentials {
        account_sid: ACCOUNT_SID.to_owned(),
        auth_token: AUTH_TOKEN.into(),
        api_key_sid: "SK0123456789abcdef0123456789abcdef".to_owned(),
        api_key_secret: "secret".into(),
    });
    settings.no_media = true;
    settings.cps = 1_000_000;
    config(&mut settings);
    network.block_on(Emulator::start(settings)).unwrap()
}

/// REST create to completed, every callback delivered, without media.
fn calls(network: &Runtime, application: &Runtime) {
    let world =
        World::from_toml("[[population]]\npersona = \"listener\"\nshare = 1\nring_ms = [0, 500]").unwrap();
    let emulator = open(network, |config| config.world = world);
    let addr = emulator.addr();
    let began = now();
    let before = [NETWORK, APPLICATION].map(cpu_time_of);
    let (placed, application_side) = application.block_on(async {
        let application = Application::start(CALLS, None).await;
        let mut clients = JoinSet::new();
        for client in 0..CLIENTS {
            let application = application.clone();
            clients.spawn(async move {
                let line = Line::open(addr).await;
                for n in (client..CALLS).step_by(CLIENTS) {
                    application.place(&line, n, 0).await;
                }
            });
        }
        clients.join_all().await;
        let placed = began.elapsed();
        application.all_done.notified().await;
        (placed, application)
    });
    let took = began.elapsed();
    let callbacks = application_side.callbacks.load(Ordering::Relaxed);
    println!(
        "calls without media: {CALLS} placed in {:.1} s, all {callbacks} callbacks and {CALLS} TwiML fetches delivered \
         after {:.1} s: {:.0} calls/s",
        placed.as_secs_f64(),
        took.as_secs_f64(),
        per_second(CALLS, took),
    );
    let used = [NETWORK, APPLICATION].map(cpu_time_of);
    let used = used
        .into_iter()
        .zip(before)
        .map(|(after, before)| Some(after?.saturating_sub(before?)));
    if let [Some(network), Some(application)] = used.collect::<Vec<_>>()[..] {
        let per_call =
            |used: Duration| used.as_secs_f64() * 1_000.0 / f64::from(u32::try_from(CALLS).unwrap());
        println!(
            "calls without media: {:.3} ms of CPU per call for the network, {:.3} ms for client and application",
            per_call(network),
            per_call(application),
        );
    }
    network.block_on(emulator.shutdown());
}

/// An hour of agents who sit in their rooms and get the next prospect as soon as one is done.
fn virtual_hour(network: &Runtime, application: &Runtime) {
    let start = "2026-01-05T15:00:00Z".parse().unwrap();
    let emulator = open(network, |config| config.clock = ClockMode::Virtual { start });
    let addr = emulator.addr();
    let (took, application) = application.block_on(async {
        let line = Line::open(addr).await;
        let redials = Line::open(addr).await;
        let application: Arc<Application> = Application::start(AGENTS, Some(redials)).await;
        for agent in 0..AGENTS {
            application.place(&line, agent, agent).await;
        }
        let began = now();
        let advance = format!("{{\"advance_ms\":{HOUR_MS}}}");
        let status = line.post("/emulator/clock", "application/json", advance).await;
        assert!(status.is_success());
        (began.elapsed(), application)
    });
    let calls = application.completed.load(Ordering::Relaxed);
    let callbacks = application.callbacks.load(Ordering::Relaxed);
    println!(
        "virtual time: an hour of {AGENTS} agents ({calls} calls, {callbacks} callbacks) in {:.2} s: {:.0} times real time",
        took.as_secs_f64(),
        f64::from(HOUR_MS) / 1_000.0 / took.as_secs_f64(),
    );
    network.block_on(emulator.shutdown());
}

/// What this process has used of all cores, as Linux tells it.
fn cpu_time() -> Option<Duration> {
    time_in(&std::fs::read_to_string("/proc/self/stat").ok()?)
}

/// What its threads of this name have used.
fn cpu_time_of(name: &str) -> Option<Duration> {
    let threads = std::fs::read_dir("/proc/self/task").ok()?;
    let stats = threads.filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("stat")).ok());
    let own = stats.filter(|stat| stat.contains(&format!("({name})")));
    own.map(|stat| time_in(&stat)).sum()
}

/// In clock ticks of 10 ms.
fn time_in(stat: &str) -> Option<Duration> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    Some(Duration::from_millis(ticks * 10))
}

fn per_second(count: usize, took: Duration) -> f64 {
    f64::from(u32::try_from(count).unwrap()) / took.as_secs_f64()
}

#[expect(clippy::disallowed_methods, reason = "the bench's one clock")]
fn now() -> Instant {
    Instant::now()
}

//! How much the network carries: calls a second, mixed legs per core, and the speed of virtual time.
//!
//! `cargo bench -p twilio-emulator` prints numbers; the newest are in `docs/emulator.md`. Names after `--` choose
//! among `calls`, `hour`, `people`, `opus` and `pcmu`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench prints and stops where something is missing"
)]

mod mixing;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use audio::peer::Codec;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::serve::ListenerExt;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use twilio_emulator::world::World;
use twilio_emulator::{ClockMode, Config, Credentials, Emulator};

/// Most of what a call costs is small allocations.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ACCOUNT_SID: &str = "AC0123456789abcdef0123456789abcdef";
const AUTH_TOKEN: &str = "token";
const OWN_NUMBER: &str = "+12025550100";
const CALLS: usize = 20_000;
/// REST requests under way at once.
const CLIENTS: usize = 32;
const AGENTS: usize = 50;
const HOUR_MS: u32 = 3_600_000;

fn main() {
    // Cargo adds `--bench`.
    let chosen: Vec<String> = std::env::args()
        .skip(1)
        .filter(|name| name != "--bench")
        .collect();
    let wanted = |name: &str| chosen.is_empty() || chosen.iter().any(|chosen| chosen == name);
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        if wanted("calls") {
            calls().await;
        }
        if wanted("hour") {
            virtual_hour().await;
        }
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

/// What the application knows and does.
#[derive(Clone)]
struct Application {
    base: String,
    rest: Rest,
    callbacks: Arc<AtomicUsize>,
    completed: Arc<AtomicUsize>,
    all_done: Arc<Notify>,
    /// Whoever has completed a call places the next one.
    redials: bool,
}

#[derive(Clone)]
struct Rest {
    client: reqwest::Client,
    url: String,
}

impl Rest {
    async fn place(&self, base: &str, to: &str, agent: usize) {
        let (url, status) = (format!("{base}/voice/{agent}"), format!("{base}/status/{agent}"));
        let mut form = vec![
            ("To", to),
            ("From", OWN_NUMBER),
            ("Url", url.as_str()),
            ("StatusCallback", status.as_str()),
        ];
        form.extend(["initiated", "ringing", "answered", "completed"].map(|e| ("StatusCallbackEvent", e)));
        let request = self.client.post(format!(
            "{}/2010-04-01/Accounts/{ACCOUNT_SID}/Calls.json",
            self.url
        ));
        let placed = request
            .basic_auth(ACCOUNT_SID, Some(AUTH_TOKEN))
            .form(&form)
            .send()
            .await
            .unwrap();
        assert_eq!(placed.status(), StatusCode::CREATED);
        placed.bytes().await.unwrap();
    }
}

async fn open(config: impl FnOnce(&mut Config), redials: bool) -> (Emulator, Application) {
    let mut settings = Config::new(Credentials {
        account_sid: ACCOUNT_SID.to_owned(),
        auth_token: AUTH_TOKEN.into(),
        api_key_sid: "SK0123456789abcdef0123456789abcdef".to_owned(),
        api_key_secret: "secret".into(),
    });
    settings.no_media = true;
    settings.cps = 1_000_000;
    config(&mut settings);
    let emulator = Emulator::start(settings).await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let application = Application {
        base: format!("http://{}", listener.local_addr().unwrap()),
        rest: Rest {
            client: reqwest::Client::builder()
                .no_proxy()
                .tcp_nodelay(true)
                .build()
                .unwrap(),
            url: format!("http://{}", emulator.addr()),
        },
        callbacks: Arc::default(),
        completed: Arc::default(),
        all_done: Arc::default(),
        redials,
    };
    let router = Router::new()
        .route("/voice/{agent}", post(voice))
        .route("/status/{agent}", post(status))
        .with_state(application.clone());
    let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (emulator, application)
}

async fn voice(
    State(application): State<Application>,
    axum::extract::Path(agent): axum::extract::Path<usize>,
) -> Response {
    let verbs = if application.redials {
        format!(
            "<Dial><Conference startConferenceOnEnter=\"true\" beep=\"false\" waitUrl=\"\">seat-{agent}</Conference></Dial>"
        )
    } else {
        "<Hangup/>".to_owned()
    };
    (
        [(header::CONTENT_TYPE, "text/xml")],
        format!("<Response>{verbs}</Response>"),
    )
        .into_response()
}

async fn status(
    State(application): State<Application>,
    axum::extract::Path(agent): axum::extract::Path<usize>,
    body: Bytes,
) -> StatusCode {
    application.callbacks.fetch_add(1, Ordering::Relaxed);
    let params: BTreeMap<_, _> = url::form_urlencoded::parse(&body).collect();
    if !matches!(&*params["CallStatus"], "initiated" | "ringing" | "in-progress") {
        let completed = application.completed.fetch_add(1, Ordering::Relaxed) + 1;
        if application.redials {
            application
                .rest
                .place(&application.base, &prospect(AGENTS + completed), agent)
                .await;
        } else if completed == CALLS {
            application.all_done.notify_one();
        }
    }
    StatusCode::NO_CONTENT
}

fn prospect(n: usize) -> String {
    format!("+1312{:07}", 2_000_000 + n % 7_000_000)
}

/// REST create to completed, every callback delivered, without media.
async fn calls() {
    let world =
        World::from_toml("[[population]]\npersona = \"listener\"\nshare = 1\nring_ms = [0, 500]").unwrap();
    let (emulator, application) = open(|config| config.world = world, false).await;
    let used_before = cpu_time();
    let began = now();
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let application = application.clone();
        clients.spawn(async move {
            for n in (client..CALLS).step_by(CLIENTS) {
                application.rest.place(&application.base, &prospect(n), 0).await;
            }
        });
    }
    clients.join_all().await;
    let placed = began.elapsed();
    application.all_done.notified().await;
    let took = began.elapsed();
    let callbacks = application.callbacks.load(Ordering::Relaxed);
    if let (Some(before), Some(after)) = (used_before, cpu_time()) {
        let per_call =
            after.saturating_sub(before).as_secs_f64() * 1_000.0 / f64::from(u32::try_from(CALLS).unwrap());
        println!("calls without media: {per_call:.2} ms of CPU per call, client and application included");
    }
    println!(
        "calls without media: {CALLS} placed in {:.1} s, all {callbacks} callbacks and {CALLS} TwiML fetches delivered \
         after {:.1} s: {:.0} calls/s",
        placed.as_secs_f64(),
        took.as_secs_f64(),
        per_second(CALLS, took),
    );
    emulator.shutdown().await;
}

/// An hour of agents who sit in their rooms and get the next prospect as soon as one is done.
async fn virtual_hour() {
    let start = "2026-01-05T15:00:00Z".parse().unwrap();
    let change = |config: &mut Config| config.clock = ClockMode::Virtual { start };
    let (emulator, application) = open(change, true).await;
    for agent in 0..AGENTS {
        application
            .rest
            .place(&application.base, &prospect(agent), agent)
            .await;
    }
    let began = now();
    let clock = application
        .rest
        .client
        .post(format!("{}/emulator/clock", application.rest.url));
    let advanced = clock
        .basic_auth(ACCOUNT_SID, Some(AUTH_TOKEN))
        .header(header::CONTENT_TYPE, "application/json")
        .body(format!("{{\"advance_ms\":{HOUR_MS}}}"))
        .send()
        .await
        .unwrap();
    assert_eq!(advanced.status(), StatusCode::OK);
    let took = began.elapsed();
    let calls = application.completed.load(Ordering::Relaxed);
    let callbacks = application.callbacks.load(Ordering::Relaxed);
    println!(
        "virtual time: an hour of {AGENTS} agents ({calls} calls, {callbacks} callbacks) in {:.2} s: {:.0} times real time",
        took.as_secs_f64(),
        f64::from(HOUR_MS) / 1_000.0 / took.as_secs_f64(),
    );
    emulator.shutdown().await;
}

/// What this process has used of all cores, as Linux tells it, in its clock ticks of 10 ms.
fn cpu_time() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
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

//! The practice floor: a dialer and a phone network in one process, with a list and a rep, no account.

use std::{
    env,
    io::ErrorKind,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use clap::Args;
use jiff::{Timestamp, civil::Weekday, tz::TimeZone};
use protocol::{AgentId, Pii, Role};
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;
use twilio_emulator::{
    Credentials, Emulator,
    world::{Who, World},
};
use url::Url;

use crate::{
    cli::{say, stop_requested},
    clock::{self, Clock},
    config::{Config, Twilio},
    entropy,
    serve::{self, Dialer},
    store::{
        Store,
        agents::{self, NewAgent},
        campaigns::{self, NewCampaign},
        from_ms, leads,
    },
};

mod list;

/// When practice time starts: a Tuesday at 11:00 Eastern, when all but the west coast may be called.
const START: &str = "2026-10-06T11:00:00-04:00[America/New_York]";
/// The zone in which practice time is set and told.
const ZONE: &str = "America/New_York";

const TENANT: &str = "Practice Floor";
const REP_NAME: &str = "Riley Reyes";
const REP_EMAIL: &str = "riley.reyes@practice.invalid";

/// Calls that the practice network starts per second, so that a rep does not wait for it.
const CALLS_PER_SECOND: u32 = 5;

/// The files of the data folder that hold a practice floor.
const FILES: [&str; 3] = ["practice.db", "practice.db-wal", "practice.db-shm"];

/// The options of `offhook-dialer practice`.
#[derive(Args)]
pub struct Options {
    /// Where the dialer listens; loopback only.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Where the floor is kept; without it, offhook-practice in this user's data folder.
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// Start with a new floor.
    #[arg(long)]
    reset: bool,
    /// End when standard input closes: whoever started this process is gone then.
    #[arg(long)]
    exit_with_stdin: bool,
    /// Decides who answers and how; the same seed gives the same people.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Runs the practice floor until it is asked to stop.
///
/// # Errors
///
/// With a sentence for whoever started it.
pub async fn run(options: Options) -> anyhow::Result<()> {
    let stdin_closed = CancellationToken::new();
    if options.exit_with_stdin {
        watch_stdin(stdin_closed.clone());
    }
    let mut floor = PracticeFloor::start(&options).await?;
    say(&format!("offhook-dialer ready http://{}", floor.dialer.addr()))?;
    // The desktop waits for it: its page may connect to this address and no other.
    say(&format!("practice signalling http://{}", floor.network.addr()))?;
    let time = floor.dialer.app().clock.rule_now().to_zoned(TimeZone::get(ZONE)?);
    say(&format!("practice sign-in as {REP_NAME}, without a password"))?;
    say(&format!(
        "practice time {}",
        time.strftime("%A, %B %-d, %Y, %-I:%M %p Eastern")
    ))?;
    let failed = tokio::select! {
        () = stop_requested() => false,
        () = stdin_closed.cancelled() => false,
        () = floor.dialer.failed() => true,
    };
    tokio::select! {
        () = floor.stop() => {}
        () = stop_requested() => bail!("stopped without waiting for requests in flight"),
    }
    if failed {
        bail!("the practice floor could not go on; see the log");
    }
    Ok(())
}

/// A dialer, and the phone network it calls on.
struct PracticeFloor {
    dialer: Dialer,
    network: Emulator,
}

impl PracticeFloor {
    async fn start(options: &Options) -> anyhow::Result<Self> {
        if !options.listen.ip().is_loopback() {
            bail!(
                "the practice floor has no passwords, so it listens on this computer only: --listen 127.0.0.1:PORT"
            );
        }
        let folder = options.data_dir.clone().map_or_else(data_folder, Ok)?;
        let database_url = format!("sqlite://{}", folder.join(FILES[0]).display());
        if options.reset {
            // Not under a floor that runs.
            let _lock = serve::lock(&database_url)?;
            reset(&folder)?;
        }
        let store = Store::open(&database_url).await?;
        let start = starting_time(&store).await?;
        let agent_id = prepare(&store, start).await?;
        store.close().await;

        let credentials = credentials();
        let network = Emulator::start(twilio_emulator::Config {
            seed: options.seed,
            cps: CALLS_PER_SECOND,
            numbers: list::POOL.map(str::to_owned).to_vec(),
            world: world(),
            ..twilio_emulator::Config::new(credentials.clone())
        })
        .await?;
        let config = Config {
            listen: options.listen,
            database_url,
            public_base_url: None,
            twilio: twilio(credentials, network.addr())?,
        };
        let dialer = Dialer::start(config, Clock::practice(start), Some(agent_id)).await?;
        Ok(Self { dialer, network })
    }

    async fn stop(self) {
        self.dialer.stop().await;
        self.network.shutdown().await;
    }
}

/// The seeded population, but for the first of the list: who tries Offhook talks to somebody at once.
fn world() -> World {
    let mut world = World::default();
    if let Some(first) = list::leads().first() {
        let friendly = Who::Named("friendly".to_owned());
        world.personas.insert(first.phone_number.e164(), friendly);
    }
    world
}

/// New ones for each run: nothing outside this process may use them.
fn credentials() -> Credentials {
    let sid = |kind: &str| format!("{kind}{}", hex::encode(entropy::bytes::<16>()));
    Credentials {
        account_sid: sid("AC"),
        auth_token: SecretString::from(entropy::secret()),
        api_key_sid: sid("SK"),
        api_key_secret: SecretString::from(entropy::secret()),
    }
}

fn twilio(credentials: Credentials, network: SocketAddr) -> anyhow::Result<Twilio> {
    Ok(Twilio {
        base_url: Url::parse(&format!("http://{network}"))?,
        account_sid: credentials.account_sid,
        auth_token: credentials.auth_token,
        api_key_sid: credentials.api_key_sid,
        api_key_secret: credentials.api_key_secret,
        application_sid: None,
        signalling_host: Some(network.to_string()),
        calls_per_second: CALLS_PER_SECOND,
        fallback_url: None,
    })
}

/// The floor's rep, with a campaign and a list to call; what is there already stays as it is.
async fn prepare(store: &Store, now: Timestamp) -> anyhow::Result<AgentId> {
    if let Some((agent, _)) = agents::by_email(store, REP_EMAIL).await? {
        return Ok(agent.agent_id);
    }
    let rep = NewAgent {
        tenant_name: TENANT.to_owned(),
        email: Pii::from(REP_EMAIL),
        name: Pii::from(REP_NAME),
        role: Role::Rep,
        password_hash: None,
    };
    let agent_id = agents::add(store, now, rep)
        .await?
        .context("the practice rep could not be added")?;
    let tenant_id = agents::tenant_by_name(store, TENANT)
        .await?
        .context("the practice tenant is missing")?;
    let campaign = NewCampaign {
        tenant_id,
        name: list::CAMPAIGN_NAME.to_owned(),
        script: list::SCRIPT.to_owned(),
        pool: list::pool(),
    };
    let campaign_id = campaigns::add(store, now, campaign)
        .await?
        .context("the practice campaign could not be added")?;
    leads::add(store, now, tenant_id, campaign_id, list::leads()).await?;
    Ok(agent_id)
}

/// When practice time starts: as the variable says, else on the first Tuesday at 11:00 after everything that happened
/// on this floor, so that yesterday's calls do not count as today's.
async fn starting_time(store: &Store) -> anyhow::Result<Timestamp> {
    if let Some(start) = clock::practice_start()? {
        return Ok(start);
    }
    let start: jiff::Zoned = START.parse().context("the constant is a time")?;
    let last_ms: Option<i64> = sqlx::query_scalar("SELECT MAX(placed_at_ms) FROM attempts")
        .fetch_one(store.readers())
        .await
        .context("the practice floor cannot be read")?;
    let Some(last) = last_ms.map(from_ms).transpose()? else {
        return Ok(start.timestamp());
    };
    let next = last
        .to_zoned(TimeZone::get(ZONE)?)
        .nth_weekday(1, Weekday::Tuesday)?;
    Ok(next.with().time(start.time()).build()?.timestamp())
}

fn reset(folder: &Path) -> anyhow::Result<()> {
    for file in FILES {
        let path = folder.join(file);
        match std::fs::remove_file(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| format!("cannot delete {}", path.display())),
        }
    }
    Ok(())
}

/// This user's folder for the data of programs.
fn data_folder() -> anyhow::Result<PathBuf> {
    let home = || env::home_dir().context("this user has no home folder; give --data-dir");
    let base = if cfg!(target_os = "windows") {
        env::var_os("LOCALAPPDATA").map_or_else(
            || Ok(home()?.join("AppData/Local")),
            |path| anyhow::Ok(path.into()),
        )?
    } else if cfg!(target_os = "macos") {
        home()?.join("Library/Application Support")
    } else {
        env::var_os("XDG_DATA_HOME").map_or_else(
            || Ok(home()?.join(".local/share")),
            |path| anyhow::Ok(path.into()),
        )?
    };
    Ok(base.join("offhook-practice"))
}

/// A thread of its own: a read of standard input cannot be cancelled, and must not keep the runtime from ending.
fn watch_stdin(closed: CancellationToken) {
    std::thread::spawn(move || {
        // Whatever is sent is ignored; an error is as final as the end.
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        closed.cancel();
    });
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Zoned, civil::Weekday};

    #[test]
    fn practice_starts_when_half_the_country_may_be_called() {
        let start: Zoned = super::START.parse().unwrap();
        assert_eq!((start.weekday(), start.hour()), (Weekday::Tuesday, 11));
        assert!(start.timestamp().as_duration() > SignedDuration::ZERO);
    }
}

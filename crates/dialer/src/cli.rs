//! The command line of `offhook-dialer`.

use std::{
    io::{BufRead, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use clap::{Args, Parser, Subcommand, ValueEnum};
use dialer_core::phone_number::PhoneNumber;
use protocol::{ImportReport, Pii, Role, TenantId};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    clock::{self, Clock},
    config::{self, Config},
    import, password,
    serve::Dialer,
    store::{
        Store,
        agents::{self, NewAgent},
        campaigns::{self, NewCampaign},
    },
};

/// The cloud dialer of Offhook.
#[derive(Parser)]
#[command(name = "offhook-dialer", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the dialer.
    Serve {
        #[command(flatten)]
        config: ConfigFile,
    },
    /// People who sign in.
    #[command(subcommand)]
    User(UserCommand),
    /// Campaigns.
    #[command(subcommand)]
    Campaign(CampaignCommand),
    /// Lists of leads.
    #[command(subcommand)]
    Leads(LeadsCommand),
    /// Runs the practice floor: a dialer and a phone network in one process, with a list and a rep, no account.
    #[cfg(feature = "practice")]
    Practice(crate::practice::Options),
}

#[derive(Args)]
struct ConfigFile {
    /// The configuration, TOML. Each key can also be set as OFFHOOK_…, and the file be left out.
    #[arg(long, env = "OFFHOOK_CONFIG")]
    config: Option<PathBuf>,
}

#[derive(Subcommand)]
enum UserCommand {
    /// Adds somebody who signs in.
    Add {
        #[command(flatten)]
        config: ConfigFile,
        /// Their email, with which they sign in.
        #[arg(long)]
        email: String,
        /// What they may do.
        #[arg(long)]
        role: RoleName,
        /// Read the password from standard input, one line.
        #[arg(long, required = true)]
        password_stdin: bool,
        /// Their name; without it, what stands before the @.
        #[arg(long)]
        name: Option<String>,
        /// Their company; added if it is new.
        #[arg(long, default_value = TENANT_DEFAULT)]
        tenant: String,
    },
    /// Gives somebody a new password and signs them out everywhere.
    SetPassword {
        #[command(flatten)]
        config: ConfigFile,
        /// Their email.
        #[arg(long)]
        email: String,
        /// Read the password from standard input, one line.
        #[arg(long, required = true)]
        password_stdin: bool,
    },
}

#[derive(Subcommand)]
enum CampaignCommand {
    /// Adds a campaign.
    Add {
        #[command(flatten)]
        config: ConfigFile,
        /// Its name.
        #[arg(long)]
        name: String,
        /// A number that its calls show; repeat it for each.
        #[arg(long = "number", required = true)]
        numbers: Vec<String>,
        /// A text file with what reps read out.
        #[arg(long)]
        script_file: Option<PathBuf>,
        /// Whose it is.
        #[arg(long, default_value = TENANT_DEFAULT)]
        tenant: String,
    },
}

#[derive(Subcommand)]
enum LeadsCommand {
    /// Puts the rows of a CSV file on a campaign's list.
    Import {
        #[command(flatten)]
        config: ConfigFile,
        /// The campaign's name.
        #[arg(long)]
        campaign: String,
        /// Whose it is.
        #[arg(long, default_value = TENANT_DEFAULT)]
        tenant: String,
        /// The file. Its first line names the columns; one is called phone.
        file: PathBuf,
    },
}

/// The company of a dialer that serves one.
const TENANT_DEFAULT: &str = "Our company";

#[derive(Clone, Copy, ValueEnum)]
enum RoleName {
    Rep,
    Manager,
    Admin,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Rep => Self::Rep,
            RoleName::Manager => Self::Manager,
            RoleName::Admin => Self::Admin,
        }
    }
}

/// Does what the command line says.
///
/// # Errors
///
/// With a sentence for the operator.
pub async fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        Command::Serve { config } => serve(&config).await,
        Command::User(command) => user(command).await,
        Command::Campaign(command) => campaign(command).await,
        Command::Leads(command) => leads(command).await,
        #[cfg(feature = "practice")]
        Command::Practice(options) => crate::practice::run(options).await,
    }
}

async fn serve(config: &ConfigFile) -> anyhow::Result<()> {
    let config = Config::load(config.config.as_deref(), std::env::vars())?;
    let clock = rule_clock(&config.twilio)?;
    let mut dialer = Dialer::start(config, clock, None).await?;
    say(&format!("offhook-dialer ready http://{}", dialer.addr()))?;
    let failed = tokio::select! {
        () = stop_requested() => false,
        () = dialer.failed() => true,
    };
    // The second request does not wait for anything; what was answered is on the disk.
    tokio::select! {
        () = dialer.stop() => {}
        () = stop_requested() => bail!("stopped without waiting for requests in flight"),
    }
    if failed {
        bail!("the dialer could not go on; see the log");
    }
    Ok(())
}

/// Practice time if the environment asks for it, and only where nobody real is called.
fn rule_clock(twilio: &config::Twilio) -> anyhow::Result<Clock> {
    let Some(start) = clock::practice_start()? else {
        return Ok(Clock::system());
    };
    let stand_in = match twilio.base_url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(_)) | None => false,
    };
    if !stand_in {
        bail!(
            "OFFHOOK_PRACTICE_NOW is for a phone network on this machine; real people are called by real time: unset it"
        );
    }
    Ok(Clock::practice(start))
}

async fn user(command: UserCommand) -> anyhow::Result<()> {
    match command {
        UserCommand::Add {
            config,
            email,
            role,
            name,
            tenant,
            password_stdin: _,
        } => {
            let store = open(&config).await?;
            if !email.contains('@') {
                bail!("{email} is not an email address");
            }
            let password_hash = Some(password::hash(&read_password()?));
            let name = name.unwrap_or_else(|| email.split('@').next().unwrap_or_default().to_owned());
            let new = NewAgent {
                tenant_name: tenant,
                email: Pii::from(email.as_str()),
                name: Pii::new(name),
                role: role.into(),
                password_hash,
            };
            if agents::add(&store, Clock::system().now(), new).await?.is_none() {
                bail!("{email} has an account already");
            }
            store.close().await;
            say(&format!("added {} {email}", agents::role_text(role.into())))
        }
        UserCommand::SetPassword {
            config,
            email,
            password_stdin: _,
        } => {
            let store = open(&config).await?;
            let hash = password::hash(&read_password()?);
            if !agents::set_password(&store, Clock::system().now(), &email, hash).await? {
                bail!("{email} has no account");
            }
            store.close().await;
            say(&format!("{email} has a new password"))
        }
    }
}

async fn campaign(command: CampaignCommand) -> anyhow::Result<()> {
    let CampaignCommand::Add {
        config,
        name,
        numbers,
        script_file,
        tenant,
    } = command;
    let store = open(&config).await?;
    let tenant_id = tenant_id(&store, &tenant).await?;
    let script = script_file
        .map(|file| read_text(&file))
        .transpose()?
        .unwrap_or_default();
    let pool = numbers.iter().map(|number| {
        PhoneNumber::parse(number).with_context(|| format!("--number {number} cannot be used"))
    });
    let new = NewCampaign {
        tenant_id,
        name: name.clone(),
        script,
        pool: pool.collect::<Result<_, _>>()?,
    };
    if campaigns::add(&store, Clock::system().now(), new)
        .await?
        .is_none()
    {
        bail!("there is a campaign called {name} already, or another tenant has one of the numbers");
    }
    store.close().await;
    say(&format!("added campaign {name}"))
}

async fn leads(command: LeadsCommand) -> anyhow::Result<()> {
    let LeadsCommand::Import {
        config,
        campaign,
        tenant,
        file,
    } = command;
    let store = open(&config).await?;
    let tenant_id = tenant_id(&store, &tenant).await?;
    let Some(campaign_id) = campaigns::by_name(&store, tenant_id, &campaign).await? else {
        bail!("there is no campaign called {campaign}");
    };
    let bytes = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
    if bytes.len() > import::FILE_BYTES_MAX {
        bail!(
            "{} is larger than {} MB",
            file.display(),
            import::FILE_BYTES_MAX / 1_000_000
        );
    }
    let list = import::parse(&bytes)?;
    let report = import::store(&store, Clock::system().now(), tenant_id, campaign_id, list).await?;
    store.close().await;
    show(&report)
}

fn show(report: &ImportReport) -> anyhow::Result<()> {
    for error in &report.errors {
        let column = error
            .column
            .as_ref()
            .map(|column| format!(", column {column}"))
            .unwrap_or_default();
        say(&format!("line {}{column}: {}", error.line, error.message))?;
    }
    let (added, duplicate, refused) = (report.added_count, report.duplicate_count, report.errors.len());
    say(&format!(
        "{added} added, {duplicate} on the list already, {refused} refused"
    ))
}

async fn open(config: &ConfigFile) -> anyhow::Result<Store> {
    let url = config::database_url(config.config.as_deref(), std::env::vars())?;
    Ok(Store::open(&url).await?)
}

async fn tenant_id(store: &Store, name: &str) -> anyhow::Result<TenantId> {
    agents::tenant_by_name(store, name).await?.with_context(|| {
        format!("there is no tenant called {name}; `user add --tenant` adds it with its first user")
    })
}

fn read_password() -> anyhow::Result<SecretString> {
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .context("the password cannot be read")?;
    let password = SecretString::from(line.trim_end_matches(['\r', '\n']).to_owned());
    let length = password.expose_secret().chars().count();
    if !(password::LENGTH_MIN..=password::LENGTH_MAX).contains(&length) {
        bail!(
            "a password has {} to {} characters",
            password::LENGTH_MIN,
            password::LENGTH_MAX
        );
    }
    Ok(password)
}

fn read_text(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

/// Prints a line for whoever started this program, and does not wait for a buffer to fill.
pub(crate) fn say(line: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}")?;
    Ok(stdout.flush()?)
}

/// Returns when the process is asked to stop: SIGTERM, or Ctrl-C.
pub(crate) async fn stop_requested() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(mut terminate) = signal(SignalKind::terminate()) else {
            return interrupt.await;
        };
        tokio::select! {
            () = interrupt => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    interrupt.await;
}

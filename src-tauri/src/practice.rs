//! The practice floor: a dialer and a phone network of our own, in a child process that ends with this one.

use std::{net::SocketAddr, path::Path, process::Stdio, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};
use url::Url;

/// A first start prepares a list and voices.
const READY_TIMEOUT: Duration = Duration::from_secs(30);

/// What the child writes when it can be used: `offhook-dialer ready http://ADDR`, and then …
const READY: &str = "offhook-dialer ready ";

/// … `practice signalling http://ADDR`.
const SIGNALLING: &str = "practice signalling ";

/// Variables of this program that mean something else to the dialer.
const NOT_FOR_CHILD: [&str; 5] = [
    "OFFHOOK_DATA_DIR",
    "OFFHOOK_SERVER_URL",
    "OFFHOOK_BROWSER",
    "OFFHOOK_DIALER",
    "OFFHOOK_SIGNALLING_HOST",
];

/// Why there is no practice floor. Each is a sentence for the rep.
#[derive(Debug, thiserror::Error)]
pub enum PracticeError {
    /// The program is not there.
    #[error(
        "The practice floor cannot be started: the program offhook-dialer is not installed beside Offhook."
    )]
    Missing(#[source] std::io::Error),
    /// It ended at once.
    #[error("The practice floor ended while it started. The terminal says why.")]
    Ended,
    /// It takes too long.
    #[error("The practice floor did not start in 30 seconds. Close Offhook and try again.")]
    TimedOut,
    /// It says something else than expected.
    #[error("The practice floor is of another version than Offhook. Install both again.")]
    Unexpected,
}

/// The running floor. It ends when this is dropped, or with this process however that ends: then its standard
/// input closes.
#[derive(Debug)]
pub struct Practice {
    /// The dialer's address.
    pub server: Url,
    /// Where the stand-in for Twilio's signalling listens.
    pub signalling: SocketAddr,
    child: Child,
    stdin: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Practice {
    /// Starts `dialer` with its data in `folder`, emptied first if `reset`, and waits until it can be used.
    ///
    /// # Errors
    /// See [`PracticeError`].
    ///
    /// # Panics
    /// Never: both pipes were asked for.
    pub async fn start(dialer: &Path, folder: &Path, reset: bool) -> Result<Self, PracticeError> {
        let mut command = Command::new(dialer);
        command
            .arg("practice")
            .arg("--exit-with-stdin")
            .arg("--data-dir")
            .arg(folder);
        if reset {
            command.arg("--reset");
        }
        for variable in NOT_FOR_CHILD {
            command.env_remove(variable);
        }
        let piped = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        let mut child = piped.spawn().map_err(PracticeError::Missing)?;
        let stdin = child.stdin.take().expect("standard input is piped");
        let stdout = child.stdout.take().expect("standard output is piped");
        let mut output = BufReader::new(stdout).lines();
        let ready = timeout(READY_TIMEOUT, read_until_ready(&mut output)).await;
        let (server, signalling) = ready.map_err(|_| PracticeError::TimedOut)??;
        tracing::info!(%server, "the practice floor is open");
        Ok(Self {
            server,
            signalling,
            child,
            stdin,
            output,
        })
    }

    /// Waits until the floor ends, and keeps its output flowing meanwhile.
    pub async fn ended(self) {
        let Self {
            mut child,
            mut output,
            stdin,
            ..
        } = self;
        while let Ok(Some(line)) = output.next_line().await {
            tracing::debug!(line, "practice floor");
        }
        match child.wait().await {
            Ok(status) => tracing::warn!(%status, "the practice floor has ended"),
            Err(error) => tracing::warn!(%error, "the practice floor has ended"),
        }
        // Closing it any earlier would have ended the floor.
        drop(stdin);
    }
}

async fn read_until_ready(
    output: &mut Lines<BufReader<ChildStdout>>,
) -> Result<(Url, SocketAddr), PracticeError> {
    let (mut server, mut signalling) = (None, None);
    while let Ok(Some(line)) = output.next_line().await {
        if let Some(address) = line.strip_prefix(READY) {
            server = Some(loopback(address).ok_or(PracticeError::Unexpected)?);
        }
        if let Some(address) = line.strip_prefix(SIGNALLING) {
            signalling = Some(loopback(address).ok_or(PracticeError::Unexpected)?);
        }
        if let Some((server, signalling)) = server.zip(signalling) {
            let server = Url::parse(&format!("http://{server}/")).map_err(|_| PracticeError::Unexpected)?;
            return Ok((server, signalling));
        }
    }
    Err(PracticeError::Ended)
}

/// Reads `127.0.0.1:PORT`, with or without a scheme; another machine's address is none.
#[must_use]
pub fn loopback(address: &str) -> Option<SocketAddr> {
    let address = address.trim().trim_end_matches('/');
    let address = address.split_once("://").map_or(address, |(_, rest)| rest);
    let address: SocketAddr = address.parse().ok()?;
    address.ip().is_loopback().then_some(address)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

    use super::{Practice, PracticeError, loopback};

    /// A stand-in for the dialer.
    fn script(folder: &tempfile::TempDir, body: &str) -> PathBuf {
        let path = folder.path().join("dialer");
        fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        path
    }

    #[tokio::test]
    async fn it_is_open_when_it_says_so_and_ends_with_us() {
        let folder = tempfile::tempdir().unwrap();
        let dialer = script(
            &folder,
            "echo 'offhook-dialer ready http://127.0.0.1:4000'\n\
             echo 'practice signalling http://127.0.0.1:4001'\n\
             echo \"$@\" > \"$4/arguments\"\n\
             cat > /dev/null\n\
             touch \"$4/ended\"",
        );
        let practice = Practice::start(&dialer, folder.path(), true).await.unwrap();
        assert_eq!(practice.server.as_str(), "http://127.0.0.1:4000/");
        assert_eq!(practice.signalling, "127.0.0.1:4001".parse().unwrap());

        let Practice { stdin, mut child, .. } = practice;
        drop(stdin);
        child.wait().await.unwrap();
        assert!(
            folder.path().join("ended").exists(),
            "a closed standard input ends it"
        );
        let arguments = fs::read_to_string(folder.path().join("arguments")).unwrap();
        assert!(
            arguments.starts_with("practice --exit-with-stdin --data-dir "),
            "{arguments}"
        );
        assert!(arguments.trim_end().ends_with("--reset"), "{arguments}");
    }

    #[tokio::test]
    async fn it_says_why_it_did_not_open() {
        let folder = tempfile::tempdir().unwrap();
        let missing = Practice::start(&folder.path().join("nothing"), folder.path(), false).await;
        assert!(matches!(missing, Err(PracticeError::Missing(_))), "{missing:?}");
        let dialer = script(&folder, "exit 3");
        let ended = Practice::start(&dialer, folder.path(), false).await;
        assert!(matches!(ended, Err(PracticeError::Ended)), "{ended:?}");
    }

    #[test]
    fn signalling_stays_on_this_machine() {
        assert!(loopback("http://127.0.0.1:4001/").is_some());
        assert!(loopback("[::1]:4001").is_some());
        assert!(loopback("192.0.2.1:4001").is_none());
        assert!(loopback("localhost").is_none());
    }
}

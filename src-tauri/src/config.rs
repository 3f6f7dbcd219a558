//! What a start of the program is told: by flags, by the environment, and by the practice floor.

use std::{env, ffi::OsString, net::SocketAddr, path::PathBuf};

use clap::Parser;
use url::Url;

use crate::{api::parse_server_url, practice, snapshot::Media};

/// A sales floor's desktop softphone.
#[derive(Debug, Clone, Parser)]
#[command(name = "offhook", version)]
pub struct Flags {
    /// Open the practice floor: simulated people, no account, no real calls.
    #[arg(long)]
    pub practice: bool,

    /// Begin the practice floor anew.
    #[arg(long, requires = "practice")]
    pub reset: bool,

    /// Keep settings, cache and log in this folder instead of the user's own.
    #[arg(long, env = "OFFHOOK_DATA_DIR", hide_short_help = true)]
    pub data_dir: Option<PathBuf>,

    /// Use this dialer, whatever the settings say.
    #[arg(long, env = "OFFHOOK_SERVER_URL", hide_short_help = true, value_parser = parse_server_url)]
    pub server_url: Option<Url>,

    /// Run this command with the sign-in page's address instead of the system's browser.
    #[arg(long, env = "OFFHOOK_BROWSER", hide_short_help = true)]
    pub browser: Option<OsString>,

    /// Use this dialer program for the practice floor.
    #[arg(long, env = "OFFHOOK_DIALER", hide_short_help = true)]
    pub dialer: Option<PathBuf>,

    /// Let the page connect to this stand-in for Twilio's signalling, `127.0.0.1:PORT`.
    #[arg(long, env = "OFFHOOK_SIGNALLING_HOST", hide_short_help = true, value_parser = parse_loopback)]
    pub signalling_host: Option<SocketAddr>,
}

/// What the controller has to know of it.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where cache and log are kept.
    pub data_dir: PathBuf,
    /// True when the folder was chosen by flag: such a start shares no sign-in with the user's own.
    pub own_folder: bool,
    /// The dialer that this start is tied to; else it is a setting.
    pub server_url: Option<Url>,
    /// True on the practice floor.
    pub practice: bool,
    /// Who carries the call's audio.
    pub media: Media,
}

impl Config {
    /// Under which name the keyring and the cache keep the sign-in at `server`. The practice floor listens on
    /// another port at each start.
    #[must_use]
    pub fn account(&self, server: &Url) -> String {
        let server = if self.practice {
            "practice"
        } else {
            server.as_str()
        };
        if self.own_folder {
            format!("{server} {}", self.data_dir.display())
        } else {
            server.to_owned()
        }
    }
}

/// The dialer program that was installed beside this one.
#[must_use]
pub fn installed_dialer() -> Option<PathBuf> {
    let program = env::current_exe().ok()?.with_file_name("offhook-dialer");
    Some(program.with_extension(env::consts::EXE_EXTENSION))
}

fn parse_loopback(text: &str) -> Result<SocketAddr, &'static str> {
    practice::loopback(text).ok_or("an address of this machine is expected, such as 127.0.0.1:8080")
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::{Config, Flags};
    use crate::snapshot::Media;

    #[test]
    fn flags_are_consistent() {
        Flags::command().debug_assert();
        let refused = |arguments: &[&str]| Flags::try_parse_from(arguments).is_err();
        assert!(
            refused(&["offhook", "--reset"]),
            "only the practice floor is emptied"
        );
        assert!(
            refused(&["offhook", "--server-url", "http://dialer.example.com"]),
            "in the clear"
        );
        assert!(
            refused(&["offhook", "--signalling-host", "192.0.2.1:80"]),
            "another machine"
        );
    }

    #[test]
    fn the_practice_sign_in_survives_another_port() {
        let config = Config {
            data_dir: "data".into(),
            own_folder: false,
            server_url: None,
            practice: true,
            media: Media::Webview,
        };
        let at = |port: u16| config.account(&format!("http://127.0.0.1:{port}/").parse().unwrap());
        assert_eq!(at(1), at(2));
    }
}

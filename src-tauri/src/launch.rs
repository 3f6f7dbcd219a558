//! From the flags to what the program works with: the data folder, the dialer, the practice floor.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use crate::{
    config::{Config, Flags, installed_dialer},
    controller::Handle,
    practice::Practice,
    snapshot::Media,
};

/// Everything that a window needs before it can open.
#[derive(Debug)]
pub struct Launch {
    /// For the controller.
    pub config: Config,
    /// A stand-in for Twilio's signalling on this machine, which the page may connect to.
    pub signalling: Option<SocketAddr>,
    practice: Option<Practice>,
    failure: Option<String>,
}

impl Launch {
    /// Starts the practice floor, if it is asked for, and waits for it. A failure is shown in the window.
    pub async fn prepare(flags: &Flags, data_dir: PathBuf, media: Media) -> Self {
        let (practice, failure) = if flags.practice {
            start_practice(flags, &data_dir).await
        } else {
            (None, None)
        };
        Self {
            config: Config {
                own_folder: flags.data_dir.is_some(),
                server_url: practice
                    .as_ref()
                    .map(|practice| practice.server.clone())
                    .or_else(|| flags.server_url.clone()),
                practice: flags.practice,
                media,
                data_dir,
            },
            signalling: practice
                .as_ref()
                .map(|practice| practice.signalling)
                .or(flags.signalling_host),
            practice,
            failure,
        }
    }

    /// Keeps the practice floor, and tells the rep if it did not start or ends before the window does.
    pub async fn watch_practice(self, handle: Handle) {
        handle.report("practice", self.failure);
        if let Some(practice) = self.practice {
            practice.ended().await;
            let message = "The practice floor has stopped. Close Offhook and start it again.";
            handle.report("practice", Some(message.to_owned()));
        }
    }
}

async fn start_practice(flags: &Flags, data_dir: &Path) -> (Option<Practice>, Option<String>) {
    let dialer = flags
        .dialer
        .clone()
        .or_else(installed_dialer)
        .unwrap_or_else(|| "offhook-dialer".into());
    match Practice::start(&dialer, &data_dir.join("floor"), flags.reset).await {
        Ok(practice) => (Some(practice), None),
        Err(error) => {
            tracing::error!(cause = ?error, "there is no practice floor");
            (None, Some(error.to_string()))
        }
    }
}

//! The dialer in a runtime of its own, so that it can be killed as a process is: in the middle of everything.

use dialer::{
    clock::Clock,
    config::{Config, Twilio},
    serve::Dialer,
};
use jiff::Timestamp;
use secrecy::SecretString;
use tokio::{
    net::TcpStream,
    runtime::{self, Runtime},
    task,
};
use url::Url;

use crate::{network, wait::eventually};

/// A Tuesday at 11:00 in New York: all but the west may be called.
const RULE_START: &str = "2026-10-06T15:00:00Z";

/// The dialer's place: a port, a file and a clock that stay while processes come and go.
pub(crate) struct Service {
    config: Config,
    clock: Clock,
    process: Option<(Runtime, Dialer)>,
}

impl Service {
    /// A dialer that is not running.
    pub(crate) fn new(database_url: String, port: u16, network_url: &Url) -> Self {
        let host = network_url.authority().to_owned();
        let config = Config {
            listen: ([127, 0, 0, 1], port).into(),
            database_url,
            public_base_url: Some(url_of(port)),
            twilio: Twilio {
                base_url: network_url.clone(),
                account_sid: network::ACCOUNT_SID.to_owned(),
                auth_token: SecretString::from(network::AUTH_TOKEN),
                api_key_sid: network::API_KEY_SID.to_owned(),
                api_key_secret: SecretString::from(network::API_KEY_SECRET),
                application_sid: None,
                signalling_host: Some(host),
                calls_per_second: network::CALLS_PER_SECOND,
                fallback_url: None,
            },
        };
        let start: Timestamp = RULE_START.parse().unwrap();
        Self {
            config,
            clock: Clock::practice(start),
            process: None,
        }
    }

    /// Where it answers.
    pub(crate) fn url(&self) -> Url {
        url_of(self.config.listen.port())
    }

    /// Its clock.
    pub(crate) const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Starts it, once the port and the file of the process before are free.
    pub(crate) async fn start(&mut self) {
        let started = eventually("the dialer starts", async || {
            let (config, clock) = (self.config.clone(), self.clock.clone());
            task::spawn_blocking(move || run(config, clock)).await.unwrap()
        });
        self.process = Some(started.await);
    }

    /// Ends it as `kill -9` does: nothing is drained, nobody is told. Returns when nothing answers there any more.
    pub(crate) async fn kill(&mut self) {
        self.end();
        eventually("nothing answers", async || {
            TcpStream::connect(self.config.listen).await.err()
        })
        .await;
    }

    fn end(&mut self) {
        if let Some((runtime, dialer)) = self.process.take() {
            runtime.shutdown_background();
            drop(dialer);
        }
    }

    /// Ends it as an operator does.
    pub(crate) async fn stop(&mut self) {
        if let Some((runtime, dialer)) = self.process.take() {
            let stopped = task::spawn_blocking(move || {
                runtime.block_on(dialer.stop());
                runtime.shutdown_background();
            });
            stopped.await.unwrap();
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.end();
    }
}

/// None while the port or the file is still taken.
fn run(config: Config, clock: Clock) -> Option<(Runtime, Dialer)> {
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let started = runtime.block_on(Dialer::start(config, clock, None));
    started.ok().map(|dialer| (runtime, dialer))
}

fn url_of(port: u16) -> Url {
    Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap()
}

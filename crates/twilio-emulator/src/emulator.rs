//! Starting and stopping the whole network.

use std::net::SocketAddr;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::Config;
use crate::driver::{self, Parts};
use crate::media::{Media, MediaConfig};
use crate::network::Network;
use crate::rest::Gate;
use crate::signal::Sockets;
use crate::web::{self, Site};
use crate::webhook::Webhooks;
use crate::wire::{Fuse, FusedListener};

/// A running phone network.
#[derive(Debug)]
pub struct Emulator {
    addr: SocketAddr,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

impl Emulator {
    /// Binds the listener and starts the network.
    ///
    /// # Errors
    ///
    /// If the address cannot be bound.
    pub async fn start(config: Config) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("cannot listen on {}", config.listen))?;
        let addr = listener.local_addr()?;
        let clock = Clock::start(config.clock);
        anyhow::ensure!(
            config.no_media || !clock.is_virtual(),
            "sound takes real time: a virtual clock needs a network without media"
        );
        let stop = CancellationToken::new();
        let (event_sender, media_events) = mpsc::unbounded_channel();
        let media =
            (!config.no_media).then(|| Media::start(MediaConfig { bind_ip: addr.ip() }, event_sender));
        let sockets = Sockets::default();
        let parts = Parts {
            clock: clock.clone(),
            webhooks: Webhooks::new(),
            sockets: sockets.clone(),
            media: media.clone(),
            media_events,
            stop: stop.clone(),
        };
        let mut machine = Network::new(&config, clock.now());
        machine.set_origin(format!("http://{addr}"));
        let (network, network_task) = driver::start(machine, parts);
        let site = Site {
            network,
            sockets,
            media,
            clock,
            gate: Gate::new(config.seed, config.rest_concurrency_max),
        };
        let stopping = stop.clone().cancelled_owned();
        let server = axum::serve(
            FusedListener(listener),
            web::router(site).into_make_service_with_connect_info::<Fuse>(),
        )
        .with_graceful_shutdown(stopping);
        let server_task = tokio::spawn(async move {
            if let Err(error) = server.await {
                tracing::error!(%error, "the listener failed");
            }
        });
        tracing::info!(%addr, seed = config.seed, cps = config.cps, "the phone network is up");
        Ok(Self {
            addr,
            stop,
            tasks: vec![network_task, server_task],
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Drops every call and connection and waits until all is quiet.
    pub async fn shutdown(self) {
        self.stop.cancel();
        for task in self.tasks {
            if task.await.is_err_and(|error| error.is_panic()) {
                tracing::error!("a task of the phone network panicked");
            }
        }
    }
}

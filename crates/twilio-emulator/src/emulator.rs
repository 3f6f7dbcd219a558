//! Starting and stopping the whole network.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
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
use crate::tls::{Identity, TlsListener};
use crate::web::{self, Shared, Site};
use crate::webhook::Webhooks;
use crate::wire::{Fuse, FusedListener};

/// Requests under way when the network ends get so long.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(2);

/// A running phone network.
#[derive(Debug)]
pub struct Emulator {
    addr: SocketAddr,
    tls: Option<Tls>,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

/// The encrypted door.
#[derive(Debug)]
struct Tls {
    addr: SocketAddr,
    authority_pem: String,
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
            .with_context(|| format!("cannot listen on {} (port 0 picks a free one)", config.listen))?;
        let addr = listener.local_addr()?;
        let clock = Clock::start(config.clock);
        anyhow::ensure!(
            config.no_media || !clock.is_virtual(),
            "sound takes real time: a virtual clock needs a network without media (--no-media)"
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
        let site = Site::new(Shared {
            network,
            sockets,
            media,
            clock,
            gate: Gate::new(config.seed, config.rest_concurrency_max),
            body_patience: Duration::from_millis(config.body_ms_max),
        });
        let mut tasks = vec![network_task];
        let mut tls = None;
        if let Some(wanted) = config.tls_listen {
            let (door, task) = open_tls(wanted, config.connections_max, &site, &stop).await?;
            tls = Some(door);
            tasks.push(task);
        }
        let listener = FusedListener::new(listener, config.connections_max);
        tasks.push(serve(listener, site, &stop));
        tracing::info!(%addr, seed = config.seed, cps = config.cps, "the phone network is up");
        Ok(Self {
            addr,
            tls,
            stop,
            tasks,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Where it listens encrypted, and the authority to trust there as PEM text.
    #[must_use]
    pub fn tls(&self) -> Option<(SocketAddr, &str)> {
        self.tls
            .as_ref()
            .map(|tls| (tls.addr, tls.authority_pem.as_str()))
    }

    /// Drops every call and connection and waits until all is quiet.
    pub async fn shutdown(self) {
        self.stop.cancel();
        for mut task in self.tasks {
            match tokio::time::timeout(SHUTDOWN_GRACE, &mut task).await {
                Ok(Err(error)) if error.is_panic() => {
                    tracing::error!("a task of the phone network panicked");
                }
                Ok(_) => {}
                // Somebody is in the middle of a request and stays there.
                Err(_) => task.abort(),
            }
        }
    }

    /// Resolves when the network has stopped by itself, which is a defect.
    pub async fn stopped(&self) {
        self.stop.cancelled().await;
    }
}

async fn open_tls(
    wanted: SocketAddr,
    connections_max: usize,
    site: &Site,
    stop: &CancellationToken,
) -> anyhow::Result<(Tls, JoinHandle<()>)> {
    let listener = TcpListener::bind(wanted)
        .await
        .with_context(|| format!("cannot listen encrypted on {wanted} (port 0 picks a free one)"))?;
    let addr = listener.local_addr()?;
    let identity = Identity::generate(addr, site.clock.now()).context("no certificate for this run")?;
    let authority_pem = identity.authority_pem.clone();
    let listener = TlsListener::start(FusedListener::new(listener, connections_max), identity)?;
    let task = serve(listener, site.clone(), stop);
    Ok((Tls { addr, authority_pem }, task))
}

fn serve<L>(listener: L, site: Site, stop: &CancellationToken) -> JoinHandle<()>
where
    L: Listener<Addr: std::fmt::Debug>,
    Fuse: for<'a> Connected<IncomingStream<'a, L>>,
{
    let router = web::router(site).into_make_service_with_connect_info::<Fuse>();
    let stopping = stop.clone().cancelled_owned();
    let server = axum::serve(listener, router).with_graceful_shutdown(stopping);
    tokio::spawn(async move {
        if let Err(error) = server.await {
            tracing::error!(%error, "the listener failed");
        }
    })
}

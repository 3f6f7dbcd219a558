//! The desktop's backend without a window, for tests: its page runs in a browser and reaches the same commands
//! and events by HTTP.
//!
//! `bridge [--listen ADDR] [--ui DIR]` and the flags of `offhook`; prints `bridge ready http://ADDR/?key=KEY`. The
//! first page is loaded from that address; its cookie lets it use `/ipc/{command}` and `/ipc/events`.

mod door;
mod ipc;
mod pages;

use std::{io::Write as _, net::SocketAddr, path::PathBuf, sync::Arc};

use anyhow::Context as _;
use axum::{
    Router, middleware,
    routing::{get, post},
};
use clap::Parser;
use offhook::{config::Flags, headset::Silent, launch::Launch, shell, snapshot::Media};
use tauri::test::{MockRuntime, mock_builder, mock_context, noop_assets};
use tokio::net::TcpListener;

use crate::{door::Door, ipc::Ipc, pages::Pages};

/// Serves the desktop's page to a browser.
#[derive(Debug, Parser)]
struct BridgeFlags {
    /// Where to listen; port 0 picks a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,

    /// The built page.
    #[arg(long, default_value = "ui/dist")]
    ui: PathBuf,

    #[command(flatten)]
    desktop: Flags,
}

fn main() -> anyhow::Result<()> {
    let flags = BridgeFlags::parse();
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    tauri::async_runtime::block_on(serve(flags))
}

async fn serve(flags: BridgeFlags) -> anyhow::Result<()> {
    anyhow::ensure!(
        flags.listen.ip().is_loopback(),
        "the bridge serves this machine only"
    );
    let data_dir = flags
        .desktop
        .data_dir
        .clone()
        .context("--data-dir is needed: tests leave no traces")?;
    let data_dir = std::path::absolute(data_dir)?;
    let launch = Launch::prepare(&flags.desktop, data_dir, Media::Webview).await;

    let app = build_app()?;
    let sound = Arc::new(Silent);
    let handle = shell::start(app.handle(), launch.config.clone(), &flags.desktop, sound).await?;
    let window = tauri::WebviewWindowBuilder::new(&app, "main", tauri::WebviewUrl::default()).build()?;

    let door = Door::new();
    let ipc = Ipc::new(window);
    let router = Router::new()
        .route("/ipc/events", get(ipc::events))
        .route("/ipc/{command}", post(ipc::call))
        .with_state(ipc)
        .fallback_service(Pages::new(flags.ui, launch.signalling).into_router())
        .layer(middleware::from_fn_with_state(door.clone(), door::check));
    let listener = TcpListener::bind(flags.listen)
        .await
        .context("the address cannot be used")?;
    let address = listener.local_addr()?;
    writeln!(
        std::io::stdout(),
        "bridge ready http://{address}/?key={}",
        door.key()
    )?;

    tokio::select! {
        served = axum::serve(listener, router) => served.context("the bridge stopped serving"),
        () = async { launch.watch_practice(handle).await; std::future::pending().await } => Ok(()),
    }
}

/// The program with a runtime that draws nothing.
fn build_app() -> anyhow::Result<tauri::App<MockRuntime>> {
    let ipc = shell::ipc::<MockRuntime>();
    let mut context = mock_context(noop_assets());
    // Without one, plugins would write into the user's own folders.
    "dev.offhook.bridge".clone_into(&mut context.config_mut().identifier);
    let app = mock_builder()
        .plugin(tauri_plugin_store::Builder::new().build())
        .invoke_handler(ipc.invoke_handler())
        .build(context)
        .context("the mock runtime does not start")?;
    ipc.mount_events(&app);
    Ok(app)
}

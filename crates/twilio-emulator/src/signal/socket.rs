//! The WebSocket itself: heartbeat, frames in, frames out.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::atomic::{self, AtomicU64};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use tokio::sync::mpsc;

use super::edge::region;
use super::{ClientFrame, ServerFrame};
use crate::driver::NetworkHandle;
use crate::network::{Input, SocketId};

/// The SDK reconnects after 15 s of silence.
const HEARTBEAT: Duration = Duration::from_secs(5);
const HEARTBEAT_TEXT: &str = "\n";
/// An offer is a few kilobytes; messages and tokens are smaller.
const FRAME_BYTES_MAX: usize = 256 * 1024;
/// Frames a client may send in a second; of more it is told once (31206), and they are dropped.
const FRAMES_PER_SECOND_MAX: u32 = 100;
/// A client that reads nothing loses its socket once this many frames wait.
const FRAMES_WAITING_MAX: usize = 256;
/// How long a client may leave a frame in the way of the others.
const SEND_TIMEOUT: Duration = Duration::from_secs(15);

/// Where frames for open sockets go.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sockets {
    last_id: Arc<AtomicU64>,
    open: Arc<Mutex<BTreeMap<SocketId, mpsc::Sender<ServerFrame>>>>,
}

impl Sockets {
    /// Sends a frame; a socket that is gone or stuck misses it.
    pub(crate) fn send(&self, socket: SocketId, frame: ServerFrame) {
        let mut open = self.open.lock().expect("nothing panics while it holds this lock");
        if open
            .get(&socket)
            .is_some_and(|sender| sender.try_send(frame).is_err())
        {
            open.remove(&socket);
        }
    }

    fn open(&self) -> (SocketId, mpsc::Receiver<ServerFrame>) {
        let id = SocketId(self.last_id.fetch_add(1, atomic::Ordering::Relaxed));
        let (sender, receiver) = mpsc::channel(FRAMES_WAITING_MAX);
        self.open
            .lock()
            .expect("nothing panics while it holds this lock")
            .insert(id, sender);
        (id, receiver)
    }

    /// Cuts a socket off, or forgets one that is gone.
    pub(crate) fn close(&self, socket: SocketId) {
        self.open
            .lock()
            .expect("nothing panics while it holds this lock")
            .remove(&socket);
    }
}

/// `GET /signal`.
pub(crate) async fn upgrade(
    State(network): State<NetworkHandle>,
    State(sockets): State<Sockets>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let region = region(host.unwrap_or_default());
    upgrade
        .max_message_size(FRAME_BYTES_MAX)
        .on_upgrade(async move |websocket| {
            let (id, frames) = sockets.open();
            network.tell(Input::SocketOpened { socket: id, region }).await;
            serve(id, websocket, frames, &network).await;
            sockets.close(id);
            network.tell(Input::SocketClosed(id)).await;
        })
}

async fn serve(
    id: SocketId,
    mut websocket: WebSocket,
    mut frames: mpsc::Receiver<ServerFrame>,
    network: &NetworkHandle,
) {
    let mut heartbeat = tokio::time::interval(HEARTBEAT);
    heartbeat.tick().await;
    let mut second = tokio::time::interval(Duration::from_secs(1));
    let mut received_frames = 0;
    loop {
        let outgoing = tokio::select! {
            received = websocket.recv() => match received {
                Some(Ok(Message::Text(text))) => {
                    received_frames += 1;
                    match received_frames.cmp(&FRAMES_PER_SECOND_MAX) {
                        Ordering::Less | Ordering::Equal => {
                            receive(id, &text, network).await;
                            continue;
                        }
                        Ordering::Greater if received_frames == FRAMES_PER_SECOND_MAX + 1 => {
                            ServerFrame::error(31206, "Rate exceeded authorized limit").to_text()
                        }
                        Ordering::Greater => continue,
                    }
                }
                Some(Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            },
            frame = frames.recv() => match frame {
                Some(frame) => frame.to_text(),
                None => return,
            },
            _ = second.tick() => {
                received_frames = 0;
                continue;
            }
            _ = heartbeat.tick() => HEARTBEAT_TEXT.to_owned(),
            () = network.stopped() => return,
        };
        let sending = websocket.send(Message::Text(outgoing.into()));
        let sent = tokio::select! {
            sent = tokio::time::timeout(SEND_TIMEOUT, sending) => sent,
            () = network.stopped() => return,
        };
        if !matches!(sent, Ok(Ok(()))) {
            return;
        }
    }
}

async fn receive(id: SocketId, text: &str, network: &NetworkHandle) {
    if text == HEARTBEAT_TEXT {
        return;
    }
    match serde_json::from_str::<ClientFrame>(text) {
        Ok(frame) => network.tell(Input::Signal { socket: id, frame }).await,
        Err(error) => tracing::warn!(%error, "a frame of the Voice SDK was not understood"),
    }
}

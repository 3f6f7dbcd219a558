//! The rep's phone, without a page: it speaks the Voice SDK's frames and keeps one leg in the room of the seat.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use audio::{
    Rate,
    peer::{Codec, Peer, PeerConfig},
    tone::Sine,
};
use futures_util::{SinkExt, StreamExt};
use offhook::{
    controller::{Handle, Request},
    snapshot::Snapshot,
};
use protocol::SeatId;
use serde_json::{Value, json};
use tokio::{
    net::TcpStream,
    sync::watch,
    time::{Interval, interval},
};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, tungstenite::Message};

use crate::wait::pause;

/// What the rep says, as far as these stories go.
pub(crate) const REP_HZ: f32 = 1_000.0;
/// Samples per second of what is said and heard.
pub(crate) const RATE_HZ: u32 = 8_000;

const FRAME: Duration = Duration::from_millis(20);
const FRAME_SAMPLES: usize = 160;
/// How long the network keeps a leg whose signalling broke; the page asks for the same.
const RECONNECT_TIMEOUT_S: u32 = 30;
/// Before the phone calls its room again.
const REJOIN_AFTER: Duration = Duration::from_millis(500);
/// As much of an offer as a network without sound reads.
const SILENT_OFFER: &str = "v=0\r\na=ice-ufrag:first\r\n";

/// What a headset plays.
pub(crate) type Headset = Arc<Mutex<Vec<i16>>>;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Sits in the room of whatever seat the snapshot shows, until it is aborted. With a headset the rep says one note
/// all the time, and what comes back is kept.
pub(crate) async fn run(handle: Handle, headset: Option<Headset>) {
    let mut snapshots = handle.snapshots();
    loop {
        let Some(seat_id) = seat(&mut snapshots).await else {
            return;
        };
        if sit(&handle, seat_id, &mut snapshots, headset.as_ref())
            .await
            .is_none()
        {
            pause(REJOIN_AFTER).await;
        }
    }
}

/// One leg from beginning to end; none if it ended without us.
async fn sit(
    handle: &Handle,
    seat_id: SeatId,
    snapshots: &mut watch::Receiver<Snapshot>,
    headset: Option<&Headset>,
) -> Option<()> {
    let token = handle.ask(Request::VoiceToken).await.ok()?;
    let url = format!("ws://{}/signal", token.signalling_host.as_ref()?);
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.ok()?;
    let listen = json!({ "token": token.token, "reconnectTimeout": RECONNECT_TIMEOUT_S });
    send(&mut socket, "listen", listen).await?;
    next(&mut socket, "connected").await?;

    let mut line = Line::open(headset).await;
    let params = format!("seat={seat_id}");
    let invite = json!({ "callsid": "TJS1", "sdp": line.offer, "twilio": { "params": params } });
    send(&mut socket, "invite", invite).await?;
    let answer = next(&mut socket, "answer").await?;
    line.accept(&answer).await;

    loop {
        tokio::select! {
            () = left(snapshots, seat_id) => {
                send(&mut socket, "hangup", json!({ "callsid": answer["callsid"] })).await?;
                return Some(());
            }
            hangup = next(&mut socket, "hangup") => {
                hangup?;
                return None;
            }
            () = line.speak_and_listen() => {}
        }
    }
}

/// The seat that is taken, once there is one; none when the program ends.
async fn seat(snapshots: &mut watch::Receiver<Snapshot>) -> Option<SeatId> {
    let snapshot = snapshots.wait_for(|snapshot| snapshot.seat.is_some()).await;
    snapshot.ok()?.seat.as_ref().map(|seat| seat.seat_id)
}

/// Returns when this seat is no longer taken.
async fn left(snapshots: &mut watch::Receiver<Snapshot>, seat_id: SeatId) {
    let is_left = |snapshot: &Snapshot| snapshot.seat.as_ref().is_none_or(|seat| seat.seat_id != seat_id);
    // The program's end is as good as leaving.
    let _ = snapshots.wait_for(is_left).await;
}

async fn send(socket: &mut Socket, kind: &str, payload: Value) -> Option<()> {
    let frame = json!({ "payload": payload, "type": kind, "version": "1.6" });
    socket.send(Message::text(frame.to_string())).await.ok()
}

/// The payload of the next frame of this kind; none if the leg is refused or the socket breaks.
async fn next(socket: &mut Socket, kind: &str) -> Option<Value> {
    loop {
        let text = socket.next().await?.ok()?.into_text().ok()?;
        let Ok(frame) = serde_json::from_str::<Value>(&text) else {
            continue;
        };
        if frame["type"] == kind {
            return Some(frame["payload"].clone());
        }
        if frame["type"] == "hangup" || frame["type"] == "error" {
            return None;
        }
    }
}

/// The sound of a leg, if there is any.
struct Line {
    offer: String,
    sound: Option<Sound>,
}

struct Sound {
    peer: Peer,
    voice: Sine,
    headset: Headset,
    pace: Interval,
}

impl Line {
    async fn open(headset: Option<&Headset>) -> Self {
        let Some(headset) = headset else {
            return Self {
                offer: SILENT_OFFER.to_owned(),
                sound: None,
            };
        };
        let config = PeerConfig {
            bind_ip: "127.0.0.1".parse().unwrap(),
            ice_lite: false,
            rate: Rate::Narrow,
            codecs: vec![Codec::Opus, Codec::Pcmu],
            skips: true,
        };
        let (peer, offer) = Peer::offer(config).await.unwrap();
        let sound = Sound {
            peer,
            voice: Sine::new(REP_HZ, RATE_HZ, i16::MAX / 4),
            headset: Arc::clone(headset),
            pace: interval(FRAME),
        };
        Self {
            offer,
            sound: Some(sound),
        }
    }

    async fn accept(&mut self, answer: &Value) {
        if let (Some(sound), Some(sdp)) = (&mut self.sound, answer["sdp"].as_str()) {
            sound.peer.handle.accept_answer(sdp.to_owned()).await.unwrap();
        }
    }

    /// One frame each way, when it is time for it.
    async fn speak_and_listen(&mut self) {
        let Some(sound) = &mut self.sound else {
            return std::future::pending().await;
        };
        sound.pace.tick().await;
        sound
            .peer
            .handle
            .send(sound.voice.by_ref().take(FRAME_SAMPLES).collect());
        let mut heard = [0; FRAME_SAMPLES];
        sound.peer.incoming.pull(&mut heard);
        sound.headset.lock().unwrap().extend(heard);
    }
}

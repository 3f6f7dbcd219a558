//! What the page's shim may ask of the engine, and what it is told.

use audio::peer::{Codec, PeerStats};
use serde::{Deserialize, Serialize};
use specta::Type;
use tauri::State;
use tauri_specta::Event;

use super::{Engine, EngineError, Offered, PeerId, PeerState, PeerUpdate};
use crate::error::{Code, Error};

type Answer<T> = Result<T, Error>;

/// A codec by the name SDP gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Type)]
pub(crate) enum EngineCodec {
    /// Opus at 48 kHz.
    #[serde(rename = "opus")]
    Opus,
    /// G.711 µ-law.
    #[serde(rename = "PCMU")]
    Pcmu,
}

/// A connection that was made, and the description to hand to the other side.
#[derive(Debug, Clone, Serialize, Type)]
pub(crate) struct EnginePeer {
    /// Names it from now on.
    pub peer: PeerId,
    /// The description.
    pub sdp: String,
}

/// A connection changed.
#[derive(Debug, Clone, Copy, Serialize, Type, Event)]
pub(crate) struct EngineEvent {
    /// Which.
    pub peer: PeerId,
    /// How its path is now.
    pub state: PeerState,
}

/// Counts since the connection began.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EngineStats {
    /// RTP packets sent.
    pub packets_sent: u32,
    /// Payload bytes sent.
    pub bytes_sent: u32,
    /// RTP packets received.
    pub packets_received: u32,
    /// Payload bytes received.
    pub bytes_received: u32,
    /// Packets that never came.
    pub packets_lost: u32,
    /// Jitter of what is received.
    #[specta(type = i32)]
    pub jitter_ms: f64,
    /// Round trip; none until measured.
    #[specta(type = Option<i32>)]
    pub round_trip_ms: Option<f64>,
    /// The codec being sent; none until agreed.
    pub codec: Option<String>,
    /// Our address.
    pub local_address: String,
    /// The other side's; none until it sent something.
    pub remote_address: Option<String>,
}

/// Opens the headset and makes a connection that waits for an answer.
#[tauri::command]
#[specta::specta]
pub(crate) async fn engine_offer(engine: State<'_, Engine>, codecs: Vec<EngineCodec>) -> Answer<EnginePeer> {
    let codecs = codecs.into_iter().map(Codec::from).collect();
    Ok(engine.offer(codecs).await?.into())
}

/// Opens the headset and answers the other side's offer.
#[tauri::command]
#[specta::specta]
pub(crate) async fn engine_answer(
    engine: State<'_, Engine>,
    offer_sdp: String,
    codecs: Vec<EngineCodec>,
) -> Answer<EnginePeer> {
    let codecs = codecs.into_iter().map(Codec::from).collect();
    Ok(engine.answer(offer_sdp, codecs).await?.into())
}

/// Takes the other side's answer.
#[tauri::command]
#[specta::specta]
pub(crate) async fn engine_accept_answer(
    engine: State<'_, Engine>,
    peer: PeerId,
    answer_sdp: String,
) -> Answer<()> {
    Ok(engine.accept_answer(peer, answer_sdp).await?)
}

/// Drops the microphone's sound before it is encoded, or lets it pass again.
#[tauri::command]
#[specta::specta]
pub(crate) async fn engine_mute(engine: State<'_, Engine>, peer: PeerId, muted: bool) -> Answer<()> {
    Ok(engine.mute(peer, muted).await?)
}

/// Presses keys of the telephone.
#[tauri::command]
#[specta::specta]
pub(crate) async fn engine_send_digits(
    engine: State<'_, Engine>,
    peer: PeerId,
    digits: String,
) -> Answer<()> {
    Ok(engine.send_digits(peer, &digits).await?)
}

/// Counts since the connection began.
#[tauri::command]
#[specta::specta]
pub(crate) async fn engine_stats(engine: State<'_, Engine>, peer: PeerId) -> Answer<EngineStats> {
    Ok(engine.stats(peer).await?.into())
}

/// Ends a connection.
#[tauri::command]
#[specta::specta]
pub(crate) async fn engine_close(engine: State<'_, Engine>, peer: PeerId) -> Answer<()> {
    Ok(engine.close(peer).await?)
}

/// Ends whatever an earlier page left behind.
#[tauri::command]
#[specta::specta]
pub(crate) async fn engine_reset(engine: State<'_, Engine>) -> Answer<()> {
    Ok(engine.reset().await?)
}

impl From<EngineCodec> for Codec {
    fn from(codec: EngineCodec) -> Self {
        match codec {
            EngineCodec::Opus => Self::Opus,
            EngineCodec::Pcmu => Self::Pcmu,
        }
    }
}

impl From<Offered> for EnginePeer {
    fn from(Offered { peer, sdp }: Offered) -> Self {
        Self { peer, sdp }
    }
}

impl From<PeerUpdate> for EngineEvent {
    fn from(PeerUpdate { peer, state }: PeerUpdate) -> Self {
        Self { peer, state }
    }
}

impl From<PeerStats> for EngineStats {
    fn from(stats: PeerStats) -> Self {
        // A day of calls does not come near the limit.
        let count = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        Self {
            packets_sent: count(stats.packets_sent),
            bytes_sent: count(stats.bytes_sent),
            packets_received: count(stats.packets_received),
            bytes_received: count(stats.bytes_received),
            packets_lost: count(stats.packets_lost),
            jitter_ms: stats.jitter.as_secs_f64() * 1_000.0,
            round_trip_ms: stats.round_trip.map(|time| time.as_secs_f64() * 1_000.0),
            codec: stats.codec.map(|codec| codec.name().to_owned()),
            local_address: stats.local.ip().to_string(),
            remote_address: stats.remote.map(|remote| remote.ip().to_string()),
        }
    }
}

impl From<EngineError> for Error {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::UnknownPeer => Self::new(Code::Audio, "This call has ended."),
            EngineError::TooManyPeers => Self::new(
                Code::Audio,
                "Too many calls are open. Leave your seat and take it again.",
            ),
            EngineError::Peer(cause) => {
                tracing::warn!(%cause, "a connection could not do as asked");
                Self::new(Code::Audio, "The call's sound could not be connected.")
            }
            EngineError::Stopped => Self::internal(error),
        }
    }
}

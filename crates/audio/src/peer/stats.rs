//! What a browser's `getStats` would tell about the call.

use std::net::SocketAddr;
use std::time::Duration;

use super::Codec;

/// Counts since the beginning and the newest estimates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerStats {
    /// RTP packets sent.
    pub packets_sent: u64,
    /// Payload bytes sent.
    pub bytes_sent: u64,
    /// RTP packets received.
    pub packets_received: u64,
    /// Payload bytes received.
    pub bytes_received: u64,
    /// Packets that were sent to us and never came.
    pub packets_lost: u64,
    /// Interarrival jitter of received packets (RFC 3550).
    pub jitter: Duration,
    /// Round trip, once RTCP or ICE has measured it.
    pub round_trip: Option<Duration>,
    /// The codec being sent, once negotiated.
    pub codec: Option<Codec>,
    /// Our address, as in our candidate.
    pub local: SocketAddr,
    /// The remote's address, once it has sent something.
    pub remote: Option<SocketAddr>,
}

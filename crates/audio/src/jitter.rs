//! A bounded, adaptive jitter buffer: holds packets until their turn and says when one is missing.
//!
//! It knows nothing of codecs or clocks: arrival times come in with the packets, and one [`Jitter::take`]
//! is one frame of playing time. What it cannot decide, it shows: [`Jitter::depth`] against
//! [`Jitter::target`] is how far the sender's clock has run from the player's.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::FRAME_MS;

/// Packets held at most; one second. The oldest go first.
const PACKETS_MAX: u64 = 50;
/// Frames held back before playing, on a perfect network.
const TARGET_FRAMES_MIN: u64 = 2;
/// And on a bad one; 300 ms, beyond which people talk over each other.
const TARGET_FRAMES_MAX: u64 = 15;
/// A sequence number this far from the expected one is a new stream, not a late or lost packet.
const RESTART_GAP: u64 = 500;
/// Takes without an underrun after which one frame of caution is given up; 10 s.
const CALM_TAKES: u64 = 500;
/// Takes over which the depth must stay above the target to count as surplus; 1 s.
const SURPLUS_TAKES: u64 = 50;

/// What is due now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due {
    /// The next packet. Empty for a place in the sequence that carried no audio (a telephone event).
    Packet(Arc<[u8]>),
    /// The next packet did not come. The one after it, if here, may hold a copy of what it said.
    Lost {
        /// The packet that follows the missing one.
        following: Option<Arc<[u8]>>,
    },
    /// Nothing to play: the stream has not begun, or has run dry and fills up again.
    Dry,
}

/// The buffer.
#[derive(Debug, Default)]
pub struct Jitter {
    packets: BTreeMap<u64, Arc<[u8]>>,
    /// Sequence number that is due next; none while filling up.
    next: Option<u64>,
    interarrival: Interarrival,
    /// Frames of target on top of what the measured jitter asks for, earned by running dry.
    caution: u64,
    takes_since_dry: u64,
    surplus: Surplus,
}

impl Jitter {
    /// Takes in a packet. `seq` is the extended sequence number and `media_time` its RTP timestamp as time.
    /// An empty payload keeps the place of something that is not audio.
    pub fn push(&mut self, seq: u64, media_time: Duration, arrival: Instant, payload: Arc<[u8]>) {
        let newest = self.packets.last_key_value().map(|(&seq, _)| seq);
        if let Some(expected) = self.next.or(newest)
            && expected.abs_diff(seq) > RESTART_GAP
        {
            *self = Self::default();
        }
        if !payload.is_empty() {
            self.interarrival.note(media_time, arrival);
        }
        if self.next.is_some_and(|next| seq < next) {
            return;
        }
        self.packets.insert(seq, payload);
        while self.depth() > PACKETS_MAX {
            self.drop_oldest();
        }
    }

    /// What to play for the next frame of time.
    pub fn take(&mut self) -> Due {
        if self.next.is_none() {
            self.next = self.ready();
        }
        let Some(due) = self.next else {
            return Due::Dry;
        };
        if self.packets.is_empty() {
            self.run_dry();
            return Due::Dry;
        }
        self.takes_since_dry += 1;
        if self.takes_since_dry.is_multiple_of(CALM_TAKES) {
            self.caution = self.caution.saturating_sub(1);
        }
        self.surplus.note(self.depth().saturating_sub(self.target()));
        self.next = Some(due + 1);
        match self.packets.remove(&due) {
            Some(payload) => Due::Packet(payload),
            None => Due::Lost {
                following: self.packets.get(&(due + 1)).cloned(),
            },
        }
    }

    /// Frames the buffer has held beyond its target for a second without a break: what a player whose clock
    /// runs slow, or who stood still for a moment, should skip. Asking starts a new measurement.
    pub fn surplus(&mut self) -> u64 {
        self.surplus.collect()
    }

    /// Frames from the next due one to the newest one, missing ones included.
    #[must_use]
    pub fn depth(&self) -> u64 {
        let oldest = self.packets.first_key_value().map(|(&seq, _)| seq);
        let newest = self.packets.last_key_value().map(|(&seq, _)| seq);
        match (self.next.or(oldest), newest) {
            (Some(from), Some(to)) => (to + 1).saturating_sub(from),
            _ => 0,
        }
    }

    /// Frames the buffer wants to hold on this network.
    #[must_use]
    pub fn target(&self) -> u64 {
        // Three times the mean deviation covers nearly all packets; one frame is the packet being played.
        let spread_ms = self.interarrival.jitter().as_millis() * 3;
        let frames = 1 + u64::try_from(spread_ms).unwrap_or(u64::MAX).div_ceil(FRAME_MS);
        frames
            .saturating_add(self.caution)
            .clamp(TARGET_FRAMES_MIN, TARGET_FRAMES_MAX)
    }

    fn ready(&self) -> Option<u64> {
        let (&oldest, _) = self.packets.first_key_value()?;
        (self.depth() >= self.target()).then_some(oldest)
    }

    fn run_dry(&mut self) {
        self.next = None;
        self.takes_since_dry = 0;
        self.caution = (self.caution + 1).min(TARGET_FRAMES_MAX);
        self.surplus = Surplus::default();
    }

    fn drop_oldest(&mut self) {
        let Some((oldest, _)) = self.packets.pop_first() else {
            return;
        };
        self.next = self.next.map(|_| oldest + 1);
    }
}

/// Mean deviation of packet spacing from the sender's (RFC 3550, section 6.4.1).
#[derive(Clone, Copy, Debug, Default)]
pub struct Interarrival {
    last: Option<(Duration, Instant)>,
    jitter_s: f64,
}

impl Interarrival {
    /// A packet with this RTP time came at this moment.
    pub fn note(&mut self, media_time: Duration, arrival: Instant) {
        if let Some((last_media, last_arrival)) = self.last {
            let sent_s = media_time.as_secs_f64() - last_media.as_secs_f64();
            let came_s = arrival.saturating_duration_since(last_arrival).as_secs_f64();
            self.jitter_s += ((came_s - sent_s).abs() - self.jitter_s) / 16.0;
        }
        self.last = Some((media_time, arrival));
    }

    /// The estimate so far.
    #[must_use]
    pub fn jitter(&self) -> Duration {
        Duration::from_secs_f64(self.jitter_s)
    }
}

/// The least excess seen in a run of takes.
#[derive(Debug, Default)]
struct Surplus {
    takes: u64,
    least: u64,
}

impl Surplus {
    fn note(&mut self, excess: u64) {
        self.least = if self.takes == 0 {
            excess
        } else {
            self.least.min(excess)
        };
        self.takes += 1;
    }

    fn collect(&mut self) -> u64 {
        if self.takes < SURPLUS_TAKES {
            return 0;
        }
        std::mem::take(self).least
    }
}

#[cfg(test)]
mod tests;

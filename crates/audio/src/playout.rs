//! From packets to sound: jitter buffer, decoder, concealment, and any number of samples on demand.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::jitter::{Due, Jitter};
use crate::resample::Resampler;
use crate::{FRAME_MS, Rate, g711, opus};

/// Frames a gap is filled with a fading copy of the past before it becomes silence.
const CONCEAL_FRAMES_MAX: u32 = 3;

/// Frames played for each one skipped: hurrying by a quarter is hardly heard, leaving out a word is.
const FRAMES_PER_SKIP: u32 = 4;
/// Surplus that is left to a caller who follows by resampling; 100 ms. More would take them too long.
const RESAMPLED_FRAMES_MAX: u64 = 5;

/// A codec of both browsers and telephone networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// Opus, 48 kHz on the wire.
    Opus,
    /// G.711 µ-law, 8 kHz.
    Pcmu,
}

impl Codec {
    /// The name in SDP and in browser statistics, in the case browsers write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Opus => "opus",
            Self::Pcmu => "PCMU",
        }
    }

    /// Ticks per second of its RTP timestamp.
    #[must_use]
    pub const fn clock_hz(self) -> u32 {
        match self {
            Self::Opus => 48_000,
            Self::Pcmu => 8_000,
        }
    }

    /// Those ticks in one frame of [`FRAME_MS`].
    #[must_use]
    pub const fn frame_ticks(self) -> u32 {
        self.clock_hz() / 50
    }
}

/// An RTP packet of audio as it came in.
#[derive(Clone, Debug)]
pub struct Packet {
    /// What the payload is; none for a place in the sequence that carried no audio.
    pub codec: Option<Codec>,
    /// Extended sequence number.
    pub seq: u64,
    /// RTP timestamp as time.
    pub media_time: Duration,
    /// When it came.
    pub arrival: Instant,
    /// The encoded audio.
    pub payload: Arc<[u8]>,
}

/// What a listener's side has been through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlayoutStats {
    /// Frames played from packets.
    pub played_frames: u64,
    /// Frames made up because their packet was missing.
    pub concealed_frames: u64,
    /// Frames skipped because the sender's clock runs ahead of the player's.
    pub skipped_frames: u64,
}

/// The player. Whoever pulls sets the pace; it always gives as many samples as are asked for.
pub struct Playout {
    rate: Rate,
    jitter: Jitter,
    decoder: Decoder,
    decoded: VecDeque<i16>,
    last_frame: Vec<i16>,
    gap_frames: u32,
    /// Surplus up to this is left alone.
    surplus_frames_max: u64,
    frames_to_skip: u64,
    frames_since_skip: u32,
    stats: PlayoutStats,
}

impl Playout {
    /// A player at this rate. When the buffer stays too full it hurries, leaving out a frame now and then;
    /// with `skips` for any surplus, without only for one of more than 100 ms, because the caller follows
    /// [`Playout::depth_ms`] by resampling what it pulls.
    ///
    /// # Panics
    /// If libopus cannot allocate a decoder.
    #[must_use]
    pub fn new(rate: Rate, skips: bool) -> Self {
        Self {
            rate,
            jitter: Jitter::default(),
            decoder: Decoder::new(rate),
            decoded: VecDeque::new(),
            last_frame: vec![0; rate.frame_samples()],
            gap_frames: CONCEAL_FRAMES_MAX,
            surplus_frames_max: if skips { 0 } else { RESAMPLED_FRAMES_MAX },
            frames_to_skip: 0,
            frames_since_skip: 0,
            stats: PlayoutStats::default(),
        }
    }

    /// Takes in a packet.
    pub fn push(&mut self, packet: Packet) {
        if let Some(codec) = packet.codec {
            self.decoder.select(codec, self.rate);
        }
        self.jitter
            .push(packet.seq, packet.media_time, packet.arrival, packet.payload);
    }

    /// Fills `out` with the next samples: sound, concealment or silence.
    pub fn pull(&mut self, out: &mut [i16]) {
        while self.decoded.len() < out.len() {
            let frame = self.next_frame();
            self.decoded.extend(frame);
        }
        let wanted = out.len();
        for (place, sample) in out.iter_mut().zip(self.decoded.drain(..wanted)) {
            *place = sample;
        }
    }

    /// Sound waiting to be played, in milliseconds.
    #[must_use]
    pub fn depth_ms(&self) -> u64 {
        let decoded = self.decoded.len() as u64 * 1_000 / u64::from(self.rate.hz());
        self.jitter.depth() * FRAME_MS + decoded
    }

    /// Sound the buffer wants to have waiting on this network, in milliseconds.
    #[must_use]
    pub fn target_ms(&self) -> u64 {
        self.jitter.target() * FRAME_MS
    }

    /// Counts since the beginning.
    #[must_use]
    pub fn stats(&self) -> PlayoutStats {
        self.stats
    }

    fn next_frame(&mut self) -> Vec<i16> {
        self.skip_surplus();
        let frame = match self.jitter.take() {
            Due::Packet(payload) if payload.is_empty() => return vec![0; self.rate.frame_samples()],
            Due::Packet(payload) => self.decoder.decode(&payload),
            Due::Lost { following } => following.and_then(|packet| self.decoder.recover(&packet)),
            Due::Dry => None,
        };
        if let Some(frame) = frame {
            self.gap_frames = 0;
            self.stats.played_frames += 1;
            self.last_frame.clone_from(&frame);
            return frame;
        }
        self.conceal()
    }

    fn skip_surplus(&mut self) {
        let surplus = self.jitter.surplus();
        if surplus > self.surplus_frames_max {
            self.frames_to_skip = surplus - self.surplus_frames_max;
        }
        self.frames_since_skip += 1;
        if self.frames_to_skip > 0 && self.frames_since_skip >= FRAMES_PER_SKIP {
            self.jitter.take();
            self.frames_to_skip -= 1;
            self.frames_since_skip = 0;
            self.stats.skipped_frames += 1;
        }
    }

    /// Repeats the last frame, quieter each time, then falls silent.
    fn conceal(&mut self) -> Vec<i16> {
        if self.gap_frames >= CONCEAL_FRAMES_MAX {
            return vec![0; self.rate.frame_samples()];
        }
        self.gap_frames += 1;
        self.stats.concealed_frames += 1;
        if let Some(guess) = self.decoder.conceal() {
            return guess;
        }
        for sample in &mut self.last_frame {
            *sample /= 2;
        }
        self.last_frame.clone()
    }
}

/// The decoder of the codec that is being received.
enum Decoder {
    Opus(opus::Decoder),
    Pcmu(Option<Box<Resampler>>),
}

impl Decoder {
    fn new(rate: Rate) -> Self {
        Self::Opus(opus::Decoder::new(rate).expect("libopus allocates a decoder"))
    }

    fn select(&mut self, codec: Codec, rate: Rate) {
        match (&*self, codec) {
            (Self::Opus(_), Codec::Opus) | (Self::Pcmu(_), Codec::Pcmu) => {}
            (Self::Pcmu(_), Codec::Opus) => *self = Self::new(rate),
            (Self::Opus(_), Codec::Pcmu) => {
                let up =
                    (rate != Rate::Narrow).then(|| Box::new(Resampler::new(Rate::Narrow.hz(), rate.hz())));
                *self = Self::Pcmu(up);
            }
        }
    }

    /// The packet's samples; none if it is broken.
    fn decode(&mut self, payload: &[u8]) -> Option<Vec<i16>> {
        match self {
            Self::Opus(decoder) => decoder.decode(payload).ok(),
            Self::Pcmu(None) => Some(g711::decode(payload)),
            Self::Pcmu(Some(up)) => Some(up.process(&g711::decode(payload))),
        }
    }

    /// The missing frame before this packet, if the codec carries a copy.
    fn recover(&mut self, following: &[u8]) -> Option<Vec<i16>> {
        match self {
            Self::Opus(decoder) => decoder.recover(following).ok(),
            Self::Pcmu(_) => None,
        }
    }

    /// A guess at a missing frame, if the codec makes one.
    fn conceal(&mut self) -> Option<Vec<i16>> {
        match self {
            Self::Opus(decoder) => decoder.conceal().ok(),
            Self::Pcmu(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone;

    #[expect(clippy::disallowed_methods, reason = "an arbitrary instant to count from")]
    fn packets(count: usize) -> Vec<Packet> {
        let start = Instant::now();
        tone::sine(500.0, 8_000, count * 160)
            .chunks(160)
            .zip(0_u32..)
            .map(|(frame, index)| Packet {
                codec: Some(Codec::Pcmu),
                seq: u64::from(index),
                media_time: Duration::from_millis(FRAME_MS) * index,
                arrival: start + Duration::from_millis(FRAME_MS) * index,
                payload: g711::encode(frame).into(),
            })
            .collect()
    }

    #[test]
    fn a_tone_is_heard_at_the_players_rate() {
        let mut playout = Playout::new(Rate::Full, true);
        let mut heard = Vec::new();
        for packet in packets(50) {
            playout.push(packet);
            let mut out = [0; 960];
            playout.pull(&mut out);
            heard.extend(out);
        }
        assert!(tone::share(&heard[960 * 5..], 48_000, 500.0) > 0.95);
    }

    #[test]
    fn a_lost_packet_leaves_no_hole() {
        let mut playout = Playout::new(Rate::Narrow, true);
        let mut quietest = f32::MAX;
        for packet in packets(20) {
            if packet.seq != 10 {
                playout.push(packet);
            }
            let mut out = [0; 160];
            playout.pull(&mut out);
            if playout.stats().played_frames > 1 {
                quietest = quietest.min(tone::rms(&out));
            }
        }
        assert_eq!(playout.stats().concealed_frames, 1);
        assert!(quietest > 1_000.0, "{quietest}");
    }

    #[test]
    fn a_delay_is_caught_up_with_in_seconds() {
        for (skips, depth_ms_max) in [(true, 60), (false, 160)] {
            let mut playout = Playout::new(Rate::Narrow, skips);
            let mut out = [0; 160];
            for packet in packets(300) {
                let held_up = packet.seq < 30;
                playout.push(packet);
                if !held_up {
                    playout.pull(&mut out);
                }
            }
            assert!(playout.depth_ms() <= depth_ms_max, "{} ms", playout.depth_ms());
        }
    }

    #[test]
    fn a_stream_that_ends_fades_to_silence() {
        let mut playout = Playout::new(Rate::Narrow, true);
        for packet in packets(10) {
            playout.push(packet);
        }
        let mut out = vec![0; 160 * 20];
        playout.pull(&mut out);
        assert!(tone::rms(&out[160 * 15..]) < 1.0);
    }
}

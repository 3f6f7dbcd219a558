//! The receiving half: counts packets, measures their jitter and reads pressed keys.

use std::time::{Duration, Instant};

use str0m::media::{Frequency, TelephoneEvent};

use super::sender::digit_of_event;
use crate::jitter::Interarrival;

#[derive(Debug, Default)]
pub(super) struct Receiver {
    packets: u64,
    bytes: u64,
    stream: Option<Stream>,
    /// Lost in streams that have ended.
    lost_before: u64,
    interarrival: Interarrival,
    /// RTP time of the key that was reported last: all its packets carry the same.
    last_event_time: Option<u32>,
}

/// What came from one synchronisation source.
#[derive(Clone, Copy, Debug)]
struct Stream {
    ssrc: u32,
    first_seq: u64,
    highest_seq: u64,
    packets: u64,
}

impl Stream {
    fn lost(self) -> u64 {
        (self.highest_seq - self.first_seq + 1).saturating_sub(self.packets)
    }
}

impl Receiver {
    /// Any packet came.
    pub(super) fn note(&mut self, ssrc: u32, seq: u64, payload_bytes: usize) {
        self.packets += 1;
        self.bytes += payload_bytes as u64;
        if let Some(stream) = &mut self.stream
            && stream.ssrc == ssrc
        {
            stream.first_seq = stream.first_seq.min(seq);
            stream.highest_seq = stream.highest_seq.max(seq);
            stream.packets += 1;
            return;
        }
        self.lost_before += self.stream.map_or(0, Stream::lost);
        self.interarrival = Interarrival::default();
        self.stream = Some(Stream {
            ssrc,
            first_seq: seq,
            highest_seq: seq,
            packets: 1,
        });
    }

    /// A packet of audio came.
    pub(super) fn note_audio(&mut self, media_time: Duration, arrival: Instant) {
        self.interarrival.note(media_time, arrival);
    }

    /// The key a telephone event reports, the first time it is reported.
    pub(super) fn digit(&mut self, rtp_time: u32, payload: &[u8]) -> Option<char> {
        let report = TelephoneEvent::parse(payload, Frequency::EIGHT_KHZ)?;
        let known = self.last_event_time.replace(rtp_time) == Some(rtp_time);
        if known { None } else { digit_of_event(report.event) }
    }

    pub(super) fn packets(&self) -> u64 {
        self.packets
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn lost(&self) -> u64 {
        self.lost_before + self.stream.map_or(0, Stream::lost)
    }

    pub(super) fn jitter(&self) -> Duration {
        self.interarrival.jitter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_packet_is_not_a_lost_one() {
        let mut receiver = Receiver::default();
        for seq in [100, 101, 104, 103] {
            receiver.note(1, seq, 160);
        }
        assert_eq!(
            (receiver.packets(), receiver.bytes(), receiver.lost()),
            (4, 640, 1)
        );
        receiver.note(2, 7, 160);
        assert_eq!(receiver.lost(), 1, "a new source starts its own count");
    }

    #[test]
    fn a_key_counts_once_even_if_its_first_packets_are_lost() {
        let mut receiver = Receiver::default();
        let held = [11, 0x8a, 5, 0];
        assert_eq!(receiver.digit(1_600, &held), Some('#'));
        assert_eq!(receiver.digit(1_600, &held), None);
        assert_eq!(receiver.digit(3_200, &held), Some('#'));
        assert_eq!(receiver.digit(4_800, &[16, 0x8a, 5, 0]), None, "flash is no key");
    }
}

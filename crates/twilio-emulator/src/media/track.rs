//! What a leg has heard and said, kept as µ-law within bounds.

use std::collections::{BTreeMap, VecDeque};

use audio::g711;

use super::{Frame, LegKey, RATE_HZ};

/// Of each direction of each leg the newest ten minutes are kept.
const TRACK_BYTES_MAX: usize = 600 * RATE_HZ as usize;
/// Closed legs that can still be listened to.
const ARCHIVED_LEGS_MAX: usize = 1_000;
/// Sound of closed legs kept at most; a thousand calls of sixteen seconds.
const ARCHIVED_BYTES_MAX: usize = 256 * 1024 * 1024;

/// One direction of a leg from the moment it was answered.
#[derive(Clone, Debug, Default)]
pub(super) struct Track {
    mulaw: VecDeque<u8>,
    /// Samples that were dropped from the front.
    dropped: usize,
}

impl Track {
    pub(super) fn push(&mut self, frame: &Frame) {
        let overflow = (self.mulaw.len() + frame.len()).saturating_sub(TRACK_BYTES_MAX);
        self.mulaw.drain(..overflow);
        self.dropped += overflow;
        self.mulaw
            .extend(frame.iter().map(|&sample| g711::encode_sample(sample)));
    }

    /// All that is kept.
    pub(super) fn samples(&self) -> Vec<i16> {
        self.mulaw.iter().map(|&byte| g711::decode_sample(byte)).collect()
    }

    /// What is kept between two moments after the answer.
    pub(super) fn between(&self, from_ms: u64, to_ms: u64) -> Vec<i16> {
        let position = |ms: u64| {
            let samples = ms.saturating_mul(u64::from(RATE_HZ)) / 1_000;
            usize::try_from(samples)
                .unwrap_or(usize::MAX)
                .saturating_sub(self.dropped)
                .min(self.mulaw.len())
        };
        let (from, to) = (position(from_ms), position(to_ms));
        self.mulaw
            .range(from..to.max(from))
            .map(|&byte| g711::decode_sample(byte))
            .collect()
    }

    fn bytes(&self) -> usize {
        self.mulaw.len()
    }
}

/// Both directions.
#[derive(Clone, Debug, Default)]
pub(super) struct Tracks {
    pub(super) heard: Track,
    pub(super) said: Track,
}

impl Tracks {
    fn bytes(&self) -> usize {
        self.heard.bytes() + self.said.bytes()
    }
}

/// The tracks of closed legs; the oldest go first.
#[derive(Debug, Default)]
pub(super) struct Archive {
    by_leg: BTreeMap<LegKey, Tracks>,
    order: VecDeque<LegKey>,
    bytes: usize,
}

impl Archive {
    pub(super) fn put(&mut self, leg: LegKey, tracks: Tracks) {
        self.bytes += tracks.bytes();
        self.order.push_back(leg.clone());
        self.by_leg.insert(leg, tracks);
        while self.order.len() > ARCHIVED_LEGS_MAX || self.bytes > ARCHIVED_BYTES_MAX {
            let Some(oldest) = self.order.pop_front() else {
                return;
            };
            self.bytes -= self.by_leg.remove(&oldest).map_or(0, |tracks| tracks.bytes());
        }
    }

    pub(super) fn get(&self, leg: &LegKey) -> Option<&Tracks> {
        self.by_leg.get(leg)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_track_keeps_the_newest_ten_minutes() {
        let mut track = Track::default();
        for _ in 0..30_000 {
            track.push(&[1_000; 160]);
        }
        track.push(&[-1_000; 160]);
        let kept = track.samples();
        assert_eq!(kept.len(), TRACK_BYTES_MAX);
        assert!(kept[kept.len() - 160] < 0 && kept[kept.len() - 161] > 0);
        assert_eq!(track.between(0, 20), [0; 0], "the first frame is gone");
        assert_eq!(track.between(600_000, 600_020).len(), 160);
        assert_eq!(track.between(600_010, 600_000), [0; 0]);
    }

    #[test]
    fn the_archive_forgets_the_oldest_legs() {
        let mut archive = Archive::default();
        for index in 0..=ARCHIVED_LEGS_MAX {
            archive.put(format!("CA{index}"), Tracks::default());
        }
        assert!(archive.get(&"CA0".to_owned()).is_none());
        assert!(archive.get(&"CA1".to_owned()).is_some());
    }
}

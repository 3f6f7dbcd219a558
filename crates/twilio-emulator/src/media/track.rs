//! What legs have heard and said, kept as µ-law within one budget.

use std::collections::{BTreeMap, VecDeque};

use audio::g711;

use super::{Frame, LegKey, RATE_HZ};

/// What all legs, live and closed, may keep together; ten minutes of 55 live legs.
pub(super) const TRACKS_BYTES_MAX: usize = 512 * 1024 * 1024;
/// A second of sound: memory is taken and given back in these.
const BLOCK_BYTES: usize = RATE_HZ as usize;
/// Of each direction of each leg the newest ten minutes are kept.
const TRACK_BLOCKS_MAX: usize = 600;
/// Closed legs that can still be listened to.
const ARCHIVED_LEGS_MAX: usize = 1_000;

/// One direction of a leg from the moment it was answered.
#[derive(Clone, Debug, Default)]
pub(super) struct Track {
    /// Of µ-law; all but the newest are full.
    blocks: VecDeque<Vec<u8>>,
    /// Samples that were dropped from the front.
    dropped: usize,
}

impl Track {
    pub(super) fn push(&mut self, frame: &Frame) {
        let full = |block: &Vec<u8>| block.len() + frame.len() > BLOCK_BYTES;
        if self.blocks.back().is_none_or(full) {
            self.blocks.push_back(Vec::with_capacity(BLOCK_BYTES));
            self.keep(TRACK_BLOCKS_MAX);
        }
        if let Some(block) = self.blocks.back_mut() {
            block.extend(frame.iter().map(|&sample| g711::encode_sample(sample)));
        }
    }

    /// All that is kept.
    pub(super) fn samples(&self) -> Vec<i16> {
        let kept = self.blocks.iter().flatten();
        kept.map(|&byte| g711::decode_sample(byte)).collect()
    }

    /// What is kept between two moments after the answer.
    pub(super) fn between(&self, from_ms: u64, to_ms: u64) -> Vec<i16> {
        let position = |ms: u64| {
            let samples = ms.saturating_mul(u64::from(RATE_HZ)) / 1_000;
            let samples = usize::try_from(samples).unwrap_or(usize::MAX);
            samples.saturating_sub(self.dropped)
        };
        let (from, to) = (position(from_ms), position(to_ms));
        let kept = self.blocks.iter().flatten().skip(from);
        kept.take(to.saturating_sub(from))
            .map(|&byte| g711::decode_sample(byte))
            .collect()
    }

    /// Drops all but the newest blocks.
    fn keep(&mut self, blocks: usize) {
        for block in self.blocks.drain(..self.blocks.len().saturating_sub(blocks)) {
            self.dropped += block.len();
        }
    }

    fn bytes(&self) -> usize {
        self.blocks.len() * BLOCK_BYTES
    }
}

/// Both directions.
#[derive(Clone, Debug, Default)]
pub(super) struct Tracks {
    pub(super) heard: Track,
    pub(super) said: Track,
}

impl Tracks {
    pub(super) fn bytes(&self) -> usize {
        self.heard.bytes() + self.said.bytes()
    }

    /// Drops the oldest sound until this much is left.
    pub(super) fn shrink(&mut self, bytes: usize) {
        let blocks = bytes / 2 / BLOCK_BYTES;
        self.heard.keep(blocks);
        self.said.keep(blocks);
    }
}

/// The tracks of closed legs; the oldest go first.
#[derive(Debug, Default)]
pub(super) struct Archive {
    /// None once the sound had to go, or if there never was any.
    by_leg: BTreeMap<LegKey, Option<Tracks>>,
    order: VecDeque<LegKey>,
    bytes: usize,
}

impl Archive {
    /// A leg is closed; none if it never came into being.
    pub(super) fn put(&mut self, leg: LegKey, tracks: Option<Tracks>) {
        self.bytes += tracks.as_ref().map_or(0, Tracks::bytes);
        self.order.push_back(leg.clone());
        self.by_leg.insert(leg, tracks);
        if self.order.len() > ARCHIVED_LEGS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            let tracks = self.by_leg.remove(&oldest).flatten();
            self.bytes -= tracks.map_or(0, |tracks| tracks.bytes());
        }
    }

    /// Drops the sound of the oldest legs until this much is left.
    pub(super) fn shrink(&mut self, bytes: usize) {
        for leg in &self.order {
            if self.bytes <= bytes {
                return;
            }
            let tracks = self.by_leg.get_mut(leg).and_then(Option::take);
            self.bytes -= tracks.map_or(0, |tracks| tracks.bytes());
        }
    }

    pub(super) fn knows(&self, leg: &LegKey) -> bool {
        self.by_leg.contains_key(leg)
    }

    pub(super) fn get(&self, leg: &LegKey) -> Option<&Tracks> {
        self.by_leg.get(leg)?.as_ref()
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
        assert_eq!(track.samples().len(), 4_800_000);
        track.push(&[-1_000; 160]);
        let kept = track.samples();
        assert_eq!(kept.len(), 4_800_000 - BLOCK_BYTES + 160, "a second goes at once");
        assert!(kept[kept.len() - 160] < 0 && kept[kept.len() - 161] > 0);
        assert_eq!(track.between(0, 20), [0; 0], "the first frame is gone");
        assert_eq!(track.between(600_000, 600_020).len(), 160);
        assert_eq!(track.between(0, u64::MAX).len(), kept.len());
        assert_eq!(track.between(600_010, 600_000), [0; 0]);
    }

    #[test]
    fn the_archive_forgets_the_oldest_legs() {
        let mut archive = Archive::default();
        for index in 0..=ARCHIVED_LEGS_MAX {
            archive.put(format!("CA{index}"), Some(Tracks::default()));
        }
        assert!(!archive.knows(&"CA0".to_owned()));
        assert!(archive.get(&"CA1".to_owned()).is_some());
    }
}

//! What is said in each room, added up.

use std::collections::BTreeMap;

use super::Mixer;
use super::leg::Leg;
use crate::media::{FRAME_SAMPLES, LegKey, RoomKey};

/// Samples that are added up, not yet cut to what a line can carry.
pub(super) type Sum = [i32; FRAME_SAMPLES];
const NOTHING: Sum = [0; FRAME_SAMPLES];

impl Mixer {
    /// The sum of all that may be heard in each room.
    pub(super) fn mix_rooms(&self) -> BTreeMap<RoomKey, Sum> {
        let mut rooms = BTreeMap::new();
        for leg in self.legs.values() {
            let Some(place) = &leg.place else { continue };
            let sum = rooms.entry(place.room.clone()).or_insert(NOTHING);
            if leg.speaks_to_all() {
                add(sum, &leg.said);
            }
        }
        for early in self.early_media.values() {
            if let Some(sum) = rooms.get_mut(&early.room) {
                add(sum, early.play.rest());
            }
        }
        rooms
    }

    /// What coaches say, by who hears it.
    pub(super) fn mix_whispers(&self) -> BTreeMap<LegKey, Sum> {
        let mut whispers = BTreeMap::new();
        for leg in self.legs.values().filter(|leg| leg.may_be_heard()) {
            let Some(place) = &leg.place else { continue };
            let Some(coached) = &place.coach else { continue };
            let together = |other: &Leg| other.place.as_ref().is_some_and(|p| p.room == place.room);
            if self.legs.get(coached).is_some_and(together) {
                add(whispers.entry(coached.clone()).or_insert(NOTHING), &leg.said);
            }
        }
        whispers
    }
}

pub(super) fn add(sum: &mut Sum, samples: &[i16]) {
    for (sum, &sample) in sum.iter_mut().zip(samples) {
        *sum += i32::from(sample);
    }
}

pub(super) fn saturate(sum: i32) -> i16 {
    i16::try_from(sum).unwrap_or(if sum < 0 { i16::MIN } else { i16::MAX })
}

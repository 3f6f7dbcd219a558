//! Ground truth: who speaks, and who hears whom.

use std::collections::{BTreeMap, BTreeSet};

use super::Mixer;
use super::leg::Leg;
use crate::media::{LegKey, MediaEvent, RoomKey};

impl Mixer {
    /// Finds out who speaks in their room, and who hears whose voice now, and tells what is new.
    pub(super) fn note_hearing(&mut self) {
        for (key, leg) in &mut self.legs {
            let speaking = leg.may_be_heard() && leg.voice.is_open();
            if std::mem::replace(&mut leg.speaking, speaking) != speaking {
                let leg = key.clone();
                self.events.push_back(MediaEvent::Voice { leg, speaking });
            }
        }
        let mut by_room: BTreeMap<&RoomKey, Vec<(&LegKey, &Leg)>> = BTreeMap::new();
        for (key, leg) in &self.legs {
            if let Some(place) = &leg.place {
                by_room.entry(&place.room).or_default().push((key, leg));
            }
        }
        let mut hearing = BTreeSet::new();
        for members in by_room.values() {
            for (speaker, voice) in members
                .iter()
                .filter(|(_, leg)| leg.may_be_heard() && leg.voice.is_open())
            {
                for (listener, _) in members.iter().filter(|(_, leg)| leg.may_hear()) {
                    if listener != speaker && voice.speaks_to(listener) {
                        hearing.insert(((*listener).clone(), (*speaker).clone()));
                    }
                }
            }
        }
        let before = std::mem::replace(&mut self.hearing, hearing);
        for (pairs, started) in [
            (before.difference(&self.hearing), false),
            (self.hearing.difference(&before), true),
        ] {
            self.events
                .extend(pairs.map(|(listener, speaker)| MediaEvent::Heard {
                    listener: listener.clone(),
                    speaker: speaker.clone(),
                    started,
                }));
        }
    }
}

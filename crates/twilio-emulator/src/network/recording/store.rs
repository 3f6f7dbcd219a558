//! The recordings that are kept, found by SID and by whose they are without looking through all of them.

use std::collections::{BTreeMap, VecDeque};

use super::{Recording, Stage};
use crate::media::RecordedSound;

/// Finished recordings are forgotten, oldest first, beyond this many.
const RECORDINGS_MAX: usize = 20_000;
/// Sound of finished recordings kept in all; the oldest goes first.
const SOUND_BYTES_MAX: usize = 512 * 1024 * 1024;

/// A recording's place in the order of their beginning.
type Place = u64;

/// See the module.
#[derive(Debug)]
pub(in crate::network) struct Recordings {
    by_place: BTreeMap<Place, Recording>,
    by_sid: BTreeMap<String, Place>,
    /// Those of each call and conference.
    by_owner: BTreeMap<String, Vec<Place>>,
    /// Those that have sound, in the order in which they got it.
    with_sound: VecDeque<Place>,
    sound_bytes: usize,
    last_place: Place,
    count_max: usize,
    sound_bytes_max: usize,
}

impl Default for Recordings {
    fn default() -> Self {
        Self::bounded(RECORDINGS_MAX, SOUND_BYTES_MAX)
    }
}

impl Recordings {
    fn bounded(count_max: usize, sound_bytes_max: usize) -> Self {
        Self {
            by_place: BTreeMap::new(),
            by_sid: BTreeMap::new(),
            by_owner: BTreeMap::new(),
            with_sound: VecDeque::new(),
            sound_bytes: 0,
            last_place: 0,
            count_max,
            sound_bytes_max,
        }
    }

    /// Forgets the oldest that is over, if there are too many; false if none of them is.
    pub(super) fn make_room(&mut self) -> bool {
        if self.by_place.len() < self.count_max {
            return true;
        }
        let oldest = self
            .by_place
            .iter()
            .find(|(_, recording)| recording.stage.is_over());
        let Some(place) = oldest.map(|(place, _)| *place) else {
            return false;
        };
        self.forget(place);
        true
    }

    pub(super) fn add(&mut self, recording: Recording) {
        self.last_place += 1;
        let place = self.last_place;
        self.by_sid.insert(recording.sid.clone(), place);
        for owner in recording.owners() {
            self.by_owner.entry(owner.to_owned()).or_default().push(place);
        }
        self.by_place.insert(place, recording);
    }

    pub(super) fn get(&self, sid: &str) -> Option<&Recording> {
        self.by_place.get(self.by_sid.get(sid)?)
    }

    pub(super) fn get_mut(&mut self, sid: &str) -> Option<&mut Recording> {
        self.by_place.get_mut(self.by_sid.get(sid)?)
    }

    pub(super) fn newest_first(&self) -> impl Iterator<Item = &Recording> {
        self.by_place.values().rev()
    }

    /// Those of a call or a conference.
    pub(in crate::network) fn newest_first_of(&self, owner: &str) -> impl Iterator<Item = &Recording> {
        let places = self.by_owner.get(owner).into_iter().flatten();
        places.rev().filter_map(|place| self.by_place.get(place))
    }

    /// Keeps the sound of a recording, and forgets that of the oldest if it is too much.
    pub(super) fn keep_sound(&mut self, sid: &str, sound: RecordedSound) {
        let Some(place) = self.by_sid.get(sid).copied() else {
            return;
        };
        let Some(recording) = self.by_place.get_mut(&place) else {
            return;
        };
        recording.sound = sound;
        if recording.sound_bytes() == 0 {
            return;
        }
        self.sound_bytes += recording.sound_bytes();
        self.with_sound.push_back(place);
        while self.sound_bytes > self.sound_bytes_max
            && let Some(oldest) = self.with_sound.front().copied()
        {
            self.drop_sound(oldest);
        }
    }

    /// A recording is deleted: its sound is gone.
    pub(super) fn delete_sound(&mut self, sid: &str) {
        if let Some(place) = self.by_sid.get(sid).copied() {
            self.drop_sound(place);
        }
    }

    fn drop_sound(&mut self, place: Place) {
        let recording = self.by_place.get_mut(&place);
        let Some(recording) = recording.filter(|recording| recording.sound_bytes() > 0) else {
            return;
        };
        self.sound_bytes -= recording.sound_bytes();
        recording.sound = RecordedSound::new();
        // It is most often the oldest, at the front.
        if let Some(at) = self.with_sound.iter().position(|it| *it == place) {
            self.with_sound.remove(at);
        }
    }

    fn forget(&mut self, place: Place) {
        self.drop_sound(place);
        let Some(recording) = self.by_place.remove(&place) else {
            return;
        };
        self.by_sid.remove(&recording.sid);
        for owner in recording.owners() {
            if let Some(places) = self.by_owner.get_mut(owner) {
                places.retain(|it| *it != place);
                if places.is_empty() {
                    self.by_owner.remove(owner);
                }
            }
        }
    }
}

impl Recording {
    fn sound_bytes(&self) -> usize {
        self.sound.iter().map(Vec::len).sum()
    }

    /// The leg that is recorded, the call it is shown under, and the conference.
    fn owners(&self) -> impl Iterator<Item = &str> {
        let leg = self.leg.as_ref().filter(|leg| self.call.as_ref() != Some(*leg));
        let calls = self.call.iter().chain(leg).map(crate::sid::CallSid::as_str);
        calls.chain(self.conference.iter().map(crate::sid::ConferenceSid::as_str))
    }
}

impl Stage {
    /// Nothing follows by itself.
    fn is_over(self) -> bool {
        match self {
            Self::Completed | Self::Absent | Self::Deleted => true,
            Self::InProgress | Self::Paused | Self::Processing => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::recording::tests::recording;

    #[test]
    fn the_oldest_that_is_over_makes_room_and_those_under_way_stay() {
        let mut recordings = Recordings::bounded(3, 1_000);
        for (sid, stage) in [
            ("RE1", Stage::InProgress),
            ("RE2", Stage::Completed),
            ("RE3", Stage::Paused),
        ] {
            assert!(recordings.make_room());
            recordings.add(recording(sid, "CA1", stage));
        }
        assert!(recordings.make_room());
        let left: Vec<&str> = recordings
            .newest_first_of("CA1")
            .map(|it| it.sid.as_str())
            .collect();
        assert_eq!(left, ["RE3", "RE1"]);
        assert!(recordings.get("RE2").is_none());
        recordings.add(recording("RE4", "CA2", Stage::Processing));
        assert!(!recordings.make_room(), "all of them are under way");
        recordings.get_mut("RE1").unwrap().stage = Stage::Absent;
        assert!(recordings.make_room() && recordings.get("RE1").is_none());
        assert_eq!(recordings.newest_first().count(), 2);
    }

    #[test]
    fn the_oldest_sound_goes_first() {
        let mut recordings = Recordings::bounded(10, 250);
        for sid in ["RE1", "RE2", "RE3"] {
            recordings.add(recording(sid, "CA1", Stage::Completed));
        }
        // What came last was ended first.
        for sid in ["RE3", "RE1"] {
            recordings.keep_sound(sid, vec![vec![0; 50]; 2]);
        }
        let bytes = |recordings: &Recordings, sid: &str| recordings.get(sid).unwrap().sound_bytes();
        recordings.keep_sound("RE2", vec![vec![0; 100]]);
        assert_eq!(bytes(&recordings, "RE3"), 0);
        assert_eq!((bytes(&recordings, "RE1"), bytes(&recordings, "RE2")), (100, 100));
        recordings.delete_sound("RE1");
        assert_eq!((recordings.sound_bytes, recordings.with_sound.len()), (100, 1));
    }
}

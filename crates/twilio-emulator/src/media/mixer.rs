//! Who hears what: all legs and rooms, one frame at a time.
//!
//! **Invariant:** what a leg hears is the sum of the others in its room that are neither muted nor held,
//! plus what is played to it. A held leg hears only what is played to it. A coach is heard by one leg only. What
//! somebody sounds like before they answer is heard by the whole room they are called into.

mod hearing;
mod leg;
mod play;
mod room;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use audio::peer::Impairments;

use super::driver::FarEnd;
use super::line::{Line, LineEvent, WebRtc};
use super::person::Person;
use super::recorder::Recorder;
use super::track::{Archive, TRACKS_BYTES_MAX, Tracks};
use super::{LegKey, MediaCommand, MediaEvent, RoomKey};
use leg::{Leg, Place};
use play::Play;
use room::saturate;

/// Live legs; far more than one machine can encode.
const LEGS_MAX: usize = 10_000;
/// Plays of one leg that interrupt each other.
const PLAYS_MAX: usize = 16;

#[derive(Debug, Default)]
pub(super) struct Mixer {
    legs: BTreeMap<LegKey, Leg>,
    archive: Archive,
    recorder: Recorder,
    /// What rooms hear of legs that are not answered yet.
    early_media: BTreeMap<LegKey, EarlyMedia>,
    /// Listener and speaker, while the one hears the other's voice.
    hearing: BTreeSet<(LegKey, LegKey)>,
    /// Somebody's voice, place or flags changed since `hearing` was computed.
    hearing_changed: bool,
    events: VecDeque<MediaEvent>,
}

#[derive(Debug)]
struct EarlyMedia {
    room: RoomKey,
    play: Play,
}

impl Mixer {
    pub(super) fn obey(&mut self, command: MediaCommand) {
        match command {
            MediaCommand::OpenPerson { leg, persona, seed } => {
                self.set_line(leg, Line::Person(Box::new(Person::new(&persona.script, seed))));
            }
            MediaCommand::Play {
                leg,
                play,
                samples,
                loops,
                over,
            } => self.play(leg, Play::new(play, samples, loops), over),
            MediaCommand::StopPlay { leg } => {
                if let Some(leg) = self.legs.get_mut(&leg) {
                    leg.plays.clear();
                }
            }
            MediaCommand::EarlyMedia {
                leg,
                room,
                samples,
                loops,
            } => self.ring(leg, room, Play::new(0, samples, loops)),
            MediaCommand::EndEarlyMedia { leg } => drop(self.early_media.remove(&leg)),
            MediaCommand::Chime { leg, samples } => {
                if let Some(leg) = self.legs.get_mut(&leg).filter(|_| !samples.is_empty()) {
                    leg.chime = Some(Play::new(0, samples, 1));
                }
            }
            MediaCommand::InBand { leg, digit } => self.press(&leg, digit),
            MediaCommand::Join {
                leg,
                room,
                muted,
                hold,
                coach,
            } => self.place(
                leg,
                Place {
                    room,
                    muted,
                    hold,
                    coach,
                },
            ),
            MediaCommand::Watch { leg } => {
                if let Some(leg) = self.leg(leg) {
                    leg.listen();
                }
            }
            MediaCommand::Key { leg, digit } => {
                if let Some(leg) = self.legs.get_mut(&leg) {
                    leg.line.key(digit);
                }
            }
            MediaCommand::Leave { leg } => {
                if let Some(leg) = self.legs.get_mut(&leg) {
                    leg.place = None;
                    self.hearing_changed = true;
                }
            }
            MediaCommand::Record { recording, tap } => self.recorder.start(recording, tap),
            MediaCommand::PauseRecord { recording, skip } => self.recorder.pause(&recording, skip),
            MediaCommand::ResumeRecord { recording } => self.recorder.resume(&recording),
            MediaCommand::StopRecord { recording } => {
                let sound = self.recorder.stop(&recording);
                self.events.push_back(MediaEvent::Recorded { recording, sound });
            }
            MediaCommand::Close { leg } => self.close(leg),
        }
    }

    /// Gives a leg its WebRTC client, in place of an earlier one.
    pub(super) fn attach(&mut self, leg: LegKey, client: Box<WebRtc>) {
        self.set_line(leg, Line::WebRtc(client));
    }

    /// The client of a leg that we called has answered, under this certificate.
    pub(super) fn answered(&mut self, leg: &LegKey, fingerprint: Option<String>) {
        if let Some(Line::WebRtc(client)) = self.legs.get_mut(leg).map(|leg| &mut leg.line) {
            client.negotiated(fingerprint);
        }
    }

    pub(super) fn peer(&self, leg: &LegKey) -> Option<FarEnd> {
        let leg = self.legs.get(leg)?;
        match &leg.line {
            Line::WebRtc(client) => Some(FarEnd {
                handle: client.handle.clone(),
                fingerprint: client.fingerprint.clone(),
                impairments: leg.impairments,
            }),
            Line::Nobody | Line::Person(_) => None,
        }
    }

    /// Makes a leg's line bad from now on, or good again; false if there is no such leg.
    pub(super) fn impair(&mut self, leg: &LegKey, impairments: Impairments) -> bool {
        let Some(leg) = self.legs.get_mut(leg) else {
            return false;
        };
        leg.impairments = impairments;
        leg.pave();
        true
    }

    pub(super) fn tracks(&self, leg: &LegKey) -> Option<&Tracks> {
        self.legs
            .get(leg)
            .map(|leg| &leg.tracks)
            .or_else(|| self.archive.get(leg))
    }

    /// One frame of time: everybody speaks, then everybody hears.
    pub(super) fn tick(&mut self) {
        for (key, leg) in &mut self.legs {
            for event in leg.speak() {
                self.events.push_back(event_of(key, event));
            }
            self.hearing_changed |= leg.voice.note(&leg.said);
            if let Some((sound, ago_ms)) = leg.watch.as_mut().and_then(|ear| ear.note(&leg.said)) {
                let leg = key.clone();
                self.events.push_back(MediaEvent::Sounds { leg, sound, ago_ms });
            }
        }
        let (rooms, whispers) = (self.mix_rooms(), self.mix_whispers());
        for (key, leg) in &mut self.legs {
            leg.heard = leg.mix(&rooms, whispers.get(key));
            if let Some(play) = leg.advance_play() {
                self.events.push_back(MediaEvent::PlayEnded {
                    leg: key.clone(),
                    play,
                });
            }
            leg.hear();
        }
        self.early_media.retain(|_, early| !early.play.advance());
        self.bound_tracks(TRACKS_BYTES_MAX);
        let legs = &self.legs;
        self.recorder.tick(
            |key| legs.get(key).map(|leg| (&leg.said, &leg.heard)),
            |key| rooms.get(key).map(|sum| sum.map(saturate)),
        );
        if std::mem::take(&mut self.hearing_changed) {
            self.note_hearing();
        }
    }

    pub(super) fn poll(&mut self) -> Option<MediaEvent> {
        self.events.pop_front()
    }

    /// The leg, which comes into being with its first command; none once it is closed.
    fn leg(&mut self, key: LegKey) -> Option<&mut Leg> {
        let known = self.legs.contains_key(&key);
        if !known && (self.archive.knows(&key) || self.legs.len() >= LEGS_MAX) {
            return None;
        }
        Some(self.legs.entry(key).or_insert_with(Leg::new))
    }

    fn set_line(&mut self, key: LegKey, line: Line) {
        if let Some(leg) = self.leg(key) {
            leg.line = line;
            leg.pave();
        }
    }

    fn place(&mut self, key: LegKey, place: Place) {
        if let Some(leg) = self.leg(key) {
            leg.place = Some(place);
            self.hearing_changed = true;
        }
    }

    /// A room hears this of a leg that is not answered yet.
    fn ring(&mut self, key: LegKey, room: RoomKey, play: Play) {
        if !play.is_empty() && self.early_media.len() < LEGS_MAX {
            self.early_media.insert(key, EarlyMedia { room, play });
        }
    }

    fn close(&mut self, key: LegKey) {
        let closed = self.legs.remove(&key);
        self.hearing_changed |= closed.is_some();
        // One that is not known yet must not come into being later.
        if closed.is_some() || !self.archive.knows(&key) {
            self.archive.put(key, closed.map(|leg| leg.tracks));
        }
    }

    /// A key of this leg sounds in its room, and machines there that hear it follow it.
    fn press(&mut self, key: &LegKey, digit: char) {
        let Some(leg) = self.legs.get_mut(key) else { return };
        leg.keys.press(digit);
        let Some(place) = leg.place.clone().filter(|_| leg.may_be_heard()) else {
            return;
        };
        for (other, leg) in &mut self.legs {
            let together = leg.place.as_ref().is_some_and(|other| other.room == place.room);
            let meant = place.coach.as_ref().is_none_or(|coached| coached == other);
            if together && meant && other != key && leg.may_hear() {
                leg.line.key_in_band(digit);
            }
        }
    }

    fn play(&mut self, key: LegKey, play: Play, over: bool) {
        if !play.is_empty()
            && let Some(leg) = self.leg(key.clone())
            && (!over || leg.plays.len() < PLAYS_MAX)
        {
            if !over {
                leg.plays.clear();
            }
            leg.plays.push(play);
            return;
        }
        // Whoever waits for the end of a play gets one, even of one that nobody can hear.
        self.events.push_back(MediaEvent::PlayEnded {
            leg: key,
            play: play.id,
        });
    }

    /// Forgets sound until no more is kept than this: of closed legs first, and then whatever a live leg
    /// has beyond its equal share.
    fn bound_tracks(&mut self, bytes_max: usize) {
        let live: usize = self.legs.values().map(|leg| leg.tracks.bytes()).sum();
        self.archive.shrink(bytes_max.saturating_sub(live));
        if live > bytes_max {
            let share = bytes_max / self.legs.len();
            for leg in self.legs.values_mut() {
                leg.tracks.shrink(share);
            }
        }
    }
}

fn event_of(leg: &LegKey, event: LineEvent) -> MediaEvent {
    let leg = leg.clone();
    match event {
        LineEvent::Digit(digit) => MediaEvent::Digit { leg, digit },
        LineEvent::Said(text) => MediaEvent::Said { leg, text },
        LineEvent::HungUp => MediaEvent::PersonHungUp { leg },
        LineEvent::Connected => MediaEvent::Connected { leg },
        LineEvent::Lost => MediaEvent::Lost { leg },
    }
}

#[cfg(test)]
mod tests;

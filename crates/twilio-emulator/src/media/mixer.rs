//! Who hears what: all legs and rooms, one frame at a time.
//!
//! **Invariant:** what a leg hears is the sum of the others in its room that are neither muted nor held,
//! plus what is played to it. A held leg hears only what is played to it. A coach is heard by one leg only.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use audio::peer::PeerHandle;

use super::ear::Ear;
use super::gate::Gate;
use super::line::{Line, LineEvent, WebRtc};
use super::person::Person;
use super::recorder::Recorder;
use super::track::{Archive, Tracks};
use super::{FRAME_SAMPLES, Frame, LegKey, MediaCommand, MediaEvent, RoomKey, SILENCE};

/// Live legs; far more than one machine can encode.
const LEGS_MAX: usize = 10_000;
/// A voice counts as ended after half a second of silence.
const VOICE_CLOSE_FRAMES: u32 = 25;

#[derive(Debug, Default)]
pub(super) struct Mixer {
    legs: BTreeMap<LegKey, Leg>,
    archive: Archive,
    recorder: Recorder,
    /// Listener and speaker, while the one hears the other's voice.
    hearing: BTreeSet<(LegKey, LegKey)>,
    /// Somebody's voice, place or flags changed since `hearing` was computed.
    hearing_changed: bool,
    events: VecDeque<MediaEvent>,
}

#[derive(Debug)]
struct Leg {
    line: Line,
    place: Option<Place>,
    play: Option<Play>,
    voice: Gate,
    /// Tells what the far end sounds like.
    watch: Option<Ear>,
    said: Frame,
    heard: Frame,
    tracks: Tracks,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    room: RoomKey,
    muted: bool,
    hold: bool,
    coach: Option<LegKey>,
}

#[derive(Debug)]
struct Play {
    id: u64,
    samples: Arc<[i16]>,
    position: usize,
    /// Rounds still to go after this one; none is without end.
    rounds_left: Option<u32>,
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
            } => self.play(leg, play, samples, loops),
            MediaCommand::StopPlay { leg } => {
                if let Some(leg) = self.legs.get_mut(&leg) {
                    leg.play = None;
                }
            }
            MediaCommand::Join {
                leg,
                room,
                muted,
                hold,
                coach,
            } => {
                if let Some(leg) = self.leg(leg) {
                    leg.place = Some(Place {
                        room,
                        muted,
                        hold,
                        coach,
                    });
                    self.hearing_changed = true;
                }
            }
            MediaCommand::Watch { leg } => {
                if let Some(leg) = self.leg(leg) {
                    leg.watch.get_or_insert_with(Ear::new);
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
            MediaCommand::Close { leg } => {
                if let Some(closed) = self.legs.remove(&leg) {
                    self.archive.put(leg, closed.tracks);
                    self.hearing_changed = true;
                }
            }
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

    pub(super) fn peer(&self, leg: &LegKey) -> Option<(PeerHandle, Option<String>)> {
        match &self.legs.get(leg)?.line {
            Line::WebRtc(client) => Some((client.handle.clone(), client.fingerprint.clone())),
            Line::Nobody | Line::Person(_) => None,
        }
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
            for event in leg.line.speak(&leg.heard, &mut leg.said) {
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
            leg.line.hear(&leg.heard);
            leg.tracks.heard.push(&leg.heard);
            leg.tracks.said.push(&leg.said);
        }
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
        if !known && (self.archive.get(&key).is_some() || self.legs.len() >= LEGS_MAX) {
            return None;
        }
        Some(self.legs.entry(key).or_insert_with(Leg::new))
    }

    fn set_line(&mut self, key: LegKey, line: Line) {
        if let Some(leg) = self.leg(key) {
            leg.line = line;
        }
    }

    fn play(&mut self, key: LegKey, id: u64, samples: Arc<[i16]>, loops: u32) {
        if !samples.is_empty()
            && let Some(leg) = self.leg(key.clone())
        {
            leg.play = Some(Play {
                id,
                samples,
                position: 0,
                rounds_left: loops.checked_sub(1),
            });
            return;
        }
        // Whoever waits for the end of a play gets one, even of one that nobody can hear.
        self.events
            .push_back(MediaEvent::PlayEnded { leg: key, play: id });
    }

    /// The sum of all that may be heard in each room.
    fn mix_rooms(&self) -> BTreeMap<RoomKey, [i32; FRAME_SAMPLES]> {
        let mut rooms = BTreeMap::new();
        for leg in self.legs.values() {
            let Some(place) = &leg.place else { continue };
            let sum = rooms.entry(place.room.clone()).or_insert([0; FRAME_SAMPLES]);
            if leg.speaks_to_all() {
                add(sum, &leg.said);
            }
        }
        rooms
    }

    /// What coaches say, by who hears it.
    fn mix_whispers(&self) -> BTreeMap<LegKey, [i32; FRAME_SAMPLES]> {
        let mut whispers = BTreeMap::new();
        for leg in self.legs.values().filter(|leg| leg.may_be_heard()) {
            let Some(place) = &leg.place else { continue };
            let Some(coached) = &place.coach else { continue };
            let together = |other: &Leg| other.place.as_ref().is_some_and(|p| p.room == place.room);
            if self.legs.get(coached).is_some_and(together) {
                add(
                    whispers.entry(coached.clone()).or_insert([0; FRAME_SAMPLES]),
                    &leg.said,
                );
            }
        }
        whispers
    }

    /// Finds out who hears whose voice now, and tells what is new.
    fn note_hearing(&mut self) {
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

impl Leg {
    fn new() -> Self {
        Self {
            line: Line::Nobody,
            place: None,
            play: None,
            voice: Gate::new(VOICE_CLOSE_FRAMES),
            watch: None,
            said: SILENCE,
            heard: SILENCE,
            tracks: Tracks::default(),
        }
    }

    fn may_be_heard(&self) -> bool {
        self.place
            .as_ref()
            .is_some_and(|place| !place.muted && !place.hold)
    }

    fn speaks_to_all(&self) -> bool {
        self.may_be_heard() && self.place.as_ref().is_some_and(|place| place.coach.is_none())
    }

    fn speaks_to(&self, listener: &LegKey) -> bool {
        let coached = self.place.as_ref().and_then(|place| place.coach.as_ref());
        coached.is_none_or(|coached| coached == listener)
    }

    fn may_hear(&self) -> bool {
        self.place.as_ref().is_some_and(|place| !place.hold)
    }

    /// What this leg hears: its room without itself, its coaches, and what is played to it.
    fn mix(
        &self,
        rooms: &BTreeMap<RoomKey, [i32; FRAME_SAMPLES]>,
        whispers: Option<&[i32; FRAME_SAMPLES]>,
    ) -> Frame {
        let mut sum = [0; FRAME_SAMPLES];
        if let Some(place) = self.place.as_ref().filter(|_| self.may_hear())
            && let Some(room) = rooms.get(&place.room)
        {
            sum = *room;
            if self.speaks_to_all() {
                for (sum, &sample) in sum.iter_mut().zip(&self.said) {
                    *sum -= i32::from(sample);
                }
            }
            for (sum, sample) in sum.iter_mut().zip(whispers.into_iter().flatten()) {
                *sum += sample;
            }
        }
        if let Some(play) = &self.play {
            add(&mut sum, &play.samples[play.position..]);
        }
        sum.map(saturate)
    }

    /// Moves what is played on by a frame; its id, if it is over.
    fn advance_play(&mut self) -> Option<u64> {
        let play = self.play.as_mut()?;
        play.position += FRAME_SAMPLES;
        if play.position < play.samples.len() {
            return None;
        }
        play.position = 0;
        match &mut play.rounds_left {
            None => None,
            Some(0) => self.play.take().map(|play| play.id),
            Some(rounds) => {
                *rounds -= 1;
                None
            }
        }
    }
}

fn add(sum: &mut [i32; FRAME_SAMPLES], samples: &[i16]) {
    for (sum, &sample) in sum.iter_mut().zip(samples) {
        *sum += i32::from(sample);
    }
}

fn saturate(sum: i32) -> i16 {
    i16::try_from(sum).unwrap_or(if sum < 0 { i16::MIN } else { i16::MAX })
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

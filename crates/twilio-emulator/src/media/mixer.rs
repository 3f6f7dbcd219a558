//! Who hears what: all legs and rooms, one frame at a time.
//!
//! **Invariant:** what a leg hears is the sum of the others in its room that are neither muted nor held,
//! plus what is played to it. A held leg hears only what is played to it. A coach is heard by one leg only.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use audio::peer::Impairments;

use super::driver::FarEnd;
use super::ear::Ear;
use super::gate::Gate;
use super::keys::Keys;
use super::line::{Line, LineEvent, WebRtc};
use super::person::Person;
use super::recorder::Recorder;
use super::road::Road;
use super::track::{Archive, TRACKS_BYTES_MAX, Tracks};
use super::{FRAME_SAMPLES, Frame, LegKey, MediaCommand, MediaEvent, RoomKey, SILENCE};

/// Live legs; far more than one machine can encode.
const LEGS_MAX: usize = 10_000;
/// Plays of one leg that interrupt each other.
const PLAYS_MAX: usize = 16;
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
    /// The last one is heard; those before it go on after it.
    plays: Vec<Play>,
    /// A short sound over everything else.
    chime: Option<Play>,
    keys: Keys,
    voice: Gate,
    /// Its room hears its voice.
    speaking: bool,
    /// Tells what the far end sounds like.
    watch: Option<Ear>,
    impairments: Impairments,
    /// What makes a person's line bad; a client's transport does that itself.
    road: Option<Box<Road>>,
    said: Frame,
    /// What is sent to the far end, and what arrives there.
    heard: Frame,
    arrived: Frame,
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
                over,
            } => self.play(leg, Play::new(play, samples, loops), over),
            MediaCommand::StopPlay { leg } => {
                if let Some(leg) = self.legs.get_mut(&leg) {
                    leg.plays.clear();
                }
            }
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
        if !play.samples.is_empty()
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

    /// Finds out who speaks in their room, and who hears whose voice now, and tells what is new.
    fn note_hearing(&mut self) {
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

impl Leg {
    fn new() -> Self {
        Self {
            line: Line::Nobody,
            place: None,
            plays: Vec::new(),
            chime: None,
            keys: Keys::default(),
            voice: Gate::new(VOICE_CLOSE_FRAMES),
            speaking: false,
            watch: None,
            impairments: Impairments::default(),
            road: None,
            said: SILENCE,
            heard: SILENCE,
            arrived: SILENCE,
            tracks: Tracks::default(),
        }
    }

    /// Gives a person the line that the impairments ask for.
    fn pave(&mut self) {
        let bad = self.impairments != Impairments::default();
        self.road = match &self.line {
            Line::Nobody | Line::Person(_) if bad => Some(Box::new(Road::new(self.impairments))),
            Line::Nobody | Line::Person(_) | Line::WebRtc(_) => None,
        };
    }

    /// What the far end says arrives.
    fn speak(&mut self) -> Vec<LineEvent> {
        let events = self.line.speak(&self.arrived, &mut self.said);
        if let Some(road) = &mut self.road {
            self.said = road.inbound(&self.said);
        }
        self.keys.sound(&mut self.said);
        events
    }

    /// What the far end is to hear sets off.
    fn hear(&mut self) {
        self.arrived = match &mut self.road {
            Some(road) => road.outbound(&self.heard),
            None => self.heard,
        };
        self.line.hear(&self.heard);
        self.tracks.heard.push(&self.arrived);
        self.tracks.said.push(&self.said);
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
        for play in self.plays.last().into_iter().chain(&self.chime) {
            add(&mut sum, &play.samples[play.position..]);
        }
        sum.map(saturate)
    }

    /// Moves what is played on by a frame; the id of a play that is over.
    fn advance_play(&mut self) -> Option<u64> {
        self.chime.take_if(Play::advance);
        self.plays.pop_if(Play::advance).map(|play| play.id)
    }
}

impl Play {
    fn new(id: u64, samples: Arc<[i16]>, loops: u32) -> Self {
        Self {
            id,
            samples,
            position: 0,
            rounds_left: loops.checked_sub(1),
        }
    }

    /// Moves on by a frame; true if it is over.
    fn advance(&mut self) -> bool {
        self.position += FRAME_SAMPLES;
        if self.position < self.samples.len() {
            return false;
        }
        self.position = 0;
        match &mut self.rounds_left {
            None => false,
            Some(0) => true,
            Some(rounds) => {
                *rounds -= 1;
                false
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

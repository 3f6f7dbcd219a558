//! One leg: its line, where it is, what is played to it, and what it hears of all that.

use std::collections::BTreeMap;

use audio::peer::Impairments;

use super::play::Play;
use super::room::{Sum, add, saturate};
use crate::media::ear::Ear;
use crate::media::gate::Gate;
use crate::media::keys::Keys;
use crate::media::line::{Line, LineEvent};
use crate::media::road::Road;
use crate::media::track::Tracks;
use crate::media::{FRAME_SAMPLES, Frame, LegKey, RoomKey, SILENCE};

/// A voice counts as ended after half a second of silence.
const VOICE_CLOSE_FRAMES: u32 = 25;

#[derive(Debug)]
pub(super) struct Leg {
    pub(super) line: Line,
    pub(super) place: Option<Place>,
    /// The last one is heard; those before it go on after it.
    pub(super) plays: Vec<Play>,
    /// A short sound over everything else.
    pub(super) chime: Option<Play>,
    pub(super) keys: Keys,
    pub(super) voice: Gate,
    /// Its room hears its voice.
    pub(super) speaking: bool,
    /// Tells what the far end sounds like.
    pub(super) watch: Option<Ear>,
    pub(super) impairments: Impairments,
    /// What makes a person's line bad; a client's transport does that itself.
    pub(super) road: Option<Box<Road>>,
    pub(super) said: Frame,
    /// What is sent to the far end, and what arrives there.
    pub(super) heard: Frame,
    pub(super) arrived: Frame,
    pub(super) tracks: Tracks,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) room: RoomKey,
    pub(super) muted: bool,
    pub(super) hold: bool,
    pub(super) coach: Option<LegKey>,
}

impl Leg {
    pub(super) fn new() -> Self {
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
    pub(super) fn pave(&mut self) {
        let bad = self.impairments != Impairments::default();
        self.road = match &self.line {
            Line::Nobody | Line::Person(_) if bad => Some(Box::new(Road::new(self.impairments))),
            Line::Nobody | Line::Person(_) | Line::WebRtc(_) => None,
        };
    }

    /// From now on somebody wants to know what the far end sounds like.
    pub(super) fn listen(&mut self) {
        self.watch.get_or_insert_with(Ear::new);
    }

    /// What the far end says arrives.
    pub(super) fn speak(&mut self) -> Vec<LineEvent> {
        let events = self.line.speak(&self.arrived, &mut self.said);
        if let Some(road) = &mut self.road {
            self.said = road.inbound(&self.said);
        }
        self.keys.sound(&mut self.said);
        events
    }

    /// What the far end is to hear sets off.
    pub(super) fn hear(&mut self) {
        self.arrived = match &mut self.road {
            Some(road) => road.outbound(&self.heard),
            None => self.heard,
        };
        self.line.hear(&self.heard);
        self.tracks.heard.push(&self.arrived);
        self.tracks.said.push(&self.said);
    }

    pub(super) fn may_be_heard(&self) -> bool {
        self.place
            .as_ref()
            .is_some_and(|place| !place.muted && !place.hold)
    }

    pub(super) fn speaks_to_all(&self) -> bool {
        self.may_be_heard() && self.place.as_ref().is_some_and(|place| place.coach.is_none())
    }

    pub(super) fn speaks_to(&self, listener: &LegKey) -> bool {
        let coached = self.place.as_ref().and_then(|place| place.coach.as_ref());
        coached.is_none_or(|coached| coached == listener)
    }

    pub(super) fn may_hear(&self) -> bool {
        self.place.as_ref().is_some_and(|place| !place.hold)
    }

    /// What this leg hears: its room without itself, its coaches, and what is played to it.
    pub(super) fn mix(&self, rooms: &BTreeMap<RoomKey, Sum>, whispers: Option<&Sum>) -> Frame {
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
            add(&mut sum, play.rest());
        }
        sum.map(saturate)
    }

    /// Moves what is played on by a frame; the id of a play that is over.
    pub(super) fn advance_play(&mut self) -> Option<u64> {
        self.chime.take_if(Play::advance);
        self.plays.pop_if(Play::advance).map(|play| play.id)
    }
}

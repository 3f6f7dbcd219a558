//! Who lives at which number: people on order, people of the world's file, and a seeded population.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::Network;
use super::call::Party;
use crate::media::{Answer, Persona, Script, personas};
use crate::pbx::Pbx;
use crate::rest::ApiError;
use crate::sid::CallSid;
use crate::world::{Share, Wear, Who, World, longest};

/// Numbers with a person on order, and caller IDs whose wear is known.
const NUMBERS_MAX: usize = 10_000;
/// Numbers whose calls are counted; at others the same person meets every call.
const CALLED_MAX: usize = 200_000;
/// Keep the draws about one call apart from each other.
const AWAY_SALT: u64 = 0x6177_6179;
const SILENT_SALT: u64 = 0x7369_6c65_6e74;
/// Who the first digit of a digit-coded number stands for.
const BY_DIGIT: [&str; 10] = [
    "friendly",
    "brisk",
    "talkative",
    "voicemail",
    "busy",
    "no-answer",
    "unreachable",
    "fax",
    "hangs-up",
    "opts-out",
];

/// `PUT /emulator/personas/{number}`: `{"persona": "NAME"}`, or a person in full.
#[derive(Clone, Debug)]
pub(crate) struct PersonaOrder(pub(crate) Who);

impl<'de> Deserialize<'de> for PersonaOrder {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = serde_json::Map::deserialize(deserializer)?;
        let who = match fields.remove("persona") {
            Some(named) if fields.is_empty() => named,
            Some(_) => {
                return Err(D::Error::custom(
                    "either `persona` alone, or `name`, `answer` and `script`",
                ));
            }
            None => Value::Object(fields),
        };
        Who::deserialize(who).map(Self).map_err(D::Error::custom)
    }
}

#[derive(Debug)]
pub(super) struct Population {
    seed: u64,
    world: World,
    rng: ChaCha8Rng,
    by_number: BTreeMap<String, Persona>,
    /// How often each number was called: the same person may pick up the second time.
    calls: BTreeMap<String, u64>,
    /// How much each caller ID called lately, and when that was counted.
    wear: BTreeMap<String, (f64, Timestamp)>,
}

impl Population {
    pub(super) fn new(seed: u64, world: World) -> Self {
        Self {
            seed,
            world,
            rng: ChaCha8Rng::seed_from_u64(seed),
            by_number: BTreeMap::new(),
            calls: BTreeMap::new(),
            wear: BTreeMap::new(),
        }
    }

    /// For choices that need not repeat from call to call.
    pub(super) fn rng(&mut self) -> &mut ChaCha8Rng {
        &mut self.rng
    }

    /// Whoever meets the next call to this number; depends on seed, number and count only, not on the
    /// order in which different numbers are called.
    pub(super) fn person(&mut self, number: &str) -> Persona {
        if let Some(persona) = self.certain(number) {
            return persona;
        }
        if self.calls.len() < CALLED_MAX || self.calls.contains_key(number) {
            *self.calls.entry(number.to_owned()).or_default() += 1;
        }
        let mut rng = self.draws(number, 0);
        let shares = &self.world.population;
        let mut share = rng.random_range(0..shares.iter().map(|share| share.share).sum());
        let drawn = shares.iter().find(|part| {
            let hit = share < part.share;
            share = share.saturating_sub(part.share);
            hit
        });
        let Share {
            persona,
            ring_ms: [ring_least, ring_most],
            replies,
            ..
        } = drawn.expect("the draw is within the shares");
        let mut persona = persona.persona().expect("the world was checked");
        if let Answer::After { ring_ms } = &mut persona.answer {
            *ring_ms = rng.random_range(*ring_least..=*ring_most);
        }
        if let (Script::Talk(talk), Some([least, most])) = (&mut persona.script, replies) {
            talk.replies = rng.random_range(*least..=*most);
        }
        persona
    }

    /// Whoever certainly meets a call to this number.
    fn certain(&self, number: &str) -> Option<Persona> {
        if let Some(persona) = self.by_number.get(number) {
            return Some(persona.clone());
        }
        let rule = || {
            let rules = self.world.rules.iter();
            let mut fitting =
                rules.filter(|rule| number.starts_with(&rule.prefix) && number.ends_with(&rule.suffix));
            fitting.next().map(|rule| &rule.persona)
        };
        match self.world.personas.get(number).or_else(rule) {
            Some(who) => who.persona(),
            None => digit_coded(number.strip_prefix(self.world.digit_coded.as_deref()?)?),
        }
    }

    /// Counts a call from `from` and says whether whoever would talk at `to` is there and wants to.
    fn answers(&mut self, from: &str, to: &str, now: Timestamp) -> bool {
        let worn = self
            .world
            .wear
            .map_or(1.0, |wear| self.count_call(wear, from, now));
        if self.certain(to).is_some() {
            return true;
        }
        let there = self.world.hours.as_ref().map_or(1.0, |hours| {
            let zone = longest(&hours.zones, to).unwrap_or(&hours.zone);
            let zone = TimeZone::get(zone).expect("the world was checked");
            let hour = now.to_zoned(zone).hour();
            hours.answer_rates[usize::try_from(hour).unwrap_or_default()]
        });
        self.draws(to, AWAY_SALT).random::<f64>() < worn * there
    }

    /// One more call from this caller ID; gives the part of the answer rate that is left to it.
    fn count_call(&mut self, wear: Wear, from: &str, now: Timestamp) -> f64 {
        let before = self
            .wear
            .get(from)
            .map_or(0.0, |counted| rested(wear, *counted, now));
        if self.wear.len() < NUMBERS_MAX || self.wear.contains_key(from) {
            self.wear.insert(from.to_owned(), (before + 1.0, now));
        }
        rate_left(wear, before)
    }

    pub(super) fn pbxs(&self) -> impl Iterator<Item = &Pbx> {
        self.world.pbxs.iter()
    }

    /// Whether the carrier of this number never reports that it rings.
    pub(super) fn rings_silently(&self, number: &str) -> bool {
        let carriers = &self.world.carriers;
        carriers
            .silent_prefixes
            .iter()
            .any(|prefix| number.starts_with(prefix))
            || carriers.silent_share > 0.0
                && ChaCha8Rng::seed_from_u64(self.seed ^ fnv1a(number) ^ SILENT_SALT).random::<f64>()
                    < carriers.silent_share
    }

    /// `StirStatus` of calls from this number.
    pub(super) fn stir_status(&self, from: &str) -> Option<&str> {
        longest(&self.world.stir.outbound, from).map(String::as_str)
    }

    /// `StirVerstat` of calls that come in from this number.
    pub(super) fn stir_verstat(&self, from: &str) -> Option<&str> {
        longest(&self.world.stir.inbound, from).map(String::as_str)
    }

    /// Draws about the latest call to this number.
    fn draws(&self, number: &str, salt: u64) -> ChaCha8Rng {
        let count = self.calls.get(number).copied().unwrap_or_default();
        ChaCha8Rng::seed_from_u64(self.seed ^ fnv1a(number) ^ count.rotate_left(48) ^ salt)
    }

    pub(super) fn forget(&mut self) {
        self.by_number.clear();
        self.calls.clear();
        self.wear.clear();
    }
}

/// What is left of counted calls after a rest.
fn rested(wear: Wear, (calls, at): (f64, Timestamp), now: Timestamp) -> f64 {
    let hours = now.duration_since(at).as_secs_f64() / 3_600.0;
    calls * 0.5_f64.powf(hours / wear.half_life_h)
}

/// The part of the answer rate that is left after so many calls.
fn rate_left(wear: Wear, calls: f64) -> f64 {
    let harmful = (calls - wear.free_calls).max(0.0);
    wear.floor + (1.0 - wear.floor) * 0.5_f64.powf(harmful / wear.halving_calls)
}

/// Who, after how many seconds, and how many replies: the first three digits, as far as there are any.
fn digit_coded(digits: &str) -> Option<Persona> {
    let digit = |at: usize| digits.chars().nth(at).and_then(|digit| digit.to_digit(10));
    let who = BY_DIGIT.get(usize::try_from(digit(0)?).ok()?)?;
    let mut persona = personas::by_name(who)?;
    if let (Answer::After { ring_ms }, Some(seconds)) = (&mut persona.answer, digit(1)) {
        *ring_ms = seconds * 1_000;
    }
    if let (Script::Talk(talk), Some(replies)) = (&mut persona.script, digit(2)) {
        talk.replies = replies;
    }
    Some(persona)
}

fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The person, or which there are.
pub(super) fn persona_of(who: &Who) -> Result<Persona, ApiError> {
    who.persona().ok_or_else(|| {
        let name = match who {
            Who::Named(name) => name,
            Who::Own(persona) => &persona.name,
        };
        let known = personas::NAMES.join(", ");
        ApiError::parameter(format!("There is no persona {name}; there are {known}"))
    })
}

impl Network {
    /// Moves a person in at `number`, unless there is no such persona or no room.
    pub(crate) fn set_persona(&mut self, number: &str, order: &PersonaOrder) -> Result<(), ApiError> {
        let persona = persona_of(&order.0)?;
        let people = &self.population.by_number;
        if people.len() >= NUMBERS_MAX && !people.contains_key(number) {
            return Err(ApiError::parameter(
                "No more than 10,000 numbers have a person on order",
            ));
        }
        self.log("persona.set", &[("number", number), ("persona", &persona.name)]);
        self.population.by_number.insert(number.to_owned(), persona);
        Ok(())
    }

    /// Replaces the world; people on order by the control API stay.
    pub(crate) fn set_world(&mut self, world: World) {
        self.log("world.set", &[]);
        self.population.world = world;
        self.population.wear.clear();
    }

    /// Replaces the PBXs of the world; the error says what is wrong with them.
    pub(crate) fn set_pbxs(&mut self, pbxs: Vec<Pbx>) -> Result<(), ApiError> {
        let world = World {
            pbxs,
            ..self.population.world.clone()
        };
        let world = world
            .checked()
            .map_err(|error| ApiError::parameter(error.to_string()))?;
        self.log("pbxs.set", &[]);
        self.population.world = world;
        Ok(())
    }

    /// What overuse has left of each caller ID's answer rate.
    pub(crate) fn wear(&self) -> Vec<Value> {
        let Some(wear) = self.population.world.wear else {
            return Vec::new();
        };
        let row = |(number, counted): (&String, &(f64, Timestamp))| {
            let calls = rested(wear, *counted, self.now);
            json!({ "number": number, "calls": calls, "answer_rate_left": rate_left(wear, calls) })
        };
        self.population.wear.iter().map(row).collect()
    }

    /// Decides at the moment of dialling whether the person is there and wants to answer this caller ID.
    pub(super) fn settle_presence(&mut self, sid: &CallSid) {
        // Who is on a PBX is its own business.
        let Some(call) = self.calls.get_mut(sid).filter(|call| call.sip.is_none()) else {
            return;
        };
        let Party::Person(persona) = &mut call.party else {
            return;
        };
        let answers = self.population.answers(&call.from, &call.to, self.now);
        if answers || !matches!(persona.script, Script::Talk(_)) {
            return;
        }
        let absent = self.population.world.absent.persona();
        **persona = absent.expect("the world was checked");
        self.log("persona.away", &[("call", sid.as_str())]);
    }
}

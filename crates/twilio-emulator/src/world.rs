//! Who lives on the phone network and how its carriers behave, as a file says it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use jiff::tz::TimeZone;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::media::{Persona, personas};
use crate::pbx::{PBXS_MAX, Pbx};

/// Entries of each list of a world.
const ENTRIES_MAX: usize = 10_000;

/// Who lives on the network and how its carriers behave.
///
/// Who meets a call is decided by the first of these that knows the number: the control API, `personas`,
/// `rules`, `digit_coded`, and the `population` for everybody else.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct World {
    /// People by number.
    pub personas: BTreeMap<String, Who>,
    /// People by what their numbers begin and end with; the first match counts.
    pub rules: Vec<Rule>,
    /// Under this prefix the next three digits say who picks up, after how many seconds, and how often
    /// they reply.
    pub digit_coded: Option<String>,
    /// Who lives at all other numbers, shared out by the seed.
    pub population: Vec<Share>,
    /// When people of the population are there.
    pub hours: Option<Hours>,
    /// What becomes of caller IDs that call too much.
    pub wear: Option<Wear>,
    /// Who meets the call when a person of the population is not there or does not want to answer.
    pub absent: Who,
    /// What carriers do differently from each other.
    pub carriers: Carriers,
    /// How calls are attested (STIR/SHAKEN).
    pub stir: Stir,
    /// Telephone systems that SIP reaches.
    pub pbxs: Vec<Pbx>,
}

/// A built-in persona by name, or one in full.
#[derive(Clone, Debug, PartialEq)]
pub enum Who {
    /// One of [`personas::NAMES`].
    Named(String),
    /// Somebody else.
    Own(Box<Persona>),
}

impl<'de> Deserialize<'de> for Who {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WhoVisitor)
    }
}

/// Unlike an untagged enum it tells what is wrong with a person in full.
struct WhoVisitor;

impl<'de> Visitor<'de> for WhoVisitor {
    type Value = Who;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a persona, or a person in full")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Who, E> {
        Ok(Who::Named(name.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Who, A::Error> {
        let own = Persona::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Who::Own(Box::new(own)))
    }
}

/// People by number.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What the number begins with.
    #[serde(default)]
    pub prefix: String,
    /// What the number ends with.
    #[serde(default)]
    pub suffix: String,
    /// Who lives there.
    pub persona: Who,
}

/// A part of the population.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// Who they are.
    pub persona: Who,
    /// How many they are, in proportion to the other shares.
    pub share: u32,
    /// How long it rings before they pick up, from and to.
    #[serde(default = "ring_ms_default")]
    pub ring_ms: [u32; 2],
    /// How often they reply before they say goodbye, from and to; as the persona does if absent.
    pub replies: Option<[u32; 2]>,
}

/// When people are there.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// The part of those who would talk that do, for each hour of their day, from 0 to 1.
    pub answer_rates: [f64; 24],
    /// Where they are (IANA) unless `zones` says otherwise.
    #[serde(default = "zone_default")]
    pub zone: String,
    /// Where they are by what their number begins with; the longest prefix counts.
    #[serde(default)]
    pub zones: BTreeMap<String, String>,
}

/// What becomes of caller IDs that call too much. Every call counts as one; what is counted halves in
/// each half-life.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Wear {
    /// Calls that do no harm.
    pub free_calls: f64,
    /// Further calls that halve the answer rate.
    pub halving_calls: f64,
    /// The answer rate never falls below this part of what it was.
    pub floor: f64,
    /// How long it takes until half of the calls are forgotten.
    pub half_life_h: f64,
}

/// What carriers do differently from each other.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Carriers {
    /// Numbers with one of these prefixes never report `ringing`.
    pub silent_prefixes: Vec<String>,
    /// The part of all other numbers that never report it, from 0 to 1.
    pub silent_share: f64,
}

/// How calls are attested, by what the caller's number begins with; the longest prefix counts.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Stir {
    /// `StirStatus` of outbound calls' callbacks: `A`, `B` or `C`.
    pub outbound: BTreeMap<String, String>,
    /// `StirVerstat` of inbound calls' requests.
    pub inbound: BTreeMap<String, String>,
}

/// Why a world cannot be.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// It cannot be read.
    #[error("{0}")]
    Unreadable(String),
    /// It names somebody nobody knows.
    #[error("there is no persona {0}")]
    NoSuchPersona(String),
    /// It names a time zone that does not exist.
    #[error("there is no time zone {0}")]
    NoSuchZone(String),
    /// A PBX cannot be.
    #[error("{0}")]
    Pbx(String),
    /// A number makes no sense.
    #[error("{0}")]
    Nonsense(&'static str),
}

fn ring_ms_default() -> [u32; 2] {
    [2_000, 6_000]
}

fn zone_default() -> String {
    "America/New_York".to_owned()
}

impl Default for World {
    /// Mostly people who talk, so that a trainee soon has somebody on the line.
    fn default() -> Self {
        let shares = [
            ("friendly", 40),
            ("brisk", 25),
            ("voicemail", 15),
            ("no-answer", 12),
            ("busy", 8),
        ];
        Self {
            personas: BTreeMap::new(),
            rules: Vec::new(),
            digit_coded: None,
            population: shares
                .map(|(name, share)| Share {
                    persona: Who::Named(name.to_owned()),
                    share,
                    ring_ms: ring_ms_default(),
                    replies: None,
                })
                .to_vec(),
            hours: None,
            wear: None,
            absent: Who::Named("no-answer".to_owned()),
            carriers: Carriers::default(),
            stir: Stir::default(),
            pbxs: Vec::new(),
        }
    }
}

impl Default for Wear {
    fn default() -> Self {
        Self {
            free_calls: 50.0,
            halving_calls: 50.0,
            floor: 0.1,
            half_life_h: 24.0,
        }
    }
}

impl Default for Stir {
    /// What an account without a Trust Hub profile gets.
    fn default() -> Self {
        Self {
            outbound: BTreeMap::from([(String::new(), "B".to_owned())]),
            inbound: BTreeMap::from([(String::new(), "TN-Validation-Passed-B".to_owned())]),
        }
    }
}

impl Who {
    /// The person, if there is one of that name.
    #[must_use]
    pub fn persona(&self) -> Option<Persona> {
        match self {
            Self::Named(name) => personas::by_name(name),
            Self::Own(persona) => Some(persona.as_ref().clone()),
        }
    }
}

impl World {
    /// Reads a file: JSON if its name ends in `.json`, else TOML.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or describes no possible world.
    pub fn read(path: &Path) -> Result<Self, WorldError> {
        let text =
            std::fs::read_to_string(path).map_err(|error| WorldError::Unreadable(error.to_string()))?;
        if path.extension().is_some_and(|extension| extension == "json") {
            Self::from_json(text.as_bytes())
        } else {
            Self::from_toml(&text)
        }
    }

    /// Reads TOML.
    ///
    /// # Errors
    ///
    /// If it describes no possible world.
    pub fn from_toml(text: &str) -> Result<Self, WorldError> {
        let world: Self = toml::from_str(text).map_err(|error| WorldError::Unreadable(error.to_string()))?;
        world.checked()
    }

    /// Reads JSON.
    ///
    /// # Errors
    ///
    /// If it describes no possible world.
    pub fn from_json(text: &[u8]) -> Result<Self, WorldError> {
        let world: Self =
            serde_json::from_slice(text).map_err(|error| WorldError::Unreadable(error.to_string()))?;
        world.checked()
    }

    pub(crate) fn checked(self) -> Result<Self, WorldError> {
        let known = |who: &Who| match who {
            Who::Named(name) if personas::by_name(name).is_none() => {
                Err(WorldError::NoSuchPersona(name.clone()))
            }
            Who::Named(_) | Who::Own(_) => Ok(()),
        };
        self.personas.values().try_for_each(known)?;
        self.rules.iter().try_for_each(|rule| known(&rule.persona))?;
        self.population
            .iter()
            .try_for_each(|share| known(&share.persona))?;
        known(&self.absent)?;
        let total = self.population.iter().map(|share| u64::from(share.share)).sum();
        if !(1..=u64::from(u32::MAX)).contains(&total) {
            return Err(WorldError::Nonsense(
                "the shares of the population add up to nothing",
            ));
        }
        if self.population.iter().any(|share| {
            share.ring_ms[0] > share.ring_ms[1] || share.replies.is_some_and(|[from, to]| from > to)
        }) {
            return Err(WorldError::Nonsense("ring_ms and replies go from less to more"));
        }
        if self.personas.len() > ENTRIES_MAX || self.rules.len() > ENTRIES_MAX {
            return Err(WorldError::Nonsense("no more than 10,000 personas and rules"));
        }
        if self.pbxs.len() > PBXS_MAX {
            return Err(WorldError::Nonsense("no more than 100 PBXs"));
        }
        if let Some(complaint) = self.pbxs.iter().find_map(Pbx::complaint) {
            return Err(WorldError::Pbx(complaint));
        }
        if let Some(hours) = &self.hours {
            hours.check()?;
        }
        if let Some(wear) = &self.wear
            && !(wear.halving_calls > 0.0 && wear.half_life_h > 0.0 && is_part(wear.floor))
        {
            return Err(WorldError::Nonsense("wear needs positive times and calls"));
        }
        if !is_part(self.carriers.silent_share) {
            return Err(WorldError::Nonsense("silent_share goes from 0 to 1"));
        }
        Ok(self)
    }
}

impl Hours {
    fn check(&self) -> Result<(), WorldError> {
        if !self.answer_rates.iter().all(|rate| is_part(*rate)) {
            return Err(WorldError::Nonsense("answer_rates go from 0 to 1"));
        }
        for zone in self.zones.values().chain([&self.zone]) {
            TimeZone::get(zone).map_err(|_| WorldError::NoSuchZone(zone.clone()))?;
        }
        Ok(())
    }
}

fn is_part(value: f64) -> bool {
    (0.0..=1.0).contains(&value)
}

/// What the longest prefix of `number` in `map` stands for.
pub(crate) fn longest<'a, T>(map: &'a BTreeMap<String, T>, number: &str) -> Option<&'a T> {
    map.iter()
        .filter(|(prefix, _)| number.starts_with(prefix.as_str()))
        .max_by_key(|(prefix, _)| prefix.len())
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_world_is_possible() {
        let world = World::from_toml(include_str!("../worlds/us-floor.toml")).unwrap();
        assert!(world.hours.is_some() && world.wear.is_some());
    }

    #[test]
    fn impossible_worlds_are_refused() {
        for text in [
            "population = []",
            "absent = \"nobody\"",
            "[hours]\nanswer_rates = [1.0]",
            "[carriers]\nsilent_share = 2.0",
            "[wear]\nhalf_life_h = 0.0",
            "[[rules]]\nprefix = \"+1\"\npersona = \"nobody\"",
            "colour = \"red\"",
        ] {
            assert!(World::from_toml(text).is_err(), "{text}");
        }
        let zone = format!("[hours]\nzone = \"Mars/Olympus\"\nanswer_rates = {:?}", [1.0; 24]);
        assert!(matches!(World::from_toml(&zone), Err(WorldError::NoSuchZone(_))));
    }

    #[test]
    fn the_longest_prefix_counts() {
        let map = BTreeMap::from([(String::new(), 0), ("+1".to_owned(), 1), ("+1312".to_owned(), 2)]);
        assert_eq!(longest(&map, "+13125550100"), Some(&2));
        assert_eq!(longest(&map, "+12025550100"), Some(&1));
        assert_eq!(longest(&map, "+442079460000"), Some(&0));
    }
}

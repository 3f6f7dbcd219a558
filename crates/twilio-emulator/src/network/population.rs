//! Who lives at which number: people on order, and a seeded population for everybody else.

use std::collections::BTreeMap;

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::Network;
use crate::media::{Answer, Persona, personas};

/// Numbers with a person on order.
const PERSONAS_MAX: usize = 10_000;
/// How long a person of the population lets it ring.
const RING_MS: std::ops::RangeInclusive<u32> = 2_000..=6_000;

/// A hundred calls, shared out: mostly people who talk, so that a trainee soon has somebody on the line.
const SHARES: [(&str, u32); 5] = [
    ("friendly", 40),
    ("brisk", 25),
    ("voicemail", 15),
    ("no-answer", 12),
    ("busy", 8),
];

/// `PUT /emulator/personas/{number}`: a built-in persona by name, or one in full.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(untagged)]
pub(crate) enum PersonaOrder {
    BuiltIn { persona: String },
    Own(Box<Persona>),
}

#[derive(Debug)]
pub(super) struct Population {
    seed: u64,
    rng: ChaCha8Rng,
    by_number: BTreeMap<String, Persona>,
    /// How often each number was called: the same person may pick up the second time.
    calls: BTreeMap<String, u64>,
}

impl Population {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            seed,
            rng: ChaCha8Rng::seed_from_u64(seed),
            by_number: BTreeMap::new(),
            calls: BTreeMap::new(),
        }
    }

    /// For choices that need not repeat from call to call.
    pub(super) fn rng(&mut self) -> &mut ChaCha8Rng {
        &mut self.rng
    }

    /// Whoever meets the next call to this number; depends on seed, number and count only, not on the
    /// order in which different numbers are called.
    pub(super) fn person(&mut self, number: &str) -> Persona {
        if let Some(persona) = self.by_number.get(number) {
            return persona.clone();
        }
        let count = self.calls.entry(number.to_owned()).or_default();
        *count += 1;
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed ^ fnv1a(number) ^ count.rotate_left(48));
        let mut share = rng.random_range(0..SHARES.iter().map(|(_, share)| share).sum());
        let name = SHARES
            .iter()
            .find(|(_, size)| {
                let hit = share < *size;
                share = share.saturating_sub(*size);
                hit
            })
            .map_or("friendly", |(name, _)| name);
        let mut persona = personas::by_name(name).expect("the population is made of built-in personas");
        if let Answer::After { ring_ms } = &mut persona.answer {
            *ring_ms = rng.random_range(RING_MS);
        }
        persona
    }

    pub(super) fn forget(&mut self) {
        self.by_number.clear();
        self.calls.clear();
    }
}

fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

impl Network {
    /// Moves a person in at `number`; `None` if there is no such persona or no room.
    pub(crate) fn set_persona(&mut self, number: &str, order: PersonaOrder) -> Option<()> {
        let persona = match order {
            PersonaOrder::BuiltIn { persona } => personas::by_name(&persona)?,
            PersonaOrder::Own(persona) => *persona,
        };
        if self.population.by_number.len() >= PERSONAS_MAX {
            return None;
        }
        self.log("persona.set", &[("number", number), ("persona", &persona.name)]);
        self.population.by_number.insert(number.to_owned(), persona);
        Some(())
    }
}

//! The area codes of the United States: state, overlay group and time zones, from the table in `data/area_codes.json`.

use std::{fmt, sync::LazyLock};

use jiff::tz::TimeZone;
use serde::Deserialize;

/// The first three digits of a phone number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize)]
#[serde(transparent)]
pub struct AreaCode(u16);

impl AreaCode {
    /// Names an area code, listed or not.
    #[must_use]
    pub const fn new(code: u16) -> Self {
        Self(code)
    }

    /// Its digits as a number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl fmt::Display for AreaCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:03}", self.0)
    }
}

/// What is known about the numbers of an area code.
#[derive(Debug)]
pub struct Place {
    /// The area code.
    pub code: AreaCode,
    /// State or territory in postal letters: `NY`.
    pub state: String,
    /// Every area code of the same region, this one included.
    pub overlay: Vec<AreaCode>,
    /// Every zone a number of the overlay group may have been issued in; never empty.
    pub zones: Vec<Zone>,
}

/// A time zone with its name.
#[derive(Debug, Clone)]
pub struct Zone {
    /// IANA name: `America/New_York`.
    pub name: String,
    /// Its rules.
    pub rules: TimeZone,
}

impl Zone {
    /// The city that names the zone, for people: `New York`.
    #[must_use]
    pub fn city(&self) -> String {
        self.name
            .rsplit('/')
            .next()
            .unwrap_or(&self.name)
            .replace('_', " ")
    }
}

/// What is known about a US area code; none if it is not one.
#[must_use]
pub fn place(code: AreaCode) -> Option<&'static Place> {
    let places = &TABLE.places;
    places
        .binary_search_by_key(&code, |place| place.code)
        .ok()
        .map(|index| &places[index])
}

/// The other country of the +1 region that has this area code.
#[must_use]
pub fn country_abroad(code: AreaCode) -> Option<&'static str> {
    let abroad = &TABLE.abroad;
    abroad
        .binary_search_by_key(&code, |row| row.code)
        .ok()
        .map(|index| abroad[index].country.as_str())
}

/// Every US area code, ascending.
#[must_use]
pub fn all() -> &'static [Place] {
    &TABLE.places
}

/// The day of the report the table was made from.
#[must_use]
pub fn date() -> &'static str {
    &TABLE.date
}

struct Table {
    date: String,
    places: Vec<Place>,
    abroad: Vec<AbroadRow>,
}

#[derive(Deserialize)]
struct File {
    date: String,
    us: Vec<UsRow>,
    abroad: Vec<AbroadRow>,
}

#[derive(Deserialize)]
struct UsRow {
    code: AreaCode,
    state: String,
    zones: Vec<String>,
    overlay: Vec<AreaCode>,
}

#[derive(Deserialize)]
struct AbroadRow {
    code: AreaCode,
    country: String,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let file: File = serde_json::from_str(include_str!("../data/area_codes.json"))
        .expect("the table is part of this crate and a test reads it");
    let mut places: Vec<Place> = file.us.into_iter().map(read_place).collect();
    places.sort_by_key(|place| place.code);
    let mut abroad = file.abroad;
    abroad.sort_by_key(|row| row.code);
    Table {
        date: file.date,
        places,
        abroad,
    }
});

fn read_place(row: UsRow) -> Place {
    let zones = row
        .zones
        .into_iter()
        .map(|name| {
            let rules =
                TimeZone::get(&name).expect("the zone database is bundled and a test reads all names");
            Zone { name, rules }
        })
        .collect();
    Place {
        code: row.code,
        state: row.state,
        overlay: row.overlay,
        zones,
    }
}

#[cfg(test)]
mod tests {
    use super::{AreaCode, all, country_abroad, date, place};

    #[test]
    fn the_table_is_whole() {
        assert_eq!(all().len(), 378);
        assert_eq!(date(), "2025-11-26");
        for place in all() {
            assert!(
                !place.zones.is_empty() && place.overlay.contains(&place.code),
                "{}",
                place.code
            );
            assert_eq!(country_abroad(place.code), None);
        }
    }

    #[test]
    fn an_overlay_group_shares_its_zones() {
        for place in all() {
            // Codes that are assigned but not in service yet have no row of their own.
            for other in place.overlay.iter().filter_map(|code| super::place(*code)) {
                let names = |place: &super::Place| -> Vec<String> {
                    place.zones.iter().map(|zone| zone.name.clone()).collect()
                };
                assert_eq!(names(place), names(other), "{} and {}", place.code, other.code);
            }
        }
    }

    #[test]
    fn codes_that_straddle_zones_list_them_all() {
        let idaho = place(AreaCode::new(986)).expect("986 is Idaho");
        assert_eq!(idaho.state, "ID");
        let cities: Vec<String> = idaho.zones.iter().map(super::Zone::city).collect();
        assert_eq!(cities, ["Denver", "Los Angeles"]);
    }
}

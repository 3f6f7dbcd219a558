//! The people of the practice floor: fictional, the same on every machine.

use dialer_core::phone_number::PhoneNumber;
use protocol::{LeadField, Pii};

use crate::store::leads::NewLead;

pub(super) const CAMPAIGN_NAME: &str = "Spring roof inspections";

pub(super) const SCRIPT: &str = "\
Hi, this is Riley with Bright Ridge Roofing. Did I catch you at an okay time?

We are inspecting roofs in your neighborhood this month, after the winter. It takes twenty minutes, nobody has to be \
home, and it costs nothing. You get photos and a one-page report.

If they ask why it is free: about one roof in five needs something, and we hope you think of us then.

If they want it: what day suits you, mornings or afternoons? Then read the day back.

If they do not want calls: thank them, choose Do not call, and mean it.";

/// The caller IDs: each near some of the people on the list.
pub(super) const POOL: [&str; 5] = [
    "+12025550100",
    "+13125550100",
    "+14155550100",
    "+16175550100",
    "+17135550100",
];

/// Dialed in this order: the first of each place, then the second, and so on. Most may be called at 11:00 Eastern; the
/// west coast opens at noon, and those in Florida, Oklahoma and Maryland stay blocked until they consent.
const AREA_CODES: [u16; 68] = [
    212, 312, 617, 713, 404, 215, 614, 313, 704, 615, 504, 816, 314, 612, 414, 317, 502, 804, 303, 801, 602,
    505, 512, 214, 210, 901, 205, 601, 803, 919, 304, 412, 716, 518, 860, 401, 802, 603, 207, 302, 609, 973,
    540, 423, 859, 270, 219, 309, 608, 515, 402, 316, 605, 701, 406, 307, 208, 305, 407, 405, 410, 213, 206,
    503, 415, 702, 916, 619,
];

const PEOPLE_PER_AREA_CODE: usize = 4;

const FIRST_NAMES: [&str; 37] = [
    "Amara", "Ben", "Carla", "Dmitri", "Elena", "Felix", "Grace", "Hector", "Imani", "Jonas", "Keiko",
    "Leon", "Marisol", "Nate", "Opal", "Priya", "Quentin", "Rosa", "Samir", "Tessa", "Umar", "Vera", "Walt",
    "Ximena", "Yusuf", "Zoe", "Anders", "Bianca", "Curtis", "Delphine", "Ezra", "Fatima", "Gordon", "Hana",
    "Isaac", "June", "Kofi",
];

const LAST_NAMES: [&str; 41] = [
    "Abernathy",
    "Brandt",
    "Castillo",
    "Dubois",
    "Eriksen",
    "Fontaine",
    "Greer",
    "Hollis",
    "Ibarra",
    "Jankowski",
    "Keller",
    "Lindqvist",
    "Mercer",
    "Nakamura",
    "Okafor",
    "Pruitt",
    "Quigley",
    "Rahman",
    "Sorensen",
    "Tran",
    "Underhill",
    "Vasquez",
    "Whitaker",
    "Xiong",
    "Yates",
    "Zielinski",
    "Ashby",
    "Boone",
    "Carmichael",
    "Doyle",
    "Ellison",
    "Farouk",
    "Goldberg",
    "Hathaway",
    "Ives",
    "Jimenez",
    "Kowalski",
    "Lockhart",
    "Mbeki",
    "Novak",
    "Osei",
];

/// A company for each third person: those who care for somebody else's roof.
const COMPANIES: [&str; 13] = [
    "Maple Court Apartments",
    "Harbor Street Bakery",
    "Lakeside Animal Clinic",
    "Second Street Books",
    "Pine & Post Furniture",
    "Corner Hardware",
    "Willow Creek Preschool",
    "Old Mill Brewing",
    "Sunrise Laundry",
    "Northside Dental",
    "Granite State Storage",
    "Bluebird Diner",
    "Union Hall Theater",
];

const STREETS: [&str; 11] = [
    "Maple Ave",
    "Second St",
    "Orchard Rd",
    "Hillcrest Dr",
    "Church St",
    "Mill Ln",
    "Prospect Ave",
    "Cedar Ct",
    "Lake Rd",
    "Franklin St",
    "Sycamore Way",
];

const ROOFS: [&str; 4] = ["asphalt shingle", "metal", "flat, rubber", "cedar shake"];

pub(super) fn pool() -> Vec<PhoneNumber> {
    POOL.iter()
        .map(|number| PhoneNumber::parse(number).expect("a constant number"))
        .collect()
}

pub(super) fn leads() -> Vec<NewLead> {
    (0..AREA_CODES.len() * PEOPLE_PER_AREA_CODE).map(lead).collect()
}

/// The lists have lengths without a common factor, so that no two people have the same of everything.
fn lead(index: usize) -> NewLead {
    let area_code = AREA_CODES[index % AREA_CODES.len()];
    // 555-0101 to 555-0199 are set aside for fiction; 555-0100 is ours.
    let line = 101 + index * 29 % 99;
    let number = format!("+1{area_code}555{line:04}");
    let first_name = FIRST_NAMES[index % FIRST_NAMES.len()];
    let last_name = LAST_NAMES[index % LAST_NAMES.len()];
    let company = if index % 3 == 2 {
        COMPANIES[index % COMPANIES.len()]
    } else {
        ""
    };
    let house = 12 + index * 37 % 880;
    let age_years = 4 + index * 7 % 23;
    NewLead {
        phone_number: PhoneNumber::parse(&number).expect("a fictional number of a listed area code"),
        name: format!("{first_name} {last_name}"),
        company: company.to_owned(),
        fields: vec![
            field("Street", format!("{house} {}", STREETS[index % STREETS.len()])),
            field("Roof", ROOFS[index % ROOFS.len()].to_owned()),
            field("Roof age", format!("{age_years} years")),
        ],
    }
}

fn field(name: &str, value: String) -> LeadField {
    LeadField {
        name: name.to_owned(),
        value: Pii::new(value),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{AREA_CODES, leads, pool};

    #[test]
    fn the_list_is_long_enough_and_nobody_is_on_it_twice() {
        let leads = leads();
        let numbers: BTreeSet<_> = leads.iter().map(|lead| lead.phone_number).collect();
        let names: BTreeSet<_> = leads.iter().map(|lead| lead.name.as_str()).collect();
        assert!(numbers.len() >= 240, "{}", numbers.len());
        assert_eq!((numbers.len(), names.len()), (leads.len(), leads.len()));
        assert_eq!(AREA_CODES.iter().collect::<BTreeSet<_>>().len(), AREA_CODES.len());
    }

    #[test]
    fn every_number_is_set_aside_for_fiction_and_none_is_ours() {
        for lead in leads() {
            let number = lead.phone_number.e164();
            assert!(number[5..].starts_with("55501"), "{number}");
            assert!(!pool().contains(&lead.phone_number), "{number}");
        }
    }
}

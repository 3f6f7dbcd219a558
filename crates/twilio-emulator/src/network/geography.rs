//! Where a number seems to be: the city, state, postal code and country that voice requests name.

use super::area_codes::{TOLL_FREE, state_of};
use super::callback::{Params, push};

/// What Twilio says of a number; what is unknown is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Place {
    city: &'static str,
    state: &'static str,
    zip: &'static str,
    country: &'static str,
}

/// Area codes whose city is not the first of their state.
const CITIES: [(u16, &str, &str); 24] = [
    (210, "SAN ANTONIO", "78205"),
    (214, "DALLAS", "75201"),
    (216, "CLEVELAND", "44113"),
    (305, "MIAMI", "33130"),
    (404, "ATLANTA", "30303"),
    (407, "ORLANDO", "32801"),
    (408, "SAN JOSE", "95113"),
    (412, "PITTSBURGH", "15219"),
    (415, "SAN FRANCISCO", "94105"),
    (510, "OAKLAND", "94612"),
    (512, "AUSTIN", "78701"),
    (513, "CINCINNATI", "45202"),
    (515, "DES MOINES", "50309"),
    (518, "ALBANY", "12207"),
    (619, "SAN DIEGO", "92101"),
    (716, "BUFFALO", "14202"),
    (813, "TAMPA", "33602"),
    (816, "KANSAS CITY", "64106"),
    (901, "MEMPHIS", "38103"),
    (904, "JACKSONVILLE", "32202"),
    (915, "EL PASO", "79901"),
    (916, "SACRAMENTO", "95814"),
    (918, "TULSA", "74103"),
    (919, "RALEIGH", "27601"),
];

/// The largest city of each state, and a postal code in its middle.
const STATES: [(&str, &str, &str); 56] = [
    ("AK", "ANCHORAGE", "99501"),
    ("AL", "BIRMINGHAM", "35203"),
    ("AR", "LITTLE ROCK", "72201"),
    ("AS", "PAGO PAGO", "96799"),
    ("AZ", "PHOENIX", "85004"),
    ("CA", "LOS ANGELES", "90012"),
    ("CNMI", "SAIPAN", "96950"),
    ("CO", "DENVER", "80202"),
    ("CT", "HARTFORD", "06103"),
    ("DC", "WASHINGTON", "20001"),
    ("DE", "WILMINGTON", "19801"),
    ("FL", "MIAMI", "33130"),
    ("GA", "ATLANTA", "30303"),
    ("GU", "HAGATNA", "96910"),
    ("HI", "HONOLULU", "96813"),
    ("IA", "DES MOINES", "50309"),
    ("ID", "BOISE", "83702"),
    ("IL", "CHICAGO", "60602"),
    ("IN", "INDIANAPOLIS", "46204"),
    ("KS", "WICHITA", "67202"),
    ("KY", "LOUISVILLE", "40202"),
    ("LA", "NEW ORLEANS", "70112"),
    ("MA", "BOSTON", "02108"),
    ("MD", "BALTIMORE", "21202"),
    ("ME", "PORTLAND", "04101"),
    ("MI", "DETROIT", "48226"),
    ("MN", "MINNEAPOLIS", "55401"),
    ("MO", "SAINT LOUIS", "63101"),
    ("MS", "JACKSON", "39201"),
    ("MT", "BILLINGS", "59101"),
    ("NC", "CHARLOTTE", "28202"),
    ("ND", "FARGO", "58102"),
    ("NE", "OMAHA", "68102"),
    ("NH", "MANCHESTER", "03101"),
    ("NJ", "NEWARK", "07102"),
    ("NM", "ALBUQUERQUE", "87102"),
    ("NV", "LAS VEGAS", "89101"),
    ("NY", "NEW YORK", "10007"),
    ("OH", "COLUMBUS", "43215"),
    ("OK", "OKLAHOMA CITY", "73102"),
    ("OR", "PORTLAND", "97204"),
    ("PA", "PHILADELPHIA", "19107"),
    ("PR", "SAN JUAN", "00901"),
    ("RI", "PROVIDENCE", "02903"),
    ("SC", "CHARLESTON", "29401"),
    ("SD", "SIOUX FALLS", "57104"),
    ("TN", "NASHVILLE", "37201"),
    ("TX", "HOUSTON", "77002"),
    ("UT", "SALT LAKE CITY", "84111"),
    ("VA", "RICHMOND", "23219"),
    ("VI", "CHARLOTTE AMALIE", "00802"),
    ("VT", "BURLINGTON", "05401"),
    ("WA", "SEATTLE", "98101"),
    ("WI", "MILWAUKEE", "53202"),
    ("WV", "CHARLESTON", "25301"),
    ("WY", "CHEYENNE", "82001"),
];

/// Canada's area codes by province, with its largest city.
const PROVINCES: [(&str, &str, &[u16]); 11] = [
    ("AB", "CALGARY", &[368, 403, 587, 780, 825]),
    ("BC", "VANCOUVER", &[236, 250, 257, 604, 672, 778]),
    ("MB", "WINNIPEG", &[204, 431, 584]),
    ("NB", "MONCTON", &[428, 506]),
    ("NL", "SAINT JOHNS", &[709, 879]),
    ("NS", "HALIFAX", &[782, 902]),
    (
        "ON",
        "TORONTO",
        &[
            226, 249, 289, 343, 365, 382, 416, 437, 519, 548, 613, 647, 683, 705, 742, 753, 807, 905, 942,
        ],
    ),
    (
        "QC",
        "MONTREAL",
        &[263, 354, 367, 418, 438, 450, 468, 514, 579, 581, 819, 873],
    ),
    ("SK", "SASKATOON", &[306, 474, 639]),
    ("YT", "WHITEHORSE", &[867]),
    ("", "", &[600, 622]),
];

/// Countries by calling code.
const COUNTRIES: [(&str, &str); 42] = [
    ("20", "EG"),
    ("27", "ZA"),
    ("30", "GR"),
    ("31", "NL"),
    ("32", "BE"),
    ("33", "FR"),
    ("34", "ES"),
    ("351", "PT"),
    ("353", "IE"),
    ("354", "IS"),
    ("358", "FI"),
    ("359", "BG"),
    ("36", "HU"),
    ("370", "LT"),
    ("371", "LV"),
    ("372", "EE"),
    ("380", "UA"),
    ("39", "IT"),
    ("40", "RO"),
    ("41", "CH"),
    ("420", "CZ"),
    ("43", "AT"),
    ("44", "GB"),
    ("45", "DK"),
    ("46", "SE"),
    ("47", "NO"),
    ("48", "PL"),
    ("49", "DE"),
    ("52", "MX"),
    ("54", "AR"),
    ("55", "BR"),
    ("56", "CL"),
    ("57", "CO"),
    ("61", "AU"),
    ("63", "PH"),
    ("64", "NZ"),
    ("65", "SG"),
    ("81", "JP"),
    ("82", "KR"),
    ("90", "TR"),
    ("91", "IN"),
    ("972", "IL"),
];

/// Adds `{role}City`, `State`, `Zip` and `Country` of a number; nothing for what is no number.
pub(super) fn push_place(params: &mut Params, names: [&'static str; 4], number: &str) {
    let Some(digits) = number.strip_prefix('+') else {
        return;
    };
    let Place {
        city,
        state,
        zip,
        country,
    } = place(digits);
    for (name, value) in names.into_iter().zip([city, state, zip, country]) {
        push(params, name, value);
    }
}

fn place(digits: &str) -> Place {
    let Some(national) = digits.strip_prefix('1') else {
        let known = COUNTRIES.iter().find(|(code, _)| digits.starts_with(code));
        return Place {
            country: known.map_or("", |(_, country)| country),
            ..Place::default()
        };
    };
    let area_code = national.get(..3).and_then(|code| code.parse().ok()).unwrap_or(0);
    if let Some((state, city, _)) = PROVINCES.iter().find(|(_, _, codes)| codes.contains(&area_code)) {
        return Place {
            city,
            state,
            zip: "",
            country: "CA",
        };
    }
    let country = "US";
    let Some(state) = state_of(area_code) else {
        // Toll-free numbers are everywhere, other codes of +1 in another country.
        let country = if TOLL_FREE.contains(&area_code) {
            country
        } else {
            ""
        };
        return Place {
            country,
            ..Place::default()
        };
    };
    let (city, zip) = city_of(area_code).unwrap_or_default();
    Place {
        city,
        state,
        zip,
        country,
    }
}

/// The city of a US area code, and a postal code in it.
pub(super) fn city_of(area_code: u16) -> Option<(&'static str, &'static str)> {
    let state = state_of(area_code)?;
    let own = CITIES.iter().find(|(code, ..)| *code == area_code);
    let first = STATES.iter().find(|(name, ..)| *name == state);
    own.map(|(_, city, zip)| (*city, *zip))
        .or_else(|| first.map(|(_, city, zip)| (*city, *zip)))
}

#[cfg(test)]
mod tests {
    use super::super::area_codes;
    use super::*;

    #[test]
    fn numbers_are_where_their_area_code_is() {
        let of = |number| {
            let mut params = Params::new();
            push_place(
                &mut params,
                ["FromCity", "FromState", "FromZip", "FromCountry"],
                number,
            );
            params
                .into_iter()
                .map(|(_, value)| value)
                .collect::<Vec<String>>()
        };
        assert_eq!(of("+14155550100"), ["SAN FRANCISCO", "CA", "94105", "US"]);
        assert_eq!(of("+13125550100"), ["CHICAGO", "IL", "60602", "US"]);
        assert_eq!(of("+14165550100"), ["TORONTO", "ON", "", "CA"]);
        assert_eq!(of("+18005550100"), ["", "", "", "US"]);
        assert_eq!(of("+4930901820"), ["", "", "", "DE"]);
        assert_eq!(of("anonymous").len(), 0);
    }

    #[test]
    fn every_state_has_a_city() {
        for (state, _) in area_codes::all() {
            assert!(STATES.iter().any(|(name, ..)| *name == state), "{state}");
        }
    }
}

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

/// A city of the United States: a postal code in its middle, and where that is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct City {
    pub(super) name: &'static str,
    pub(super) zip: &'static str,
    pub(super) at: Point,
}

/// Degrees north and east.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point {
    pub(crate) latitude: f64,
    pub(crate) longitude: f64,
}

impl Point {
    /// Miles along the earth's surface.
    pub(super) fn miles_to(self, other: Self) -> f64 {
        const EARTH_RADIUS_MILES: f64 = 3_958.8;
        let (from, to) = (self.latitude.to_radians(), other.latitude.to_radians());
        let half = |degrees: f64| (degrees.to_radians() / 2.0).sin().powi(2);
        let across = half(other.longitude - self.longitude) * from.cos() * to.cos();
        let chord = half(other.latitude - self.latitude) + across;
        2.0 * EARTH_RADIUS_MILES * chord.sqrt().min(1.0).asin()
    }
}

const fn city(name: &'static str, zip: &'static str, latitude: f64, longitude: f64) -> City {
    let at = Point { latitude, longitude };
    City { name, zip, at }
}

/// Area codes whose city is not the first of their state.
const CITIES: [(u16, City); 24] = [
    (210, city("SAN ANTONIO", "78205", 29.42, -98.49)),
    (214, city("DALLAS", "75201", 32.78, -96.80)),
    (216, city("CLEVELAND", "44113", 41.50, -81.69)),
    (305, city("MIAMI", "33130", 25.77, -80.19)),
    (404, city("ATLANTA", "30303", 33.75, -84.39)),
    (407, city("ORLANDO", "32801", 28.54, -81.38)),
    (408, city("SAN JOSE", "95113", 37.34, -121.89)),
    (412, city("PITTSBURGH", "15219", 40.44, -80.00)),
    (415, city("SAN FRANCISCO", "94105", 37.77, -122.42)),
    (510, city("OAKLAND", "94612", 37.80, -122.27)),
    (512, city("AUSTIN", "78701", 30.27, -97.74)),
    (513, city("CINCINNATI", "45202", 39.10, -84.51)),
    (515, city("DES MOINES", "50309", 41.59, -93.62)),
    (518, city("ALBANY", "12207", 42.65, -73.76)),
    (619, city("SAN DIEGO", "92101", 32.72, -117.16)),
    (716, city("BUFFALO", "14202", 42.89, -78.88)),
    (813, city("TAMPA", "33602", 27.95, -82.46)),
    (816, city("KANSAS CITY", "64106", 39.10, -94.58)),
    (901, city("MEMPHIS", "38103", 35.15, -90.05)),
    (904, city("JACKSONVILLE", "32202", 30.33, -81.66)),
    (915, city("EL PASO", "79901", 31.76, -106.49)),
    (916, city("SACRAMENTO", "95814", 38.58, -121.49)),
    (918, city("TULSA", "74103", 36.15, -95.99)),
    (919, city("RALEIGH", "27601", 35.78, -78.64)),
];

/// The largest city of each state, with a postal code and a place in its middle.
const STATES: [(&str, City); 56] = [
    ("AK", city("ANCHORAGE", "99501", 61.22, -149.90)),
    ("AL", city("BIRMINGHAM", "35203", 33.52, -86.80)),
    ("AR", city("LITTLE ROCK", "72201", 34.75, -92.29)),
    ("AS", city("PAGO PAGO", "96799", -14.28, -170.70)),
    ("AZ", city("PHOENIX", "85004", 33.45, -112.07)),
    ("CA", city("LOS ANGELES", "90012", 34.05, -118.24)),
    ("CNMI", city("SAIPAN", "96950", 15.18, 145.75)),
    ("CO", city("DENVER", "80202", 39.74, -104.99)),
    ("CT", city("HARTFORD", "06103", 41.76, -72.68)),
    ("DC", city("WASHINGTON", "20001", 38.91, -77.04)),
    ("DE", city("WILMINGTON", "19801", 39.74, -75.55)),
    ("FL", city("MIAMI", "33130", 25.77, -80.19)),
    ("GA", city("ATLANTA", "30303", 33.75, -84.39)),
    ("GU", city("HAGATNA", "96910", 13.47, 144.75)),
    ("HI", city("HONOLULU", "96813", 21.31, -157.86)),
    ("IA", city("DES MOINES", "50309", 41.59, -93.62)),
    ("ID", city("BOISE", "83702", 43.62, -116.20)),
    ("IL", city("CHICAGO", "60602", 41.88, -87.63)),
    ("IN", city("INDIANAPOLIS", "46204", 39.77, -86.16)),
    ("KS", city("WICHITA", "67202", 37.69, -97.34)),
    ("KY", city("LOUISVILLE", "40202", 38.25, -85.76)),
    ("LA", city("NEW ORLEANS", "70112", 29.95, -90.07)),
    ("MA", city("BOSTON", "02108", 42.36, -71.06)),
    ("MD", city("BALTIMORE", "21202", 39.29, -76.61)),
    ("ME", city("PORTLAND", "04101", 43.66, -70.26)),
    ("MI", city("DETROIT", "48226", 42.33, -83.05)),
    ("MN", city("MINNEAPOLIS", "55401", 44.98, -93.27)),
    ("MO", city("SAINT LOUIS", "63101", 38.63, -90.20)),
    ("MS", city("JACKSON", "39201", 32.30, -90.18)),
    ("MT", city("BILLINGS", "59101", 45.78, -108.50)),
    ("NC", city("CHARLOTTE", "28202", 35.23, -80.84)),
    ("ND", city("FARGO", "58102", 46.88, -96.79)),
    ("NE", city("OMAHA", "68102", 41.26, -95.94)),
    ("NH", city("MANCHESTER", "03101", 43.00, -71.45)),
    ("NJ", city("NEWARK", "07102", 40.74, -74.17)),
    ("NM", city("ALBUQUERQUE", "87102", 35.08, -106.65)),
    ("NV", city("LAS VEGAS", "89101", 36.17, -115.14)),
    ("NY", city("NEW YORK", "10007", 40.71, -74.01)),
    ("OH", city("COLUMBUS", "43215", 39.96, -83.00)),
    ("OK", city("OKLAHOMA CITY", "73102", 35.47, -97.52)),
    ("OR", city("PORTLAND", "97204", 45.52, -122.68)),
    ("PA", city("PHILADELPHIA", "19107", 39.95, -75.17)),
    ("PR", city("SAN JUAN", "00901", 18.47, -66.11)),
    ("RI", city("PROVIDENCE", "02903", 41.82, -71.41)),
    ("SC", city("CHARLESTON", "29401", 32.78, -79.93)),
    ("SD", city("SIOUX FALLS", "57104", 43.54, -96.73)),
    ("TN", city("NASHVILLE", "37201", 36.16, -86.78)),
    ("TX", city("HOUSTON", "77002", 29.76, -95.37)),
    ("UT", city("SALT LAKE CITY", "84111", 40.76, -111.89)),
    ("VA", city("RICHMOND", "23219", 37.54, -77.44)),
    ("VI", city("CHARLOTTE AMALIE", "00802", 18.34, -64.93)),
    ("VT", city("BURLINGTON", "05401", 44.48, -73.21)),
    ("WA", city("SEATTLE", "98101", 47.61, -122.33)),
    ("WI", city("MILWAUKEE", "53202", 43.04, -87.91)),
    ("WV", city("CHARLESTON", "25301", 38.35, -81.63)),
    ("WY", city("CHEYENNE", "82001", 41.14, -104.82)),
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

/// The country of a number, if it is known.
pub(super) fn country(number: &str) -> Option<&'static str> {
    let place = place(number.strip_prefix('+')?);
    (!place.country.is_empty()).then_some(place.country)
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
    let city = city_of(area_code);
    Place {
        city: city.map_or("", |city| city.name),
        state,
        zip: city.map_or("", |city| city.zip),
        country,
    }
}

/// The city of a US area code.
pub(super) fn city_of(area_code: u16) -> Option<City> {
    let state = state_of(area_code)?;
    let own = CITIES.iter().find(|(code, _)| *code == area_code);
    let first = STATES.iter().find(|(name, _)| *name == state);
    own.map(|(_, city)| *city).or(first.map(|(_, city)| *city))
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
    fn miles_are_those_of_the_earth() {
        let at = |code| city_of(code).unwrap().at;
        let miles = |from, to| at(from).miles_to(at(to)).round();
        assert!(miles(415, 415) < 1.0);
        assert!((7.0..10.0).contains(&miles(415, 510)), "{}", miles(415, 510));
        assert!((700.0..725.0).contains(&miles(212, 312)), "{}", miles(212, 312));
    }

    #[test]
    fn every_state_has_a_city() {
        for (state, _) in area_codes::all() {
            assert!(STATES.iter().any(|(name, ..)| *name == state), "{state}");
        }
    }
}

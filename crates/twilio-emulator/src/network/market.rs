//! Numbers to buy: the hundred that are set aside for fiction in every area code, less those that are owned.

mod pattern;

use serde_json::{Value, json};

use super::Network;
use super::area_codes::{TOLL_FREE, all, state_of};
use super::geography::{City, Point, city_of};
use super::views::formatted;
use crate::rest::ApiError;
pub(crate) use pattern::Pattern;

/// What is looked for among the numbers to buy.
#[derive(Clone, Debug, Default)]
pub(crate) struct NumberSearch {
    pub(crate) toll_free: bool,
    pub(crate) area_code: Option<u16>,
    pub(crate) contains: Option<Pattern>,
    /// Two letters.
    pub(crate) region: Option<String>,
    pub(crate) city: Option<String>,
    /// As its city.
    pub(crate) rate_center: Option<String>,
    pub(crate) zip: Option<String>,
    pub(crate) near: Option<Near>,
    /// How far what is near may be.
    pub(crate) distance_miles: f64,
    /// It asks for what no number has.
    pub(crate) impossible: bool,
    pub(crate) limit: usize,
}

/// What a number is to be near.
#[derive(Clone, Debug)]
pub(crate) enum Near {
    Point(Point),
    Number(String),
}

/// Where a hundred numbers are.
#[derive(Clone, Copy)]
struct Place {
    state: Option<&'static str>,
    code: u16,
    city: Option<City>,
}

impl NumberSearch {
    /// Whether an area code may have what is looked for; how far it is does not matter here.
    fn covers(&self, place: &Place) -> bool {
        let is = |wanted: &Option<String>, there: Option<&str>| {
            let equal = |wanted: &String| there.is_some_and(|there| wanted.eq_ignore_ascii_case(there));
            wanted.as_ref().is_none_or(equal)
        };
        let city = place.city.map(|city| city.name);
        !self.impossible
            && self.area_code.is_none_or(|wanted| wanted == place.code)
            && is(&self.region, place.state)
            && is(&self.city, city)
            && is(&self.rate_center, city)
            && is(&self.zip, place.city.map(|city| city.zip))
    }

    /// Only what is near enough, nearest first; everything if nearness does not matter.
    fn sort_by_distance(&self, places: Vec<Place>) -> Vec<Place> {
        let middle = match &self.near {
            None => return places,
            Some(Near::Point(point)) => Some(*point),
            Some(Near::Number(number)) => area_code(number).and_then(city_of).map(|city| city.at),
        };
        let miles = |place: &Place| Some(middle?.miles_to(place.city?.at));
        let mut near: Vec<(f64, Place)> = places
            .into_iter()
            .filter_map(|place| Some((miles(&place)?, place)))
            .filter(|(miles, _)| *miles <= self.distance_miles)
            .collect();
        near.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        near.into_iter().map(|(_, place)| place).collect()
    }
}

fn area_code(number: &str) -> Option<u16> {
    number.strip_prefix("+1")?.get(..3)?.parse().ok()
}

impl Network {
    /// Numbers that can be bought now.
    pub(crate) fn search_numbers(&self, search: &NumberSearch) -> Vec<Value> {
        let place = |state, code| Place {
            state,
            code,
            city: city_of(code),
        };
        let mut places: Vec<Place> = if search.toll_free {
            TOLL_FREE.map(|code| place(None, code)).to_vec()
        } else {
            all().map(|(state, code)| place(Some(state), code)).collect()
        };
        places.retain(|place| search.covers(place));
        let wanted = |number: &String| {
            let pattern = search.contains.as_ref();
            pattern.is_none_or(|pattern| pattern.is_in(number))
        };
        search
            .sort_by_distance(places)
            .iter()
            .flat_map(|place| fiction(place.code).map(move |number| (place, number)))
            .filter(|(_, number)| wanted(number) && !self.is_owned(number))
            .take(search.limit)
            .map(|(place, number)| available_json(place, &number))
            .collect()
    }

    /// The first number to buy in an area code, as `POST IncomingPhoneNumbers` takes it.
    pub(crate) fn first_in(&self, area_code: &str) -> Result<String, ApiError> {
        let well_formed = area_code.len() == 3 && !area_code.starts_with(['0', '1']);
        let Some(code) = area_code.parse().ok().filter(|_| well_formed) else {
            let message = format!("Invalid Area Code: {area_code}");
            return Err(ApiError::new(400, 21451, message));
        };
        let known = state_of(code).is_some() || TOLL_FREE.contains(&code);
        let mut numbers = fiction(code).filter(|number| known && !self.is_owned(number));
        numbers.next().ok_or_else(|| {
            let message = format!("No phone numbers found in area code {area_code}");
            ApiError::new(400, 21452, message)
        })
    }

    fn is_owned(&self, e164: &str) -> bool {
        self.numbers.iter().any(|number| number.e164 == e164)
    }
}

/// 555-0100 to 555-0199.
fn fiction(area_code: u16) -> impl Iterator<Item = String> {
    (0..100).map(move |n| format!("+1{area_code}55501{n:02}"))
}

fn available_json(place: &Place, number: &str) -> Value {
    let city = place.city.map(|city| city.name);
    json!({
        "phone_number": number,
        "friendly_name": formatted(number),
        "iso_country": "US",
        "region": place.state,
        "locality": city.map(titled),
        "rate_center": city,
        "lata": null,
        "latitude": place.city.map(|city| city.at.latitude),
        "longitude": place.city.map(|city| city.at.longitude),
        "postal_code": place.city.map(|city| city.zip),
        "address_requirements": "none",
        "beta": false,
        "capabilities": { "voice": true, "sms": false, "mms": false, "fax": false },
    })
}

/// `SAN JOSE` as people write it.
fn titled(name: &str) -> String {
    let word = |word: &str| format!("{}{}", &word[..1], word[1..].to_ascii_lowercase());
    name.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

//! Numbers to buy: the hundred that are set aside for fiction in every area code, less those that are owned.

use serde_json::{Value, json};

use super::Network;
use super::area_codes::{TOLL_FREE, all, state_of};
use super::geography::city_of;
use super::views::formatted;
use crate::rest::ApiError;

/// What is looked for among the numbers to buy.
#[derive(Clone, Debug, Default)]
pub(crate) struct NumberSearch {
    pub(crate) toll_free: bool,
    pub(crate) area_code: Option<u16>,
    /// Digits, `*` for any one of them, letters as on a keypad.
    pub(crate) contains: Option<String>,
    /// Two letters.
    pub(crate) region: Option<String>,
    pub(crate) city: Option<String>,
    /// As its city.
    pub(crate) rate_center: Option<String>,
    pub(crate) zip: Option<String>,
    /// A number whose area code is near enough.
    pub(crate) near: Option<String>,
    /// It asks for what no number has.
    pub(crate) impossible: bool,
    pub(crate) limit: usize,
}

impl NumberSearch {
    /// Whether an area code of a state may have what is looked for.
    fn covers(&self, state: Option<&str>, code: u16) -> bool {
        let is = |wanted: &Option<String>, there: Option<&str>| {
            let equal = |wanted: &String| there.is_some_and(|there| wanted.eq_ignore_ascii_case(there));
            wanted.as_ref().is_none_or(equal)
        };
        let (city, zip) = city_of(code).unzip();
        let near = |number: &String| number.trim_start_matches("+1").starts_with(&code.to_string());
        !self.impossible
            && self.area_code.is_none_or(|wanted| wanted == code)
            && self.near.as_ref().is_none_or(near)
            && is(&self.region, state)
            && is(&self.city, city)
            && is(&self.rate_center, city)
            && is(&self.zip, zip)
    }
}

impl Network {
    /// Numbers that can be bought now.
    pub(crate) fn search_numbers(&self, search: &NumberSearch) -> Vec<Value> {
        let pattern = search.contains.as_deref().map(keypad);
        let places: Vec<(Option<&str>, u16)> = if search.toll_free {
            TOLL_FREE.map(|code| (None, code)).to_vec()
        } else {
            all().map(|(state, code)| (Some(state), code)).collect()
        };
        places
            .into_iter()
            .filter(|(state, code)| search.covers(*state, *code))
            .flat_map(|(state, code)| fiction(code).map(move |number| (state, code, number)))
            .filter(|(.., number)| pattern.as_deref().is_none_or(|pattern| holds(number, pattern)))
            .filter(|(.., number)| !self.is_owned(number))
            .take(search.limit)
            .map(|(state, code, number)| available_json(state, city_of(code), &number))
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

/// Letters as the digits they stand on.
fn keypad(pattern: &str) -> Vec<u8> {
    const KEYS: &[u8; 26] = b"22233344455566677778889999";
    let digit = |byte: u8| match byte {
        b'a'..=b'z' => KEYS[usize::from(byte - b'a')],
        other => other,
    };
    let lower = pattern.to_ascii_lowercase();
    lower.bytes().filter(|byte| *byte != b'+').map(digit).collect()
}

/// Whether the pattern matches somewhere in the number; `*` and `%` are any digit.
fn holds(number: &str, pattern: &[u8]) -> bool {
    let matches = |window: &[u8]| {
        window
            .iter()
            .zip(pattern)
            .all(|(digit, wanted)| matches!(wanted, b'*' | b'%') || digit == wanted)
    };
    !pattern.is_empty() && number.as_bytes().windows(pattern.len()).any(matches)
}

fn available_json(state: Option<&str>, place: Option<(&str, &str)>, number: &str) -> Value {
    let (city, zip) = place.unzip();
    json!({
        "phone_number": number,
        "friendly_name": formatted(number),
        "iso_country": "US",
        "region": state,
        "locality": city.map(titled),
        "rate_center": city,
        "lata": null,
        "latitude": null,
        "longitude": null,
        "postal_code": zip,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_find_digits_and_letters_anywhere() {
        assert!(holds("+14155550100", &keypad("415")));
        assert!(holds("+14155550100", &keypad("555*1")));
        assert!(!holds("+14155550100", &keypad("999")));
        assert_eq!(keypad("SALES"), b"72537");
    }
}

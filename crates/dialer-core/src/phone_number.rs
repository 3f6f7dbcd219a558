//! A phone number the dialer is able to call: a geographic number of the United States.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use crate::area_codes::{self, AreaCode, Place};

/// Longest text that is looked at; nothing that long is a phone number.
const TEXT_LENGTH_MAX: usize = 40;

/// A geographic number of the United States.
///
/// Printed with `{:?}` it shows its area code only, so that no log line carries it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhoneNumber {
    /// The ten digits after `+1`.
    national: u64,
}

/// Why a text is not a number the dialer calls. Each prints as a sentence for the person who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RefusedNumber {
    /// Nothing was entered.
    #[error("The phone number is missing.")]
    Missing,
    /// Something other than digits and their usual separators.
    #[error("This is not a phone number: only digits, spaces and ( ) - . + are expected.")]
    NotANumber,
    /// An extension follows the number.
    #[error("The dialer cannot dial extensions: enter the number without it.")]
    Extension,
    /// Another country's code.
    #[error("Only numbers of the United States can be called: this one has another country's code.")]
    OtherCountryCode,
    /// Not ten digits.
    #[error("A US phone number has ten digits, area code included.")]
    WrongLength,
    /// 800, 888 and their like.
    #[error("Toll-free numbers are not called.")]
    TollFree,
    /// 900: the called party charges the caller.
    #[error("Premium-rate (900) numbers are not called.")]
    Premium,
    /// A country that shares the code +1.
    #[error("This number is in {0}: only numbers of the United States can be called.")]
    Abroad(&'static str),
    /// 211, 911 and their like, as an area code or an exchange.
    #[error("Three digits that end in 11 (such as 911) are a service, not a part of a phone number.")]
    ServiceCode,
    /// No such area code.
    #[error("There is no area code {0:03} in the United States.")]
    UnknownAreaCode(u16),
    /// The exchange begins with 0 or 1.
    #[error("The three digits after the area code cannot begin with 0 or 1.")]
    BadExchange,
}

impl PhoneNumber {
    /// Reads a number as people write it: `(212) 555-0142`, `+1 212 555 0142`, `212.555.0142`.
    ///
    /// The fictional numbers 555-0100 to 555-0199 are accepted: whether a number is assigned is not checked.
    ///
    /// # Errors
    ///
    /// A [`RefusedNumber`] that says why it cannot be called.
    pub fn parse(text: &str) -> Result<Self, RefusedNumber> {
        let digits = national_digits(text.trim())?;
        let national = digits
            .iter()
            .fold(0_u64, |number, digit| number * 10 + u64::from(*digit));
        check_area_code(area_code_of(national))?;
        let exchange = national / 10_000 % 1_000;
        if exchange < 200 {
            return Err(RefusedNumber::BadExchange);
        }
        if exchange % 100 == 11 {
            return Err(RefusedNumber::ServiceCode);
        }
        Ok(Self { national })
    }

    /// The form Twilio and the database use: `+12125550142`.
    #[must_use]
    pub fn e164(self) -> String {
        format!("+1{:010}", self.national)
    }

    /// The form people write: `(212) 555-0142`.
    #[must_use]
    pub fn formatted(self) -> String {
        let (exchange, line) = (self.national / 10_000 % 1_000, self.national % 10_000);
        format!("({:03}) {exchange:03}-{line:04}", self.area_code().get())
    }

    /// The first three digits.
    #[must_use]
    pub fn area_code(self) -> AreaCode {
        area_code_of(self.national)
    }

    /// Where numbers of this area code were issued, and in which zones their people may be.
    #[must_use]
    #[expect(
        clippy::missing_panics_doc,
        reason = "`parse` lets only numbers of listed area codes through"
    )]
    pub fn place(self) -> &'static Place {
        area_codes::place(self.area_code()).expect("only numbers of listed area codes are constructed")
    }
}

fn area_code_of(national: u64) -> AreaCode {
    AreaCode::new(u16::try_from(national / 10_000_000).expect("ten digits have a three-digit area code"))
}

fn national_digits(text: &str) -> Result<[u8; 10], RefusedNumber> {
    if text.is_empty() {
        return Err(RefusedNumber::Missing);
    }
    if text.len() > TEXT_LENGTH_MAX {
        return Err(RefusedNumber::NotANumber);
    }
    let (number, rest) = text.split_at(
        text.find(|c: char| c.is_alphabetic() || c == '#')
            .unwrap_or(text.len()),
    );
    let digits: Vec<u8> = number
        .bytes()
        .filter(u8::is_ascii_digit)
        .map(|byte| byte - b'0')
        .collect();
    if !rest.is_empty() {
        let extension = digits.len() >= 10 && rest.bytes().any(|byte| byte.is_ascii_digit());
        return Err(if extension {
            RefusedNumber::Extension
        } else {
            RefusedNumber::NotANumber
        });
    }
    let separators = [
        ' ', '\u{a0}', '(', ')', '-', '.', '/', '\u{2010}', '\u{2011}', '\u{2013}',
    ];
    let local = number.strip_prefix('+').unwrap_or(number);
    if local
        .chars()
        .any(|c| !c.is_ascii_digit() && !separators.contains(&c))
    {
        return Err(RefusedNumber::NotANumber);
    }
    let international = number.starts_with('+');
    if international && digits.first() != Some(&1) {
        return Err(RefusedNumber::OtherCountryCode);
    }
    let national = match digits.as_slice() {
        [1, national @ ..] if national.len() == 10 => national,
        national if national.len() == 10 && !international => national,
        [0, 1, 1, ..] | [0, 0, ..] => return Err(RefusedNumber::OtherCountryCode),
        _ => return Err(RefusedNumber::WrongLength),
    };
    Ok(national.try_into().expect("both arms checked the length"))
}

fn check_area_code(code: AreaCode) -> Result<(), RefusedNumber> {
    if area_codes::place(code).is_some() {
        return Ok(());
    }
    if let Some(country) = area_codes::country_abroad(code) {
        return Err(RefusedNumber::Abroad(country));
    }
    match code.get() {
        800 | 822 | 833 | 844 | 855 | 866 | 877 | 888 => Err(RefusedNumber::TollFree),
        900 => Err(RefusedNumber::Premium),
        service if service % 100 == 11 => Err(RefusedNumber::ServiceCode),
        unknown => Err(RefusedNumber::UnknownAreaCode(unknown)),
    }
}

impl FromStr for PhoneNumber {
    type Err = RefusedNumber;

    fn from_str(text: &str) -> Result<Self, RefusedNumber> {
        Self::parse(text)
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "({:03}) …", self.area_code().get())
    }
}

impl Serialize for PhoneNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.e164())
    }
}

impl<'de> Deserialize<'de> for PhoneNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::{PhoneNumber, RefusedNumber};

    #[test]
    fn people_write_numbers_in_many_ways() {
        for text in [
            "2125550142",
            "12125550142",
            "+12125550142",
            "+1 (212) 555-0142",
            "212.555.0142",
            " 1-212-555-0142 ",
            "212/555\u{2011}0142",
        ] {
            let number = PhoneNumber::parse(text).unwrap_or_else(|refused| panic!("{text}: {refused}"));
            assert_eq!(number.e164(), "+12125550142");
            assert_eq!(number.formatted(), "(212) 555-0142");
        }
    }

    #[test]
    fn what_is_refused_is_refused_with_its_reason() {
        let refusals = [
            ("", RefusedNumber::Missing),
            ("ask Bob", RefusedNumber::NotANumber),
            ("212-555-0142; drop", RefusedNumber::NotANumber),
            ("1-800-FLOWERS", RefusedNumber::NotANumber),
            ("212-555-0142 x17", RefusedNumber::Extension),
            ("212-555-0142 ext. 17", RefusedNumber::Extension),
            ("+44 20 7946 0018", RefusedNumber::OtherCountryCode),
            ("011 44 20 7946 0018", RefusedNumber::OtherCountryCode),
            ("+2125550142", RefusedNumber::OtherCountryCode),
            ("555-0142", RefusedNumber::WrongLength),
            ("212-555-01422", RefusedNumber::WrongLength),
            ("(800) 555-0142", RefusedNumber::TollFree),
            ("(888) 555-0142", RefusedNumber::TollFree),
            ("(900) 555-0142", RefusedNumber::Premium),
            ("(416) 555-0142", RefusedNumber::Abroad("Canada")),
            ("(876) 555-0142", RefusedNumber::Abroad("Jamaica")),
            ("(911) 555-0142", RefusedNumber::ServiceCode),
            ("(212) 911-0142", RefusedNumber::ServiceCode),
            ("(212) 155-0142", RefusedNumber::BadExchange),
            ("(999) 555-0142", RefusedNumber::UnknownAreaCode(999)),
            ("(055) 555-0142", RefusedNumber::UnknownAreaCode(55)),
        ];
        for (text, expected) in refusals {
            assert_eq!(PhoneNumber::parse(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn every_fictional_number_of_the_united_states_can_be_called() {
        for line in 100..200 {
            assert!(PhoneNumber::parse(&format!("303555{line:04}")).is_ok());
        }
    }

    #[test]
    fn a_log_line_shows_no_more_than_the_area_code() {
        let number = PhoneNumber::parse("2125550142").expect("a valid number");
        assert_eq!(format!("{number:?}"), "(212) …");
    }

    #[test]
    fn it_travels_as_e164() {
        let number = PhoneNumber::parse("2125550142").expect("a valid number");
        let json = serde_json::to_string(&number).expect("a string");
        assert_eq!(json, "\"+12125550142\"");
        assert_eq!(
            serde_json::from_str::<PhoneNumber>(&json).expect("it was written by us"),
            number
        );
    }
}

//! Which of our numbers a lead sees.

use crate::phone_number::PhoneNumber;

/// The most dials of one number in a day before carriers begin to label it as spam.
const PLACED_TODAY_MAX: u32 = 100;

/// One of the campaign's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OurNumber {
    /// The number.
    pub number: PhoneNumber,
    /// Calls placed from it in the last 24 hours.
    pub placed_today_count: u32,
}

/// Picks the number nearest to the called one (same area code, then same region, then same state), the least used among
/// equals, and says why. None if the pool is empty.
///
/// A number past its daily limit is chosen only if all are.
#[must_use]
pub fn choose(to: PhoneNumber, numbers: &[OurNumber]) -> Option<(PhoneNumber, String)> {
    let chosen = numbers.iter().min_by_key(|ours| {
        let tired = ours.placed_today_count >= PLACED_TODAY_MAX;
        (
            tired,
            distance(to, ours.number),
            ours.placed_today_count,
            ours.number,
        )
    })?;
    let why = match distance(to, chosen.number) {
        Distance::AreaCode => format!("Called from a number of area code {}.", to.area_code()),
        Distance::Overlay => format!(
            "Called from a number of the region of area code {}.",
            to.area_code()
        ),
        Distance::State => format!("Called from a number in {}.", to.place().state),
        Distance::Elsewhere => "Called from the least used number of the campaign.".to_owned(),
    };
    Some((chosen.number, why))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Distance {
    AreaCode,
    Overlay,
    State,
    Elsewhere,
}

fn distance(to: PhoneNumber, from: PhoneNumber) -> Distance {
    if to.area_code() == from.area_code() {
        Distance::AreaCode
    } else if to.place().overlay.contains(&from.area_code()) {
        Distance::Overlay
    } else if to.place().state == from.place().state {
        Distance::State
    } else {
        Distance::Elsewhere
    }
}

//! Hours of a day and of a week, local time.

use jiff::civil::{Time, Weekday};
use serde::Deserialize;
use thiserror::Error;

/// Hours within one day: open at `opens`, no longer open at `closes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Bounds")]
pub struct DayHours {
    opens: Time,
    closes: Time,
}

/// The hours end before they begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the hours must open before they close, on the same day")]
pub struct InvalidHours;

impl DayHours {
    /// 9:00 to 20:00, the default.
    pub const NINE_TO_EIGHT: Self = Self {
        opens: Time::constant(9, 0, 0, 0),
        closes: Time::constant(20, 0, 0, 0),
    };

    /// Hours from `opens` up to, not including, `closes`.
    ///
    /// # Errors
    ///
    /// If they would be empty or pass midnight.
    pub fn new(opens: Time, closes: Time) -> Result<Self, InvalidHours> {
        if opens < closes {
            Ok(Self { opens, closes })
        } else {
            Err(InvalidHours)
        }
    }

    /// The first minute.
    #[must_use]
    pub const fn opens(self) -> Time {
        self.opens
    }

    /// The first minute after the last.
    #[must_use]
    pub const fn closes(self) -> Time {
        self.closes
    }

    /// The hours that are in both.
    #[must_use]
    pub fn intersect(self, other: Self) -> Option<Self> {
        Self::new(self.opens.max(other.opens), self.closes.min(other.closes)).ok()
    }
}

#[derive(Deserialize)]
struct Bounds {
    opens: Time,
    closes: Time,
}

impl TryFrom<Bounds> for DayHours {
    type Error = InvalidHours;

    fn try_from(bounds: Bounds) -> Result<Self, InvalidHours> {
        Self::new(bounds.opens, bounds.closes)
    }
}

/// The hours of each day of a week; none for a day without calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(from = "Days")]
pub struct WeekHours([Option<DayHours>; 7]);

impl WeekHours {
    /// One entry for each day, Monday first.
    #[must_use]
    pub const fn new(monday_first: [Option<DayHours>; 7]) -> Self {
        Self(monday_first)
    }

    /// The same hours on all seven days.
    #[must_use]
    pub const fn every_day(hours: DayHours) -> Self {
        Self([Some(hours); 7])
    }

    /// The hours of one day.
    #[must_use]
    pub fn on(self, weekday: Weekday) -> Option<DayHours> {
        let [monday, tuesday, wednesday, thursday, friday, saturday, sunday] = self.0;
        match weekday {
            Weekday::Monday => monday,
            Weekday::Tuesday => tuesday,
            Weekday::Wednesday => wednesday,
            Weekday::Thursday => thursday,
            Weekday::Friday => friday,
            Weekday::Saturday => saturday,
            Weekday::Sunday => sunday,
        }
    }
}

#[derive(Deserialize)]
struct Days {
    weekday: Option<DayHours>,
    saturday: Option<DayHours>,
    sunday: Option<DayHours>,
}

impl From<Days> for WeekHours {
    fn from(
        Days {
            weekday,
            saturday,
            sunday,
        }: Days,
    ) -> Self {
        Self([weekday, weekday, weekday, weekday, weekday, saturday, sunday])
    }
}

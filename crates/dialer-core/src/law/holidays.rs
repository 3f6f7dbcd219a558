//! The federal holidays of the United States (5 USC 6103), on the day itself and on the weekday it is observed.

use jiff::civil::{Date, Weekday, date};

/// Whether a federal holiday falls on this date or is observed on it.
pub(super) fn is_holiday(day: Date) -> bool {
    let observes = |neighbour: Result<Date, jiff::Error>| neighbour.is_ok_and(falls_on);
    falls_on(day)
        || (day.weekday() == Weekday::Friday && observes(day.tomorrow()))
        || (day.weekday() == Weekday::Monday && observes(day.yesterday()))
}

fn falls_on(day: Date) -> bool {
    let fixed = [(1, 1), (6, 19), (7, 4), (11, 11), (12, 25)];
    fixed.contains(&(day.month(), day.day())) || floating(day.year()).contains(&Some(day))
}

/// Martin Luther King, Washington, Memorial, Labor, Columbus and Thanksgiving Day.
fn floating(year: i16) -> [Option<Date>; 6] {
    let nth = |month, nth, weekday| date(year, month, 1).nth_weekday_of_month(nth, weekday).ok();
    [
        nth(1, 3, Weekday::Monday),
        nth(2, 3, Weekday::Monday),
        nth(5, -1, Weekday::Monday),
        nth(9, 1, Weekday::Monday),
        nth(10, 2, Weekday::Monday),
        nth(11, 4, Weekday::Thursday),
    ]
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::is_holiday;

    #[test]
    fn holidays_of_2026_and_the_days_they_are_observed() {
        for day in [
            date(2026, 1, 1),
            date(2026, 1, 19),
            date(2026, 5, 25),
            date(2026, 7, 3),
            date(2026, 7, 4),
            date(2026, 11, 26),
            date(2026, 12, 25),
            date(2027, 12, 31),
        ] {
            assert!(is_holiday(day), "{day}");
        }
        assert!(!is_holiday(date(2026, 11, 24)));
        assert!(!is_holiday(date(2026, 5, 18)));
    }
}

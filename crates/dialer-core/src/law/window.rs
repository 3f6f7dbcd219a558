//! Whether it is calling time now in every zone a number may be in, and when it is next.

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, Time},
};

use super::{Rules, holidays};
use crate::area_codes::Zone;

/// How far ahead an opening is looked for: first as far as it nearly always is, then past any run of days without calls.
const LOOK_AHEAD_DAYS: [i32; 2] = [1, 14];

/// Whether a number may be called now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallingTime {
    /// It is calling time in every zone the number may be in.
    Open {
        /// When it stops being so.
        until: Timestamp,
        /// One sentence per zone.
        reasons: Vec<String>,
    },
    /// In at least one of its zones it is not.
    Closed {
        /// Which zone, and what the hours are there.
        reason: String,
        /// When it next is calling time in all of them; none if the rules leave no such time in two weeks.
        opens: Option<Timestamp>,
    },
}

impl Rules {
    /// Judges this moment.
    #[must_use]
    pub fn calling_time(&self, now: Timestamp) -> CallingTime {
        if let Some(until) = self.open_until(now) {
            let reasons = self
                .place
                .zones
                .iter()
                .map(|zone| self.open_sentence(zone, now))
                .collect();
            return CallingTime::Open { until, reasons };
        }
        let reason = self
            .place
            .zones
            .iter()
            .find_map(|zone| self.closed_sentence(zone, now));
        let reason = reason.unwrap_or_else(|| "The rules leave no time to call this number.".to_owned());
        CallingTime::Closed {
            reason,
            opens: self.next_window(now),
        }
    }

    /// The first moment from `now` on at which the number may be called: `now` itself if it may be called now.
    #[must_use]
    pub fn next_allowed(&self, now: Timestamp) -> Option<Timestamp> {
        if self.open_until(now).is_some() {
            Some(now)
        } else {
            self.next_window(now)
        }
    }

    /// When the first of the zones closes; none if it is not calling time in all of them.
    fn open_until(&self, now: Timestamp) -> Option<Timestamp> {
        let closings = self.place.zones.iter().map(|zone| {
            let local = now.to_zoned(zone.rules.clone());
            let hours = self.hours_on(local.date())?;
            let open = hours.opens() <= local.time() && local.time() < hours.closes();
            instant(zone, local.date(), hours.closes()).filter(|_| open)
        });
        closings.collect::<Option<Vec<Timestamp>>>()?.into_iter().min()
    }

    /// The start of the next time that is calling time in every zone.
    fn next_window(&self, now: Timestamp) -> Option<Timestamp> {
        LOOK_AHEAD_DAYS
            .into_iter()
            .find_map(|days| self.next_window_within(days, now))
    }

    fn next_window_within(&self, days: i32, now: Timestamp) -> Option<Timestamp> {
        let mut zones = self.place.zones.iter();
        let first = self.windows(zones.next()?, days, now);
        let common = zones.fold(first, |common, zone| {
            overlaps(&common, &self.windows(zone, days, now))
        });
        common
            .into_iter()
            .find(|(_, closes)| *closes > now)
            .map(|(opens, _)| opens)
    }

    /// The calling hours of one zone from yesterday on, ascending.
    fn windows(&self, zone: &Zone, days: i32, now: Timestamp) -> Vec<(Timestamp, Timestamp)> {
        let today = now.to_zoned(zone.rules.clone()).date();
        (-1..=days)
            .filter_map(|offset| {
                let day = today.checked_add(offset.days()).ok()?;
                let hours = self.hours_on(day)?;
                Some((
                    instant(zone, day, hours.opens())?,
                    instant(zone, day, hours.closes())?,
                ))
            })
            .collect()
    }

    fn open_sentence(&self, zone: &Zone, now: Timestamp) -> String {
        let local = now.to_zoned(zone.rules.clone());
        let hours = self.hours_on(local.date());
        let hours = hours.map(|hours| format!("{} to {}", clock(hours.opens()), clock(hours.closes())));
        format!(
            "It is {} in {}; calling hours are {}.",
            clock(local.time()),
            zone.city(),
            hours.unwrap_or_default()
        )
    }

    /// Why it is not calling time in this zone; none if it is.
    fn closed_sentence(&self, zone: &Zone, now: Timestamp) -> Option<String> {
        let local = now.to_zoned(zone.rules.clone());
        let (day, time, city) = (local.date(), local.time(), zone.city());
        let Some(hours) = self.hours_on(day) else {
            let state = self.state();
            return Some(if holidays::is_holiday(day) {
                format!("Nobody in {state} is called on this holiday.")
            } else {
                format!("Nobody in {state} is called on a {}.", day.strftime("%A"))
            });
        };
        if time < hours.opens() {
            return Some(format!(
                "It is {} in {city}; calling starts at {}.",
                clock(time),
                clock(hours.opens())
            ));
        }
        (time >= hours.closes()).then(|| {
            format!(
                "It is {} in {city}; calling ended at {}.",
                clock(time),
                clock(hours.closes())
            )
        })
    }
}

fn instant(zone: &Zone, day: Date, time: Time) -> Option<Timestamp> {
    zone.rules.to_timestamp(day.to_datetime(time)).ok()
}

fn clock(time: Time) -> String {
    time.strftime("%-H:%M").to_string()
}

/// The overlaps of two ascending lists of windows.
fn overlaps(a: &[(Timestamp, Timestamp)], b: &[(Timestamp, Timestamp)]) -> Vec<(Timestamp, Timestamp)> {
    let mut common = Vec::new();
    for (a_opens, a_closes) in a {
        for (b_opens, b_closes) in b {
            let (opens, closes) = (*a_opens.max(b_opens), *a_closes.min(b_closes));
            if opens < closes {
                common.push((opens, closes));
            }
        }
    }
    common
}

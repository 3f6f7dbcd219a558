//! Lists, newest first, as filtered.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{Network, application_json, conference_json, number_json};
use crate::network::call::Call;
use crate::network::not_found;
use crate::rest::ApiError;
use crate::sid::ConferenceSid;

/// `GET Calls`: what to show.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallFilter {
    pub(crate) to: Option<String>,
    pub(crate) from: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) parent: Option<String>,
    /// Within this day.
    pub(crate) started_on: Option<Timestamp>,
    pub(crate) started_from: Option<Timestamp>,
    pub(crate) started_until: Option<Timestamp>,
    pub(crate) ended_on: Option<Timestamp>,
    pub(crate) ended_from: Option<Timestamp>,
    pub(crate) ended_until: Option<Timestamp>,
}

impl CallFilter {
    fn shows(&self, call: &Call) -> bool {
        // A call that still waits in the queue counts by its creation, or nobody could find it.
        let started = call.dialled_at.unwrap_or(call.created_at);
        let a_day_on = |day: Timestamp| {
            day.saturating_add(SignedDuration::from_hours(24))
                .unwrap_or(Timestamp::MAX)
        };
        self.to.as_ref().is_none_or(|to| *to == call.to)
            && self.from.as_ref().is_none_or(|from| *from == call.from)
            && self
                .status
                .as_ref()
                .is_none_or(|status| status == call.status.rest())
            && self.parent.is_none()
            && self
                .started_on
                .is_none_or(|day| started >= day && started < a_day_on(day))
            && self.started_from.is_none_or(|from| started >= from)
            && self.started_until.is_none_or(|until| started <= until)
            && self.ended_on.is_none_or(|day| {
                call.ended_at
                    .is_some_and(|ended| ended >= day && ended < a_day_on(day))
            })
            && self
                .ended_from
                .is_none_or(|from| call.ended_at.is_some_and(|ended| ended >= from))
            && self
                .ended_until
                .is_none_or(|until| call.ended_at.is_some_and(|ended| ended <= until))
    }
}

/// `GET Conferences`: what to show.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConferenceFilter {
    pub(crate) name: Option<String>,
    pub(crate) status: Option<String>,
}

impl Network {
    pub(crate) fn list_calls(&self, account: &str, filter: &CallFilter) -> Vec<Value> {
        let newest_first = self.call_order.iter().rev().filter_map(|sid| self.calls.get(sid));
        newest_first
            .filter(|call| call.account == account && self.is_visible(call) && filter.shows(call))
            .map(|call| self.call_json(call))
            .collect()
    }

    pub(crate) fn list_conferences(&self, account: &str, filter: &ConferenceFilter) -> Vec<Value> {
        let newest_first = self
            .conference_order
            .iter()
            .rev()
            .filter_map(|sid| self.conferences.get(sid));
        newest_first
            .filter(|conference| conference.account == account)
            .filter(|conference| filter.name.as_ref().is_none_or(|name| *name == conference.name))
            .filter(|conference| {
                filter
                    .status
                    .as_ref()
                    .is_none_or(|status| status == conference.stage.as_str())
            })
            .map(conference_json)
            .collect()
    }

    pub(crate) fn list_participants(
        &self,
        sid: &ConferenceSid,
        muted: Option<bool>,
        hold: Option<bool>,
    ) -> Result<Vec<Value>, ApiError> {
        let conference = self.conferences.get(sid).ok_or_else(|| not_found(sid.as_str()))?;
        let wanted = conference.participants.iter().filter(|participant| {
            muted.is_none_or(|muted| muted == participant.muted)
                && hold.is_none_or(|hold| hold == participant.hold)
        });
        Ok(wanted
            .map(|participant| self.participant_json(conference, participant))
            .collect())
    }

    pub(crate) fn list_applications(&self, account: &str, name: Option<&str>) -> Vec<Value> {
        let wanted = self
            .applications
            .iter()
            .filter(|app| app.account == account && name.is_none_or(|name| name == app.friendly_name));
        wanted.map(application_json).collect()
    }

    /// `pattern` may hold `*` for any digits, or be any part of a number.
    pub(crate) fn list_numbers(
        &self,
        account: &str,
        name: Option<&str>,
        pattern: Option<&str>,
    ) -> Vec<Value> {
        let wanted = self
            .numbers
            .iter()
            .filter(|number| {
                number.account == account && name.is_none_or(|name| name == number.friendly_name)
            })
            .filter(|number| pattern.is_none_or(|pattern| matches(pattern, &number.e164)));
        wanted.map(number_json).collect()
    }
}

/// Whether the parts of `pattern` between its `*` appear in order.
fn matches(pattern: &str, number: &str) -> bool {
    let mut rest = number;
    pattern.split('*').all(|part| match rest.find(part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}

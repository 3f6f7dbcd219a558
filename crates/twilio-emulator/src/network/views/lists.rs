//! Lists, newest first, as filtered.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{Network, application_json, conference_json, number_json};
use crate::network::account::Number;
use crate::network::area_codes::is_toll_free;
use crate::network::call::Call;
use crate::network::not_found;
use crate::network::room::{Conference, Participant};
use crate::rest::ApiError;
use crate::sid::{CallSid, ConferenceSid};

/// A day, or a span of time, to filter by; without any part it is always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct When {
    /// Within this day.
    pub(crate) on: Option<Timestamp>,
    pub(crate) from: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
}

impl When {
    pub(in crate::network) fn includes(self, at: Timestamp) -> bool {
        let day = SignedDuration::from_hours(24);
        let next = |day_start: Timestamp| day_start.saturating_add(day).unwrap_or(Timestamp::MAX);
        self.on.is_none_or(|on| at >= on && at < next(on))
            && self.from.is_none_or(|from| at >= from)
            && self.until.is_none_or(|until| at <= until)
    }
}

/// `GET Calls`: what to show.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallFilter {
    pub(crate) to: Option<String>,
    pub(crate) from: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) parent: Option<String>,
    pub(crate) started: When,
    pub(crate) ended: When,
}

impl CallFilter {
    /// Whether it shows the call as it was at that time.
    fn shows(&self, call: &Call, at: Timestamp) -> bool {
        // A call that still waits in the queue counts by its creation, or nobody could find it.
        let started = call.dialled_at.unwrap_or(call.created_at);
        let ended = call.ended_at.filter(|ended| *ended <= at);
        let is = |wanted: &Option<String>, value: &str| wanted.as_ref().is_none_or(|it| it == value);
        is(&self.to, &call.to)
            && is(&self.from, &call.from)
            && is(&self.status, call.status_at(at).rest())
            && is(&self.parent, call.parent.as_ref().map_or("", CallSid::as_str))
            && self.started.includes(started)
            && (self.ended == When::default() || ended.is_some_and(|at| self.ended.includes(at)))
    }
}

/// `GET Conferences`: what to show.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConferenceFilter {
    pub(crate) name: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) created: When,
    pub(crate) updated: When,
}

impl ConferenceFilter {
    fn shows(&self, conference: &Conference) -> bool {
        let is = |wanted: &Option<String>, value: &str| wanted.as_ref().is_none_or(|it| it == value);
        is(&self.name, &conference.name)
            && is(&self.status, conference.stage.as_str())
            && self.created.includes(conference.created_at)
            && self.updated.includes(conference.updated_at)
    }
}

/// `GET Participants`: what to show.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ParticipantFilter {
    pub(crate) muted: Option<bool>,
    pub(crate) hold: Option<bool>,
    pub(crate) coaching: Option<bool>,
}

impl ParticipantFilter {
    fn shows(self, participant: &Participant) -> bool {
        self.muted.is_none_or(|muted| muted == participant.muted)
            && self.hold.is_none_or(|hold| hold == participant.hold)
            && self
                .coaching
                .is_none_or(|coaching| coaching == participant.coaches.is_some())
    }
}

/// `GET IncomingPhoneNumbers`: what to show.
#[derive(Clone, Debug, Default)]
pub(crate) struct NumberFilter {
    pub(crate) name: Option<String>,
    /// With `*` for any digits, or any part of a number.
    pub(crate) pattern: Option<String>,
    pub(crate) toll_free: Option<bool>,
}

impl NumberFilter {
    fn shows(&self, number: &Number) -> bool {
        let is_part = |pattern: &String| matches(pattern, &number.e164);
        self.name
            .as_ref()
            .is_none_or(|name| *name == number.handling.friendly_name)
            && self.pattern.as_ref().is_none_or(is_part)
            && self
                .toll_free
                .is_none_or(|wanted| wanted == is_toll_free(&number.e164))
    }
}

impl Network {
    pub(crate) fn list_calls(&self, account: &str, filter: &CallFilter) -> Vec<Value> {
        let at = self.reads_at();
        let newest_first = self.call_order.iter().rev().filter_map(|sid| self.calls.get(sid));
        newest_first
            .filter(|call| call.account == account && self.is_visible(call) && filter.shows(call, at))
            .map(|call| self.call_json(call, at))
            .collect()
    }

    pub(crate) fn list_conferences(&self, account: &str, filter: &ConferenceFilter) -> Vec<Value> {
        let newest_first = self
            .conference_order
            .iter()
            .rev()
            .filter_map(|sid| self.conferences.get(sid));
        newest_first
            .filter(|conference| conference.account == account && filter.shows(conference))
            .map(conference_json)
            .collect()
    }

    pub(crate) fn list_participants(
        &self,
        sid: &ConferenceSid,
        filter: ParticipantFilter,
    ) -> Result<Vec<Value>, ApiError> {
        let conference = self.conferences.get(sid).ok_or_else(|| not_found(sid.as_str()))?;
        let wanted = conference.everybody().filter(|it| filter.shows(it));
        Ok(wanted
            .map(|participant| self.participant_json(conference, participant))
            .collect())
    }

    pub(crate) fn list_applications(&self, account: &str, name: Option<&str>) -> Vec<Value> {
        let wanted = self.applications.iter().filter(|app| {
            app.account == account && name.is_none_or(|name| name == app.handling.friendly_name)
        });
        wanted.map(application_json).collect()
    }

    pub(crate) fn list_numbers(&self, account: &str, filter: &NumberFilter) -> Vec<Value> {
        let own = self.numbers.iter().filter(|number| number.account == account);
        own.filter(|number| filter.shows(number))
            .map(number_json)
            .collect()
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

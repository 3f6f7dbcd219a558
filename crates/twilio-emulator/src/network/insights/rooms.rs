//! Summaries of conferences and of who took part in them, from what the event log keeps.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::calls::{kind, state};
use super::{Network, Processing, RowFilter, moment};
use crate::clock::iso8601;
use crate::network::events::Event;
use crate::network::geography::country;
use crate::network::not_found;
use crate::network::room::{Conference, Stage};
use crate::rest::ApiError;
use crate::sid::{CallSid, ConferenceSid};

/// Twilio's default and most.
const PARTICIPANTS_MAX: u32 = 250;

/// One leg's time in a conference.
#[derive(Clone, Debug)]
struct Stay {
    call: String,
    label: Option<String>,
    joined_at: Timestamp,
    left_at: Option<Timestamp>,
}

/// What the log says of one conference.
#[derive(Clone, Debug, Default)]
struct Course {
    started_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    /// In the order of arrival; a leg that came twice is there twice.
    stays: Vec<Stay>,
    at_once_max: usize,
    at_once: usize,
}

impl Course {
    fn take(&mut self, event: &Event) {
        let call = event.field("call").unwrap_or_default().to_owned();
        match &*event.kind {
            "conference.start" => self.started_at = Some(event.at),
            "conference.end" => self.ended_at = Some(event.at),
            "participant.join" => {
                self.at_once += 1;
                self.at_once_max = self.at_once_max.max(self.at_once);
                self.stays.push(Stay {
                    call,
                    label: event.field("label").map(str::to_owned),
                    joined_at: event.at,
                    left_at: None,
                });
            }
            "participant.leave" => {
                self.at_once = self.at_once.saturating_sub(1);
                let mut open = self.stays.iter_mut().rev();
                let stay = open.find(|stay| stay.call == call && stay.left_at.is_none());
                if let Some(stay) = stay {
                    stay.left_at = Some(event.at);
                }
            }
            _ => {}
        }
    }
}

fn seconds(from: Timestamp, to: Timestamp) -> i64 {
    to.duration_since(from).as_secs()
}

impl Network {
    /// One look at the log for all conferences.
    fn courses(&self) -> BTreeMap<String, Course> {
        let mut courses: BTreeMap<String, Course> = BTreeMap::new();
        for event in self.events.iter() {
            if let Some(conference) = event.field("conference") {
                courses.entry(conference.to_owned()).or_default().take(event);
            }
        }
        courses
    }

    /// Newest first.
    pub(crate) fn list_conference_summaries(
        &self,
        holder: &str,
        account: &str,
        filter: &RowFilter,
    ) -> Result<Vec<Value>, ApiError> {
        if !self.holds(holder, account) {
            return Err(not_found(account));
        }
        self.require_insights(account)?;
        let at = |text: &Option<String>| text.as_deref().map(|text| moment(text, self.now)).transpose();
        let (from, until) = (at(&filter.from)?, at(&filter.until)?);
        let courses = self.courses();
        let newest_first = self
            .conference_order
            .iter()
            .rev()
            .filter_map(|sid| self.conferences.get(sid));
        let rows = newest_first
            .filter(|room| room.account == account)
            .filter(|room| from.is_none_or(|from| room.created_at >= from))
            .filter(|room| until.is_none_or(|until| room.created_at <= until))
            .map(|room| self.conference_summary_json(room, &courses));
        Ok(rows.filter(|row| filter.shows(row)).collect())
    }

    pub(crate) fn conference_summary(&self, account: &str, sid: &str) -> Result<Value, ApiError> {
        Ok(self.conference_summary_json(self.insights_room(account, sid)?, &self.courses()))
    }

    fn insights_room(&self, account: &str, sid: &str) -> Result<&Conference, ApiError> {
        self.require_insights(account)?;
        let room = self.conferences.get(&ConferenceSid::from_text(sid));
        room.filter(|room| room.account == account)
            .ok_or_else(|| not_found(sid))
    }

    fn room_processing(&self, course: &Course) -> &'static str {
        match self.processing(course.ended_at) {
            Some(Processing::Complete) => "complete",
            Some(Processing::Partial) | None => "in_progress",
        }
    }

    fn conference_summary_json(&self, room: &Conference, courses: &BTreeMap<String, Course>) -> Value {
        let course = courses.get(room.sid.as_str()).cloned().unwrap_or_default();
        let end = course.ended_at.unwrap_or(self.now);
        let mut callers: Vec<&String> = course.stays.iter().map(|stay| &stay.call).collect();
        callers.sort_unstable();
        callers.dedup();
        let url = format!("{}/v1/Conferences/{}", self.origin, room.sid);
        json!({
            "conference_sid": room.sid,
            "account_sid": room.account,
            "friendly_name": room.name,
            "create_time": iso8601(room.created_at),
            "start_time": course.started_at.map(iso8601),
            "end_time": course.ended_at.map(iso8601),
            "duration_seconds": seconds(room.created_at, end),
            "connect_duration_seconds": course.started_at.map_or(0, |started| seconds(started, end)),
            "status": match room.stage {
                Stage::Waiting => "not_started",
                Stage::Started => "in_progress",
                Stage::Ended => "completed",
            },
            "max_participants": PARTICIPANTS_MAX,
            "max_concurrent_participants": course.at_once_max,
            "unique_participants": callers.len(),
            "end_reason": room.ended.as_ref().map(|ended| ended.reason.replace('-', "_")),
            "ended_by": room.ended.as_ref().and_then(|ended| ended.by.clone()),
            "mixer_region": room.region,
            "mixer_region_requested": room.region,
            "recording_enabled": self.recordings.newest_first_of(room.sid.as_str()).next().is_some(),
            "detected_issues": { "call_quality": 0, "region_configuration": 0, "participant_behavior": 0 },
            "tags": [],
            "tag_info": null,
            "processing_state": self.room_processing(&course),
            "url": url,
            "links": { "conference_participants": format!("{url}/Participants") },
        })
    }

    /// In the order of arrival.
    pub(crate) fn list_stays(&self, account: &str, sid: &str) -> Result<Vec<Value>, ApiError> {
        let room = self.insights_room(account, sid)?;
        let mut courses = self.courses();
        let course = courses.remove(sid).unwrap_or_default();
        let stays = course.stays.iter().enumerate();
        Ok(stays
            .map(|(index, stay)| self.stay_json(room, &course, index, stay))
            .collect())
    }

    fn stay_json(&self, room: &Conference, course: &Course, index: usize, stay: &Stay) -> Value {
        let call = self.calls.get(&CallSid::from_text(&stay.call));
        let last = course.ended_at.unwrap_or(self.now);
        // The leg's own digits, with its place in the room at the end, so that no two stays share a SID.
        let digits = stay.call.get(2..30).unwrap_or_default();
        let sid = format!("CP{digits}{index:04x}");
        json!({
            "participant_sid": sid,
            "label": stay.label,
            "conference_sid": room.sid,
            "call_sid": stay.call,
            "account_sid": room.account,
            "call_direction": call.map(|call| if call.inbound { "inbound" } else { "outbound" }),
            "from": call.map(|call| call.from.clone()),
            "to": call.map(|call| call.to.clone()),
            "call_status": call.map(state),
            "call_type": call.map(kind),
            "country_code": call.and_then(|call| country(if call.inbound { &call.from } else { &call.to })),
            "join_time": iso8601(stay.joined_at),
            "leave_time": stay.left_at.map(iso8601),
            "duration_seconds": seconds(stay.joined_at, stay.left_at.unwrap_or(last)),
            "outbound_queue_length": 0,
            "outbound_time_in_queue": call.map(|call| call.queue_ms),
            "jitter_buffer_size": null,
            "is_coach": false,
            "is_moderator": false,
            "coached_participants": null,
            "participant_region": "us1",
            "conference_region": room.region,
            "processing_state": self.room_processing(course),
            "properties": {},
            "events": {},
            "metrics": {},
            "url": format!("{}/v1/Conferences/{}/Participants/{sid}", self.origin, room.sid),
        })
    }
}

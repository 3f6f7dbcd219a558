//! What REST and the control API show of the network, in Twilio's field names and types.

mod accounts;
mod lists;

use jiff::Timestamp;
use serde_json::{Value, json};

pub(crate) use lists::{CallFilter, ConferenceFilter, NumberFilter, ParticipantFilter, When};

use super::account::settings::{OF_APPLICATIONS, OF_NUMBERS, Setting};
use super::account::{Application, Handling, Number, Routing};
use super::area_codes::is_toll_free;
use super::call::{Call, Endpoint, Party, Status};
use super::room::{Conference, Participant, Stage};
use super::{Network, not_found};
use crate::clock::rfc2822;
use crate::config::Switches;
use crate::rest::ApiError;
use crate::sid::{CallSid, ConferenceSid};

const API_VERSION: &str = "2010-04-01";

impl Network {
    pub(crate) fn switches(&self) -> Switches {
        self.switches
    }

    pub(crate) fn set_switches(&mut self, switches: Switches) {
        self.switches = switches;
    }

    pub(crate) fn call_view(&self, sid: &CallSid) -> Result<Value, ApiError> {
        let call = self.calls.get(sid).ok_or_else(|| not_found(sid.as_str()))?;
        Ok(self.call_json(call, self.now))
    }

    /// What a client that asks for the call is shown.
    pub(crate) fn call_read(&self, sid: &CallSid) -> Result<Value, ApiError> {
        let call = self.calls.get(sid).filter(|call| self.is_visible(call));
        Ok(self.call_json(call.ok_or_else(|| not_found(sid.as_str()))?, self.reads_at()))
    }

    pub(crate) fn conference_view(&self, sid: &ConferenceSid) -> Result<Value, ApiError> {
        let conference = self.conferences.get(sid).ok_or_else(|| not_found(sid.as_str()))?;
        Ok(conference_json(conference))
    }

    pub(crate) fn participant_view(&self, sid: &ConferenceSid, name: &str) -> Result<Value, ApiError> {
        let conference = self.conferences.get(sid).ok_or_else(|| not_found(sid.as_str()))?;
        let participant = conference.everybody().find(|p| p.is_called(name));
        Ok(self.participant_json(conference, participant.ok_or_else(|| not_found(name))?))
    }

    pub(crate) fn application_view(&self, sid: &str) -> Result<Value, ApiError> {
        self.application(sid)
            .map(application_json)
            .ok_or_else(|| not_found(sid))
    }

    pub(crate) fn number_view(&self, sid: &str) -> Result<Value, ApiError> {
        let number = self.numbers.iter().find(|number| number.sid == sid);
        number.map(number_json).ok_or_else(|| not_found(sid))
    }

    /// Every leg the network remembers, oldest first.
    pub(crate) fn legs(&self) -> Vec<Value> {
        self.call_order
            .iter()
            .filter_map(|sid| self.calls.get(sid))
            .map(|call| self.leg_json(call))
            .collect()
    }

    fn leg_json(&self, call: &Call) -> Value {
        let room = call.room.as_ref().and_then(|room| self.conferences.get(room));
        let participant = room.and_then(|room| room.participants.iter().find(|p| p.call == call.sid));
        let (kind, identity, persona) = match &call.party {
            Party::Person(persona) => ("person", None, Some(persona.name.clone())),
            Party::Client(client) => ("client", Some(client.identity.clone()), None),
        };
        json!({
            "sid": call.sid,
            "kind": kind,
            "from": call.from,
            "to": call.to,
            "identity": identity,
            "persona": persona,
            "status": call.status.callback(),
            "call_reason": call.reason,
            "answered_at": call.answered_at,
            "ended_at": call.ended_at,
            "room": room.map(|room| room.name.clone()),
            "conference_sid": call.room,
            "conference_started": room.map(|room| room.stage == Stage::Started),
            "muted": participant.map(|participant| participant.muted),
            "hold": participant.map(|participant| participant.hold),
            "label": participant.and_then(|participant| participant.label.clone()),
        })
    }

    /// The call as it was at that time.
    fn call_json(&self, call: &Call, at: Timestamp) -> Value {
        let was = |moment: &Timestamp| *moment <= at;
        let status = call.status_at(at);
        let uri = format!("{}/Calls/{}", root(&call.account), call.sid);
        let parts = [
            "events",
            "notifications",
            "payments",
            "recordings",
            "siprec",
            "streams",
            "transcriptions",
            "user_defined_message_subscriptions",
            "user_defined_messages",
        ];
        let subresources: serde_json::Map<String, Value> = parts
            .iter()
            .map(|part| ((*part).to_owned(), json!(format!("{uri}/{}.json", camel(part)))))
            .collect();
        json!({
            "sid": call.sid,
            "account_sid": call.account,
            "parent_call_sid": call.shown_parent(),
            "phone_number_sid": self.own_end(call),
            "to": call.to,
            "to_formatted": formatted(&call.to),
            "from": call.from,
            "from_formatted": formatted(&call.from),
            "status": status.rest(),
            "start_time": call.dialled_at.filter(was).map(rfc2822),
            "end_time": call.ended_at.filter(was).map(rfc2822),
            "duration": status.is_final().then(|| call.duration_s().to_string()),
            "price": self.call_price(call).filter(|_| status.is_final()),
            "price_unit": "USD",
            "direction": call.direction(),
            "answered_by": call.answered_by(at),
            "api_version": API_VERSION,
            "forwarded_from": call.forwarded_from,
            "caller_name": call.caller_name,
            "group_sid": null,
            "trunk_sid": call.trunk.as_ref().map(|on| on.trunk.as_str()),
            "queue_time": call.queue_ms.to_string(),
            "date_created": rfc2822(call.created_at),
            "date_updated": rfc2822(call.updated_at.min(at).max(call.created_at)),
            "uri": format!("{uri}.json"),
            "subresource_uris": subresources,
        })
    }

    /// The number of the account that was called or is shown, or the caller id that is shown.
    fn own_end(&self, call: &Call) -> Option<&str> {
        let end = if call.inbound { &call.to } else { &call.from };
        let number = self.numbers.iter().find(|number| number.e164 == *end);
        number
            .map(|number| number.sid.as_str())
            .or_else(|| self.caller_id_of(&call.account, end))
    }

    fn participant_json(&self, conference: &Conference, participant: &Participant) -> Value {
        let call = self.calls.get(&participant.call);
        let status = call.map_or("complete", |call| match call.status {
            Status::Queued => "queued",
            Status::Initiated => "connecting",
            Status::Ringing => "ringing",
            Status::InProgress => "connected",
            Status::Completed => "complete",
            Status::Busy | Status::Failed | Status::NoAnswer | Status::Canceled => "failed",
        });
        let queue_ms = call.map_or(0, |call| call.queue_ms);
        json!({
            "account_sid": conference.account,
            "call_sid": participant.call,
            "conference_sid": conference.sid,
            "label": participant.label,
            "muted": participant.muted,
            "hold": participant.hold,
            "coaching": participant.coaches.is_some(),
            "call_sid_to_coach": participant.coaches,
            "start_conference_on_enter": participant.moderation.start_on_enter,
            "end_conference_on_exit": participant.moderation.end_on_exit,
            "status": status,
            "queue_time": queue_ms.to_string(),
            "date_created": rfc2822(participant.joined_at),
            "date_updated": rfc2822(participant.updated_at),
            "uri": format!("{}/Conferences/{}/Participants/{}.json", root(&conference.account), conference.sid, participant.call),
        })
    }
}

/// Where the resources of an account begin.
pub(super) fn root(account: &str) -> String {
    format!("/{API_VERSION}/Accounts/{account}")
}

pub(super) fn routing_fields(routing: &Routing) -> Value {
    let url = |endpoint: &Option<Endpoint>| endpoint.as_ref().map(|endpoint| endpoint.url.clone());
    let method = |endpoint: &Option<Endpoint>| {
        endpoint
            .as_ref()
            .map_or("POST", |endpoint| endpoint.method.as_str())
    };
    json!({
        "voice_url": url(&routing.voice),
        "voice_method": method(&routing.voice),
        "voice_fallback_url": url(&routing.fallback),
        "voice_fallback_method": method(&routing.fallback),
        "status_callback": url(&routing.callback),
        "status_callback_method": method(&routing.callback),
    })
}

pub(super) fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}

/// `user_defined_messages` as in URIs: `UserDefinedMessages`.
fn camel(name: &str) -> String {
    let word = |word: &str| {
        word.chars()
            .next()
            .map(|c| format!("{}{}", c.to_ascii_uppercase(), &word[1..]))
    };
    name.split('_').filter_map(word).collect()
}

/// `+12025550100` as `(202) 555-0100`; anything else as it is.
pub(super) fn formatted(number: &str) -> String {
    match number.strip_prefix("+1") {
        Some(national) if national.len() == 10 && national.is_ascii() => {
            format!("({}) {}-{}", &national[..3], &national[3..6], &national[6..])
        }
        Some(_) | None => number.to_owned(),
    }
}

fn conference_json(conference: &Conference) -> Value {
    let uri = format!("{}/Conferences/{}", root(&conference.account), conference.sid);
    json!({
        "sid": conference.sid,
        "account_sid": conference.account,
        "friendly_name": conference.name,
        "status": conference.stage.as_str(),
        "region": conference.region,
        "reason_conference_ended": conference.ended.as_ref().map(|ended| ended.reason),
        "call_sid_ending_conference": conference.ended.as_ref().and_then(|ended| ended.by.clone()),
        "api_version": API_VERSION,
        "date_created": rfc2822(conference.created_at),
        "date_updated": rfc2822(conference.updated_at),
        "uri": format!("{uri}.json"),
        "subresource_uris": {
            "participants": format!("{uri}/Participants.json"),
            "recordings": format!("{uri}/Recordings.json"),
        },
    })
}

fn application_json(application: &Application) -> Value {
    let mut view = handling_fields(&application.handling, &OF_APPLICATIONS);
    let own = json!({
        "sid": application.sid,
        "account_sid": application.account,
        "date_created": rfc2822(application.created_at),
        "date_updated": rfc2822(application.updated_at),
        "uri": format!("{}/Applications/{}.json", root(&application.account), application.sid),
    });
    merge(&mut view, own);
    view
}

fn number_json(number: &Number) -> Value {
    let mut view = handling_fields(&number.handling, &OF_NUMBERS);
    let own = json!({
        "sid": number.sid,
        "account_sid": number.account,
        "phone_number": number.e164,
        "voice_application_sid": number.application_sid,
        "trunk_sid": number.trunk_sid,
        "capabilities": { "voice": true, "sms": false, "mms": false, "fax": false },
        "beta": false,
        "origin": "twilio",
        "status": "in-use",
        "type": if is_toll_free(&number.e164) { "toll-free" } else { "local" },
        "address_requirements": "none",
        "emergency_address_status": "unregistered",
        "date_created": rfc2822(number.created_at),
        "date_updated": rfc2822(number.updated_at),
        "uri": number.path(),
    });
    merge(&mut view, own);
    view
}

/// What applications and numbers have in common.
fn handling_fields(handling: &Handling, settings: &[Setting]) -> Value {
    let mut view = routing_fields(&handling.routing);
    merge(&mut view, handling.settings.fields(settings));
    view["friendly_name"] = json!(handling.friendly_name);
    view["api_version"] = json!(API_VERSION);
    view
}

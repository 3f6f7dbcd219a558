//! `Participants` of a conference: call somebody into it, look up, list, change, remove.

use std::ops::RangeInclusive;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;

use super::ApiError;
use super::ask::{Answer, Ask};
use super::form::Form;
use super::order::{self, refuse};
use super::recordings::recording_callback;
use crate::network::{Endpoint, ParticipantChanges, ParticipantFilter, ParticipantOrder, is_label};
use crate::sid::{CallSid, ConferenceSid};
use crate::twiml::{Beep, Callback, Method, Recorded, Room, Track};
use crate::web::Site;

const RING_TIMEOUT_S: RangeInclusive<u32> = 5..=600;
const PARTICIPANTS_MAX: RangeInclusive<usize> = 2..=250;
/// "Failed to validate conference attributes".
const INVALID: u32 = 16002;
const REGIONS: [&str; 8] = ["us1", "us2", "ie1", "sg1", "br1", "au1", "jp1", "de1"];
const ROOM_EVENTS: [&str; 9] = [
    "start",
    "end",
    "join",
    "leave",
    "mute",
    "hold",
    "modify",
    "speaker",
    "announcement",
];

/// What only participants have, besides [`order::PARAMETERS`].
const CREATE: [&str; 33] = [
    "Label",
    "Muted",
    "Beep",
    "EarlyMedia",
    "StartConferenceOnEnter",
    "EndConferenceOnExit",
    "WaitUrl",
    "WaitMethod",
    "MaxParticipants",
    "Coaching",
    "CallSidToCoach",
    "JitterBufferSize",
    "Region",
    "ConferenceRecord",
    "ConferenceTrim",
    "ConferenceStatusCallback",
    "ConferenceStatusCallbackMethod",
    "ConferenceStatusCallbackEvent",
    "ConferenceRecordingStatusCallback",
    "ConferenceRecordingStatusCallbackMethod",
    "ConferenceRecordingStatusCallbackEvent",
    "AmdStatusCallback",
    "AmdStatusCallbackMethod",
    "Passports",
    "CallerDisplayName",
    "EmergencyCallerPosition",
    "EmergencyCallerLocation",
    "EmergencyName",
    "EmergencyAddress",
    "EmergencyZipCode",
    "EmergencyCity",
    "EmergencyState",
    "EmergencyCountry",
];
const UPDATE: [&str; 12] = [
    "Muted",
    "Hold",
    "HoldUrl",
    "HoldMethod",
    "AnnounceUrl",
    "AnnounceMethod",
    "WaitUrl",
    "WaitMethod",
    "BeepOnExit",
    "EndConferenceOnExit",
    "Coaching",
    "CallSidToCoach",
];

pub(super) fn routes() -> Router<Site> {
    let all = "/Conferences/{conference}/Participants.json";
    let one = "/Conferences/{conference}/Participants/{participant}";
    Router::new()
        .route(all, get(list).post(create))
        .route(one, get(fetch).post(update).delete(kick))
}

async fn create(ask: Ask) -> Answer {
    ask.only(&[&order::PARAMETERS[..], &CREATE].concat()).await?;
    let detection = super::amd::read_for_participant(&ask.form)?;
    let order = ParticipantOrder {
        conference: ask.name(0),
        call: order::order(&ask.account, &ask.form, &RING_TIMEOUT_S)?,
        room: room(&ask.form)?,
        early_media: ask.form.flag("EarlyMedia")?.unwrap_or(true),
    };
    ask.made(move |network, _| {
        let call = order::with_detection(network, order.call, detection)?;
        let (conference, call) = network.create_participant(ParticipantOrder { call, ..order })?;
        network.participant_view(&conference, call.as_str())
    })
    .await
}

async fn list(ask: Ask) -> Answer {
    let sid = ConferenceSid::from_text(&ask.name(0));
    let filter = ParticipantFilter {
        muted: ask.form.flag("Muted")?,
        hold: ask.form.flag("Hold")?,
        coaching: ask.form.flag("Coaching")?,
    };
    ask.list(
        "participants",
        &["Muted", "Hold", "Coaching"],
        move |network, account| {
            network.require(account, sid.as_str())?;
            network.list_participants(&sid, filter)
        },
    )
    .await
}

async fn fetch(ask: Ask) -> Answer {
    let (sid, name) = (ConferenceSid::from_text(&ask.name(0)), ask.name(1));
    ask.read(move |network, account| {
        network.require(account, sid.as_str())?;
        network.participant_view(&sid, &name)
    })
    .await
}

async fn update(ask: Ask) -> Answer {
    ask.only(&UPDATE).await?;
    let (sid, name) = (ConferenceSid::from_text(&ask.name(0)), ask.name(1));
    let form = &ask.form;
    let changes = ParticipantChanges {
        muted: form.flag("Muted")?,
        hold: form.flag("Hold")?,
        hold_music: form.endpoint_or("HoldUrl", "HoldMethod", 21_205, Method::Get)?,
        end_on_exit: form.flag("EndConferenceOnExit")?,
        announcement: form.endpoint("AnnounceUrl", "AnnounceMethod", 21_205)?,
        coaching: form
            .flag("Coaching")?
            .or(form.text("CallSidToCoach").map(|_| true)),
        call_to_coach: form.text("CallSidToCoach").map(CallSid::from_text),
        wait: wait(form, 21_205)?,
        beep_on_exit: form.flag("BeepOnExit")?,
    };
    ask.show(move |network, account| {
        network.require(account, sid.as_str())?;
        network.update_participant(&sid, &name, &changes)?;
        network.participant_view(&sid, &name)
    })
    .await
}

async fn kick(ask: Ask) -> Result<StatusCode, ApiError> {
    let (sid, name) = (ConferenceSid::from_text(&ask.name(0)), ask.name(1));
    ask.gone(move |network, account| {
        network.require(account, sid.as_str())?;
        network.kick(&sid, &name)
    })
    .await
}

/// How the participant takes part.
fn room(form: &Form) -> Result<Room, ApiError> {
    form.one_of("JitterBufferSize", &["small", "medium", "large", "off"])?;
    let flag = |name: &str, default: bool| Ok::<_, ApiError>(form.flag(name)?.unwrap_or(default));
    let participants_max = form.number("MaxParticipants")?.unwrap_or(*PARTICIPANTS_MAX.end());
    if !PARTICIPANTS_MAX.contains(&participants_max) {
        return Err(refuse(INVALID, "MaxParticipants must be from 2 to 250"));
    }
    let wait = wait(form, INVALID)?;
    let coach = form.text("CallSidToCoach");
    let coaching = flag("Coaching", coach.is_some())?;
    let coach = coach.filter(|_| coaching);
    if coaching && coach.is_none() {
        return Err(refuse(13240, "Coaching needs CallSidToCoach"));
    }
    Ok(Room {
        name: String::new(),
        muted: flag("Muted", false)?,
        beep: match form.one_of("Beep", &["true", "false", "onEnter", "onExit"])? {
            None | Some("true") => Beep::Both,
            Some("onEnter") => Beep::OnEnter,
            Some("onExit") => Beep::OnExit,
            Some(_) => Beep::Never,
        },
        start_on_enter: flag("StartConferenceOnEnter", true)?,
        end_on_exit: flag("EndConferenceOnExit", false)?,
        label: label(form)?,
        wait_method: wait.as_ref().map(|wait| wait.method).unwrap_or_default(),
        wait_url: wait.map(|wait| wait.url),
        participants_max,
        region: form.one_of("Region", &REGIONS)?.map(str::to_owned),
        coach: coach.map(str::to_owned),
        recorded: recorded(form)?,
        callback: callback(form)?,
    })
}

/// `WaitUrl`; given and empty it is silence.
fn wait(form: &Form, code: u32) -> Result<Option<Endpoint>, ApiError> {
    let silence = || Endpoint {
        url: String::new(),
        method: Method::default(),
    };
    let wait = form.endpoint("WaitUrl", "WaitMethod", code)?;
    Ok(wait.or_else(|| form.raw("WaitUrl").map(|_| silence())))
}

fn label(form: &Form) -> Result<Option<String>, ApiError> {
    let Some(label) = form.text("Label") else {
        return Ok(None);
    };
    if !is_label(label) {
        let message = "Participant label invalid: max 128 chars, not a CallSid, no '/'";
        return Err(refuse(16024, message));
    }
    Ok(Some(label.to_owned()))
}

/// `ConferenceRecord`, with where and how.
fn recorded(form: &Form) -> Result<Option<Recorded>, ApiError> {
    let wishes = ["true", "false", "record-from-start", "do-not-record"];
    let wish = form.one_of("ConferenceRecord", &wishes)?;
    let trim = form.one_of("ConferenceTrim", &["trim-silence", "do-not-trim"])?;
    let callback = recording_callback(form, "ConferenceRecording")?;
    let wanted = matches!(wish, Some("true" | "record-from-start"));
    Ok(wanted.then_some(Recorded {
        dual: false,
        from_ringing: false,
        track: Track::Both,
        trim: trim != Some("do-not-trim"),
        callback,
    }))
}

/// Where events of the conference are reported; the first participant's wish counts.
fn callback(form: &Form) -> Result<Option<Callback>, ApiError> {
    let (name, method) = ("ConferenceStatusCallback", "ConferenceStatusCallbackMethod");
    let mut events = form.words("ConferenceStatusCallbackEvent");
    if let Some(unknown) = events.iter().find(|event| !ROOM_EVENTS.contains(&event.as_str())) {
        let message = format!("ConferenceStatusCallbackEvent is never {unknown}");
        return Err(refuse(INVALID, &message));
    }
    if events.is_empty() {
        events = vec!["start".to_owned(), "end".to_owned()];
    }
    let endpoint = form.endpoint(name, method, INVALID)?;
    Ok(endpoint.map(|endpoint| Callback {
        url: endpoint.url,
        method: endpoint.method,
        events,
    }))
}

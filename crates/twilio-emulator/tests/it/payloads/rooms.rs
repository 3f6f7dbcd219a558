//! What is told of conferences.

use serde_json::json;

use super::{Values, has, says_exactly};
use crate::floor::{Floor, OWN_NUMBER, PROSPECT, signed_in};
use crate::time::{advance, virtual_floor};

const REP: &str = "+13125550143";
const ROOM: &str = "AccountSid ConferenceSid FriendlyName SequenceNumber StatusCallbackEvent Timestamp";
const PARTICIPANT: &str =
    "CallSid Coaching EndConferenceOnExit Hold Muted ParticipantLabel StartConferenceOnEnter";

/// Calls `number` into the room `seat`; gives its call.
pub(super) async fn seat(floor: &Floor, number: &str, label: &str, attributes: &str) -> String {
    floor.listener_at(number).await;
    let callback = floor.application.url("/room");
    let twiml = format!(
        "<Response><Dial><Conference beep=\"false\" waitUrl=\"\" participantLabel=\"{label}\" \
         statusCallback=\"{callback}\" \
         statusCallbackEvent=\"start end join leave mute hold modify speaker announcement\" {attributes}>\
         seat</Conference></Dial></Response>"
    );
    let form = [("To", number), ("From", OWN_NUMBER), ("Twiml", &twiml)];
    let (_, call) = floor.post("Calls.json", &form).await;
    advance(floor, 2_000).await;
    call["sid"].as_str().unwrap().to_owned()
}

/// A representative and a lead in a room: their calls and the conference.
pub(super) async fn two(floor: &Floor, rep_ends: bool) -> (String, String, String) {
    let attributes = format!("endConferenceOnExit=\"{rep_ends}\"");
    let rep = seat(floor, REP, "rep", &attributes).await;
    let lead = seat(floor, PROSPECT, "lead", "").await;
    let rooms = floor.get("Conferences.json?FriendlyName=seat").await;
    let room = rooms["conferences"][0]["sid"].as_str().unwrap().to_owned();
    (rep, lead, room)
}

/// An event, whom it is about, what it says besides, and values.
struct Told(&'static str, Option<&'static str>, &'static str, Values<'static>);

const STORY: [Told; 14] = [
    Told(
        "participant-join",
        Some("rep"),
        "",
        &[("EndConferenceOnExit", "true")],
    ),
    Told(
        "participant-join",
        Some("lead"),
        "",
        &[("StartConferenceOnEnter", "true")],
    ),
    Told("conference-start", None, "", &[]),
    Told("announcement-end", None, "AnnounceUrl", &[]),
    Told(
        "participant-mute",
        Some("lead"),
        "",
        &[("Muted", "true"), ("Hold", "false")],
    ),
    Told("participant-unmute", Some("lead"), "", &[("Muted", "false")]),
    Told(
        "participant-hold",
        Some("lead"),
        "",
        &[("Muted", "false"), ("Hold", "true")],
    ),
    Told("participant-unhold", Some("lead"), "", &[("Hold", "false")]),
    Told(
        "participant-modify",
        Some("lead"),
        "",
        &[("EndConferenceOnExit", "true")],
    ),
    Told(
        "announcement-fail",
        Some("lead"),
        "AnnounceUrl ReasonAnnouncementFailed",
        &[],
    ),
    Told(
        "participant-modify",
        Some("rep"),
        "CallSidToCoach",
        &[("Coaching", "true")],
    ),
    Told(
        "participant-leave",
        Some("rep"),
        "CallSidToCoach ParticipantCallStatus ReasonParticipantLeft",
        &[
            ("ParticipantCallStatus", "completed"),
            ("ReasonParticipantLeft", "participant_hung_up"),
        ],
    ),
    Told(
        "participant-leave",
        Some("lead"),
        "ParticipantCallStatus ReasonParticipantLeft",
        &[
            ("ParticipantCallStatus", "in-progress"),
            ("ReasonParticipantLeft", "moderator_ended_conference"),
        ],
    ),
    Told(
        "conference-end",
        None,
        "CallSidEndingConference ParticipantLabelEndingConference Reason ReasonConferenceEnded",
        &[
            ("ParticipantLabelEndingConference", "rep"),
            (
                "ReasonConferenceEnded",
                "participant-with-end-conference-on-exit-left",
            ),
        ],
    ),
];

#[tokio::test]
async fn events_of_a_conference() {
    let floor = virtual_floor().await;
    let (rep, lead, room) = two(&floor, true).await;
    floor
        .application
        .says("/announcement", "<Say>Two minutes left.</Say>");
    floor.application.says("/broken", "<Dial>");
    let (announcement, broken) = (
        floor.application.url("/announcement"),
        floor.application.url("/broken"),
    );
    let room_path = format!("Conferences/{room}.json");
    let [lead_path, rep_path] =
        ["lead", "rep"].map(|who| format!("Conferences/{room}/Participants/{who}.json"));
    let rep_call = format!("Calls/{rep}.json");
    let coach = [("Coaching", "true"), ("CallSidToCoach", lead.as_str())];
    for (path, form) in [
        (&room_path, &[("AnnounceUrl", announcement.as_str())][..]),
        (&lead_path, &[("Muted", "true")]),
        (&lead_path, &[("Muted", "false")]),
        (&lead_path, &[("Hold", "true")]),
        (&lead_path, &[("Hold", "false")]),
        (&lead_path, &[("EndConferenceOnExit", "true")]),
        (&lead_path, &[("AnnounceUrl", broken.as_str())]),
        (&rep_path, &coach),
        (&rep_call, &[("Status", "completed")]),
    ] {
        floor.post(path, form).await;
        advance(&floor, 10_000).await;
    }
    let told = floor.application.received("/room");
    assert_eq!(told.len(), STORY.len(), "{told:#?}");
    for (n, (request, Told(event, label, more, values))) in told.iter().zip(STORY).enumerate() {
        let about = if label.is_some() { PARTICIPANT } else { "" };
        says_exactly(event, request, &[ROOM, about, more]);
        has(event, request, values);
        let sequence = (n + 1).to_string();
        let common = [
            ("StatusCallbackEvent", event),
            ("ConferenceSid", room.as_str()),
            ("FriendlyName", "seat"),
            ("SequenceNumber", sequence.as_str()),
        ];
        has(event, request, &common);
        if let Some(label) = label {
            let call = if label == "rep" { &rep } else { &lead };
            has(event, request, &[("CallSid", call), ("ParticipantLabel", label)]);
        }
    }
    has("coach", &told[10], &[("CallSidToCoach", &lead)]);
    has("end", &told[13], &[("CallSidEndingConference", &rep)]);
    floor.close().await;
}

/// How somebody comes out of a conference.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Exit {
    HangsUp,
    IsKicked,
    IsEnded,
}

async fn come_out(floor: &Floor, exit: Exit, room: &str, call: &str) {
    let end = [("Status", "completed")];
    match exit {
        Exit::HangsUp => {
            floor.post(&format!("Calls/{call}.json"), &end).await;
        }
        Exit::IsEnded => {
            floor.post(&format!("Conferences/{room}.json"), &end).await;
        }
        Exit::IsKicked => {
            let path = floor.rest(&format!("Conferences/{room}/Participants/{call}.json"));
            let kicked = signed_in(floor.client.delete(path)).await;
            assert_eq!(kicked.status(), 204);
            assert_eq!(kicked.text().await.unwrap(), "");
        }
    }
}

#[tokio::test]
async fn how_a_conference_ended_and_why_people_left_it() {
    let (hung_up, by_api) = ("participant_hung_up", "participant_updated_via_api");
    for (exit, rep_ends, why, reason, status) in [
        (
            Exit::HangsUp,
            true,
            "participant-with-end-conference-on-exit-left",
            hung_up,
            "completed",
        ),
        (
            Exit::IsKicked,
            true,
            "participant-with-end-conference-on-exit-kicked",
            by_api,
            "in-progress",
        ),
        (
            Exit::HangsUp,
            false,
            "last-participant-left",
            hung_up,
            "completed",
        ),
        (
            Exit::IsKicked,
            false,
            "last-participant-kicked",
            by_api,
            "in-progress",
        ),
        (
            Exit::IsEnded,
            false,
            "conference-ended-via-api",
            "conference_ended_via_api",
            "in-progress",
        ),
    ] {
        let floor = virtual_floor().await;
        let (rep, lead, room) = two(&floor, rep_ends).await;
        come_out(&floor, exit, &room, &rep).await;
        if !rep_ends {
            come_out(&floor, exit, &room, &lead).await;
        }
        advance(&floor, 2_000).await;
        let told = floor.application.received("/room");
        let mut events = told.iter();
        let left = events.find(|it| it.params["StatusCallbackEvent"] == "participant-leave");
        let values = [
            ("ReasonParticipantLeft", reason),
            ("ParticipantCallStatus", status),
            ("CallSid", rep.as_str()),
        ];
        has(why, left.unwrap(), &values);
        let last = if rep_ends { &rep } else { &lead };
        let ending = (exit != Exit::IsEnded).then_some(last);
        let end = told.last().unwrap();
        let values = [
            ("StatusCallbackEvent", "conference-end"),
            ("ReasonConferenceEnded", why),
        ];
        has(why, end, &values);
        assert_eq!(end.params.get("CallSidEndingConference"), ending, "{why}");
        let view = floor.get(&format!("Conferences/{room}.json")).await;
        assert_eq!(view["status"], "completed", "{why}");
        assert_eq!(view["reason_conference_ended"], why);
        assert_eq!(view["call_sid_ending_conference"], json!(ending), "{why}");
        floor.close().await;
    }
}

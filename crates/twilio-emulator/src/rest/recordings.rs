//! `Recordings` of the account, of calls and of conferences, and their sound.

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::ApiError;
use super::ask::{Answer, Ask};
use super::form::Form;
use crate::network::{RecordingChange, RecordingFilter, RecordingTrack, RecordingWish};
use crate::twiml::Callback;
use crate::web::Site;

/// `GET Recordings`; below a call or a conference those two go without saying.
const LIST: [&str; 6] = [
    "CallSid",
    "ConferenceSid",
    "DateCreated",
    "DateCreated<",
    "DateCreated>",
    "IncludeSoftDeleted",
];
const EVENTS: [&str; 3] = ["in-progress", "completed", "absent"];

pub(super) fn routes() -> Router<Site> {
    let mut routes = Router::new()
        .route("/Recordings.json", get(list))
        .route("/Recordings/{recording}", get(fetch).delete(delete));
    for owner in ["Calls", "Conferences"] {
        routes = routes
            .route(
                &format!("/{owner}/{{owner}}/Recordings.json"),
                get(list_of).post(start),
            )
            .route(
                &format!("/{owner}/{{owner}}/Recordings/{{recording}}"),
                get(fetch_of).post(update).delete(delete_of),
            );
    }
    routes
}

async fn start(ask: Ask) -> Answer {
    ask.only(&[
        "RecordingStatusCallback",
        "RecordingStatusCallbackMethod",
        "RecordingStatusCallbackEvent",
        "RecordingChannels",
        "RecordingTrack",
        "Trim",
    ])
    .await?;
    let (owner, wish) = (ask.name(0), wish(&ask.form, "Trim", false)?);
    ask.made(move |network, account| {
        network.require(account, &owner)?;
        let sid = network.start_recording_of(&owner, &wish)?;
        network.recording_view(account, &sid)
    })
    .await
}

/// How `form` wants something recorded.
pub(super) fn wish(form: &Form, trim: &str, trim_default: bool) -> Result<RecordingWish, ApiError> {
    let track = match form.text("RecordingTrack") {
        None | Some("both") => RecordingTrack::Both,
        Some("inbound") => RecordingTrack::Inbound,
        Some("outbound") => RecordingTrack::Outbound,
        Some(other) => return Err(ApiError::parameter(format!("RecordingTrack may not be {other}"))),
    };
    let dual = match form.text("RecordingChannels") {
        None | Some("mono") => false,
        Some("dual") => true,
        Some(other) => {
            return Err(ApiError::parameter(format!(
                "RecordingChannels may not be {other}"
            )));
        }
    };
    let trim = match form.text(trim) {
        None => trim_default,
        Some("trim-silence") => true,
        Some("do-not-trim") => false,
        Some(other) => return Err(ApiError::parameter(format!("Trim may not be {other}"))),
    };
    Ok(RecordingWish {
        dual,
        track,
        trim,
        callback: recording_callback(form, "Recording")?,
    })
}

/// `{prefix}StatusCallback` with its method and events.
pub(super) fn recording_callback(form: &Form, prefix: &str) -> Result<Option<Callback>, ApiError> {
    let name = |rest: &str| format!("{prefix}StatusCallback{rest}");
    let endpoint = form.endpoint(&name(""), &name("Method"), 21_609)?;
    let mut events = form.words(&name("Event"));
    if let Some(unknown) = events.iter().find(|event| !EVENTS.contains(&event.as_str())) {
        return Err(ApiError::parameter(format!(
            "{} is never {unknown}",
            name("Event")
        )));
    }
    if events.is_empty() {
        events.push("completed".to_owned());
    }
    Ok(endpoint.map(|endpoint| Callback {
        url: endpoint.url,
        method: endpoint.method,
        events,
    }))
}

async fn update(ask: Ask) -> Answer {
    ask.only(&["Status", "PauseBehavior"]).await?;
    let skip = match ask.form.text("PauseBehavior") {
        None | Some("silence") => false,
        Some("skip") => true,
        Some(other) => return Err(ApiError::parameter(format!("PauseBehavior may not be {other}"))),
    };
    let change = match ask.form.text("Status") {
        Some("paused") => RecordingChange::Pause { skip },
        Some("in-progress") => RecordingChange::Resume,
        Some("stopped") => RecordingChange::Stop,
        Some(other) => return Err(ApiError::parameter(format!("Status may not become {other}"))),
        None => return Err(ApiError::parameter("Status is required")),
    };
    let (owner, name) = (ask.name(0), ask.name(1));
    ask.show(move |network, account| {
        network.require(account, &owner)?;
        let sid = network.change_recording(&owner, &name, change)?;
        network.recording_view(account, &sid)
    })
    .await
}

async fn list(ask: Ask) -> Answer {
    let form = &ask.form;
    let owner = form.text("CallSid").or(form.text("ConferenceSid"));
    let filter = filter(form, owner.map(str::to_owned))?;
    ask.list("recordings", &LIST, move |network, account| {
        Ok(network.list_recordings(account, &filter))
    })
    .await
}

async fn list_of(ask: Ask) -> Answer {
    let owner = ask.name(0);
    let filter = filter(&ask.form, Some(owner.clone()))?;
    ask.list("recordings", &LIST[2..], move |network, account| {
        network.require(account, &owner)?;
        Ok(network.list_recordings(account, &filter))
    })
    .await
}

fn filter(form: &Form, owner: Option<String>) -> Result<RecordingFilter, ApiError> {
    Ok(RecordingFilter {
        owner,
        deleted_too: form.flag("IncludeSoftDeleted")?.unwrap_or(false),
        created: form.when("DateCreated")?,
    })
}

/// `.json` is the resource; `.wav`, `.mp3` and the bare SID are the sound.
async fn fetch(ask: Ask) -> Result<Response, ApiError> {
    let name = ask.name(0);
    if ask.path.strip_suffix(".json").is_some() {
        ask.only(&["IncludeSoftDeleted"]).await?;
        let deleted_too = ask.form.flag("IncludeSoftDeleted")?.unwrap_or(false);
        let shown = ask.show(move |network, account| network.recording_read(account, &name, deleted_too));
        return Ok(shown.await?.into_response());
    }
    let as_mp3 = name.strip_suffix(".mp3");
    let compress = as_mp3.is_some();
    let kind = if compress { "audio/mpeg" } else { "audio/x-wav" };
    let sid = as_mp3.or(name.strip_suffix(".wav")).unwrap_or(&name).to_owned();
    let channels = ask.form.number("RequestedChannels")?;
    let sound = ask
        .run(move |network, account| network.download(account, &sid, channels))
        .await?;
    let file = tokio::task::spawn_blocking(move || if compress { sound.mp3() } else { Ok(sound.wav()) });
    let file = file
        .await
        .map_err(|error| ApiError::new(500, 20500, error.to_string()))??;
    Ok(([(header::CONTENT_TYPE, kind)], file).into_response())
}

async fn fetch_of(ask: Ask) -> Answer {
    let (owner, name) = (ask.name(0), ask.name(1));
    ask.read(move |network, account| {
        network.require(account, &owner)?;
        let sid = network.recording_named(&owner, &name)?;
        network.recording_read(account, &sid, false)
    })
    .await
}

async fn delete(ask: Ask) -> Result<StatusCode, ApiError> {
    let sid = ask.name(0);
    ask.gone(move |network, account| network.delete_recording(account, &sid))
        .await
}

async fn delete_of(ask: Ask) -> Result<StatusCode, ApiError> {
    let (owner, name) = (ask.name(0), ask.name(1));
    ask.gone(move |network, account| {
        network.require(account, &owner)?;
        let sid = network.recording_named(&owner, &name)?;
        network.delete_recording(account, &sid)
    })
    .await
}

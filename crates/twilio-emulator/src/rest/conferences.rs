//! `Conferences` and their `Participants`.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::Value;

use super::form::Form;
use super::page::page;
use super::{ApiError, resource};
use crate::network::{ConferenceFilter, ParticipantChanges};
use crate::sid::{CallSid, ConferenceSid};
use crate::web::Site;

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/Conferences.json", get(list))
        .route("/Conferences/{conference}", get(fetch).post(update))
        .route(
            "/Conferences/{conference}/Participants.json",
            get(list_participants),
        )
        .route(
            "/Conferences/{conference}/Participants/{participant}",
            get(fetch_participant).post(update_participant).delete(kick),
        )
}

async fn list(
    State(site): State<Site>,
    Path(account): Path<String>,
    form: Form,
) -> Result<Json<Value>, ApiError> {
    let filter = ConferenceFilter {
        name: form.text("FriendlyName").map(str::to_owned),
        status: form.text("Status").map(str::to_owned),
    };
    let owner = account.clone();
    let rows = site
        .network
        .ask(move |network| network.list_conferences(&owner, &filter))
        .await?;
    let path = format!("/2010-04-01/Accounts/{account}/Conferences.json");
    Ok(Json(page("conferences", &path, &form, rows)))
}

async fn fetch(
    State(site): State<Site>,
    Path((_, sid)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let sid = ConferenceSid::from_text(&resource(&sid));
    Ok(Json(
        site.network
            .ask(move |network| network.conference_view(&sid))
            .await??,
    ))
}

async fn update(
    State(site): State<Site>,
    Path((_, sid)): Path<(String, String)>,
    form: Form,
) -> Result<Json<Value>, ApiError> {
    let sid = ConferenceSid::from_text(&resource(&sid));
    let complete = match form.text("Status") {
        None => false,
        Some("completed") => true,
        Some(other) => return Err(ApiError::parameter(format!("Status may not become {other}"))),
    };
    let announcement = form.endpoint("AnnounceUrl", "AnnounceMethod", 21_205)?;
    let updated = site.network.ask(move |network| {
        if let Some(announcement) = announcement {
            network.announce(&sid, &announcement)?;
        }
        if complete {
            network.complete_conference(&sid)?;
        }
        network.conference_view(&sid)
    });
    Ok(Json(updated.await??))
}

async fn list_participants(
    State(site): State<Site>,
    Path((account, sid)): Path<(String, String)>,
    form: Form,
) -> Result<Json<Value>, ApiError> {
    let path = format!("/2010-04-01/Accounts/{account}/Conferences/{sid}/Participants.json");
    let sid = ConferenceSid::from_text(&sid);
    let (muted, hold) = (form.flag("Muted")?, form.flag("Hold")?);
    let rows = site
        .network
        .ask(move |network| network.list_participants(&sid, muted, hold))
        .await??;
    Ok(Json(page("participants", &path, &form, rows)))
}

async fn fetch_participant(
    State(site): State<Site>,
    Path((_, sid, name)): Path<(String, String, String)>,
) -> Result<Json<Value>, ApiError> {
    let (sid, name) = (ConferenceSid::from_text(&sid), resource(&name));
    Ok(Json(
        site.network
            .ask(move |network| network.participant_view(&sid, &name))
            .await??,
    ))
}

async fn update_participant(
    State(site): State<Site>,
    Path((_, sid, name)): Path<(String, String, String)>,
    form: Form,
) -> Result<Json<Value>, ApiError> {
    let (sid, name) = (ConferenceSid::from_text(&sid), resource(&name));
    let changes = ParticipantChanges {
        muted: form.flag("Muted")?,
        hold: form.flag("Hold")?,
        hold_music: form.endpoint("HoldUrl", "HoldMethod", 21_205)?,
        end_on_exit: form.flag("EndConferenceOnExit")?,
        announcement: form.endpoint("AnnounceUrl", "AnnounceMethod", 21_205)?,
        coaching: form.flag("Coaching")?,
        call_to_coach: form.text("CallSidToCoach").map(CallSid::from_text),
    };
    let updated = site.network.ask(move |network| {
        network.update_participant(&sid, &name, changes)?;
        network.participant_view(&sid, &name)
    });
    Ok(Json(updated.await??))
}

async fn kick(
    State(site): State<Site>,
    Path((_, sid, name)): Path<(String, String, String)>,
) -> Result<StatusCode, ApiError> {
    let (sid, name) = (ConferenceSid::from_text(&sid), resource(&name));
    site.network
        .ask(move |network| network.kick(&sid, &name))
        .await??;
    Ok(StatusCode::NO_CONTENT)
}

//! `Conferences`: list, look up, announce, end.

use axum::Router;
use axum::routing::get;

use super::ApiError;
use super::ask::{Answer, Ask};
use crate::network::ConferenceFilter;
use crate::sid::ConferenceSid;
use crate::web::Site;

const LIST: [&str; 8] = [
    "FriendlyName",
    "Status",
    "DateCreated",
    "DateCreated<",
    "DateCreated>",
    "DateUpdated",
    "DateUpdated<",
    "DateUpdated>",
];
const STATUSES: [&str; 3] = ["init", "in-progress", "completed"];

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/Conferences.json", get(list))
        .route("/Conferences/{conference}", get(fetch).post(update))
}

async fn list(ask: Ask) -> Answer {
    let form = &ask.form;
    let status = form.text("Status");
    if let Some(status) = status.filter(|status| !STATUSES.contains(status)) {
        return Err(ApiError::parameter(format!("Status is never {status}")));
    }
    let filter = ConferenceFilter {
        name: form.text("FriendlyName").map(str::to_owned),
        status: status.map(str::to_owned),
        created: form.days("DateCreated")?,
        updated: form.days("DateUpdated")?,
    };
    ask.list("conferences", &LIST, move |network, account| {
        Ok(network.list_conferences(account, &filter))
    })
    .await
}

async fn fetch(ask: Ask) -> Answer {
    let sid = ConferenceSid::from_text(&ask.name(0));
    ask.read(move |network, account| {
        network.require(account, sid.as_str())?;
        network.conference_view(&sid)
    })
    .await
}

async fn update(ask: Ask) -> Answer {
    ask.only(&["Status", "AnnounceUrl", "AnnounceMethod"]).await?;
    let sid = ConferenceSid::from_text(&ask.name(0));
    let complete = match ask.form.text("Status") {
        None => false,
        Some("completed") => true,
        Some(other) => return Err(ApiError::parameter(format!("Status may not become {other}"))),
    };
    let announcement = ask.form.endpoint("AnnounceUrl", "AnnounceMethod", 21_205)?;
    ask.show(move |network, account| {
        network.require(account, sid.as_str())?;
        if let Some(announcement) = announcement {
            network.announce(&sid, &announcement)?;
        }
        if complete {
            network.complete_conference(&sid)?;
        }
        network.conference_view(&sid)
    })
    .await
}

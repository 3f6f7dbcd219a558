//! `Notifications`, and the `Notifications` and `Events` of a call.

use axum::Router;
use axum::routing::get;

use super::ApiError;
use super::ask::{Answer, Ask};
use super::form::Form;
use crate::network::NotificationFilter;
use crate::sid::CallSid;
use crate::web::Site;

const LIST: [&str; 4] = ["Log", "MessageDate", "MessageDate<", "MessageDate>"];

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/Notifications.json", get(list))
        .route("/Notifications/{notification}", get(fetch))
        .route("/Calls/{call}/Notifications.json", get(list_of_call))
        .route("/Calls/{call}/Notifications/{notification}", get(fetch_of_call))
        .route("/Calls/{call}/Events.json", get(events))
}

async fn list(ask: Ask) -> Answer {
    let filter = filter(&ask.form)?;
    ask.list("notifications", &LIST, move |network, account| {
        Ok(network.list_notifications(account, None, &filter))
    })
    .await
}

fn filter(form: &Form) -> Result<NotificationFilter, ApiError> {
    Ok(NotificationFilter {
        log: form.text("Log").map(str::to_owned),
        dated: form.days("MessageDate")?,
    })
}

async fn fetch(ask: Ask) -> Answer {
    let sid = ask.name(0);
    ask.read(move |network, account| network.notification_view(account, None, &sid))
        .await
}

async fn list_of_call(ask: Ask) -> Answer {
    let (call, filter) = (ask.name(0), filter(&ask.form)?);
    ask.list("notifications", &LIST, move |network, account| {
        network.require(account, &call)?;
        let call = CallSid::from_text(&call);
        Ok(network.list_notifications(account, Some(&call), &filter))
    })
    .await
}

async fn fetch_of_call(ask: Ask) -> Answer {
    let (call, sid) = (ask.name(0), ask.name(1));
    ask.read(move |network, account| {
        network.require(account, &call)?;
        network.notification_view(account, Some(&CallSid::from_text(&call)), &sid)
    })
    .await
}

async fn events(ask: Ask) -> Answer {
    let call = ask.name(0);
    ask.list("events", &[], move |network, account| {
        network.require(account, &call)?;
        Ok(network.list_call_events(&CallSid::from_text(&call)))
    })
    .await
}

//! `Queues` and their `Members`.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;

use super::ApiError;
use super::ask::{Answer, Ask};
use crate::web::Site;

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/Queues.json", get(list).post(create))
        .route("/Queues/{queue}", get(fetch).post(update).delete(delete))
        .route("/Queues/{queue}/Members.json", get(list_members))
        .route(
            "/Queues/{queue}/Members/{member}",
            get(fetch_member).post(dequeue),
        )
}

async fn create(ask: Ask) -> Answer {
    ask.only(&["FriendlyName", "MaxSize"]).await?;
    let name = ask.form.text("FriendlyName").unwrap_or_default().to_owned();
    let size = ask.form.number("MaxSize")?;
    ask.made(move |network, account| {
        let sid = network.create_queue(account, &name, size)?;
        network.queue_view(account, &sid)
    })
    .await
}

async fn list(ask: Ask) -> Answer {
    ask.list("queues", &[], |network, account| Ok(network.list_queues(account)))
        .await
}

async fn fetch(ask: Ask) -> Answer {
    let sid = ask.name(0);
    ask.read(move |network, account| network.queue_view(account, &sid))
        .await
}

async fn update(ask: Ask) -> Answer {
    ask.only(&["FriendlyName", "MaxSize"]).await?;
    let (sid, name) = (ask.name(0), ask.form.text("FriendlyName").map(str::to_owned));
    let size = ask.form.number("MaxSize")?;
    ask.show(move |network, account| {
        network.update_queue(account, &sid, name, size)?;
        network.queue_view(account, &sid)
    })
    .await
}

async fn delete(ask: Ask) -> Result<StatusCode, ApiError> {
    let sid = ask.name(0);
    ask.gone(move |network, account| network.delete_queue(account, &sid))
        .await
}

async fn list_members(ask: Ask) -> Answer {
    let sid = ask.name(0);
    ask.list("queue_members", &[], move |network, account| {
        network.list_members(account, &sid)
    })
    .await
}

async fn fetch_member(ask: Ask) -> Answer {
    let (sid, member) = (ask.name(0), ask.name(1));
    ask.read(move |network, account| network.member_view(account, &sid, &member))
        .await
}

async fn dequeue(ask: Ask) -> Answer {
    ask.only(&["Url", "Method"]).await?;
    let (sid, member) = (ask.name(0), ask.name(1));
    let to = ask
        .form
        .endpoint("Url", "Method", 21_205)?
        .ok_or_else(|| ApiError::new(400, 21205, "Url parameter is required.".to_owned()))?;
    ask.show(move |network, account| network.dequeue(account, &sid, &member, &to))
        .await
}

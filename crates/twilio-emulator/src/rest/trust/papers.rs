//! `EndUsers` and `SupportingDocuments`.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;

use crate::network::{PaperKind, PaperOrder};
use crate::rest::ApiError;
use crate::rest::ask::{Answer, Ask};
use crate::web::Site;

pub(super) fn routes() -> Router<Site> {
    let mut routes = Router::new();
    for kind in [PaperKind::EndUser, PaperKind::Document] {
        let root = format!("/v1/{}", kind.path());
        routes = routes.route(&root, get(list).post(create)).route(
            &format!("{root}/{{paper}}"),
            get(fetch).post(update).delete(delete),
        );
    }
    routes
}

fn kind(ask: &Ask) -> PaperKind {
    if ask.path.starts_with("/v1/EndUsers") {
        PaperKind::EndUser
    } else {
        PaperKind::Document
    }
}

fn order(ask: &Ask) -> Result<PaperOrder, ApiError> {
    let attributes = ask.form.text("Attributes").map(serde_json::from_str);
    Ok(PaperOrder {
        friendly_name: ask.form.text("FriendlyName").map(str::to_owned),
        attributes: attributes
            .transpose()
            .map_err(|_| ApiError::parameter("Attributes is no JSON"))?,
    })
}

async fn create(ask: Ask) -> Answer {
    ask.only(&["FriendlyName", "Type", "Attributes"]).await?;
    ask.required("FriendlyName")?;
    let (kind, order, machine_name) = (kind(&ask), order(&ask)?, ask.required("Type")?);
    ask.made(move |network, account| {
        let sid = network.create_paper(account, kind, machine_name, order)?;
        network.paper_view(account, kind, &sid)
    })
    .await
}

async fn list(ask: Ask) -> Answer {
    let kind = kind(&ask);
    ask.list_v1("results", &[], move |network, account| {
        Ok(network.list_papers(account, kind))
    })
    .await
}

async fn fetch(ask: Ask) -> Answer {
    let (kind, sid) = (kind(&ask), ask.name(0));
    ask.read(move |network, account| network.paper_view(account, kind, &sid))
        .await
}

async fn update(ask: Ask) -> Answer {
    ask.only(&["FriendlyName", "Attributes"]).await?;
    let (kind, sid, order) = (kind(&ask), ask.name(0), order(&ask)?);
    ask.show(move |network, account| {
        network.update_paper(account, kind, &sid, order)?;
        network.paper_view(account, kind, &sid)
    })
    .await
}

async fn delete(ask: Ask) -> Result<StatusCode, ApiError> {
    let (kind, sid) = (kind(&ask), ask.name(0));
    ask.gone(move |network, account| network.delete_paper(account, kind, &sid))
        .await
}

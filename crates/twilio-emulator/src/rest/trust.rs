//! Trust Hub, as `trusthub.twilio.com` serves it.

mod papers;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;

use super::ApiError;
use super::ask::{Answer, Ask};
use super::form::Form;
use crate::network::{BundleChanges, BundleFilter, BundleKind, BundleOrder, Part, PartFilter, Review};
use crate::web::Site;

pub(super) fn routes() -> Router<Site> {
    let mut routes = Router::new()
        .merge(papers::routes())
        .route("/v1/Policies", get(list_policies))
        .route("/v1/Policies/{policy}", get(fetch_policy));
    for kind in [BundleKind::CustomerProfile, BundleKind::TrustProduct] {
        let root = format!("/v1/{}", kind.path());
        routes = routes
            .route(&root, get(list).post(create))
            .route(
                &format!("{root}/{{bundle}}"),
                get(fetch).post(update).delete(delete),
            )
            .route(
                &format!("{root}/{{bundle}}/Evaluations"),
                get(list_evaluations).post(evaluate),
            )
            .route(
                &format!("{root}/{{bundle}}/Evaluations/{{evaluation}}"),
                get(fetch_evaluation),
            );
        for part in [Part::Entity, Part::Endpoint] {
            let parts = format!("{root}/{{bundle}}/{}", part.path());
            routes = routes
                .route(&parts, get(list_parts).post(assign))
                .route(&format!("{parts}/{{part}}"), get(fetch_part).delete(unassign));
        }
    }
    routes
}

/// Which collection a path is about.
fn kind(ask: &Ask) -> BundleKind {
    if ask.path.starts_with("/v1/CustomerProfiles") {
        BundleKind::CustomerProfile
    } else {
        BundleKind::TrustProduct
    }
}

fn part(ask: &Ask) -> Part {
    if ask.path.contains("/EntityAssignments") {
        Part::Entity
    } else {
        Part::Endpoint
    }
}

fn callback(form: &Form) -> Result<Option<String>, ApiError> {
    let endpoint = form.endpoint("StatusCallback", "StatusCallbackMethod", 21_609)?;
    Ok(endpoint.map(|endpoint| endpoint.url))
}

async fn create(ask: Ask) -> Answer {
    ask.only(&["FriendlyName", "Email", "PolicySid", "StatusCallback"])
        .await?;
    let kind = kind(&ask);
    let order = BundleOrder {
        friendly_name: ask.required("FriendlyName")?,
        email: ask.required("Email")?,
        policy: ask.required("PolicySid")?,
        callback: callback(&ask.form)?,
    };
    ask.made(move |network, account| {
        let sid = network.create_bundle(account, kind, order)?;
        network.bundle_view(account, kind, &sid)
    })
    .await
}

async fn list(ask: Ask) -> Answer {
    let text = |name: &str| ask.form.text(name).map(str::to_owned);
    let (kind, filter) = (
        kind(&ask),
        BundleFilter {
            status: text("Status"),
            friendly_name: text("FriendlyName"),
            policy: text("PolicySid"),
        },
    );
    ask.list_v1(
        "results",
        &["Status", "FriendlyName", "PolicySid"],
        move |network, account| Ok(network.list_bundles(account, kind, &filter)),
    )
    .await
}

async fn fetch(ask: Ask) -> Answer {
    let (kind, sid) = (kind(&ask), ask.name(0));
    ask.read(move |network, account| network.bundle_view(account, kind, &sid))
        .await
}

async fn update(ask: Ask) -> Answer {
    ask.only(&["FriendlyName", "Email", "Status", "StatusCallback"])
        .await?;
    let (kind, sid, form) = (kind(&ask), ask.name(0), &ask.form);
    let text = |name: &str| form.text(name).map(str::to_owned);
    let review = form.text("Status").map(|status| {
        Review::parse(status).ok_or_else(|| ApiError::parameter(format!("Status may not become {status}")))
    });
    let changes = BundleChanges {
        friendly_name: text("FriendlyName"),
        email: text("Email"),
        callback: callback(form)?,
        review: review.transpose()?,
    };
    ask.show(move |network, account| {
        network.update_bundle(account, kind, &sid, changes)?;
        network.bundle_view(account, kind, &sid)
    })
    .await
}

async fn delete(ask: Ask) -> Result<StatusCode, ApiError> {
    let (kind, sid) = (kind(&ask), ask.name(0));
    ask.gone(move |network, account| network.delete_bundle(account, kind, &sid))
        .await
}

async fn assign(ask: Ask) -> Answer {
    let (kind, part, bundle) = (kind(&ask), part(&ask), ask.name(0));
    let object = match part {
        Part::Entity => {
            ask.only(&["ObjectSid"]).await?;
            ask.required("ObjectSid")?
        }
        Part::Endpoint => {
            ask.only(&["ChannelEndpointType", "ChannelEndpointSid"]).await?;
            if ask.required("ChannelEndpointType")? != "phone-number" {
                return Err(ApiError::parameter("ChannelEndpointType has to be phone-number"));
            }
            ask.required("ChannelEndpointSid")?
        }
    };
    ask.made(move |network, account| {
        let sid = network.assign(account, (kind, &bundle), part, &object)?;
        network.assignment_view(account, (kind, &bundle), part, &sid)
    })
    .await
}

async fn list_parts(ask: Ask) -> Answer {
    let (kind, part, bundle) = (kind(&ask), part(&ask), ask.name(0));
    let mut filter = PartFilter::default();
    for name in ["ChannelEndpointSid", "ChannelEndpointSids"] {
        let listed = ask.form.text(name).unwrap_or_default().split(',');
        let named = listed.filter(|sid| !sid.is_empty()).map(str::to_owned);
        filter.objects.extend(named);
    }
    filter.kind = ask.form.text("ObjectType").map(str::to_owned);
    let known: &[&str] = match part {
        Part::Entity => &["ObjectType"],
        Part::Endpoint => &["ChannelEndpointSid", "ChannelEndpointSids"],
    };
    ask.list_v1("results", known, move |network, account| {
        network.list_assignments(account, (kind, &bundle), part, &filter)
    })
    .await
}

async fn fetch_part(ask: Ask) -> Answer {
    let (kind, part, bundle, sid) = (kind(&ask), part(&ask), ask.name(0), ask.name(1));
    ask.read(move |network, account| network.assignment_view(account, (kind, &bundle), part, &sid))
        .await
}

async fn unassign(ask: Ask) -> Result<StatusCode, ApiError> {
    let (kind, part, bundle, sid) = (kind(&ask), part(&ask), ask.name(0), ask.name(1));
    ask.gone(move |network, account| network.unassign(account, (kind, &bundle), part, &sid))
        .await
}

async fn evaluate(ask: Ask) -> Answer {
    ask.only(&["PolicySid"]).await?;
    let (kind, bundle) = (kind(&ask), ask.name(0));
    let policy = ask.required("PolicySid")?;
    ask.made(move |network, account| {
        let sid = network.evaluate(account, (kind, &bundle), &policy)?;
        network.evaluation_view(account, (kind, &bundle), &sid)
    })
    .await
}

async fn list_evaluations(ask: Ask) -> Answer {
    let (kind, bundle) = (kind(&ask), ask.name(0));
    ask.list_v1("results", &[], move |network, account| {
        network.list_evaluations(account, (kind, &bundle))
    })
    .await
}

async fn fetch_evaluation(ask: Ask) -> Answer {
    let (kind, bundle, sid) = (kind(&ask), ask.name(0), ask.name(1));
    ask.read(move |network, account| network.evaluation_view(account, (kind, &bundle), &sid))
        .await
}

async fn list_policies(ask: Ask) -> Answer {
    ask.list_v1("results", &[], |network, _| Ok(network.list_policies()))
        .await
}

async fn fetch_policy(ask: Ask) -> Answer {
    let sid = ask.name(0);
    ask.read(move |network, _| network.policy_view(&sid)).await
}

//! `Keys` as `iam.twilio.com` has them: the same keys, and restricted ones.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use serde_json::{Value, json};

use super::ApiError;
use super::accounts::friendly_name;
use super::ask::{Answer, Ask};
use crate::web::Site;

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/v1/Keys", get(list).post(create))
        .route("/v1/Keys/{key}", get(fetch).post(update).delete(delete))
}

async fn create(ask: Ask) -> Answer {
    ask.only(&["AccountSid", "FriendlyName", "KeyType", "Policy"])
        .await?;
    let (owner, name, policy) = (account(&ask)?, friendly_name(&ask)?, policy(&ask)?);
    let restricted = match ask.form.text("KeyType") {
        None => false,
        Some("restricted") => true,
        Some(other) => return Err(ApiError::parameter(format!("KeyType may not be {other}"))),
    };
    if restricted != policy.is_some() {
        return Err(ApiError::parameter(
            "A restricted key, and no other, has a Policy",
        ));
    }
    ask.made(move |network, holder| {
        network.list_iam_keys(holder, &owner)?;
        let (sid, secret) = network.create_key(&owner, name, policy)?;
        let mut key = network.iam_key_view(holder, &sid)?;
        key["secret"] = json!(secret);
        Ok(key)
    })
    .await
}

async fn list(ask: Ask) -> Answer {
    let owner = account(&ask)?;
    ask.list_v1("keys", &["AccountSid"], move |network, holder| {
        network.list_iam_keys(holder, &owner)
    })
    .await
}

async fn fetch(ask: Ask) -> Answer {
    let sid = ask.name(0);
    ask.read(move |network, holder| network.iam_key_view(holder, &sid))
        .await
}

async fn update(ask: Ask) -> Answer {
    ask.only(&["FriendlyName", "Policy"]).await?;
    let (sid, policy) = (ask.name(0), policy(&ask)?);
    let name = ask.form.text("FriendlyName").is_some();
    let name = name.then(|| friendly_name(&ask)).transpose()?;
    ask.show(move |network, holder| {
        let owner = network.account_of_key(holder, &sid)?;
        if let Some(name) = name {
            network.rename_key(&owner, &sid, name)?;
        }
        if let Some(policy) = policy {
            network.set_key_policy(&sid, policy);
        }
        network.iam_key_view(holder, &sid)
    })
    .await
}

async fn delete(ask: Ask) -> Result<StatusCode, ApiError> {
    let sid = ask.name(0);
    ask.gone(move |network, holder| {
        let owner = network.account_of_key(holder, &sid)?;
        network.delete_key(&owner, &sid)
    })
    .await
}

fn account(ask: &Ask) -> Result<String, ApiError> {
    let account = ask.form.text("AccountSid").map(str::to_owned);
    account.ok_or_else(|| ApiError::parameter("AccountSid is required"))
}

fn policy(ask: &Ask) -> Result<Option<Value>, ApiError> {
    let policy = ask.form.text("Policy").map(serde_json::from_str).transpose();
    policy.map_err(|_| ApiError::parameter("Policy is no JSON"))
}

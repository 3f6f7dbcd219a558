//! `Keys` as `iam.twilio.com` has them: the same keys, and restricted ones.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use serde_json::json;

use super::ApiError;
use super::accounts::name_of_key;
use super::ask::{Answer, Ask};
use crate::network::{Policy, Scope};
use crate::web::Site;

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/v1/Keys", get(list).post(create))
        .route("/v1/Keys/{key}", get(fetch).post(update).delete(delete))
}

async fn create(ask: Ask) -> Answer {
    ask.only(&["AccountSid", "FriendlyName", "KeyType", "Policy"])
        .await?;
    let (owner, name) = (account(&ask)?, name_of_key(&ask)?);
    let scope = match (ask.form.one_of("KeyType", &["restricted"])?, policy(&ask)?) {
        (None, None) => Scope::Standard,
        (Some(_), Some(policy)) => Scope::Restricted(policy),
        (Some(_), None) | (None, Some(_)) => {
            let message = "A restricted key, and no other, has a Policy";
            return Err(ApiError::parameter(message));
        }
    };
    ask.made(move |network, holder| {
        network.list_iam_keys(holder, &owner)?;
        let (sid, secret) = network.create_key(&owner, name, scope)?;
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
    let (sid, name, policy) = (ask.name(0), name_of_key(&ask)?, policy(&ask)?);
    ask.show(move |network, holder| {
        let owner = network.account_of_key(holder, &sid)?;
        network.update_key(&owner, &sid, name, policy)?;
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

fn policy(ask: &Ask) -> Result<Option<Policy>, ApiError> {
    ask.form.text("Policy").map(Policy::parse).transpose()
}

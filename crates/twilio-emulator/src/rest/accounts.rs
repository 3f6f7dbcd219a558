//! `Accounts`, their `Keys`, and the rotation of their tokens.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use serde_json::json;

use super::ApiError;
use super::ask::{Answer, Ask};
use crate::network::{Network, Scope, Standing, violation};
use crate::web::Site;

/// `Accounts` themselves; the path has no account before it.
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/2010-04-01/Accounts.json", get(list).post(create))
        .route("/2010-04-01/Accounts/{account}", get(fetch).post(update))
}

/// `SigningKeys` is their older name.
pub(super) fn keys() -> Router<Site> {
    ["/Keys", "/SigningKeys"]
        .into_iter()
        .fold(Router::new(), |router, path| {
            router
                .route(&format!("{path}.json"), get(list_keys).post(create_key))
                .route(
                    &format!("{path}/{{key}}"),
                    get(fetch_key).post(update_key).delete(delete_key),
                )
        })
}

/// What Twilio serves at `accounts.twilio.com`.
pub(super) fn tokens() -> Router<Site> {
    Router::new()
        .route(
            "/v1/AuthTokens/Secondary",
            post(create_token).delete(delete_token),
        )
        .route("/v1/AuthTokens/Promote", post(promote_token))
}

async fn create(ask: Ask) -> Answer {
    ask.only(&["FriendlyName"]).await?;
    let name = ask.form.text("FriendlyName").map(str::to_owned);
    ask.made(move |network, holder| {
        let sid = network.create_subaccount(holder, name)?;
        network.account_view(&sid)
    })
    .await
}

async fn list(ask: Ask) -> Answer {
    let name = ask.form.text("FriendlyName").map(str::to_owned);
    let status = ask.form.text("Status").map(str::to_owned);
    ask.list("accounts", &["FriendlyName", "Status"], move |network, holder| {
        Ok(network.list_accounts(holder, name.as_deref(), status.as_deref()))
    })
    .await
}

async fn fetch(ask: Ask) -> Answer {
    ask.read(|network, account| network.account_view(account)).await
}

async fn update(ask: Ask) -> Answer {
    ask.only(&["FriendlyName", "Status"]).await?;
    let name = ask.form.text("FriendlyName").map(str::to_owned);
    let standing = match ask.form.text("Status") {
        None => None,
        Some(text) => Some(
            Standing::parse(text)
                .ok_or_else(|| ApiError::parameter(format!("Status may not become {text}")))?,
        ),
    };
    ask.show(move |network, account| {
        network.update_account(account, name, standing)?;
        network.account_view(account)
    })
    .await
}

async fn create_key(ask: Ask) -> Answer {
    ask.only(&["FriendlyName"]).await?;
    let name = name_of_key(&ask)?;
    ask.made(move |network, account| {
        let (sid, secret) = network.create_key(account, name, Scope::Standard)?;
        let mut key = network.key_view(account, &sid)?;
        key["secret"] = json!(secret);
        Ok(key)
    })
    .await
}

async fn list_keys(ask: Ask) -> Answer {
    let key = if ask.path.contains("/SigningKeys") {
        "signing_keys"
    } else {
        "keys"
    };
    ask.list(key, &[], |network, account| Ok(network.list_keys(account)))
        .await
}

async fn fetch_key(ask: Ask) -> Answer {
    let sid = ask.name(0);
    ask.read(move |network, account| network.key_view(account, &sid))
        .await
}

async fn update_key(ask: Ask) -> Answer {
    ask.only(&["FriendlyName"]).await?;
    let (sid, name) = (ask.name(0), name_of_key(&ask)?);
    ask.show(move |network, account| {
        network.update_key(account, &sid, name, None)?;
        network.key_view(account, &sid)
    })
    .await
}

async fn delete_key(ask: Ask) -> Result<StatusCode, ApiError> {
    let sid = ask.name(0);
    ask.gone(move |network, account| network.delete_key(account, &sid))
        .await
}

/// What a key is to be called, if anything.
pub(super) fn name_of_key(ask: &Ask) -> Result<Option<String>, ApiError> {
    ask.form.friendly_name().map_err(|_| violation())
}

async fn create_token(ask: Ask) -> Answer {
    ask.only(&[]).await?;
    ask.made(|network, account| {
        let token = network.create_secondary_token(account)?;
        Ok(network.token_view(account, "secondary_auth_token", &token, "Secondary"))
    })
    .await
}

async fn delete_token(ask: Ask) -> Result<StatusCode, ApiError> {
    ask.gone(Network::delete_secondary_token).await
}

async fn promote_token(ask: Ask) -> Answer {
    ask.read(|network, account| {
        let token = network.promote_token(account)?;
        Ok(network.token_view(account, "auth_token", &token, "Promote"))
    })
    .await
}

//! What an account used and has left, and its tokens for ICE servers.

use axum::Router;
use axum::routing::{get, post};

use super::ApiError;
use super::ask::{Answer, Ask};
use crate::network::{UsageFilter, UsageSplit};
use crate::web::Site;

/// How long ICE credentials last by default, and at most.
const ICE_TTL_S_MAX: u32 = 86_400;

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/Usage/Records.json", get(records))
        .route("/Usage/Records/{period}", get(records))
        .route("/Balance.json", get(balance))
        .route("/Tokens.json", post(create_token))
}

async fn records(ask: Ask) -> Answer {
    let name = ask.name(0);
    let split = match name.as_str() {
        "" => UsageSplit::Whole,
        name => UsageSplit::parse(name).ok_or_else(|| ApiError::not_found(&ask.path))?,
    };
    let text = |name: &str| ask.form.text(name).map(str::to_owned);
    let filter = UsageFilter {
        split,
        category: text("Category"),
        start: text("StartDate"),
        end: text("EndDate"),
        subaccounts: ask.form.flag("IncludeSubaccounts")?.unwrap_or(true),
    };
    ask.list(
        "usage_records",
        &["Category", "StartDate", "EndDate", "IncludeSubaccounts"],
        move |network, account| network.usage_records(account, &filter),
    )
    .await
}

async fn balance(ask: Ask) -> Answer {
    ask.read(|network, account| Ok(network.balance_view(account)))
        .await
}

async fn create_token(ask: Ask) -> Answer {
    ask.only(&["Ttl"]).await?;
    let ttl_s = ask.form.number("Ttl")?.unwrap_or(ICE_TTL_S_MAX);
    if !(1..=ICE_TTL_S_MAX).contains(&ttl_s) {
        return Err(ApiError::parameter("Ttl is between 1 and 86400 seconds"));
    }
    ask.made(move |network, account| Ok(network.ice_token(account, ttl_s)))
        .await
}

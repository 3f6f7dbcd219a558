//! `DialingPermissions` and their `Settings`, as `voice.twilio.com` has them.

use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;

use super::ApiError;
use super::ask::{Answer, Ask};
use crate::network::{CountryFilter, CountryUpdate, Network};
use crate::web::Site;

const FILTERS: [&str; 6] = [
    "IsoCode",
    "Continent",
    "CountryCode",
    "LowRiskNumbersEnabled",
    "HighRiskSpecialNumbersEnabled",
    "HighRiskTollfraudNumbersEnabled",
];

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/v1/DialingPermissions/Countries", get(list))
        .route("/v1/DialingPermissions/Countries/{country}", get(fetch))
        .route(
            "/v1/DialingPermissions/Countries/{country}/HighRiskSpecialPrefixes",
            get(prefixes),
        )
        .route("/v1/DialingPermissions/BulkCountryUpdates", post(update))
        .route("/v1/Settings", get(settings).post(change_settings))
}

async fn list(ask: Ask) -> Answer {
    let text = |name: &str| ask.form.text(name).map(str::to_owned);
    let filter = CountryFilter {
        iso: text("IsoCode"),
        continent: text("Continent"),
        code: text("CountryCode"),
        low_risk: ask.form.flag("LowRiskNumbersEnabled")?,
        special: ask.form.flag("HighRiskSpecialNumbersEnabled")?,
        toll_fraud: ask.form.flag("HighRiskTollfraudNumbersEnabled")?,
    };
    ask.list_v1("content", &FILTERS, move |network, account| {
        Ok(network.list_countries(account, &filter))
    })
    .await
}

async fn fetch(ask: Ask) -> Answer {
    let iso = ask.name(0);
    ask.read(move |network, account| network.country_view(account, &iso))
        .await
}

async fn prefixes(ask: Ask) -> Answer {
    let iso = ask.name(0);
    ask.list_v1("content", &[], move |_, _| Network::special_prefixes(&iso))
        .await
}

async fn update(ask: Ask) -> Answer {
    ask.only(&["UpdateRequest"]).await?;
    let text = ask.form.text("UpdateRequest").unwrap_or_default();
    let updates: Vec<CountryUpdate> = serde_json::from_str(text)
        .map_err(|error| ApiError::parameter(format!("UpdateRequest is no list of updates: {error}")))?;
    ask.made(move |network, account| {
        let count = network.update_countries(account, &updates)?;
        Ok(json!({ "update_count": count, "update_request": "accepted" }))
    })
    .await
}

async fn settings(ask: Ask) -> Answer {
    ask.read(|network, account| Ok(network.dialing_settings(account, None)))
        .await
}

async fn change_settings(ask: Ask) -> Answer {
    ask.only(&["DialingPermissionsInheritance"]).await?;
    let inherit = ask.form.flag("DialingPermissionsInheritance")?;
    let settings = ask.run(move |network, account| Ok(network.dialing_settings(account, inherit)));
    Ok((StatusCode::ACCEPTED, Json(settings.await?)))
}

//! `Trunks`, which Twilio serves at `trunking.twilio.com`.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;

use super::ApiError;
use super::ask::{Answer, Ask};
use super::sip::mappings;
use crate::network::{Holder, ListKind, OriginationChanges, RecordingMode, TrunkChanges};
use crate::web::Site;

const FRIENDLY_NAME_CHARACTERS_MAX: usize = 64;

pub(super) fn routes() -> Router<Site> {
    let trunk = "/v1/Trunks/{trunk}";
    Router::new()
        .route("/v1/Trunks", get(list).post(create))
        .route(trunk, get(fetch).post(update).delete(delete))
        .route(
            "/v1/Trunks/{trunk}/OriginationUrls",
            get(list_urls).post(create_url),
        )
        .route(
            "/v1/Trunks/{trunk}/OriginationUrls/{url}",
            get(fetch_url).post(update_url).delete(delete_url),
        )
        .route(
            "/v1/Trunks/{trunk}/PhoneNumbers",
            get(list_numbers).post(add_number),
        )
        .route(
            "/v1/Trunks/{trunk}/PhoneNumbers/{number}",
            get(fetch_number).delete(remove_number),
        )
        .route(
            "/v1/Trunks/{trunk}/Recording",
            get(fetch_recording).post(update_recording),
        )
        .merge(mappings(trunk, Holder::Trunk, ListKind::Addresses))
        .merge(mappings(trunk, Holder::Trunk, ListKind::Credentials))
}

async fn list(ask: Ask) -> Answer {
    ask.list_v1("trunks", |network, account| Ok(network.list_trunks(account)))
        .await
}

async fn create(ask: Ask) -> Answer {
    let changes = changes(&ask).await?;
    ask.made(move |network, account| network.create_trunk(account, changes))
        .await
}

async fn fetch(ask: Ask) -> Answer {
    let sid = ask.name(0);
    ask.show(move |network, account| network.trunk_view(account, &sid))
        .await
}

async fn update(ask: Ask) -> Answer {
    let (sid, changes) = (ask.name(0), changes(&ask).await?);
    ask.show(move |network, account| network.update_trunk(account, &sid, changes))
        .await
}

async fn delete(ask: Ask) -> Result<StatusCode, ApiError> {
    let sid = ask.name(0);
    ask.gone(move |network, account| network.delete_trunk(account, &sid))
        .await
}

async fn changes(ask: &Ask) -> Result<TrunkChanges, ApiError> {
    ask.only(&[
        "FriendlyName",
        "DomainName",
        "DisasterRecoveryUrl",
        "DisasterRecoveryMethod",
        "TransferMode",
        "Secure",
        "CnamLookupEnabled",
        "TransferCallerId",
    ])
    .await?;
    Ok(TrunkChanges {
        friendly_name: friendly_name(ask)?,
        domain_name: ask.form.text("DomainName").map(str::to_owned),
        disaster_recovery: ask.form.change("DisasterRecoveryUrl", "DisasterRecoveryMethod")?,
        secure: ask.form.flag("Secure")?,
        cnam_lookup: ask.form.flag("CnamLookupEnabled")?,
        transfer_mode: one_of(ask, "TransferMode", &["disable-all", "enable-all", "sip-only"])?,
        transfer_caller_id: one_of(ask, "TransferCallerId", &["from-transferee", "from-transferor"])?,
    })
}

fn friendly_name(ask: &Ask) -> Result<Option<String>, ApiError> {
    let name = ask.form.text("FriendlyName").map(str::to_owned);
    let too_long = |name: &String| name.chars().count() > FRIENDLY_NAME_CHARACTERS_MAX;
    if name.as_ref().is_some_and(too_long) {
        return Err(ApiError::parameter("FriendlyName has more than 64 characters"));
    }
    Ok(name)
}

fn one_of(ask: &Ask, name: &str, words: &[&str]) -> Result<Option<String>, ApiError> {
    match ask.form.text(name) {
        Some(word) if !words.contains(&word) => {
            let message = format!("{name} is none of {}: {word}", words.join(", "));
            Err(ApiError::parameter(message))
        }
        word => Ok(word.map(str::to_owned)),
    }
}

async fn list_urls(ask: Ask) -> Answer {
    let trunk = ask.name(0);
    ask.list_v1("origination_urls", move |network, account| {
        network.originations(account, &trunk)
    })
    .await
}

async fn create_url(ask: Ask) -> Answer {
    let (trunk, changes) = (ask.name(0), url_changes(&ask).await?);
    ask.made(move |network, account| network.create_origination(account, &trunk, changes))
        .await
}

async fn fetch_url(ask: Ask) -> Answer {
    let (trunk, sid) = (ask.name(0), ask.name(1));
    ask.show(move |network, account| network.origination_view(account, &trunk, &sid))
        .await
}

async fn update_url(ask: Ask) -> Answer {
    let (trunk, sid) = (ask.name(0), ask.name(1));
    let changes = url_changes(&ask).await?;
    ask.show(move |network, account| network.update_origination(account, &trunk, &sid, changes))
        .await
}

async fn delete_url(ask: Ask) -> Result<StatusCode, ApiError> {
    let (trunk, sid) = (ask.name(0), ask.name(1));
    ask.gone(move |network, account| network.delete_origination(account, &trunk, &sid))
        .await
}

async fn url_changes(ask: &Ask) -> Result<OriginationChanges, ApiError> {
    ask.only(&["Weight", "Priority", "Enabled", "FriendlyName", "SipUrl"])
        .await?;
    Ok(OriginationChanges {
        weight: ask.form.number("Weight")?,
        priority: ask.form.number("Priority")?,
        enabled: ask.form.flag("Enabled")?,
        friendly_name: friendly_name(ask)?,
        sip_url: ask.form.text("SipUrl").map(str::to_owned),
    })
}

async fn list_numbers(ask: Ask) -> Answer {
    let trunk = ask.name(0);
    ask.list_v1("phone_numbers", move |network, account| {
        network.trunk_numbers(account, &trunk)
    })
    .await
}

async fn add_number(ask: Ask) -> Answer {
    ask.only(&["PhoneNumberSid"]).await?;
    let (trunk, number) = (ask.name(0), ask.required("PhoneNumberSid")?);
    ask.made(move |network, account| network.add_trunk_number(account, &trunk, &number))
        .await
}

async fn fetch_number(ask: Ask) -> Answer {
    let (trunk, number) = (ask.name(0), ask.name(1));
    ask.show(move |network, account| network.trunk_number_view(account, &trunk, &number))
        .await
}

async fn remove_number(ask: Ask) -> Result<StatusCode, ApiError> {
    let (trunk, number) = (ask.name(0), ask.name(1));
    ask.gone(move |network, account| network.remove_trunk_number(account, &trunk, &number))
        .await
}

async fn fetch_recording(ask: Ask) -> Answer {
    let trunk = ask.name(0);
    ask.show(move |network, account| network.trunk_recording(account, &trunk))
        .await
}

async fn update_recording(ask: Ask) -> Answer {
    ask.only(&["Mode", "Trim"]).await?;
    let trunk = ask.name(0);
    let mode = match ask.form.text("Mode") {
        None => None,
        Some(text) => Some(
            RecordingMode::parse(text)
                .ok_or_else(|| ApiError::parameter(format!("Mode is no recording mode: {text}")))?,
        ),
    };
    let trim = one_of(&ask, "Trim", &["trim-silence", "do-not-trim"])?;
    let trim = trim.map(|word| word == "trim-silence");
    ask.show(move |network, account| network.set_trunk_recording(account, &trunk, mode, trim))
        .await
}

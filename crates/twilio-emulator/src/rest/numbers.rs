//! `IncomingPhoneNumbers`, the numbers the account owns, and `AvailablePhoneNumbers`, those it could buy.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use serde_json::{Value, json};

use super::ApiError;
use super::ask::{Answer, Ask};
use super::form::{Form, HANDLING};
use super::order::is_e164;
use crate::network::{Change, Near, NumberChanges, NumberFilter, NumberSearch, OF_NUMBERS, Pattern, Point};
use crate::web::Site;

/// What `POST IncomingPhoneNumbers` knows, besides [`HANDLING`].
const OWN: [&str; 12] = [
    "PhoneNumber",
    "AreaCode",
    "VoiceApplicationSid",
    "VoiceReceiveMode",
    "TrunkSid",
    "AccountSid",
    "AddressSid",
    "BundleSid",
    "IdentitySid",
    "EmergencyStatus",
    "EmergencyAddressSid",
    "SmsApplicationSid",
];
/// `GET AvailablePhoneNumbers/US/…`.
const SEARCH: [&str; 18] = [
    "AreaCode",
    "Contains",
    "InRegion",
    "InPostalCode",
    "InLocality",
    "InRateCenter",
    "InLata",
    "NearNumber",
    "NearLatLong",
    "Distance",
    "VoiceEnabled",
    "SmsEnabled",
    "MmsEnabled",
    "FaxEnabled",
    "Beta",
    "ExcludeAllAddressRequired",
    "ExcludeLocalAddressRequired",
    "ExcludeForeignAddressRequired",
];
const DISTANCE_MILES: std::ops::RangeInclusive<u16> = 1..=500;
const DISTANCE_MILES_DEFAULT: u16 = 25;
/// Twilio searches return at most this many.
const FOUND_MAX: usize = 30;

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/IncomingPhoneNumbers.json", get(list).post(create))
        .route("/IncomingPhoneNumbers/Local.json", get(list_local).post(create))
        .route(
            "/IncomingPhoneNumbers/TollFree.json",
            get(list_toll_free).post(create),
        )
        .route(
            "/IncomingPhoneNumbers/{number}",
            get(fetch).post(update).delete(release),
        )
        .route("/AvailablePhoneNumbers.json", get(countries))
        .route("/AvailablePhoneNumbers/{country}", get(country))
        .route("/AvailablePhoneNumbers/{country}/{kind}", get(search))
}

async fn search(ask: Ask) -> Answer {
    ask.only(&SEARCH).await?;
    let toll_free = match ask.name(1).as_str() {
        "Local" => false,
        "TollFree" => true,
        _ => return Err(ApiError::not_found(&ask.path)),
    };
    if ask.name(0) != "US" {
        return Err(ApiError::not_found(&ask.path));
    }
    let form = &ask.form;
    let contains = match form.text("Contains") {
        None => None,
        Some(text) => Some(Pattern::parse(text).ok_or_else(|| {
            let message = format!("Contains is no pattern of 2 to 16 characters: {text}");
            ApiError::new(400, 21421, message)
        })?),
    };
    let text = |name: &str| form.text(name).map(str::to_owned);
    let search = NumberSearch {
        toll_free,
        area_code: form.number("AreaCode")?,
        contains,
        region: text("InRegion"),
        city: text("InLocality"),
        rate_center: text("InRateCenter"),
        zip: text("InPostalCode"),
        near: near(form)?,
        distance_miles: distance_miles(form)?,
        impossible: wants_more_than_voice(form)?,
        limit: form.number("PageSize")?.unwrap_or(FOUND_MAX).min(FOUND_MAX),
    };
    let found = ask
        .run(move |network, _| Ok(network.search_numbers(&search)))
        .await?;
    Ok((
        StatusCode::OK,
        axum::Json(json!({ "available_phone_numbers": found, "uri": ask.path })),
    ))
}

/// `NearLatLong`, or `NearNumber`.
fn near(form: &Form) -> Result<Option<Near>, ApiError> {
    let Some(text) = form.text("NearLatLong") else {
        return Ok(form
            .text("NearNumber")
            .map(|number| Near::Number(number.to_owned())));
    };
    let degrees = |text: &str, most: f64| text.trim().parse().ok().filter(|it: &f64| it.abs() <= most);
    let point = text.split_once(',').and_then(|(latitude, longitude)| {
        Some(Point {
            latitude: degrees(latitude, 90.0)?,
            longitude: degrees(longitude, 180.0)?,
        })
    });
    let wrong = || ApiError::parameter(format!("NearLatLong is no latitude and longitude: {text}"));
    Ok(Some(Near::Point(point.ok_or_else(wrong)?)))
}

fn distance_miles(form: &Form) -> Result<f64, ApiError> {
    let miles: u16 = form.number("Distance")?.unwrap_or(DISTANCE_MILES_DEFAULT);
    if !DISTANCE_MILES.contains(&miles) {
        return Err(ApiError::parameter("Distance is from 1 to 500 miles"));
    }
    Ok(miles.into())
}

/// Whether a search asks for something that no number here has.
fn wants_more_than_voice(form: &Form) -> Result<bool, ApiError> {
    let mut wants = form.flag("VoiceEnabled")? == Some(false) || form.text("InLata").is_some();
    for name in ["SmsEnabled", "MmsEnabled", "FaxEnabled"] {
        wants |= form.flag(name)? == Some(true);
    }
    Ok(wants)
}

async fn countries(ask: Ask) -> Answer {
    let row = country_json(&ask.account);
    ask.list("countries", &[], move |_, _| Ok(vec![row])).await
}

async fn country(ask: Ask) -> Answer {
    let row = country_json(&ask.account);
    let known = ask.name(0) == "US";
    let path = ask.path.clone();
    ask.read(move |_, _| known.then_some(row).ok_or_else(|| ApiError::not_found(&path)))
        .await
}

/// The one country that sells numbers.
fn country_json(account: &str) -> Value {
    let uri = format!("/2010-04-01/Accounts/{account}/AvailablePhoneNumbers/US");
    json!({
        "country_code": "US",
        "country": "United States",
        "beta": false,
        "uri": format!("{uri}.json"),
        "subresource_uris": { "local": format!("{uri}/Local.json"), "toll_free": format!("{uri}/TollFree.json") },
    })
}

async fn create(ask: Ask) -> Answer {
    ask.only(&[&HANDLING[..], &OWN].concat()).await?;
    let changes = changes(&ask.form)?;
    let number = match (ask.form.text("PhoneNumber"), ask.form.text("AreaCode")) {
        (Some(number), _) if is_e164(number) => Ok(number.to_owned()),
        (None, Some(area_code)) => Err(area_code.to_owned()),
        (Some(_) | None, _) => {
            return Err(ApiError::new(400, 21421, "PhoneNumber is invalid".to_owned()));
        }
    };
    ask.made(move |network, account| {
        let number = number.or_else(|area_code| network.first_in(&area_code))?;
        let sid = network.create_number(account, &number, changes)?;
        network.number_view(&sid)
    })
    .await
}

async fn list(ask: Ask) -> Answer {
    list_of(ask, None).await
}

async fn list_local(ask: Ask) -> Answer {
    list_of(ask, Some(false)).await
}

async fn list_toll_free(ask: Ask) -> Answer {
    list_of(ask, Some(true)).await
}

async fn list_of(ask: Ask, toll_free: Option<bool>) -> Answer {
    let text = |name: &str| ask.form.text(name).map(str::to_owned);
    let filter = NumberFilter {
        name: text("FriendlyName"),
        pattern: text("PhoneNumber"),
        toll_free,
    };
    // Every number was bought here, and none is new to the network.
    let foreign = ask.form.flag("Beta")? == Some(true) || ask.form.text("Origin") == Some("hosted");
    ask.list(
        "incoming_phone_numbers",
        &["PhoneNumber", "FriendlyName", "Beta", "Origin"],
        move |network, account| {
            let rows = network.list_numbers(account, &filter);
            Ok(if foreign { Vec::new() } else { rows })
        },
    )
    .await
}

async fn fetch(ask: Ask) -> Answer {
    let sid = ask.name(0);
    ask.read(move |network, account| {
        network.require(account, &sid)?;
        network.number_view(&sid)
    })
    .await
}

async fn update(ask: Ask) -> Answer {
    ask.only(&[&HANDLING[..], &OWN].concat()).await?;
    let (sid, changes) = (ask.name(0), changes(&ask.form)?);
    let to = ask.form.text("AccountSid").map(str::to_owned);
    ask.show(move |network, account| {
        network.require(account, &sid)?;
        network.update_number(&sid, changes)?;
        if let Some(to) = to {
            network.move_number(account, &sid, &to)?;
        }
        network.number_view(&sid)
    })
    .await
}

async fn release(ask: Ask) -> Result<StatusCode, ApiError> {
    let sid = ask.name(0);
    ask.gone(move |network, account| {
        network.require(account, &sid)?;
        network.release_number(&sid);
        Ok(())
    })
    .await
}

fn changes(form: &Form) -> Result<NumberChanges, ApiError> {
    Ok(NumberChanges {
        handling: form.handling(&OF_NUMBERS)?,
        application_sid: sid(form, "VoiceApplicationSid"),
        trunk_sid: sid(form, "TrunkSid"),
    })
}

fn sid(form: &Form, name: &str) -> Change<String> {
    match form.raw(name) {
        None => Change::Keep,
        Some("") => Change::Clear,
        Some(sid) => Change::Set(sid.to_owned()),
    }
}

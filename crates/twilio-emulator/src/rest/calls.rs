//! `Calls`: place, look up, list, change.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use serde_json::Value;

use super::ask::Ask;
use super::form::Form;
use super::page::page;
use super::recordings::wish;
use super::{ApiError, resource};
use crate::network::{CallChanges, CallFilter, CallOrder, Instructions, RecordingWish, StatusChange};
use crate::sid::CallSid;
use crate::web::Site;

const TWIML_CHARACTERS_MAX: usize = 4_000;
const SEND_DIGITS_MAX: usize = 32;
const RING_TIMEOUT_S_DEFAULT: u32 = 60;
const RING_TIMEOUT_S_MAX: u32 = 600;
const IDENTITY_CHARACTERS_MAX: usize = 256;

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/Calls.json", get(list).post(create))
        .route("/Calls/{call}", get(fetch).post(update).delete(delete))
}

async fn create(
    State(site): State<Site>,
    Path(account): Path<String>,
    form: Form,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let wish = super::amd::read(&form)?;
    let order = order(account, &form)?;
    let created = site.network.ask(move |network| {
        let (amd, notes) = network.settle_detection(wish)?;
        let sid = network.create_call(CallOrder { amd, ..order })?;
        for (code, note) in notes {
            network.note_order(&sid, code, &note);
        }
        network.call_view(&sid)
    });
    Ok((StatusCode::CREATED, Json(created.await??)))
}

async fn fetch(
    State(site): State<Site>,
    Path((account, call)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let sid = CallSid::from_text(&resource(&call));
    let read = site.network.ask(move |network| {
        network.require(&account, sid.as_str())?;
        network.call_read(&sid)
    });
    Ok(Json(read.await??))
}

async fn delete(ask: Ask) -> Result<StatusCode, ApiError> {
    let sid = CallSid::from_text(&ask.name(0));
    ask.gone(move |network, account| {
        network.require(account, sid.as_str())?;
        network.delete_call(&sid)
    })
    .await
}

async fn list(
    State(site): State<Site>,
    Path(account): Path<String>,
    form: Form,
) -> Result<Json<Value>, ApiError> {
    let time = |name: &str| day_or_time(&form, name);
    let filter = CallFilter {
        to: form.text("To").map(str::to_owned),
        from: form.text("From").map(str::to_owned),
        status: form.text("Status").map(str::to_owned),
        parent: form.text("ParentCallSid").map(str::to_owned),
        started_on: time("StartTime")?,
        started_until: time("StartTime<")?,
        started_from: time("StartTime>")?,
        ended_on: time("EndTime")?,
        ended_until: time("EndTime<")?,
        ended_from: time("EndTime>")?,
    };
    let calls = site
        .network
        .ask({
            let account = account.clone();
            move |network| network.list_calls(&account, &filter)
        })
        .await?;
    let path = format!("/2010-04-01/Accounts/{account}/Calls.json");
    Ok(Json(page("calls", &path, &form, calls)))
}

async fn update(
    State(site): State<Site>,
    Path((account, call)): Path<(String, String)>,
    form: Form,
) -> Result<Json<Value>, ApiError> {
    let sid = CallSid::from_text(&resource(&call));
    let changes = changes(&form)?;
    let updated = site.network.ask(move |network| {
        network.require(&account, sid.as_str())?;
        network.update_call(&sid, changes)?;
        network.call_view(&sid)
    });
    Ok(Json(updated.await??))
}

/// A day or a moment to filter by.
pub(super) fn day_or_time(form: &Form, name: &str) -> Result<Option<Timestamp>, ApiError> {
    let parsed = form.text(name).map(parse_time).transpose();
    parsed.map_err(|()| ApiError::parameter(format!("{name} is no date")))
}

/// Reads and checks the parameters of `POST Calls`.
fn order(account: String, form: &Form) -> Result<CallOrder, ApiError> {
    let to = form
        .text("To")
        .ok_or_else(|| refuse(21201, "No 'To' number is specified"))?;
    if !is_e164(to) && !is_client(to) {
        return Err(refuse(
            21211,
            &format!("The phone number you are attempting to call, {to}, is not valid."),
        ));
    }
    let from = form
        .text("From")
        .ok_or_else(|| refuse(21213, "A 'From' phone number is required."))?;
    if !(is_e164(from) || is_client(to) && is_client(from)) {
        return Err(refuse(
            21212,
            &format!("The source phone number provided, {from}, is not valid."),
        ));
    }
    let url = form.endpoint("Url", "Method", 21_205)?.map(Instructions::Url);
    let ring_timeout_s = match form.text("Timeout") {
        None => RING_TIMEOUT_S_DEFAULT,
        Some(text) => text
            .parse()
            .ok()
            .filter(|seconds| (1..=RING_TIMEOUT_S_MAX).contains(seconds))
            .ok_or_else(|| refuse(21208, "Timeout must be from 1 to 600 seconds"))?,
    };
    let time_limit_s = form.text("TimeLimit").map(str::parse).transpose();
    Ok(CallOrder {
        account,
        record: record(form)?,
        to: to.to_owned(),
        from: from.to_owned(),
        instructions: url.or(twiml(form)?),
        application_sid: form.text("ApplicationSid").map(str::to_owned),
        fallback: form.endpoint("FallbackUrl", "FallbackMethod", 21_205)?,
        callback: form.endpoint("StatusCallback", "StatusCallbackMethod", 21_609)?,
        callback_events: form.words("StatusCallbackEvent"),
        ring_timeout_s,
        keys: keys(form)?,
        amd: None,
        time_limit_s: time_limit_s
            .map_err(|_| ApiError::parameter("TimeLimit is not a number of seconds"))?,
    })
}

/// How `Record=true` wants the call recorded.
fn record(form: &Form) -> Result<Option<RecordingWish>, ApiError> {
    let wish = wish(form, "Trim", true)?;
    Ok(form.flag("Record")?.unwrap_or(false).then_some(wish))
}

/// `SendDigits`: what the called side hears first.
fn keys(form: &Form) -> Result<Option<String>, ApiError> {
    let Some(keys) = form.text("SendDigits") else {
        return Ok(None);
    };
    let known = keys.chars().all(|key| "0123456789ABCDabcd#*wW".contains(key));
    if !known || keys.chars().count() > SEND_DIGITS_MAX {
        return Err(refuse(
            21206,
            "SendDigits takes at most 32 of 0-9, A-D, #, *, w and W",
        ));
    }
    Ok(Some(keys.to_owned()))
}

fn changes(form: &Form) -> Result<CallChanges, ApiError> {
    let status = match form.text("Status") {
        None => None,
        Some("canceled") => Some(StatusChange::Canceled),
        Some("completed") => Some(StatusChange::Completed),
        Some(other) => return Err(ApiError::parameter(format!("Status may not become {other}"))),
    };
    let url = form.endpoint("Url", "Method", 21_205)?.map(Instructions::Url);
    let twiml = twiml(form)?;
    if url.is_some() && twiml.is_some() {
        return Err(ApiError::parameter("Url and Twiml are mutually exclusive"));
    }
    Ok(CallChanges {
        status,
        instructions: url.or(twiml),
        fallback: form.endpoint("FallbackUrl", "FallbackMethod", 21_205)?,
    })
}

fn twiml(form: &Form) -> Result<Option<Instructions>, ApiError> {
    let Some(text) = form.text("Twiml") else {
        return Ok(None);
    };
    if text.chars().count() > TWIML_CHARACTERS_MAX {
        return Err(ApiError::parameter("Twiml has more than 4000 characters"));
    }
    Ok(Some(Instructions::Twiml(text.to_owned())))
}

/// A day or an instant in ISO 8601.
fn parse_time(text: &str) -> Result<jiff::Timestamp, ()> {
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Ok(at);
    }
    let day: jiff::civil::Date = text.parse().map_err(|_| ())?;
    let midnight = day.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| ())?;
    Ok(midnight.timestamp())
}

/// `client:` and an identity of up to 256 characters; parameters for the page may follow a `?`.
fn is_client(text: &str) -> bool {
    text.strip_prefix("client:").is_some_and(|client| {
        let identity = client.split_once('?').map_or(client, |(identity, _)| identity);
        let speakable = |c: char| !c.is_control() && !c.is_whitespace() && !"<>#%\"{}|\\^[]`".contains(c);
        (1..=IDENTITY_CHARACTERS_MAX).contains(&identity.chars().count()) && identity.chars().all(speakable)
    })
}

/// `+`, a country code that does not start with 0, up to 15 digits in all.
pub(super) fn is_e164(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (8..=15).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0')
    })
}

fn refuse(code: u32, message: &str) -> ApiError {
    ApiError::new(400, code, message.to_owned())
}

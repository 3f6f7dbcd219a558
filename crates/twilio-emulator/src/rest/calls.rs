//! `Calls`: place, look up, list, change.

use std::ops::RangeInclusive;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;

use super::ApiError;
use super::ask::{Answer, Ask};
use super::form::Form;
use super::order::{self, refuse};
use crate::network::{CallChanges, CallFilter, CallOrder, Instructions, StatusChange};
use crate::sid::CallSid;
use crate::web::Site;

const TWIML_CHARACTERS_MAX: usize = 4_000;
const SEND_DIGITS_MAX: usize = 32;
const RING_TIMEOUT_S: RangeInclusive<u32> = 1..=600;

/// What only calls have, besides [`order::PARAMETERS`].
const CREATE: [&str; 10] = [
    "Url",
    "Method",
    "Twiml",
    "ApplicationSid",
    "FallbackUrl",
    "FallbackMethod",
    "SendDigits",
    "AsyncAmd",
    "AsyncAmdStatusCallback",
    "AsyncAmdStatusCallbackMethod",
];
const LIST: [&str; 10] = [
    "To",
    "From",
    "ParentCallSid",
    "Status",
    "StartTime",
    "StartTime<",
    "StartTime>",
    "EndTime",
    "EndTime<",
    "EndTime>",
];
const UPDATE: [&str; 9] = [
    "Url",
    "Method",
    "Twiml",
    "Status",
    "FallbackUrl",
    "FallbackMethod",
    "StatusCallback",
    "StatusCallbackMethod",
    "TimeLimit",
];

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/Calls.json", get(list).post(create))
        .route("/Calls/{call}", get(fetch).post(update).delete(delete))
}

async fn create(ask: Ask) -> Answer {
    ask.only(&[&order::PARAMETERS[..], &CREATE, &["Passports"]].concat())
        .await?;
    let detection = super::amd::read(&ask.form)?;
    let order = call_order(&ask)?;
    ask.made(move |network, _| {
        let order = order::with_detection(network, order, detection)?;
        let sid = network.create_call(order)?;
        network.call_view(&sid)
    })
    .await
}

async fn fetch(ask: Ask) -> Answer {
    let sid = CallSid::from_text(&ask.name(0));
    ask.read(move |network, account| {
        network.require(account, sid.as_str())?;
        network.call_read(&sid)
    })
    .await
}

async fn delete(ask: Ask) -> Result<StatusCode, ApiError> {
    let sid = CallSid::from_text(&ask.name(0));
    ask.gone(move |network, account| {
        network.require(account, sid.as_str())?;
        network.delete_call(&sid)
    })
    .await
}

async fn list(ask: Ask) -> Answer {
    let form = &ask.form;
    let text = |name: &str| form.text(name).map(str::to_owned);
    let filter = CallFilter {
        to: text("To"),
        from: text("From"),
        status: text("Status"),
        parent: text("ParentCallSid"),
        started: form.when("StartTime")?,
        ended: form.when("EndTime")?,
    };
    ask.list("calls", &LIST, move |network, account| {
        Ok(network.list_calls(account, &filter))
    })
    .await
}

async fn update(ask: Ask) -> Answer {
    ask.only(&UPDATE).await?;
    let sid = CallSid::from_text(&ask.name(0));
    let changes = changes(&ask.form)?;
    ask.show(move |network, account| {
        network.require(account, sid.as_str())?;
        network.update_call(&sid, changes)?;
        network.call_view(&sid)
    })
    .await
}

/// Reads and checks the parameters of `POST Calls`.
fn call_order(ask: &Ask) -> Result<CallOrder, ApiError> {
    let form = &ask.form;
    let url = form.endpoint("Url", "Method", 21_205)?.map(Instructions::Url);
    Ok(CallOrder {
        instructions: url.or(twiml(form)?),
        application_sid: form.text("ApplicationSid").map(str::to_owned),
        fallback: form.endpoint("FallbackUrl", "FallbackMethod", 21_205)?,
        keys: keys(form)?,
        ..order::order(&ask.account, form, &RING_TIMEOUT_S)?
    })
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
        callback: form.endpoint("StatusCallback", "StatusCallbackMethod", 21_609)?,
        time_limit_s: order::time_limit(form)?,
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

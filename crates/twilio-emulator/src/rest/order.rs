//! What orders for a call and for a participant have in common: whom to call, from where, for how long, and
//! who is told.

use std::ops::RangeInclusive;

use super::ApiError;
use super::form::Form;
use super::recordings::wish;
use crate::network::{CallOrder, Network};
use crate::pbx::{Password, SipUri, is_sip};

const RING_TIMEOUT_S_DEFAULT: u32 = 60;
const TIME_LIMIT_S_MAX: u32 = 86_400;
const CALL_REASON_CHARACTERS_MAX: usize = 50;
const IDENTITY_CHARACTERS_MAX: usize = 256;
const SIP_AUTH_CHARACTERS_MAX: usize = 255;
const PROGRESS_EVENTS: [&str; 4] = ["initiated", "ringing", "answered", "completed"];

/// Parameters that calls and participants share.
pub(super) const PARAMETERS: [&str; 27] = [
    "To",
    "From",
    "CallerId",
    "Timeout",
    "TimeLimit",
    "StatusCallback",
    "StatusCallbackMethod",
    "StatusCallbackEvent",
    "Record",
    "RecordingChannels",
    "RecordingTrack",
    "RecordingConfigurationId",
    "RecordingStatusCallback",
    "RecordingStatusCallbackMethod",
    "RecordingStatusCallbackEvent",
    "Trim",
    "MachineDetection",
    "MachineDetectionTimeout",
    "MachineDetectionSpeechThreshold",
    "MachineDetectionSpeechEndThreshold",
    "MachineDetectionSilenceTimeout",
    "SipAuthUsername",
    "SipAuthPassword",
    "CallReason",
    "CallToken",
    "Byoc",
    "ClientNotificationUrl",
];

/// Reads and checks what calls and participants share; what it is all for is the caller's business.
pub(super) fn order(
    account: &str,
    form: &Form,
    ring_timeout_s: &RangeInclusive<u32>,
) -> Result<CallOrder, ApiError> {
    let to = called(form)?;
    let from = caller(form, to)?;
    let reason = form.text("CallReason");
    if reason.is_some_and(|reason| reason.chars().count() > CALL_REASON_CHARACTERS_MAX) {
        return Err(ApiError::parameter("CallReason has more than 50 characters"));
    }
    let (callback_events, notes) = progress_events(form);
    let record = wish(form, "Trim", true)?;
    Ok(CallOrder {
        account: account.to_owned(),
        record: form.flag("Record")?.unwrap_or(false).then_some(record),
        to: to.to_owned(),
        from: from.to_owned(),
        instructions: None,
        application_sid: None,
        fallback: None,
        callback: form.endpoint("StatusCallback", "StatusCallbackMethod", 21_609)?,
        callback_events,
        ring_timeout_s: ring_timeout(form, ring_timeout_s)?,
        keys: None,
        amd: None,
        reason: reason.map(str::to_owned),
        time_limit_s: time_limit(form)?,
        token: form.text("CallToken").map(str::to_owned),
        sip_credentials: sip_credentials(form)?,
        notes,
    })
}

/// The order with the detection that the network grants.
pub(super) fn with_detection(
    network: &Network,
    order: CallOrder,
    detection: super::amd::Wish,
) -> Result<CallOrder, ApiError> {
    let (amd, notes) = network.settle_detection(detection)?;
    Ok(CallOrder {
        amd,
        notes: [order.notes, notes].concat(),
        ..order
    })
}

/// `TimeLimit`: how many seconds a call may last.
pub(super) fn time_limit(form: &Form) -> Result<Option<u32>, ApiError> {
    let seconds: Option<u32> = form.number("TimeLimit")?;
    if seconds.is_some_and(|seconds| !(1..=TIME_LIMIT_S_MAX).contains(&seconds)) {
        return Err(ApiError::parameter("TimeLimit must be from 1 to 86400 seconds"));
    }
    Ok(seconds)
}

fn called(form: &Form) -> Result<&str, ApiError> {
    let to = form
        .text("To")
        .ok_or_else(|| refuse(21201, "No 'To' number is specified"))?;
    if is_e164(to) || is_client(to) || SipUri::parse(to).is_some() {
        return Ok(to);
    }
    if is_sip(to) {
        return Err(refuse(13243, &format!("Invalid SIP URI: {to}")));
    }
    Err(refuse(
        21211,
        &format!("The phone number you are attempting to call, {to}, is not valid."),
    ))
}

/// `CallerId` stands in for `From` where both are given.
fn caller<'a>(form: &'a Form, to: &str) -> Result<&'a str, ApiError> {
    let from = form
        .text("From")
        .ok_or_else(|| refuse(21213, "A 'From' phone number is required."))?;
    for number in [Some(from), form.text("CallerId")].into_iter().flatten() {
        let fits =
            is_e164(number) || is_client(to) && is_client(number) || is_sip(to) && is_sip_caller(number);
        if !fits {
            return Err(refuse(
                21212,
                &format!("The source phone number provided, {number}, is not valid."),
            ));
        }
    }
    Ok(form.text("CallerId").unwrap_or(from))
}

/// What a PBX may be shown as the caller: signs of user names, a SIP URI or a client.
fn is_sip_caller(text: &str) -> bool {
    is_client(text)
        || SipUri::parse(text).is_some()
        || text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-_.".contains(c))
}

/// `SipAuthUsername` and `SipAuthPassword`: for a PBX that asks.
fn sip_credentials(form: &Form) -> Result<Option<(String, Password)>, ApiError> {
    let Some(name) = form.text("SipAuthUsername") else {
        return Ok(None);
    };
    let word = form.text("SipAuthPassword").ok_or_else(|| {
        refuse(
            21225,
            "SipAuthPassword is required when providing SipAuthUsername",
        )
    })?;
    if name.len().max(word.len()) > SIP_AUTH_CHARACTERS_MAX {
        return Err(refuse(
            21223,
            "Invalid SipAuthPassword. Must be fewer than 256 chars",
        ));
    }
    Ok(Some((name.to_owned(), Password::new(word))))
}

fn ring_timeout(form: &Form, range: &RangeInclusive<u32>) -> Result<u32, ApiError> {
    let Some(text) = form.text("Timeout") else {
        return Ok(RING_TIMEOUT_S_DEFAULT);
    };
    let seconds = text.parse().ok().filter(|seconds| range.contains(seconds));
    seconds.ok_or_else(|| {
        let (least, most) = (range.start(), range.end());
        refuse(21208, &format!("Timeout must be from {least} to {most} seconds"))
    })
}

/// The events that are asked for, and a notification for those that there are not.
pub(super) fn progress_events(form: &Form) -> (Vec<String>, Vec<(u32, String)>) {
    let asked = form.words("StatusCallbackEvent");
    let (known, unknown): (Vec<_>, Vec<_>) = asked
        .into_iter()
        .partition(|event| PROGRESS_EVENTS.contains(&event.as_str()));
    let note = format!("Invalid StatusCallbackEvent: {}", unknown.join(", "));
    let notes = (!unknown.is_empty()).then_some((21_626, note));
    (known, notes.into_iter().collect())
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
pub(crate) fn is_e164(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (8..=15).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0')
    })
}

pub(super) fn refuse(code: u32, message: &str) -> ApiError {
    ApiError::new(400, code, message.to_owned())
}

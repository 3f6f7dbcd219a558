//! What Twilio's error log shows: warnings and errors, and the request that each of them came of.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

use super::exchanges::{Exchange, Newest};
use super::views::root;
use super::{Network, When, not_found};
use crate::clock::rfc2822;
use crate::rest::ApiError;
use crate::sid::CallSid;

/// The newest are kept, all accounts together.
const NOTIFICATIONS_MAX: usize = 20_000;
/// Twilio cuts long messages too.
const MESSAGE_CHARACTERS_MAX: usize = 1_000;

/// One line of the error log.
#[derive(Clone, Debug)]
struct Notification {
    sid: String,
    account: String,
    call: Option<CallSid>,
    code: u32,
    message: String,
    cause: Cause,
    at: Timestamp,
}

/// The request that a notification came of.
#[derive(Clone, Debug)]
enum Cause {
    Unknown,
    /// To the application.
    Webhook(Arc<Exchange>),
    /// To REST.
    Rest(RestRequest),
}

/// What a client asked of REST.
#[derive(Clone, Debug)]
pub(crate) struct RestRequest {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) variables: Vec<(String, String)>,
}

impl RestRequest {
    fn bytes(&self) -> usize {
        let pairs = self.variables.iter();
        pairs.map(|(name, value)| name.len() + value.len()).sum()
    }
}

/// `GET Notifications`: what to show.
#[derive(Clone, Debug, Default)]
pub(crate) struct NotificationFilter {
    /// 0 for errors, 1 for warnings.
    pub(crate) log: Option<String>,
    pub(crate) dated: When,
}

impl NotificationFilter {
    fn shows(&self, note: &Notification) -> bool {
        self.log.as_ref().is_none_or(|log| log == level(note.code)) && self.dated.includes(note.at)
    }
}

/// All accounts' notifications.
#[derive(Debug)]
pub(super) struct Journal(Newest<Notification>);

impl Default for Journal {
    fn default() -> Self {
        Self(Newest::new(NOTIFICATIONS_MAX))
    }
}

/// Codes that do not stop anything: schema and parameter warnings, callbacks answered with an error.
fn is_warning(code: u32) -> bool {
    matches!(code, 12200 | 13000..=13999 | 15003 | 16020..=16025 | 20001 | 21262 | 21263 | 32009 | 32011 | 32101)
}

impl Network {
    /// Notes what Twilio would show in its error log about the document that a call runs.
    pub(super) fn notify(&mut self, call: &CallSid, code: u32, message: &str) {
        let runs = self.calls.get(call).map_or(&[][..], |call| &call.runs);
        let document = runs.iter().rev().find_map(|run| run.document.clone());
        self.note(
            Some(call),
            None,
            document.map_or(Cause::Unknown, Cause::Webhook),
            code,
            message,
        );
    }

    /// The same about a webhook of a call.
    pub(super) fn notify_of(&mut self, exchange: &Arc<Exchange>, call: &CallSid, code: u32, message: &str) {
        self.note(Some(call), None, Cause::Webhook(exchange.clone()), code, message);
    }

    /// Notes what is no call's business.
    pub(super) fn notify_account(
        &mut self,
        account: &str,
        exchange: Option<&Arc<Exchange>>,
        code: u32,
        message: &str,
    ) {
        let cause = exchange.map_or(Cause::Unknown, |exchange| Cause::Webhook(exchange.clone()));
        self.note(None, Some(account), cause, code, message);
    }

    /// Warning 20001: a client sent what the operation does not have.
    pub(crate) fn warn_of_parameters(&mut self, account: &str, request: RestRequest, names: &[String]) {
        let message = format!("Unknown parameters: {} ({})", names.join(", "), request.path);
        self.note(None, Some(account), Cause::Rest(request), 20001, &message);
    }

    fn note(
        &mut self,
        call: Option<&CallSid>,
        account: Option<&str>,
        cause: Cause,
        code: u32,
        message: &str,
    ) {
        let text = code.to_string();
        let fields = [
            ("code", text.as_str()),
            ("message", message),
            ("call", call.map_or("", CallSid::as_str)),
        ];
        let told = if call.is_some() { &fields[..] } else { &fields[..2] };
        self.log("notification", told);
        let owner = call.and_then(|call| self.calls.get(call));
        let account = account.or(owner.map(|owner| owner.account.as_str()));
        let account = account.unwrap_or_else(|| self.main_account()).to_owned();
        let bytes = match &cause {
            Cause::Webhook(exchange) => exchange.bytes(),
            Cause::Rest(request) => request.bytes(),
            Cause::Unknown => 0,
        };
        let note = Notification {
            sid: self.sids.next("NO"),
            account,
            call: call.cloned(),
            code,
            message: message.chars().take(MESSAGE_CHARACTERS_MAX).collect(),
            cause,
            at: self.now,
        };
        self.journal.0.push(bytes, note);
    }

    /// The account's notifications, or one call's; newest first.
    pub(crate) fn list_notifications(
        &self,
        account: &str,
        call: Option<&CallSid>,
        filter: &NotificationFilter,
    ) -> Vec<Value> {
        let newest_first = self.journal.0.iter().rev();
        let wanted = newest_first.filter(|note| {
            note.account == account
                && call.is_none_or(|call| note.call.as_ref() == Some(call))
                && filter.shows(note)
        });
        wanted.map(|note| self.notification_json(note)).collect()
    }

    /// One of the account's, or of one call's.
    pub(crate) fn notification_view(
        &self,
        account: &str,
        call: Option<&CallSid>,
        sid: &str,
    ) -> Result<Value, ApiError> {
        let mut all = self.journal.0.iter();
        let note = all.find(|note| {
            note.sid == sid
                && note.account == account
                && call.is_none_or(|call| note.call.as_ref() == Some(call))
        });
        let note = note.ok_or_else(|| not_found(sid))?;
        let mut view = self.notification_json(note);
        // Lists leave these out.
        let (variables, headers, body) = match &note.cause {
            Cause::Unknown => Default::default(),
            Cause::Webhook(exchange) => (form(&exchange.request.params), headers(exchange), exchange.body()),
            Cause::Rest(request) => (form(&request.variables), String::new(), String::new()),
        };
        view["request_variables"] = json!(variables);
        view["response_headers"] = json!(headers);
        view["response_body"] = json!(body);
        Ok(view)
    }

    fn notification_json(&self, note: &Notification) -> Value {
        let (method, url) = match &note.cause {
            Cause::Unknown => (None, String::new()),
            Cause::Webhook(exchange) => {
                let request = &exchange.request;
                (Some(request.method.as_str()), request.url.clone())
            }
            Cause::Rest(request) => (
                Some(request.method.as_str()),
                format!("{}{}", self.origin, request.path),
            ),
        };
        json!({
            "sid": note.sid,
            "account_sid": note.account,
            "call_sid": note.call,
            "api_version": "2010-04-01",
            "log": level(note.code),
            "error_code": note.code.to_string(),
            "more_info": format!("https://www.twilio.com/docs/errors/{}", note.code),
            "message_text": note.message,
            "message_date": rfc2822(note.at),
            "request_method": method,
            "request_url": url,
            "date_created": rfc2822(note.at),
            "date_updated": rfc2822(note.at),
            "uri": format!("{}/Notifications/{}.json", root(&note.account), note.sid),
        })
    }
}

/// Pairs as in a query.
fn form<Name: AsRef<str>>(pairs: &[(Name, String)]) -> String {
    Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn headers(exchange: &Exchange) -> String {
    let reply = exchange.reply();
    let headers = reply.iter().flat_map(|reply| &reply.headers);
    let pairs = headers.map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())));
    Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// As Twilio writes it: 0 for errors, 1 for warnings.
fn level(code: u32) -> &'static str {
    if is_warning(code) { "1" } else { "0" }
}

//! What Twilio's error log and a call's `Events` show: warnings, errors, and webhooks with their answers.

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::views::root;
use super::{Network, When, not_found};
use crate::clock::rfc2822;
use crate::rest::ApiError;
use crate::sid::CallSid;
use crate::webhook::{DeliveryError, Reply, Request};

/// Of each kind the newest are kept, all accounts together.
const NOTIFICATIONS_MAX: usize = 20_000;
const EXCHANGES_MAX: usize = 20_000;
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
    at: Timestamp,
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

/// One webhook about a call and what came back.
#[derive(Clone, Debug)]
struct Exchange {
    call: CallSid,
    request: Arc<Request>,
    status: Option<u16>,
    content_type: String,
}

/// The newest notifications and exchanges, oldest first.
#[derive(Debug, Default)]
pub(super) struct Journal {
    notifications: VecDeque<Notification>,
    exchanges: VecDeque<Exchange>,
}

/// Codes that do not stop anything: schema and parameter warnings, callbacks answered with an error.
fn is_warning(code: u32) -> bool {
    matches!(code, 12200 | 13000..=13999 | 15003 | 16020..=16025 | 20001 | 21262 | 21263 | 32009 | 32011 | 32101)
}

impl Network {
    /// Notes what Twilio would show in its error log.
    pub(super) fn notify(&mut self, call: &CallSid, code: u32, message: &str) {
        let text = code.to_string();
        self.log(
            "notification",
            &[("call", call.as_str()), ("code", &text), ("message", message)],
        );
        let owner = self.calls.get(call).map(|call| call.account.clone());
        let account = owner.unwrap_or_else(|| self.main_account().to_owned());
        self.note(account, Some(call.clone()), code, message);
    }

    /// Warning 20001: a client sent what the operation does not have.
    pub(crate) fn warn_of_parameters(&mut self, account: &str, path: &str, names: &[String]) {
        let message = format!("Unknown parameters: {} ({path})", names.join(", "));
        self.log("notification", &[("code", "20001"), ("message", &message)]);
        self.note(account.to_owned(), None, 20001, &message);
    }

    /// Notes what is no call's business.
    pub(super) fn notify_account(&mut self, account: &str, code: u32, message: &str) {
        let text = code.to_string();
        self.log("notification", &[("code", &text), ("message", message)]);
        self.note(account.to_owned(), None, code, message);
    }

    fn note(&mut self, account: String, call: Option<CallSid>, code: u32, message: &str) {
        let sid = self.sids.next("NO");
        let journal = &mut self.journal.notifications;
        if journal.len() >= NOTIFICATIONS_MAX {
            journal.pop_front();
        }
        journal.push_back(Notification {
            sid,
            account,
            call,
            code,
            message: message.chars().take(MESSAGE_CHARACTERS_MAX).collect(),
            at: self.now,
        });
    }

    /// Keeps a webhook and its answer for the call's `Events`.
    pub(super) fn note_exchange(
        &mut self,
        call: &CallSid,
        request: Arc<Request>,
        result: &Result<Reply, DeliveryError>,
    ) {
        let (status, content_type) = match result {
            Ok(reply) => (Some(200), reply.content_type.clone()),
            Err(DeliveryError::Status(status)) => (Some(*status), String::new()),
            Err(_) => (None, String::new()),
        };
        if let Err(error) = result {
            let fields = [
                ("call", call.as_str()),
                ("url", &request.url),
                ("why", &error.to_string()),
            ];
            self.log("webhook.failed", &fields);
        }
        let exchanges = &mut self.journal.exchanges;
        if exchanges.len() >= EXCHANGES_MAX {
            exchanges.pop_front();
        }
        exchanges.push_back(Exchange {
            call: call.clone(),
            request,
            status,
            content_type,
        });
    }

    /// The account's notifications, or one call's; newest first.
    pub(crate) fn list_notifications(
        &self,
        account: &str,
        call: Option<&CallSid>,
        filter: &NotificationFilter,
    ) -> Vec<Value> {
        let newest_first = self.journal.notifications.iter().rev();
        let wanted = newest_first.filter(|note| {
            note.account == account
                && call.is_none_or(|call| note.call.as_ref() == Some(call))
                && filter.shows(note)
        });
        wanted.map(notification_json).collect()
    }

    pub(crate) fn notification_view(&self, account: &str, sid: &str) -> Result<Value, ApiError> {
        let mut all = self.journal.notifications.iter();
        let note = all.find(|note| note.sid == sid && note.account == account);
        let mut view = note.map(notification_json).ok_or_else(|| not_found(sid))?;
        // Lists leave these out. What the application was sent and said is in the call's `Events`.
        for field in ["request_variables", "response_headers", "response_body"] {
            view[field] = json!("");
        }
        Ok(view)
    }

    /// Webhooks about a call, in the order of their answers.
    pub(crate) fn list_call_events(&self, call: &CallSid) -> Vec<Value> {
        let own = self.journal.exchanges.iter().filter(|it| it.call == *call);
        own.map(exchange_json).collect()
    }
}

/// As Twilio writes it: 0 for errors, 1 for warnings.
fn level(code: u32) -> &'static str {
    if is_warning(code) { "1" } else { "0" }
}

fn notification_json(note: &Notification) -> Value {
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
        "request_method": null,
        "request_url": null,
        "date_created": rfc2822(note.at),
        "date_updated": rfc2822(note.at),
        "uri": format!("{}/Notifications/{}.json", root(&note.account), note.sid),
    })
}

fn exchange_json(exchange: &Exchange) -> Value {
    let parameters: serde_json::Map<String, Value> = exchange
        .request
        .params
        .iter()
        .map(|(name, value)| (name.to_string(), json!(value)))
        .collect();
    json!({
        "request": {
            "method": exchange.request.method.as_str(),
            "url": exchange.request.url,
            "parameters": parameters,
        },
        "response": {
            "response_code": exchange.status,
            "content_type": exchange.content_type,
        },
    })
}

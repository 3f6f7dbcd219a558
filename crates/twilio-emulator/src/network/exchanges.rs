//! Webhooks and what came back, as a call's `Events` show them.

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Network;
use crate::clock::rfc2822;
use crate::sid::CallSid;
use crate::webhook::{DeliveryError, Reply, Request};

/// The newest are kept, all accounts together.
const EXCHANGES_MAX: usize = 20_000;
/// Of requests' parameters and of replies, in each list that keeps them.
const BYTES_MAX: usize = 64 * 1024 * 1024;

/// One webhook about a call and what came back.
#[derive(Debug)]
pub(super) struct Exchange {
    call: CallSid,
    pub(super) request: Arc<Request>,
    pub(super) result: Result<Reply, DeliveryError>,
    answered_at: Timestamp,
}

impl Exchange {
    /// What the application said, be it a refusal.
    pub(super) fn reply(&self) -> Option<&Reply> {
        match &self.result {
            Ok(reply) => Some(reply),
            Err(DeliveryError::Refused(reply)) => Some(reply),
            Err(_) => None,
        }
    }

    /// Its words; sound has none.
    pub(super) fn body(&self) -> String {
        let reply = self
            .reply()
            .filter(|reply| !reply.content_type().starts_with("audio/"));
        reply.map_or_else(String::new, |reply| {
            String::from_utf8_lossy(&reply.body).into_owned()
        })
    }

    pub(super) fn bytes(&self) -> usize {
        let params = self.request.params.iter();
        let asked: usize = params.map(|(name, value)| name.len() + value.len()).sum();
        let answered = self.reply().map_or(0, |reply| {
            let headers = reply.headers.iter();
            let headers: usize = headers
                .map(|(name, value)| name.as_str().len() + value.len())
                .sum();
            headers + reply.body.len()
        });
        asked + answered
    }

    fn json(&self) -> Value {
        let reply = self.reply();
        let parameters: serde_json::Map<String, Value> = self
            .request
            .params
            .iter()
            .map(|(name, value)| (snake(name), json!(value)))
            .collect();
        json!({
            "request": {
                "method": self.request.method.as_str(),
                "url": self.request.url,
                "parameters": parameters,
            },
            "response": {
                "response_code": reply.map(|reply| reply.status.as_u16()),
                "request_duration": self.answered_at.duration_since(self.request.asked_at).as_millis(),
                "content_type": reply.map(Reply::content_type),
                "response_body": self.body(),
                "date_created": rfc2822(self.answered_at),
            },
        })
    }
}

/// The newest rows, so many of them and so many bytes.
#[derive(Debug)]
pub(super) struct Newest<T> {
    rows: VecDeque<(usize, T)>,
    rows_max: usize,
    bytes: usize,
}

impl<T> Newest<T> {
    pub(super) fn new(rows_max: usize) -> Self {
        Self {
            rows: VecDeque::new(),
            rows_max,
            bytes: 0,
        }
    }

    pub(super) fn push(&mut self, bytes: usize, row: T) {
        self.bytes += bytes;
        self.rows.push_back((bytes, row));
        while self.rows.len() > self.rows_max || self.bytes > BYTES_MAX {
            let Some((gone, _)) = self.rows.pop_front() else {
                return;
            };
            self.bytes -= gone;
        }
    }

    /// Oldest first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.rows.iter().map(|(_, row)| row)
    }
}

/// All calls' webhooks.
#[derive(Debug)]
pub(super) struct Exchanges(Newest<Arc<Exchange>>);

impl Default for Exchanges {
    fn default() -> Self {
        Self(Newest::new(EXCHANGES_MAX))
    }
}

impl Network {
    /// Keeps a webhook and its answer for the call's `Events`.
    pub(super) fn note_exchange(
        &mut self,
        call: &CallSid,
        request: Arc<Request>,
        result: Result<Reply, DeliveryError>,
    ) -> Arc<Exchange> {
        if let Err(error) = &result {
            let fields = [
                ("call", call.as_str()),
                ("url", &request.url),
                ("why", &error.to_string()),
            ];
            self.log("webhook.failed", &fields);
        }
        let exchange = Arc::new(Exchange {
            call: call.clone(),
            request,
            result,
            answered_at: self.now,
        });
        self.exchanges.0.push(exchange.bytes(), exchange.clone());
        exchange
    }

    /// Webhooks about a call, in the order of their answers.
    pub(crate) fn list_call_events(&self, call: &CallSid) -> Vec<Value> {
        let own = self.exchanges.0.iter().filter(|it| it.call == *call);
        own.map(|it| it.json()).collect()
    }
}

/// `CallSid` as `call_sid`.
fn snake(name: &str) -> String {
    let mut snake = String::new();
    let mut after_small = false;
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && after_small {
            snake.push('_');
        }
        after_small = !letter.is_ascii_uppercase();
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_when_there_are_too_many_or_too_much() {
        let mut newest = Newest::new(3);
        for row in 0..5 {
            newest.push(1, row);
        }
        assert_eq!(newest.iter().copied().collect::<Vec<_>>(), [2, 3, 4]);
        newest.push(BYTES_MAX - 1, 5);
        assert_eq!(newest.iter().copied().collect::<Vec<_>>(), [4, 5]);
        newest.push(2, 6);
        assert_eq!(newest.iter().copied().collect::<Vec<_>>(), [6]);
        assert_eq!(newest.bytes, 2);
    }

    #[test]
    fn parameters_are_shown_with_small_letters() {
        for (name, shown) in [
            ("CallSid", "call_sid"),
            ("lead", "lead"),
            ("ApiVersion", "api_version"),
        ] {
            assert_eq!(snake(name), shown);
        }
    }
}

//! Getting the TwiML that a leg runs next.

use std::sync::Arc;

use url::Url;

use super::{Run, Scope, Waiting};
use crate::network::call::{Endpoint, Status};
use crate::network::callback::{Params, push};
use crate::network::{Instructions, Network, Output};
use crate::sid::CallSid;
use crate::twiml::{self, Method, Verb};
use crate::webhook::{DeliveryError, Reply, Request};

/// A request for TwiML under way.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fetch {
    pub(crate) call: CallSid,
    /// The wait it answers.
    pub(crate) step: u64,
    pub(crate) purpose: FetchPurpose,
    pub(crate) request: Arc<Request>,
}

/// What a request for TwiML is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FetchPurpose {
    /// The next document; if it cannot be had, the fallback is tried.
    Document,
    /// The fallback's document.
    Fallback,
    /// The leg is gone; the application is told and its answer ignored.
    Farewell,
}

/// What Twilio says when an application cannot be reached.
const APOLOGY: &str = "We are sorry. An application error has occurred. Goodbye.";

impl Network {
    /// Starts what a leg does once it is answered, or before that for a Voice SDK client.
    pub(in crate::network) fn start_instructions(&mut self, sid: &CallSid, instructions: Instructions) {
        match instructions {
            Instructions::Url(endpoint) => self.run_from(sid, &endpoint),
            Instructions::Twiml(text) => self.run_text(sid, &text),
            Instructions::Connect(whisper) => self.connect_leg(sid, whisper, Vec::new()),
            Instructions::Join(room) => self.run_room(sid, *room),
        }
    }

    /// Replaces whatever the leg runs by the document at `endpoint`.
    pub(in crate::network) fn run_from(&mut self, sid: &CallSid, endpoint: &Endpoint) {
        self.replace_runs(sid, Run::new(Scope::Call, Vec::new(), None));
        self.fetch(
            sid,
            &endpoint.url,
            endpoint.method,
            FetchPurpose::Document,
            Vec::new(),
        );
    }

    /// Replaces whatever the leg runs by this document.
    pub(in crate::network) fn run_text(&mut self, sid: &CallSid, text: &str) {
        match twiml::parse(text) {
            Ok(document) => {
                self.warn_all(sid, &document.warnings);
                self.replace_runs(sid, Run::new(Scope::Call, document.verbs, None));
                self.advance(sid);
            }
            Err(error) => {
                self.notify(sid, error.code(), &error.to_string());
                self.apologise(sid);
            }
        }
    }

    fn replace_runs(&mut self, sid: &CallSid, run: Run) {
        if let Some(call) = self.calls.get_mut(sid) {
            call.runs = vec![run];
        }
    }

    /// Requests the document that goes on in the innermost run.
    pub(in crate::network) fn fetch(
        &mut self,
        sid: &CallSid,
        url: &str,
        method: Method,
        purpose: FetchPurpose,
        more: Params,
    ) {
        let url = self.resolve(sid, url);
        let step = self.wait_for(sid, Waiting::Fetch);
        let Some(call) = self.calls.get_mut(sid) else {
            return;
        };
        if let Some(run) = call.runs.last_mut() {
            run.base = Some(url.clone());
        }
        let Some(call) = self.calls.get(sid) else { return };
        let mut params = self.voice_params(call);
        if let Some(client) = call.client() {
            params = client.with_custom_params(params);
        }
        if let Some(conference) = call.room.as_ref().and_then(|room| self.conferences.get(room)) {
            push(&mut params, "ConferenceSid", conference.sid.as_str());
            push(&mut params, "FriendlyName", &conference.name);
        }
        if purpose != FetchPurpose::Farewell {
            params.extend(self.verdict_params(sid));
        }
        params.extend(more);
        let cookies = call.cookies.header(&url);
        let mut request = self.request(&Endpoint { url, method }, params);
        request.cookies = cookies;
        self.log("twiml.fetch", &[("call", sid.as_str()), ("url", &request.url)]);
        self.outputs.push_back(Output::Fetch(Fetch {
            call: sid.clone(),
            step,
            purpose,
            request: request.into(),
        }));
    }

    /// Tells an action URL about a leg that is gone.
    pub(in crate::network) fn farewell(&mut self, sid: &CallSid, url: &str, method: Method, more: Params) {
        let url = self.resolve(sid, url);
        let Some(call) = self.calls.get(sid) else { return };
        let mut params = self.voice_params(call);
        params.extend(more);
        let request = self.request(&Endpoint { url, method }, params);
        let purpose = FetchPurpose::Farewell;
        self.log("twiml.fetch", &[("call", sid.as_str()), ("url", &request.url)]);
        self.outputs.push_back(Output::Fetch(Fetch {
            call: sid.clone(),
            step: 0,
            purpose,
            request: request.into(),
        }));
    }

    pub(in crate::network) fn fetched(&mut self, fetch: &Fetch, result: Result<Reply, DeliveryError>) {
        let sid = fetch.call.clone();
        let exchange = self.note_exchange(&sid, fetch.request.clone(), result);
        let url = &fetch.request.url;
        match &exchange.result {
            Ok(_) => self.log("twiml.fetched", &[("call", sid.as_str()), ("url", url)]),
            Err(error) => self.notify_of(&exchange, &sid, error.code(), &format!("{url}: {error}")),
        }
        if fetch.purpose == FetchPurpose::Farewell {
            return;
        }
        let Some(call) = self.calls.get_mut(&sid) else {
            return;
        };
        let Some(run) = call.runs.last_mut() else { return };
        if run.step != fetch.step || !matches!(run.waiting, Waiting::Fetch) {
            return;
        }
        run.waiting = Waiting::Nothing;
        run.document = Some(exchange.clone());
        let verbs = match &exchange.result {
            Ok(reply) => {
                call.cookies.keep(url, reply.cookies());
                self.understand(&sid, url, reply)
            }
            Err(error) => Err(error.code()),
        };
        match verbs {
            Ok(verbs) => self.run_fetched(&sid, verbs),
            Err(code) => self.fall_back(&sid, fetch, code),
        }
    }

    /// Reads a reply by its content type, as Twilio does; the error is Twilio's code.
    fn understand(&mut self, sid: &CallSid, url: &str, reply: &Reply) -> Result<Vec<Verb>, u32> {
        let kind = reply.content_type().split(';').next().unwrap_or_default();
        let kind = kind.trim().to_ascii_lowercase();
        if kind.starts_with("audio/") {
            return Ok(vec![Verb::Sound(reply.body[..].into())]);
        }
        let text = String::from_utf8_lossy(&reply.body);
        let parsed = twiml::parse(&text);
        match (kind.as_str(), parsed) {
            ("text/xml" | "application/xml" | "text/html" | "text/plain", Ok(document)) => {
                self.warn_all(sid, &document.warnings);
                Ok(document.verbs)
            }
            ("text/plain", Err(_)) => Ok(vec![Verb::Say {
                text: text.into_owned(),
                rounds: 1,
            }]),
            ("text/xml" | "application/xml" | "text/html", Err(error)) => {
                self.notify(sid, error.code(), &format!("{url}: {error}"));
                Err(error.code())
            }
            (other, _) => {
                self.notify(
                    sid,
                    12300,
                    &format!("{url}: {other} is not a content type for TwiML"),
                );
                Err(12300)
            }
        }
    }

    fn run_fetched(&mut self, sid: &CallSid, verbs: Vec<Verb>) {
        let Some(call) = self.calls.get_mut(sid) else {
            return;
        };
        let Some(run) = call.runs.last_mut() else { return };
        run.verbs = verbs.into();
        self.advance(sid);
    }

    /// Tries the fallback once; without one the call apologises and ends, and waiting goes on in silence.
    fn fall_back(&mut self, sid: &CallSid, failed: &Fetch, code: u32) {
        let Some(call) = self.calls.get_mut(sid) else {
            return;
        };
        match call.runs.last().map(|run| run.scope) {
            Some(Scope::Wait) => {
                call.runs.pop();
                return self.wait_failed(sid);
            }
            Some(Scope::Queue | Scope::Hold) => {
                call.runs.pop();
                return;
            }
            Some(Scope::Announcement(id)) => {
                call.runs.pop();
                self.announcement_failed(sid, id, &format!("{}: {code}", failed.request.url));
                self.announcement_over(sid);
                return self.advance(sid);
            }
            Some(Scope::Whisper) => {
                return self.end(
                    sid,
                    Status::Completed,
                    "what was to be heard first could not be had",
                );
            }
            Some(Scope::Call | Scope::Prompt | Scope::Keys | Scope::Trial) | None => {}
        }
        match call.fallback.clone() {
            Some(fallback) if failed.purpose == FetchPurpose::Document => {
                let more = vec![
                    ("ErrorCode".into(), code.to_string()),
                    ("ErrorUrl".into(), failed.request.url.clone()),
                ];
                self.fetch(sid, &fallback.url, fallback.method, FetchPurpose::Fallback, more);
            }
            Some(_) | None => self.apologise(sid),
        }
    }

    fn apologise(&mut self, sid: &CallSid) {
        let Some(call) = self.calls.get(sid) else { return };
        if call.status != Status::InProgress {
            return self.end(sid, Status::Failed, "application error");
        }
        let verbs = vec![
            Verb::Say {
                text: APOLOGY.to_owned(),
                rounds: 1,
            },
            Verb::Hangup,
        ];
        self.replace_runs(sid, Run::new(Scope::Call, verbs, None));
        self.advance(sid);
    }

    /// An absolute URL for `url` as the leg's current document writes it.
    pub(in crate::network) fn resolve(&self, sid: &CallSid, url: &str) -> String {
        if Url::parse(url).is_ok() {
            return url.to_owned();
        }
        let base = self
            .calls
            .get(sid)
            .and_then(|call| call.runs.iter().rev().find_map(|run| run.base.clone()));
        base.and_then(|base| Url::parse(&base).ok()?.join(url).ok())
            .map_or_else(|| url.to_owned(), Into::into)
    }

    fn warn_all(&mut self, sid: &CallSid, warnings: &[twiml::Warning]) {
        for warning in warnings {
            self.notify(sid, warning.code, &warning.to_string());
        }
    }
}

//! An application that answers at once, and the people who hear what it has played to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderValue, SET_COOKIE};

use super::pass;
use crate::network::{Input, Network, Output, SoundSource};
use crate::sid::CallSid;
use crate::webhook::{Reply, Request};

/// How long every sound takes.
const SOUND_MS: u64 = 500;

#[derive(Default)]
pub(super) struct Application {
    documents: BTreeMap<String, String>,
    /// Requests for documents, in order.
    asked: Vec<Arc<Request>>,
    heard: Vec<(CallSid, String)>,
}

impl Application {
    /// What `url` answers from now on; no other URL answers ever.
    pub(super) fn says(mut self, url: &str, verbs: &str) -> Self {
        let document = format!("<Response>{verbs}</Response>");
        self.documents.insert(url.to_owned(), document);
        self
    }

    /// Lets time pass to `second`.
    pub(super) fn pass(&mut self, network: &mut Network, second: i64) {
        pass(network, second, |network, output| self.perform(network, output));
    }

    fn perform(&mut self, network: &mut Network, output: Output) {
        let now = network.now;
        if let Output::Fetch(fetch) = output {
            self.asked.push(fetch.request.clone());
            if let Some(document) = self.documents.get(&fetch.request.url) {
                let result = Ok(twiml(document));
                network.handle(Input::Fetched { fetch, result }, now);
            }
        } else if let Output::Sound {
            call,
            play,
            source,
            rounds,
        } = output
        {
            if let SoundSource::Speech(text) = source {
                self.heard.push((call.clone(), text));
            }
            if rounds > 0 {
                let ms = SOUND_MS * u64::from(rounds);
                network.handle(Input::SoundLength { call, play, ms }, now);
            }
        }
    }

    /// What was said to a leg.
    pub(super) fn words(&self, call: &CallSid) -> Vec<&str> {
        let own = self.heard.iter().filter(|(to, _)| to == call);
        own.map(|(_, text)| text.as_str()).collect()
    }

    /// What the latest request at `url` said of `name`.
    pub(super) fn told(&self, url: &str, name: &str) -> Option<&str> {
        let request = self.asked.iter().rev().find(|request| request.url == url)?;
        let param = request.params.iter().find(|(known, _)| known == name)?;
        Some(&param.1)
    }

    pub(super) fn requests(&self, url: &str) -> usize {
        self.asked.iter().filter(|request| request.url == url).count()
    }
}

/// A reply with a document.
pub(super) fn twiml(document: &str) -> Reply {
    Reply {
        status: StatusCode::OK,
        headers: [(CONTENT_TYPE, "text/xml"), (SET_COOKIE, "a=b")]
            .map(|(name, value)| (name, HeaderValue::from_static(value)))
            .into_iter()
            .collect(),
        body: document.to_owned().into(),
    }
}

//! Callbacks on their way to the application, and what becomes of them.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::call::{Call, Endpoint};
use super::callback::{Params, account_of};
use super::{Network, Timer};
use crate::config::UrlQuery;
use crate::faults::{self, CallbackEffect, CallbackFault};
use crate::sid::CallSid;
use crate::webhook::{Quirks, Request};

/// A reordered callback that no other one overtakes is sent after this long.
const HELD_MS_DEFAULT: u32 = 2_000;
/// How far behind the overtaking callback it follows, so that they cannot race.
const OVERTAKEN_BY: SignedDuration = SignedDuration::from_millis(200);

impl Network {
    /// Replaces the faults that callbacks and reads meet.
    pub(crate) fn set_faults(&mut self, callbacks: Vec<CallbackFault>, reads_lag_ms: u32) {
        self.log("faults.set", &[]);
        self.callback_faults = callbacks;
        self.reads_lag_ms = reads_lag_ms;
    }

    /// Notes a fault that a REST request met.
    pub(crate) fn note_rest_fault(&mut self, on: &str, effect: &str) {
        self.log("fault.rest", &[("on", on), ("effect", effect)]);
    }

    /// The time that reads show.
    pub(super) fn reads_at(&self) -> Timestamp {
        let lag = SignedDuration::from_millis(self.reads_lag_ms.into());
        self.now.saturating_sub(lag).unwrap_or(self.now)
    }

    /// Whether reads show this call yet.
    pub(super) fn is_visible(&self, call: &Call) -> bool {
        call.created_at <= self.reads_at() && !call.is_behind_trunk()
    }

    /// Sends a callback on its way, through the faults.
    pub(super) fn send_callback(&mut self, call: &CallSid, to: &Endpoint, event: &str, params: Params) {
        let request = Arc::new(self.request(to, params));
        self.log(
            "callback",
            &[("call", call.as_str()), ("event", event), ("url", &request.url)],
        );
        let now = SignedDuration::ZERO;
        let fault = CallbackFault::next(&mut self.callback_faults, event, &mut self.fault_rng);
        let Some(fault) = fault else {
            self.set_timer(now, Timer::Callback(call.clone(), request));
            return self.release_callbacks(call);
        };
        self.log(
            "fault.callback",
            &[
                ("call", call.as_str()),
                ("event", event),
                ("effect", &faults::name_of(fault.effect)),
            ],
        );
        let later = SignedDuration::from_millis(fault.delay_ms.into());
        match fault.effect {
            CallbackEffect::Drop => {}
            CallbackEffect::Delay => self.set_timer(later, Timer::Callback(call.clone(), request)),
            CallbackEffect::Duplicate => {
                self.set_timer(now, Timer::Callback(call.clone(), request.clone()));
                self.set_timer(later, Timer::Callback(call.clone(), request));
            }
            CallbackEffect::Reorder => {
                let wait_ms = if fault.delay_ms == 0 {
                    HELD_MS_DEFAULT
                } else {
                    fault.delay_ms
                };
                self.held_callbacks.entry(call.clone()).or_default().push(request);
                let wait = SignedDuration::from_millis(wait_ms.into());
                self.set_timer(wait, Timer::ReleaseCallbacks(call.clone()));
            }
        }
    }

    /// Sends what was held back to be overtaken.
    pub(super) fn release_callbacks(&mut self, call: &CallSid) {
        for request in self.held_callbacks.remove(call).unwrap_or_default() {
            self.set_timer(OVERTAKEN_BY, Timer::Callback(call.clone(), request));
        }
    }

    /// One logical request to the application.
    pub(super) fn request(&mut self, to: &Endpoint, params: Params) -> Request {
        let auth_token = self.token_of(account_of(&params));
        Request {
            auth_token,
            url: to.url.clone(),
            method: to.method,
            params,
            json: None,
            idempotency_token: self.sids.next(""),
            asked_at: self.now,
            quirks: Quirks {
                stir_unsigned: !self.switches.stir_signed,
                query_sorted: self.switches.url_query == UrlQuery::Sorted,
            },
            cookies: String::new(),
        }
    }
}

//! Faults on order: what goes wrong next, and how often.

use std::collections::VecDeque;

use jiff::SignedDuration;

use super::call::Endpoint;
use super::{Network, Timer};
use crate::sid::CallSid;
use crate::webhook::Request;

/// Faults that wait for their occasion, as `PUT /emulator/faults` sets them.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Faults {
    /// What the next `POST Calls` meet, one entry after the other.
    pub(crate) creates: VecDeque<Repeated<CreateFault>>,
    /// What the next callbacks meet.
    pub(crate) callbacks: Vec<CallbackFault>,
}

/// A fault and how many more times it happens.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Repeated<T> {
    pub(crate) effect: T,
    #[serde(default = "once")]
    pub(crate) times: u32,
}

/// How placing a call goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum CreateFault {
    /// The answer is 500, and the call goes out all the same.
    #[serde(rename = "500-placed")]
    ErrorPlaced,
    /// The answer is 500 and nothing happens.
    #[serde(rename = "500-not-placed")]
    ErrorNotPlaced,
    /// The answer is 429 (20429) and nothing happens.
    #[serde(rename = "429")]
    TooManyRequests,
}

/// How a callback goes wrong.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CallbackFault {
    pub(crate) effect: CallbackEffect,
    #[serde(default = "once")]
    pub(crate) times: u32,
    /// How late a delayed callback, or the second copy of a duplicated one, is.
    #[serde(default)]
    pub(crate) delay_ms: u32,
    /// Only callbacks that say this `CallStatus` or `StatusCallbackEvent`.
    pub(crate) event: Option<String>,
}

/// What becomes of a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CallbackEffect {
    Drop,
    Duplicate,
    Delay,
}

fn once() -> u32 {
    1
}

impl Faults {
    fn next_create(&mut self) -> Option<CreateFault> {
        while let Some(front) = self.creates.front_mut() {
            if front.times > 0 {
                front.times -= 1;
                return Some(front.effect);
            }
            self.creates.pop_front();
        }
        None
    }

    fn next_callback(&mut self, event: &str) -> Option<(CallbackEffect, u32)> {
        self.callbacks.retain(|fault| fault.times > 0);
        let fault = self
            .callbacks
            .iter_mut()
            .find(|f| f.event.as_deref().is_none_or(|only| only == event))?;
        fault.times -= 1;
        Some((fault.effect, fault.delay_ms))
    }
}

impl Network {
    pub(crate) fn set_faults(&mut self, faults: Faults) {
        self.log("faults.set", &[]);
        self.faults = faults;
    }

    /// The fault this `POST Calls` meets, if any.
    pub(crate) fn take_create_fault(&mut self) -> Option<CreateFault> {
        let fault = self.faults.next_create()?;
        self.log("fault.create", &[("effect", &format!("{fault:?}"))]);
        Some(fault)
    }

    /// Sends a callback on its way, through the faults.
    pub(super) fn send_callback(
        &mut self,
        call: &CallSid,
        to: &Endpoint,
        event: &str,
        params: Vec<(String, String)>,
    ) {
        let request = self.request(to, params);
        self.log(
            "callback",
            &[("call", call.as_str()), ("event", event), ("url", &request.url)],
        );
        let now = SignedDuration::ZERO;
        let Some((effect, delay_ms)) = self.faults.next_callback(event) else {
            self.set_timer(now, Timer::Callback(call.clone(), request));
            return;
        };
        let later = SignedDuration::from_millis(delay_ms.into());
        self.log(
            "fault.callback",
            &[
                ("call", call.as_str()),
                ("event", event),
                ("effect", &format!("{effect:?}")),
            ],
        );
        match effect {
            CallbackEffect::Drop => {}
            CallbackEffect::Delay => self.set_timer(later, Timer::Callback(call.clone(), request)),
            CallbackEffect::Duplicate => {
                self.set_timer(now, Timer::Callback(call.clone(), request.clone()));
                self.set_timer(later, Timer::Callback(call.clone(), request));
            }
        }
    }

    /// One logical request to the application.
    pub(super) fn request(&mut self, to: &Endpoint, params: Vec<(String, String)>) -> Request {
        Request {
            url: to.url.clone(),
            method: to.method,
            params,
            idempotency_token: self.sids.next(""),
        }
    }
}

//! What goes wrong between a client and REST: too many requests at once, and faults on order.

use std::sync::{Arc, Mutex};

use axum::extract::connect_info::ConnectInfo;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use std::time::Duration;
use tokio::sync::Semaphore;

use super::ApiError;
use crate::faults::{self, RestEffect, RestFault};
use crate::network::Input;
use crate::web::Site;
use crate::wire::Fuse;

/// What keeps the draws of faults apart from the people's.
const SEED_SALT: u64 = 0x0000_4641_554c_5453;

/// How REST behaves towards its clients.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    slots: Arc<Semaphore>,
    faults: Arc<Mutex<(Vec<RestFault>, ChaCha8Rng)>>,
}

impl Gate {
    /// Lets `concurrency_max` requests in at once.
    pub(crate) fn new(seed: u64, concurrency_max: usize) -> Self {
        let rng = ChaCha8Rng::seed_from_u64(seed ^ SEED_SALT);
        Self {
            slots: Arc::new(Semaphore::new(concurrency_max.min(Semaphore::MAX_PERMITS))),
            faults: Arc::new(Mutex::new((Vec::new(), rng))),
        }
    }

    pub(crate) fn set_faults(&self, faults: Vec<RestFault>) {
        self.faults
            .lock()
            .expect("nothing panics while it holds this lock")
            .0 = faults;
    }

    fn next_fault(&self, on: &str) -> Option<RestFault> {
        let mut guard = self
            .faults
            .lock()
            .expect("nothing panics while it holds this lock");
        let (faults, rng) = &mut *guard;
        RestFault::next(faults, on, rng)
    }
}

/// Tells the ground truth what was asked and what was answered.
pub(crate) async fn note(State(site): State<Site>, request: Request, next: Next) -> Response {
    let method = request.method().to_string();
    let path = request.uri().path_and_query().map(ToString::to_string);
    let response = next.run(request).await;
    let asked = Input::Requested {
        method,
        path: path.unwrap_or_default(),
        status: response.status().as_u16(),
    };
    site.network.tell(asked).await;
    response
}

/// Lets a request through, or not, or not quite.
pub(crate) async fn pass(State(site): State<Site>, request: Request, next: Next) -> Response {
    let Ok(_slot) = site.gate.slots.try_acquire() else {
        return too_many();
    };
    let on = described(&request);
    let Some(fault) = site.gate.next_fault(&on) else {
        return next.run(request).await;
    };
    let effect = faults::name_of(fault.effect);
    let noted = site
        .network
        .ask(move |network| network.note_rest_fault(&on, &effect));
    if let Err(stopped) = noted.await {
        return ApiError::from(stopped).into_response();
    }
    let fuse = request
        .extensions()
        .get::<ConnectInfo<Fuse>>()
        .map(|info| info.0.clone());
    let burn = |bytes: u32| {
        if let Some(fuse) = &fuse {
            fuse.burn_after(bytes.into());
        }
    };
    match fault.effect {
        RestEffect::ErrorNotPlaced => internal(),
        RestEffect::TooManyRequests => too_many(),
        RestEffect::ResetBefore => {
            burn(0);
            internal()
        }
        RestEffect::ErrorPlaced => {
            let response = next.run(request).await;
            // What REST refuses anyway has nothing to hide.
            if response.status().is_success() {
                internal()
            } else {
                response
            }
        }
        RestEffect::ResetAfter => {
            let response = next.run(request).await;
            burn(0);
            response
        }
        RestEffect::Cut => {
            let response = next.run(request).await;
            burn(fault.at_byte);
            response
        }
        RestEffect::Slow => {
            let response = next.run(request).await;
            let delay = Duration::from_millis(fault.delay_ms.into());
            let _ = tokio::time::timeout(delay, site.network.stopped()).await;
            response
        }
    }
}

/// `POST Calls.json` for `POST /2010-04-01/Accounts/AC…/Calls.json`.
fn described(request: &Request) -> String {
    let path = request.uri().path();
    let resource = path
        .strip_prefix("/2010-04-01/Accounts/")
        .and_then(|rest| rest.split_once('/'))
        .map_or(path, |(_, resource)| resource);
    format!("{} {resource}", request.method())
}

fn too_many() -> Response {
    ApiError::new(429, 20429, "Too Many Requests".to_owned()).into_response()
}

/// A fault of the network's own, ordered or not.
pub(crate) fn internal() -> Response {
    ApiError::new(500, 20500, "An internal server error has occurred".to_owned()).into_response()
}

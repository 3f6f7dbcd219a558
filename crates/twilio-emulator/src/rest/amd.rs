//! Parameters that ask for answering-machine detection, and what Twilio notes about them.

use super::ApiError;
use super::form::Form;
use crate::amd::Amd;
use crate::network::Endpoint;
use crate::twiml::Target;

/// What a request asks for, or why it does not make sense.
pub(super) type Wish = Option<Result<Amd, String>>;

/// Reads `MachineDetection…` and `AsyncAmd…` of `POST Calls`; the network settles what comes of it.
pub(super) fn read(form: &Form) -> Result<Wish, ApiError> {
    let callback = form.endpoint("AsyncAmdStatusCallback", "AsyncAmdStatusCallbackMethod", 21_609)?;
    if form.text("SendDigits").is_some() {
        return Ok(None);
    }
    Ok(reporting(Amd::of_call(|name| form.text(name)), callback))
}

/// Reads `MachineDetection…` and `AmdStatusCallback…` of `POST Participants`.
pub(super) fn read_for_participant(form: &Form) -> Result<Wish, ApiError> {
    let callback = form.endpoint("AmdStatusCallback", "AmdStatusCallbackMethod", 21_609)?;
    Ok(reporting(Amd::of_participant(|name| form.text(name)), callback))
}

fn reporting(wish: Wish, callback: Option<Endpoint>) -> Wish {
    let callback = callback.map(|endpoint| Target {
        url: endpoint.url,
        method: endpoint.method,
    });
    wish.map(|amd| amd.map(|amd| Amd { callback, ..amd }))
}

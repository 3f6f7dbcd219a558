//! Parameters that ask for answering-machine detection, and what Twilio notes about them.

use super::ApiError;
use super::form::Form;
use crate::amd::Amd;
use crate::twiml::Target;

/// What a request asks for, or why it does not make sense.
pub(super) type Wish = Option<Result<Amd, String>>;

/// Reads `MachineDetection…` and `AsyncAmd…` of `POST Calls`; the network settles what comes of it.
pub(super) fn read(form: &Form) -> Result<Wish, ApiError> {
    let callback = form.endpoint("AsyncAmdStatusCallback", "AsyncAmdStatusCallbackMethod", 21_609)?;
    if form.text("SendDigits").is_some() {
        return Ok(None);
    }
    let callback = callback.map(|endpoint| Target {
        url: endpoint.url,
        method: endpoint.method,
    });
    let wish = Amd::of_call(|name| form.text(name));
    Ok(wish.map(|amd| amd.map(|amd| Amd { callback, ..amd })))
}

//! Parameters that ask for answering-machine detection, and what Twilio notes about them.

use super::ApiError;
use super::form::Form;
use crate::amd::Amd;
use crate::twiml::Target;

/// What a request asks for, and the notifications it deserves.
pub(super) type Wish = (Option<Amd>, Vec<(u32, String)>);

/// Reads `MachineDetection…` and `AsyncAmd…` of `POST Calls`. What is out of range leaves detection off.
pub(super) fn read(form: &Form) -> Result<Wish, ApiError> {
    let callback = form.endpoint("AsyncAmdStatusCallback", "AsyncAmdStatusCallbackMethod", 21_609)?;
    if form.text("SendDigits").is_some() {
        return Ok((None, Vec::new()));
    }
    let mut notes = Vec::new();
    let amd = match Amd::of_call(|name| form.text(name)) {
        None => None,
        Some(Err(complaint)) => {
            notes.push((21_263, complaint));
            None
        }
        Some(Ok(amd)) => Some(Amd {
            callback: callback.map(|endpoint| Target {
                url: endpoint.url,
                method: endpoint.method,
            }),
            ..amd
        }),
    };
    if amd
        .as_ref()
        .is_some_and(|amd| amd.asynchronous && amd.callback.is_none())
    {
        notes.push((
            21_262,
            "AsyncAmd without AsyncAmdStatusCallback: nobody hears the verdict".to_owned(),
        ));
    }
    Ok((amd, notes))
}

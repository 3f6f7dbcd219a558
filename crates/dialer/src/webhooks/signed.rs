//! A form that Twilio signed.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::StatusCode,
};

use crate::{
    floor::Floor,
    store::inbox::Webhook,
    twilio::signature::{self, Body},
};

const SIGNATURE: &str = "x-twilio-signature";
/// Twilio sends about forty.
const PARAMS_MAX: usize = 200;

/// A webhook whose signature is good for the address we gave Twilio.
pub(super) struct Signed(pub(super) Webhook);

impl FromRequest<Floor> for Signed {
    type Rejection = StatusCode;

    async fn from_request(request: Request, floor: &Floor) -> Result<Self, StatusCode> {
        let path = request.uri().path().to_owned();
        // The address as Twilio knows it: our base URL from the configuration, never a header of the request.
        let target = request
            .uri()
            .path_and_query()
            .map_or(path.as_str(), |target| target.as_str());
        let url = floor.addresses().of_path(target);
        let header = request
            .headers()
            .get(SIGNATURE)
            .and_then(|value| value.to_str().ok());
        let claimed = header.unwrap_or_default().to_owned();
        let body = Bytes::from_request(request, &())
            .await
            .map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
        let params: Vec<(String, String)> = url::form_urlencoded::parse(&body)
            .take(PARAMS_MAX + 1)
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        if params.len() > PARAMS_MAX {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
        if !signature::is_valid(floor.auth_tokens(), &url, Body::Form(&params), &claimed) {
            let names: Vec<&str> = params.iter().map(|(name, _)| name.as_str()).collect();
            tracing::warn!(%path, ?names, "a webhook without a good signature was refused");
            return Err(StatusCode::FORBIDDEN);
        }
        Ok(Self(Webhook { path, params }))
    }
}

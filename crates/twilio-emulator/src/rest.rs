//! Twilio's REST API of 2010, as far as a phone floor uses it.

mod accounts;
mod amd;
mod applications;
mod ask;
mod caller_ids;
mod calls;
mod collection;
mod conferences;
mod dialing;
mod error;
mod faults;
mod form;
mod iam;
mod insights;
mod messages;
mod notifications;
mod numbers;
mod order;
mod page;
mod participants;
mod permission;
mod queues;
mod recordings;
mod sip;
mod transcriptions;
mod trunks;
mod trust;
mod usage;

use axum::Router;
use axum::extract::Request;
use axum::http::{Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

pub(crate) use error::ApiError;
pub(crate) use faults::{Gate, internal, note, pass};
pub(crate) use form::is_web_url;
pub(crate) use order::is_e164;
pub(crate) use permission::access;

use crate::web::Site;

const ROOT: &str = "/2010-04-01/Accounts/{account}";

pub(crate) fn routes() -> Router<Site> {
    let resources = Router::new()
        .merge(calls::routes())
        .merge(applications::routes())
        .merge(messages::routes())
        .merge(numbers::routes())
        .merge(conferences::routes())
        .merge(participants::routes())
        .merge(accounts::keys())
        .merge(notifications::routes())
        .merge(queues::routes())
        .merge(caller_ids::routes())
        .merge(recordings::routes())
        .merge(transcriptions::routes())
        .merge(usage::routes())
        .merge(sip::routes())
        .method_not_allowed_fallback(wrong_method);
    let whole = Router::new()
        .merge(accounts::routes())
        .merge(accounts::tokens())
        .merge(iam::routes())
        .merge(insights::routes())
        .merge(trunks::routes())
        .merge(trust::routes())
        .merge(dialing::routes())
        .method_not_allowed_fallback(wrong_method);
    whole.nest(ROOT, resources)
}

/// Reading requests carry their parameters in the query; with a body Twilio does not let them in.
pub(crate) async fn without_body(request: Request, next: Next) -> Response {
    let length = request.headers().get(header::CONTENT_LENGTH);
    let carries = request.headers().contains_key(header::TRANSFER_ENCODING)
        || length.is_some_and(|length| length.as_bytes() != b"0");
    if matches!(*request.method(), Method::GET | Method::HEAD) && carries {
        let message = "A GET request may not have a body".to_owned();
        return ApiError::new(403, 20403, message).into_response();
    }
    next.run(request).await
}

async fn wrong_method() -> ApiError {
    ApiError::new(405, 20004, "Method not allowed".to_owned())
}

/// A path's last part names a resource, with or without `.json`.
fn resource(name: &str) -> String {
    name.strip_suffix(".json").unwrap_or(name).to_owned()
}

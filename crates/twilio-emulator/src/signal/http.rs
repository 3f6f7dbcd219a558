//! What the SDK asks of Twilio over HTTP: its sounds, and a place for its insights.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderName, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::Value;
use tower_http::cors::{Any, CorsLayer};

use crate::network::{Network, SdkReport};
use crate::rest::ApiError;
use crate::sound;
use crate::web::Site;

/// Events of one post that are noted; the SDK sends one, or ten samples.
const EVENTS_PER_POST_MAX: usize = 10;
const NAME_CHARACTERS_MAX: usize = 100;

/// For any page: the SDK runs on the application's own origin.
pub(crate) fn routes() -> Router<Site> {
    let token = HeaderName::from_static("x-twilio-token");
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([header::CONTENT_TYPE, token]);
    Router::new()
        .route("/v4/EndpointEvents", post(insights))
        .route("/v4/EndpointMetrics", post(insights))
        .route("/js/client/sounds/releases/1.0.0/{file}", get(sound_file))
        .route("/healthz", get(StatusCode::OK))
        .layer(cors)
}

/// Notes what the SDK tells about itself; nobody checks it.
async fn insights(State(site): State<Site>, body: Bytes) -> Result<StatusCode, ApiError> {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let posted: Vec<&Value> = match body.as_array() {
        Some(events) => events.iter().take(EVENTS_PER_POST_MAX).collect(),
        None => vec![&body],
    };
    let reports: Vec<SdkReport> = posted.into_iter().flat_map(reports).collect();
    site.network
        .ask(move |network: &mut Network| network.note_insights(reports))
        .await?;
    Ok(StatusCode::OK)
}

/// One post as what it tells: an event, and the samples it carries if its payload is a list.
fn reports(event: &Value) -> Vec<SdkReport> {
    let text = |value: &Value| {
        let text = value.as_str().unwrap_or_default();
        text.chars().take(NAME_CHARACTERS_MAX).collect::<String>()
    };
    let call = |payload: &Value| payload["call_sid"].as_str().map(str::to_owned);
    let report = |payload: &Value| SdkReport {
        group: text(&event["group"]),
        name: text(&event["name"]),
        level: text(&event["level"]),
        call: call(payload),
        sample: None,
    };
    let payload = &event["payload"];
    let samples = payload.as_array().into_iter().flatten().take(EVENTS_PER_POST_MAX);
    let samples = samples.map(|sample| SdkReport {
        sample: Some(sample.clone()),
        ..report(sample)
    });
    std::iter::once(report(payload)).chain(samples).collect()
}

/// Ringing and keys. The files are WAV whatever their name says; browsers look at the bytes.
async fn sound_file(Path(file): Path<String>) -> Result<Response, ApiError> {
    let name = file.split_once('.').map_or(file.as_str(), |(name, _)| name);
    let wav = sound::of_the_sdk(name)
        .ok_or_else(|| ApiError::not_found(&format!("/js/client/sounds/releases/1.0.0/{file}")))?;
    Ok(([(header::CONTENT_TYPE, "audio/x-wav")], wav).into_response())
}

//! The control API under `/emulator/`: the ground truth, people and faults.

mod calls;
mod trust;
mod webhooks;

use std::ops::RangeInclusive;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::config::Switches;
use crate::faults::{FaultOrders, RestFault};
use crate::media::Impairments;
use crate::network::{EventFilter, Limits, Network, PbxOrder, PersonaOrder, SocketEvent};
use crate::pbx::Pbx;
use crate::rest::{ApiError, is_e164};
use crate::web::Site;
use crate::world::World;

/// Events in one answer; ask again with `after` for more.
const EVENTS_PER_PAGE_MAX: usize = 10_000;
/// What Twilio's documents name, in two places.
const AMD_TIMEOUT_S_MAX: RangeInclusive<u32> = 59..=60;
/// How late a bad network may be.
const LATENESS_MS_MAX: u32 = 5_000;

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .merge(calls::routes())
        .merge(trust::routes())
        .merge(webhooks::routes())
        .route("/emulator/events", get(events))
        .route("/emulator/legs", get(legs))
        .route("/emulator/legs/{call}/heard.wav", get(heard))
        .route("/emulator/legs/{call}/impairments", put(impair))
        .route("/emulator/clients", get(clients))
        .route("/emulator/clients/{identity}", post(befall_client))
        .route("/emulator/personas/{number}", put(set_persona))
        .route("/emulator/rang", get(rang))
        .route("/emulator/heard", get(who_heard))
        .route("/emulator/played", get(played))
        .route("/emulator/account", put(set_limits))
        .route("/emulator/world", put(set_world))
        .route("/emulator/pbxs", get(pbxs).put(set_pbxs))
        .route("/emulator/pbxs/{domain}/calls", post(call_from_pbx))
        .route("/emulator/wear", get(wear))
        .route("/emulator/faults", put(set_faults))
        .route("/emulator/switches", get(switches).put(set_switches))
        .route("/emulator/clock", get(clock).post(advance_clock))
        .route("/emulator/reset", post(reset))
}

async fn events(
    State(site): State<Site>,
    Query(filter): Query<EventFilter>,
) -> Result<Json<Value>, ApiError> {
    let events = site
        .network
        .ask(move |network| network.events_of(&filter, EVENTS_PER_PAGE_MAX))
        .await?;
    Ok(Json(json!({ "events": events })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct To {
    to: Option<String>,
}

async fn rang(State(site): State<Site>, Query(To { to }): Query<To>) -> Result<Json<Value>, ApiError> {
    // A plus that nobody has encoded arrives as a space.
    let to = to.map(|number| number.replace(' ', "+"));
    let rows = site
        .network
        .ask(move |network| network.rang(to.as_deref()))
        .await?;
    Ok(Json(json!({ "rang": rows })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listener {
    listener: Option<String>,
}

async fn who_heard(
    State(site): State<Site>,
    Query(Listener { listener }): Query<Listener>,
) -> Result<Json<Value>, ApiError> {
    let rows = site
        .network
        .ask(move |network| network.heard(listener.as_deref()))
        .await?;
    Ok(Json(json!({ "heard": rows })))
}

async fn played(
    State(site): State<Site>,
    Query(Listener { listener }): Query<Listener>,
) -> Result<Json<Value>, ApiError> {
    let rows = site
        .network
        .ask(move |network| network.played(listener.as_deref()))
        .await?;
    Ok(Json(json!({ "played": rows })))
}

async fn set_limits(State(site): State<Site>, Json(limits): Json<Limits>) -> Result<StatusCode, ApiError> {
    if let Some(complaint) = limits.complaint() {
        return Err(ApiError::parameter(complaint));
    }
    site.network
        .ask(move |network| network.set_limits(limits))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn legs(State(site): State<Site>) -> Result<Json<Value>, ApiError> {
    let legs = site.network.ask(|network| network.legs()).await?;
    Ok(Json(json!({ "legs": legs })))
}

/// How bad a WebRTC leg's network is, in both directions.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Badness {
    /// From 0 to 1.
    loss: f64,
    delay_ms: u32,
    jitter_ms: u32,
}

async fn impair(
    State(site): State<Site>,
    Path(call): Path<String>,
    Json(badness): Json<Badness>,
) -> Result<StatusCode, ApiError> {
    if !(0.0..=1.0).contains(&badness.loss) || badness.delay_ms.max(badness.jitter_ms) > LATENESS_MS_MAX {
        return Err(ApiError::parameter(
            "loss is a share; delay_ms and jitter_ms go up to 5000",
        ));
    }
    let missing = || ApiError::new(404, 20404, format!("{call} is no leg with sound, or it is over"));
    let media = site.media.as_ref().ok_or_else(no_media)?;
    let impairments = Impairments {
        loss: badness.loss,
        delay_ms: badness.delay_ms,
        jitter_ms: badness.jitter_ms,
    };
    media.impair(&call, impairments).await.map_err(|_| missing())?;
    Ok(StatusCode::NO_CONTENT)
}

fn no_media() -> ApiError {
    ApiError::new(
        404,
        20404,
        "There is no sound: the network runs with --no-media".to_owned(),
    )
}

async fn clients(State(site): State<Site>) -> Result<Json<Value>, ApiError> {
    let clients = site.network.ask(|network| network.clients()).await?;
    Ok(Json(json!({ "clients": clients })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Befall {
    event: SocketEvent,
}

async fn befall_client(
    State(site): State<Site>,
    Path(identity): Path<String>,
    Json(befall): Json<Befall>,
) -> Result<StatusCode, ApiError> {
    let path = format!("/emulator/clients/{identity}");
    let sockets = site
        .network
        .ask(move |network| network.befall_client(&identity, befall.event))
        .await?;
    if sockets == 0 {
        return Err(ApiError::not_found(&path));
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn heard(State(site): State<Site>, Path(call): Path<String>) -> Result<Response, ApiError> {
    let media = site.media.as_ref().ok_or_else(no_media)?;
    let missing = || ApiError::new(404, 20404, format!("{call} is no leg that has been answered"));
    let wav = media.heard_wav(&call).await.ok_or_else(missing)?;
    Ok(([(header::CONTENT_TYPE, "audio/x-wav")], wav).into_response())
}

async fn set_persona(
    State(site): State<Site>,
    Path(number): Path<String>,
    Json(order): Json<PersonaOrder>,
) -> Result<StatusCode, ApiError> {
    if !is_e164(&number) {
        return Err(ApiError::parameter(format!(
            "{number} is no number such as +13125550142"
        )));
    }
    site.network
        .ask(move |network| network.set_persona(&number, &order))
        .await??;
    Ok(StatusCode::NO_CONTENT)
}

/// JSON, or TOML if the content type says so.
async fn set_world(
    State(site): State<Site>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, ApiError> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let (world, hint) = if kind.is_some_and(|kind| kind.contains("toml")) {
        (World::from_toml(&String::from_utf8_lossy(&body)), "")
    } else {
        let hint = " (read as JSON; TOML comes with content-type: application/toml)";
        (World::from_json(&body), hint)
    };
    let world = world.map_err(|error| ApiError::parameter(format!("{error}{hint}")))?;
    site.network.ask(move |network| network.set_world(world)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn set_pbxs(State(site): State<Site>, Json(pbxs): Json<Vec<Pbx>>) -> Result<StatusCode, ApiError> {
    site.network.ask(move |network| network.set_pbxs(pbxs)).await??;
    Ok(StatusCode::NO_CONTENT)
}

async fn pbxs(State(site): State<Site>) -> Result<Json<Value>, ApiError> {
    let pbxs = site.network.ask(|network| network.pbxs()).await?;
    Ok(Json(json!({ "pbxs": pbxs })))
}

/// Somebody on a PBX calls one of our SIP domains, or a number through a trunk.
async fn call_from_pbx(
    State(site): State<Site>,
    Path(domain): Path<String>,
    Json(order): Json<PbxOrder>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let called = site
        .network
        .ask(move |network| network.call_from_pbx(&domain, order));
    Ok((StatusCode::CREATED, Json(called.await??)))
}

async fn wear(State(site): State<Site>) -> Result<Json<Value>, ApiError> {
    let numbers = site.network.ask(|network| network.wear()).await?;
    Ok(Json(json!({ "numbers": numbers })))
}

/// `creates` is short for the faults of `POST Calls`.
async fn set_faults(
    State(site): State<Site>,
    Json(orders): Json<FaultOrders>,
) -> Result<StatusCode, ApiError> {
    if let Some(complaint) = orders.complaint() {
        return Err(ApiError::parameter(complaint));
    }
    let creates = orders.creates.into_iter().map(|fault| RestFault {
        on: "POST Calls.json".to_owned(),
        ..fault
    });
    site.gate.set_faults(creates.chain(orders.rest).collect());
    site.network
        .ask(move |network| network.set_faults(orders.callbacks, orders.reads_lag_ms))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn switches(State(site): State<Site>) -> Result<Json<Switches>, ApiError> {
    Ok(Json(site.network.ask(|network| network.switches()).await?))
}

async fn set_switches(
    State(site): State<Site>,
    Json(switches): Json<Switches>,
) -> Result<StatusCode, ApiError> {
    if !AMD_TIMEOUT_S_MAX.contains(&switches.amd_timeout_s_max) {
        return Err(ApiError::parameter("amd_timeout_s_max is 59 or 60"));
    }
    site.network
        .ask(move |network| network.set_switches(switches))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn clock(State(site): State<Site>) -> Json<Value> {
    Json(json!({ "now": site.clock.now(), "virtual": site.clock.is_virtual() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_ms: u32,
}

async fn advance_clock(
    State(site): State<Site>,
    Json(advance): Json<Advance>,
) -> Result<Json<Value>, ApiError> {
    if !site.clock.is_virtual() {
        let message = "The clock is real; start with --clock virtual".to_owned();
        return Err(ApiError::new(409, 20409, message));
    }
    let by = SignedDuration::from_millis(advance.advance_ms.into());
    let now = site.network.advance(by).await?;
    Ok(Json(json!({ "now": now, "virtual": true })))
}

async fn reset(State(site): State<Site>) -> Result<StatusCode, ApiError> {
    site.gate.set_faults(Vec::new());
    site.network.ask(Network::reset).await?;
    Ok(StatusCode::NO_CONTENT)
}

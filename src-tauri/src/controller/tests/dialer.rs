//! As much of a dialer as a desktop sees: tokens, a seat, an event stream, and faults on demand.

use std::sync::Arc;

use axum::{
    Form, Json, Router,
    extract::{
        Path, Request, State, WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use jiff::Timestamp;
use protocol::{
    AgentId, ApiError, Attempt, AttemptId, AttemptState, CallRecord, Campaign, CampaignId, Code, Event,
    EventEnvelope, Hello, Lead, LeadId, Me, PROTOCOL_VERSION, Pii, Role, Seat, SeatId, SeatState, TokenReply,
    VoiceToken, WrapUp,
};
use serde::Deserialize;
use tokio::{net::TcpListener, sync::watch};
use url::Url;

use super::WAIT_MAX;

/// What it was asked, and how it is to behave.
#[derive(Debug, Clone, Default)]
pub(super) struct DialerState {
    /// Token pairs handed out so far.
    pub(super) issued: u32,
    /// Access tokens before this one are refused.
    pub(super) accept_from: u32,
    /// Nothing works, 503.
    pub(super) down: bool,
    pub(super) refuse_wrap_ups: bool,
    pub(super) wrap_ups: Vec<WrapUp>,
    pub(super) left: bool,
    pub(super) revoked: Option<String>,
    seat: Option<Seat>,
    seat_seq: u64,
}

#[derive(Clone)]
pub(super) struct Dialer {
    pub(super) url: Url,
    state: Arc<watch::Sender<DialerState>>,
}

impl Dialer {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let state = Arc::new(watch::Sender::new(DialerState::default()));
        let dialer = Self { url, state };
        let api = Router::new()
            .route("/me", get(async || Json(ada())))
            .route("/campaigns", get(async || Json([spring()])))
            .route("/voice-token", post(async || Json(voice_token())))
            .route("/seat", put(take_seat).delete(leave_seat))
            .route("/attempts/{id}/wrap-up", put(wrap_up))
            .route("/events", get(events))
            .layer(middleware::from_fn_with_state(dialer.clone(), check_token));
        let app = Router::new()
            .route("/.well-known/oauth-authorization-server", get(async || "{}"))
            .route("/oauth/token", post(token))
            .route("/oauth/revoke", post(revoke))
            .nest("/api/v1", api)
            .with_state(dialer.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        dialer
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut DialerState)) {
        self.state.send_modify(change);
    }

    pub(super) fn push_seat(&self, seat: Option<Seat>) {
        self.change(|state| {
            state.seat = seat;
            state.seat_seq += 1;
        });
    }

    pub(super) async fn until(&self, condition: impl FnMut(&DialerState) -> bool) -> DialerState {
        let mut states = self.state.subscribe();
        let reached = tokio::time::timeout(WAIT_MAX, states.wait_for(condition)).await;
        reached.expect("the dialer was asked in time").unwrap().clone()
    }
}

#[derive(Deserialize)]
struct RevokeForm {
    token: String,
}

async fn token(State(dialer): State<Dialer>) -> Response {
    let mut reply = StatusCode::SERVICE_UNAVAILABLE.into_response();
    dialer.change(|state| {
        if !state.down {
            state.issued += 1;
            reply = Json(TokenReply {
                access_token: format!("access {}", state.issued),
                token_type: "Bearer".into(),
                expires_in: 600,
                refresh_token: format!("refresh {}", state.issued),
            })
            .into_response();
        }
    });
    reply
}

async fn revoke(State(dialer): State<Dialer>, Form(form): Form<RevokeForm>) {
    dialer.change(|state| state.revoked = Some(form.token));
}

async fn check_token(State(dialer): State<Dialer>, request: Request, next: Next) -> Response {
    let state = dialer.state.borrow().clone();
    if state.down {
        return refusal(StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable);
    }
    let token = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let number = token.and_then(|token| token.strip_prefix("Bearer access ")?.parse::<u32>().ok());
    if number.is_none_or(|number| number < state.accept_from) {
        return refusal(StatusCode::UNAUTHORIZED, Code::Unauthorized);
    }
    next.run(request).await
}

async fn take_seat(State(dialer): State<Dialer>) -> Json<Seat> {
    let seat = Seat {
        state: SeatState::Joining,
        ..talking()
    };
    dialer.push_seat(Some(seat.clone()));
    Json(seat)
}

async fn leave_seat(State(dialer): State<Dialer>) -> StatusCode {
    dialer.change(|state| state.left = true);
    dialer.push_seat(None);
    StatusCode::NO_CONTENT
}

async fn wrap_up(
    State(dialer): State<Dialer>,
    Path(_attempt_id): Path<AttemptId>,
    Json(wrap_up): Json<WrapUp>,
) -> Response {
    if dialer.state.borrow().refuse_wrap_ups {
        return refusal(StatusCode::NOT_FOUND, Code::NotFound);
    }
    let call = CallRecord {
        attempt: attempt(),
        campaign_name: spring().name,
        result: None,
        disposition: Some(wrap_up.disposition),
        note: wrap_up.note.clone(),
    };
    dialer.change(|state| state.wrap_ups.push(wrap_up));
    Json(call).into_response()
}

async fn events(State(dialer): State<Dialer>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(async move |socket| stream(socket, dialer).await)
}

async fn stream(mut socket: WebSocket, dialer: Dialer) {
    let hello = Event::Hello(Hello {
        protocol_version: PROTOCOL_VERSION,
        now: Timestamp::UNIX_EPOCH,
        practice: true,
    });
    send(&mut socket, 0, hello).await;
    let mut states = dialer.state.subscribe();
    let mut seat = dialer.state.borrow().seat.clone();
    let mut seq = dialer.state.borrow().seat_seq;
    send(&mut socket, seq, Event::Snapshot { seat: seat.clone() }).await;
    while states.changed().await.is_ok() {
        let state = states.borrow_and_update().clone();
        if state.down {
            return;
        }
        if state.seat_seq != seq {
            (seat, seq) = (state.seat, state.seat_seq);
            send(&mut socket, seq, Event::Seat { seat: seat.clone() }).await;
        }
    }
}

async fn send(socket: &mut WebSocket, seq: u64, event: Event) {
    let text = serde_json::to_string(&EventEnvelope { seq, event }).unwrap();
    // A desktop that crashed does not read it.
    let _ = socket.send(Message::text(text)).await;
}

fn refusal(status: StatusCode, code: Code) -> Response {
    let message = "No.".to_owned();
    (status, Json(ApiError { code, message })).into_response()
}

fn ada() -> Me {
    Me {
        agent_id: AgentId::from_parts(1, 1),
        name: Pii::from("Ada"),
        email: Pii::from("ada@example.com"),
        role: Role::Rep,
        tenant_name: "Example".into(),
    }
}

fn spring() -> Campaign {
    Campaign {
        campaign_id: CampaignId::from_parts(1, 1),
        name: "Spring".into(),
        script: "Hello.".into(),
        lead_count: 3,
        callable_count: 2,
        dispositions: Vec::new(),
    }
}

fn voice_token() -> VoiceToken {
    VoiceToken {
        token: "jwt".into(),
        identity: "agent".into(),
        ttl_s: 3_600,
        signalling_host: None,
    }
}

/// A seat that talks to a prospect.
pub(super) fn talking() -> Seat {
    Seat {
        seat_id: SeatId::from_parts(1, 1),
        campaign_id: spring().campaign_id,
        state: SeatState::Talking { attempt: attempt() },
        dialing: true,
    }
}

/// The attempt that [`talking`] is about.
pub(super) const fn attempt_id() -> AttemptId {
    AttemptId::from_parts(1, 1)
}

fn attempt() -> Attempt {
    Attempt {
        attempt_id: attempt_id(),
        lead: Lead {
            lead_id: LeadId::from_parts(1, 1),
            name: Pii::from("Grace"),
            company: Pii::from(""),
            phone_number: Pii::from("(212) 555-0142"),
            region: "NY".into(),
            time_zone: "America/New_York".into(),
            fields: Vec::new(),
            last_note: Pii::from(""),
        },
        from: Pii::from("(212) 555-0100"),
        state: AttemptState::Connected,
        placed_at: Timestamp::UNIX_EPOCH,
        answered_at: Some(Timestamp::UNIX_EPOCH),
        ended_at: None,
        try_number: 1,
        reasons: Vec::new(),
    }
}

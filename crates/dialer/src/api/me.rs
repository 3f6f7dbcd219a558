//! `GET /me` and `POST /voice-token`.

use axum::{Json, extract::State};
use protocol::{Me, VoiceToken};

use super::{refusal::Refusal, signed_in::SignedIn};
use crate::{app::App, twilio::access_token};

/// 200. 401 from the guard.
pub(super) async fn me(signed_in: SignedIn) -> Json<Me> {
    let agent = signed_in.0.agent;
    Json(Me {
        agent_id: agent.agent_id,
        name: agent.name,
        email: agent.email,
        role: agent.role,
        tenant_name: agent.tenant_name,
    })
}

/// 200. 401 from the guard. The identity is ours to say, never the client's.
pub(super) async fn voice_token(
    State(app): State<App>,
    signed_in: SignedIn,
) -> Result<Json<VoiceToken>, Refusal> {
    let agent_id = signed_in.agent().agent_id;
    Ok(Json(access_token::voice_token(
        &app.twilio,
        &app.application_sid,
        agent_id,
        app.clock.now(),
    )?))
}

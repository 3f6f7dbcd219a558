//! Typed requests to the dialer, each with the newest access token.

use protocol::{
    API_PREFIX, AttemptId, CallRecord, Campaign, CampaignId, Code, Me, Seat, TakeSeat, VoiceToken, WrapUp,
};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use secrecy::ExposeSecret;
use serde::{Serialize, de::DeserializeOwned};
use url::Url;

use super::{ApiError, bearer::Bearer, http_client, outage};

/// The dialer, for one sign-in.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    server: Url,
    bearer: Bearer,
}

impl Client {
    /// A client of the dialer at `server`.
    #[must_use]
    pub fn new(server: Url, bearer: Bearer) -> Self {
        Self {
            http: http_client(&server),
            server,
            bearer,
        }
    }

    /// The dialer's address.
    #[must_use]
    pub const fn server(&self) -> &Url {
        &self.server
    }

    /// For the requests of the sign-in, which carry no access token.
    #[must_use]
    pub const fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// Who is signed in.
    ///
    /// # Errors
    /// As [`ApiError`] says; the same holds for every request below.
    pub async fn me(&self) -> Result<Me, ApiError> {
        self.fetch(Method::GET, "/me", None::<&()>).await
    }

    /// The campaigns a seat can be taken on.
    ///
    /// # Errors
    /// See [`Self::me`].
    pub async fn campaigns(&self) -> Result<Vec<Campaign>, ApiError> {
        self.fetch(Method::GET, "/campaigns", None::<&()>).await
    }

    /// A fresh token for the Voice SDK.
    ///
    /// # Errors
    /// See [`Self::me`].
    pub async fn voice_token(&self) -> Result<VoiceToken, ApiError> {
        self.fetch(Method::POST, "/voice-token", None::<&()>).await
    }

    /// Sits down.
    ///
    /// # Errors
    /// See [`Self::me`].
    pub async fn take_seat(&self, campaign_id: CampaignId) -> Result<Seat, ApiError> {
        self.fetch(Method::PUT, "/seat", Some(&TakeSeat { campaign_id }))
            .await
    }

    /// Begins dialing.
    ///
    /// # Errors
    /// See [`Self::me`].
    pub async fn start_dialing(&self) -> Result<Seat, ApiError> {
        self.fetch(Method::POST, "/seat/start", None::<&()>).await
    }

    /// Finishes what rings or talks, then waits.
    ///
    /// # Errors
    /// See [`Self::me`].
    pub async fn pause_dialing(&self) -> Result<Seat, ApiError> {
        self.fetch(Method::POST, "/seat/pause", None::<&()>).await
    }

    /// Ends the prospect's leg.
    ///
    /// # Errors
    /// See [`Self::me`].
    pub async fn hang_up(&self) -> Result<Seat, ApiError> {
        self.fetch(Method::POST, "/seat/hang-up", None::<&()>).await
    }

    /// Leaves the seat.
    ///
    /// # Errors
    /// See [`Self::me`].
    pub async fn leave_seat(&self) -> Result<(), ApiError> {
        self.send(Method::DELETE, "/seat", None::<&()>).await.map(drop)
    }

    /// Stores what came of an attempt. Repeating it changes nothing.
    ///
    /// # Errors
    /// See [`Self::me`].
    pub async fn wrap_up(&self, attempt_id: AttemptId, wrap_up: &WrapUp) -> Result<CallRecord, ApiError> {
        let path = format!("/attempts/{attempt_id}/wrap-up");
        self.fetch(Method::PUT, &path, Some(wrap_up)).await
    }

    /// The agent's calls before `before`, newest first.
    ///
    /// # Errors
    /// See [`Self::me`].
    pub async fn calls(&self, before: Option<AttemptId>, limit: u32) -> Result<Vec<CallRecord>, ApiError> {
        let path = match before {
            Some(before) => format!("/calls?before={before}&limit={limit}"),
            None => format!("/calls?limit={limit}"),
        };
        self.fetch(Method::GET, &path, None::<&()>).await
    }

    pub(super) const fn bearer(&self) -> &Bearer {
        &self.bearer
    }

    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{API_PREFIX}{path}", self.server.as_str().trim_end_matches('/'));
        self.http.request(method, url)
    }

    async fn fetch<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T, ApiError> {
        let reply = self.send(method, path, body).await?;
        reply.json().await.map_err(|error| {
            if error.is_decode() {
                ApiError::BadReply
            } else {
                outage(&self.server, &error)
            }
        })
    }

    /// Sends with the newest token, and once more with the next one if that is refused.
    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<Response, ApiError> {
        let token = self.bearer.token().await?;
        let request = |token: &str| {
            let request = self.request(method.clone(), path).bearer_auth(token);
            match body {
                Some(body) => request.json(body),
                None => request,
            }
        };
        let reply = self.reply_to(request(token.expose_secret())).await?;
        if reply.status() != StatusCode::UNAUTHORIZED {
            return check(reply).await;
        }
        let token = self.bearer.instead_of(&token).await?;
        check(self.reply_to(request(token.expose_secret())).await?).await
    }

    async fn reply_to(&self, request: RequestBuilder) -> Result<Response, ApiError> {
        request.send().await.map_err(|error| outage(&self.server, &error))
    }
}

async fn check(reply: Response) -> Result<Response, ApiError> {
    let status = reply.status();
    if status.is_success() {
        return Ok(reply);
    }
    let Ok(refusal) = reply.json::<protocol::ApiError>().await else {
        return Err(ApiError::offline(format!(
            "The dialer is out of order ({status})."
        )));
    };
    let message = refusal.message;
    Err(match refusal.code {
        Code::Unauthorized => ApiError::SignedOut,
        Code::Forbidden | Code::NotFound | Code::BadRequest | Code::Conflict | Code::Unknown => {
            ApiError::Refused { message }
        }
        Code::TooMany | Code::Unavailable | Code::Carrier | Code::Internal => ApiError::Offline { message },
    })
}

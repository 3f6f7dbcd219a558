//! The floor: seats, the calls that are placed for them, and what came of those.
//!
//! **Invariant:** everything here is rebuilt from rows. A wake-up that is lost costs time, never truth.

mod addresses;
mod desk;
mod engine;
mod errand;
mod message;
mod outlook;
mod reducer;
mod webhook;

use std::sync::Arc;

use futures_util::{FutureExt, future::BoxFuture};
use jiff::Timestamp;
use protocol::{AgentId, AttemptId, CallRecord, CampaignId, Seat, WrapUp};
use secrecy::SecretString;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::{
    clock::Clock,
    store::{Store, StoreError, Tx, attempts, seats},
    twilio,
};

pub use addresses::Addresses;
pub use webhook::WebhookError;

/// What a floor works with.
#[derive(Clone)]
pub struct Setup {
    /// The database.
    pub store: Store,
    /// Time.
    pub clock: Clock,
    /// The account that carries the calls.
    pub twilio: twilio::Client,
    /// How Twilio reaches us; from the configuration, never from a request.
    pub public_base_url: Url,
    /// What Twilio fetches when we do not answer; outside this process.
    pub fallback_url: Option<Url>,
    /// The account's token: signs webhooks, and seeds the codes in our callback addresses.
    pub auth_token: SecretString,
    /// Calls the account may place per second.
    pub calls_per_second: u32,
}

/// Why the floor does not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum FloorError {
    /// There is no such seat or attempt for this agent.
    #[error("there is no such seat or call")]
    NotFound,
    /// Not in this state; a sentence for the rep.
    #[error("{0}")]
    Conflict(&'static str),
    /// It could not be stored.
    #[error("the floor cannot store it")]
    Store(#[from] StoreError),
}

/// A handle on the floor; cheap to clone.
#[derive(Clone)]
pub struct Floor(Arc<Parts>);

/// What the handle, the engine and its errands share.
struct Parts {
    store: Store,
    clock: Clock,
    twilio: twilio::Client,
    addresses: Addresses,
    fallback_url: Option<Url>,
    auth_tokens: Vec<SecretString>,
    calls_per_second: u32,
    /// Something changed: the engine looks at the rows.
    changed: Notify,
}

impl Floor {
    /// Starts the engine, which first makes good what a crash left open. It ends with `shutdown`.
    #[must_use]
    pub fn start(setup: Setup, shutdown: CancellationToken) -> Self {
        let floor = Self(Arc::new(Parts {
            store: setup.store,
            clock: setup.clock,
            twilio: setup.twilio,
            addresses: Addresses::new(&setup.public_base_url, &setup.auth_token),
            fallback_url: setup.fallback_url,
            auth_tokens: vec![setup.auth_token],
            calls_per_second: setup.calls_per_second,
            changed: Notify::new(),
        }));
        tokio::spawn(engine::run(floor.clone(), shutdown));
        floor
    }

    /// Sits an agent down on a campaign: returns the seat they have there, or a new one. A seat on another campaign
    /// is left.
    ///
    /// # Errors
    ///
    /// See [`FloorError`].
    pub async fn take_seat(&self, agent_id: AgentId, campaign_id: CampaignId) -> Result<Seat, FloorError> {
        let (now, rule_now) = self.now();
        self.change(move |tx| desk::take(tx, agent_id, campaign_id, now, rule_now).boxed())
            .await
    }

    /// The seat an agent has.
    ///
    /// # Errors
    ///
    /// See [`FloorError`].
    pub async fn seat(&self, agent_id: AgentId) -> Result<Option<Seat>, FloorError> {
        let mut reader = self.0.store.readers().acquire().await.map_err(StoreError::from)?;
        let Some(row) = seats::of_agent(&mut reader, agent_id).await? else {
            return Ok(None);
        };
        Ok(Some(seats::view(&mut reader, &row).await?))
    }

    /// Begins dialing.
    ///
    /// # Errors
    ///
    /// See [`FloorError`].
    pub async fn start_dialing(&self, agent_id: AgentId) -> Result<Seat, FloorError> {
        let (now, _) = self.now();
        self.change(move |tx| desk::start(tx, agent_id, now).boxed())
            .await
    }

    /// Lets what rings or talks finish, and then waits.
    ///
    /// # Errors
    ///
    /// See [`FloorError`].
    pub async fn pause(&self, agent_id: AgentId) -> Result<Seat, FloorError> {
        let (now, _) = self.now();
        self.change(move |tx| desk::pause(tx, agent_id, now).boxed())
            .await
    }

    /// Ends the prospect's leg. One that rings is ended when it rang for as long as the law wants.
    ///
    /// # Errors
    ///
    /// See [`FloorError`].
    pub async fn hang_up(&self, agent_id: AgentId) -> Result<Seat, FloorError> {
        let (now, _) = self.now();
        self.change(move |tx| desk::hang_up(tx, agent_id, now).boxed())
            .await
    }

    /// Leaves the seat and ends everything of it. Fine without a seat.
    ///
    /// # Errors
    ///
    /// See [`FloorError`].
    pub async fn leave(&self, agent_id: AgentId) -> Result<(), FloorError> {
        let (now, _) = self.now();
        self.change(move |tx| desk::leave(tx, agent_id, now).boxed())
            .await
    }

    /// The desktop is silent: stops dialing and ends the agent's leg, so that no prospect talks to an empty chair.
    ///
    /// # Errors
    ///
    /// See [`FloorError`].
    pub async fn desktop_gone(&self, agent_id: AgentId) -> Result<(), FloorError> {
        let (now, _) = self.now();
        let leg = self
            .change(move |tx| desk::desktop_gone(tx, agent_id, now).boxed())
            .await?;
        if let Some((seat_id, leg)) = leg {
            errand::end_agent_leg(self, seat_id, &leg).await;
        }
        Ok(())
    }

    /// Stores what came of a conversation; of several, the one saved last stands.
    ///
    /// # Errors
    ///
    /// See [`FloorError`].
    pub async fn wrap_up(
        &self,
        agent_id: AgentId,
        attempt_id: AttemptId,
        wrap_up: WrapUp,
    ) -> Result<CallRecord, FloorError> {
        let (now, rule_now) = self.now();
        self.change(move |tx| desk::wrap_up(tx, agent_id, attempt_id, wrap_up, now, rule_now).boxed())
            .await
    }

    /// An agent's calls, newest first.
    ///
    /// # Errors
    ///
    /// See [`FloorError`].
    pub async fn calls(
        &self,
        agent_id: AgentId,
        before: Option<AttemptId>,
        limit: u32,
    ) -> Result<Vec<CallRecord>, FloorError> {
        let mut reader = self.0.store.readers().acquire().await.map_err(StoreError::from)?;
        Ok(attempts::history(&mut reader, agent_id, before, limit).await?)
    }

    /// Runs a change in a transaction, and wakes the engine once it is committed.
    async fn change<T, W>(&self, work: W) -> Result<T, FloorError>
    where
        T: Send + 'static,
        W: for<'tx> FnOnce(&'tx mut Tx) -> BoxFuture<'tx, desk::Outcome<T>> + Send + 'static,
    {
        let outcome = self.0.store.write(work).await?;
        self.0.changed.notify_one();
        outcome
    }

    fn now(&self) -> (Timestamp, Timestamp) {
        (self.0.clock.now(), self.0.clock.rule_now())
    }
}

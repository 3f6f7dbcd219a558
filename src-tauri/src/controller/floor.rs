//! The seat, the campaigns and the event stream, as far as the desktop knows them.

use std::time::Duration;

use protocol::{
    Attempt, AttemptId, CallRecord, Campaign, CampaignId, Event, Hello, Seat, SeatState, VoiceToken,
};
use tokio::sync::mpsc;

use super::{Controller, Outcome, Reply, Shell};
use crate::{
    api::{
        ApiError,
        client::Client,
        stream::{self, StreamEvent},
    },
    clock::{self, Moment},
    error::Error,
    snapshot::{Draft, Server},
};

/// Events that wait for the controller.
const EVENTS_LEN: usize = 256;

/// How many leads may be called changes with the hour.
const CAMPAIGNS_INTERVAL: Duration = Duration::from_mins(1);

const HISTORY_LIMIT_MAX: u32 = 200;

const REPLACED: &str =
    "Offhook was opened somewhere else with your sign-in. Take a seat to go on in this window.";

/// What is known of the floor.
#[derive(Debug)]
pub(super) struct Floor {
    pub(super) server: Server,
    pub(super) practice: bool,
    pub(super) clock_offset_ms: i64,
    pub(super) campaigns: Vec<Campaign>,
    pub(super) campaigns_at: Option<Moment>,
    pub(super) seat: Option<Seat>,
    pub(super) draft: Option<Draft>,
    pub(super) stream: Option<mpsc::Receiver<StreamEvent>>,
    agent: Option<protocol::AgentId>,
    /// Counts what the stream says of the seat, so that an answer that was overtaken is not believed.
    seat_revision: u64,
}

impl Default for Floor {
    fn default() -> Self {
        Self {
            server: Server::Connecting,
            practice: false,
            clock_offset_ms: 0,
            campaigns: Vec::new(),
            campaigns_at: None,
            seat: None,
            draft: None,
            stream: None,
            agent: None,
            seat_revision: 0,
        }
    }
}

/// The dialer's answer to a command about the seat.
#[derive(Debug)]
pub(super) struct SeatAnswer {
    revision: u64,
    answer: Result<Option<Seat>, ApiError>,
    reply: Reply<()>,
}

/// The attempt that a seat is about.
pub(super) const fn attempt(seat: &Seat) -> Option<&Attempt> {
    match &seat.state {
        SeatState::Dialing { attempt } | SeatState::Talking { attempt } | SeatState::WrapUp { attempt } => {
            Some(attempt)
        }
        SeatState::Joining | SeatState::Paused | SeatState::Waiting { .. } => None,
    }
}

impl<S: Shell> Controller<S> {
    /// Starts the floor with the sign-in, ends it with the sign-in, and loads what the cache knows of the agent.
    pub(super) async fn follow_session(&mut self) {
        if !self.session.is_signed_in() {
            if self.floor.stream.is_some() || self.floor.agent.is_some() {
                self.floor = Floor::default();
            }
            return;
        }
        if self.floor.stream.is_none() && self.floor.server == Server::Connecting {
            self.open_stream();
        }
        let agent = self.session.me().map(|me| me.agent_id);
        if self.floor.agent == agent {
            return;
        }
        self.floor.agent = agent;
        if let Some(agent_id) = agent {
            match self.cache.campaigns(agent_id).await {
                Ok(campaigns) if self.floor.campaigns.is_empty() => self.floor.campaigns = campaigns,
                Ok(_) => {}
                Err(error) => tracing::warn!(cause = ?error, "the campaigns are not known"),
            }
            self.load_draft().await;
            self.send_next().await;
        }
    }

    pub(super) fn take_seat(&mut self, campaign_id: CampaignId, reply: Reply<()>) {
        if self.floor.stream.is_none() {
            self.open_stream();
        }
        self.ask_seat(reply, async move |client| {
            client.take_seat(campaign_id).await.map(Some)
        });
    }

    /// Asks the dialer something about the seat, in a task.
    pub(super) fn ask_seat<F>(&mut self, reply: Reply<()>, ask: impl FnOnce(Client) -> F)
    where
        F: Future<Output = Result<Option<Seat>, ApiError>> + Send + 'static,
    {
        let client = match self.signed_in_client() {
            Ok(client) => client,
            Err(error) => return drop(reply.send(Err(error))),
        };
        let revision = self.floor.seat_revision;
        let asked = ask(client);
        self.tasks.spawn(async move {
            Outcome::Seat(Box::new(SeatAnswer {
                revision,
                answer: asked.await,
                reply,
            }))
        });
    }

    /// The stream is the truth; the answer is believed only if the stream said nothing since it was asked for.
    pub(super) async fn on_seat_answer(&mut self, answer: SeatAnswer) {
        let replied = match answer.answer {
            Ok(seat) => {
                if answer.revision == self.floor.seat_revision {
                    self.set_seat(seat).await;
                }
                Ok(())
            }
            Err(error) => Err(error.into()),
        };
        drop(answer.reply.send(replied));
    }

    pub(super) async fn on_stream(&mut self, event: Option<StreamEvent>) {
        match event {
            Some(StreamEvent::Up(hello)) => self.on_up(&hello).await,
            Some(StreamEvent::Event(event)) => self.on_event(*event).await,
            Some(StreamEvent::Down { message }) => self.floor.server = Server::Offline { message },
            Some(StreamEvent::Replaced) => {
                self.floor.server = Server::Offline {
                    message: REPLACED.to_owned(),
                };
                self.floor.stream = None;
            }
            None => self.floor.stream = None,
        }
    }

    async fn on_up(&mut self, hello: &Hello) {
        self.floor.server = Server::Online;
        self.floor.practice = hello.practice;
        self.floor.clock_offset_ms = hello.now.as_millisecond() - clock::wall().as_millisecond();
        self.fetch_campaigns();
        self.outbox.online();
        self.send_next().await;
    }

    async fn on_event(&mut self, event: Event) {
        match event {
            Event::Snapshot { seat } | Event::Seat { seat } => {
                self.floor.seat_revision += 1;
                self.set_seat(seat).await;
            }
            Event::Call { call } => self.keep_calls(&[*call]).await,
            Event::Notice { message } => self.notices.add(message),
            // Both were taken out by the stream.
            Event::Hello(_) | Event::Replaced => {}
        }
    }

    pub(super) fn fetch_campaigns(&mut self) {
        self.floor.campaigns_at = None;
        if let Ok(client) = self.signed_in_client() {
            self.tasks
                .spawn(async move { Outcome::Campaigns(client.campaigns().await) });
        }
    }

    pub(super) async fn on_campaigns(&mut self, campaigns: Result<Vec<Campaign>, ApiError>) {
        self.floor.campaigns_at = Some(clock::now().after(CAMPAIGNS_INTERVAL));
        match campaigns {
            Ok(campaigns) => {
                if let Some(agent_id) = self.floor.agent
                    && let Err(error) = self.cache.save_campaigns(agent_id, &campaigns).await
                {
                    tracing::warn!(cause = ?error, "the campaigns were not kept");
                }
                self.floor.campaigns = campaigns;
            }
            Err(error) => tracing::warn!(%error, "the campaigns were not fetched"),
        }
    }

    /// The dialer's history, or while it cannot be reached the cache's.
    pub(super) fn history(&mut self, before: Option<AttemptId>, limit: u32, reply: Reply<Vec<CallRecord>>) {
        let (Ok(client), Some(agent_id)) = (self.signed_in_client(), self.floor.agent) else {
            return drop(reply.send(Err(Error::signed_out())));
        };
        let cache = self.cache.clone();
        let limit = limit.min(HISTORY_LIMIT_MAX);
        let online = self.floor.server == Server::Online;
        self.tasks.spawn(async move {
            let fetched = if online {
                client.calls(before, limit).await.ok()
            } else {
                None
            };
            let calls = match fetched {
                Some(calls) => {
                    if let Err(error) = cache.save_calls(agent_id, &calls).await {
                        tracing::warn!(cause = ?error, "the history was not kept");
                    }
                    Ok(calls)
                }
                None => cache.calls(agent_id, before, limit).await.map_err(Error::from),
            };
            drop(reply.send(calls));
            Outcome::Replied
        });
    }

    pub(super) fn voice_token(&mut self, reply: Reply<VoiceToken>) {
        let client = match self.signed_in_client() {
            Ok(client) => client,
            Err(error) => return drop(reply.send(Err(error))),
        };
        self.tasks.spawn(async move {
            drop(reply.send(client.voice_token().await.map_err(Error::from)));
            Outcome::Replied
        });
    }

    pub(super) async fn keep_calls(&self, calls: &[CallRecord]) {
        if let Some(agent_id) = self.floor.agent
            && let Err(error) = self.cache.save_calls(agent_id, calls).await
        {
            tracing::warn!(cause = ?error, "a call was not kept");
        }
    }

    async fn set_seat(&mut self, seat: Option<Seat>) {
        self.floor.seat = seat;
        self.load_draft().await;
    }

    /// What was entered for the seat's attempt, also before a crash.
    async fn load_draft(&mut self) {
        let current = self
            .floor
            .seat
            .as_ref()
            .and_then(attempt)
            .map(|attempt| attempt.attempt_id);
        if self.floor.draft.as_ref().map(|draft| draft.attempt_id) == current {
            return;
        }
        self.floor.draft = match (self.floor.agent, current) {
            (Some(agent_id), Some(attempt_id)) => self
                .cache
                .draft(agent_id, attempt_id)
                .await
                .unwrap_or_else(|error| {
                    tracing::warn!(cause = ?error, "the draft is not known");
                    None
                }),
            (Some(_) | None, _) => None,
        };
    }

    fn open_stream(&mut self) {
        if let Ok(client) = self.signed_in_client() {
            let (events, stream) = mpsc::channel(EVENTS_LEN);
            self.floor.server = Server::Connecting;
            self.floor.stream = Some(stream);
            // It ends when the receiver is dropped.
            tokio::spawn(stream::run(client, events));
        }
    }
}

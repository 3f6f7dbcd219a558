//! What came of a conversation: a draft while it is typed, then the outbox until the dialer has it.

use std::time::Duration;

use protocol::{AgentId, AttemptId, CallRecord, Disposition, Pii, WrapUp};

use super::{Controller, Outcome, Shell};
use crate::{
    api::{ApiError, retry::Backoff},
    cache::Unsent,
    clock::{self, Moment},
    error::{Code, Error},
    snapshot::Draft,
};

/// The dialer takes no more.
const NOTE_LENGTH_MAX: usize = 4_000;

const SEND: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(30));

/// What is on its way.
#[derive(Debug)]
pub(super) struct Outbox {
    pub(super) count: u32,
    pub(super) retry_at: Option<Moment>,
    sending: bool,
    backoff: Backoff,
}

impl Default for Outbox {
    fn default() -> Self {
        Self {
            count: 0,
            retry_at: None,
            sending: false,
            backoff: SEND,
        }
    }
}

impl Outbox {
    /// The dialer is back: no reason to wait any longer.
    pub(super) fn online(&mut self) {
        self.backoff.succeeded();
        self.retry_at = None;
    }
}

impl<S: Shell> Controller<S> {
    pub(super) async fn save_draft(
        &mut self,
        attempt_id: AttemptId,
        disposition: Option<Disposition>,
        note: Pii<String>,
    ) -> Result<(), Error> {
        let agent_id = self.agent_id()?;
        check_note(&note)?;
        let draft = Draft {
            attempt_id,
            disposition,
            note,
        };
        self.cache.save_draft(agent_id, &draft).await?;
        let current = self.floor.seat.as_ref().and_then(super::floor::attempt);
        if current.is_some_and(|attempt| attempt.attempt_id == attempt_id) {
            self.floor.draft = Some(draft);
        }
        Ok(())
    }

    /// Puts the wrap-up into the outbox; it is on disk when this returns.
    pub(super) async fn finish_wrap_up(
        &mut self,
        attempt_id: AttemptId,
        disposition: Disposition,
        note: Pii<String>,
    ) -> Result<(), Error> {
        let agent_id = self.agent_id()?;
        check_note(&note)?;
        let wrap_up = WrapUp {
            disposition,
            note,
            saved_at: clock::wall(),
        };
        let unsent = Unsent {
            agent_id,
            attempt_id,
            wrap_up,
        };
        self.cache.save_unsent(&unsent).await?;
        self.cache.drop_draft(agent_id, attempt_id).await?;
        if self
            .floor
            .draft
            .as_ref()
            .is_some_and(|draft| draft.attempt_id == attempt_id)
        {
            self.floor.draft = None;
        }
        self.outbox.retry_at = None;
        Ok(())
    }

    /// Sends the oldest unsent wrap-up, unless one is under way or has to wait.
    pub(super) async fn send_next(&mut self) {
        let (Ok(agent_id), Ok(client)) = (self.agent_id(), self.signed_in_client()) else {
            return;
        };
        let unsent = match self.cache.unsent(agent_id).await {
            Ok(unsent) => unsent,
            Err(error) => {
                tracing::error!(cause = ?error, "the outbox cannot be read");
                return;
            }
        };
        self.outbox.count = u32::try_from(unsent.len()).unwrap_or(u32::MAX);
        let Some(unsent) = unsent.into_iter().next() else {
            return;
        };
        if self.outbox.sending || self.outbox.retry_at.is_some() {
            return;
        }
        self.outbox.sending = true;
        self.tasks.spawn(async move {
            let answer = client.wrap_up(unsent.attempt_id, &unsent.wrap_up).await;
            Outcome::WrapUp(unsent, Box::new(answer))
        });
    }

    pub(super) async fn on_wrap_up(&mut self, unsent: Unsent, answer: Result<CallRecord, ApiError>) {
        self.outbox.sending = false;
        match answer {
            Ok(call) => {
                self.outbox.backoff.succeeded();
                self.keep_calls(&[call]).await;
            }
            Err(ApiError::Refused { message }) => {
                let attempt_id = unsent.attempt_id;
                tracing::warn!(%attempt_id, "the dialer refused a wrap-up for good");
                self.notices
                    .add(format!("What you saved for a call was not accepted: {message}"));
            }
            Err(error @ (ApiError::Offline { .. } | ApiError::SignedOut | ApiError::BadReply)) => {
                tracing::info!(%error, "a wrap-up waits");
                let wait = self.outbox.backoff.failed(&mut self.rng);
                self.outbox.retry_at = Some(clock::now().after(wait));
                return;
            }
        }
        if let Err(error) = self.cache.sent(&unsent).await {
            tracing::error!(cause = ?error, "a sent wrap-up was not forgotten; it is sent again");
            self.outbox.retry_at = Some(clock::now().after(SEND_AGAIN));
        }
        self.send_next().await;
    }

    fn agent_id(&self) -> Result<AgentId, Error> {
        self.session
            .me()
            .map(|me| me.agent_id)
            .ok_or_else(Error::signed_out)
    }
}

/// After the disk refused to forget something.
const SEND_AGAIN: Duration = Duration::from_mins(1);

fn check_note(note: &Pii<String>) -> Result<(), Error> {
    if note.expose().chars().count() > NOTE_LENGTH_MAX {
        let message = format!("The note is longer than {NOTE_LENGTH_MAX} characters. Shorten it.");
        return Err(Error::new(Code::Invalid, message));
    }
    Ok(())
}

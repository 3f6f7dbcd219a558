//! Virtual time: from deadline to deadline, each time waiting for all that is under way.

use std::collections::VecDeque;
use std::pin::Pin;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::Driver;
use crate::network::Input;

/// Time that somebody asked for, and where to say that it has passed.
#[derive(Debug)]
pub(super) struct Advance {
    pub(super) by: SignedDuration,
    pub(super) done: oneshot::Sender<Timestamp>,
}

/// Requests and sounds under way; dropped with the driver.
///
/// In virtual time they run only while time passes, one at a time, in the order in which the network asked
/// for them: an application that answers the same then sees, and does, the same in every run.
pub(super) struct Errands {
    one_by_one: bool,
    under_way: JoinSet<()>,
    waiting: VecDeque<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Errands {
    pub(super) fn new(one_by_one: bool) -> Self {
        Self {
            one_by_one,
            under_way: JoinSet::new(),
            waiting: VecDeque::new(),
        }
    }

    pub(super) fn start(&mut self, errand: impl Future<Output = ()> + Send + 'static) {
        if self.one_by_one {
            self.waiting.push_back(Box::pin(errand));
        } else {
            self.start_at_once(errand);
        }
    }

    /// For what the application has no part in.
    pub(super) fn start_at_once(&mut self, errand: impl Future<Output = ()> + Send + 'static) {
        self.under_way.spawn(errand);
    }

    /// Starts the next one that waits if there is none under way.
    pub(super) fn start_waiting(&mut self) {
        if self.under_way.is_empty()
            && let Some(next) = self.waiting.pop_front()
        {
            self.under_way.spawn(next);
        }
    }

    /// Resolves when some are done; never if there is none.
    pub(super) async fn done(&mut self) {
        let mut next = self.under_way.join_next().await;
        if next.is_none() {
            return std::future::pending().await;
        }
        while let Some(done) = next {
            if let Err(error) = done {
                tracing::error!(%error, "a request or a sound panicked");
            }
            next = self.under_way.try_join_next();
        }
    }

    fn are_done(&self) -> bool {
        self.under_way.is_empty() && self.waiting.is_empty()
    }
}

impl Driver {
    /// Whether virtual time is to pass and nothing has to happen before that.
    pub(super) fn may_advance(&self) -> bool {
        !self.advances.is_empty() && self.errands.are_done()
    }

    /// Lets virtual time pass up to the next deadline, or to the end of what was asked for.
    pub(super) fn advance(&mut self) {
        let Some(Advance { by, .. }) = self.advances.front() else {
            return;
        };
        let goal = *self.goal.get_or_insert_with(|| {
            let now = self.parts.clock.now();
            now.saturating_add(*by).unwrap_or(Timestamp::MAX)
        });
        let due = self.network.deadline().filter(|due| *due <= goal);
        let now = due.unwrap_or(goal);
        self.parts.clock.advance_to(now);
        self.network.handle(Input::Tick, now);
        if due.is_none()
            && let Some(advance) = self.advances.pop_front()
        {
            self.goal = None;
            // Whoever asked may have gone; time has passed all the same.
            let _ = advance.done.send(now);
        }
    }
}

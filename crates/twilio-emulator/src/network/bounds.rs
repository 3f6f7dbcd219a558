//! How much the network keeps: calls, conferences and timers.

use super::{Network, Timer};
use crate::rest::ApiError;

/// Calls that are kept; the oldest that is over makes room for a new one.
const CALLS_MAX: usize = 100_000;
/// Conferences that are kept, as calls are.
const CONFERENCES_MAX: usize = 100_000;
/// Below this many, timers of calls that are over are left alone.
const TIMERS_SWEPT_MIN: usize = 10_000;

/// How much is kept at most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) calls_max: usize,
    pub(super) conferences_max: usize,
    /// So many timers are looked through for those of calls that are over.
    pub(super) timers_sweep_at: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            calls_max: CALLS_MAX,
            conferences_max: CONFERENCES_MAX,
            timers_sweep_at: TIMERS_SWEPT_MIN,
        }
    }
}

impl Network {
    /// Makes room for one more call, unless all that are kept are live.
    pub(super) fn make_room(&mut self) -> Result<(), ApiError> {
        while self.calls.len() >= self.bounds.calls_max {
            let over = |call: Option<&super::Call>| call.is_none_or(|call| call.status.is_final());
            let oldest = self.call_order.iter().position(|sid| over(self.calls.get(sid)));
            let full = || ApiError::new(400, 10004, "Call concurrency limit exceeded".to_owned());
            if let Some(sid) = self.call_order.remove(oldest.ok_or_else(full)?) {
                self.calls.remove(&sid);
            }
        }
        Ok(())
    }

    /// Forgets the oldest conferences that are over, beyond the limit.
    pub(super) fn forget_old_conferences(&mut self) {
        while self.conference_order.len() > self.bounds.conferences_max {
            let over = |room: Option<&super::Conference>| room.is_none_or(super::Conference::is_over);
            let oldest = self
                .conference_order
                .iter()
                .position(|sid| over(self.conferences.get(sid)));
            let Some(sid) = oldest.and_then(|at| self.conference_order.remove(at)) else {
                return;
            };
            self.conferences.remove(&sid);
        }
    }

    /// Throws away timers of calls that are over and of tokens that no socket has any more. Looking through all of them
    /// each time their number has doubled costs little for each.
    pub(super) fn sweep_timers(&mut self) {
        if self.timers.len() < self.bounds.timers_sweep_at {
            return;
        }
        let (calls, sockets) = (&self.calls, &self.sockets);
        self.timers.retain(|_, timer| {
            if let Timer::RingTimeout(sid)
            | Timer::TimeLimit(sid)
            | Timer::Step(sid, _)
            | Timer::PersonLeaves(sid) = timer
            {
                return calls.get(sid).is_some_and(|call| !call.status.is_final());
            }
            let Timer::TokenExpiry(socket, at_s) = timer else {
                return true;
            };
            let socket = sockets.get(socket);
            socket.is_some_and(|socket| socket.is_looked_at(*at_s))
        });
        self.bounds.timers_sweep_at = (2 * self.timers.len()).max(TIMERS_SWEPT_MIN);
    }
}

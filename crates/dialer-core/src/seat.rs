//! An agent's place on a campaign: in the room or not, dialing or not, and with at most one prospect.
//!
//! **Invariant:** only [`Seat::claim`] gives a seat a prospect, it succeeds only for the epoch the seat is in, and every
//! change of the line moves the epoch on. Storing a seat with `WHERE epoch = the one it was read with` therefore is the
//! whole compare-and-set: of two answers that claim one seat at the same moment, one finds the epoch gone.

use protocol::{AttemptId, SeatId};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{attempt::Wanted, call::CallSid};

/// What the line of a seat is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Line {
    /// Nothing.
    Idle,
    /// A call was planned for this seat and is not answered.
    Dialing {
        /// Which.
        attempt_id: AttemptId,
    },
    /// A prospect is in the room, or on the way into it.
    Talking {
        /// Of which attempt.
        attempt_id: AttemptId,
    },
    /// The conversation is over; the rep says what came of it.
    WrapUp {
        /// Of which attempt.
        attempt_id: AttemptId,
    },
}

impl Line {
    /// The attempt it is busy with.
    #[must_use]
    pub const fn attempt_id(self) -> Option<AttemptId> {
        match self {
            Self::Idle => None,
            Self::Dialing { attempt_id } | Self::Talking { attempt_id } | Self::WrapUp { attempt_id } => {
                Some(attempt_id)
            }
        }
    }
}

/// A seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// Moves on with every change of `line`.
    pub epoch: u64,
    /// The agent's own call, while it is in the room.
    pub leg: Option<CallSid>,
    /// Between start and pause.
    pub dialing: bool,
    /// What the line is doing.
    pub line: Line,
}

/// Something that happens to a seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The agent's leg came into the room. A newer leg replaces an older one.
    Joined {
        /// The agent's call.
        leg: CallSid,
    },
    /// A leg left the room; ignored unless it is the agent's present one.
    Left {
        /// The call that left.
        leg: CallSid,
    },
    /// The rep pressed start.
    Start,
    /// The rep pressed pause: what rings or talks goes on, nothing new is dialed.
    Pause,
    /// A call was planned for this seat.
    Planned {
        /// Which.
        attempt_id: AttemptId,
    },
    /// The attempt's leg ended, or is confirmed to be out of the room.
    Released {
        /// Which.
        attempt_id: AttemptId,
    },
    /// The rep said what came of the conversation.
    WrappedUp {
        /// Of which attempt.
        attempt_id: AttemptId,
    },
}

/// Why a seat takes no prospect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ClaimRefused {
    /// The seat has changed since it was looked at.
    #[error("the seat changed meanwhile")]
    Stale,
    /// The agent is not in the room.
    #[error("the agent is not in the room")]
    NobodyThere,
    /// It has a prospect, a wrap-up, or a call of its own.
    #[error("the seat is taken")]
    Taken,
    /// The rep is not dialing, and this is not the call that was placed for them.
    #[error("the rep is not taking calls")]
    NotDialing,
}

impl Default for Seat {
    fn default() -> Self {
        Self {
            epoch: 0,
            leg: None,
            dialing: false,
            line: Line::Idle,
        }
    }
}

impl Seat {
    /// Takes in what happened; true if it changed the seat. What does not apply any more changes nothing.
    pub fn handle(&mut self, input: &Input) -> bool {
        let before = self.clone();
        match input {
            Input::Joined { leg } => self.leg = Some(leg.clone()),
            Input::Left { leg } if self.leg.as_ref() == Some(leg) => self.leg = None,
            Input::Start => self.dialing = true,
            Input::Pause => self.dialing = false,
            Input::Planned { attempt_id } if self.wants_line() => {
                self.line = Line::Dialing {
                    attempt_id: *attempt_id,
                };
            }
            Input::Released { attempt_id } => self.release(*attempt_id),
            Input::WrappedUp { attempt_id }
                if self.line
                    == (Line::WrapUp {
                        attempt_id: *attempt_id,
                    }) =>
            {
                self.line = Line::Idle;
            }
            Input::Left { .. } | Input::Planned { .. } | Input::WrappedUp { .. } => {}
        }
        if self.line != before.line {
            self.epoch += 1;
        }
        *self != before
    }

    fn release(&mut self, attempt_id: AttemptId) {
        if self.line == (Line::Dialing { attempt_id }) {
            self.line = Line::Idle;
        } else if self.line == (Line::Talking { attempt_id }) {
            self.line = Line::WrapUp { attempt_id };
        }
    }

    /// Whether a call should be planned for this seat.
    #[must_use]
    pub fn wants_line(&self) -> bool {
        self.dialing && self.leg.is_some() && self.line == Line::Idle
    }

    /// Gives the seat a prospect who has just answered.
    ///
    /// A seat takes the call that was placed for it, even after pause was pressed; it takes another seat's only while
    /// it is dialing and has no call of its own.
    ///
    /// # Errors
    ///
    /// Why it cannot; the seat is as before.
    pub fn claim(&mut self, epoch: u64, attempt_id: AttemptId) -> Result<(), ClaimRefused> {
        if epoch != self.epoch {
            return Err(ClaimRefused::Stale);
        }
        if self.leg.is_none() {
            return Err(ClaimRefused::NobodyThere);
        }
        match self.line {
            Line::Dialing { attempt_id: own } if own == attempt_id => {}
            Line::Idle if self.dialing => {}
            Line::Idle => return Err(ClaimRefused::NotDialing),
            Line::Dialing { .. } | Line::Talking { .. } | Line::WrapUp { .. } => {
                return Err(ClaimRefused::Taken);
            }
        }
        self.line = Line::Talking { attempt_id };
        self.epoch += 1;
        Ok(())
    }

    /// Whether this seat still waits for the attempt, or talks to it.
    #[must_use]
    pub fn wants(&self, attempt_id: AttemptId) -> Wanted {
        let line = self.line == Line::Dialing { attempt_id } || self.line == Line::Talking { attempt_id };
        if line && self.leg.is_some() {
            Wanted::Yes
        } else {
            Wanted::No
        }
    }
}

/// Finds a seat for a prospect who has just answered: the one the call was placed for, else the first that is free.
///
/// If another seat takes the prospect, the one the call was placed for is free again. None if no seat can.
pub fn elect<'a>(
    seats: impl Iterator<Item = (SeatId, &'a mut Seat)>,
    own: SeatId,
    attempt_id: AttemptId,
) -> Option<SeatId> {
    let mut seats: Vec<(SeatId, &mut Seat)> = seats.collect();
    seats.sort_unstable_by_key(|(seat_id, _)| (*seat_id != own, *seat_id));
    let mut winner = None;
    for (seat_id, seat) in &mut seats {
        if seat.claim(seat.epoch, attempt_id).is_ok() {
            winner = Some(*seat_id);
            break;
        }
    }
    let winner = winner?;
    for (_, seat) in seats.iter_mut().filter(|(seat_id, _)| *seat_id != winner) {
        seat.handle(&Input::Released { attempt_id });
    }
    Some(winner)
}

#[cfg(test)]
mod tests {
    use protocol::{AttemptId, SeatId};

    use super::{ClaimRefused, Input, Line, Seat, elect};
    use crate::{attempt::Wanted, call::CallSid};

    const FIRST: AttemptId = AttemptId::from_parts(1, 1);
    const SECOND: AttemptId = AttemptId::from_parts(2, 2);

    fn leg(digit: char) -> CallSid {
        format!("CA{}", digit.to_string().repeat(32))
            .parse()
            .expect("a SID")
    }

    fn dialing() -> Seat {
        let mut seat = Seat::default();
        seat.handle(&Input::Joined { leg: leg('a') });
        seat.handle(&Input::Start);
        seat
    }

    #[test]
    fn nothing_is_dialed_before_the_agent_is_in_the_room_and_pressed_start() {
        let mut seat = Seat::default();
        assert!(!seat.wants_line());
        seat.handle(&Input::Start);
        assert!(!seat.wants_line());
        seat.handle(&Input::Joined { leg: leg('a') });
        assert!(seat.wants_line());
    }

    #[test]
    fn a_round_ends_in_wrap_up_and_the_next_begins_after_it() {
        let mut seat = dialing();
        assert!(seat.handle(&Input::Planned { attempt_id: FIRST }));
        seat.claim(seat.epoch, FIRST).expect("its own call");
        assert!(seat.handle(&Input::Released { attempt_id: FIRST }));
        assert_eq!(seat.line, Line::WrapUp { attempt_id: FIRST });
        assert!(!seat.wants_line());
        assert!(seat.handle(&Input::WrappedUp { attempt_id: FIRST }));
        assert!(seat.wants_line());
    }

    #[test]
    fn a_call_nobody_answered_needs_no_wrap_up() {
        let mut seat = dialing();
        seat.handle(&Input::Planned { attempt_id: FIRST });
        seat.handle(&Input::Released { attempt_id: FIRST });
        assert!(seat.wants_line());
    }

    #[test]
    fn of_two_answers_one_wins() {
        let mut seat = dialing();
        let epoch = seat.epoch;
        seat.claim(epoch, FIRST).expect("the seat is free");
        assert_eq!(seat.claim(epoch, SECOND), Err(ClaimRefused::Stale));
        assert_eq!(seat.claim(seat.epoch, SECOND), Err(ClaimRefused::Taken));
        assert_eq!(seat.line, Line::Talking { attempt_id: FIRST });
    }

    #[test]
    fn a_seat_that_rings_takes_its_own_call_only() {
        let mut seat = dialing();
        seat.handle(&Input::Planned { attempt_id: FIRST });
        assert_eq!(seat.claim(seat.epoch, SECOND), Err(ClaimRefused::Taken));
        seat.handle(&Input::Pause);
        seat.claim(seat.epoch, FIRST)
            .expect("pause lets what rings finish");
    }

    #[test]
    fn a_paused_or_empty_seat_takes_nobody_elses_call() {
        let mut seat = dialing();
        seat.handle(&Input::Pause);
        assert_eq!(seat.claim(seat.epoch, FIRST), Err(ClaimRefused::NotDialing));
        seat.handle(&Input::Start);
        seat.handle(&Input::Left { leg: leg('a') });
        assert_eq!(seat.claim(seat.epoch, FIRST), Err(ClaimRefused::NobodyThere));
    }

    #[test]
    fn an_answer_goes_to_its_own_seat_or_else_to_a_free_one() {
        let ids = [1, 2].map(|id| SeatId::from_parts(id, 0));
        let mut seats = [dialing(), dialing()];
        seats[1].handle(&Input::Planned { attempt_id: FIRST });
        let own = elect(ids.into_iter().zip(&mut seats), ids[1], FIRST);
        assert_eq!(own, Some(ids[1]));

        let mut seats = [dialing(), dialing()];
        seats[1].handle(&Input::Planned { attempt_id: FIRST });
        seats[1].handle(&Input::Left { leg: leg('a') });
        let other = elect(ids.into_iter().zip(&mut seats), ids[1], FIRST);
        assert_eq!(other, Some(ids[0]));
        assert_eq!(seats[1].line, Line::Idle);
        assert_eq!(elect(ids.into_iter().zip(&mut seats), ids[1], SECOND), None);
    }

    #[test]
    fn an_old_leg_that_leaves_late_does_not_empty_the_room() {
        let mut seat = dialing();
        seat.handle(&Input::Joined { leg: leg('b') });
        assert!(!seat.handle(&Input::Left { leg: leg('a') }));
        assert_eq!(seat.leg, Some(leg('b')));
    }

    #[test]
    fn what_comes_late_for_another_attempt_changes_nothing() {
        let mut seat = dialing();
        seat.handle(&Input::Planned { attempt_id: SECOND });
        let before = seat.clone();
        assert!(!seat.handle(&Input::Released { attempt_id: FIRST }));
        assert!(!seat.handle(&Input::WrappedUp { attempt_id: FIRST }));
        assert!(!seat.handle(&Input::Planned { attempt_id: FIRST }));
        assert_eq!(seat, before);
        assert_eq!(seat.wants(SECOND), Wanted::Yes);
        assert_eq!(seat.wants(FIRST), Wanted::No);
    }
}

//! What the fold promises: any order, any repetition, one state.

use jiff::{SignedDuration, Timestamp};
use proptest::{prelude::*, sample::Index};
use protocol::{AttemptResult, AttemptState, SeatId};

use super::{CallEvent, Facts, Phase, Upkeep, Wanted};
use crate::call::{CallSid, CallStatus};

fn second(s: i64) -> Timestamp {
    Timestamp::from_second(1_780_000_000).expect("a time in 2026") + SignedDuration::from_secs(s)
}

fn sid() -> CallSid {
    "CA0123456789abcdef0123456789abcdef".parse().expect("a SID")
}

fn reported(status: CallStatus, at_s: i64) -> CallEvent {
    CallEvent::Reported {
        sid: sid(),
        status,
        at: second(at_s),
    }
}

fn claimed(at_s: i64) -> CallEvent {
    CallEvent::Claimed {
        seat_id: SeatId::from_parts(1, 1),
        epoch: 7,
        at: second(at_s),
    }
}

fn fold(events: &[CallEvent]) -> Facts {
    Facts::fold(second(0), events)
}

fn upkeep_at(events: &[CallEvent], wanted: Wanted, now_s: i64) -> Option<(i64, Upkeep)> {
    let (at, upkeep) = fold(events).upkeep(wanted, second(now_s))?;
    Some((at.duration_since(second(0)).as_secs(), upkeep))
}

#[test]
fn a_conversation_from_first_to_last() {
    let events = [
        reported(CallStatus::Queued, 1),
        reported(CallStatus::Initiated, 2),
        reported(CallStatus::Ringing, 3),
        CallEvent::AnswerFetched {
            sid: sid(),
            at: second(8),
        },
        claimed(8),
        reported(CallStatus::InProgress, 9),
        CallEvent::LeftRoom { at: second(60) },
        reported(CallStatus::Completed, 61),
    ];
    let phases: Vec<Phase> = (0..=events.len())
        .map(|count| fold(&events[..count]).phase())
        .collect();
    let answered = [Phase::Answered; 4];
    let mut expected = vec![Phase::Intent, Phase::Queued, Phase::Initiated, Phase::Ringing];
    expected.extend(answered);
    expected.push(Phase::Ended(AttemptResult::Talked));
    assert_eq!(phases, expected);
    let facts = fold(&events);
    assert_eq!(facts.answered_at(), Some(second(8)));
    assert_eq!(facts.ended_at(), Some(second(61)));
    assert!(fold(&events[..7]).releases_seat() && !fold(&events[..6]).releases_seat());
}

#[test]
fn a_late_ringing_does_not_reopen_a_call() {
    let facts = fold(&[
        reported(CallStatus::NoAnswer, 30),
        reported(CallStatus::Ringing, 31),
    ]);
    assert_eq!(facts.phase(), Phase::Ended(AttemptResult::NoAnswer));
    assert_eq!(facts.state(), AttemptState::Ended);
}

#[test]
fn an_answer_without_a_seat_is_abandoned_and_one_with_a_seat_never_is() {
    let answer = CallEvent::AnswerFetched {
        sid: sid(),
        at: second(8),
    };
    let end = reported(CallStatus::Completed, 20);
    let no_seat = CallEvent::NoSeat { at: second(8) };
    assert_eq!(
        fold(&[answer.clone(), no_seat, end.clone()]).result(),
        Some(AttemptResult::Abandoned)
    );
    // The dialer was down and the fallback answered.
    assert_eq!(
        fold(std::slice::from_ref(&end)).result(),
        Some(AttemptResult::Abandoned)
    );
    assert_eq!(
        fold(&[answer, claimed(8), end]).result(),
        Some(AttemptResult::Talked)
    );
}

#[test]
fn an_unknown_outcome_is_searched_for_and_given_up_only_after_a_minute() {
    let unknown = CallEvent::OutcomeUnknown { at: second(10) };
    let missed = |at_s| CallEvent::NotFound { at: second(at_s) };
    let mut events = vec![unknown];
    for (now_s, next_s) in [(12, 12), (20, 20), (40, 40), (72, 72)] {
        assert_eq!(fold(&events).phase(), Phase::Unknown);
        assert_eq!(
            upkeep_at(&events, Wanted::Yes, now_s),
            Some((next_s, Upkeep::Search))
        );
        events.push(missed(now_s));
    }
    assert_eq!(fold(&events).result(), Some(AttemptResult::NotPlaced));
    // Any sign of life overrides the presumption.
    events.push(reported(CallStatus::Ringing, 100));
    assert_eq!(fold(&events).phase(), Phase::Ringing);
}

#[test]
fn an_intent_without_a_reply_is_searched_for_too() {
    assert_eq!(upkeep_at(&[], Wanted::Yes, 0), Some((17, Upkeep::Search)));
}

#[test]
fn a_ringing_call_nobody_waits_for_rings_for_fifteen_seconds() {
    let placed = reported(CallStatus::Queued, 1);
    let initiated = reported(CallStatus::Initiated, 2);
    let ringing = reported(CallStatus::Ringing, 4);
    let cancel_at = |events: &[CallEvent], now_s| upkeep_at(events, Wanted::No, now_s).expect("an end").0;
    let all = [placed.clone(), initiated.clone(), ringing];
    assert_eq!(cancel_at(&all, 6), 19);
    // Not ringing yet: at once. No word for three seconds: it counts as ringing.
    assert_eq!(cancel_at(&[placed.clone(), initiated.clone()], 2), 2);
    assert_eq!(cancel_at(&[placed.clone(), initiated], 3), 20);
    // Twilio says that it still waits in the queue.
    assert_eq!(cancel_at(&[placed, reported(CallStatus::Queued, 7)], 8), 8);
}

#[test]
fn a_call_stuck_in_twilios_queue_is_asked_about_and_taken_back() {
    let placed = reported(CallStatus::Queued, 1);
    assert_eq!(
        upkeep_at(std::slice::from_ref(&placed), Wanted::Yes, 2),
        Some((6, Upkeep::Fetch(sid())))
    );
    let asked = [placed, reported(CallStatus::Queued, 6)];
    assert_eq!(
        upkeep_at(&asked, Wanted::Yes, 6),
        Some((6, Upkeep::Cancel(sid())))
    );
}

#[test]
fn a_quiet_call_is_asked_about() {
    assert_eq!(
        upkeep_at(&[reported(CallStatus::Ringing, 3)], Wanted::Yes, 4),
        Some((38, Upkeep::Fetch(sid())))
    );
    let talking = [reported(CallStatus::InProgress, 9), claimed(9)];
    assert_eq!(
        upkeep_at(&talking, Wanted::Yes, 10),
        Some((129, Upkeep::Fetch(sid())))
    );
    assert_eq!(upkeep_at(&talking, Wanted::No, 10), Some((9, Upkeep::End(sid()))));
}

fn any_event() -> impl Strategy<Value = CallEvent> {
    let status = prop_oneof![
        Just(CallStatus::Queued),
        Just(CallStatus::Initiated),
        Just(CallStatus::Ringing),
        Just(CallStatus::InProgress),
        Just(CallStatus::Canceled),
        Just(CallStatus::NoAnswer),
        Just(CallStatus::Failed),
        Just(CallStatus::Busy),
        Just(CallStatus::Completed),
    ];
    let at = || (0..200_i64).prop_map(second);
    prop_oneof![
        4 => (status, at()).prop_map(|(status, at)| CallEvent::Reported { sid: sid(), status, at }),
        1 => at().prop_map(|at| CallEvent::Refused { code: Some(21_217), at }),
        1 => at().prop_map(|at| CallEvent::OutcomeUnknown { at }),
        2 => at().prop_map(|at| CallEvent::NotFound { at }),
        1 => at().prop_map(|at| CallEvent::AnswerFetched { sid: sid(), at }),
        1 => (0..3_u64, at()).prop_map(|(epoch, at)| {
            CallEvent::Claimed { seat_id: SeatId::from_parts(1, 1), epoch, at }
        }),
        1 => at().prop_map(|at| CallEvent::NoSeat { at }),
        1 => at().prop_map(|at| CallEvent::LeftRoom { at }),
    ]
}

proptest! {
    #[test]
    fn order_and_repetition_do_not_matter(
        events in prop::collection::vec(any_event(), 0..12),
        shuffle in prop::collection::vec(any::<Index>(), 24),
    ) {
        let mut other = events.clone();
        for (step, index) in shuffle.iter().enumerate() {
            if other.is_empty() {
                break;
            }
            let picked = index.index(other.len());
            if step % 3 == 0 {
                other.push(other[picked].clone());
            } else {
                other.swap(0, picked);
            }
        }
        prop_assert_eq!(fold(&events), fold(&other));
    }

    #[test]
    fn once_the_network_said_that_it_ended_nothing_revives_it(
        events in prop::collection::vec(any_event(), 0..12),
        later in any_event(),
    ) {
        let mut events = events;
        events.push(reported(CallStatus::Busy, 50));
        prop_assert_eq!(fold(&events).state(), AttemptState::Ended);
        events.push(later);
        prop_assert_eq!(fold(&events).state(), AttemptState::Ended);
        prop_assert_eq!(fold(&events).upkeep(Wanted::No, second(300)), None);
    }
}

//! What a listener would notice: order, gaps, delay, and that nothing grows without end.

use proptest::prelude::*;

use super::*;

const FRAME: Duration = Duration::from_millis(FRAME_MS);

fn frames(count: u64) -> Duration {
    FRAME * u32::try_from(count).unwrap()
}

fn payload(seq: u64) -> Arc<[u8]> {
    Arc::from(seq.to_be_bytes())
}

#[expect(clippy::disallowed_methods, reason = "an arbitrary instant to count from")]
fn epoch() -> Instant {
    Instant::now()
}

fn push(jitter: &mut Jitter, start: Instant, seq: u64) {
    jitter.push(seq, frames(seq), start + frames(seq), payload(seq));
}

#[test]
fn packets_out_of_order_are_played_in_order() {
    let (mut jitter, start) = (Jitter::default(), epoch());
    for seq in [10, 12, 11, 13] {
        push(&mut jitter, start, seq);
    }
    for seq in 10..=13 {
        assert_eq!(jitter.take(), Due::Packet(payload(seq)));
    }
    assert_eq!(jitter.take(), Due::Dry);
}

#[test]
fn a_gap_offers_the_packet_after_it() {
    let (mut jitter, start) = (Jitter::default(), epoch());
    for seq in [1, 3, 4] {
        push(&mut jitter, start, seq);
    }
    assert_eq!(jitter.take(), Due::Packet(payload(1)));
    let following = Some(payload(3));
    assert_eq!(jitter.take(), Due::Lost { following });
    push(&mut jitter, start, 2);
    assert_eq!(jitter.take(), Due::Packet(payload(3)), "too late is too late");
}

#[test]
fn running_dry_makes_it_more_careful() {
    let (mut jitter, start) = (Jitter::default(), epoch());
    let before = jitter.target();
    for round in 0..3 {
        for seq in round * 10..round * 10 + 10 {
            push(&mut jitter, start, seq);
        }
        while jitter.take() != Due::Dry {}
    }
    assert!(jitter.target() > before);
}

#[test]
fn a_sender_that_runs_fast_shows_as_surplus() {
    let (mut jitter, start) = (Jitter::default(), epoch());
    for seq in 0..10 {
        push(&mut jitter, start, seq);
    }
    for seq in 10..120 {
        push(&mut jitter, start, seq);
        jitter.take();
    }
    assert_eq!(jitter.surplus(), jitter.depth() + 1 - jitter.target());
    assert_eq!(jitter.surplus(), 0, "asking starts over");
}

#[test]
fn a_new_stream_replaces_the_old_one() {
    let (mut jitter, start) = (Jitter::default(), epoch());
    for seq in [1, 2, 3, 40_000, 40_001] {
        push(&mut jitter, start, seq);
    }
    assert_eq!(jitter.take(), Due::Packet(payload(40_000)));
}

proptest! {
    #[test]
    fn order_holds_and_memory_is_bounded(
        steps in prop::collection::vec((0_u64..300, any::<bool>()), 1..400),
    ) {
        let (mut jitter, start) = (Jitter::default(), epoch());
        let mut last = None;
        for (seq, take) in steps {
            push(&mut jitter, start, seq);
            prop_assert!(jitter.depth() <= PACKETS_MAX);
            prop_assert!(jitter.target() <= TARGET_FRAMES_MAX);
            if take && let Due::Packet(bytes) = jitter.take() {
                // After running dry a stream may begin again anywhere; while it runs it only goes forward.
                let seq = u64::from_be_bytes(bytes.as_ref().try_into().unwrap());
                if jitter.takes_since_dry > 1 {
                    prop_assert!(last.is_none_or(|last| seq > last), "{seq} after {last:?}");
                }
                last = Some(seq);
            }
        }
    }
}

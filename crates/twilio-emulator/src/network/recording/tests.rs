//! Recordings by themselves, and on a network without sound.

use jiff::{SignedDuration, Timestamp};

use super::{Recording, RecordingChange, RecordingFilter, RecordingTrack, RecordingWish, Source, Stage};
use crate::media::MediaCommand;
use crate::network::call::Status;
use crate::network::tests::{live_at, network, place, run};
use crate::network::{Network, Output};
use crate::sid::CallSid;

const NUMBER: &str = "+13125550142";

/// A recording of a leg, at this stage.
pub(super) fn recording(sid: &str, leg: &str, stage: Stage) -> Recording {
    Recording {
        sid: sid.to_owned(),
        account: "AC1".to_owned(),
        leg: Some(CallSid::from_text(leg)),
        call: Some(CallSid::from_text(leg)),
        conference: None,
        source: Source::StartCallApi,
        wish: RecordingWish::default(),
        channels: 1,
        stage,
        started_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
        skipping_since: None,
        skipped: SignedDuration::ZERO,
        duration_s: None,
        sound: Vec::new(),
        carried_no_sound: true,
        audible: None,
        then: None,
        dictation: None,
    }
}

/// A call to somebody who listens, up since a moment before second 5.
fn live_call(network: &mut Network) -> CallSid {
    live_at(network, NUMBER, "listener");
    let call = place(network, NUMBER, "<Pause length=\"600\"/>");
    run(network, 5);
    call
}

#[test]
fn what_is_skipped_in_several_pauses_is_not_in_the_length_and_silence_is() {
    let mut network = network(1, 7);
    let call = live_call(&mut network);
    let call = call.as_str();
    let sid = network
        .start_recording_of(call, &RecordingWish::default())
        .unwrap();
    let mut at = 5;
    let mut next = |network: &mut Network, seconds: i64, change: RecordingChange| {
        at += seconds;
        run(network, at);
        network.change_recording(call, "Twilio.CURRENT", change).unwrap();
    };
    let skip = RecordingChange::Pause { skip: true };
    let silence = RecordingChange::Pause { skip: false };
    next(&mut network, 10, skip);
    next(&mut network, 100, RecordingChange::Resume);
    next(&mut network, 10, skip);
    // A pause of the other kind begins where this one ends.
    next(&mut network, 200, silence);
    next(&mut network, 3, RecordingChange::Resume);
    next(&mut network, 10, silence);
    next(&mut network, 4, skip);
    next(&mut network, 50, RecordingChange::Stop);
    let view = network.recording_view("AC1", &sid).unwrap();
    assert_eq!(
        (view["status"].as_str(), view["duration"].as_str()),
        (Some("completed"), Some("37"))
    );
    let late = network.change_recording(call, "Twilio.CURRENT", RecordingChange::Resume);
    assert!(late.is_err(), "none is under way");
}

#[test]
fn a_leg_that_was_dialled_is_recorded_under_the_call_that_dialled_it() {
    let mut network = network(1, 7);
    live_at(&mut network, NUMBER, "listener");
    live_at(&mut network, "+13125550143", "listener");
    let parent = place(
        &mut network,
        NUMBER,
        "<Dial callerId=\"+12025550100\">+13125550143</Dial>",
    );
    run(&mut network, 10);
    let child = network
        .calls
        .values()
        .find(|call| call.parent.as_ref() == Some(&parent));
    let child = child.unwrap().sid.clone();
    let sid = network
        .start_recording_of(child.as_str(), &RecordingWish::default())
        .unwrap();
    let view = network.recording_view("AC1", &sid).unwrap();
    assert_eq!(view["call_sid"], parent.as_str());
    for owner in [&parent, &child] {
        let filter = RecordingFilter {
            owner: Some(owner.as_str().to_owned()),
            ..RecordingFilter::default()
        };
        assert_eq!(network.list_recordings("AC1", &filter).len(), 1);
        assert_eq!(
            network.recording_named(owner.as_str(), "Twilio.CURRENT").unwrap(),
            sid
        );
    }
    run(&mut network, 12);
    network.end(&child, Status::Completed, "for the test");
    assert_eq!(network.recordings.get(&sid).unwrap().stage, Stage::Completed);
}

#[test]
fn a_recording_under_way_is_never_forgotten_unstopped() {
    let mut network = network(1, 7);
    network.no_media = false;
    let call = live_call(&mut network);
    let wish = RecordingWish {
        track: RecordingTrack::Inbound,
        ..RecordingWish::default()
    };
    let first = network.start_recording_of(call.as_str(), &wish).unwrap();
    for n in 0..20_100 {
        let sid = format!("RE{n}");
        assert!(network.recordings.make_room());
        network.recordings.add(recording(&sid, "CA1", Stage::Completed));
    }
    assert_eq!(network.recordings.newest_first().count(), 20_000);
    assert!(network.recordings.get(&first).is_some());
    network.end(&call, Status::Completed, "for the test");
    let stopped = std::iter::from_fn(|| network.poll()).any(|output| {
        matches!(output, Output::Media(MediaCommand::StopRecord { recording }) if recording == first)
    });
    assert!(stopped);
}

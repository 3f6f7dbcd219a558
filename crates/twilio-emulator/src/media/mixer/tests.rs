//! What people in rooms hear, told apart by tones.

use std::sync::Arc;

use audio::tone;

use super::super::personas::{self, Persona, Script, ToneStep};
use super::super::{Answer, RATE_HZ, Tap};
use super::*;

fn key(name: &str) -> LegKey {
    name.to_owned()
}

fn tone_person(freq_hz: f32) -> Persona {
    let steps = vec![ToneStep { freq_hz, ms: 1_000 }];
    let script = Script::Tones { steps, repeat: true };
    Persona {
        name: format!("{freq_hz} Hz"),
        answer: Answer::After { ring_ms: 0 },
        script,
    }
}

fn open(mixer: &mut Mixer, name: &str, persona: Persona) {
    mixer.obey(MediaCommand::OpenPerson {
        leg: key(name),
        persona,
        seed: 1,
    });
}

fn join(mixer: &mut Mixer, name: &str, muted: bool, hold: bool) {
    mixer.obey(MediaCommand::Join {
        leg: key(name),
        room: key("CF"),
        muted,
        hold,
        coach: None,
    });
}

fn run(mixer: &mut Mixer, frames: usize) -> Vec<MediaEvent> {
    let mut events = Vec::new();
    for _ in 0..frames {
        mixer.tick();
        events.extend(std::iter::from_fn(|| mixer.poll()));
    }
    events
}

/// The last second of what a leg heard.
fn heard(mixer: &Mixer, name: &str) -> Vec<i16> {
    let samples = mixer.tracks(&key(name)).expect("a known leg").heard.samples();
    samples[samples.len() - RATE_HZ as usize..].to_vec()
}

fn share(mixer: &Mixer, name: &str, freq_hz: f32) -> f32 {
    tone::share(&heard(mixer, name), RATE_HZ, freq_hz)
}

/// A, B and C in one room, singing 400, 1,000 and 1,600 Hz.
fn three() -> Mixer {
    let mut mixer = Mixer::default();
    for (name, freq_hz) in [("A", 400.0), ("B", 1_000.0), ("C", 1_600.0)] {
        open(&mut mixer, name, tone_person(freq_hz));
        join(&mut mixer, name, false, false);
    }
    mixer
}

#[test]
fn everybody_hears_the_others_and_not_themselves() {
    let mut mixer = three();
    run(&mut mixer, 60);
    assert!(share(&mixer, "A", 400.0) < 0.01);
    for freq_hz in [1_000.0, 1_600.0] {
        assert!((0.45..0.55).contains(&share(&mixer, "A", freq_hz)));
    }
}

#[test]
fn a_muted_leg_is_not_heard_but_hears() {
    let mut mixer = three();
    join(&mut mixer, "B", true, false);
    run(&mut mixer, 60);
    assert!(share(&mixer, "A", 1_600.0) > 0.99);
    assert!((0.45..0.55).contains(&share(&mixer, "B", 400.0)));
}

#[test]
fn a_held_leg_hears_only_what_is_played_to_it() {
    let mut mixer = three();
    join(&mut mixer, "B", false, true);
    run(&mut mixer, 60);
    assert!(tone::rms(&heard(&mixer, "B")) < 1.0);
    assert!(share(&mixer, "A", 1_600.0) > 0.99);

    let samples = tone::sine(600.0, RATE_HZ, 8_000).into();
    mixer.obey(MediaCommand::Play {
        leg: key("B"),
        play: 7,
        samples,
        loops: 0,
        over: false,
    });
    run(&mut mixer, 60);
    assert!(share(&mixer, "B", 600.0) > 0.99);
}

#[test]
fn a_coach_hears_all_and_only_the_coached_hears_the_coach() {
    let mut mixer = three();
    mixer.obey(MediaCommand::Join {
        leg: key("C"),
        room: key("CF"),
        muted: false,
        hold: false,
        coach: Some(key("A")),
    });
    run(&mut mixer, 60);
    assert!(
        (0.45..0.55).contains(&share(&mixer, "A", 1_600.0)),
        "the coached hears the coach"
    );
    assert!(share(&mixer, "B", 400.0) > 0.99, "nobody else does");
    assert!((0.45..0.55).contains(&share(&mixer, "C", 400.0)));
    assert!((0.45..0.55).contains(&share(&mixer, "C", 1_000.0)));
}

#[test]
fn rooms_are_separate() {
    let mut mixer = three();
    mixer.obey(MediaCommand::Join {
        leg: key("C"),
        room: key("CF2"),
        muted: false,
        hold: false,
        coach: None,
    });
    run(&mut mixer, 60);
    assert!(share(&mixer, "A", 1_000.0) > 0.99);
    assert!(tone::rms(&heard(&mixer, "C")) < 1.0);
}

#[test]
fn loud_voices_together_clip_and_do_not_wrap() {
    assert_eq!(
        (saturate(40_000), saturate(-40_000), saturate(-5)),
        (i16::MAX, i16::MIN, -5)
    );
}

#[test]
fn a_play_ends_after_its_rounds_and_says_so_once() {
    let mut mixer = Mixer::default();
    open(&mut mixer, "A", tone_person(400.0));
    let samples: Arc<[i16]> = vec![1_000; 250].into();
    mixer.obey(MediaCommand::Play {
        leg: key("A"),
        play: 3,
        samples: samples.clone(),
        loops: 2,
        over: false,
    });
    assert_eq!(run(&mut mixer, 3), []);
    assert_eq!(
        run(&mut mixer, 10),
        [MediaEvent::PlayEnded {
            leg: key("A"),
            play: 3
        }]
    );

    mixer.obey(MediaCommand::Play {
        leg: key("A"),
        play: 4,
        samples,
        loops: 0,
        over: false,
    });
    assert_eq!(run(&mut mixer, 100), []);
    mixer.obey(MediaCommand::StopPlay { leg: key("A") });
    run(&mut mixer, 60);
    assert!(tone::rms(&heard(&mixer, "A")) < 1.0);
}

#[test]
fn nobody_waits_for_a_play_that_nobody_hears() {
    let mut mixer = Mixer::default();
    open(&mut mixer, "A", tone_person(400.0));
    mixer.tick();
    mixer.obey(MediaCommand::Close { leg: key("A") });
    let samples = vec![0; 160].into();
    mixer.obey(MediaCommand::Play {
        leg: key("A"),
        play: 1,
        samples,
        loops: 1,
        over: false,
    });
    let empty = Arc::default();
    mixer.obey(MediaCommand::Play {
        leg: key("B"),
        play: 2,
        samples: empty,
        loops: 0,
        over: false,
    });
    let ended = |leg, play| MediaEvent::PlayEnded { leg: key(leg), play };
    assert_eq!(run(&mut mixer, 1), [ended("A", 1), ended("B", 2)]);
}

#[test]
fn the_ground_truth_says_who_heard_whom() {
    let mut mixer = Mixer::default();
    open(&mut mixer, "A", tone_person(400.0));
    open(&mut mixer, "B", personas::by_name("listener").expect("built in"));
    join(&mut mixer, "A", false, false);
    join(&mut mixer, "B", false, false);
    let heard = |started| MediaEvent::Heard {
        listener: key("B"),
        speaker: key("A"),
        started,
    };
    let speaks = |speaking| MediaEvent::Voice {
        leg: key("A"),
        speaking,
    };
    assert_eq!(run(&mut mixer, 20), [speaks(true), heard(true)]);
    join(&mut mixer, "A", true, false);
    assert_eq!(run(&mut mixer, 20), [speaks(false), heard(false)]);
    join(&mut mixer, "A", false, false);
    assert_eq!(run(&mut mixer, 20), [speaks(true), heard(true)]);
    mixer.obey(MediaCommand::Close { leg: key("B") });
    assert_eq!(run(&mut mixer, 20), [heard(false)]);
}

#[test]
fn a_closed_leg_can_still_be_listened_to_and_stays_closed() {
    let mut mixer = three();
    run(&mut mixer, 60);
    mixer.obey(MediaCommand::Close { leg: key("A") });
    join(&mut mixer, "A", false, false);
    run(&mut mixer, 60);
    assert!(share(&mixer, "B", 1_600.0) > 0.99, "A sings no more");
    assert_eq!(heard(&mixer, "A").len(), 8_000);
}

/// Plays a tone of 600 Hz and 400 ms, over and over.
fn music(mixer: &mut Mixer, name: &str) {
    mixer.obey(MediaCommand::Play {
        leg: key(name),
        play: 1,
        samples: tone::sine(600.0, RATE_HZ, 3_200).into(),
        loops: 0,
        over: false,
    });
}

#[test]
fn an_announcement_interrupts_music_which_goes_on_after_it() {
    let mut mixer = Mixer::default();
    open(&mut mixer, "A", personas::by_name("listener").expect("built in"));
    music(&mut mixer, "A");
    run(&mut mixer, 60);
    mixer.obey(MediaCommand::Play {
        leg: key("A"),
        play: 2,
        samples: tone::sine(1_400.0, RATE_HZ, 9_600).into(),
        loops: 1,
        over: true,
    });
    assert_eq!(run(&mut mixer, 55), []);
    assert!(share(&mixer, "A", 1_400.0) > 0.99);
    let ended = MediaEvent::PlayEnded {
        leg: key("A"),
        play: 2,
    };
    assert_eq!(run(&mut mixer, 60), [ended]);
    assert!(share(&mixer, "A", 600.0) > 0.99);
}

#[test]
fn a_chime_is_heard_over_music_and_stops_nothing() {
    let mut mixer = Mixer::default();
    open(&mut mixer, "A", personas::by_name("listener").expect("built in"));
    music(&mut mixer, "A");
    mixer.obey(MediaCommand::Chime {
        leg: key("A"),
        samples: tone::sine(1_400.0, RATE_HZ, 8_000).into(),
    });
    assert_eq!(run(&mut mixer, 50), []);
    assert!((0.45..0.55).contains(&share(&mixer, "A", 1_400.0)));
    run(&mut mixer, 50);
    assert!(share(&mixer, "A", 600.0) > 0.99);
}

#[test]
fn a_key_sounds_in_the_room_and_leads_machines_there() {
    let mut mixer = three();
    open(
        &mut mixer,
        "tree",
        personas::by_name("phone-tree").expect("built in"),
    );
    join(&mut mixer, "tree", false, false);
    run(&mut mixer, 60);
    for _ in 0..5 {
        mixer.obey(MediaCommand::InBand {
            leg: key("A"),
            digit: '1',
        });
    }
    run(&mut mixer, 50);
    let (voice, low) = (share(&mixer, "B", 400.0), share(&mixer, "B", 697.0));
    assert!(voice < 0.02 && low > 0.1, "A's voice {voice}, its key {low}");
    let Line::Person(tree) = &mixer.legs["tree"].line else {
        panic!("a person");
    };
    let rest = format!("{tree:?}");
    assert!(
        rest.contains("through to new") && !rest.contains("through to existing"),
        "it followed the key"
    );

    join(&mut mixer, "A", true, false);
    mixer.obey(MediaCommand::InBand {
        leg: key("A"),
        digit: '1',
    });
    run(&mut mixer, 60);
    assert!(
        share(&mixer, "B", 697.0) < 0.02,
        "a muted leg's keys are not heard"
    );
}

#[test]
fn a_persons_line_can_be_bad_both_ways() {
    let mut mixer = three();
    let cut = Impairments {
        loss: 1.0,
        ..Impairments::default()
    };
    assert!(mixer.impair(&key("A"), cut));
    assert!(!mixer.impair(&key("nobody"), cut));
    run(&mut mixer, 60);
    assert!(tone::rms(&heard(&mixer, "A")) < 1.0);
    assert!(share(&mixer, "B", 400.0) < 0.01 && share(&mixer, "B", 1_600.0) > 0.99);
    assert!(mixer.impair(&key("A"), Impairments::default()));
    run(&mut mixer, 60);
    assert!(share(&mixer, "B", 400.0) > 0.45);
}

#[test]
fn what_legs_hear_fits_into_one_budget() {
    let mut mixer = three();
    run(&mut mixer, 500);
    mixer.obey(MediaCommand::Close { leg: key("C") });
    let seconds = |mixer: &Mixer, name: &str| {
        let heard = mixer.tracks(&key(name))?.heard.samples();
        Some(heard.len() / RATE_HZ as usize)
    };
    let direction_s = RATE_HZ as usize;

    mixer.bound_tracks(60 * direction_s);
    assert_eq!(["A", "C"].map(|name| seconds(&mixer, name)), [Some(10); 2]);

    mixer.bound_tracks(59 * direction_s);
    assert_eq!(["A", "C"].map(|name| seconds(&mixer, name)), [Some(10), None]);
    open(&mut mixer, "C", tone_person(1_600.0));
    assert_eq!(mixer.tracks(&key("C")).map(Tracks::bytes), None, "C stays closed");

    open(&mut mixer, "D", tone_person(1_600.0));
    run(&mut mixer, 50);
    mixer.bound_tracks(30 * direction_s);
    assert_eq!(
        ["A", "B", "D"].map(|name| seconds(&mixer, name)),
        [Some(5), Some(5), Some(1)],
        "who has less than its share keeps all"
    );
}

#[test]
fn what_comes_too_late_for_a_leg_does_not_bring_it_back() {
    let mut mixer = Mixer::default();
    // Their words were still being spoken when the call ended.
    mixer.obey(MediaCommand::Close { leg: key("A") });
    open(&mut mixer, "A", tone_person(400.0));
    open(&mut mixer, "B", tone_person(400.0));
    run(&mut mixer, 60);
    for _ in 0..2 {
        mixer.obey(MediaCommand::Close { leg: key("B") });
    }
    join(&mut mixer, "B", false, false);
    assert!(mixer.legs.is_empty());
    assert!(mixer.tracks(&key("A")).is_none());
    assert!(share(&mixer, "B", 400.0) < 0.1, "what it heard is kept");
}

#[test]
fn a_room_hears_somebody_ring_until_they_answer() {
    let mut mixer = Mixer::default();
    for (name, muted, hold) in [("A", false, false), ("B", true, false), ("C", false, true)] {
        open(
            &mut mixer,
            name,
            tone_person(if name == "A" { 400.0 } else { 0.0 }),
        );
        join(&mut mixer, name, muted, hold);
    }
    let ringing = |loops| MediaCommand::EarlyMedia {
        leg: key("D"),
        room: key("CF"),
        samples: tone::sine(1_000.0, RATE_HZ, RATE_HZ as usize).into(),
        loops,
    };
    let record = |tap| MediaCommand::Record {
        recording: "RE".to_owned(),
        tap,
    };
    mixer.obey(ringing(0));
    mixer.obey(record(Tap::Room(key("CF"))));
    run(&mut mixer, 150);
    assert!(share(&mixer, "A", 1_000.0) > 0.9, "without its own voice");
    assert!(share(&mixer, "B", 1_000.0) > 0.3 && share(&mixer, "B", 400.0) > 0.3);
    assert!(tone::rms(&heard(&mixer, "C")) < 1.0, "on hold");
    mixer.obey(MediaCommand::EndEarlyMedia { leg: key("D") });
    run(&mut mixer, 60);
    assert!(tone::rms(&heard(&mixer, "A")) < 1.0);
    assert!(share(&mixer, "B", 400.0) > 0.9);
    // Once only, beside what is played to a leg.
    mixer.obey(ringing(1));
    run(&mut mixer, 50);
    assert!(share(&mixer, "A", 1_000.0) > 0.9);
    run(&mut mixer, 51);
    assert!(tone::rms(&heard(&mixer, "A")) < 1.0);
    mixer.obey(MediaCommand::StopRecord {
        recording: "RE".to_owned(),
    });
    let mut recorded = Vec::new();
    while let Some(event) = mixer.poll() {
        if let MediaEvent::Recorded { sound, .. } = event {
            recorded = audio::g711::decode(&sound[0]);
        }
    }
    let begin = &recorded[..RATE_HZ as usize];
    assert!(tone::share(begin, RATE_HZ, 1_000.0) > 0.3, "the recording has it");
}

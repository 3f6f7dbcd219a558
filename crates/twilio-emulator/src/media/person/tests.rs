//! Conversations, as the person at the other end would live through them.

use audio::tone;

use super::super::personas::by_name;
use super::super::{FRAME_SAMPLES, SILENCE};
use super::*;

const FRAMES_PER_SECOND: usize = 50;
const LOUD: Frame = [5_000; FRAME_SAMPLES];

fn person(name: &str) -> Person {
    Person::new(&by_name(name).expect("built in").script, 42)
}

/// Frames until the person has spoken and fallen silent for a second; the events on the way, words aside.
fn hear_out(person: &mut Person) -> (usize, Vec<PersonEvent>) {
    let (mut frames, mut loud_at, mut events) = (0, None, Vec::new());
    while frames < 120 * FRAMES_PER_SECOND {
        let mut said = SILENCE;
        let event = person.frame(&SILENCE, &mut said);
        events.extend(event.filter(|event| !matches!(event, PersonEvent::Said(_))));
        frames += 1;
        if tone::rms(&said) > 100.0 {
            loud_at = Some(frames);
        }
        if events.contains(&PersonEvent::HungUp) || loud_at.is_some_and(|at| frames > at + FRAMES_PER_SECOND)
        {
            break;
        }
    }
    (frames, events)
}

fn speak_to(person: &mut Person, seconds: usize) {
    for _ in 0..seconds * FRAMES_PER_SECOND {
        let mut said = SILENCE;
        person.frame(&LOUD, &mut said);
        assert!(tone::rms(&said) < 1.0, "they listen while spoken to");
    }
}

#[test]
fn a_conversation_has_a_greeting_answers_and_a_goodbye() {
    let mut person = person("brisk");
    assert_eq!(hear_out(&mut person).1, [], "the greeting");
    for _ in 0..4 {
        speak_to(&mut person, 2);
        assert_eq!(hear_out(&mut person).1, [], "an answer");
    }
    speak_to(&mut person, 1);
    assert_eq!(hear_out(&mut person).1, [PersonEvent::HungUp], "the goodbye");
    assert_eq!(hear_out(&mut person).1, [], "gone is gone");
}

#[test]
fn nobody_talks_to_silence_for_ever() {
    let mut person = person("friendly");
    hear_out(&mut person);
    let (frames, events) = hear_out(&mut person);
    assert_eq!(events, [PersonEvent::HungUp]);
    assert!(
        (28 * FRAMES_PER_SECOND..40 * FRAMES_PER_SECOND).contains(&frames),
        "{frames}"
    );
}

#[test]
fn a_noisy_microphone_does_not_silence_them_for_ever() {
    let mut person = person("friendly");
    hear_out(&mut person);
    let answered = (0..30 * FRAMES_PER_SECOND).any(|_| {
        let mut said = SILENCE;
        person.frame(&LOUD, &mut said);
        tone::rms(&said) > 100.0
    });
    assert!(answered);
}

#[test]
fn an_echo_of_their_own_words_is_no_answer() {
    let mut person = person("friendly");
    let mut echo = SILENCE;
    let mut spoken_frames = 0;
    for _ in 0..10 * FRAMES_PER_SECOND {
        let mut said = SILENCE;
        person.frame(&echo, &mut said);
        spoken_frames += usize::from(tone::rms(&said) > 100.0);
        echo = said;
    }
    assert!(
        spoken_frames < 3 * FRAMES_PER_SECOND,
        "the greeting and no more: {spoken_frames}"
    );
}

#[test]
fn the_seed_decides_who_it_is() {
    let sound_of = |seed| {
        let mut person = Person::new(&by_name("friendly").expect("built in").script, seed);
        let mut said = SILENCE;
        let mut sound = Vec::new();
        for _ in 0..2 * FRAMES_PER_SECOND {
            person.frame(&SILENCE, &mut said);
            sound.extend(said);
        }
        sound
    };
    assert_eq!(sound_of(1), sound_of(1));
    assert!((2..20).any(|seed| sound_of(seed) != sound_of(1)));
}

#[test]
fn somebody_who_opts_out_presses_nine_after_the_announcement() {
    let mut person = person("opts-out");
    hear_out(&mut person);
    speak_to(&mut person, 3);
    assert_eq!(hear_out(&mut person).1, [PersonEvent::Digit('9')]);
}

#[test]
fn a_voicemail_greets_beeps_records_and_ends() {
    let mut person = person("voicemail");
    let (mut beep_frames, mut seconds_after_beep, mut events) = (0, 0, Vec::new());
    for _ in 0..80 * FRAMES_PER_SECOND {
        let mut said = SILENCE;
        let event = person.frame(&LOUD, &mut said);
        events.extend(event.filter(|event| !matches!(event, PersonEvent::Said(_))));
        if tone::share(&said, RATE_HZ, 1_000.0) > 0.95 {
            beep_frames += 1;
        } else if beep_frames > 10 && events.is_empty() {
            seconds_after_beep += 1;
        }
    }
    assert_eq!(beep_frames, 20, "400 ms of beep");
    assert_eq!(
        seconds_after_beep / FRAMES_PER_SECOND,
        60,
        "a minute of recording"
    );
    assert_eq!(events, [PersonEvent::HungUp]);
}

#[test]
fn machines_sound_their_tones() {
    for (name, freq_hz) in [("tone-440", 440.0), ("fax", 2_100.0), ("out-of-service", 950.0)] {
        let mut person = person(name);
        let mut said = SILENCE;
        for _ in 0..5 {
            person.frame(&SILENCE, &mut said);
        }
        assert!(tone::share(&said, RATE_HZ, freq_hz) > 0.95, "{name}");
    }
}

#[test]
fn what_ends_by_itself_ends_when_announced() {
    for name in ["voicemail", "fax", "out-of-service"] {
        let script = by_name(name).expect("built in").script;
        let mut person = Person::new(&script, 1);
        let mut said = SILENCE;
        let mut frames = 0_u64;
        while person.frame(&SILENCE, &mut said) != Some(PersonEvent::HungUp) {
            frames += 1;
        }
        let announced_ms = script.duration_ms().expect("it ends");
        assert!(
            announced_ms.abs_diff(frames * FRAME_MS) < 3_000,
            "{name}: {announced_ms} ms, {frames} frames"
        );
    }
}

#[test]
fn a_phone_tree_goes_where_the_keys_lead() {
    let mut person = person("phone-tree");
    let mut heard = Vec::new();
    for second in 0..40 {
        match second {
            10 => person.key('7'),
            20 => person.key('1'),
            30 => person.key('2'),
            _ => {}
        }
        for _ in 0..FRAMES_PER_SECOND {
            let mut said = SILENCE;
            if let Some(PersonEvent::Said(text)) = person.frame(&SILENCE, &mut said) {
                heard.push(text);
            }
        }
    }
    heard.dedup();
    let starts: Vec<&str> = heard.iter().filter_map(|text| text.split('.').next()).collect();
    assert_eq!(
        starts,
        [
            "Thank you for calling",
            "Sales",
            "You are through to existing customers"
        ]
    );
}

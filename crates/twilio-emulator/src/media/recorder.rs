//! What is being recorded: taps on legs and rooms, kept as µ-law until they are stopped.

use std::collections::BTreeMap;

use audio::g711;

use super::{Frame, RATE_HZ, RecordedSound, RecordingKey, Tap};

/// Recordings under way at once.
const RECORDINGS_MAX: usize = 2_000;
/// Of each channel the first hour is kept.
const CHANNEL_BYTES_MAX: usize = 3_600 * RATE_HZ as usize;
/// What a paused recording hears.
const SILENCE: Frame = [0; super::FRAME_SAMPLES];

#[derive(Debug, Default)]
pub(super) struct Recorder {
    recordings: BTreeMap<RecordingKey, Recording>,
}

#[derive(Debug)]
struct Recording {
    tap: Tap,
    channels: RecordedSound,
    pause: Option<Pause>,
}

#[derive(Clone, Copy, Debug)]
enum Pause {
    Silence,
    Skip,
}

impl Recorder {
    pub(super) fn start(&mut self, key: RecordingKey, tap: Tap) {
        if self.recordings.len() >= RECORDINGS_MAX {
            tracing::warn!("too many recordings; one stays empty");
            return;
        }
        let channels = vec![Vec::new(); if matches!(tap, Tap::LegDual(_)) { 2 } else { 1 }];
        self.recordings.insert(
            key,
            Recording {
                tap,
                channels,
                pause: None,
            },
        );
    }

    pub(super) fn pause(&mut self, key: &RecordingKey, skip: bool) {
        if let Some(recording) = self.recordings.get_mut(key) {
            recording.pause = Some(if skip { Pause::Skip } else { Pause::Silence });
        }
    }

    pub(super) fn resume(&mut self, key: &RecordingKey) {
        if let Some(recording) = self.recordings.get_mut(key) {
            recording.pause = None;
        }
    }

    /// What was recorded; nothing if it never began.
    pub(super) fn stop(&mut self, key: &RecordingKey) -> RecordedSound {
        self.recordings
            .remove(key)
            .map_or_else(Vec::new, |recording| recording.channels)
    }

    /// One frame of time; `leg` gives what a leg said and heard, `room` what was said in a room.
    pub(super) fn tick<'a>(
        &mut self,
        leg: impl Fn(&str) -> Option<(&'a Frame, &'a Frame)>,
        room: impl Fn(&str) -> Option<Frame>,
    ) {
        for recording in self.recordings.values_mut() {
            let frames: Option<[Frame; 2]> = match &recording.tap {
                Tap::LegSaid(key) => leg(key).map(|(said, _)| [*said, SILENCE]),
                Tap::LegHeard(key) => leg(key).map(|(_, heard)| [*heard, SILENCE]),
                Tap::LegMixed(key) => leg(key).map(|(said, heard)| [sum(said, heard), SILENCE]),
                Tap::LegDual(key) => leg(key).map(|(said, heard)| [*said, *heard]),
                Tap::Room(key) => room(key).map(|frame| [frame, SILENCE]),
            };
            let frames = match recording.pause {
                Some(Pause::Skip) => None,
                Some(Pause::Silence) => frames.map(|_| [SILENCE; 2]),
                None => frames,
            };
            let Some(frames) = frames else { continue };
            for (channel, frame) in recording.channels.iter_mut().zip(frames) {
                if channel.len() < CHANNEL_BYTES_MAX {
                    channel.extend(frame.iter().map(|&sample| g711::encode_sample(sample)));
                }
            }
        }
    }
}

fn sum(a: &Frame, b: &Frame) -> Frame {
    let mut sum = *a;
    for (sum, &sample) in sum.iter_mut().zip(b) {
        *sum = sum.saturating_add(sample);
    }
    sum
}

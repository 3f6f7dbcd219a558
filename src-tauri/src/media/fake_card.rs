//! A sound card for tests: each microphone hums at its own pitch, each speaker remembers what it played.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use audio::tone::Sine;

use super::{Capture, CardError, Opened, Playback, SoundCard, capture_pipe, playback_pipe};
use crate::headset::{AudioDevice, AudioDevices};

/// What a callback handles at once: 20 ms at 48 kHz.
const PERIOD: Duration = Duration::from_millis(20);
const PERIOD_SAMPLES: usize = 960;
const AMPLITUDE: i16 = 8_000;

/// Clones share one card.
#[derive(Clone, Default)]
pub(super) struct FakeCard(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    devices: AudioDevices,
    pitches_hz: BTreeMap<String, f32>,
    played: Vec<i16>,
    /// Ids of open devices, once for each stream.
    open: Vec<String>,
}

impl FakeCard {
    /// Plugs in a microphone that hums; the first one is the system's default.
    pub(super) fn plug_in_microphone(&self, id: &str, pitch_hz: f32) {
        let mut state = self.0.lock().unwrap();
        state.pitches_hz.insert(id.into(), pitch_hz);
        add(&mut state.devices.inputs, id);
    }

    pub(super) fn plug_in_speaker(&self, id: &str) {
        add(&mut self.0.lock().unwrap().devices.outputs, id);
    }

    /// Takes a device away. As on PulseAudio nobody is told; its callbacks just go on or stop.
    pub(super) fn unplug(&self, id: &str) {
        let devices = &mut self.0.lock().unwrap().devices;
        devices.inputs.retain(|device| device.id != id);
        devices.outputs.retain(|device| device.id != id);
    }

    /// All that was played since the last call.
    pub(super) fn take_played(&self) -> Vec<i16> {
        std::mem::take(&mut self.0.lock().unwrap().played)
    }

    pub(super) fn open(&self) -> Vec<String> {
        self.0.lock().unwrap().open.clone()
    }

    fn start(&self, id: &str, mut period: impl FnMut(&mut State) + Send + 'static) -> Stream {
        self.0.lock().unwrap().open.push(id.into());
        let (card, running) = (self.clone(), Arc::new(AtomicBool::new(true)));
        let stream = Stream {
            id: id.into(),
            card: card.clone(),
            running: Arc::clone(&running),
        };
        thread::spawn(move || {
            while running.load(Ordering::Relaxed) {
                period(&mut card.0.lock().unwrap());
                thread::sleep(PERIOD);
            }
        });
        stream
    }
}

impl SoundCard for FakeCard {
    fn devices(&self) -> Result<AudioDevices, CardError> {
        Ok(self.0.lock().unwrap().devices.clone())
    }

    fn open_microphone(&self, id: &str) -> Result<Opened<Capture>, CardError> {
        let pitch_hz = self.0.lock().unwrap().pitches_hz[id];
        let mut hum = Sine::new(pitch_hz, 48_000, AMPLITUDE);
        let (mut callback, end) = capture_pipe(48_000);
        let stream = self.start(id, move |_| {
            callback.deliver((0..PERIOD_SAMPLES).map(|_| hum.next().unwrap_or(0)));
        });
        Ok(Opened {
            end,
            stream: Box::new(stream),
        })
    }

    fn open_speaker(&self, id: &str) -> Result<Opened<Playback>, CardError> {
        let (mut callback, end) = playback_pipe(48_000);
        let stream = self.start(id, move |state| {
            state.played.extend(callback.take(PERIOD_SAMPLES));
        });
        Ok(Opened {
            end,
            stream: Box::new(stream),
        })
    }
}

fn add(devices: &mut Vec<AudioDevice>, id: &str) {
    let is_default = devices.is_empty();
    devices.push(AudioDevice {
        id: id.into(),
        name: id.into(),
        is_default,
    });
}

struct Stream {
    id: String,
    card: FakeCard,
    running: Arc<AtomicBool>,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.running.store(false, Ordering::Relaxed);
        let open = &mut self.card.0.lock().unwrap().open;
        if let Some(place) = open.iter().position(|id| *id == self.id) {
            open.remove(place);
        }
    }
}

//! The desk: every 10 ms it moves sound between the sound card and the peers, on a thread of its own.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use audio::{
    Rate,
    peer::{Incoming, PeerHandle},
    tone::{self, Sine},
};
use tokio::sync::watch;

use super::{
    card::SoundCard,
    cleaner::Cleaner,
    engine::PeerId,
    line::Line,
    pipe::{Capture, Playback},
    plug::{Microphone, Plug, Speaker},
};
use crate::{
    headset::{Level, LevelSink},
    settings::AudioSettings,
};

/// Samples of a tick: 10 ms, what echo cancellation works in.
pub(super) const TICK_SAMPLES: usize = Rate::Full.frame_samples() / 2;
const TICK: Duration = Duration::from_millis(10);
/// How late the desk may be and still catch up; after a night's sleep it begins anew.
const LATE_MAX: Duration = Duration::from_millis(200);
/// Ticks without a sample after which the peers get silence in the microphone's place.
const DEAF_TICKS_MAX: u32 = 10;
/// Sound of the microphone that may wait to be sent; beyond it the oldest is dropped.
const HEARD_SAMPLES_MAX: usize = Rate::Full.frame_samples() * 10;
/// Ticks between two levels: 20 levels a second.
const LEVEL_TICKS: usize = 5;
/// What the meter shows as nothing, in decibels below full scale.
const LEVEL_FLOOR_DB: f32 = 60.0;
/// The test tone: a second at the A that orchestras tune to.
const TONE_HZ: f32 = 440.0;
const TONE_AMPLITUDE: i16 = 8_000;
const TONE_TICKS: usize = 100;
/// Silence after it, until the last of it has left the speaker.
const TONE_TAIL_TICKS: usize = 30;
/// Commands that wait for the next tick.
const COMMANDS_MAX: usize = 64;

/// What the desk is asked to do.
pub(super) enum Command {
    Seat(PeerId, PeerHandle, Box<Incoming>),
    Unseat(PeerId),
    Mute(PeerId, bool),
    WatchLevel(Box<dyn LevelSink>),
    StopLevel,
    PlayTone,
}

/// Which devices a call misses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Missing {
    pub(super) microphone: bool,
    pub(super) speaker: bool,
}

/// The way to the desk, which closes when this is dropped.
pub(super) struct DeskHandle {
    commands: SyncSender<Command>,
    /// Which devices the present call misses.
    pub(super) missing: watch::Receiver<Missing>,
}

impl DeskHandle {
    /// Sets up a desk at this sound card.
    pub(super) fn open(card: Arc<dyn SoundCard>, settings: watch::Receiver<AudioSettings>) -> Self {
        let (commands, command_rx) = sync_channel(COMMANDS_MAX);
        let (missing_tx, missing) = watch::channel(Missing::default());
        thread::Builder::new()
            .name("sound".into())
            .spawn(move || Desk::new(card, settings, missing_tx).run(&command_rx))
            .expect("the system has a thread left");
        Self { commands, missing }
    }

    pub(super) fn tell(&self, command: Command) {
        if self.commands.try_send(command).is_err() {
            tracing::error!("the sound thread has stopped or is stuck");
        }
    }
}

struct Desk {
    card: Arc<dyn SoundCard>,
    settings: watch::Receiver<AudioSettings>,
    missing: watch::Sender<Missing>,
    lines: BTreeMap<PeerId, Line>,
    meter: Option<Meter>,
    tone: Option<TestTone>,
    microphone: Option<Plug<Microphone>>,
    speaker: Option<Plug<Speaker>>,
    capture: Option<Capture>,
    playback: Option<Playback>,
    cleaner: Cleaner,
    /// Heard and not yet sent.
    heard: VecDeque<i16>,
    deaf_ticks: u32,
}

impl Desk {
    fn new(
        card: Arc<dyn SoundCard>,
        settings: watch::Receiver<AudioSettings>,
        missing: watch::Sender<Missing>,
    ) -> Self {
        Self {
            card,
            settings,
            missing,
            lines: BTreeMap::new(),
            meter: None,
            tone: None,
            microphone: None,
            speaker: None,
            capture: None,
            playback: None,
            cleaner: Cleaner::new(),
            heard: VecDeque::new(),
            deaf_ticks: 0,
        }
    }

    fn run(mut self, commands: &Receiver<Command>) {
        loop {
            self.plug_what_is_needed();
            if self.microphone.is_none() && self.speaker.is_none() {
                let Ok(command) = commands.recv() else { return };
                self.obey(command);
            } else if !self.work(commands) {
                return;
            }
        }
    }

    /// Ticks until the next command; false when there will be none.
    fn work(&mut self, commands: &Receiver<Command>) -> bool {
        let mut next_tick = now();
        loop {
            let ahead = next_tick.saturating_duration_since(now());
            match commands.recv_timeout(ahead) {
                Ok(command) => {
                    self.obey(command);
                    self.plug_what_is_needed();
                    if self.microphone.is_none() && self.speaker.is_none() {
                        return true;
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return false,
                Err(RecvTimeoutError::Timeout) => {
                    if !self.tick() {
                        return true;
                    }
                    next_tick += TICK;
                    if now().saturating_duration_since(next_tick) > LATE_MAX {
                        next_tick = now();
                    }
                }
            }
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Seat(peer, handle, incoming) => {
                self.lines.insert(peer, Line::new(handle, *incoming));
            }
            Command::Unseat(peer) => {
                self.lines.remove(&peer);
            }
            Command::Mute(peer, muted) => {
                if let Some(line) = self.lines.get_mut(&peer) {
                    line.mute(muted);
                }
            }
            Command::WatchLevel(levels) => self.meter = Some(Meter::new(levels)),
            Command::StopLevel => self.meter = None,
            Command::PlayTone => self.tone = Some(TestTone::new()),
        }
    }

    /// The microphone is open only while somebody may hear it.
    fn plug_what_is_needed(&mut self) {
        let calling = !self.lines.is_empty();
        if !calling && self.meter.is_none() {
            (self.microphone, self.capture) = (None, None);
            self.heard.clear();
        } else if self.microphone.is_none() {
            self.microphone = Some(Plug::insert(Arc::clone(&self.card), self.settings.clone()));
        }
        if !calling && self.tone.is_none() {
            (self.speaker, self.playback) = (None, None);
        } else if self.speaker.is_none() {
            self.speaker = Some(Plug::insert(Arc::clone(&self.card), self.settings.clone()));
        }
        if !calling {
            self.tell_missing(Missing::default());
        }
    }

    /// Moves 10 ms; false when something ended and the plugs should be looked at.
    fn tick(&mut self) -> bool {
        self.take_over_devices();
        self.play();
        self.hear();
        let meter = self.meter.take_if(|meter| meter.ended);
        let tone = self.tone.take_if(|tone| tone.ticks_left == 0);
        meter.is_none() && tone.is_none()
    }

    fn take_over_devices(&mut self) {
        let mut missing = *self.missing.borrow();
        if let Some(change) = self.microphone.as_ref().and_then(Plug::change) {
            self.capture = change.opened();
            missing.microphone = self.capture.is_none();
        }
        if let Some(change) = self.speaker.as_ref().and_then(Plug::change) {
            self.playback = change.opened();
            missing.speaker = self.playback.is_none();
            if missing.speaker {
                self.tone = None;
            }
        }
        if !self.lines.is_empty() {
            self.tell_missing(missing);
        }
    }

    fn tell_missing(&self, missing: Missing) {
        self.missing
            .send_if_modified(|told| std::mem::replace(told, missing) != missing);
    }

    /// Gives the speaker as much as it wants: it sets the pace of what is heard.
    fn play(&mut self) {
        if self.playback.is_none() {
            // Nobody hears it, but what comes must not pile up.
            self.mix();
            return;
        }
        while self.playback.as_ref().is_some_and(Playback::wants_more) {
            let mut mix = self.mix();
            if let Some(tone) = &mut self.tone {
                tone.add_to(&mut mix);
            }
            self.cleaner.played(&mix);
            if let Some(playback) = &mut self.playback {
                playback.write(&mix);
            }
        }
    }

    fn mix(&mut self) -> [i16; TICK_SAMPLES] {
        let mut mix = [0; TICK_SAMPLES];
        for line in self.lines.values_mut() {
            line.add_to(&mut mix);
        }
        mix
    }

    /// Sends as much as the microphone gives: it sets the pace of what is said.
    fn hear(&mut self) {
        let before = self.heard.len();
        if let Some(capture) = &mut self.capture {
            capture.read(&mut self.heard);
        }
        self.deaf_ticks = if self.heard.len() > before {
            0
        } else {
            self.deaf_ticks + 1
        };
        if self.deaf_ticks > DEAF_TICKS_MAX {
            self.heard.extend([0; TICK_SAMPLES]);
        }
        if self.heard.len() > HEARD_SAMPLES_MAX {
            self.heard.drain(..self.heard.len() - HEARD_SAMPLES_MAX);
        }
        while self.heard.len() >= Rate::Full.frame_samples() {
            let frame: Vec<i16> = self.heard.drain(..Rate::Full.frame_samples()).collect();
            self.send(frame);
        }
    }

    fn send(&mut self, mut frame: Vec<i16>) {
        if let Some(meter) = &mut self.meter {
            meter.note(&frame);
        }
        if self.lines.values().all(Line::is_muted) {
            frame.fill(0);
        } else {
            let (ticks, _) = frame.as_chunks_mut();
            for tick in ticks {
                *tick = self.cleaner.clean(tick);
            }
        }
        for line in self.lines.values() {
            line.send(&frame);
        }
    }
}

/// Says how loud the microphone is.
struct Meter {
    levels: Box<dyn LevelSink>,
    samples: Vec<i16>,
    ended: bool,
}

impl Meter {
    fn new(levels: Box<dyn LevelSink>) -> Self {
        Self {
            levels,
            samples: Vec::new(),
            ended: false,
        }
    }

    fn note(&mut self, frame: &[i16]) {
        self.samples.extend(frame);
        if self.samples.len() >= TICK_SAMPLES * LEVEL_TICKS {
            self.ended |= !self.levels.send(Level(level(&self.samples)));
            self.samples.clear();
        }
    }
}

/// How loud this is to an ear: decibels, as a share of what the meter shows.
fn level(samples: &[i16]) -> f32 {
    let below_full_db = -20.0 * (tone::rms(samples) / f32::from(i16::MAX)).log10();
    (1.0 - below_full_db / LEVEL_FLOOR_DB).clamp(0.0, 1.0)
}

/// The tone by which a speaker is tried out.
struct TestTone {
    wave: Sine,
    ticks_left: usize,
}

impl TestTone {
    fn new() -> Self {
        Self {
            wave: Sine::new(TONE_HZ, Rate::Full.hz(), TONE_AMPLITUDE),
            ticks_left: TONE_TICKS + TONE_TAIL_TICKS,
        }
    }

    fn add_to(&mut self, mix: &mut [i16; TICK_SAMPLES]) {
        self.ticks_left = self.ticks_left.saturating_sub(1);
        if self.ticks_left >= TONE_TAIL_TICKS {
            for (mixed, sample) in mix.iter_mut().zip(&mut self.wave) {
                *mixed = mixed.saturating_add(sample);
            }
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the desk is the shell of its machines: its one clock"
)]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_meter_shows_what_an_ear_would_say() {
        assert!(level(&[0; 480]) < f32::EPSILON);
        assert!((level(&[i16::MAX; 480]) - 1.0).abs() < 0.01);
        let speech = level(&tone::sine(300.0, 48_000, 4_800));
        assert!((0.6..0.9).contains(&speech), "{speech}");
    }
}

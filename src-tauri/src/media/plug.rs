//! Keeps one direction of the headset open: on the chosen device, or while that is gone on the next best.
//!
//! Some systems raise no error when a device is unplugged (PulseAudio stops calling, or moves the stream
//! without a word), so a thread looks at the list of devices and at the callback's beat.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use tokio::sync::watch;

use super::{
    card::{CardError, Opened, SoundCard},
    pipe::{Beat, Capture, Playback},
};
use crate::{
    headset::{AudioDevice, AudioDevices},
    settings::AudioSettings,
};

/// How often the devices and the beat are looked at; also how soon a changed choice takes effect.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);
/// Looks without a beat after which a device counts as dead. PulseAudio asks for the first sound and then,
/// until the device runs, for up to two seconds for no more.
const SILENT_LOOKS_MAX: u32 = 6;
/// Changes the desk has not taken over yet.
const CHANGES_MAX: usize = 16;

/// A direction of sound, with all that differs between the two.
pub(super) trait Direction: 'static {
    /// The desk's side of an open device.
    type End: Send;
    const NAME: &str;
    fn listed(devices: &AudioDevices) -> &[AudioDevice];
    fn chosen(settings: &AudioSettings) -> Option<&str>;
    fn open(card: &dyn SoundCard, id: &str) -> Result<Opened<Self::End>, CardError>;
    fn beat(end: &Self::End) -> Arc<Beat>;
}

/// From the rep.
pub(super) enum Microphone {}

impl Direction for Microphone {
    type End = Capture;
    const NAME: &str = "microphone";

    fn listed(devices: &AudioDevices) -> &[AudioDevice] {
        &devices.inputs
    }

    fn chosen(settings: &AudioSettings) -> Option<&str> {
        settings.input_id.as_deref()
    }

    fn open(card: &dyn SoundCard, id: &str) -> Result<Opened<Capture>, CardError> {
        card.open_microphone(id)
    }

    fn beat(end: &Capture) -> Arc<Beat> {
        end.beat()
    }
}

/// To the rep.
pub(super) enum Speaker {}

impl Direction for Speaker {
    type End = Playback;
    const NAME: &str = "speaker";

    fn listed(devices: &AudioDevices) -> &[AudioDevice] {
        &devices.outputs
    }

    fn chosen(settings: &AudioSettings) -> Option<&str> {
        settings.output_id.as_deref()
    }

    fn open(card: &dyn SoundCard, id: &str) -> Result<Opened<Playback>, CardError> {
        card.open_speaker(id)
    }

    fn beat(end: &Playback) -> Arc<Beat> {
        end.beat()
    }
}

/// What became of a direction.
pub(super) enum Change<End> {
    Opened(End),
    /// Nothing can be opened; when something can, another change says so.
    Nothing,
}

impl<End> Change<End> {
    pub(super) fn opened(self) -> Option<End> {
        match self {
            Self::Opened(end) => Some(end),
            Self::Nothing => None,
        }
    }
}

/// One direction, kept open until this is dropped.
pub(super) struct Plug<D: Direction> {
    changes: Receiver<Change<D::End>>,
    /// Its end tells the thread to close the device.
    _in_use: SyncSender<()>,
}

impl<D: Direction> Plug<D> {
    /// Begins to open what `settings` choose; the device comes as a change.
    pub(super) fn insert(card: Arc<dyn SoundCard>, settings: watch::Receiver<AudioSettings>) -> Self {
        let (change_tx, changes) = sync_channel(CHANGES_MAX);
        let (in_use, unplugged) = sync_channel(0);
        let follower = Follower::<D> {
            card,
            settings,
            changes: change_tx,
            open: None,
        };
        // Opening blocks for up to a second, and closing waits for the callback.
        thread::Builder::new()
            .name(D::NAME.into())
            .spawn(move || follower.run(&unplugged))
            .expect("the system has a thread left");
        Self {
            changes,
            _in_use: in_use,
        }
    }

    /// The newest change since the last call.
    pub(super) fn change(&self) -> Option<Change<D::End>> {
        self.changes.try_iter().last()
    }
}

struct Follower<D: Direction> {
    card: Arc<dyn SoundCard>,
    settings: watch::Receiver<AudioSettings>,
    changes: SyncSender<Change<D::End>>,
    open: Option<Running>,
}

/// The device that is open.
struct Running {
    id: String,
    beat: Arc<Beat>,
    beats_seen: u64,
    silent_looks: u32,
    _stream: Box<dyn Send>,
}

impl<D: Direction> Follower<D> {
    fn run(mut self, unplugged: &Receiver<()>) {
        let mut told_none = false;
        loop {
            self.look();
            if self.open.is_none() && !told_none {
                tracing::warn!(direction = D::NAME, "no device can be opened");
                let _ = self.changes.try_send(Change::Nothing);
            }
            told_none = self.open.is_none();
            match unplugged.recv_timeout(LOOK_INTERVAL) {
                Err(RecvTimeoutError::Timeout) => {}
                Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Makes sure that the best device of those that work is open.
    fn look(&mut self) {
        if self.open.as_mut().is_some_and(|running| !running.is_alive()) {
            tracing::warn!(direction = D::NAME, "the device has gone silent");
            self.open = None;
        }
        let devices = match self.card.devices() {
            Ok(devices) => devices,
            Err(error) => {
                tracing::debug!(%error, "the devices cannot be listed");
                return;
            }
        };
        let listed = D::listed(&devices);
        if self
            .open
            .as_ref()
            .is_some_and(|running| !listed.iter().any(|device| device.id == running.id))
        {
            tracing::info!(direction = D::NAME, "the device was unplugged");
            self.open = None;
        }
        let settings = self.settings.borrow().clone();
        for id in best_first(listed, D::chosen(&settings)) {
            if self.open.as_ref().is_some_and(|running| running.id == id) || self.switch_to(id) {
                return;
            }
        }
    }

    fn switch_to(&mut self, id: &str) -> bool {
        let opened = match D::open(&*self.card, id) {
            Ok(opened) => opened,
            Err(error) => {
                tracing::debug!(%error, direction = D::NAME, "a device cannot be opened");
                return false;
            }
        };
        tracing::info!(direction = D::NAME, "a device was opened");
        self.open = Some(Running {
            id: id.to_owned(),
            beat: D::beat(&opened.end),
            beats_seen: 0,
            silent_looks: 0,
            _stream: opened.stream,
        });
        self.changes.try_send(Change::Opened(opened.end)).is_ok()
    }
}

impl Running {
    fn is_alive(&mut self) -> bool {
        let beats = self.beat.count();
        self.silent_looks = if beats == self.beats_seen {
            self.silent_looks + 1
        } else {
            0
        };
        self.beats_seen = beats;
        self.silent_looks < SILENT_LOOKS_MAX
    }
}

/// The chosen device, then the system's default, then the others.
fn best_first<'a>(listed: &'a [AudioDevice], chosen: Option<&str>) -> Vec<&'a str> {
    let mut ranked: Vec<&AudioDevice> = listed.iter().collect();
    ranked.sort_by_key(|device| (chosen != Some(&device.id), !device.is_default));
    ranked.into_iter().map(|device| device.id.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_device_comes_first_and_the_default_stands_in() {
        let device = |id: &str, is_default| AudioDevice {
            id: id.into(),
            name: id.into(),
            is_default,
        };
        let listed = [
            device("webcam", false),
            device("built-in", true),
            device("headset", false),
        ];
        for (chosen, expected) in [
            (None, ["built-in", "webcam", "headset"]),
            (Some("headset"), ["headset", "built-in", "webcam"]),
            (Some("left at home"), ["built-in", "webcam", "headset"]),
        ] {
            assert_eq!(best_first(&listed, chosen), expected, "{chosen:?}");
        }
    }
}

//! Sound between a sound card's callback and the desk: lock-free, mono, and at 48 kHz on the desk's side.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use audio::{Rate, resample::Resampler};
use rtrb::{Consumer, Producer, RingBuffer};

/// Sound a pipe can hold: far more than it ever does, so that only a stalled side fills it.
const PIPE_SECONDS: u32 = 1;
/// What waits for the card on top of the largest piece it has asked for: two ticks of the desk, which may be late.
const SPARE_MS: u32 = 20;
/// How much longer the queue gets each time the card ran dry while it played, and at most.
const CAUTION_MS: u32 = 10;
const CAUTION_STEPS_MAX: usize = 8;

/// Makes the two sides of a microphone whose card works at this rate.
#[must_use]
pub fn capture_pipe(rate_hz: u32) -> (CaptureCallback, Capture) {
    let (producer, consumer) = RingBuffer::new((rate_hz * PIPE_SECONDS) as usize);
    let beat = Arc::<Beat>::default();
    let callback = CaptureCallback {
        ring: producer,
        beat: Arc::clone(&beat),
    };
    let capture = Capture {
        ring: consumer,
        beat,
        to_full: (rate_hz != Rate::Full.hz()).then(|| Resampler::new(rate_hz, Rate::Full.hz())),
        taken: Vec::new(),
    };
    (callback, capture)
}

/// Makes the two sides of a speaker whose card works at this rate.
#[must_use]
pub fn playback_pipe(rate_hz: u32) -> (PlaybackCallback, Playback) {
    let (producer, consumer) = RingBuffer::new((rate_hz * PIPE_SECONDS) as usize);
    let beat = Arc::<Beat>::default();
    let callback = PlaybackCallback {
        ring: consumer,
        beat: Arc::clone(&beat),
    };
    let playback = Playback {
        ring: producer,
        beat,
        spare: (rate_hz / 1_000 * SPARE_MS) as usize,
        caution_step: (rate_hz / 1_000 * CAUTION_MS) as usize,
        from_full: (rate_hz != Rate::Full.hz()).then(|| Resampler::new(Rate::Full.hz(), rate_hz)),
    };
    (callback, playback)
}

/// Signs of life of a card's callback.
#[derive(Debug, Default)]
pub(super) struct Beat {
    count: AtomicU64,
    largest: AtomicUsize,
    /// How often the card wanted more than there was, with something there.
    short: AtomicUsize,
}

impl Beat {
    /// Notes a call; answers whether the card has handled as much at once before.
    fn note(&self, samples: usize) -> bool {
        self.count.fetch_add(1, Ordering::Relaxed);
        samples <= self.largest.fetch_max(samples, Ordering::Relaxed)
    }

    /// How often the card has called.
    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

/// The card's side of a microphone. Neither waits nor allocates.
#[derive(Debug)]
pub struct CaptureCallback {
    ring: Producer<i16>,
    beat: Arc<Beat>,
}

impl CaptureCallback {
    /// Hands on what was heard; what the desk does not fetch in time is lost.
    pub fn deliver(&mut self, samples: impl ExactSizeIterator<Item = i16>) {
        self.beat.note(samples.len());
        for sample in samples {
            if self.ring.push(sample).is_err() {
                return;
            }
        }
    }
}

/// The card's side of a speaker. Neither waits nor allocates.
#[derive(Debug)]
pub struct PlaybackCallback {
    ring: Consumer<i16>,
    beat: Arc<Beat>,
}

impl PlaybackCallback {
    /// The next samples to play; silence where the desk was late.
    pub fn take(&mut self, samples: usize) -> impl Iterator<Item = i16> {
        if self.beat.note(samples) && (1..samples).contains(&self.ring.slots()) {
            self.beat.short.fetch_add(1, Ordering::Relaxed);
        }
        (0..samples).map(|_| self.ring.pop().unwrap_or(0))
    }
}

/// The desk's side of a microphone.
pub struct Capture {
    ring: Consumer<i16>,
    beat: Arc<Beat>,
    to_full: Option<Resampler>,
    taken: Vec<i16>,
}

impl Capture {
    /// Appends what was heard since the last call, at 48 kHz.
    pub(super) fn read(&mut self, heard: &mut VecDeque<i16>) {
        self.taken.clear();
        while let Ok(sample) = self.ring.pop() {
            self.taken.push(sample);
        }
        match &mut self.to_full {
            None => heard.extend(&self.taken),
            Some(resampler) => heard.extend(resampler.process(&self.taken)),
        }
    }

    pub(super) fn beat(&self) -> Arc<Beat> {
        Arc::clone(&self.beat)
    }
}

/// The desk's side of a speaker.
pub struct Playback {
    ring: Producer<i16>,
    beat: Arc<Beat>,
    spare: usize,
    caution_step: usize,
    from_full: Option<Resampler>,
}

impl Playback {
    /// Whether the card could run dry before the desk's next turn.
    pub(super) fn wants_more(&self) -> bool {
        let capacity = self.ring.buffer().capacity();
        let caution = self.beat.short.load(Ordering::Relaxed).min(CAUTION_STEPS_MAX) * self.caution_step;
        let wanted = self.beat.largest.load(Ordering::Relaxed) + self.spare + caution;
        capacity - self.ring.slots() < wanted.min(capacity)
    }

    /// Lets the card play this, which is at 48 kHz.
    pub(super) fn write(&mut self, frame: &[i16]) {
        // What does not fit is lost: the card has stopped, and the plug will notice.
        match &mut self.from_full {
            None => _ = self.ring.push_partial_slice(frame),
            Some(resampler) => _ = self.ring.push_partial_slice(&resampler.process(frame)),
        }
    }

    pub(super) fn beat(&self) -> Arc<Beat> {
        Arc::clone(&self.beat)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_microphone_hears_arrives_at_48_khz() {
        for rate_hz in [16_000_u32, 44_100, 48_000] {
            let (mut callback, mut capture) = capture_pipe(rate_hz);
            let second = audio::tone::sine(1_000.0, rate_hz, (rate_hz / 2) as usize);
            callback.deliver(second.into_iter());
            let mut heard = VecDeque::new();
            capture.read(&mut heard);
            let heard: Vec<i16> = heard.into();
            assert!(
                (23_000..=24_000).contains(&heard.len()),
                "{rate_hz}: {}",
                heard.len()
            );
            assert!(audio::tone::share(&heard, 48_000, 1_000.0) > 0.95, "{rate_hz}");
        }
    }

    #[test]
    fn the_speaker_gets_silence_where_the_desk_is_late() {
        let (mut callback, mut playback) = playback_pipe(48_000);
        playback.write(&[7; 3]);
        let played: Vec<i16> = callback.take(5).collect();
        assert_eq!(played, [7, 7, 7, 0, 0]);
    }

    #[test]
    fn a_card_that_ran_dry_gets_a_longer_queue_within_limits() {
        let (mut callback, mut playback) = playback_pipe(48_000);
        for _ in 0..100 {
            playback.write(&[7; 3]);
            callback.take(480).for_each(drop);
        }
        while playback.wants_more() {
            playback.write(&[0; 480]);
        }
        let waiting = playback.ring.buffer().capacity() - playback.ring.slots();
        assert_eq!(waiting, 480 + 960 + CAUTION_STEPS_MAX * 480);
    }

    #[test]
    fn a_card_that_asks_for_more_at_once_gets_a_longer_queue() {
        let (mut callback, mut playback) = playback_pipe(48_000);
        for (asked, expected) in [(0, 960), (960, 1_920), (4_800, 5_760)] {
            callback.take(asked).for_each(drop);
            while playback.wants_more() {
                playback.write(&[0; 480]);
            }
            let waiting = playback.ring.buffer().capacity() - playback.ring.slots();
            assert_eq!(waiting, expected);
        }
    }
}

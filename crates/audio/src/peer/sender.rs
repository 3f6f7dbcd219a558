//! The sending half: encodes frames, and speaks RFC 4733 when a key is pressed.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use str0m::media::{Frequency, Pt, TelephoneEvent};

use super::Codec;
use crate::resample::Resampler;
use crate::{FRAME_MS, Rate, g711, opus};

/// Keys waiting at most; a phone number with extension is shorter.
const DIGITS_MAX: usize = 64;
/// How long a key sounds: 160 ms, as browsers do.
const TONE_FRAMES: u32 = 8;
/// Silence between two keys: 80 ms; browsers leave 70.
const PAUSE_FRAMES: u32 = 4;
/// The report that ends a key is sent this often (RFC 4733, section 2.5.1.4).
const END_REPORTS: usize = 3;
/// Tone power, -10 dBm0, as browsers send.
const VOLUME: u8 = 10;

/// Key names in the order of their event codes (RFC 4733, section 3.2).
const DIGITS: [char; 16] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', 'A', 'B', 'C', 'D',
];

/// Whether there is such a key on a telephone.
#[must_use]
pub fn is_digit(digit: char) -> bool {
    DIGITS.contains(&digit)
}

/// The key of an event code.
pub(super) fn digit_of_event(event: u8) -> Option<char> {
    DIGITS.get(usize::from(event)).copied()
}

/// What was negotiated for sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) codec: Codec,
    pub(super) audio_pt: Pt,
    /// Telephone events, if the remote takes them, and the clock of their durations.
    pub(super) events: Option<(Pt, Frequency)>,
}

/// A packet that is ready but for its sequence number.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outgoing {
    pub(super) pt: Pt,
    pub(super) time: u32,
    pub(super) marker: bool,
    pub(super) payload: Arc<[u8]>,
}

pub(super) struct Sender {
    rate: Rate,
    encoder: Option<Encoder>,
    /// RTP time of the next frame, in the audio codec's clock.
    time: u32,
    digits: VecDeque<u8>,
    tone: Option<Tone>,
    pause_frames: u32,
}

/// A key being pressed.
struct Tone {
    event: u8,
    started: u32,
    frames: u32,
}

impl Sender {
    pub(super) fn new(rate: Rate) -> Self {
        Self {
            rate,
            encoder: None,
            time: 0,
            digits: VecDeque::new(),
            tone: None,
            pause_frames: 0,
        }
    }

    /// Queues a key; what is no key, or one too many, is ignored.
    pub(super) fn press(&mut self, digit: char) {
        let event = DIGITS.iter().position(|&known| known == digit);
        if let Some(event) = event.and_then(|event| u8::try_from(event).ok())
            && self.digits.len() < DIGITS_MAX
        {
            self.digits.push_back(event);
        }
    }

    /// The packets of the next 20 ms.
    pub(super) fn frame(&mut self, route: Route, frame: &[i16]) -> Vec<Outgoing> {
        let packets = match route.events {
            Some((pt, clock)) if self.tone_is_on() => self.tone_packets(pt, clock),
            _ => self.audio_packet(route, frame).into_iter().collect(),
        };
        self.time = self.time.wrapping_add(route.codec.frame_ticks());
        packets
    }

    fn tone_is_on(&mut self) -> bool {
        if self.tone.is_some() {
            return true;
        }
        if self.pause_frames > 0 {
            self.pause_frames -= 1;
            return false;
        }
        self.tone = self.digits.pop_front().map(|event| Tone {
            event,
            started: self.time,
            frames: 0,
        });
        self.tone.is_some()
    }

    fn tone_packets(&mut self, pt: Pt, clock: Frequency) -> Vec<Outgoing> {
        let Some(tone) = &mut self.tone else {
            return Vec::new();
        };
        tone.frames += 1;
        let end = tone.frames == TONE_FRAMES;
        let report = TelephoneEvent {
            event: tone.event,
            end,
            volume: VOLUME,
            duration: Duration::from_millis(FRAME_MS) * tone.frames,
        };
        let bytes = report
            .to_bytes(clock)
            .expect("a key of 160 ms fits 16 bits at any clock");
        let (time, first) = (tone.started, tone.frames == 1);
        if end {
            self.tone = None;
            self.pause_frames = PAUSE_FRAMES;
        }
        let packet = || Outgoing {
            pt,
            time,
            marker: first,
            payload: Arc::from(bytes),
        };
        std::iter::repeat_with(packet)
            .take(if end { END_REPORTS } else { 1 })
            .collect()
    }

    fn audio_packet(&mut self, route: Route, frame: &[i16]) -> Option<Outgoing> {
        if self
            .encoder
            .as_ref()
            .is_none_or(|encoder| encoder.codec() != route.codec)
        {
            self.encoder = Some(Encoder::new(route.codec, self.rate));
        }
        let payload = self.encoder.as_mut()?.encode(frame)?;
        Some(Outgoing {
            pt: route.audio_pt,
            time: self.time,
            marker: false,
            payload: payload.into(),
        })
    }
}

enum Encoder {
    Opus(opus::Encoder),
    Pcmu {
        down: Option<Box<Resampler>>,
        /// The resampler's output is not cut into frames.
        waiting: VecDeque<i16>,
    },
}

impl Encoder {
    fn new(codec: Codec, rate: Rate) -> Self {
        match codec {
            Codec::Opus => Self::Opus(opus::Encoder::new(rate).expect("libopus allocates an encoder")),
            Codec::Pcmu => Self::Pcmu {
                down: (rate != Rate::Narrow).then(|| Box::new(Resampler::new(rate.hz(), Rate::Narrow.hz()))),
                waiting: VecDeque::new(),
            },
        }
    }

    fn codec(&self) -> Codec {
        match self {
            Self::Opus(_) => Codec::Opus,
            Self::Pcmu { .. } => Codec::Pcmu,
        }
    }

    /// The frame's packet; none if the frame has a wrong length or is still on its way through a filter.
    fn encode(&mut self, frame: &[i16]) -> Option<Vec<u8>> {
        match self {
            Self::Opus(encoder) => encoder.encode(frame).ok(),
            Self::Pcmu { down: None, .. } => Some(g711::encode(frame)),
            Self::Pcmu {
                down: Some(down),
                waiting,
            } => {
                waiting.extend(down.process(frame));
                let length = Rate::Narrow.frame_samples();
                let ready = waiting.len() >= length;
                ready.then(|| waiting.drain(..length).map(g711::encode_sample).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route() -> Route {
        Route {
            codec: Codec::Pcmu,
            audio_pt: 0.into(),
            events: Some((126.into(), Frequency::EIGHT_KHZ)),
        }
    }

    #[test]
    fn a_key_replaces_the_sound_and_ends_three_times() {
        let mut sender = Sender::new(Rate::Narrow);
        sender.press('5');
        let packets: Vec<Outgoing> = (0..9).flat_map(|_| sender.frame(route(), &[0; 160])).collect();
        let (events, audio) = packets.split_at(packets.len() - 1);
        assert!(events.iter().all(|p| p.pt == 126.into() && p.time == 0));
        assert_eq!(
            events.iter().filter(|p| p.payload[1] & 0x80 != 0).count(),
            END_REPORTS
        );
        assert_eq!(events.iter().filter(|p| p.marker).count(), 1);
        let last = &events.last().unwrap().payload;
        assert_eq!((last[0], u16::from_be_bytes([last[2], last[3]])), (5, 1_280));
        assert_eq!((audio[0].pt, audio[0].time), (0.into(), 8 * 160));
    }

    #[test]
    fn without_a_common_event_type_keys_do_not_stop_the_sound() {
        let mut sender = Sender::new(Rate::Narrow);
        sender.press('5');
        let silent = Route {
            events: None,
            ..route()
        };
        assert_eq!(sender.frame(silent, &[0; 160])[0].pt, 0.into());
    }

    #[test]
    fn what_is_no_key_is_ignored() {
        let mut sender = Sender::new(Rate::Narrow);
        for digit in ['w', 'x', '\u{0660}'] {
            sender.press(digit);
        }
        assert!(sender.digits.is_empty());
    }

    #[test]
    fn sound_card_rates_become_whole_telephone_frames() {
        let mut sender = Sender::new(Rate::Full);
        let packets: Vec<Outgoing> = (0..50).flat_map(|_| sender.frame(route(), &[0; 960])).collect();
        assert!(packets.len() >= 48);
        assert!(packets.iter().all(|packet| packet.payload.len() == 160));
    }
}

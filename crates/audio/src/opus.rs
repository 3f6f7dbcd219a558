//! Opus (RFC 6716) as telephony uses it: mono speech, 20 ms frames, in-band error correction.

use ::opus::{Application, Bitrate, Channels};

use crate::Rate;

/// What the encoder aims at, in bits per second: clear speech, as browsers send it.
const BITRATE_BPS: i32 = 32_000;
/// Loss the encoder prepares for; above zero it adds a low-rate copy of the last frame to each packet.
const EXPECTED_LOSS_PERCENT: i32 = 10;
/// Of 10. Speech hardly gains above this, and a server encodes many legs.
const COMPLEXITY: i32 = 5;
/// No 20 ms frame at these rates comes near it (RFC 6716 allows 1,275).
const PACKET_BYTES_MAX: usize = 1_275;
/// Opus packets carry at most 120 ms.
const PACKET_FRAMES_MAX: usize = 6;

/// A packet that is not Opus, or settings libopus refuses.
#[derive(Debug, thiserror::Error)]
#[error("opus")]
pub struct OpusError(#[from] ::opus::Error);

/// Turns 20 ms frames into packets.
pub struct Encoder {
    inner: ::opus::Encoder,
}

impl Encoder {
    /// An encoder for PCM at this rate.
    ///
    /// # Errors
    /// If libopus cannot allocate it.
    pub fn new(rate: Rate) -> Result<Self, OpusError> {
        let mut inner = ::opus::Encoder::new(rate.hz(), Channels::Mono, Application::Voip)?;
        inner.set_bitrate(Bitrate::Bits(BITRATE_BPS))?;
        inner.set_inband_fec(true)?;
        inner.set_packet_loss_perc(EXPECTED_LOSS_PERCENT)?;
        inner.set_complexity(COMPLEXITY)?;
        Ok(Self { inner })
    }

    /// One frame of 20 ms as one packet.
    ///
    /// # Errors
    /// If the frame is not a length Opus has.
    pub fn encode(&mut self, frame: &[i16]) -> Result<Vec<u8>, OpusError> {
        Ok(self.inner.encode_vec(frame, PACKET_BYTES_MAX)?)
    }
}

/// Turns packets into PCM and covers for the ones that never came.
pub struct Decoder {
    inner: ::opus::Decoder,
    rate: Rate,
}

impl Decoder {
    /// A decoder to PCM at this rate.
    ///
    /// # Errors
    /// If libopus cannot allocate it.
    pub fn new(rate: Rate) -> Result<Self, OpusError> {
        let inner = ::opus::Decoder::new(rate.hz(), Channels::Mono)?;
        Ok(Self { inner, rate })
    }

    /// The packet's samples, up to 120 ms.
    ///
    /// # Errors
    /// If the packet is not Opus.
    pub fn decode(&mut self, packet: &[u8]) -> Result<Vec<i16>, OpusError> {
        self.run(packet, self.rate.frame_samples() * PACKET_FRAMES_MAX, false)
    }

    /// A frame that was lost, from the copy inside the packet after it.
    ///
    /// # Errors
    /// If that packet is not Opus.
    pub fn recover(&mut self, next_packet: &[u8]) -> Result<Vec<i16>, OpusError> {
        self.run(next_packet, self.rate.frame_samples(), true)
    }

    /// A frame that was lost, guessed from what came before it.
    ///
    /// # Errors
    /// If libopus fails; it has no reason to.
    pub fn conceal(&mut self) -> Result<Vec<i16>, OpusError> {
        self.run(&[], self.rate.frame_samples(), false)
    }

    fn run(&mut self, packet: &[u8], capacity: usize, fec: bool) -> Result<Vec<i16>, OpusError> {
        let mut samples = vec![0; capacity];
        let length = self.inner.decode(packet, &mut samples, fec)?;
        samples.truncate(length);
        Ok(samples)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone;

    #[test]
    fn a_tone_comes_through_at_either_rate() {
        for rate in [Rate::Narrow, Rate::Full] {
            let (mut encoder, mut decoder) = (Encoder::new(rate).unwrap(), Decoder::new(rate).unwrap());
            let heard: Vec<i16> = tone::sine(1_000.0, rate.hz(), rate.frame_samples() * 50)
                .chunks(rate.frame_samples())
                .flat_map(|frame| decoder.decode(&encoder.encode(frame).unwrap()).unwrap())
                .collect();
            assert!(
                tone::share(&heard[heard.len() / 5..], rate.hz(), 1_000.0) > 0.9,
                "{rate:?}"
            );
        }
    }

    #[test]
    fn a_lost_frame_still_sounds() {
        let rate = Rate::Full;
        let (mut encoder, mut decoder) = (Encoder::new(rate).unwrap(), Decoder::new(rate).unwrap());
        for frame in tone::sine(300.0, rate.hz(), rate.frame_samples() * 20).chunks(rate.frame_samples()) {
            decoder.decode(&encoder.encode(frame).unwrap()).unwrap();
        }
        let guessed = decoder.conceal().unwrap();
        assert_eq!(guessed.len(), rate.frame_samples());
        assert!(tone::rms(&guessed) > 500.0);
    }

    #[test]
    fn rubbish_is_an_error_not_a_crash() {
        let mut decoder = Decoder::new(Rate::Narrow).unwrap();
        assert!(decoder.decode(&[0xff; 3]).is_err());
    }
}

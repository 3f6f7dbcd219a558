//! WAV files: reads 16-bit PCM and µ-law, mono or stereo; writes 16-bit PCM.

use crate::g711;

const FORMAT_PCM: u16 = 1;
const FORMAT_MULAW: u16 = 7;
const CHANNELS_MAX: u16 = 2;

/// Sound read from a WAV file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wav {
    /// Samples per second and channel.
    pub rate_hz: u32,
    /// 1 or 2.
    pub channels: u16,
    /// The samples; for stereo left and right take turns.
    pub samples: Vec<i16>,
}

impl Wav {
    /// One channel: what is there, or the mean of left and right.
    #[must_use]
    pub fn into_mono(self) -> Vec<i16> {
        if self.channels == 1 {
            return self.samples;
        }
        self.samples
            .chunks_exact(2)
            .map(|pair| pair[0].midpoint(pair[1]))
            .collect()
    }
}

/// Why bytes are not a sound this module reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WavError {
    /// Not RIFF/WAVE, or cut off before its samples.
    #[error("not a WAV file")]
    NotWav,
    /// A WAV file, but neither 16-bit PCM nor 8-bit µ-law in one or two channels.
    #[error("a WAV file of an unsupported kind")]
    Unsupported,
}

/// Reads a whole file. A data chunk that ends early (a recording cut off) gives the samples that are there.
///
/// # Errors
/// [`WavError`] if it is no WAV file or one of another kind.
pub fn read(file: &[u8]) -> Result<Wav, WavError> {
    if file.get(0..4) != Some(b"RIFF") || file.get(8..12) != Some(b"WAVE") {
        return Err(WavError::NotWav);
    }
    let mut format = None;
    let mut rest = &file[12..];
    while let Some((head, body)) = rest.split_at_checked(8) {
        let declared = usize::try_from(u32_at(head, 4)?).map_err(|_| WavError::NotWav)?;
        let length = declared.min(body.len());
        match &head[0..4] {
            b"fmt " => format = Some(Format::parse(&body[..length])?),
            b"data" => return format.ok_or(WavError::NotWav)?.decode(&body[..length]),
            _ => {}
        }
        // Chunks are padded to an even length.
        rest = body.get(length + length % 2..).unwrap_or_default();
    }
    Err(WavError::NotWav)
}

/// A 16-bit PCM file of the samples; for two channels they take turns.
///
/// # Panics
/// If there are 4 GiB of samples or more, which the format cannot hold.
#[must_use]
pub fn write(rate_hz: u32, channels: u16, samples: &[i16]) -> Vec<u8> {
    let data_bytes = u32::try_from(samples.len() * 2).expect("a WAV file is below 4 GiB");
    let frame_bytes = channels * 2;
    let mut file = Vec::with_capacity(44 + samples.len() * 2);
    file.extend_from_slice(b"RIFF");
    file.extend_from_slice(&(36 + data_bytes).to_le_bytes());
    file.extend_from_slice(b"WAVEfmt ");
    file.extend_from_slice(&16_u32.to_le_bytes());
    file.extend_from_slice(&FORMAT_PCM.to_le_bytes());
    file.extend_from_slice(&channels.to_le_bytes());
    file.extend_from_slice(&rate_hz.to_le_bytes());
    file.extend_from_slice(&(rate_hz * u32::from(frame_bytes)).to_le_bytes());
    file.extend_from_slice(&frame_bytes.to_le_bytes());
    file.extend_from_slice(&16_u16.to_le_bytes());
    file.extend_from_slice(b"data");
    file.extend_from_slice(&data_bytes.to_le_bytes());
    file.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    file
}

struct Format {
    tag: u16,
    channels: u16,
    rate_hz: u32,
    bits: u16,
}

impl Format {
    fn parse(chunk: &[u8]) -> Result<Self, WavError> {
        let format = Self {
            tag: u16_at(chunk, 0)?,
            channels: u16_at(chunk, 2)?,
            rate_hz: u32_at(chunk, 4)?,
            bits: u16_at(chunk, 14)?,
        };
        if !(1..=CHANNELS_MAX).contains(&format.channels) || format.rate_hz == 0 {
            return Err(WavError::Unsupported);
        }
        Ok(format)
    }

    fn decode(&self, data: &[u8]) -> Result<Wav, WavError> {
        let samples = match (self.tag, self.bits) {
            (FORMAT_PCM, 16) => data
                .chunks_exact(2)
                .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
                .collect(),
            (FORMAT_MULAW, 8) => g711::decode(data),
            _ => return Err(WavError::Unsupported),
        };
        Ok(Wav {
            rate_hz: self.rate_hz,
            channels: self.channels,
            samples,
        })
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Result<u16, WavError> {
    let field = bytes.get(at..at + 2).ok_or(WavError::NotWav)?;
    Ok(u16::from_le_bytes([field[0], field[1]]))
}

fn u32_at(bytes: &[u8], at: usize) -> Result<u32, WavError> {
    let low = u32::from(u16_at(bytes, at)?);
    let high = u32::from(u16_at(bytes, at + 2)?);
    Ok(high << 16 | low)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stereo_becomes_the_mean_of_both_sides() {
        let file = write(48_000, 2, &[100, 200, -100, -300]);
        assert_eq!(read(&file).unwrap().into_mono(), [150, -200]);
    }

    #[test]
    fn mulaw_is_read_past_other_chunks() {
        let mut file = b"RIFF\0\0\0\0WAVELIST\x03\0\0\0abc\0fmt \x12\0\0\0".to_vec();
        file.extend_from_slice(&[7, 0, 1, 0, 0x40, 0x1f, 0, 0, 0x40, 0x1f, 0, 0, 1, 0, 8, 0, 0, 0]);
        file.extend_from_slice(b"data\x02\0\0\0\x80\xff");
        let wav = read(&file).unwrap();
        assert_eq!((wav.rate_hz, wav.samples), (8_000, vec![32_124, 0]));
    }

    #[test]
    fn other_files_are_refused() {
        assert_eq!(read(b"ID3 not a wav file at all"), Err(WavError::NotWav));
        let mut float = write(8_000, 1, &[0; 4]);
        float[20] = 3;
        assert_eq!(read(&float), Err(WavError::Unsupported));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(samples: Vec<i16>, rate_hz in 8_000_u32..=96_000) {
            let wav = read(&write(rate_hz, 1, &samples)).unwrap();
            prop_assert_eq!((wav.rate_hz, wav.channels, wav.samples), (rate_hz, 1, samples));
        }

        #[test]
        fn no_bytes_can_break_the_reader(mut bytes: Vec<u8>) {
            let _ = read(&bytes);
            bytes.splice(0..0, *b"RIFF\0\0\0\0WAVE");
            let _ = read(&bytes);
        }
    }
}

//! Sound files for `<Play>`.

use audio::resample;
use audio::wav::{self, WavError};

use super::{RATE_HZ, mp3};

/// Sample rates a file may have; outside of it there is no telephone audio.
const FILE_RATES_HZ: std::ops::RangeInclusive<u32> = 4_000..=192_000;
/// Of a longer file the first forty minutes are played; Twilio may drop a call that plays more.
const FILE_SECONDS_MAX: usize = 40 * 60;

/// Why bytes are not a sound that can be played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// Not 16-bit PCM or µ-law in one or two channels, or of a rate that makes no sense.
    #[error(transparent)]
    Wav(#[from] WavError),
    /// Something else altogether.
    #[error("neither a WAV nor an MP3 file")]
    Unknown,
}

/// The samples of a WAV file (16-bit PCM or µ-law, one or two channels, any rate) or an MP3 file at the network's rate.
///
/// # Errors
/// If it is no such file.
pub fn audio_file(file: &[u8]) -> Result<Vec<i16>, FileError> {
    let (rate_hz, mut samples) = if file.starts_with(b"RIFF") {
        let sound = wav::read(file)?;
        (sound.rate_hz, sound.into_mono())
    } else {
        mp3::decode(file, FILE_SECONDS_MAX).ok_or(FileError::Unknown)?
    };
    if !FILE_RATES_HZ.contains(&rate_hz) {
        return Err(WavError::Unsupported.into());
    }
    samples.truncate(FILE_SECONDS_MAX * rate_hz as usize);
    Ok(resample::convert(&samples, rate_hz, RATE_HZ))
}

#[cfg(test)]
mod tests {
    use audio::tone;

    use super::*;

    #[test]
    fn a_file_of_any_rate_sounds_the_same_on_the_network() {
        for rate_hz in [8_000, 22_050, 44_100, 48_000] {
            let file = wav::write(rate_hz, 1, &tone::sine(700.0, rate_hz, rate_hz as usize));
            let samples = audio_file(&file).unwrap();
            assert!(tone::share(&samples, RATE_HZ, 700.0) > 0.98, "{rate_hz}");
        }
        assert!(audio_file(&wav::write(1, 1, &[0; 10])).is_err());
        let file = mp3::encode(44_100, 1, &tone::sine(700.0, 44_100, 44_100)).unwrap();
        let samples = audio_file(&file).unwrap();
        assert!((7_990..=8_010).contains(&samples.len()), "{}", samples.len());
        assert!(tone::share(&samples, RATE_HZ, 700.0) > 0.98);
        assert!(audio_file(b"\xff\xfb MP3").is_err());
    }
}

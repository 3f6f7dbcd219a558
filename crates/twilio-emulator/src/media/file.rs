//! Sound files for `<Play>`.

use audio::resample;
use audio::wav::{self, WavError};

use super::RATE_HZ;

/// Sample rates a file may have; outside of it there is no telephone audio.
const FILE_RATES_HZ: std::ops::RangeInclusive<u32> = 4_000..=192_000;
/// Of a longer file the first ten minutes are played.
const FILE_SECONDS_MAX: usize = 600;

/// The samples of a WAV file (16-bit PCM or µ-law, one or two channels, any rate) at the network's rate.
///
/// # Errors
/// If it is no such file.
pub fn audio_file(file: &[u8]) -> Result<Vec<i16>, WavError> {
    let sound = wav::read(file)?;
    let rate_hz = sound.rate_hz;
    if !FILE_RATES_HZ.contains(&rate_hz) {
        return Err(WavError::Unsupported);
    }
    let mut samples = sound.into_mono();
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
        assert!(audio_file(b"\xff\xfb MP3").is_err());
    }
}

//! MP3 files: recordings as customers download them, and what `<Play>` fetches.

use nanomp3::{Channels, SliceReader};
use rusty_mp3::{Error, Mp3Encoder, Mp3EncoderConfig};

/// What a recording's file takes, for each channel.
const KBPS_PER_CHANNEL: u32 = 32;

/// Samples as an MP3 file of a constant bit rate; for stereo left and right take turns.
///
/// # Errors
/// If MP3 knows no such rate.
pub(crate) fn encode(rate_hz: u32, channels: u16, samples: &[i16]) -> Result<Vec<u8>, Error> {
    let mut encoder = Mp3Encoder::new(Mp3EncoderConfig {
        bitrate_kbps: KBPS_PER_CHANNEL * u32::from(channels),
        vbr_quality: None,
    });
    encoder.push_pcm_s16(samples, channels, rate_hz)?;
    encoder.finish();
    let mut file = Vec::new();
    while let Ok(packet) = encoder.next_packet() {
        file.extend(packet);
    }
    Ok(file)
}

/// The rate and the samples, in one channel, of at most `seconds_max` of an MP3 file; none if it is no such file.
pub(super) fn decode(file: &[u8], seconds_max: usize) -> Option<(u32, Vec<i16>)> {
    if !nanomp3::detect(file) {
        return None;
    }
    let mut reader = SliceReader::<i16>::new(file);
    let (rate_hz, stereo) = (reader.sample_rate(), reader.channels()? == Channels::Stereo);
    let samples_max = seconds_max * rate_hz as usize;
    let mut samples = Vec::new();
    // What is broken ends the sound; what came before it is heard.
    while let Ok(Some(frame)) = reader.read_frame() {
        if stereo {
            samples.extend(frame.chunks_exact(2).map(|pair| pair[0].midpoint(pair[1])));
        } else {
            samples.extend_from_slice(frame);
        }
        if samples.len() >= samples_max {
            samples.truncate(samples_max);
            break;
        }
    }
    (!samples.is_empty()).then_some((rate_hz, samples))
}

#[cfg(test)]
mod tests {
    use audio::tone;

    use super::*;

    const RATE_HZ: u32 = 8_000;

    #[test]
    fn a_tone_survives_with_its_length() {
        let sent = tone::sine(440.0, RATE_HZ, 8_123);
        let file = encode(RATE_HZ, 1, &sent).unwrap();
        let (rate_hz, heard) = decode(&file, 600).unwrap();
        assert_eq!((rate_hz, heard.len()), (RATE_HZ, sent.len()));
        assert!(tone::share(&heard, RATE_HZ, 440.0) > 0.98);
    }

    #[test]
    fn a_second_of_one_channel_takes_32_kilobits() {
        let file = encode(RATE_HZ, 1, &tone::sine(440.0, RATE_HZ, 80_000)).unwrap();
        let kbps = file.len() * 8 / 10 / 1_000;
        assert!((31..=33).contains(&kbps), "{kbps}");
    }

    #[test]
    fn two_channels_stay_apart() {
        let (left, right) = (
            tone::sine(440.0, RATE_HZ, 16_000),
            tone::sine(1_000.0, RATE_HZ, 16_000),
        );
        let both: Vec<i16> = left.iter().zip(&right).flat_map(|(&l, &r)| [l, r]).collect();
        let decoded = nanomp3::decode_all::<i16>(&encode(RATE_HZ, 2, &both).unwrap());
        assert_eq!(decoded.channels, Some(Channels::Stereo));
        let channel = |first: usize| -> Vec<i16> {
            let own = decoded.samples.iter().skip(first).step_by(2);
            own.copied().collect()
        };
        assert!(tone::share(&channel(0), RATE_HZ, 440.0) > 0.95);
        assert!(tone::share(&channel(1), RATE_HZ, 1_000.0) > 0.95);
    }

    #[test]
    fn a_long_file_is_cut_and_a_broken_one_heard_as_far_as_it_goes() {
        let file = encode(RATE_HZ, 1, &tone::sine(440.0, RATE_HZ, 24_000)).unwrap();
        assert_eq!(decode(&file, 1).unwrap().1.len(), 8_000);
        let (_, heard) = decode(&file[..file.len() / 2], 600).unwrap();
        assert!((8_000..16_000).contains(&heard.len()), "{}", heard.len());
        assert_eq!(decode(b"\xff\xfb no frames follow", 600), None);
        assert_eq!(decode(b"", 600), None);
    }
}

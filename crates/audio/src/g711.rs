//! G.711 µ-law (ITU-T G.711): 8 bits per sample at 8,000 Hz.

/// Added before taking the logarithm, so that every segment has the same number of steps.
const BIAS: i32 = 0x84;
/// Louder samples are clipped here: the largest magnitude that fits after the bias.
const CLIP: i32 = 32_635;

/// One PCM sample as a µ-law byte.
#[must_use]
pub fn encode_sample(sample: i16) -> u8 {
    let sign = if sample < 0 { 0x80 } else { 0 };
    let magnitude = i32::from(sample).abs().min(CLIP) + BIAS;
    let segment = magnitude.ilog2() - 7;
    let step = (magnitude >> (segment + 3)) & 0x0f;
    let byte = sign | segment << 4 | step.unsigned_abs();
    // Sign, three bits of segment and four of step: all in the lowest byte.
    !byte.to_le_bytes()[0]
}

/// One µ-law byte as a PCM sample.
#[must_use]
pub fn decode_sample(byte: u8) -> i16 {
    let byte = !byte;
    let segment = (byte >> 4) & 0x07;
    let step = i16::from(byte & 0x0f);
    let magnitude = (((step << 3) + 0x84) << segment) - 0x84;
    if byte & 0x80 == 0 { magnitude } else { -magnitude }
}

/// PCM at 8,000 Hz as µ-law bytes.
#[must_use]
pub fn encode(samples: &[i16]) -> Vec<u8> {
    samples.iter().map(|&sample| encode_sample(sample)).collect()
}

/// µ-law bytes as PCM at 8,000 Hz.
#[must_use]
pub fn decode(bytes: &[u8]) -> Vec<i16> {
    bytes.iter().map(|&byte| decode_sample(byte)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_values_of_the_standard() {
        for (sample, byte) in [
            (0, 0xff),
            (32_635, 0x80),
            (-32_635, 0x00),
            (8_059, 0xa0),
            (8_060, 0x9f),
        ] {
            assert_eq!(encode_sample(sample), byte, "{sample}");
        }
        assert_eq!(decode_sample(0x80), 32_124);
        assert_eq!(decode_sample(0x00), -32_124);
        assert_eq!(decode_sample(0xff), 0);
    }

    #[test]
    fn every_byte_survives_a_round_trip() {
        for byte in 0..=u8::MAX {
            let again = encode_sample(decode_sample(byte));
            // 0x7f is "negative zero", which encodes as positive zero.
            assert!(again == byte || (byte == 0x7f && again == 0xff), "{byte:#x}");
        }
    }

    proptest! {
        #[test]
        fn the_error_stays_below_a_step_of_the_segment(sample in -32_635_i16..=32_635) {
            let back = decode_sample(encode_sample(sample));
            let step = ((i32::from(sample).abs() + BIAS) >> 4).max(8);
            prop_assert!((i32::from(back) - i32::from(sample)).abs() <= step);
        }
    }
}

//! The two sample rates audio is handled at, and the 20 ms frame both share.

/// Length of a frame: what one RTP packet of a telephone call carries (RFC 3551, the usual `ptime`).
pub const FRAME_MS: u64 = 20;

/// A mono PCM sample rate that both G.711 and Opus reach without surprises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// 8,000 Hz, the telephone network's rate.
    Narrow,
    /// 48,000 Hz, the rate of sound cards and of Opus's RTP clock.
    Full,
}

impl Rate {
    /// Samples per second.
    #[must_use]
    pub const fn hz(self) -> u32 {
        match self {
            Self::Narrow => 8_000,
            Self::Full => 48_000,
        }
    }

    /// Samples in one frame of [`FRAME_MS`].
    #[must_use]
    pub const fn frame_samples(self) -> usize {
        match self {
            Self::Narrow => 160,
            Self::Full => 960,
        }
    }
}

/// Nearest 16-bit sample, saturating.
#[expect(
    clippy::cast_possible_truncation,
    reason = "clamped to the range of i16 first"
)]
pub(crate) fn to_sample(value: f32) -> i16 {
    value.round().clamp(f32::from(i16::MIN), f32::from(i16::MAX)) as i16
}

//! The sound of a recording: trimmed, measured and handed out as a WAV file.

use audio::{g711, wav};

use super::{Recording, Source, Stage};
use crate::config::{DialRecordingChannels, StartRecordingChannels};
use crate::media::{RATE_HZ, RecordedSound, mp3};
use crate::network::{Network, not_found};
use crate::rest::ApiError;

/// Quieter than this is silence, of 32,767.
const SILENCE_LEVEL: u16 = 300;
/// Silence in place of sound that was never carried, at most; ten minutes.
const SILENT_SECONDS_MAX: usize = 600;

/// A recording as a file.
#[derive(Debug)]
pub(crate) struct Download {
    channels: u16,
    sound: RecordedSound,
}

impl Download {
    /// 16-bit PCM at the network's rate.
    pub(crate) fn wav(&self) -> Vec<u8> {
        wav::write(RATE_HZ, self.channels, &self.samples())
    }

    /// The same in a fraction of the size; this takes a while.
    ///
    /// # Errors
    /// None at the network's rate, which MP3 knows.
    pub(crate) fn mp3(&self) -> Result<Vec<u8>, ApiError> {
        let file = mp3::encode(RATE_HZ, self.channels, &self.samples());
        file.map_err(|error| ApiError::new(500, 20500, error.to_string()))
    }

    /// Both channels take turns if there are two.
    fn samples(&self) -> Vec<i16> {
        let channels: Vec<Vec<i16>> = self.sound.iter().map(|channel| g711::decode(channel)).collect();
        match (channels.as_slice(), self.channels) {
            ([left, right], 2) => left.iter().zip(right).flat_map(|(&l, &r)| [l, r]).collect(),
            ([left, right], _) => left
                .iter()
                .zip(right)
                .map(|(&l, &r)| l.saturating_add(r))
                .collect(),
            ([only, ..], _) => only.clone(),
            ([], _) => Vec::new(),
        }
    }
}

impl Network {
    /// Puts the channels of a dual recording in the order that the switches say; the leg comes first so far.
    pub(super) fn order_channels(&mut self, sid: &str, sound: &mut RecordedSound) {
        let Some(recording) = self.recordings.get(sid).filter(|it| it.channels == 2) else {
            return;
        };
        let leg = recording.leg.as_ref().and_then(|leg| self.calls.get(leg));
        let joined = leg.is_some_and(|call| call.was_in_room);
        let reversed = match recording.source {
            Source::DialVerb => self.switches.dial_recording_channels == DialRecordingChannels::ChildFirst,
            Source::StartCallTwiml if joined => match self.switches.start_recording_channels {
                StartRecordingChannels::LegFirst => false,
                StartRecordingChannels::LegSecond => true,
                // Two channels of sound are mixed when a recording of one is handed out.
                StartRecordingChannels::Mono => {
                    if let Some(recording) = self.recordings.get_mut(sid) {
                        recording.channels = 1;
                    }
                    false
                }
            },
            Source::StartCallTwiml
            | Source::OutboundApi
            | Source::StartCallApi
            | Source::StartConferenceApi
            | Source::Conference
            | Source::RecordVerb
            | Source::Trunking => false,
        };
        if reversed {
            sound.reverse();
        }
    }

    /// The sound of a completed recording, in as many channels as asked for.
    pub(crate) fn download(
        &self,
        account: &str,
        sid: &str,
        channels: Option<u16>,
    ) -> Result<Download, ApiError> {
        let recording = self
            .recordings
            .get(sid)
            .filter(|it| it.account == account && it.stage == Stage::Completed)
            .ok_or_else(|| not_found(sid))?;
        let there = u16::from(recording.channels);
        let wanted = channels.unwrap_or(there);
        if !(1..=2).contains(&wanted) || wanted > there {
            let message = format!("Recording {sid} has {there} channel; {wanted} were requested");
            return Err(ApiError::parameter(message));
        }
        Ok(Download {
            channels: wanted,
            sound: sound_of(recording).ok_or_else(|| not_found(sid))?,
        })
    }
}

/// None if it was given up to make room for newer sound.
fn sound_of(recording: &Recording) -> Option<RecordedSound> {
    let seconds = usize::try_from(recording.duration_s.unwrap_or_default()).unwrap_or_default();
    if recording.sound.is_empty() && recording.carried_no_sound {
        let samples = seconds.min(SILENT_SECONDS_MAX) * RATE_HZ as usize;
        let silence = g711::encode(&vec![0; samples]);
        return Some(vec![silence; usize::from(recording.channels)]);
    }
    (!recording.sound.is_empty()).then(|| recording.sound.clone())
}

/// Cuts silence off both ends, the same of every channel.
pub(super) fn trim(sound: &mut RecordedSound) {
    let loud = |byte: &u8| g711::decode_sample(*byte).unsigned_abs() > SILENCE_LEVEL;
    let first = sound
        .iter()
        .filter_map(|channel| channel.iter().position(loud))
        .min();
    let last = sound
        .iter()
        .filter_map(|channel| channel.iter().rposition(loud))
        .max();
    let (Some(first), Some(last)) = (first, last) else {
        sound.clear();
        return;
    };
    for channel in sound {
        channel.truncate(last + 1);
        channel.drain(..first.min(channel.len()));
    }
}

pub(super) fn length_ms(sound: &RecordedSound) -> i64 {
    let samples = sound.first().map_or(0, Vec::len);
    i64::try_from(samples).unwrap_or_default() * 1_000 / i64::from(RATE_HZ)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trimming_keeps_the_channels_together() {
        let quiet = g711::encode(&[0; 100]);
        let loud = g711::encode(&[8_000; 50]);
        let left = [quiet.clone(), loud.clone(), quiet.clone(), quiet.clone()].concat();
        let right = [quiet.clone(), quiet.clone(), loud, quiet].concat();
        let mut sound = vec![left[..350].to_vec(), right[..350].to_vec()];
        trim(&mut sound);
        assert_eq!(sound[0].len(), sound[1].len());
        assert_eq!(sound[0].len(), 150);
        let mut silence = vec![g711::encode(&[0; 800])];
        trim(&mut silence);
        assert_eq!(length_ms(&silence), 0);
    }
}

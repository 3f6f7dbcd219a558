//! The system's sound card through cpal: PulseAudio or what stands in for it, ALSA, WASAPI, Core Audio.

use std::{str::FromStr, sync::Mutex, time::Duration};

use cpal::{
    BufferSize, Device, DeviceId, FromSample, Host, SampleFormat, SizedSample, StreamConfig,
    SupportedBufferSize, SupportedStreamConfig, SupportedStreamConfigRange,
    traits::{DeviceTrait, HostTrait, StreamTrait},
};

use super::{
    card::{CardError, Opened, SoundCard},
    pipe::{Capture, CaptureCallback, Playback, PlaybackCallback, capture_pipe, playback_pipe},
};
use crate::headset::{AudioDevice, AudioDevices};

/// The rate that needs no resampling.
const RATE_HZ: u32 = 48_000;
/// What a callback is asked to handle at once, where the system lets us choose: 20 ms. PulseAudio's own
/// choice is two seconds, and at 10 ms its streams ran at half speed.
const BUFFER_FRAMES: u32 = 960;
/// How long a sound server may take to answer.
const OPEN_TIMEOUT: Duration = Duration::from_secs(5);
/// Of ALSA's plugins, the ones that stand for a device and may be shared; the others convert or route.
const ALSA_DEVICES: [&str; 3] = ["default", "sysdefault:", "plughw:"];

/// The sound card of this system.
#[derive(Default)]
pub struct CpalCard {
    /// Only lists: listing on the connection that streams was seen to block for seconds.
    lister: Mutex<Option<Host>>,
}

impl SoundCard for CpalCard {
    fn devices(&self) -> Result<AudioDevices, CardError> {
        let mut lister = self.lister.lock().expect("no thread panics while it lists");
        let devices = list(lister.get_or_insert_with(cpal::default_host));
        if devices.is_err() {
            // The sound server may have been restarted; the next look connects anew.
            *lister = None;
        }
        Ok(devices?)
    }

    fn open_microphone(&self, id: &str) -> Result<Opened<Capture>, CardError> {
        let device = find(id)?;
        let chosen = choose(device.supported_input_configs()?, device.default_input_config()?);
        let (callback, end) = capture_pipe(chosen.sample_rate());
        let stream = match sample_of(chosen.sample_format()).ok_or_else(|| unusable(chosen))? {
            Sample::F32 => listen::<f32>(&device, chosen, callback),
            Sample::I16 => listen::<i16>(&device, chosen, callback),
            Sample::I32 => listen::<i32>(&device, chosen, callback),
        }?;
        stream.play()?;
        Ok(Opened {
            end,
            stream: Box::new(stream),
        })
    }

    fn open_speaker(&self, id: &str) -> Result<Opened<Playback>, CardError> {
        let device = find(id)?;
        let chosen = choose(
            device.supported_output_configs()?,
            device.default_output_config()?,
        );
        let (callback, end) = playback_pipe(chosen.sample_rate());
        let stream = match sample_of(chosen.sample_format()).ok_or_else(|| unusable(chosen))? {
            Sample::F32 => speak::<f32>(&device, chosen, callback),
            Sample::I16 => speak::<i16>(&device, chosen, callback),
            Sample::I32 => speak::<i32>(&device, chosen, callback),
        }?;
        stream.play()?;
        Ok(Opened {
            end,
            stream: Box::new(stream),
        })
    }
}

impl From<cpal::Error> for CardError {
    fn from(error: cpal::Error) -> Self {
        Self(error.to_string())
    }
}

/// The samples that are understood, the best first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sample {
    F32,
    I16,
    I32,
}

#[expect(clippy::wildcard_enum_match_arm, reason = "an open enum of another crate")]
fn sample_of(format: SampleFormat) -> Option<Sample> {
    match format {
        SampleFormat::F32 => Some(Sample::F32),
        SampleFormat::I16 => Some(Sample::I16),
        SampleFormat::I32 => Some(Sample::I32),
        _ => None,
    }
}

fn unusable(chosen: SupportedStreamConfig) -> CardError {
    CardError(format!("samples of format {}", chosen.sample_format()))
}

fn list(host: &Host) -> Result<AudioDevices, cpal::Error> {
    let id_of = |device: Option<Device>| device.and_then(|device| device.id().ok());
    let default_input = id_of(host.default_input_device());
    let default_output = id_of(host.default_output_device());
    let mut devices = AudioDevices::default();
    for device in host.devices()? {
        let (Ok(id), Ok(description)) = (device.id(), device.description()) else {
            continue;
        };
        if !is_for_people(&id) {
            continue;
        }
        let entry = |default: &Option<DeviceId>| AudioDevice {
            id: id.to_string(),
            name: description.name().to_owned(),
            is_default: default.as_ref() == Some(&id),
        };
        if device.supports_input() {
            devices.inputs.push(entry(&default_input));
        }
        if device.supports_output() {
            devices.outputs.push(entry(&default_output));
        }
    }
    Ok(devices)
}

/// Whether people would call this a device. A monitor is what a speaker plays, offered as a microphone.
fn is_for_people(id: &DeviceId) -> bool {
    match id.host().to_string().as_str() {
        "alsa" => ALSA_DEVICES.iter().any(|prefix| id.id().starts_with(prefix)),
        "pulseaudio" => !id.id().ends_with(".monitor"),
        _ => true,
    }
}

/// The device, on a connection to the sound server that its stream has to itself.
fn find(id: &str) -> Result<Device, CardError> {
    let id = DeviceId::from_str(id)?;
    let host = cpal::host_from_id(id.host())?;
    host.device_by_id(&id)
        .ok_or_else(|| CardError("the device is gone".into()))
}

/// The format that needs the least conversion of those that are offered.
fn choose(
    offered: impl Iterator<Item = SupportedStreamConfigRange>,
    default: SupportedStreamConfig,
) -> SupportedStreamConfig {
    let rank = |range: &SupportedStreamConfigRange| {
        let sample = sample_of(range.sample_format())?;
        let fits = (range.min_sample_rate()..=range.max_sample_rate()).contains(&RATE_HZ);
        fits.then_some((range.channels(), sample))
    };
    offered
        .filter_map(|range| Some((rank(&range)?, range)))
        .min_by_key(|(rank, _)| *rank)
        .map_or(default, |(_, range)| range.with_sample_rate(RATE_HZ))
}

fn config_of(chosen: SupportedStreamConfig) -> StreamConfig {
    let buffer_size = match chosen.buffer_size() {
        SupportedBufferSize::Range { min, max } if (min..=max).contains(&&BUFFER_FRAMES) => {
            BufferSize::Fixed(BUFFER_FRAMES)
        }
        SupportedBufferSize::Range { .. } | SupportedBufferSize::Unknown => BufferSize::Default,
    };
    StreamConfig {
        buffer_size,
        ..chosen.config()
    }
}

fn listen<T: SizedSample>(
    device: &Device,
    chosen: SupportedStreamConfig,
    mut callback: CaptureCallback,
) -> Result<cpal::Stream, cpal::Error>
where
    i16: FromSample<T>,
{
    let channels = usize::from(chosen.channels());
    device.build_input_stream::<T, _, _>(
        config_of(chosen),
        move |samples, _| callback.deliver(samples.chunks_exact(channels).map(|frame| mono(frame))),
        first_failure(),
        Some(OPEN_TIMEOUT),
    )
}

fn speak<T: SizedSample + FromSample<i16>>(
    device: &Device,
    chosen: SupportedStreamConfig,
    mut callback: PlaybackCallback,
) -> Result<cpal::Stream, cpal::Error> {
    let channels = usize::from(chosen.channels());
    device.build_output_stream::<T, _, _>(
        config_of(chosen),
        move |samples, _| {
            let frames = samples.len() / channels;
            for (frame, sample) in samples.chunks_exact_mut(channels).zip(callback.take(frames)) {
                frame.fill(T::from_sample_(sample));
            }
        },
        first_failure(),
        Some(OPEN_TIMEOUT),
    )
}

/// The mean of all channels.
fn mono<T: Copy>(frame: &[T]) -> i16
where
    i16: FromSample<T>,
{
    let sum: i32 = frame
        .iter()
        .map(|&sample| i32::from(i16::from_sample_(sample)))
        .sum();
    let count = i32::try_from(frame.len()).expect("a card has few channels");
    i16::try_from(sum / count).expect("a mean lies between its terms")
}

/// What to do with a stream's errors: say the first, for some streams repeat it without end. Whether the
/// stream still works, the plug sees by its beat, on every system alike.
fn first_failure() -> impl FnMut(cpal::Error) + Send {
    let mut told = false;
    move |error| {
        if !std::mem::replace(&mut told, true) {
            tracing::warn!(%error, "a sound stream reported an error");
        }
    }
}

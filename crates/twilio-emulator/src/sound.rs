//! Samples for what TwiML plays: speech, files, the room's beep and its waiting music.

mod ringing;

use std::f32::consts::TAU;
use std::fmt::Display;

use jiff::Timestamp;

use crate::media;
use crate::network::SoundSource;
use crate::twiml::Method;
use crate::webhook::{AuthToken, Quirks, Request, Webhooks};

/// The phone network's own rate.
const SAMPLES_PER_S: usize = 8_000;
/// About 150 words a minute.
const SPEECH_MS_PER_CHARACTER: usize = 65;
/// How often reorder sounds: for two seconds.
const REORDER_ROUNDS: usize = 4;
/// The pause after a key.
const KEY_PAUSE_MS: usize = 100;
/// An announcement nobody waits for the end of.
const SPEECH_CHARACTERS_MAX: usize = 4_096;
/// What calls itself sound and is none has no code of its own.
const UNREADABLE: u32 = 11_200;
/// What announces a participant.
pub(crate) const BEEP_MS: u32 = 250;
/// A key's tone.
const KEY_MS: usize = 160;

/// What a client is told when the network carries no media: a port that nobody listens on.
pub(crate) const SILENT_ANSWER: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n\
    m=audio 9 UDP/TLS/RTP/SAVPF 0\r\nc=IN IP4 127.0.0.1\r\na=mid:0\r\na=rtpmap:0 PCMU/8000\r\na=rtcp-mux\r\n";

/// Why there is no sound, with Twilio's code.
#[derive(Debug)]
pub(crate) struct Unplayable {
    pub(crate) code: u32,
    pub(crate) reason: String,
}

/// 8 kHz mono samples for `source`; without media, silence of the right length will do.
pub(crate) async fn samples(
    source: SoundSource,
    auth_token: AuthToken,
    webhooks: &Webhooks,
    audible: bool,
) -> Result<Vec<i16>, Unplayable> {
    match source {
        SoundSource::Speech(mut text) => {
            if let Some((end, _)) = text.char_indices().nth(SPEECH_CHARACTERS_MAX) {
                text.truncate(end);
            }
            if !audible {
                let ms = text.chars().count() * SPEECH_MS_PER_CHARACTER;
                return Ok(vec![0; ms * SAMPLES_PER_S / 1_000]);
            }
            Ok(media::speech::render(&text).await)
        }
        SoundSource::File(url) => {
            let request = Request {
                auth_token,
                url,
                method: Method::Get,
                params: Vec::new(),
                json: None,
                idempotency_token: String::new(),
                asked_at: Timestamp::default(),
                quirks: Quirks::default(),
                cookies: String::new(),
            };
            let fails = |code: u32, why: &dyn Display| Unplayable {
                code,
                reason: format!("{}: {why}", request.url),
            };
            let reply = webhooks.deliver(&request).await;
            let reply = reply.map_err(|error| fails(error.code(), &error))?;
            if !reply.content_type().starts_with("audio/") {
                let why = format!("{} is not a content type for sound", reply.content_type());
                return Err(fails(12_300, &why));
            }
            decode(reply.body)
                .await
                .map_err(|error| fails(UNREADABLE, &error))
        }
        SoundSource::Received(file) => decode(file).await.map_err(|reason| Unplayable {
            code: UNREADABLE,
            reason,
        }),
        SoundSource::Ringback { .. }
        | SoundSource::Busy
        | SoundSource::Intercept
        | SoundSource::Keys(_)
        | SoundSource::Beep
        | SoundSource::Chime
        | SoundSource::HoldMusic => Ok(tones(&source)),
    }
}

/// What the network sounds like by itself; nothing for what has to be spoken or fetched.
pub(crate) fn tones(source: &SoundSource) -> Vec<i16> {
    match source {
        SoundSource::Speech(_) | SoundSource::File(_) | SoundSource::Received(_) => Vec::new(),
        SoundSource::Ringback { ring_tone, number } => ringing::of(ring_tone.as_deref(), number),
        SoundSource::Busy => dual_tone(480.0, 620.0, 500, 500),
        SoundSource::Intercept => intercept(),
        SoundSource::Keys(keys) => keys.chars().flat_map(key_tone).collect(),
        SoundSource::Beep | SoundSource::Chime => tone(&[(440.0, BEEP_MS as usize)]),
        SoundSource::HoldMusic => tone(&[(262.0, 500), (330.0, 500), (392.0, 500), (330.0, 500), (0.0, 500)]),
    }
}

/// A sound file's samples. Forty minutes of it are work that nobody else should wait for.
async fn decode(file: impl AsRef<[u8]> + Send + 'static) -> Result<Vec<i16>, String> {
    let decoding = tokio::task::spawn_blocking(move || media::audio_file(file.as_ref()));
    match decoding.await {
        Ok(samples) => samples.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// The special information tone (ITU-T E.180), then reorder, as North American exchanges answer for a number
/// that cannot be reached.
fn intercept() -> Vec<i16> {
    let mut samples = tone(&[(950.0, 330), (1_400.0, 330), (1_800.0, 330), (0.0, 500)]);
    samples.extend(dual_tone(480.0, 620.0, 250, 250).repeat(REORDER_ROUNDS));
    samples
}

/// The SDK's own sounds as WAV files: ringing, hanging up, keys.
pub(crate) fn of_the_sdk(name: &str) -> Option<Vec<u8>> {
    let key = match name {
        "incoming" => return Some(wav(&tone(&[(440.0, 400), (480.0, 400), (0.0, 1_200)]))),
        "outgoing" => return Some(wav(&tone(&[(480.0, 200)]))),
        "disconnect" => return Some(wav(&tone(&[(480.0, 100), (350.0, 100)]))),
        "dtmf-hash" => '#',
        "dtmf-star" => '*',
        name => name.strip_prefix("dtmf-")?.parse().ok()?,
    };
    let (low, high) = media::keys::frequencies(key)?;
    Some(wav(&dual_tone(low, high, KEY_MS, 0)))
}

fn wav(samples: &[i16]) -> Vec<u8> {
    audio::wav::write(media::RATE_HZ, 1, samples)
}

/// How long `rounds` of these samples last.
pub(crate) fn length_ms(samples: &[i16], rounds: u32) -> u64 {
    samples.len() as u64 * u64::from(rounds) * 1_000 / SAMPLES_PER_S as u64
}

/// A key as its two tones (ITU-T Q.23) and a pause; `w` and `W` are longer pauses.
fn key_tone(key: char) -> Vec<i16> {
    match key {
        'w' => return vec![0; SAMPLES_PER_S / 2],
        'W' => return vec![0; SAMPLES_PER_S],
        _ => {}
    }
    media::keys::frequencies(key)
        .map_or_else(Vec::new, |(low, high)| dual_tone(low, high, KEY_MS, KEY_PAUSE_MS))
}

fn dual_tone(a_hz: f32, b_hz: f32, ms: usize, pause_ms: usize) -> Vec<i16> {
    let (a, b) = (
        tone(&[(a_hz, ms), (0.0, pause_ms)]),
        tone(&[(b_hz, ms), (0.0, pause_ms)]),
    );
    a.iter().zip(&b).map(|(a, b)| a / 2 + b / 2).collect()
}

/// Notes of a frequency in hertz and a length in milliseconds, at a fifth of full scale.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "samples of a quiet sine"
)]
fn tone(notes: &[(f32, usize)]) -> Vec<i16> {
    let note = |&(hertz, ms): &(f32, usize)| {
        (0..ms * SAMPLES_PER_S / 1_000)
            .map(move |n| ((TAU * hertz * n as f32 / SAMPLES_PER_S as f32).sin() * 6_500.0) as i16)
    };
    notes.iter().flat_map(note).collect()
}

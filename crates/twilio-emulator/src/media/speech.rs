//! Text to speech for `<Say>`: espeak-ng where it is installed, else a hum as long as the words would take.

use std::process::Stdio;
use std::time::Duration;

use audio::tone::Sine;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::{RATE_HZ, audio_file};

/// Twilio's own limit on one `<Say>`.
const TEXT_CHARS_MAX: usize = 4_096;
/// espeak-ng speaks a page in well under a second.
const RENDER_TIMEOUT: Duration = Duration::from_secs(10);
/// Speakers at once; whoever comes later waits, or a thousand calls would start a thousand processes.
const PROCESSES_MAX: usize = 8;
/// A brisk speaker's pace.
const CHARS_PER_SECOND: usize = 15;
/// The hum of a voice without words.
const HUM_HZ: f32 = 180.0;
const HUM_AMPLITUDE: i16 = 3_000;

/// Who may start a process.
static SPEAKERS: Semaphore = Semaphore::const_new(PROCESSES_MAX);

/// The text as sound at the network's rate.
pub async fn render(text: &str) -> Vec<i16> {
    render_by(&SPEAKERS, text).await
}

/// The wait for a speaker is not part of the time it may take.
async fn render_by(speakers: &Semaphore, text: &str) -> Vec<i16> {
    let text: String = text.chars().take(TEXT_CHARS_MAX).collect();
    let Ok(_speaker) = speakers.acquire().await else {
        return hum(text.chars().count());
    };
    match timeout(RENDER_TIMEOUT, espeak(&text)).await {
        Ok(Some(samples)) => samples,
        Ok(None) | Err(_) => hum(text.chars().count()),
    }
}

/// The text in espeak-ng's words; none if it is not installed or fails.
async fn espeak(text: &str) -> Option<Vec<i16>> {
    let mut process = Command::new("espeak-ng")
        .args(["-v", "en-us", "--stdin", "--stdout"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .ok()?;
    // The text goes in by stdin: as an argument, it could be taken for an option.
    let mut input = process.stdin.take()?;
    input.write_all(text.as_bytes()).await.ok()?;
    drop(input);
    let output = process.wait_with_output().await.ok()?;
    audio_file(&output.stdout)
        .ok()
        .filter(|samples| !samples.is_empty())
}

fn hum(chars: usize) -> Vec<i16> {
    let samples = chars * RATE_HZ as usize / CHARS_PER_SECOND;
    Sine::new(HUM_HZ, RATE_HZ, HUM_AMPLITUDE).take(samples).collect()
}

#[cfg(test)]
mod tests {
    use audio::tone;
    use futures_util::poll;

    use super::*;

    #[tokio::test]
    async fn words_take_time_and_can_be_heard() {
        let words = render("-h Thank you for calling. Please hold the line.").await;
        let seconds = words.len() / RATE_HZ as usize;
        assert!((1..10).contains(&seconds), "{seconds} s");
        assert!(tone::rms(&words) > 300.0);
    }

    #[tokio::test]
    async fn nobody_speaks_before_it_is_their_turn() {
        let speakers = Semaphore::new(0);
        let mut words = Box::pin(render_by(&speakers, "Hello"));
        assert!(poll!(&mut words).is_pending());
        speakers.close();
        assert_eq!(words.await, hum(5), "it never was");
        let one = Semaphore::new(1);
        render_by(&one, "Hello").await;
        assert_eq!(one.available_permits(), 1, "the next one may");
    }

    #[test]
    fn without_a_synthesiser_the_length_is_right() {
        assert_eq!(hum(30).len(), 2 * RATE_HZ as usize);
        assert!(hum(0).is_empty());
    }
}

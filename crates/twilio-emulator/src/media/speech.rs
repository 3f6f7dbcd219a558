//! Text to speech for `<Say>`: espeak-ng where it is installed, else a hum as long as the words would take.

use std::process::Stdio;
use std::time::Duration;

use audio::tone::Sine;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::timeout;

use super::{RATE_HZ, audio_file};

/// Twilio's own limit on one `<Say>`.
const TEXT_CHARS_MAX: usize = 4_096;
/// espeak-ng speaks a page in well under a second.
const RENDER_TIMEOUT: Duration = Duration::from_secs(10);
/// A brisk speaker's pace.
const CHARS_PER_SECOND: usize = 15;
/// The hum of a voice without words.
const HUM_HZ: f32 = 180.0;
const HUM_AMPLITUDE: i16 = 3_000;

/// The text as sound at the network's rate.
pub async fn render(text: &str) -> Vec<i16> {
    let text: String = text.chars().take(TEXT_CHARS_MAX).collect();
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

    use super::*;

    #[tokio::test]
    async fn words_take_time_and_can_be_heard() {
        let words = render("-h Thank you for calling. Please hold the line.").await;
        let seconds = words.len() / RATE_HZ as usize;
        assert!((1..10).contains(&seconds), "{seconds} s");
        assert!(tone::rms(&words) > 300.0);
    }

    #[test]
    fn without_a_synthesiser_the_length_is_right() {
        assert_eq!(hum(30).len(), 2 * RATE_HZ as usize);
        assert!(hum(0).is_empty());
    }
}

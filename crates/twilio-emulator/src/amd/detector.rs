//! The detector: fed with what the called side sounds like and when, it comes to one verdict.
//!
//! It measures as Twilio's parameters are described: speech shorter than the threshold is a person's,
//! longer is a machine's; silence after speech ends it; a tone after speech is the beep.

use super::{Amd, Mode};
use crate::media::Sound;

/// A shorter tone is a vowel or a click.
const BEEP_MS_MIN: u64 = 120;
/// A fax machine answers with three seconds of 2,100 Hz, or calls with half a second of 1,100 Hz.
const FAX_MS_MIN: u64 = 400;
/// Frequencies a fax machine uses, in Hz.
const FAX_HZ: [u32; 2] = [1_100, 2_100];
/// Speech markedly shorter than this is a click or a breath.
const SPEECH_MS_MIN: u64 = 100;

/// `AnsweredBy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Human,
    MachineStart,
    MachineEndBeep,
    MachineEndSilence,
    MachineEndOther,
    Fax,
    Unknown,
}

impl Verdict {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::MachineStart => "machine_start",
            Self::MachineEndBeep => "machine_end_beep",
            Self::MachineEndSilence => "machine_end_silence",
            Self::MachineEndOther => "machine_end_other",
            Self::Fax => "fax",
            Self::Unknown => "unknown",
        }
    }
}

/// See the module. Times are in ms from the answer.
#[derive(Clone, Debug)]
pub(crate) struct Detector {
    order: Amd,
    /// What is heard now, and since when.
    now: Sound,
    since_ms: u64,
    /// Voice heard so far, what is going on not included.
    spoken_ms: u64,
    /// When the voice heard so far ended.
    speech_ended_ms: Option<u64>,
}

impl Detector {
    pub(crate) fn new(order: Amd) -> Self {
        Self {
            order,
            now: Sound::Silence,
            since_ms: 0,
            spoken_ms: 0,
            speech_ended_ms: None,
        }
    }

    pub(crate) fn order(&self) -> &Amd {
        &self.order
    }

    /// From `at_ms` on it sounds like `sound`; a verdict if what was before has come to one.
    pub(crate) fn hear(&mut self, sound: Sound, at_ms: u64) -> Option<Verdict> {
        if let Some(verdict) = self.at(at_ms) {
            return Some(verdict);
        }
        if sound == self.now {
            return None;
        }
        let lasted_ms = at_ms.saturating_sub(self.since_ms);
        let beeped = matches!(self.now, Sound::Tone(_)) && lasted_ms >= BEEP_MS_MIN;
        let after_speech = self.spoken_ms >= SPEECH_MS_MIN;
        if self.now == Sound::Voice {
            self.spoken_ms += lasted_ms;
            self.speech_ended_ms = Some(at_ms);
        }
        (self.now, self.since_ms) = (sound, at_ms);
        if !beeped || !after_speech {
            return None;
        }
        Some(match self.order.mode {
            Mode::Enable => Verdict::MachineStart,
            Mode::DetectMessageEnd => Verdict::MachineEndBeep,
        })
    }

    /// The verdict due by `at_ms` if nothing changes until then.
    pub(crate) fn at(&self, at_ms: u64) -> Option<Verdict> {
        let (due_ms, verdict) = self.next();
        (at_ms >= due_ms).then_some(verdict)
    }

    /// The verdict that comes if what is heard now goes on, and when.
    pub(crate) fn next(&self) -> (u64, Verdict) {
        let timeout_ms = u64::from(self.order.timeout_s) * 1_000;
        let by_sound = match self.now {
            Sound::Tone(hz) if FAX_HZ.iter().any(|fax| fax.abs_diff(hz) <= 50) => {
                Some((self.since_ms + FAX_MS_MIN, Verdict::Fax))
            }
            Sound::Tone(_) => None,
            Sound::Voice => self.while_voice(),
            Sound::Silence => Some(self.while_silence()),
        };
        let late = if self.spoken_ms + self.going_on_ms(timeout_ms) > self.threshold_ms()
            && self.order.mode == Mode::DetectMessageEnd
        {
            Verdict::MachineEndOther
        } else {
            Verdict::Unknown
        };
        match by_sound {
            Some((due_ms, verdict)) if due_ms < timeout_ms => (due_ms, verdict),
            Some(_) | None => (timeout_ms, late),
        }
    }

    fn while_voice(&self) -> Option<(u64, Verdict)> {
        if self.order.mode == Mode::DetectMessageEnd {
            return None;
        }
        let rest_ms = (self.threshold_ms() + 1).saturating_sub(self.spoken_ms);
        Some((self.since_ms + rest_ms, Verdict::MachineStart))
    }

    fn while_silence(&self) -> (u64, Verdict) {
        let Some(ended_ms) = self.speech_ended_ms.filter(|_| self.spoken_ms >= SPEECH_MS_MIN) else {
            return (u64::from(self.order.silence_ms), Verdict::Unknown);
        };
        let due_ms = ended_ms + u64::from(self.order.speech_end_ms);
        let verdict = if self.spoken_ms <= self.threshold_ms() {
            Verdict::Human
        } else {
            match self.order.mode {
                Mode::Enable => Verdict::MachineStart,
                Mode::DetectMessageEnd => Verdict::MachineEndSilence,
            }
        };
        (due_ms, verdict)
    }

    fn threshold_ms(&self) -> u64 {
        self.order.speech_ms.into()
    }

    /// Voice that will have gone on from `since` until `until_ms`.
    fn going_on_ms(&self, until_ms: u64) -> u64 {
        if self.now == Sound::Voice {
            until_ms.saturating_sub(self.since_ms)
        } else {
            0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Detector, Verdict};
    use crate::amd::Amd;
    use crate::media::Sound;

    fn detector(fields: &[(&str, &str)]) -> Detector {
        let field = |name: &str| {
            fields
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| *value)
        };
        Detector::new(Amd::of_call(field).unwrap().unwrap())
    }

    /// What it comes to, and after how many ms, if the called side sounds like this for that many ms each.
    fn verdict(mode: &str, sounds: &[(Sound, u64)]) -> (Verdict, u64) {
        verdict_of(detector(&[("MachineDetection", mode)]), sounds)
    }

    fn verdict_of(mut detector: Detector, sounds: &[(Sound, u64)]) -> (Verdict, u64) {
        let mut at_ms = 0;
        for (sound, ms) in sounds {
            let (due_ms, _) = detector.next();
            if let Some(verdict) = detector.hear(*sound, at_ms) {
                return (verdict, due_ms.min(at_ms));
            }
            at_ms += ms;
        }
        let (due_ms, verdict) = detector.next();
        (verdict, due_ms)
    }

    #[test]
    fn people_are_short_and_then_quiet() {
        let hello = [
            (Sound::Silence, 400),
            (Sound::Voice, 900),
            (Sound::Silence, 5_000),
        ];
        for mode in ["Enable", "DetectMessageEnd"] {
            assert_eq!(verdict(mode, &hello), (Verdict::Human, 2_500), "{mode}");
        }
    }

    #[test]
    fn machines_talk_on_and_beep() {
        let greeting = [
            (Sound::Silence, 400),
            (Sound::Voice, 7_000),
            (Sound::Silence, 400),
        ];
        let beep = [(Sound::Tone(1_000), 400), (Sound::Silence, 9_000)];
        let voicemail = [greeting.as_slice(), &beep].concat();
        assert_eq!(verdict("Enable", &voicemail), (Verdict::MachineStart, 2_801));
        assert_eq!(
            verdict("DetectMessageEnd", &voicemail),
            (Verdict::MachineEndBeep, 8_200)
        );
        let without = [greeting.as_slice(), &[(Sound::Silence, 9_000)]].concat();
        assert_eq!(
            verdict("DetectMessageEnd", &without),
            (Verdict::MachineEndSilence, 8_600)
        );
        let endless = [(Sound::Voice, 90_000)];
        assert_eq!(
            verdict("DetectMessageEnd", &endless),
            (Verdict::MachineEndOther, 30_000)
        );
    }

    #[test]
    fn silence_is_unknown_and_a_fax_is_a_fax() {
        assert_eq!(
            verdict("Enable", &[(Sound::Silence, 60_000)]),
            (Verdict::Unknown, 5_000)
        );
        let fax = [(Sound::Silence, 200), (Sound::Tone(2_100), 3_300)];
        assert_eq!(verdict("DetectMessageEnd", &fax), (Verdict::Fax, 600));
        let hum = [(Sound::Tone(440), 60_000)];
        assert_eq!(verdict("Enable", &hum), (Verdict::Unknown, 30_000));
    }

    #[test]
    fn every_parameter_has_its_default_and_its_bounds() {
        let defaults = detector(&[("MachineDetection", "Enable")]);
        let order = defaults.order();
        assert_eq!(
            (
                order.timeout_s,
                order.speech_ms,
                order.speech_end_ms,
                order.silence_ms
            ),
            (30, 2_400, 1_200, 5_000)
        );
        for (name, least, most) in [
            ("Timeout", 3, 60),
            ("SpeechThreshold", 1_000, 6_000),
            ("SpeechEndThreshold", 500, 5_000),
            ("SilenceTimeout", 2_000, 10_000),
        ] {
            let name = format!("MachineDetection{name}");
            let read = |value: &str| {
                let field = |asked: &str| match asked {
                    "MachineDetection" => Some("Enable"),
                    _ => (asked == name).then_some(value),
                };
                Amd::of_call(field).unwrap()
            };
            for (value, fits) in [
                ((least - 1).to_string(), false),
                (least.to_string(), true),
                (most.to_string(), true),
                ((most + 1).to_string(), false),
                ("soon".to_owned(), false),
                ("-1".to_owned(), false),
                ("4.5".to_owned(), false),
            ] {
                assert_eq!(read(&value).is_ok(), fits, "{name}={value}");
            }
        }
        assert!(Amd::of_call(|_| None).is_none());
    }

    #[test]
    fn every_threshold_moves_the_verdict() {
        let say = |name: &str, value: &str, sounds: &[(Sound, u64)]| {
            let mode = ("MachineDetection", "Enable");
            verdict_of(detector(&[mode, (name, value)]), sounds)
        };
        let sentence = [(Sound::Voice, 3_000), (Sound::Silence, 9_000)];
        let name = "MachineDetectionSpeechThreshold";
        assert_eq!(say(name, "2999", &sentence).0, Verdict::MachineStart);
        assert_eq!(say(name, "3000", &sentence), (Verdict::Human, 4_200));
        let hello = [(Sound::Voice, 500), (Sound::Silence, 9_000)];
        let name = "MachineDetectionSpeechEndThreshold";
        assert_eq!(say(name, "2000", &hello), (Verdict::Human, 2_500));
        let quiet = [(Sound::Silence, 60_000)];
        let name = "MachineDetectionSilenceTimeout";
        assert_eq!(say(name, "10000", &quiet), (Verdict::Unknown, 10_000));
        let name = "MachineDetectionTimeout";
        assert_eq!(
            say(name, "3", &quiet),
            (Verdict::Unknown, 3_000),
            "it ends the search whatever is heard"
        );
    }
}

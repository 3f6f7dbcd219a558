//! Answering-machine detection: what is asked for, and how a verdict comes from what is heard.

mod detector;

pub(crate) use detector::{Detector, Verdict};

use crate::twiml::Target;

/// What `MachineDetection` and its companions ask for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Amd {
    pub(crate) mode: Mode,
    /// The call goes on meanwhile, and the verdict is reported by a callback of its own.
    pub(crate) asynchronous: bool,
    pub(crate) timeout_s: u32,
    /// Speech longer than this is a machine's.
    pub(crate) speech_ms: u32,
    /// Silence after speech that ends it.
    pub(crate) speech_end_ms: u32,
    /// Silence from the start that ends the search.
    pub(crate) silence_ms: u32,
    pub(crate) callback: Option<Target>,
}

/// How long to listen to a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Until it is known for one.
    Enable,
    /// Until its greeting is over.
    DetectMessageEnd,
}

/// A parameter: its name in REST, and in TwiML, its default and its bounds.
struct Parameter(&'static str, u32, std::ops::RangeInclusive<u32>);

/// The page on `<Number>` says 60; for REST a switch decides between 59 and 60.
const TIMEOUT_S: Parameter = Parameter("Timeout", 30, 3..=60);
const SPEECH_MS: Parameter = Parameter("SpeechThreshold", 2_400, 1_000..=6_000);
const SPEECH_END_MS: Parameter = Parameter("SpeechEndThreshold", 1_200, 500..=5_000);
const SILENCE_MS: Parameter = Parameter("SilenceTimeout", 5_000, 2_000..=10_000);

impl Amd {
    /// The parameters of `POST Calls`; none without `MachineDetection`, and a complaint if one is out of
    /// range: then the call goes on without detection.
    pub(crate) fn of_call<'a>(field: impl Fn(&str) -> Option<&'a str>) -> Option<Result<Self, String>> {
        let amd = Self::read("MachineDetection", &field)?;
        Some(amd.map(|amd| Self {
            asynchronous: field("AsyncAmd").is_some_and(|value| value.eq_ignore_ascii_case("true")),
            ..amd
        }))
    }

    /// The parameters of `POST Participants`; always asynchronous.
    pub(crate) fn of_participant<'a>(
        field: impl Fn(&str) -> Option<&'a str>,
    ) -> Option<Result<Self, String>> {
        Self::read("MachineDetection", &field)
    }

    /// The attributes of a noun; always asynchronous.
    pub(crate) fn of_noun<'a>(field: impl Fn(&str) -> Option<&'a str>) -> Option<Result<Self, String>> {
        Self::read("machineDetection", &field)
    }

    fn read<'a>(prefix: &str, field: &impl Fn(&str) -> Option<&'a str>) -> Option<Result<Self, String>> {
        let mode = match field(prefix)? {
            "Enable" => Mode::Enable,
            "DetectMessageEnd" => Mode::DetectMessageEnd,
            "" => return None,
            other => return Some(Err(format!("{prefix} is no kind of detection: {other}"))),
        };
        let number = |Parameter(name, default, range): Parameter| match field(&format!("{prefix}{name}")) {
            None | Some("") => Ok(default),
            Some(text) => text
                .parse()
                .ok()
                .filter(|number| range.contains(number))
                .ok_or_else(|| {
                    let (least, most) = (range.start(), range.end());
                    format!("{prefix}{name} must be from {least} to {most}, not {text}")
                }),
        };
        let read = || {
            Ok(Self {
                mode,
                asynchronous: true,
                timeout_s: number(TIMEOUT_S)?,
                speech_ms: number(SPEECH_MS)?,
                speech_end_ms: number(SPEECH_END_MS)?,
                silence_ms: number(SILENCE_MS)?,
                callback: None,
            })
        };
        Some(read())
    }
}

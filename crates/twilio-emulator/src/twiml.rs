//! TwiML: what an application tells a call to do.

mod element;
mod read;
mod schema;
mod verb;

pub(crate) use verb::{
    Address, Beep, Callback, Callee, Dial, Enqueue, Gather, Method, Noun, QueueNoun, Record, Recorded, Room,
    Target, Track, Verb,
};

use element::Element;

/// Twilio refuses larger documents with error 11750.
pub(crate) const DOCUMENT_BYTES_MAX: usize = 64 * 1024;

/// A document ready to run.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Document {
    pub(crate) verbs: Vec<Verb>,
    /// What Twilio would note without stopping.
    pub(crate) warnings: Vec<Warning>,
}

/// Something in a document that makes no sense to Twilio.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Warning {
    pub(crate) code: u32,
    pub(crate) message: String,
    /// Counted from 1.
    pub(crate) line: usize,
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

/// Why a body cannot be run at all.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum TwimlError {
    #[error("the document is {0} bytes long")]
    TooLong(usize),
    #[error("the document is not well-formed: {0}")]
    NotXml(String),
    #[error("the root element is <{0}>, not <Response>")]
    NotAResponse(String),
}

impl TwimlError {
    /// Twilio's error code.
    pub(crate) fn code(&self) -> u32 {
        match self {
            Self::TooLong(_) => 11750,
            Self::NotXml(_) => 12100,
            Self::NotAResponse(_) => 12102,
        }
    }
}

/// Reads a document; what is not understood becomes a warning.
pub(crate) fn parse(body: &str) -> Result<Document, TwimlError> {
    if body.len() > DOCUMENT_BYTES_MAX {
        return Err(TwimlError::TooLong(body.len()));
    }
    let mut root = Element::parse(body).map_err(TwimlError::NotXml)?;
    if root.name != "Response" {
        return Err(TwimlError::NotAResponse(root.name));
    }
    let mut warnings = Vec::new();
    schema::check(&mut root, &mut warnings);
    let verbs = root
        .children
        .iter()
        .filter_map(|child| read::verb(child, &mut warnings))
        .collect();
    Ok(Document { verbs, warnings })
}

#[cfg(test)]
mod tests {
    use super::{Noun, TwimlError, Verb, parse};

    #[test]
    fn silence_is_cut_off_a_conferences_recording_by_default_and_off_no_dials() {
        let trimmed = |trim: &str| {
            let room = format!("<Conference record='record-from-start' {trim}>floor</Conference>");
            let document = parse(&format!("<Response><Dial>{room}</Dial></Response>")).unwrap();
            let [Verb::Dial(dial)] = document.verbs.as_slice() else {
                panic!("{document:?}")
            };
            let Noun::Room(room) = &dial.noun else {
                panic!("{dial:?}")
            };
            room.recorded.as_ref().unwrap().trim
        };
        assert!(trimmed(""));
        assert!(trimmed("trim='trim-silence'"));
        assert!(!trimmed("trim='do-not-trim'"));
        let dial = "<Response><Dial record='record-from-answer'>+13125550142</Dial></Response>";
        let document = parse(dial).unwrap();
        let [Verb::Dial(dial)] = document.verbs.as_slice() else {
            panic!("{document:?}")
        };
        assert!(!dial.recorded.as_ref().unwrap().trim);
    }

    #[test]
    fn a_conference_carries_its_attributes() {
        let document = parse(
            r#"<?xml version="1.0"?><Response><Dial action="/after?a=1&amp;b=2" timeLimit="60"><Conference
            startConferenceOnEnter="false" beep="false" waitUrl="" statusCallbackEvent="start end join"
            statusCallback="/c" participantLabel="lead">seat &amp; 7</Conference></Dial></Response>"#,
        )
        .unwrap();
        assert_eq!(document.warnings, []);
        let [Verb::Dial(dial)] = document.verbs.as_slice() else {
            panic!("{document:?}")
        };
        assert_eq!(dial.action.as_deref(), Some("/after?a=1&b=2"));
        assert_eq!(dial.time_limit_s, 60);
        let Noun::Room(room) = &dial.noun else {
            panic!("{dial:?}")
        };
        assert_eq!(room.name, "seat & 7");
        assert!(!room.start_on_enter);
        assert_eq!(room.wait_url.as_deref(), Some(""));
        assert_eq!(room.callback.as_ref().unwrap().events, ["start", "end", "join"]);
    }

    #[test]
    fn unknown_verbs_and_attributes_warn_and_the_rest_runs() {
        let document = parse("<Response><Shout/><Pause lenght=\"3\"/></Response>").unwrap();
        assert_eq!(document.verbs, [Verb::Pause { length_s: 1 }]);
        assert_eq!(document.warnings.len(), 2);
    }

    #[test]
    fn a_value_that_is_complained_about_falls_back_to_the_default() {
        let document = parse(
            "<Response><Gather numDigits=\"0\" timeout=\"0\" input=\"speach\" method=\"PUT\"/>\
             <Dial timeout=\"soon\" timeLimit=\"0\"><Conference beep=\"loud\" record=\"maybe\">a</Conference>\
             </Dial></Response>",
        )
        .unwrap();
        let codes: Vec<u32> = document.warnings.iter().map(|warning| warning.code).collect();
        assert_eq!(codes, [13314, 13313, 12200, 13312, 13212, 13216, 13235, 12200]);
        let plain = "<Response><Gather/><Dial><Conference>a</Conference></Dial></Response>";
        assert_eq!(document.verbs, parse(plain).unwrap().verbs);
    }

    #[test]
    fn a_sip_address_that_is_none_is_noted_and_not_called() {
        let twiml = "<Response><Dial><Sip>desk</Sip><Number>+13125550142</Number></Dial></Response>";
        let document = parse(twiml).unwrap();
        let codes: Vec<u32> = document.warnings.iter().map(|warning| warning.code).collect();
        assert_eq!(codes, [13243]);
        let [Verb::Dial(dial)] = document.verbs.as_slice() else {
            panic!("{document:?}")
        };
        let Noun::Callees(callees) = &dial.noun else {
            panic!("{dial:?}")
        };
        assert_eq!(callees.len(), 1);
    }

    #[test]
    fn what_is_not_twiml_is_refused_with_twilios_code() {
        assert_eq!(parse("").unwrap_err().code(), 12100);
        assert_eq!(parse("<Response><Say>").unwrap_err().code(), 12100);
        assert!(matches!(parse("<html/>"), Err(TwimlError::NotAResponse(_))));
        assert_eq!(parse(&" ".repeat(65_537)).unwrap_err().code(), 11750);
    }
}

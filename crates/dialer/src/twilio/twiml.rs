//! The TwiML this dialer answers with, written by an XML writer so that no text can become markup.

use std::io;

use quick_xml::{Writer, events::BytesText};

/// Seconds a leg may last: Twilio's own ceiling, said explicitly.
pub const LEG_TIME_LIMIT_S: u32 = 14_400;

/// Seconds a listener has to press a key after the last word.
const KEY_WAIT_S: u32 = 4;

/// A TwiML document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Twiml(String);

impl Twiml {
    /// The document.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Pins an agent's leg in the seat's room. The room ends when the agent leaves, and reports what happens in it.
    #[must_use]
    pub fn agent_room(seat: &str, ended_url: &str, events_url: &str) -> Self {
        Self::response(|writer| {
            dial(writer, ended_url, |writer| {
                writer
                    .create_element("Conference")
                    .with_attributes([
                        ("beep", "false"),
                        ("startConferenceOnEnter", "true"),
                        ("endConferenceOnExit", "true"),
                        ("waitUrl", ""),
                        ("jitterBufferSize", "small"),
                        ("participantLabel", "agent"),
                        ("statusCallback", events_url),
                        ("statusCallbackEvent", "start end join leave"),
                    ])
                    .write_text_content(BytesText::new(seat))
                    .map(drop)
            })
        })
    }

    /// Puts a prospect into the seat's room. Entering does not start the room: without the agent there, `wait_url` is
    /// asked what to do.
    #[must_use]
    pub fn prospect_room(seat: &str, label: &str, ended_url: &str, wait_url: &str) -> Self {
        Self::response(|writer| {
            dial(writer, ended_url, |writer| {
                writer
                    .create_element("Conference")
                    .with_attributes([
                        ("beep", "false"),
                        ("startConferenceOnEnter", "false"),
                        ("endConferenceOnExit", "false"),
                        ("waitUrl", wait_url),
                        ("jitterBufferSize", "small"),
                        ("participantLabel", label),
                    ])
                    .write_text_content(BytesText::new(seat))
                    .map(drop)
            })
        })
    }

    /// Says something and hangs up.
    #[must_use]
    pub fn say(sentence: &str) -> Self {
        Self::response(|writer| {
            writer
                .create_element("Say")
                .write_text_content(BytesText::new(sentence))?;
            writer.create_element("Hangup").write_empty().map(drop)
        })
    }

    /// Says something to which the listener may press a key, which is posted to `key_url`; hangs up if they do not.
    #[must_use]
    pub fn ask(sentence: &str, key_url: &str) -> Self {
        let wait = KEY_WAIT_S.to_string();
        let attributes = [
            ("action", key_url),
            ("numDigits", "1"),
            ("timeout", wait.as_str()),
        ];
        Self::response(|writer| {
            writer
                .create_element("Gather")
                .with_attributes(attributes)
                .write_inner_content(|writer| {
                    writer
                        .create_element("Say")
                        .write_text_content(BytesText::new(sentence))
                        .map(drop)
                })?;
            writer.create_element("Hangup").write_empty().map(drop)
        })
    }

    /// Silence for as long as anybody can wait for it to end.
    #[must_use]
    pub fn pause() -> Self {
        let length = LEG_TIME_LIMIT_S.to_string();
        Self::response(|writer| {
            writer
                .create_element("Pause")
                .with_attribute(("length", length.as_str()))
                .write_empty()
                .map(drop)
        })
    }

    /// Hangs up.
    #[must_use]
    pub fn hang_up() -> Self {
        Self::response(|writer| writer.create_element("Hangup").write_empty().map(drop))
    }

    fn response(content: impl FnOnce(&mut Writer<Vec<u8>>) -> io::Result<()>) -> Self {
        let mut writer = Writer::new(br#"<?xml version="1.0" encoding="UTF-8"?>"#.to_vec());
        writer
            .create_element("Response")
            .write_inner_content(content)
            .expect("writing into memory does not fail");
        Self(String::from_utf8(writer.into_inner()).expect("the writer was given text only"))
    }
}

fn dial(
    writer: &mut Writer<Vec<u8>>,
    action: &str,
    noun: impl FnOnce(&mut Writer<Vec<u8>>) -> io::Result<()>,
) -> io::Result<()> {
    let limit = LEG_TIME_LIMIT_S.to_string();
    writer
        .create_element("Dial")
        .with_attributes([("action", action), ("timeLimit", limit.as_str())])
        .write_inner_content(noun)
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::Twiml;

    fn check(twiml: &Twiml, expected: &str) {
        let document = format!(r#"<?xml version="1.0" encoding="UTF-8"?><Response>{expected}</Response>"#);
        assert_eq!(twiml.as_str(), document);
    }

    #[test]
    fn the_agent_opens_and_closes_the_room() {
        check(
            &Twiml::agent_room("01SEAT", "https://d/ended#rc=1", "https://d/events#rc=3&rp=ct,rt"),
            concat!(
                r#"<Dial action="https://d/ended#rc=1" timeLimit="14400">"#,
                r#"<Conference beep="false" startConferenceOnEnter="true" endConferenceOnExit="true" waitUrl="" "#,
                r#"jitterBufferSize="small" participantLabel="agent" "#,
                r#"statusCallback="https://d/events#rc=3&amp;rp=ct,rt" "#,
                r#"statusCallbackEvent="start end join leave">01SEAT</Conference></Dial>"#
            ),
        );
    }

    #[test]
    fn the_prospect_enters_without_a_beep_and_opens_nothing() {
        check(
            &Twiml::prospect_room("01SEAT", "p-01ATTEMPT", "https://d/ended", "https://d/wait"),
            concat!(
                r#"<Dial action="https://d/ended" timeLimit="14400">"#,
                r#"<Conference beep="false" startConferenceOnEnter="false" endConferenceOnExit="false" "#,
                r#"waitUrl="https://d/wait" jitterBufferSize="small" participantLabel="p-01ATTEMPT">"#,
                "01SEAT</Conference></Dial>"
            ),
        );
    }

    #[test]
    fn a_key_is_taken_while_the_words_are_spoken() {
        check(
            &Twiml::ask("Press 9.", "https://d/opt-out"),
            concat!(
                r#"<Gather action="https://d/opt-out" numDigits="1" timeout="4"><Say>Press 9.</Say></Gather>"#,
                "<Hangup/>"
            ),
        );
    }

    #[test]
    fn text_never_becomes_markup() {
        check(
            &Twiml::say("Smith & Sons <Dial>"),
            "<Say>Smith &amp; Sons &lt;Dial&gt;</Say><Hangup/>",
        );
    }
}

//! Simulated PBXs: telephone systems of others, reached by SIP URIs. No SIP goes over the wire.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use serde::Deserialize;

use crate::media::{Answer, Persona, personas};
use crate::world::Who;

/// Extensions of one PBX.
const EXTENSIONS_MAX: usize = 10_000;
/// PBXs of one world.
pub(crate) const PBXS_MAX: usize = 100;
/// The extension that takes calls to everybody who has none.
const ANYBODY: &str = "*";

/// A telephone system of somebody else.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pbx {
    /// The host in its SIP URIs.
    pub domain: String,
    /// Where its own calls come from.
    #[serde(default = "address_default")]
    pub address: IpAddr,
    /// Whoever calls it must know these.
    pub username: Option<String>,
    /// See `username`.
    pub password: Option<Password>,
    /// Every call gets this SIP response.
    pub sip_code: Option<u16>,
    /// It does not respond at all.
    #[serde(default)]
    pub silent: bool,
    /// Who is there, by the user in the SIP URI; `*` is anybody else.
    #[serde(default)]
    pub extensions: BTreeMap<String, Extension>,
}

/// Somebody on a PBX.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// Who picks up, and who calls from there.
    pub persona: Who,
    /// They refuse with this SIP response.
    pub sip_code: Option<u16>,
    /// `X-` headers of their final response.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
}

/// A password that no log shows.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Password(String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl Password {
    pub(crate) fn new(word: &str) -> Self {
        Self(word.to_owned())
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

/// Of the addresses set aside for documentation.
fn address_default() -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(203, 0, 113, 10))
}

/// How a PBX meets a call.
#[derive(Clone, Debug)]
pub(crate) struct Met {
    pub(crate) persona: Persona,
    /// The SIP response, if it is a refusal.
    pub(crate) refusal: Option<u16>,
    pub(crate) headers: BTreeMap<String, String>,
}

impl Met {
    /// Nobody picks up, for this reason.
    pub(crate) fn refused(sip_code: u16) -> Self {
        Self {
            persona: Persona {
                name: format!("sip-{sip_code}"),
                answer: match sip_code {
                    486 | 600 | 603 => Answer::Busy,
                    _ => Answer::Unreachable,
                },
                script: crate::media::Script::Listen,
            },
            refusal: Some(sip_code),
            headers: BTreeMap::new(),
        }
    }
}

impl Pbx {
    /// What happens to a call to `user` that offers these credentials.
    pub(crate) fn meet(&self, user: &str, credentials: Option<&(String, Password)>) -> Met {
        if let Some(sip_code) = self.sip_code {
            return Met::refused(sip_code);
        }
        if self.silent {
            return Met::refused(408);
        }
        match (&self.username, &self.password, credentials) {
            (None, None, _) => {}
            (_, _, None) => return Met::refused(401),
            (username, password, Some((name, word))) => {
                let known = username.as_ref().is_none_or(|username| username == name)
                    && password.as_ref().is_none_or(|password| password == word);
                if !known {
                    return Met::refused(403);
                }
            }
        }
        let Some(extension) = self.extension(user) else {
            return Met::refused(404);
        };
        let met = match (extension.sip_code, extension.persona.persona()) {
            (Some(sip_code), _) => Met::refused(sip_code),
            (None, None) => Met::refused(404),
            (None, Some(persona)) => Met {
                refusal: match persona.answer {
                    Answer::Busy => Some(486),
                    Answer::Unreachable => Some(404),
                    Answer::After { .. } | Answer::NoAnswer => None,
                },
                persona,
                headers: BTreeMap::new(),
            },
        };
        Met {
            headers: extension.headers.clone(),
            ..met
        }
    }

    /// Whether this host is its domain.
    pub(crate) fn is_at(&self, host: &str) -> bool {
        self.domain.eq_ignore_ascii_case(host)
    }

    pub(crate) fn extension(&self, user: &str) -> Option<&Extension> {
        self.extensions.get(user).or(self.extensions.get(ANYBODY))
    }

    /// What is wrong with it.
    pub(crate) fn complaint(&self) -> Option<String> {
        if self.domain.is_empty() || self.domain.ends_with(".twilio.com") {
            return Some(format!("a PBX needs a domain of its own: {}", self.domain));
        }
        if self.extensions.len() > EXTENSIONS_MAX {
            return Some("no more than 10,000 extensions".to_owned());
        }
        let unknown = self
            .extensions
            .values()
            .find_map(|extension| match &extension.persona {
                Who::Named(name) if personas::by_name(name).is_none() => Some(name),
                Who::Named(_) | Who::Own(_) => None,
            });
        if let Some(name) = unknown {
            return Some(format!("there is no persona {name}"));
        }
        let codes = self.extensions.values().map(|extension| extension.sip_code);
        let mut codes = codes.chain([self.sip_code]).flatten();
        codes
            .find(|code| !(400..700).contains(code))
            .map(|code| format!("{code} is no SIP response that refuses"))
    }
}

/// A SIP URI, as far as the network looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SipUri {
    pub(crate) user: String,
    /// In lower case, without its port.
    pub(crate) host: String,
    /// Without a leading `?`.
    pub(crate) headers: Vec<(String, String)>,
}

impl SipUri {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("sip:").or_else(|| text.strip_prefix("sips:"))?;
        let (address, headers) = rest.split_once('?').unwrap_or((rest, ""));
        let address = address.split(';').next().unwrap_or_default();
        let (user, host) = address.rsplit_once('@').unwrap_or(("", address));
        let host = host.split(':').next().unwrap_or_default().to_ascii_lowercase();
        let named = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        let user_named = |c: char| c.is_ascii_graphic() && !"<>\"@".contains(c);
        if host.is_empty() || !host.chars().all(named) || !user.chars().all(user_named) {
            return None;
        }
        Some(Self {
            user: user.to_owned(),
            host,
            headers: url::form_urlencoded::parse(headers.replace('+', "%2B").as_bytes())
                .into_owned()
                .collect(),
        })
    }
}

/// Whether this names somebody by SIP.
pub(crate) fn is_sip(text: &str) -> bool {
    text.starts_with("sip:") || text.starts_with("sips:")
}

#[cfg(test)]
mod tests {
    use super::{Password, Pbx, SipUri};

    fn pbx(more: &str) -> Pbx {
        let text = format!("domain = \"pbx.example.com\"\n{more}\n[extensions.100]\npersona = \"friendly\"");
        toml::from_str(&text).unwrap()
    }

    #[test]
    fn a_uri_has_a_user_a_host_and_headers() {
        let uri = SipUri::parse("sip:100@PBX.example.com:5061;transport=tls?X-Lead=7%2C8&X-Two=a+b").unwrap();
        assert_eq!((uri.user.as_str(), uri.host.as_str()), ("100", "pbx.example.com"));
        let headers = [("X-Lead", "7,8"), ("X-Two", "a+b")];
        assert_eq!(uri.headers, headers.map(|(k, v)| (k.to_owned(), v.to_owned())));
        assert_eq!(SipUri::parse("sip:pbx.example.com").unwrap().user, "");
        for wrong in ["pbx.example.com", "sip:", "sip:a@", "sip:a b@host", "http://host"] {
            assert_eq!(SipUri::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_pbx_asks_for_credentials_before_it_looks_for_the_extension() {
        let guarded = pbx("username = \"twilio\"\npassword = \"secret\"");
        let offer = |name: &str, word: &str| (name.to_owned(), Password::new(word));
        assert_eq!(guarded.meet("100", None).refusal, Some(401));
        let wrong = offer("twilio", "guess");
        assert_eq!(guarded.meet("100", Some(&wrong)).refusal, Some(403));
        let right = offer("twilio", "secret");
        assert_eq!(guarded.meet("100", Some(&right)).refusal, None);
        assert_eq!(guarded.meet("200", Some(&right)).refusal, Some(404));
        assert!(!format!("{guarded:?}").contains("secret"));
    }

    #[test]
    fn a_pbx_out_of_order_refuses_everybody() {
        assert_eq!(pbx("sip_code = 503").meet("100", None).refusal, Some(503));
        assert_eq!(pbx("silent = true").meet("100", None).refusal, Some(408));
        assert!(pbx("sip_code = 200").complaint().is_some());
    }
}

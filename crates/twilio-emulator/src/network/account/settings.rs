//! What REST keeps of numbers and applications and shows again although nothing here acts on it: messages,
//! addresses, emergencies.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// A parameter, the field that shows it, and what that is until the parameter was given.
pub(crate) struct Setting(&'static str, &'static str, Unset);

enum Unset {
    Nothing,
    Text(&'static str),
    Flag(bool),
}

use Unset::{Flag, Nothing, Text};

/// `IncomingPhoneNumbers`.
pub(crate) const OF_NUMBERS: [Setting; 12] = [
    Setting("SmsUrl", "sms_url", Nothing),
    Setting("SmsMethod", "sms_method", Text("POST")),
    Setting("SmsFallbackUrl", "sms_fallback_url", Nothing),
    Setting("SmsFallbackMethod", "sms_fallback_method", Text("POST")),
    Setting("SmsApplicationSid", "sms_application_sid", Nothing),
    Setting("VoiceCallerIdLookup", "voice_caller_id_lookup", Flag(false)),
    Setting("VoiceReceiveMode", "voice_receive_mode", Text("voice")),
    Setting("AddressSid", "address_sid", Nothing),
    Setting("BundleSid", "bundle_sid", Nothing),
    Setting("IdentitySid", "identity_sid", Nothing),
    Setting("EmergencyStatus", "emergency_status", Text("Active")),
    Setting("EmergencyAddressSid", "emergency_address_sid", Nothing),
];

/// `Applications`.
pub(crate) const OF_APPLICATIONS: [Setting; 8] = [
    Setting("SmsUrl", "sms_url", Nothing),
    Setting("SmsMethod", "sms_method", Text("POST")),
    Setting("SmsFallbackUrl", "sms_fallback_url", Nothing),
    Setting("SmsFallbackMethod", "sms_fallback_method", Text("POST")),
    Setting("SmsStatusCallback", "sms_status_callback", Nothing),
    Setting("MessageStatusCallback", "message_status_callback", Nothing),
    Setting("VoiceCallerIdLookup", "voice_caller_id_lookup", Flag(false)),
    Setting(
        "PublicApplicationConnectEnabled",
        "public_application_connect_enabled",
        Flag(false),
    ),
];

/// The parameters that were given, by name; an empty one takes its setting back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings(BTreeMap<&'static str, String>);

impl Settings {
    /// Those of `known` that a request gives.
    pub(crate) fn read<'a>(known: &[Setting], given: impl Fn(&str) -> Option<&'a str>) -> Self {
        let given = known
            .iter()
            .filter_map(|Setting(name, ..)| Some((*name, given(name)?.to_owned())));
        Self(given.collect())
    }

    pub(super) fn apply(self, settings: &mut Self) {
        settings.0.extend(self.0);
    }

    /// Whether this flag was given and is true.
    pub(in crate::network) fn is_set(&self, name: &str) -> bool {
        self.0
            .get(name)
            .is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }

    /// As fields of the resource.
    pub(in crate::network) fn fields(&self, known: &[Setting]) -> Value {
        let shown = known.iter().map(|Setting(name, field, default)| {
            let given = self.0.get(name).filter(|text| !text.is_empty());
            let value = match (given, default) {
                (Some(_), Flag(_)) => json!(self.is_set(name)),
                (Some(text), Nothing | Text(_)) => json!(text),
                (None, Nothing) => Value::Null,
                (None, Text(text)) => json!(text),
                (None, Flag(flag)) => json!(flag),
            };
            ((*field).to_owned(), value)
        });
        Value::Object(shown.collect::<Map<String, Value>>())
    }
}

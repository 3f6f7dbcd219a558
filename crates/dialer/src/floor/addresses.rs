//! The addresses we give Twilio: an identifier, and a code that only we can compute for it.
//!
//! The code keeps somebody with an old signed request from steering another attempt: the signature covers the address,
//! and nobody can make the address of an attempt. There are no query parameters. Connection overrides follow in the
//! fragment, which Twilio does not sign.

use hmac::{Hmac, KeyInit, Mac};
use protocol::{AttemptId, SeatId};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use url::Url;

/// Twilio gives up on a callback after 15 s in all; by default it tries again only if it could not connect.
const CALLBACK_OVERRIDES: &str = "#rc=3&rp=ct,rt,5xx&rt=4000";
/// A person hears silence while Twilio tries: one quick repetition, then the fallback.
const ANSWER_OVERRIDES: &str = "#rc=1&rp=ct,rt,5xx&ct=500&rt=800&tt=1800";
/// Hexadecimal digits of a code: 128 bits.
const CODE_LENGTH: usize = 32;

/// Makes the addresses and checks the codes in them.
#[derive(Clone)]
pub struct Addresses {
    base: String,
    key: Hmac<Sha256>,
}

impl Addresses {
    /// Addresses below this URL, with codes that hang on the account's token.
    ///
    /// # Panics
    ///
    /// Never: a key of any length is good for HMAC.
    #[must_use]
    pub fn new(public_base_url: &Url, auth_token: &SecretString) -> Self {
        let mut key =
            Hmac::new_from_slice(auth_token.expose_secret().as_bytes()).expect("HMAC takes any key");
        key.update(b"offhook callback addresses\n");
        Self {
            base: public_base_url.as_str().trim_end_matches('/').to_owned(),
            key,
        }
    }

    /// The URL Twilio was given for a path of ours, as it signs it.
    #[must_use]
    pub fn of_path(&self, path_and_query: &str) -> String {
        format!("{}{path_and_query}", self.base)
    }

    /// Where the TwiML application sends the desktops' phones.
    #[must_use]
    pub fn voice_client(&self) -> String {
        format!("{}/twilio/voice/client", self.base)
    }

    pub(super) fn answer(&self, attempt_id: AttemptId) -> String {
        format!("{}{ANSWER_OVERRIDES}", self.attempt(attempt_id, "answer"))
    }

    pub(super) fn status(&self, attempt_id: AttemptId) -> String {
        format!("{}{CALLBACK_OVERRIDES}", self.attempt(attempt_id, "status"))
    }

    pub(super) fn opt_out(&self, attempt_id: AttemptId) -> String {
        format!("{}{ANSWER_OVERRIDES}", self.attempt(attempt_id, "opt-out"))
    }

    /// Where our numbers send the people who call them.
    #[must_use]
    pub fn voice_inbound(&self) -> String {
        format!("{}/twilio/voice/inbound", self.base)
    }

    pub(super) fn inbound_opt_out(&self) -> String {
        format!("{}/twilio/voice/inbound/opt-out{ANSWER_OVERRIDES}", self.base)
    }

    pub(super) fn dial_ended(&self, attempt_id: AttemptId) -> String {
        format!("{}{ANSWER_OVERRIDES}", self.attempt(attempt_id, "dial-ended"))
    }

    pub(super) fn wait(&self, attempt_id: AttemptId) -> String {
        format!("{}{ANSWER_OVERRIDES}", self.attempt(attempt_id, "wait"))
    }

    pub(super) fn room_events(&self, seat_id: SeatId) -> String {
        format!("{}{CALLBACK_OVERRIDES}", self.seat(seat_id, "rooms", "events"))
    }

    pub(super) fn leg_ended(&self, seat_id: SeatId) -> String {
        format!("{}{ANSWER_OVERRIDES}", self.seat(seat_id, "legs", "ended"))
    }

    pub(super) fn is_attempt_code(&self, attempt_id: AttemptId, code: &str) -> bool {
        self.is_code("attempt", &attempt_id.to_string(), code)
    }

    pub(super) fn is_seat_code(&self, seat_id: SeatId, code: &str) -> bool {
        self.is_code("seat", &seat_id.to_string(), code)
    }

    fn attempt(&self, attempt_id: AttemptId, leaf: &str) -> String {
        let code = self.code("attempt", &attempt_id.to_string());
        format!("{}/twilio/attempts/{attempt_id}/{code}/{leaf}", self.base)
    }

    fn seat(&self, seat_id: SeatId, kind: &str, leaf: &str) -> String {
        let code = self.code("seat", &seat_id.to_string());
        format!("{}/twilio/{kind}/{seat_id}/{code}/{leaf}", self.base)
    }

    fn is_code(&self, kind: &str, id: &str, code: &str) -> bool {
        self.code(kind, id).as_bytes().ct_eq(code.as_bytes()).into()
    }

    fn code(&self, kind: &str, id: &str) -> String {
        let mut mac = self.key.clone();
        mac.update(kind.as_bytes());
        mac.update(b"/");
        mac.update(id.as_bytes());
        let mut code = hex::encode(mac.finalize().into_bytes());
        code.truncate(CODE_LENGTH);
        code
    }
}

#[cfg(test)]
mod tests {
    use protocol::{AttemptId, SeatId};
    use secrecy::SecretString;
    use url::Url;

    use super::Addresses;

    #[test]
    fn a_code_is_good_for_one_identifier_of_one_kind() {
        let base = Url::parse("https://dialer.example.com/").unwrap();
        let addresses = Addresses::new(&base, &SecretString::from("12345"));
        let (attempt_id, other) = (AttemptId::from_parts(1, 1), AttemptId::from_parts(1, 2));
        let address = addresses.status(attempt_id);
        assert!(address.starts_with(&format!(
            "https://dialer.example.com/twilio/attempts/{attempt_id}/"
        )));
        assert!(address.ends_with("/status#rc=3&rp=ct,rt,5xx&rt=4000"));
        let code = address.split('/').nth(6).unwrap();
        assert!(addresses.is_attempt_code(attempt_id, code));
        assert!(!addresses.is_attempt_code(other, code));
        assert!(!addresses.is_seat_code(SeatId::from_parts(1, 1), code));
        assert!(!addresses.is_attempt_code(attempt_id, ""));
    }
}

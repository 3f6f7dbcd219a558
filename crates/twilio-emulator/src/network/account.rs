//! What the account owns: TwiML applications and phone numbers.

pub(super) mod settings;

use jiff::Timestamp;

use super::call::Endpoint;
use super::{Network, not_found};
use crate::rest::ApiError;
pub(crate) use settings::Settings;

/// TwiML applications of one account.
const APPLICATIONS_MAX: usize = 1_000;
/// Phone numbers of one account.
const NUMBERS_MAX: usize = 10_000;

/// What happens to calls that belong here.
#[derive(Clone, Debug, Default)]
pub(super) struct Routing {
    pub(super) voice: Option<Endpoint>,
    pub(super) fallback: Option<Endpoint>,
    pub(super) callback: Option<Endpoint>,
}

/// What an application and a number have in common: a name, where calls go, and what REST keeps besides.
#[derive(Clone, Debug, Default)]
pub(super) struct Handling {
    pub(super) friendly_name: String,
    pub(super) routing: Routing,
    pub(super) settings: Settings,
}

/// A TwiML application.
#[derive(Clone, Debug)]
pub(super) struct Application {
    pub(super) sid: String,
    pub(super) account: String,
    pub(super) handling: Handling,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

/// A phone number of the account.
#[derive(Clone, Debug)]
pub(super) struct Number {
    pub(super) sid: String,
    pub(super) account: String,
    pub(super) e164: String,
    pub(super) handling: Handling,
    pub(super) application_sid: Option<String>,
    /// Calls go through this trunk instead.
    pub(super) trunk_sid: Option<String>,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

/// What a parameter does to something that may be empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Change<T> {
    /// It was not given.
    #[default]
    Keep,
    /// It was given and empty.
    Clear,
    Set(T),
}

/// What becomes of the URLs.
#[derive(Clone, Debug, Default)]
pub(crate) struct RoutingChanges {
    pub(crate) voice: Change<Endpoint>,
    pub(crate) fallback: Change<Endpoint>,
    pub(crate) callback: Change<Endpoint>,
}

/// `POST Applications`, and of `POST IncomingPhoneNumbers` what both have: what is to change.
#[derive(Clone, Debug, Default)]
pub(crate) struct HandlingChanges {
    pub(crate) friendly_name: Option<String>,
    pub(crate) routing: RoutingChanges,
    pub(crate) settings: Settings,
}

/// `POST IncomingPhoneNumbers`: what is to change.
#[derive(Clone, Debug, Default)]
pub(crate) struct NumberChanges {
    pub(crate) handling: HandlingChanges,
    pub(crate) application_sid: Change<String>,
    pub(crate) trunk_sid: Change<String>,
}

impl<T> Change<T> {
    pub(super) fn apply(self, field: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *field = None,
            Self::Set(value) => *field = Some(value),
        }
    }
}

impl Number {
    /// Where REST has it.
    pub(super) fn path(&self) -> String {
        let root = super::views::root(&self.account);
        format!("{root}/IncomingPhoneNumbers/{}.json", self.sid)
    }
}

impl RoutingChanges {
    pub(super) fn apply(self, routing: &mut Routing) {
        self.voice.apply(&mut routing.voice);
        self.fallback.apply(&mut routing.fallback);
        self.callback.apply(&mut routing.callback);
    }
}

impl HandlingChanges {
    fn apply(self, handling: &mut Handling) {
        if let Some(friendly_name) = self.friendly_name {
            handling.friendly_name = friendly_name;
        }
        self.routing.apply(&mut handling.routing);
        self.settings.apply(&mut handling.settings);
    }
}

impl Network {
    pub(super) fn application(&self, sid: &str) -> Option<&Application> {
        self.applications
            .iter()
            .find(|application| application.sid == sid)
    }

    /// Whether the account may show this number as its own.
    pub(super) fn may_call_from(&self, account: &str, e164: &str) -> bool {
        let mut numbers = self.numbers.iter();
        numbers.any(|number| number.e164 == e164 && number.account == account)
            || self.is_verified(e164)
            || self.caller_id_of(account, e164).is_some()
    }

    pub(super) fn number(&self, sid: &str) -> Option<&Number> {
        self.numbers.iter().find(|number| number.sid == sid)
    }

    pub(crate) fn create_application(
        &mut self,
        account: &str,
        changes: HandlingChanges,
    ) -> Result<String, ApiError> {
        if self.applications.len() >= APPLICATIONS_MAX {
            return Err(ApiError::new(400, 20409, "Too many applications".to_owned()));
        }
        let sid = self.sids.next("AP");
        self.applications.push(Application {
            sid: sid.clone(),
            account: account.to_owned(),
            handling: Handling::default(),
            created_at: self.now,
            updated_at: self.now,
        });
        self.update_application(&sid, changes)?;
        Ok(sid)
    }

    pub(crate) fn update_application(&mut self, sid: &str, changes: HandlingChanges) -> Result<(), ApiError> {
        let found = self
            .applications
            .iter_mut()
            .find(|application| application.sid == sid);
        let application = found.ok_or_else(|| not_found(sid))?;
        changes.apply(&mut application.handling);
        application.updated_at = self.now;
        Ok(())
    }

    pub(crate) fn delete_application(&mut self, sid: &str) {
        self.applications.retain(|application| application.sid != sid);
    }

    /// Gives a number back to the market.
    pub(crate) fn release_number(&mut self, sid: &str) {
        self.numbers.retain(|number| number.sid != sid);
    }

    /// Moves a number between the main account and one of its subaccounts.
    pub(crate) fn move_number(&mut self, from: &str, sid: &str, to: &str) -> Result<(), ApiError> {
        let (from, to) = (self.accounts.get(from), self.accounts.get(to));
        let kin = from.zip(to).filter(|(from, to)| from.owner == to.owner);
        let (_, to) = kin.ok_or_else(|| ApiError::parameter("AccountSid is not of this family"))?;
        let to = to.sid.clone();
        let mut numbers = self.numbers.iter_mut();
        let number = numbers.find(|number| number.sid == sid);
        number.ok_or_else(|| not_found(sid))?.account = to;
        Ok(())
    }

    pub(crate) fn create_number(
        &mut self,
        account: &str,
        phone_number: &str,
        changes: NumberChanges,
    ) -> Result<String, ApiError> {
        let taken = self.numbers.iter().any(|number| number.e164 == phone_number);
        if taken || self.numbers.len() >= NUMBERS_MAX {
            let message = format!("PhoneNumber Requested is not available: {phone_number}");
            return Err(ApiError::new(400, 21422, message));
        }
        let sid = self.add_number(account, phone_number);
        self.update_number(&sid, changes)?;
        Ok(sid)
    }

    pub(super) fn add_number(&mut self, account: &str, phone_number: &str) -> String {
        let sid = self.sids.next("PN");
        self.charge_number(account, phone_number);
        self.numbers.push(Number {
            sid: sid.clone(),
            account: account.to_owned(),
            e164: phone_number.to_owned(),
            handling: Handling {
                friendly_name: super::views::formatted(phone_number),
                ..Handling::default()
            },
            application_sid: None,
            trunk_sid: None,
            created_at: self.now,
            updated_at: self.now,
        });
        sid
    }

    pub(crate) fn update_number(&mut self, sid: &str, changes: NumberChanges) -> Result<(), ApiError> {
        let found = self.numbers.iter_mut().find(|number| number.sid == sid);
        let number = found.ok_or_else(|| not_found(sid))?;
        changes.handling.apply(&mut number.handling);
        // Each of the two takes the number from the other.
        if matches!(changes.application_sid, Change::Set(_)) {
            number.trunk_sid = None;
        }
        if matches!(changes.trunk_sid, Change::Set(_)) {
            number.application_sid = None;
        }
        changes.application_sid.apply(&mut number.application_sid);
        changes.trunk_sid.apply(&mut number.trunk_sid);
        number.updated_at = self.now;
        Ok(())
    }
}

//! The accounts: the main one, its subaccounts, their tokens, and whom they let in.

use jiff::Timestamp;
use secrecy::ExposeSecret;
use subtle::ConstantTimeEq;

use super::keys::{Access, Key, Scope};
use super::{Network, not_found};
use crate::config::Credentials;
use crate::rest::ApiError;
use crate::sid::{CallSid, ConferenceSid};
use crate::webhook::AuthToken;

/// Twilio's limit for subaccounts of a new account.
const SUBACCOUNTS_MAX: usize = 1_000;

/// Whether an account may do anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Active,
    Suspended,
    Closed,
}

impl Standing {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "active" => Some(Self::Active),
            "suspended" => Some(Self::Suspended),
            "closed" => Some(Self::Closed),
            _ => None,
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Closed => "closed",
        }
    }
}

/// One account.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) sid: String,
    /// The main account's own SID for itself.
    pub(super) owner: String,
    pub(super) friendly_name: String,
    pub(super) standing: Standing,
    /// Signs its webhooks and opens its REST.
    pub(super) token: AuthToken,
    /// Opens REST too, and becomes the token when promoted.
    pub(super) secondary: Option<AuthToken>,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

/// Every account and key; the main account is always there.
#[derive(Debug)]
pub(super) struct Accounts {
    main: Account,
    pub(super) subaccounts: Vec<Account>,
    pub(super) keys: Vec<Key>,
}

impl Accounts {
    pub(super) fn new(credentials: &Credentials, now: Timestamp) -> Self {
        let sid = credentials.account_sid.clone();
        Self {
            main: Account {
                sid: sid.clone(),
                owner: sid.clone(),
                friendly_name: "The main account".to_owned(),
                standing: Standing::Active,
                token: AuthToken::new(credentials.auth_token.clone()),
                secondary: None,
                created_at: now,
                updated_at: now,
            },
            subaccounts: Vec::new(),
            keys: vec![Key {
                sid: credentials.api_key_sid.clone(),
                account: sid,
                friendly_name: Some("The first key".to_owned()),
                secret: credentials.api_key_secret.clone(),
                scope: Scope::Main,
                created_at: now,
                updated_at: now,
            }],
        }
    }

    pub(super) fn main(&self) -> &Account {
        &self.main
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Account> {
        std::iter::once(&self.main).chain(&self.subaccounts)
    }

    pub(super) fn get(&self, sid: &str) -> Option<&Account> {
        self.all().find(|account| account.sid == sid)
    }

    fn get_mut(&mut self, sid: &str) -> Option<&mut Account> {
        std::iter::once(&mut self.main)
            .chain(&mut self.subaccounts)
            .find(|account| account.sid == sid)
    }
}

impl Network {
    /// The SID of the account that the network was started with.
    pub(super) fn main_account(&self) -> &str {
        &self.accounts.main().sid
    }

    /// The token that signs webhooks about what `account` owns.
    pub(super) fn token_of(&self, account: Option<&str>) -> AuthToken {
        let account = account.and_then(|sid| self.accounts.get(sid));
        account.unwrap_or(self.accounts.main()).token.clone()
    }

    pub(crate) fn token_of_call(&self, sid: &CallSid) -> AuthToken {
        self.token_of(self.calls.get(sid).map(|call| call.account.as_str()))
    }

    /// Whether these credentials open `account`, or the network as a whole if it is none.
    ///
    /// An account opens itself and its subaccounts, by its token or by any of its keys. Only active accounts
    /// open anything, and nothing `acts` for one that is not. How far a key goes is its own affair.
    pub(crate) fn authorize(
        &self,
        (user, password): (&str, &str),
        account: Option<&str>,
        acts: bool,
        access: &Access,
    ) -> Result<(), ApiError> {
        let holder = self
            .holder(user, password)
            .ok_or_else(ApiError::unauthenticated)?;
        if let Some(key) = self.key(user) {
            key.scope.permits(access)?;
        }
        let account = account.unwrap_or(self.main_account());
        let wanted = self.accounts.get(account).ok_or_else(ApiError::unauthenticated)?;
        if wanted.sid != holder.sid && wanted.owner != holder.sid {
            return Err(ApiError::unauthenticated());
        }
        let awake = |account: &Account| account.standing == Standing::Active;
        if awake(holder) && (awake(wanted) || !acts) {
            Ok(())
        } else {
            Err(ApiError::new(401, 20005, "Account not active".to_owned()))
        }
    }

    /// Whether `account` is the holder's own or a subaccount of it.
    pub(super) fn holds(&self, holder: &str, account: &str) -> bool {
        let account = self.accounts.get(account);
        account.is_some_and(|account| account.sid == holder || account.owner == holder)
    }

    /// The account that these credentials belong to.
    pub(crate) fn account_of(&self, user: &str, password: &str) -> Option<String> {
        self.holder(user, password).map(|account| account.sid.clone())
    }

    fn holder(&self, user: &str, password: &str) -> Option<&Account> {
        let same = |secret: &str| bool::from(secret.as_bytes().ct_eq(password.as_bytes()));
        if let Some(key) = self.key(user) {
            return same(key.secret.expose_secret())
                .then(|| self.accounts.get(&key.account))
                .flatten();
        }
        let account = self.accounts.get(user)?;
        let tokens = std::iter::once(&account.token).chain(&account.secondary);
        tokens
            .fold(false, |found, token| found | same(token.expose()))
            .then_some(account)
    }

    /// Makes a subaccount of the main account; only that has any.
    pub(crate) fn create_subaccount(
        &mut self,
        holder: &str,
        friendly_name: Option<String>,
    ) -> Result<String, ApiError> {
        if holder != self.main_account() {
            let message = "Subaccounts cannot contain subaccounts".to_owned();
            return Err(ApiError::new(400, 21101, message));
        }
        if self.accounts.subaccounts.len() >= SUBACCOUNTS_MAX {
            return Err(ApiError::new(400, 20008, "Too many subaccounts".to_owned()));
        }
        let sid = self.sids.next("AC");
        let token = AuthToken::new(self.sids.next("").into());
        let made = format!("SubAccount Created at {}", self.now.strftime("%Y-%m-%d %I:%M %p"));
        self.accounts.subaccounts.push(Account {
            sid: sid.clone(),
            owner: self.main_account().to_owned(),
            friendly_name: friendly_name.unwrap_or(made),
            standing: Standing::Active,
            token,
            secondary: None,
            created_at: self.now,
            updated_at: self.now,
        });
        Ok(sid)
    }

    pub(crate) fn update_account(
        &mut self,
        sid: &str,
        friendly_name: Option<String>,
        standing: Option<Standing>,
    ) -> Result<(), ApiError> {
        let (now, main) = (self.now, self.main_account() == sid);
        let account = self.accounts.get_mut(sid).ok_or_else(|| not_found(sid))?;
        if let Some(standing) = standing {
            if main || account.standing == Standing::Closed {
                let message = format!("The status of {sid} cannot be changed");
                return Err(ApiError::new(400, 20001, message));
            }
            account.standing = standing;
        }
        account.friendly_name = friendly_name.unwrap_or_else(|| account.friendly_name.clone());
        account.updated_at = now;
        Ok(())
    }

    /// Makes a second token that opens REST beside the first; the first still signs.
    pub(crate) fn create_secondary_token(&mut self, sid: &str) -> Result<AuthToken, ApiError> {
        let token = AuthToken::new(self.sids.next("").into());
        let now = self.now;
        let account = self.accounts.get_mut(sid).ok_or_else(|| not_found(sid))?;
        if account.secondary.is_some() {
            return Err(ApiError::new(400, 20001, "A secondary token exists".to_owned()));
        }
        account.secondary = Some(token.clone());
        account.updated_at = now;
        Ok(token)
    }

    pub(crate) fn delete_secondary_token(&mut self, sid: &str) -> Result<(), ApiError> {
        let account = self.accounts.get_mut(sid).ok_or_else(|| not_found(sid))?;
        let taken = account.secondary.take();
        taken.map(|_| ()).ok_or_else(|| not_found("AuthTokens/Secondary"))
    }

    /// Makes the second token the first; the old one is gone.
    pub(crate) fn promote_token(&mut self, sid: &str) -> Result<AuthToken, ApiError> {
        let now = self.now;
        let account = self.accounts.get_mut(sid).ok_or_else(|| not_found(sid))?;
        let token = account
            .secondary
            .take()
            .ok_or_else(|| not_found("AuthTokens/Secondary"))?;
        account.token = token.clone();
        account.updated_at = now;
        Ok(token)
    }

    /// Fails unless `account` owns the resource that `sid` names.
    pub(crate) fn require(&self, account: &str, sid: &str) -> Result<(), ApiError> {
        let owner = match sid.get(..2) {
            Some("CA") => self
                .calls
                .get(&CallSid::from_text(sid))
                .map(|call| call.account.as_str()),
            Some("CF") => self
                .conferences
                .get(&ConferenceSid::from_text(sid))
                .map(|room| room.account.as_str()),
            Some("AP") => self
                .application(sid)
                .map(|application| application.account.as_str()),
            Some("PN") => self.number(sid).map(|number| number.account.as_str()),
            Some("RE") => self.recording_owner(sid),
            Some(_) | None => None,
        };
        if owner == Some(account) {
            Ok(())
        } else {
            Err(not_found(sid))
        }
    }
}

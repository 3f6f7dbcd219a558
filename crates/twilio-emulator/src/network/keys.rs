//! API keys: what opens REST besides an account's token, and how far.

use jiff::Timestamp;
use secrecy::SecretString;
use serde::Deserialize;

use super::{Network, not_found};
use crate::rest::ApiError;

/// API keys of all accounts.
const KEYS_MAX: usize = 10_000;
/// Twilio's limit for one key.
const PERMISSIONS_MAX: usize = 100;
/// The products of Twilio's that permissions name.
const PRODUCTS: [&str; 16] = [
    "billing",
    "conversations",
    "event-streams",
    "flex-insights",
    "iam",
    "lookup",
    "messaging",
    "monitor",
    "numbers",
    "phone-numbers",
    "serverless",
    "studio",
    "taskrouter",
    "verify",
    "video",
    "voice",
];
/// What is done to a resource; `*` is all of it.
const ACTIONS: [&str; 6] = ["read", "list", "create", "update", "delete", "*"];

/// An API key.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) sid: String,
    pub(super) account: String,
    pub(super) friendly_name: Option<String>,
    pub(super) secret: SecretString,
    pub(super) scope: Scope,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

/// How far a key goes.
#[derive(Clone, Debug)]
pub(crate) enum Scope {
    /// Everything that the account's token opens. Only Twilio's console makes such keys.
    Main,
    /// Everything but accounts and keys.
    Standard,
    /// Only this.
    Restricted(Policy),
}

impl Scope {
    /// What a list of keys says of it.
    pub(super) fn flags(&self) -> &'static [&'static str] {
        match self {
            Self::Main => &["rest_api", "signing", "manage_accounts", "manage_keys"],
            Self::Standard => &["rest_api", "signing"],
            Self::Restricted(_) => &["restricted"],
        }
    }

    pub(super) fn policy(&self) -> Option<&Policy> {
        match self {
            Self::Main | Self::Standard => None,
            Self::Restricted(policy) => Some(policy),
        }
    }

    /// Whether a key that goes so far may make a request.
    pub(super) fn permits(&self, access: &Access) -> Result<(), ApiError> {
        match (self, &access.permission) {
            (Self::Main, _) => Ok(()),
            (Self::Standard, _) if !access.manages => Ok(()),
            (Self::Restricted(policy), Some(needed)) if policy.allows(needed) => Ok(()),
            (Self::Restricted(_), Some(needed)) => {
                let message = format!("Authorization Error: required permission {needed} is missing");
                Err(ApiError::new(401, 70051, message))
            }
            (Self::Standard | Self::Restricted(_), _) => Err(ApiError::unauthenticated()),
        }
    }
}

/// What a request needs of the key that it is made with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Access {
    /// Of a restricted key, without a slash at the beginning; none if no permission for it is known.
    pub(crate) permission: Option<String>,
    /// It is about accounts or keys.
    pub(crate) manages: bool,
}

/// What a restricted key may do.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, serde::Serialize)]
pub(crate) struct Policy {
    allow: Vec<String>,
}

impl Policy {
    /// Reads `{"allow":["/twilio/voice/calls/read"]}`.
    pub(crate) fn parse(text: &str) -> Result<Self, ApiError> {
        let policy: Self = serde_json::from_str(text)
            .map_err(|_| ApiError::parameter("Policy is no JSON with a list, allow"))?;
        if policy.allow.len() > PERMISSIONS_MAX {
            return Err(violation());
        }
        match policy.allow.iter().find(|permission| !is_permission(permission)) {
            Some(wrong) => {
                let message = format!("assertion '{wrong}' is invalid");
                Err(ApiError::new(400, 70002, message))
            }
            None => Ok(policy),
        }
    }

    fn allows(&self, needed: &str) -> bool {
        let resource = needed.rsplit_once('/').map_or(needed, |(resource, _)| resource);
        self.allow.iter().any(|permission| {
            let permission = permission.trim_start_matches('/');
            permission == needed || permission.strip_suffix("/*") == Some(resource)
        })
    }
}

/// `/twilio/`, a product, a resource and an action.
fn is_permission(text: &str) -> bool {
    let parts: Vec<&str> = text.split('/').collect();
    let ["", "twilio", product, resource, action] = parts[..] else {
        return false;
    };
    PRODUCTS.contains(&product) && !resource.is_empty() && ACTIONS.contains(&action)
}

/// How Twilio refuses what breaks a limit of a key, whichever.
pub(crate) fn violation() -> ApiError {
    let message = "The request has constraint violations".to_owned();
    ApiError::new(400, 70001, message)
}

impl Network {
    pub(super) fn key(&self, sid: &str) -> Option<&Key> {
        self.accounts.keys.iter().find(|key| key.sid == sid)
    }

    /// A key that access tokens may be made with: a restricted one is none.
    pub(super) fn signing_key(&self, sid: &str) -> Option<&Key> {
        self.key(sid).filter(|key| key.scope.policy().is_none())
    }

    /// Whose key this is, for a holder that may have to do with it.
    pub(crate) fn account_of_key(&self, holder: &str, sid: &str) -> Result<String, ApiError> {
        let key = self.key(sid).filter(|key| self.holds(holder, &key.account));
        key.map(|key| key.account.clone()).ok_or_else(|| not_found(sid))
    }

    /// Makes a key; its secret is told this once.
    pub(crate) fn create_key(
        &mut self,
        account: &str,
        friendly_name: Option<String>,
        scope: Scope,
    ) -> Result<(String, String), ApiError> {
        if self.accounts.keys.len() >= KEYS_MAX {
            return Err(ApiError::parameter("Too many keys"));
        }
        let (sid, secret) = (self.sids.next("SK"), self.sids.next(""));
        self.accounts.keys.push(Key {
            sid: sid.clone(),
            account: account.to_owned(),
            friendly_name,
            secret: secret.clone().into(),
            scope,
            created_at: self.now,
            updated_at: self.now,
        });
        Ok((sid, secret))
    }

    /// What is not given stays. Only a restricted key has a policy.
    pub(crate) fn update_key(
        &mut self,
        account: &str,
        sid: &str,
        friendly_name: Option<String>,
        policy: Option<Policy>,
    ) -> Result<(), ApiError> {
        let now = self.now;
        let mut keys = self.accounts.keys.iter_mut();
        let key = keys.find(|key| key.sid == sid && key.account == account);
        let key = key.ok_or_else(|| not_found(sid))?;
        if let Some(policy) = policy {
            if key.scope.policy().is_none() {
                return Err(violation());
            }
            key.scope = Scope::Restricted(policy);
        }
        key.friendly_name = friendly_name.or(key.friendly_name.take());
        key.updated_at = now;
        Ok(())
    }

    pub(crate) fn delete_key(&mut self, account: &str, sid: &str) -> Result<(), ApiError> {
        let before = self.accounts.keys.len();
        let keys = &mut self.accounts.keys;
        keys.retain(|key| key.sid != sid || key.account != account);
        if keys.len() == before {
            return Err(not_found(sid));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Access, Policy, Scope};

    fn restricted(permissions: &str) -> Scope {
        Scope::Restricted(Policy::parse(&format!("{{\"allow\":[{permissions}]}}")).unwrap())
    }

    fn access(permission: &str) -> Access {
        Access {
            permission: Some(permission.to_owned()),
            manages: false,
        }
    }

    #[test]
    fn a_policy_names_permissions_one_by_one_or_all_of_a_resource() {
        let reader = restricted("\"/twilio/voice/calls/read\"");
        assert!(reader.permits(&access("twilio/voice/calls/read")).is_ok());
        for other in ["twilio/voice/calls/list", "twilio/voice/calls.recordings/read"] {
            assert!(reader.permits(&access(other)).is_err(), "{other}");
        }
        assert!(
            reader.permits(&Access::default()).is_err(),
            "nobody knows what it needs"
        );
        let all = restricted("\"/twilio/voice/calls/*\"");
        assert!(all.permits(&access("twilio/voice/calls/delete")).is_ok());
        assert!(
            all.permits(&access("twilio/voice/calls.recordings/read"))
                .is_err()
        );
    }

    #[test]
    fn a_standard_key_manages_nothing() {
        let managing = Access {
            permission: Some("twilio/iam/api-keys/list".to_owned()),
            manages: true,
        };
        assert!(Scope::Main.permits(&managing).is_ok());
        assert!(Scope::Standard.permits(&managing).is_err());
        assert!(Scope::Standard.permits(&Access::default()).is_ok());
        assert!(
            restricted("\"/twilio/iam/api-keys/list\"")
                .permits(&managing)
                .is_ok()
        );
    }

    #[test]
    fn policies_that_make_no_sense_are_refused() {
        for wrong in [
            "",
            "{}",
            "[]",
            "{\"allow\":\"/twilio/voice/calls/read\"}",
            "{\"allow\":[\"/twilio/fakepermission/doesnotexist\"]}",
            "{\"allow\":[\"twilio/voice/calls/read\"]}",
            "{\"allow\":[\"/twilio/voice/calls/telephone\"]}",
        ] {
            assert!(Policy::parse(wrong).is_err(), "{wrong}");
        }
        let many = vec!["\"/twilio/voice/calls/read\""; 101].join(",");
        assert!(Policy::parse(&format!("{{\"allow\":[{many}]}}")).is_err());
    }
}

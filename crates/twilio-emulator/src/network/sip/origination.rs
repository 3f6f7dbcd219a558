//! Where a trunk sends calls to its numbers.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::iso;
use crate::network::{Network, not_found};
use crate::rest::ApiError;

/// Origination URLs of one trunk.
const URLS_PER_TRUNK_MAX: usize = 100;

/// One URL.
#[derive(Clone, Debug)]
pub(super) struct OriginationUrl {
    sid: String,
    pub(super) weight: u16,
    pub(super) priority: u16,
    pub(super) enabled: bool,
    friendly_name: String,
    pub(super) sip_url: String,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// `POST OriginationUrls`: what is given.
#[derive(Clone, Debug, Default)]
pub(crate) struct OriginationChanges {
    pub(crate) weight: Option<u16>,
    pub(crate) priority: Option<u16>,
    pub(crate) enabled: Option<bool>,
    pub(crate) friendly_name: Option<String>,
    pub(crate) sip_url: Option<String>,
}

impl Network {
    /// All of it must be given.
    pub(crate) fn create_origination(
        &mut self,
        account: &str,
        trunk: &str,
        changes: OriginationChanges,
    ) -> Result<Value, ApiError> {
        let now = self.now;
        let sid = self.sids.next("OU");
        let found = self.trunk_mut(account, trunk)?;
        let missing = ApiError::missing;
        let url = OriginationUrl {
            sid: sid.clone(),
            weight: changes.weight.ok_or_else(|| missing("Weight"))?,
            priority: changes.priority.ok_or_else(|| missing("Priority"))?,
            enabled: changes.enabled.ok_or_else(|| missing("Enabled"))?,
            friendly_name: changes.friendly_name.ok_or_else(|| missing("FriendlyName"))?,
            sip_url: sip_url(changes.sip_url.ok_or_else(|| missing("SipUrl"))?)?,
            created_at: now,
            updated_at: now,
        };
        if found.origination.len() >= URLS_PER_TRUNK_MAX {
            return Err(ApiError::parameter("A trunk has at most 100 origination URLs"));
        }
        found.origination.push(url);
        self.origination_view(account, trunk, &sid)
    }

    pub(crate) fn originations(&mut self, account: &str, trunk: &str) -> Result<Vec<Value>, ApiError> {
        let urls = self.trunk_mut(account, trunk)?.origination.clone();
        Ok(urls
            .iter()
            .map(|url| self.origination_json(account, trunk, url))
            .collect())
    }

    pub(crate) fn origination_view(
        &mut self,
        account: &str,
        trunk: &str,
        sid: &str,
    ) -> Result<Value, ApiError> {
        let views = self.originations(account, trunk)?;
        let found = views.into_iter().find(|view| view["sid"] == sid);
        found.ok_or_else(|| not_found(sid))
    }

    pub(crate) fn update_origination(
        &mut self,
        account: &str,
        trunk: &str,
        sid: &str,
        changes: OriginationChanges,
    ) -> Result<Value, ApiError> {
        let now = self.now;
        let target = changes.sip_url.map(sip_url).transpose()?;
        let found = self.trunk_mut(account, trunk)?;
        let url = found.origination.iter_mut().find(|url| url.sid == sid);
        let url = url.ok_or_else(|| not_found(sid))?;
        url.weight = changes.weight.unwrap_or(url.weight);
        url.priority = changes.priority.unwrap_or(url.priority);
        url.enabled = changes.enabled.unwrap_or(url.enabled);
        if let Some(friendly_name) = changes.friendly_name {
            url.friendly_name = friendly_name;
        }
        if let Some(target) = target {
            url.sip_url = target;
        }
        url.updated_at = now;
        self.origination_view(account, trunk, sid)
    }

    pub(crate) fn delete_origination(
        &mut self,
        account: &str,
        trunk: &str,
        sid: &str,
    ) -> Result<(), ApiError> {
        self.origination_view(account, trunk, sid)?;
        let found = self.trunk_mut(account, trunk)?;
        found.origination.retain(|url| url.sid != sid);
        Ok(())
    }

    fn origination_json(&self, account: &str, trunk: &str, url: &OriginationUrl) -> Value {
        json!({
            "sid": url.sid,
            "account_sid": account,
            "trunk_sid": trunk,
            "weight": url.weight,
            "priority": url.priority,
            "enabled": url.enabled,
            "friendly_name": url.friendly_name,
            "sip_url": url.sip_url,
            "date_created": iso(url.created_at),
            "date_updated": iso(url.updated_at),
            "url": format!("{}/v1/Trunks/{trunk}/OriginationUrls/{}", self.origin(), url.sid),
        })
    }
}

/// `sip:` and a host, perhaps with a user, a port and parameters.
fn sip_url(text: String) -> Result<String, ApiError> {
    let host = text.strip_prefix("sip:").map(|rest| {
        let rest = rest.split([';', '?']).next().unwrap_or_default();
        rest.rsplit('@').next().unwrap_or_default()
    });
    let is_host = |host: &str| {
        !host.is_empty()
            && host
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-._:[]".contains(c))
    };
    if host.is_some_and(is_host) {
        Ok(text)
    } else {
        Err(ApiError::parameter(format!("SipUrl is not a sip: URI: {text}")))
    }
}

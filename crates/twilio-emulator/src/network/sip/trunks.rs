//! Elastic SIP trunks: between a PBX and the telephone network, without TwiML.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::mappings::Mapping;
use super::origination::OriginationUrl;
use super::{is_domain, iso};
use crate::network::call::Endpoint;
use crate::network::{Change, Network, NumberChanges, not_found};
use crate::rest::ApiError;

/// Trunks of all accounts.
const TRUNKS_MAX: usize = 1_000;
/// What every trunk's domain ends with.
const SUFFIX: &str = ".pstn.twilio.com";

/// When calls through a trunk are recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum RecordingMode {
    #[default]
    Never,
    FromRinging {
        dual: bool,
    },
    FromAnswer {
        dual: bool,
    },
}

impl RecordingMode {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "do-not-record" => Some(Self::Never),
            "record-from-ringing" => Some(Self::FromRinging { dual: false }),
            "record-from-ringing-dual" => Some(Self::FromRinging { dual: true }),
            "record-from-answer" => Some(Self::FromAnswer { dual: false }),
            "record-from-answer-dual" => Some(Self::FromAnswer { dual: true }),
            _ => None,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Never => "do-not-record",
            Self::FromRinging { dual: false } => "record-from-ringing",
            Self::FromRinging { dual: true } => "record-from-ringing-dual",
            Self::FromAnswer { dual: false } => "record-from-answer",
            Self::FromAnswer { dual: true } => "record-from-answer-dual",
        }
    }
}

/// One trunk.
#[derive(Clone, Debug)]
pub(in crate::network) struct Trunk {
    pub(in crate::network) sid: String,
    pub(in crate::network) account: String,
    friendly_name: Option<String>,
    pub(in crate::network) domain_name: Option<String>,
    pub(in crate::network) disaster_recovery: Option<Endpoint>,
    secure: bool,
    cnam_lookup: bool,
    transfer_mode: String,
    transfer_caller_id: String,
    pub(in crate::network) recording: RecordingMode,
    pub(in crate::network) trim: bool,
    /// Who may call out through it.
    pub(super) lists: Vec<Mapping>,
    /// Where calls to its numbers go.
    pub(super) origination: Vec<OriginationUrl>,
    created_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

impl Trunk {
    /// Whether this host is its domain.
    pub(super) fn is_at(&self, host: &str) -> bool {
        let name = self.domain_name.as_deref();
        name.is_some_and(|name| name.eq_ignore_ascii_case(host))
    }
}

/// `POST Trunks`: what is given.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrunkChanges {
    pub(crate) friendly_name: Option<String>,
    pub(crate) domain_name: Option<String>,
    pub(crate) disaster_recovery: Change<Endpoint>,
    pub(crate) secure: Option<bool>,
    pub(crate) cnam_lookup: Option<bool>,
    pub(crate) transfer_mode: Option<String>,
    pub(crate) transfer_caller_id: Option<String>,
}

impl Network {
    pub(super) fn trunk_mut(&mut self, account: &str, sid: &str) -> Result<&mut Trunk, ApiError> {
        let mut trunks = self.sip.trunks.iter_mut();
        trunks
            .find(|trunk| trunk.sid == sid && trunk.account == account)
            .ok_or_else(|| not_found(sid))
    }

    pub(crate) fn create_trunk(&mut self, account: &str, changes: TrunkChanges) -> Result<Value, ApiError> {
        if self.sip.trunks.len() >= TRUNKS_MAX {
            return Err(ApiError::parameter("Too many trunks"));
        }
        self.check_trunk_domain("", changes.domain_name.as_deref())?;
        let sid = self.sids.next("TK");
        self.sip.trunks.push(Trunk {
            sid: sid.clone(),
            account: account.to_owned(),
            friendly_name: None,
            domain_name: None,
            disaster_recovery: None,
            secure: false,
            cnam_lookup: false,
            transfer_mode: "disable-all".to_owned(),
            transfer_caller_id: "from-transferee".to_owned(),
            recording: RecordingMode::default(),
            trim: false,
            lists: Vec::new(),
            origination: Vec::new(),
            created_at: self.now,
            updated_at: self.now,
        });
        self.update_trunk(account, &sid, changes)
    }

    fn check_trunk_domain(&self, sid: &str, name: Option<&str>) -> Result<(), ApiError> {
        let Some(name) = name else { return Ok(()) };
        if !is_domain(name, SUFFIX) {
            let message = format!("DomainName must end with {SUFFIX}: {name}");
            return Err(ApiError::parameter(message));
        }
        let taken = |trunk: &Trunk| trunk.sid != sid && trunk.is_at(name);
        if self.sip.trunks.iter().any(taken) {
            return Err(ApiError::new(400, 20409, format!("DomainName {name} is taken")));
        }
        Ok(())
    }

    pub(crate) fn update_trunk(
        &mut self,
        account: &str,
        sid: &str,
        changes: TrunkChanges,
    ) -> Result<Value, ApiError> {
        let now = self.now;
        self.check_trunk_domain(sid, changes.domain_name.as_deref())?;
        let trunk = self.trunk_mut(account, sid)?;
        trunk.friendly_name = changes.friendly_name.or(trunk.friendly_name.take());
        trunk.domain_name = changes.domain_name.or(trunk.domain_name.take());
        changes.disaster_recovery.apply(&mut trunk.disaster_recovery);
        trunk.secure = changes.secure.unwrap_or(trunk.secure);
        trunk.cnam_lookup = changes.cnam_lookup.unwrap_or(trunk.cnam_lookup);
        if let Some(mode) = changes.transfer_mode {
            trunk.transfer_mode = mode;
        }
        if let Some(caller_id) = changes.transfer_caller_id {
            trunk.transfer_caller_id = caller_id;
        }
        trunk.updated_at = now;
        self.trunk_view(account, sid)
    }

    pub(crate) fn trunk_view(&mut self, account: &str, sid: &str) -> Result<Value, ApiError> {
        let trunk = self.trunk_mut(account, sid)?.clone();
        Ok(self.trunk_json(&trunk))
    }

    pub(crate) fn list_trunks(&self, account: &str) -> Vec<Value> {
        let own = self.sip.trunks.iter().filter(|trunk| trunk.account == account);
        own.map(|trunk| self.trunk_json(trunk)).collect()
    }

    /// Its numbers stay, without a trunk.
    pub(crate) fn delete_trunk(&mut self, account: &str, sid: &str) -> Result<(), ApiError> {
        self.trunk_mut(account, sid)?;
        self.sip.trunks.retain(|trunk| trunk.sid != sid);
        for number in &mut self.numbers {
            number.trunk_sid.take_if(|trunk| trunk == sid);
        }
        Ok(())
    }

    pub(crate) fn trunk_recording(&mut self, account: &str, sid: &str) -> Result<Value, ApiError> {
        Ok(recording_json(self.trunk_mut(account, sid)?))
    }

    pub(crate) fn set_trunk_recording(
        &mut self,
        account: &str,
        sid: &str,
        mode: Option<RecordingMode>,
        trim: Option<bool>,
    ) -> Result<Value, ApiError> {
        let trunk = self.trunk_mut(account, sid)?;
        trunk.recording = mode.unwrap_or(trunk.recording);
        trunk.trim = trim.unwrap_or(trunk.trim);
        Ok(recording_json(trunk))
    }

    /// Calls to this number go through the trunk from now on.
    pub(crate) fn add_trunk_number(
        &mut self,
        account: &str,
        trunk: &str,
        number: &str,
    ) -> Result<Value, ApiError> {
        self.trunk_mut(account, trunk)?;
        self.require(account, number)?;
        let changes = NumberChanges {
            trunk_sid: Change::Set(trunk.to_owned()),
            ..NumberChanges::default()
        };
        self.update_number(number, changes)?;
        self.trunk_number_view(account, trunk, number)
    }

    pub(crate) fn trunk_numbers(&mut self, account: &str, trunk: &str) -> Result<Vec<Value>, ApiError> {
        self.trunk_mut(account, trunk)?;
        let all = self.numbers.iter();
        let own = all.filter(|number| number.trunk_sid.as_deref() == Some(trunk));
        let mut views: Vec<Value> = Vec::new();
        for number in own {
            let mut view = self.number_view(&number.sid)?;
            if let Value::Object(fields) = &mut view {
                for unused in ["uri", "origin", "status"] {
                    fields.remove(unused);
                }
            }
            view["date_created"] = json!(iso(number.created_at));
            view["date_updated"] = json!(iso(number.updated_at));
            view["address_requirements"] = json!("none");
            view["sms_application_sid"] = json!("");
            for unset in ["sms_url", "sms_fallback_url"] {
                view[unset] = Value::Null;
            }
            for method in ["sms_method", "sms_fallback_method"] {
                view[method] = json!("POST");
            }
            let url = format!("{}/v1/Trunks/{trunk}/PhoneNumbers/{}", self.origin(), number.sid);
            view["url"] = json!(url);
            view["links"] = json!({ "phone_number": format!("{}{}", self.origin(), number.path()) });
            views.push(view);
        }
        Ok(views)
    }

    pub(crate) fn trunk_number_view(
        &mut self,
        account: &str,
        trunk: &str,
        number: &str,
    ) -> Result<Value, ApiError> {
        let views = self.trunk_numbers(account, trunk)?;
        let found = views.into_iter().find(|view| view["sid"] == number);
        found.ok_or_else(|| not_found(number))
    }

    pub(crate) fn remove_trunk_number(
        &mut self,
        account: &str,
        trunk: &str,
        number: &str,
    ) -> Result<(), ApiError> {
        self.trunk_number_view(account, trunk, number)?;
        let changes = NumberChanges {
            trunk_sid: Change::Clear,
            ..NumberChanges::default()
        };
        self.update_number(number, changes)
    }

    fn trunk_json(&self, trunk: &Trunk) -> Value {
        let url = format!("{}/v1/Trunks/{}", self.origin(), trunk.sid);
        let auth = self.sip.auth_types(&trunk.lists);
        let recovery = trunk.disaster_recovery.as_ref();
        json!({
            "sid": trunk.sid,
            "account_sid": trunk.account,
            "friendly_name": trunk.friendly_name,
            "domain_name": trunk.domain_name,
            "disaster_recovery_url": recovery.map(|endpoint| endpoint.url.clone()),
            "disaster_recovery_method": recovery.map_or("POST", |endpoint| endpoint.method.as_str()),
            "secure": trunk.secure,
            "cnam_lookup_enabled": trunk.cnam_lookup,
            "transfer_mode": trunk.transfer_mode,
            "transfer_caller_id": trunk.transfer_caller_id,
            "recording": recording_json(trunk),
            "auth_type": auth.join(","),
            "auth_type_set": auth,
            "symmetric_rtp_enabled": false,
            "date_created": iso(trunk.created_at),
            "date_updated": iso(trunk.updated_at),
            "links": {
                "origination_urls": format!("{url}/OriginationUrls"),
                "credential_lists": format!("{url}/CredentialLists"),
                "ip_access_control_lists": format!("{url}/IpAccessControlLists"),
                "phone_numbers": format!("{url}/PhoneNumbers"),
            },
            "url": url,
        })
    }
}

fn recording_json(trunk: &Trunk) -> Value {
    let trim = if trunk.trim { "trim-silence" } else { "do-not-trim" };
    json!({ "mode": trunk.recording.as_str(), "trim": trim })
}

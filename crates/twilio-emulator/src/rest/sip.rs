//! `SIP`: lists of addresses and credentials, domains, and which list admits callers where.

use axum::Router;
use serde_json::Value;

use super::ApiError;
use super::ask::Names;
use super::collection::{Changeable, Collection, Pages, fixed_routes, routes as collection};
use super::form::Form;
use crate::network::{DomainChanges, EntryChanges, Holder, ListKind, Network, RoutingChanges};
use crate::web::Site;

const DOMAIN: [&str; 13] = [
    "DomainName",
    "FriendlyName",
    "VoiceUrl",
    "VoiceMethod",
    "VoiceFallbackUrl",
    "VoiceFallbackMethod",
    "VoiceStatusCallbackUrl",
    "VoiceStatusCallbackMethod",
    "SipRegistration",
    "EmergencyCallingEnabled",
    "Secure",
    "ByocTrunkSid",
    "EmergencyCallerSid",
];

pub(super) fn routes() -> Router<Site> {
    let domain = "/SIP/Domains/{domain}";
    let kinds = [ListKind::Addresses, ListKind::Credentials];
    let with_lists = kinds
        .into_iter()
        .fold(collection("/SIP/Domains", Domains), |router, kind| {
            let lists = format!("/SIP/{}", kind.path());
            let entries = format!("{lists}/{{list}}/{}", kind.entries_path());
            router
                .merge(collection(&lists, Lists(kind)))
                .merge(collection(&entries, Entries(kind)))
                .merge(mappings(domain, Holder::Domain, kind))
                .merge(mappings(
                    &format!("{domain}/Auth/Calls"),
                    Holder::DomainCalls,
                    kind,
                ))
        });
    with_lists.merge(mappings(
        &format!("{domain}/Auth/Registrations"),
        Holder::DomainRegistrations,
        ListKind::Credentials,
    ))
}

/// The lists of one kind that admit callers to what `base` names.
pub(super) fn mappings(base: &str, holder: Holder, kind: ListKind) -> Router<Site> {
    let path = match holder {
        Holder::Trunk => kind.path(),
        Holder::Domain | Holder::DomainCalls | Holder::DomainRegistrations => kind.mappings_path(),
    };
    fixed_routes(&format!("{base}/{path}"), Mappings(holder, kind))
}

/// The lists of one kind.
#[derive(Clone, Copy)]
struct Lists(ListKind);

impl Collection for Lists {
    type Order = String;

    fn pages(self) -> Pages {
        Pages::Of2010
    }

    fn key(self) -> &'static str {
        self.0.key()
    }

    fn parameters(self) -> &'static [&'static str] {
        &["FriendlyName"]
    }

    fn read(self, form: &Form) -> Result<String, ApiError> {
        form.friendly_name()?;
        form.required("FriendlyName")
    }

    fn list(self, network: &mut Network, account: &str, _: &Names) -> Result<Vec<Value>, ApiError> {
        Ok(network.access_lists(account, self.0))
    }

    fn make(self, network: &mut Network, account: &str, _: &Names, name: String) -> Result<Value, ApiError> {
        network.create_access_list(account, self.0, name)
    }

    fn view(self, network: &mut Network, account: &str, names: &Names) -> Result<Value, ApiError> {
        network.access_list_view(account, self.0, names.at(0))
    }

    fn remove(self, network: &mut Network, account: &str, names: &Names) -> Result<(), ApiError> {
        network.delete_access_list(account, self.0, names.at(0))
    }
}

impl Changeable for Lists {
    fn change(
        self,
        network: &mut Network,
        account: &str,
        names: &Names,
        name: String,
    ) -> Result<Value, ApiError> {
        network.rename_access_list(account, self.0, names.at(0), name)
    }
}

/// What is on a list.
#[derive(Clone, Copy)]
struct Entries(ListKind);

impl Collection for Entries {
    type Order = EntryChanges;

    fn pages(self) -> Pages {
        Pages::Of2010
    }

    fn key(self) -> &'static str {
        self.0.entries_key()
    }

    fn parameters(self) -> &'static [&'static str] {
        match self.0 {
            ListKind::Addresses => &["FriendlyName", "IpAddress", "CidrPrefixLength"],
            ListKind::Credentials => &["Username", "Password"],
        }
    }

    fn read(self, form: &Form) -> Result<EntryChanges, ApiError> {
        let text = |name: &str| form.text(name).map(str::to_owned);
        Ok(EntryChanges {
            friendly_name: text("FriendlyName"),
            address: text("IpAddress"),
            prefix_bits: form.number("CidrPrefixLength")?,
            username: text("Username"),
            password: text("Password"),
        })
    }

    fn list(self, network: &mut Network, account: &str, names: &Names) -> Result<Vec<Value>, ApiError> {
        network.entries(account, self.0, names.at(0))
    }

    fn make(
        self,
        network: &mut Network,
        account: &str,
        names: &Names,
        order: EntryChanges,
    ) -> Result<Value, ApiError> {
        network.create_entry(account, self.0, names.at(0), order)
    }

    fn view(self, network: &mut Network, account: &str, names: &Names) -> Result<Value, ApiError> {
        network.entry_view(account, self.0, names.at(0), names.at(1))
    }

    fn remove(self, network: &mut Network, account: &str, names: &Names) -> Result<(), ApiError> {
        network.delete_entry(account, self.0, names.at(0), names.at(1))
    }
}

impl Changeable for Entries {
    fn change(
        self,
        network: &mut Network,
        account: &str,
        names: &Names,
        order: EntryChanges,
    ) -> Result<Value, ApiError> {
        network.update_entry(account, self.0, (names.at(0), names.at(1)), order)
    }
}

/// The lists of one kind that are mapped to a domain or a trunk.
#[derive(Clone, Copy)]
struct Mappings(Holder, ListKind);

impl Collection for Mappings {
    /// The list.
    type Order = String;

    fn pages(self) -> Pages {
        match self.0 {
            Holder::Trunk => Pages::V1,
            Holder::Domain | Holder::DomainCalls | Holder::DomainRegistrations => Pages::Of2010,
        }
    }

    fn key(self) -> &'static str {
        match self.0 {
            Holder::Trunk => self.1.key(),
            Holder::Domain => self.1.mappings_key(),
            Holder::DomainCalls | Holder::DomainRegistrations => "contents",
        }
    }

    fn parameters(self) -> &'static [&'static str] {
        match self.1 {
            ListKind::Addresses => &["IpAccessControlListSid"],
            ListKind::Credentials => &["CredentialListSid"],
        }
    }

    fn read(self, form: &Form) -> Result<String, ApiError> {
        form.required(self.parameters().first().unwrap_or(&""))
    }

    fn list(self, network: &mut Network, account: &str, names: &Names) -> Result<Vec<Value>, ApiError> {
        network.mappings(account, (self.0, names.at(0)), self.1)
    }

    fn make(
        self,
        network: &mut Network,
        account: &str,
        names: &Names,
        list: String,
    ) -> Result<Value, ApiError> {
        network.map_list(account, (self.0, names.at(0)), self.1, &list)
    }

    fn view(self, network: &mut Network, account: &str, names: &Names) -> Result<Value, ApiError> {
        network.mapping_view(account, (self.0, names.at(0)), self.1, names.at(1))
    }

    fn remove(self, network: &mut Network, account: &str, names: &Names) -> Result<(), ApiError> {
        network.unmap_list(account, (self.0, names.at(0)), self.1, names.at(1))
    }
}

#[derive(Clone, Copy)]
struct Domains;

impl Collection for Domains {
    type Order = DomainChanges;

    fn pages(self) -> Pages {
        Pages::Of2010
    }

    fn key(self) -> &'static str {
        "domains"
    }

    fn parameters(self) -> &'static [&'static str] {
        &DOMAIN
    }

    fn read(self, form: &Form) -> Result<DomainChanges, ApiError> {
        let text = |name: &str| form.text(name).map(str::to_owned);
        Ok(DomainChanges {
            name: text("DomainName"),
            friendly_name: text("FriendlyName"),
            routing: RoutingChanges {
                callback: form.change("VoiceStatusCallbackUrl", "VoiceStatusCallbackMethod")?,
                ..form.routing()?
            },
            takes_registrations: form.flag("SipRegistration")?,
            emergency_calling: form.flag("EmergencyCallingEnabled")?,
            secure: form.flag("Secure")?,
            byoc_trunk: text("ByocTrunkSid"),
            emergency_caller: text("EmergencyCallerSid"),
        })
    }

    fn list(self, network: &mut Network, account: &str, _: &Names) -> Result<Vec<Value>, ApiError> {
        Ok(network.list_domains(account))
    }

    fn make(
        self,
        network: &mut Network,
        account: &str,
        _: &Names,
        order: DomainChanges,
    ) -> Result<Value, ApiError> {
        network.create_domain(account, order)
    }

    fn view(self, network: &mut Network, account: &str, names: &Names) -> Result<Value, ApiError> {
        network.domain_view(account, names.at(0))
    }

    fn remove(self, network: &mut Network, account: &str, names: &Names) -> Result<(), ApiError> {
        network.delete_domain(account, names.at(0))
    }
}

impl Changeable for Domains {
    fn change(
        self,
        network: &mut Network,
        account: &str,
        names: &Names,
        order: DomainChanges,
    ) -> Result<Value, ApiError> {
        network.update_domain(account, names.at(0), order)
    }
}

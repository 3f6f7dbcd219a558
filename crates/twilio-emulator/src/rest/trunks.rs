//! `Trunks`, which Twilio serves at `trunking.twilio.com`.

use axum::Router;
use axum::routing::get;
use serde_json::Value;

use super::ApiError;
use super::ask::{Answer, Ask, Names};
use super::collection::{Changeable, Collection, Pages, fixed_routes, routes as collection};
use super::form::Form;
use super::sip::mappings;
use crate::network::{Holder, ListKind, Network, OriginationChanges, RecordingMode, TrunkChanges};
use crate::web::Site;

pub(super) fn routes() -> Router<Site> {
    let trunk = "/v1/Trunks/{trunk}";
    collection("/v1/Trunks", Trunks)
        .merge(collection(&format!("{trunk}/OriginationUrls"), Originations))
        .merge(fixed_routes(&format!("{trunk}/PhoneNumbers"), Numbers))
        .merge(mappings(trunk, Holder::Trunk, ListKind::Addresses))
        .merge(mappings(trunk, Holder::Trunk, ListKind::Credentials))
        .route(
            &format!("{trunk}/Recording"),
            get(fetch_recording).post(update_recording),
        )
}

#[derive(Clone, Copy)]
struct Trunks;

impl Collection for Trunks {
    type Order = TrunkChanges;

    fn pages(self) -> Pages {
        Pages::V1
    }

    fn key(self) -> &'static str {
        "trunks"
    }

    fn parameters(self) -> &'static [&'static str] {
        &[
            "FriendlyName",
            "DomainName",
            "DisasterRecoveryUrl",
            "DisasterRecoveryMethod",
            "TransferMode",
            "Secure",
            "CnamLookupEnabled",
            "TransferCallerId",
        ]
    }

    fn read(self, form: &Form) -> Result<TrunkChanges, ApiError> {
        let transfers = ["disable-all", "enable-all", "sip-only"];
        let transfer_mode = form.one_of("TransferMode", &transfers)?;
        let parties = ["from-transferee", "from-transferor"];
        let transfer_caller_id = form.one_of("TransferCallerId", &parties)?;
        Ok(TrunkChanges {
            friendly_name: name(form)?,
            domain_name: form.text("DomainName").map(str::to_owned),
            disaster_recovery: form.change("DisasterRecoveryUrl", "DisasterRecoveryMethod")?,
            secure: form.flag("Secure")?,
            cnam_lookup: form.flag("CnamLookupEnabled")?,
            transfer_mode: transfer_mode.map(str::to_owned),
            transfer_caller_id: transfer_caller_id.map(str::to_owned),
        })
    }

    fn list(self, network: &mut Network, account: &str, _: &Names) -> Result<Vec<Value>, ApiError> {
        Ok(network.list_trunks(account))
    }

    fn make(
        self,
        network: &mut Network,
        account: &str,
        _: &Names,
        order: TrunkChanges,
    ) -> Result<Value, ApiError> {
        network.create_trunk(account, order)
    }

    fn view(self, network: &mut Network, account: &str, names: &Names) -> Result<Value, ApiError> {
        network.trunk_view(account, names.at(0))
    }

    fn remove(self, network: &mut Network, account: &str, names: &Names) -> Result<(), ApiError> {
        network.delete_trunk(account, names.at(0))
    }
}

impl Changeable for Trunks {
    fn change(
        self,
        network: &mut Network,
        account: &str,
        names: &Names,
        order: TrunkChanges,
    ) -> Result<Value, ApiError> {
        network.update_trunk(account, names.at(0), order)
    }
}

fn name(form: &Form) -> Result<Option<String>, ApiError> {
    Ok(form.friendly_name()?.filter(|name| !name.is_empty()))
}

/// Where a trunk sends calls to its numbers.
#[derive(Clone, Copy)]
struct Originations;

impl Collection for Originations {
    type Order = OriginationChanges;

    fn pages(self) -> Pages {
        Pages::V1
    }

    fn key(self) -> &'static str {
        "origination_urls"
    }

    fn parameters(self) -> &'static [&'static str] {
        &["Weight", "Priority", "Enabled", "FriendlyName", "SipUrl"]
    }

    fn read(self, form: &Form) -> Result<OriginationChanges, ApiError> {
        Ok(OriginationChanges {
            weight: form.number("Weight")?,
            priority: form.number("Priority")?,
            enabled: form.flag("Enabled")?,
            friendly_name: name(form)?,
            sip_url: form.text("SipUrl").map(str::to_owned),
        })
    }

    fn list(self, network: &mut Network, account: &str, names: &Names) -> Result<Vec<Value>, ApiError> {
        network.originations(account, names.at(0))
    }

    fn make(
        self,
        network: &mut Network,
        account: &str,
        names: &Names,
        order: OriginationChanges,
    ) -> Result<Value, ApiError> {
        network.create_origination(account, names.at(0), order)
    }

    fn view(self, network: &mut Network, account: &str, names: &Names) -> Result<Value, ApiError> {
        network.origination_view(account, names.at(0), names.at(1))
    }

    fn remove(self, network: &mut Network, account: &str, names: &Names) -> Result<(), ApiError> {
        network.delete_origination(account, names.at(0), names.at(1))
    }
}

impl Changeable for Originations {
    fn change(
        self,
        network: &mut Network,
        account: &str,
        names: &Names,
        order: OriginationChanges,
    ) -> Result<Value, ApiError> {
        network.update_origination(account, names.at(0), names.at(1), order)
    }
}

/// Numbers whose calls go through a trunk.
#[derive(Clone, Copy)]
struct Numbers;

impl Collection for Numbers {
    /// The number.
    type Order = String;

    fn pages(self) -> Pages {
        Pages::V1
    }

    fn key(self) -> &'static str {
        "phone_numbers"
    }

    fn parameters(self) -> &'static [&'static str] {
        &["PhoneNumberSid"]
    }

    fn read(self, form: &Form) -> Result<String, ApiError> {
        form.required("PhoneNumberSid")
    }

    fn list(self, network: &mut Network, account: &str, names: &Names) -> Result<Vec<Value>, ApiError> {
        network.trunk_numbers(account, names.at(0))
    }

    fn make(
        self,
        network: &mut Network,
        account: &str,
        names: &Names,
        number: String,
    ) -> Result<Value, ApiError> {
        network.add_trunk_number(account, names.at(0), &number)
    }

    fn view(self, network: &mut Network, account: &str, names: &Names) -> Result<Value, ApiError> {
        network.trunk_number_view(account, names.at(0), names.at(1))
    }

    fn remove(self, network: &mut Network, account: &str, names: &Names) -> Result<(), ApiError> {
        network.remove_trunk_number(account, names.at(0), names.at(1))
    }
}

async fn fetch_recording(ask: Ask) -> Answer {
    let trunk = ask.name(0);
    ask.read(move |network, account| network.trunk_recording(account, &trunk))
        .await
}

async fn update_recording(ask: Ask) -> Answer {
    ask.only(&["Mode", "Trim"]).await?;
    let trunk = ask.name(0);
    let mode = match ask.form.text("Mode") {
        None => None,
        Some(text) => Some(
            RecordingMode::parse(text)
                .ok_or_else(|| ApiError::parameter(format!("Mode is no recording mode: {text}")))?,
        ),
    };
    let trim = ask.form.one_of("Trim", &["trim-silence", "do-not-trim"])?;
    let trim = trim.map(|word| word == "trim-silence");
    ask.show(move |network, account| network.set_trunk_recording(account, &trunk, mode, trim))
        .await
}

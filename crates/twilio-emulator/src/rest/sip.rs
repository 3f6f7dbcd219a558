//! `SIP`: lists of addresses and credentials, domains, and which list admits callers where.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;

use super::ApiError;
use super::ask::{Answer, Ask};
use crate::network::{DomainChanges, EntryChanges, Holder, ListKind, RoutingChanges};
use crate::web::Site;

const FRIENDLY_NAME_CHARACTERS_MAX: usize = 64;
const DOMAIN_KNOWN: [&str; 13] = [
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
    let domains = Router::new()
        .route("/SIP/Domains.json", get(domains).post(create_domain))
        .route(
            "/SIP/Domains/{domain}",
            get(domain).post(update_domain).delete(delete_domain),
        );
    [ListKind::Addresses, ListKind::Credentials]
        .into_iter()
        .fold(domains, |router, kind| {
            let router = router
                .merge(lists(kind))
                .merge(mappings("/SIP/Domains/{domain}", Holder::Domain, kind))
                .merge(mappings(
                    "/SIP/Domains/{domain}/Auth/Calls",
                    Holder::DomainCalls,
                    kind,
                ));
            match kind {
                ListKind::Addresses => router,
                ListKind::Credentials => router.merge(mappings(
                    "/SIP/Domains/{domain}/Auth/Registrations",
                    Holder::DomainRegistrations,
                    kind,
                )),
            }
        })
}

/// The lists of one kind and their entries.
fn lists(kind: ListKind) -> Router<Site> {
    let lists = format!("/SIP/{}", kind.path());
    let entries = format!("{lists}/{{list}}/{}", kind.entries_path());
    Router::new()
        .route(
            &format!("{lists}.json"),
            get(move |ask| list(kind, ask)).post(move |ask| create(kind, ask)),
        )
        .route(
            &format!("{lists}/{{list}}"),
            get(move |ask| fetch(kind, ask))
                .post(move |ask| rename(kind, ask))
                .delete(move |ask| delete(kind, ask)),
        )
        .route(
            &format!("{entries}.json"),
            get(move |ask| list_entries(kind, ask)).post(move |ask| create_entry(kind, ask)),
        )
        .route(
            &format!("{entries}/{{entry}}"),
            get(move |ask| fetch_entry(kind, ask))
                .post(move |ask| update_entry(kind, ask))
                .delete(move |ask| delete_entry(kind, ask)),
        )
}

async fn list(kind: ListKind, ask: Ask) -> Answer {
    ask.list(kind.key(), move |network, account| {
        Ok(network.access_lists(account, kind))
    })
    .await
}

async fn create(kind: ListKind, ask: Ask) -> Answer {
    ask.only(&["FriendlyName"]).await?;
    let name = friendly_name(&ask)?;
    ask.made(move |network, account| network.create_access_list(account, kind, name))
        .await
}

async fn fetch(kind: ListKind, ask: Ask) -> Answer {
    let sid = ask.name(0);
    ask.show(move |network, account| network.access_list_view(account, kind, &sid))
        .await
}

async fn rename(kind: ListKind, ask: Ask) -> Answer {
    ask.only(&["FriendlyName"]).await?;
    let (sid, name) = (ask.name(0), friendly_name(&ask)?);
    ask.show(move |network, account| network.rename_access_list(account, kind, &sid, name))
        .await
}

async fn delete(kind: ListKind, ask: Ask) -> Result<StatusCode, ApiError> {
    let sid = ask.name(0);
    ask.gone(move |network, account| network.delete_access_list(account, kind, &sid))
        .await
}

async fn list_entries(kind: ListKind, ask: Ask) -> Answer {
    let list = ask.name(0);
    ask.list(kind.entries_key(), move |network, account| {
        network.entries(account, kind, &list)
    })
    .await
}

async fn create_entry(kind: ListKind, ask: Ask) -> Answer {
    let (list, changes) = (ask.name(0), entry_changes(kind, &ask).await?);
    ask.made(move |network, account| network.create_entry(account, kind, &list, changes))
        .await
}

async fn fetch_entry(kind: ListKind, ask: Ask) -> Answer {
    let (list, sid) = (ask.name(0), ask.name(1));
    ask.show(move |network, account| network.entry_view(account, kind, &list, &sid))
        .await
}

async fn update_entry(kind: ListKind, ask: Ask) -> Answer {
    let (list, sid) = (ask.name(0), ask.name(1));
    let changes = entry_changes(kind, &ask).await?;
    ask.show(move |network, account| network.update_entry(account, kind, &list, &sid, changes))
        .await
}

async fn delete_entry(kind: ListKind, ask: Ask) -> Result<StatusCode, ApiError> {
    let (list, sid) = (ask.name(0), ask.name(1));
    ask.gone(move |network, account| network.delete_entry(account, kind, &list, &sid))
        .await
}

async fn entry_changes(kind: ListKind, ask: &Ask) -> Result<EntryChanges, ApiError> {
    match kind {
        ListKind::Addresses => {
            ask.only(&["FriendlyName", "IpAddress", "CidrPrefixLength"])
                .await?;
        }
        ListKind::Credentials => ask.only(&["Username", "Password"]).await?,
    }
    let text = |name: &str| ask.form.text(name).map(str::to_owned);
    Ok(EntryChanges {
        friendly_name: text("FriendlyName"),
        address: text("IpAddress"),
        prefix_bits: ask.form.number("CidrPrefixLength")?,
        username: text("Username"),
        password: text("Password"),
    })
}

/// The lists of one kind that admit callers to what `base` names.
pub(super) fn mappings(base: &str, holder: Holder, kind: ListKind) -> Router<Site> {
    let (path, end) = match holder {
        Holder::Trunk => (kind.path().to_owned(), ""),
        Holder::Domain | Holder::DomainCalls | Holder::DomainRegistrations => {
            (kind.path().replace("Lists", "ListMappings"), ".json")
        }
    };
    Router::new()
        .route(
            &format!("{base}/{path}{end}"),
            get(move |ask| list_mappings(holder, kind, ask)).post(move |ask| map(holder, kind, ask)),
        )
        .route(
            &format!("{base}/{path}/{{list}}"),
            get(move |ask| fetch_mapping(holder, kind, ask)).delete(move |ask| unmap(holder, kind, ask)),
        )
}

async fn map(holder: Holder, kind: ListKind, ask: Ask) -> Answer {
    ask.only(&[kind.parameter()]).await?;
    let (sid, list) = (ask.name(0), ask.required(kind.parameter())?);
    ask.made(move |network, account| network.map_list(account, holder, &sid, kind, &list))
        .await
}

async fn list_mappings(holder: Holder, kind: ListKind, ask: Ask) -> Answer {
    let sid = ask.name(0);
    match holder {
        Holder::Trunk => {
            ask.list_v1(kind.key(), move |network, account| {
                network.mappings(account, holder, &sid, kind)
            })
            .await
        }
        Holder::Domain => {
            let key = kind.key().replace("lists", "list_mappings");
            ask.list(&key, move |network, account| {
                network.mappings(account, holder, &sid, kind)
            })
            .await
        }
        Holder::DomainCalls | Holder::DomainRegistrations => {
            ask.list("contents", move |network, account| {
                network.mappings(account, holder, &sid, kind)
            })
            .await
        }
    }
}

async fn fetch_mapping(holder: Holder, kind: ListKind, ask: Ask) -> Answer {
    let (sid, list) = (ask.name(0), ask.name(1));
    ask.show(move |network, account| network.mapping_view(account, holder, &sid, kind, &list))
        .await
}

async fn unmap(holder: Holder, kind: ListKind, ask: Ask) -> Result<StatusCode, ApiError> {
    let (sid, list) = (ask.name(0), ask.name(1));
    ask.gone(move |network, account| network.unmap_list(account, holder, &sid, kind, &list))
        .await
}

async fn domains(ask: Ask) -> Answer {
    ask.list("domains", |network, account| Ok(network.list_domains(account)))
        .await
}

async fn create_domain(ask: Ask) -> Answer {
    let changes = domain_changes(&ask).await?;
    ask.made(move |network, account| network.create_domain(account, changes))
        .await
}

async fn domain(ask: Ask) -> Answer {
    let sid = ask.name(0);
    ask.show(move |network, account| network.domain_view(account, &sid))
        .await
}

async fn update_domain(ask: Ask) -> Answer {
    let (sid, changes) = (ask.name(0), domain_changes(&ask).await?);
    ask.show(move |network, account| network.update_domain(account, &sid, changes))
        .await
}

async fn delete_domain(ask: Ask) -> Result<StatusCode, ApiError> {
    let sid = ask.name(0);
    ask.gone(move |network, account| network.delete_domain(account, &sid))
        .await
}

async fn domain_changes(ask: &Ask) -> Result<DomainChanges, ApiError> {
    ask.only(&DOMAIN_KNOWN).await?;
    let text = |name: &str| ask.form.text(name).map(str::to_owned);
    let form = &ask.form;
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

fn friendly_name(ask: &Ask) -> Result<String, ApiError> {
    let name = ask.required("FriendlyName")?;
    if name.chars().count() > FRIENDLY_NAME_CHARACTERS_MAX {
        return Err(ApiError::parameter("FriendlyName has more than 64 characters"));
    }
    Ok(name)
}

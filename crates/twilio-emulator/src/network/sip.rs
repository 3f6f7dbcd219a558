//! SIP: lists that admit callers, domains that take calls in, trunks, and the simulated PBXs at the other end.

mod calls;
mod domains;
mod leg;
mod lists;
mod mappings;
mod origination;
mod trunking;
mod trunks;

pub(crate) use calls::PbxOrder;
pub(crate) use domains::DomainChanges;
pub(super) use leg::SipLeg;
pub(crate) use lists::{EntryChanges, ListKind};
pub(crate) use mappings::Holder;
pub(crate) use origination::OriginationChanges;
pub(super) use trunking::OnTrunk;
pub(crate) use trunks::{RecordingMode, TrunkChanges};

use domains::Domain;
use lists::AccessList;
use trunks::Trunk;

/// Everything about SIP that belongs to an account.
#[derive(Debug, Default)]
pub(super) struct Sip {
    lists: Vec<AccessList>,
    domains: Vec<Domain>,
    trunks: Vec<Trunk>,
}

/// `2026-11-22T10:00:00Z`, as the newer products write dates.
fn iso(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Whether this is a host name's first part before `suffix`: letters, digits and hyphens.
fn is_domain(name: &str, suffix: &str) -> bool {
    name.strip_suffix(suffix).is_some_and(|label| {
        !label.is_empty()
            && label
                .split('.')
                .all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
    })
}

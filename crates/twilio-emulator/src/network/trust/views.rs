//! How profiles, products and their parts are shown and found.

use serde_json::{Value, json};

use super::{Assignment, Bundle, BundleKind, Network, Part, Review, not_found};
use crate::clock::iso8601;
use crate::rest::ApiError;

/// `GET CustomerProfiles` and `GET TrustProducts`: what to show.
#[derive(Clone, Debug, Default)]
pub(crate) struct BundleFilter {
    pub(crate) status: Option<String>,
    pub(crate) friendly_name: Option<String>,
    pub(crate) policy: Option<String>,
}

/// `GET EntityAssignments` and `GET ChannelEndpointAssignments`: what to show.
#[derive(Clone, Debug, Default)]
pub(crate) struct PartFilter {
    /// These, if there are any.
    pub(crate) objects: Vec<String>,
    /// What an end user or a document is, by Twilio's word for it.
    pub(crate) kind: Option<String>,
}

impl BundleFilter {
    fn shows(&self, bundle: &Bundle) -> bool {
        let is = |wanted: &Option<String>, value: &str| wanted.as_deref().is_none_or(|it| it == value);
        is(&self.status, bundle.review.as_str())
            && is(&self.friendly_name, &bundle.friendly_name)
            && is(&self.policy, &bundle.policy)
    }
}

impl Network {
    pub(super) fn bundle_url(&self, bundle: &Bundle) -> String {
        format!("{}/v1/{}/{}", self.origin, bundle.kind.path(), bundle.sid)
    }

    pub(crate) fn bundle_view(&self, account: &str, kind: BundleKind, sid: &str) -> Result<Value, ApiError> {
        Ok(self.bundle_json(self.trust.get(account, kind, sid)?))
    }

    /// Newest first.
    pub(crate) fn list_bundles(&self, account: &str, kind: BundleKind, filter: &BundleFilter) -> Vec<Value> {
        let own = self.trust.bundles.iter().rev();
        own.filter(|it| it.account == account && it.kind == kind && filter.shows(it))
            .map(|it| self.bundle_json(it))
            .collect()
    }

    fn bundle_json(&self, bundle: &Bundle) -> Value {
        let url = self.bundle_url(bundle);
        let word = bundle.kind.word();
        let errors: Vec<Value> = if bundle.review == Review::Rejected {
            let missing = self.trust.missing(bundle).into_iter();
            missing
                .map(|name| json!({ "code": 22_214, "message": format!("A {name} is missing") }))
                .collect()
        } else {
            Vec::new()
        };
        json!({
            "sid": bundle.sid,
            "account_sid": bundle.account,
            "policy_sid": bundle.policy,
            "friendly_name": bundle.friendly_name,
            "email": bundle.email,
            "status": bundle.review.as_str(),
            "status_callback": bundle.callback,
            "valid_until": null,
            "errors": errors,
            "date_created": iso8601(bundle.created_at),
            "date_updated": iso8601(bundle.updated_at),
            "url": url,
            "links": {
                format!("{word}s_entity_assignments"): format!("{url}/EntityAssignments"),
                format!("{word}s_evaluations"): format!("{url}/Evaluations"),
                format!("{word}s_channel_endpoint_assignment"): format!("{url}/ChannelEndpointAssignments"),
            },
        })
    }

    /// In the order in which they were made.
    pub(crate) fn list_assignments(
        &self,
        account: &str,
        (kind, bundle): (BundleKind, &str),
        part: Part,
        filter: &PartFilter,
    ) -> Result<Vec<Value>, ApiError> {
        let bundle = self.trust.get(account, kind, bundle)?;
        let is_of = |object: &str, wanted: &str| {
            let mut papers = self.trust.papers.iter();
            papers.any(|paper| paper.sid == object && paper.machine_name == wanted)
        };
        let wanted = |it: &&Assignment| {
            (filter.objects.is_empty() || filter.objects.contains(&it.object))
                && (filter.kind.as_ref()).is_none_or(|kind| is_of(&it.object, kind))
        };
        let parts = bundle.parts(part).iter().filter(wanted);
        Ok(parts.map(|it| self.assignment_json(bundle, part, it)).collect())
    }

    pub(crate) fn assignment_view(
        &self,
        account: &str,
        (kind, bundle): (BundleKind, &str),
        part: Part,
        sid: &str,
    ) -> Result<Value, ApiError> {
        let bundle = self.trust.get(account, kind, bundle)?;
        let found = bundle.parts(part).iter().find(|it| it.sid == sid);
        found
            .map(|it| self.assignment_json(bundle, part, it))
            .ok_or_else(|| not_found(sid))
    }

    fn assignment_json(&self, bundle: &Bundle, part: Part, assignment: &Assignment) -> Value {
        let mut view = json!({
            "sid": assignment.sid,
            "account_sid": bundle.account,
            format!("{}_sid", bundle.kind.word()): bundle.sid,
            "date_created": iso8601(assignment.created_at),
            "url": format!("{}/{}/{}", self.bundle_url(bundle), part.path(), assignment.sid),
        });
        match part {
            Part::Entity => view["object_sid"] = json!(assignment.object),
            Part::Endpoint => {
                view["channel_endpoint_type"] = json!("phone-number");
                view["channel_endpoint_sid"] = json!(assignment.object);
            }
        }
        view
    }
}

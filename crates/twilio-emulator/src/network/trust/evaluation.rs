//! What a policy asks for, and whether a profile or product has it.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::papers::PaperKind;
use super::{Bundle, BundleKind, Network, Part, TrustHub, not_found};
use crate::clock::iso8601;
use crate::rest::ApiError;

/// Evaluations kept of one profile or product.
const EVALUATIONS_MAX: usize = 100;

/// Twilio's policy for signing calls; it is the same for every account.
pub(super) const SHAKEN: &str = "RN7a97559effdf62d00f4298208492a5ea";

/// What Twilio asks of a kind of profile or product.
pub(super) struct Policy {
    sid: &'static str,
    name: &'static str,
    end_users: &'static [&'static str],
    documents: &'static [&'static str],
    /// It is built on a customer profile.
    on_profile: bool,
}

const BUSINESS: [&str; 2] = [
    "customer_profile_business_information",
    "authorized_representative_1",
];
const ADDRESS: [&str; 1] = ["customer_profile_address"];

/// Their SIDs are Twilio's own.
const POLICIES: [Policy; 5] = [
    Policy {
        sid: "RN6433641899984f951173ef1738c3bdd0",
        name: "Primary Customer Profile of type Business",
        end_users: &BUSINESS,
        documents: &ADDRESS,
        on_profile: false,
    },
    Policy {
        sid: "RNdfbf3fae0e1107f8aded0e7cead80bf5",
        name: "Secondary Customer Profile of type Business",
        end_users: &BUSINESS,
        documents: &ADDRESS,
        on_profile: false,
    },
    Policy {
        sid: SHAKEN,
        name: "SHAKEN/STIR",
        end_users: &[],
        documents: &[],
        on_profile: true,
    },
    Policy {
        sid: "RNf3db3cd1fe25fcfd3c3ded065c8fea53",
        name: "CNAM",
        end_users: &["cnam_information"],
        documents: &[],
        on_profile: true,
    },
    Policy {
        sid: "RN5b3660f9598883b1df4e77f77acefba0",
        name: "Voice Integrity",
        end_users: &["voice_integrity_information"],
        documents: &[],
        on_profile: true,
    },
];

pub(super) fn policy(sid: &str) -> Option<&'static Policy> {
    POLICIES.iter().find(|policy| policy.sid == sid)
}

/// One look at what there is.
#[derive(Clone, Debug)]
pub(super) struct Evaluation {
    sid: String,
    policy: String,
    results: Vec<Value>,
    compliant: bool,
    created_at: Timestamp,
}

impl TrustHub {
    /// Kinds of objects that the policy asks for and the profile or product lacks.
    pub(super) fn missing(&self, bundle: &Bundle) -> Vec<&'static str> {
        let asked = policy(&bundle.policy).map(|policy| self.check(bundle, policy));
        let asked = asked.unwrap_or_default().into_iter();
        asked.filter(|(_, there)| !there).map(|(name, _)| name).collect()
    }

    /// Everything asked for, and whether it is there.
    fn check(&self, bundle: &Bundle, policy: &Policy) -> Vec<(&'static str, bool)> {
        let has = |kind: PaperKind, name: &str| {
            let mut papers = self.papers.iter();
            papers.any(|it| it.kind == kind && it.machine_name == name && bundle.has(Part::Entity, &it.sid))
        };
        let users = policy
            .end_users
            .iter()
            .map(|name| (*name, has(PaperKind::EndUser, name)));
        let documents = policy
            .documents
            .iter()
            .map(|name| (*name, has(PaperKind::Document, name)));
        let mut profiles = self
            .bundles
            .iter()
            .filter(|it| it.kind == BundleKind::CustomerProfile);
        let profile = policy.on_profile.then(|| {
            (
                "customer_profile",
                profiles.any(|it| bundle.has(Part::Entity, &it.sid)),
            )
        });
        users.chain(documents).chain(profile).collect()
    }
}

impl Network {
    pub(crate) fn list_policies(&self) -> Vec<Value> {
        POLICIES.iter().map(|policy| self.policy_json(policy)).collect()
    }

    pub(crate) fn policy_view(&self, sid: &str) -> Result<Value, ApiError> {
        let found = policy(sid).ok_or_else(|| not_found(sid))?;
        Ok(self.policy_json(found))
    }

    fn policy_json(&self, policy: &Policy) -> Value {
        let asked = |names: &[&str], types: &str| -> Vec<Value> {
            let one = |name: &&str| json!({ "requirement_name": name, "type": name, "url": format!("/{types}/{name}") });
            names.iter().map(one).collect()
        };
        let profiles: Vec<Value> = policy
            .on_profile
            .then(|| json!({ "requirement_name": "customer_profile", "type": "customer_profile" }))
            .into_iter()
            .collect();
        json!({
            "sid": policy.sid,
            "friendly_name": policy.name,
            "requirements": {
                "end_user": asked(policy.end_users, "EndUserTypes"),
                "supporting_document": [asked(policy.documents, "SupportingDocumentTypes")],
                "supporting_customer_profiles": profiles,
                "supporting_trust_products": [],
            },
            "url": format!("{}/v1/Policies/{}", self.origin, policy.sid),
        })
    }

    pub(crate) fn evaluate(
        &mut self,
        account: &str,
        (kind, bundle): (BundleKind, &str),
        policy_sid: &str,
    ) -> Result<String, ApiError> {
        let asked = policy(policy_sid).ok_or_else(|| not_found(policy_sid))?;
        let checks = self.trust.check(self.trust.get(account, kind, bundle)?, asked);
        let evaluation = Evaluation {
            sid: self.sids.next("EL"),
            policy: policy_sid.to_owned(),
            compliant: checks.iter().all(|(_, there)| *there),
            results: checks
                .into_iter()
                .map(|(name, there)| result(name, there))
                .collect(),
            created_at: self.now,
        };
        let sid = evaluation.sid.clone();
        let evaluations = &mut self.trust.get_mut(account, kind, bundle)?.evaluations;
        if evaluations.len() >= EVALUATIONS_MAX {
            evaluations.remove(0);
        }
        evaluations.push(evaluation);
        Ok(sid)
    }

    /// Newest first.
    pub(crate) fn list_evaluations(
        &self,
        account: &str,
        (kind, bundle): (BundleKind, &str),
    ) -> Result<Vec<Value>, ApiError> {
        let bundle = self.trust.get(account, kind, bundle)?;
        let newest_first = bundle.evaluations.iter().rev();
        Ok(newest_first.map(|it| self.evaluation_json(bundle, it)).collect())
    }

    pub(crate) fn evaluation_view(
        &self,
        account: &str,
        (kind, bundle): (BundleKind, &str),
        sid: &str,
    ) -> Result<Value, ApiError> {
        let bundle = self.trust.get(account, kind, bundle)?;
        let found = bundle.evaluations.iter().find(|it| it.sid == sid);
        found
            .map(|it| self.evaluation_json(bundle, it))
            .ok_or_else(|| not_found(sid))
    }

    fn evaluation_json(&self, bundle: &Bundle, evaluation: &Evaluation) -> Value {
        let url = self.bundle_url(bundle);
        json!({
            "sid": evaluation.sid,
            "account_sid": bundle.account,
            "policy_sid": evaluation.policy,
            format!("{}_sid", bundle.kind.word()): bundle.sid,
            "status": if evaluation.compliant { "compliant" } else { "noncompliant" },
            "results": evaluation.results,
            "date_created": iso8601(evaluation.created_at),
            "url": format!("{url}/Evaluations/{}", evaluation.sid),
        })
    }
}

fn result(name: &str, there: bool) -> Value {
    json!({
        "requirement_name": name,
        "requirement_friendly_name": name,
        "friendly_name": name,
        "object_type": name,
        "passed": there,
        "failure_reason": (!there).then(|| format!("A {name} is missing")),
        "error_code": (!there).then_some(22_214),
        "valid": [],
        "invalid": [],
    })
}

//! Trust Hub: who a business is, which of its numbers that covers, and what Twilio thinks of it.

mod evaluation;
mod papers;
mod views;

use jiff::{SignedDuration, Timestamp};

use super::call::Endpoint;
use super::callback::push;
use super::{Network, Timer, not_found};
use crate::rest::ApiError;
use crate::sid::CallSid;
use crate::twiml::Method;
use evaluation::{Evaluation, SHAKEN};
use papers::Paper;
pub(crate) use papers::{PaperKind, PaperOrder};
pub(crate) use views::{BundleFilter, PartFilter};

/// Profiles and products of all accounts.
const BUNDLES_MAX: usize = 10_000;
/// Objects, or numbers, of one profile or product.
const ASSIGNMENTS_MAX: usize = 10_000;
/// What people take days for.
const REVIEW_TAKES: SignedDuration = SignedDuration::from_secs(60);

/// A business profile, or what is built on one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BundleKind {
    CustomerProfile,
    TrustProduct,
}

impl BundleKind {
    /// The collection's name in paths.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::CustomerProfile => "CustomerProfiles",
            Self::TrustProduct => "TrustProducts",
        }
    }

    /// What its parts are called by in JSON.
    fn word(self) -> &'static str {
        match self {
            Self::CustomerProfile => "customer_profile",
            Self::TrustProduct => "trust_product",
        }
    }
}

/// Where a review stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Review {
    Draft,
    Pending,
    Rejected,
    Approved,
}

impl Review {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Draft, Self::Pending, Self::Rejected, Self::Approved]
            .into_iter()
            .find(|status| status.as_str() == text)
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Pending => "pending-review",
            Self::Rejected => "twilio-rejected",
            Self::Approved => "twilio-approved",
        }
    }

    /// What is or was looked at stays as it was.
    fn is_closed(self) -> bool {
        matches!(self, Self::Pending | Self::Approved)
    }
}

/// What a profile or product is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// End users, documents and profiles.
    Entity,
    /// Phone numbers.
    Endpoint,
}

impl Part {
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Entity => "EntityAssignments",
            Self::Endpoint => "ChannelEndpointAssignments",
        }
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::Entity => "BV",
            Self::Endpoint => "RA",
        }
    }
}

/// Something that belongs to a profile or product.
#[derive(Clone, Debug)]
struct Assignment {
    sid: String,
    object: String,
    created_at: Timestamp,
}

/// A customer profile or a trust product.
#[derive(Clone, Debug)]
pub(super) struct Bundle {
    pub(super) sid: String,
    account: String,
    kind: BundleKind,
    policy: String,
    pub(super) friendly_name: String,
    email: String,
    callback: Option<String>,
    review: Review,
    /// How often it was handed in; a review is of one time only.
    handed_in: u32,
    entities: Vec<Assignment>,
    endpoints: Vec<Assignment>,
    evaluations: Vec<Evaluation>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl Bundle {
    fn parts(&self, part: Part) -> &Vec<Assignment> {
        match part {
            Part::Entity => &self.entities,
            Part::Endpoint => &self.endpoints,
        }
    }

    fn parts_mut(&mut self, part: Part) -> &mut Vec<Assignment> {
        match part {
            Part::Entity => &mut self.entities,
            Part::Endpoint => &mut self.endpoints,
        }
    }

    fn has(&self, part: Part, object: &str) -> bool {
        self.parts(part).iter().any(|it| it.object == object)
    }
}

/// `POST CustomerProfiles` and `POST TrustProducts`.
#[derive(Clone, Debug)]
pub(crate) struct BundleOrder {
    pub(crate) friendly_name: String,
    pub(crate) email: String,
    pub(crate) policy: String,
    pub(crate) callback: Option<String>,
}

/// What is to change.
#[derive(Clone, Debug, Default)]
pub(crate) struct BundleChanges {
    pub(crate) friendly_name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) callback: Option<String>,
    pub(crate) review: Option<Review>,
}

/// Everything Trust Hub knows, of all accounts.
#[derive(Debug, Default)]
pub(super) struct TrustHub {
    bundles: Vec<Bundle>,
    papers: Vec<Paper>,
}

impl TrustHub {
    fn get(&self, account: &str, kind: BundleKind, sid: &str) -> Result<&Bundle, ApiError> {
        let mut bundles = self.bundles.iter();
        let found = bundles.find(|it| it.sid == sid && it.kind == kind && it.account == account);
        found.ok_or_else(|| not_found(sid))
    }

    fn get_mut(&mut self, account: &str, kind: BundleKind, sid: &str) -> Result<&mut Bundle, ApiError> {
        let mut bundles = self.bundles.iter_mut();
        let found = bundles.find(|it| it.sid == sid && it.kind == kind && it.account == account);
        found.ok_or_else(|| not_found(sid))
    }

    /// The approved business profile of a number, by the number's SID.
    pub(super) fn profile_of(&self, number: &str) -> Option<&Bundle> {
        self.bundles.iter().find(|it| {
            it.kind == BundleKind::CustomerProfile
                && it.review == Review::Approved
                && it.has(Part::Endpoint, number)
        })
    }

    fn is_signed(&self, number: &str) -> bool {
        self.profile_of(number).is_some_and(|profile| {
            self.bundles.iter().any(|it| {
                it.kind == BundleKind::TrustProduct
                    && it.policy == SHAKEN
                    && it.review == Review::Approved
                    && it.has(Part::Endpoint, number)
                    && it.has(Part::Entity, &profile.sid)
            })
        })
    }
}

fn closed(sid: &str) -> ApiError {
    ApiError::parameter(format!("{sid} is in review or approved and cannot be changed"))
}

impl Network {
    pub(crate) fn create_bundle(
        &mut self,
        account: &str,
        kind: BundleKind,
        order: BundleOrder,
    ) -> Result<String, ApiError> {
        if self.trust.bundles.len() >= BUNDLES_MAX {
            return Err(ApiError::parameter("Too many profiles and products"));
        }
        evaluation::policy(&order.policy).ok_or_else(|| not_found(&order.policy))?;
        let sid = self.sids.next("BU");
        self.trust.bundles.push(Bundle {
            sid: sid.clone(),
            account: account.to_owned(),
            kind,
            policy: order.policy,
            friendly_name: order.friendly_name,
            email: order.email,
            callback: order.callback,
            review: Review::Draft,
            handed_in: 0,
            entities: Vec::new(),
            endpoints: Vec::new(),
            evaluations: Vec::new(),
            created_at: self.now,
            updated_at: self.now,
        });
        Ok(sid)
    }

    /// A customer hands in or takes back; Twilio alone approves and rejects.
    pub(crate) fn update_bundle(
        &mut self,
        account: &str,
        kind: BundleKind,
        sid: &str,
        changes: BundleChanges,
    ) -> Result<(), ApiError> {
        let now = self.now;
        let bundle = self.trust.get_mut(account, kind, sid)?;
        match changes.review {
            Some(Review::Approved | Review::Rejected) => {
                return Err(ApiError::parameter("Status may become draft or pending-review"));
            }
            Some(Review::Pending | Review::Draft) if bundle.review == Review::Approved => {
                return Err(closed(sid));
            }
            Some(Review::Pending | Review::Draft) | None => {}
        }
        let (old_name, old_email) = (bundle.friendly_name.clone(), bundle.email.clone());
        bundle.friendly_name = changes.friendly_name.unwrap_or(old_name);
        bundle.email = changes.email.unwrap_or(old_email);
        bundle.callback = changes.callback.or(bundle.callback.take());
        bundle.updated_at = now;
        match changes.review {
            Some(Review::Pending) if bundle.review != Review::Pending => {
                bundle.handed_in = bundle.handed_in.saturating_add(1);
                let review = Timer::Review(sid.to_owned(), bundle.handed_in);
                self.set_review(sid, Review::Pending);
                self.set_timer(REVIEW_TAKES, review);
            }
            Some(review @ Review::Draft) => self.set_review(sid, review),
            Some(Review::Pending | Review::Rejected | Review::Approved) | None => {}
        }
        Ok(())
    }

    pub(crate) fn delete_bundle(
        &mut self,
        account: &str,
        kind: BundleKind,
        sid: &str,
    ) -> Result<(), ApiError> {
        if self.trust.get(account, kind, sid)?.review == Review::Pending {
            return Err(closed(sid));
        }
        self.trust.bundles.retain(|it| it.sid != sid);
        Ok(())
    }

    /// The time for a review is over: what is complete is approved, unless it was taken back meanwhile.
    pub(super) fn review_due(&mut self, sid: &str, handed_in: u32) {
        let bundle = self.trust.bundles.iter().find(|it| it.sid == sid);
        let is_due = |it: &&Bundle| it.review == Review::Pending && it.handed_in == handed_in;
        let Some(bundle) = bundle.filter(is_due) else {
            return;
        };
        let complete = self.trust.missing(bundle).is_empty();
        self.set_review(
            sid,
            if complete {
                Review::Approved
            } else {
                Review::Rejected
            },
        );
    }

    /// Decides at once, whatever is missing. False if there is no such profile or product.
    pub(crate) fn decide_review(&mut self, sid: &str, review: Review) -> bool {
        let known = self.trust.bundles.iter().any(|it| it.sid == sid);
        if known {
            self.set_review(sid, review);
        }
        known
    }

    fn set_review(&mut self, sid: &str, review: Review) {
        let now = self.now;
        let Some(bundle) = self.trust.bundles.iter_mut().find(|it| it.sid == sid) else {
            return;
        };
        bundle.review = review;
        bundle.updated_at = now;
        let (callback, mut params) = (bundle.callback.clone(), Vec::new());
        push(&mut params, "AccountSid", &bundle.account);
        push(&mut params, "BundleSid", sid);
        push(&mut params, "Status", review.as_str());
        self.log("trust.review", &[("bundle", sid), ("status", review.as_str())]);
        if let Some(url) = callback.filter(|_| review != Review::Draft) {
            let endpoint = Endpoint {
                url,
                method: Method::Post,
            };
            self.send_callback(&CallSid::from_text(""), &endpoint, review.as_str(), params);
        }
    }

    /// Adds an end user, a document or a profile, or a number.
    pub(crate) fn assign(
        &mut self,
        account: &str,
        (kind, bundle): (BundleKind, &str),
        part: Part,
        object: &str,
    ) -> Result<String, ApiError> {
        let owner = self.trust.get(account, kind, bundle)?;
        if part == Part::Entity && owner.review.is_closed() {
            return Err(closed(bundle));
        }
        if owner.has(part, object) {
            let message = format!("{object} is already assigned to {bundle}");
            return Err(ApiError::new(409, 20409, message));
        }
        if owner.parts(part).len() >= ASSIGNMENTS_MAX {
            return Err(ApiError::parameter("Too many assignments"));
        }
        match part {
            Part::Entity => self.require_entity(account, object)?,
            Part::Endpoint => self.require_endpoint(account, owner, object)?,
        }
        let (sid, now) = (self.sids.next(part.prefix()), self.now);
        let owner = self.trust.get_mut(account, kind, bundle)?;
        owner.parts_mut(part).push(Assignment {
            sid: sid.clone(),
            object: object.to_owned(),
            created_at: now,
        });
        Ok(sid)
    }

    pub(crate) fn unassign(
        &mut self,
        account: &str,
        (kind, bundle): (BundleKind, &str),
        part: Part,
        sid: &str,
    ) -> Result<(), ApiError> {
        let owner = self.trust.get_mut(account, kind, bundle)?;
        if part == Part::Entity && owner.review.is_closed() {
            return Err(closed(bundle));
        }
        let parts = owner.parts_mut(part);
        let place = parts.iter().position(|it| it.sid == sid);
        parts.remove(place.ok_or_else(|| not_found(sid))?);
        Ok(())
    }

    fn require_entity(&self, account: &str, object: &str) -> Result<(), ApiError> {
        let papers = self.trust.papers.iter().map(|it| (&it.sid, &it.account));
        let bundles = self.trust.bundles.iter().map(|it| (&it.sid, &it.account));
        let own = papers.chain(bundles).any(|(sid, owner)| {
            // A subaccount's profile is built on its parent's.
            sid == object && (owner == account || self.holds(owner, account))
        });
        own.then_some(()).ok_or_else(|| not_found(object))
    }

    /// A product takes only numbers that its business profile has.
    fn require_endpoint(&self, account: &str, bundle: &Bundle, number: &str) -> Result<(), ApiError> {
        let own = self.number(number).filter(|it| self.holds(account, &it.account));
        own.ok_or_else(|| not_found(number))?;
        let mut profiles = self
            .trust
            .bundles
            .iter()
            .filter(|it| it.kind == BundleKind::CustomerProfile && bundle.has(Part::Entity, &it.sid));
        let covered = bundle.kind == BundleKind::CustomerProfile
            || profiles.any(|profile| profile.has(Part::Endpoint, number));
        covered.then_some(()).ok_or_else(|| {
            let message = format!(
                "{number} is not assigned to the customer profile of {}",
                bundle.sid
            );
            ApiError::parameter(message)
        })
    }

    /// `StirStatus` of calls from this number: full attestation if Trust Hub vouches for it, else what the world says.
    pub(super) fn attestation(&self, from: &str) -> Option<&str> {
        let number = self.numbers.iter().find(|number| number.e164 == from);
        if number.is_some_and(|number| self.trust.is_signed(&number.sid)) {
            return Some("A");
        }
        self.population.stir_status(from)
    }
}

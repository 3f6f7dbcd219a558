//! What a profile is proved with: end users and supporting documents.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Network, not_found};
use crate::clock::iso8601;
use crate::rest::ApiError;

/// End users and documents of all accounts.
const PAPERS_MAX: usize = 10_000;

/// An end user or a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PaperKind {
    EndUser,
    Document,
}

impl PaperKind {
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::EndUser => "EndUsers",
            Self::Document => "SupportingDocuments",
        }
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::EndUser => "IT",
            Self::Document => "RD",
        }
    }
}

/// See [`PaperKind`].
#[derive(Clone, Debug)]
pub(super) struct Paper {
    pub(super) sid: String,
    pub(super) account: String,
    pub(super) kind: PaperKind,
    /// `authorized_representative_1` and so on.
    pub(super) machine_name: String,
    friendly_name: String,
    attributes: Value,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// What is to be made or changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct PaperOrder {
    pub(crate) friendly_name: Option<String>,
    pub(crate) attributes: Option<Value>,
}

impl Network {
    pub(crate) fn create_paper(
        &mut self,
        account: &str,
        kind: PaperKind,
        machine_name: String,
        order: PaperOrder,
    ) -> Result<String, ApiError> {
        if self.trust.papers.len() >= PAPERS_MAX {
            return Err(ApiError::parameter("Too many end users and documents"));
        }
        let sid = self.sids.next(kind.prefix());
        self.trust.papers.push(Paper {
            sid: sid.clone(),
            account: account.to_owned(),
            kind,
            machine_name,
            friendly_name: order.friendly_name.unwrap_or_default(),
            attributes: order.attributes.unwrap_or_else(|| json!({})),
            created_at: self.now,
            updated_at: self.now,
        });
        Ok(sid)
    }

    pub(crate) fn update_paper(
        &mut self,
        account: &str,
        kind: PaperKind,
        sid: &str,
        order: PaperOrder,
    ) -> Result<(), ApiError> {
        let now = self.now;
        let mut papers = self.trust.papers.iter_mut();
        let paper = papers.find(|it| it.is(account, kind, sid));
        let paper = paper.ok_or_else(|| not_found(sid))?;
        if let Some(name) = order.friendly_name {
            paper.friendly_name = name;
        }
        if let Some(attributes) = order.attributes {
            paper.attributes = attributes;
        }
        paper.updated_at = now;
        Ok(())
    }

    pub(crate) fn delete_paper(&mut self, account: &str, kind: PaperKind, sid: &str) -> Result<(), ApiError> {
        let mut papers = self.trust.papers.iter();
        let place = papers.position(|it| it.is(account, kind, sid));
        self.trust.papers.remove(place.ok_or_else(|| not_found(sid))?);
        Ok(())
    }

    pub(crate) fn paper_view(&self, account: &str, kind: PaperKind, sid: &str) -> Result<Value, ApiError> {
        let mut papers = self.trust.papers.iter();
        let paper = papers.find(|it| it.is(account, kind, sid));
        paper.map(|it| self.paper_json(it)).ok_or_else(|| not_found(sid))
    }

    /// Newest first.
    pub(crate) fn list_papers(&self, account: &str, kind: PaperKind) -> Vec<Value> {
        let own = self.trust.papers.iter().rev();
        own.filter(|it| it.account == account && it.kind == kind)
            .map(|it| self.paper_json(it))
            .collect()
    }

    fn paper_json(&self, paper: &Paper) -> Value {
        let mut view = json!({
            "sid": paper.sid,
            "account_sid": paper.account,
            "friendly_name": paper.friendly_name,
            "type": paper.machine_name,
            "attributes": paper.attributes,
            "date_created": iso8601(paper.created_at),
            "date_updated": iso8601(paper.updated_at),
            "url": format!("{}/v1/{}/{}", self.origin, paper.kind.path(), paper.sid),
        });
        if paper.kind == PaperKind::Document {
            view["status"] = json!("DRAFT");
            view["mime_type"] = Value::Null;
        }
        view
    }
}

impl Paper {
    fn is(&self, account: &str, kind: PaperKind, sid: &str) -> bool {
        self.sid == sid && self.kind == kind && self.account == account
    }
}

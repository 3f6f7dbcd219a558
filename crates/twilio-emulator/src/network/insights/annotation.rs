//! What people say of a call afterwards.

use serde_json::{Value, json};

use super::{ANNOTATIONS_MAX, Insights, Network};
use crate::network::Change;
use crate::rest::ApiError;

/// `POST Voice/{CA}/Annotation`: what is to change.
#[derive(Clone, Debug, Default)]
pub(crate) struct Annotation {
    pub(crate) answered_by: Option<String>,
    pub(crate) connectivity_issue: Option<String>,
    pub(crate) quality_issues: Option<Vec<String>>,
    pub(crate) spam: Option<bool>,
    pub(crate) call_score: Change<u8>,
    pub(crate) comment: Option<String>,
    pub(crate) incident: Option<String>,
}

impl Annotation {
    fn take(&mut self, changes: Self) {
        fn set<T>(field: &mut Option<T>, change: Option<T>) {
            if change.is_some() {
                *field = change;
            }
        }
        set(&mut self.answered_by, changes.answered_by);
        set(&mut self.connectivity_issue, changes.connectivity_issue);
        set(&mut self.quality_issues, changes.quality_issues);
        set(&mut self.spam, changes.spam);
        if changes.call_score != Change::Keep {
            self.call_score = changes.call_score;
        }
        set(&mut self.comment, changes.comment);
        set(&mut self.incident, changes.incident);
    }
}

impl Insights {
    fn annotate(&mut self, sid: &str, changes: Annotation) {
        let annotations = &mut self.annotations;
        if annotations.len() >= ANNOTATIONS_MAX && !annotations.contains_key(sid) {
            annotations.pop_first();
        }
        annotations.entry(sid.to_owned()).or_default().take(changes);
    }
}

impl Network {
    pub(crate) fn annotate(
        &mut self,
        account: &str,
        sid: &str,
        changes: Annotation,
    ) -> Result<Value, ApiError> {
        self.insights_call(account, sid)?;
        self.insights.annotate(sid, changes);
        self.annotation_view(account, sid)
    }

    pub(crate) fn annotation_view(&self, account: &str, sid: &str) -> Result<Value, ApiError> {
        self.insights_call(account, sid)?;
        let mut view = self.annotation_json(account, sid);
        view["url"] = json!(format!("{}/v1/Voice/{sid}/Annotation", self.origin));
        Ok(view)
    }

    pub(super) fn annotation_json(&self, account: &str, sid: &str) -> Value {
        let annotation = self.insights.annotations.get(sid).cloned().unwrap_or_default();
        let unknown = |value: Option<String>, unknown: &str| value.unwrap_or_else(|| unknown.to_owned());
        let call_score = match annotation.call_score {
            Change::Set(score) => Some(score),
            Change::Keep | Change::Clear => None,
        };
        json!({
            "account_sid": account,
            "call_sid": sid,
            "answered_by": unknown(annotation.answered_by, "unknown_answered_by"),
            "connectivity_issue": unknown(annotation.connectivity_issue, "unknown_connectivity_issue"),
            "quality_issues": annotation.quality_issues.unwrap_or_default(),
            "spam": annotation.spam.unwrap_or_default(),
            "call_score": call_score,
            "comment": annotation.comment.unwrap_or_default(),
            "incident": annotation.incident.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_calls_are_annotated_than_there_is_room_for() {
        let mut insights = Insights::default();
        let spam = || Annotation {
            spam: Some(true),
            ..Annotation::default()
        };
        for n in 0..ANNOTATIONS_MAX {
            insights.annotate(&format!("CA{n:06}"), spam());
        }
        insights.annotate("CA000000", Annotation::default());
        assert_eq!(insights.annotations.len(), ANNOTATIONS_MAX);
        assert_eq!(insights.annotations["CA000000"].spam, Some(true), "it is known");
        insights.annotate("CA999999", spam());
        assert_eq!(insights.annotations.len(), ANNOTATIONS_MAX);
        assert!(insights.annotations.contains_key("CA999999"));
    }
}

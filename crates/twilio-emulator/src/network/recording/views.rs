//! How recordings are shown and found.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Recording, Stage};
use crate::clock::rfc2822;
use crate::network::views::root;
use crate::network::{Network, When, not_found};
use crate::rest::ApiError;

const DELETED_KEPT_FOR: SignedDuration = SignedDuration::from_hours(40 * 24);

/// `GET Recordings`: what to show.
#[derive(Clone, Debug, Default)]
pub(crate) struct RecordingFilter {
    /// A call or a conference.
    pub(crate) owner: Option<String>,
    pub(crate) deleted_too: bool,
    pub(crate) created: When,
}

impl RecordingFilter {
    fn shows(&self, recording: &Recording, now: Timestamp) -> bool {
        recording.is_shown(self.deleted_too, now) && self.created.includes(recording.started_at)
    }
}

impl Recording {
    /// Of a deleted one Twilio keeps the facts for forty days, for those who ask for deleted ones.
    fn is_shown(&self, deleted_too: bool, now: Timestamp) -> bool {
        let is_recent = || now.duration_since(self.updated_at) < DELETED_KEPT_FOR;
        self.stage != Stage::Deleted || deleted_too && is_recent()
    }
}

impl Network {
    pub(crate) fn recording_view(&self, account: &str, sid: &str) -> Result<Value, ApiError> {
        let recording = self.recordings.get(sid).filter(|it| it.account == account);
        let recording = recording.ok_or_else(|| not_found(sid))?;
        Ok(self.recording_json(recording))
    }

    /// What a client that asks for the recording is shown.
    pub(crate) fn recording_read(
        &self,
        account: &str,
        sid: &str,
        deleted_too: bool,
    ) -> Result<Value, ApiError> {
        let recording = self.recordings.get(sid);
        if recording.is_some_and(|it| !it.is_shown(deleted_too, self.now)) {
            return Err(not_found(sid));
        }
        self.recording_view(account, sid)
    }

    /// Newest first.
    pub(crate) fn list_recordings(&self, account: &str, filter: &RecordingFilter) -> Vec<Value> {
        let shown = |it: &&Recording| it.account == account && filter.shows(it, self.now);
        let rows: Vec<&Recording> = match &filter.owner {
            Some(owner) => self.recordings.newest_first_of(owner).filter(shown).collect(),
            None => self.recordings.newest_first().filter(shown).collect(),
        };
        rows.into_iter().map(|it| self.recording_json(it)).collect()
    }

    fn recording_json(&self, recording: &Recording) -> Value {
        let uri = format!("{}/Recordings/{}", root(&recording.account), recording.sid);
        json!({
            "sid": recording.sid,
            "account_sid": recording.account,
            "call_sid": recording.call,
            "conference_sid": recording.conference,
            "api_version": "2010-04-01",
            "status": recording.stage.as_str(),
            "source": recording.source.as_str(),
            "channels": recording.channels,
            "track": recording.wish.track.as_str(),
            "start_time": rfc2822(recording.started_at),
            "duration": recording.duration_s.map(|seconds| seconds.to_string()),
            "price": null,
            "price_unit": "USD",
            "error_code": recording.absence(),
            "encryption_details": null,
            "media_url": self.recording_url(recording),
            "date_created": rfc2822(recording.started_at),
            "date_updated": rfc2822(recording.updated_at),
            "uri": format!("{uri}.json"),
            "subresource_uris": {
                "add_on_results": format!("{uri}/AddOnResults.json"),
                "transcriptions": format!("{uri}/Transcriptions.json"),
            },
        })
    }
}

//! What the application is told of a recording.

use super::{Recording, Source};
use crate::clock::rfc2822;
use crate::network::callback::{Params, push};
use crate::network::{Endpoint, Network};
use crate::sid::CallSid;

impl Network {
    /// What a call's last callback says of the recording that `Record=true` asked for; its sound may come later.
    pub(in crate::network) fn recording_of(&self, call: &CallSid) -> Params {
        let mut own = self.recordings.newest_first_of(call.as_str());
        let asked = |it: &&Recording| it.leg.as_ref() == Some(call) && it.source == Source::OutboundApi;
        let Some(recording) = own.find(asked) else {
            return Params::new();
        };
        let lasted = self.now.duration_since(recording.started_at) - recording.skipped;
        let seconds = recording.duration_s.unwrap_or(lasted.as_secs());
        let mut params = self.recording_facts(&recording.sid);
        push(&mut params, "RecordingDuration", &seconds.to_string());
        params
    }

    /// What requests say about a recording that a verb has made.
    pub(in crate::network) fn recording_facts(&self, sid: &str) -> Params {
        let mut facts = Params::new();
        if let Some(recording) = self.recordings.get(sid) {
            push(&mut facts, "RecordingUrl", &self.recording_url(recording));
            push(&mut facts, "RecordingSid", sid);
        }
        facts
    }

    /// Where the sound of a recording is, as the application would ask for it.
    pub(super) fn recording_url(&self, recording: &Recording) -> String {
        let root = crate::network::views::root(&recording.account);
        format!("{}{root}/Recordings/{}", self.origin, recording.sid)
    }

    pub(super) fn report_recording(&mut self, sid: &str) {
        let Some(recording) = self.recordings.get(sid) else {
            return;
        };
        let Some(callback) = recording.wish.callback.clone() else {
            return;
        };
        let event = recording.stage.as_str();
        if !callback.events.iter().any(|wanted| wanted == event) {
            return;
        }
        let mut params = Vec::new();
        push(&mut params, "AccountSid", &recording.account);
        if let Some(call) = &recording.call {
            push(&mut params, "CallSid", call.as_str());
        }
        if let Some(conference) = &recording.conference {
            push(&mut params, "ConferenceSid", conference.as_str());
        }
        push(&mut params, "RecordingSid", sid);
        push(&mut params, "RecordingUrl", &self.recording_url(recording));
        push(&mut params, "RecordingStatus", event);
        if let Some(seconds) = recording.duration_s {
            push(&mut params, "RecordingDuration", &seconds.to_string());
        }
        push(&mut params, "RecordingChannels", &recording.channels.to_string());
        push(&mut params, "RecordingStartTime", &rfc2822(recording.started_at));
        push(&mut params, "RecordingSource", recording.source.as_str());
        push(&mut params, "RecordingTrack", recording.wish.track.as_str());
        if let Some(code) = recording.absence() {
            push(&mut params, "ErrorCode", &code.to_string());
        }
        let owner = recording.call.clone().unwrap_or_else(|| CallSid::from_text(""));
        let endpoint = Endpoint {
            url: callback.url,
            method: callback.method,
        };
        self.send_callback(&owner, &endpoint, event, params);
    }
}

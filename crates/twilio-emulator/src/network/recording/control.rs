//! What REST does to recordings: starting, pausing, stopping and deleting them.

use super::{RecordingWish, Source, Stage};
use crate::media::MediaCommand;
use crate::network::{Network, Output, not_found};
use crate::rest::ApiError;
use crate::sid::{CallSid, ConferenceSid};

/// What names the recording under way in a path.
const CURRENT: &str = "Twilio.CURRENT";

/// What `Status` of a recording may become by REST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecordingChange {
    Pause { skip: bool },
    Resume,
    Stop,
}

impl Network {
    /// `POST Calls/{CA}/Recordings` and `POST Conferences/{CF}/Recordings`.
    pub(crate) fn start_recording_of(
        &mut self,
        owner: &str,
        wish: &RecordingWish,
    ) -> Result<String, ApiError> {
        let refusal = || ApiError::new(400, 21220, format!("{owner} is not in-progress. Cannot record."));
        let started = if owner.starts_with("CF") {
            let sid = ConferenceSid::from_text(owner);
            let live = self
                .conferences
                .get(&sid)
                .is_some_and(|room| room.stage == crate::network::room::Stage::Started);
            live.then(|| self.record_conference(&sid, Source::StartConferenceApi, wish))
        } else {
            let sid = CallSid::from_text(owner);
            let live = self
                .calls
                .get(&sid)
                .is_some_and(|call| call.status == crate::network::call::Status::InProgress);
            live.then(|| self.record_call(&sid, Source::StartCallApi, wish))
        };
        started.flatten().ok_or_else(refusal)
    }

    /// `POST …/Recordings/{RE or Twilio.CURRENT}`.
    pub(crate) fn change_recording(
        &mut self,
        owner: &str,
        name: &str,
        change: RecordingChange,
    ) -> Result<String, ApiError> {
        let sid = self.recording_named(owner, name)?;
        let now = self.now;
        let recording = self.recordings.get_mut(&sid).ok_or_else(|| not_found(&sid))?;
        if !recording.stage.is_running() {
            let message = format!("Recording {sid} is not in-progress");
            return Err(ApiError::new(400, 21220, message));
        }
        recording.updated_at = now;
        let key = sid.clone();
        match change {
            RecordingChange::Pause { skip } => {
                recording.end_skip(now);
                recording.stage = Stage::Paused;
                recording.skipping_since = skip.then_some(now);
                let command = MediaCommand::PauseRecord { recording: key, skip };
                self.outputs.push_back(Output::Media(command));
            }
            RecordingChange::Resume => {
                recording.end_skip(now);
                recording.stage = Stage::InProgress;
                let command = MediaCommand::ResumeRecord { recording: key };
                self.outputs.push_back(Output::Media(command));
            }
            RecordingChange::Stop => self.stop_recording(&sid),
        }
        Ok(sid)
    }

    /// The SID of a call's or conference's own recording.
    pub(crate) fn recording_named(&self, owner: &str, name: &str) -> Result<String, ApiError> {
        let mut own = self.recordings.newest_first_of(owner);
        let found = if name == CURRENT {
            own.find(|it| it.stage.is_running())
        } else {
            own.find(|it| it.sid == name)
        };
        found.map(|it| it.sid.clone()).ok_or_else(|| not_found(name))
    }

    /// `DELETE Recordings/{RE}`: the sound is gone, the rest can still be listed.
    pub(crate) fn delete_recording(&mut self, account: &str, sid: &str) -> Result<(), ApiError> {
        let now = self.now;
        let recording = self.recordings.get_mut(sid);
        let recording = recording
            .filter(|it| it.account == account && it.stage != Stage::Deleted)
            .ok_or_else(|| not_found(sid))?;
        if recording.stage.is_running() || recording.stage == Stage::Processing {
            let message = format!("Recording {sid} is in progress and cannot be deleted");
            return Err(ApiError::new(400, 21220, message));
        }
        recording.stage = Stage::Deleted;
        recording.updated_at = now;
        self.recordings.delete_sound(sid);
        Ok(())
    }
}

//! What single participants hear besides the room: announcements, and music while they are held.

use super::Participant;
use crate::network::call::Endpoint;
use crate::network::run::{FetchPurpose, Run, Scope};
use crate::network::{Network, Output, SoundSource, not_found};
use crate::rest::ApiError;
use crate::sid::{CallSid, ConferenceSid};

impl Network {
    /// `AnnounceUrl` of a conference: everybody hears it.
    pub(crate) fn announce(&mut self, sid: &ConferenceSid, announcement: &Endpoint) -> Result<(), ApiError> {
        let conference = self.conferences.get(sid).ok_or_else(|| not_found(sid.as_str()))?;
        let calls: Vec<CallSid> = conference.participants.iter().map(|p| p.call.clone()).collect();
        for call in calls {
            self.play_beside(&call, announcement);
        }
        Ok(())
    }

    /// Runs the TwiML at `document` for one leg, over what its room says.
    pub(super) fn play_beside(&mut self, call: &CallSid, document: &Endpoint) {
        if let Some(call) = self.calls.get_mut(call) {
            let base = call.runs.last().and_then(|run| run.base.clone());
            call.runs.push(Run::new(Scope::Wait, Vec::new(), base));
        }
        let purpose = FetchPurpose::Document;
        self.fetch(call, &document.url, document.method, purpose, Vec::new());
    }

    /// A held participant hears the application's music or Twilio's; afterwards it hears the room again.
    pub(super) fn change_hold(&mut self, participant: &Participant, music: Option<&Endpoint>) {
        let call = &participant.call;
        self.drop_inner_runs(call);
        match music {
            _ if !participant.hold => self.stop_sound(call),
            Some(music) => self.play_beside(call, music),
            None => self.outputs.push_back(Output::Sound {
                call: call.clone(),
                play: 0,
                source: SoundSource::HoldMusic,
                rounds: 0,
            }),
        }
    }
}

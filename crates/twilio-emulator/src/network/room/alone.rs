//! Music for whoever is left alone in a conference, if the switch says so.

use super::{Conference, Stage};
use crate::network::{Network, Output, SoundSource};
use crate::sid::CallSid;

impl Network {
    /// After somebody left: music begins for the last one.
    pub(super) fn begin_lone_music(&mut self, conference: &Conference) {
        if let Some(call) = self.lone(conference) {
            self.log("music.started", &[("call", call.as_str())]);
            self.outputs.push_back(Output::Sound {
                call,
                play: 0,
                source: SoundSource::HoldMusic,
                rounds: 0,
            });
        }
    }

    /// Before somebody joins: it ends.
    pub(super) fn end_lone_music(&mut self, conference: &Conference) {
        if let Some(call) = self.lone(conference) {
            self.stop_sound(&call);
        }
    }

    fn lone(&self, conference: &Conference) -> Option<CallSid> {
        match conference.participants.as_slice() {
            [alone] if self.switches.lone_participant_music && conference.stage == Stage::Started => {
                Some(alone.call.clone())
            }
            _ => None,
        }
    }
}

//! What a conference hears of somebody who is called into it, until they answer: ringing, or why they do not.

use std::collections::BTreeSet;

use super::{Conference, Participant};
use crate::media::MediaCommand;
use crate::network::{Network, Output, SoundSource};
use crate::sid::CallSid;

/// What the far end of a leg that is not answered sounds like.
#[derive(Clone, Debug)]
pub(super) struct FarEnd {
    call: CallSid,
    source: SoundSource,
    /// Who hears it now.
    listeners: BTreeSet<CallSid>,
}

impl Network {
    /// Lets the conference that somebody is called into hear what the far end sounds like; 0 rounds are without
    /// end. False if it is not to, or if nobody is there.
    pub(in crate::network) fn room_hears(
        &mut self,
        call: &CallSid,
        source: SoundSource,
        rounds: u32,
    ) -> bool {
        let room = self.calls.get(call).and_then(|call| call.invited_to.clone());
        let Some(mut conference) = room.and_then(|room| self.conferences.remove(&room)) else {
            return false;
        };
        let is_meant = |participant: &Participant| participant.early_media && participant.call == *call;
        let is_heard = conference.invited.iter().any(is_meant) && !conference.participants.is_empty();
        if is_heard {
            self.hush(&mut conference, call);
            conference.far_ends.push(FarEnd {
                call: call.clone(),
                source: source.clone(),
                listeners: BTreeSet::new(),
            });
            self.outputs.push_back(Output::EarlyMedia {
                call: call.clone(),
                room: conference.sid.clone(),
                source,
                rounds,
            });
        }
        self.put_back(conference);
        is_heard
    }

    /// It rings at somebody who is called into a conference.
    pub(in crate::network) fn room_hears_ringing(&mut self, call: &CallSid) {
        if let Some(number) = self.calls.get(call).map(|call| call.to.clone()) {
            let ring_tone = None;
            self.room_hears(call, SoundSource::Ringback { ring_tone, number }, 0);
        }
    }

    /// Somebody who was called into a conference has answered.
    pub(in crate::network) fn room_hears_no_more(&mut self, call: &CallSid) {
        let room = self.calls.get(call).and_then(|call| call.invited_to.clone());
        if let Some(mut conference) = room.and_then(|room| self.conferences.remove(&room)) {
            self.hush(&mut conference, call);
            self.put_back(conference);
        }
    }

    /// What a far end sounds like is over.
    pub(super) fn hush(&mut self, conference: &mut Conference, call: &CallSid) {
        let Some(at) = conference.far_ends.iter().position(|it| it.call == *call) else {
            return;
        };
        let mut over = conference.far_ends.remove(at);
        self.note_listeners(&mut over, BTreeSet::new());
        let leg = call.as_str().to_owned();
        self.outputs
            .push_back(Output::Media(MediaCommand::EndEarlyMedia { leg }));
    }

    /// Notes who began or ceased to hear the far ends, whatever has changed.
    pub(super) fn note_far_ends(&mut self, conference: &mut Conference) {
        let mut far_ends = std::mem::take(&mut conference.far_ends);
        for far_end in &mut far_ends {
            let hears = conference.participants.iter().filter(|it| !it.hold);
            self.note_listeners(far_end, hears.map(|it| it.call.clone()).collect());
        }
        conference.far_ends = far_ends;
    }

    fn note_listeners(&mut self, far_end: &mut FarEnd, now: BTreeSet<CallSid>) {
        let before = std::mem::replace(&mut far_end.listeners, now);
        let speaker = ("speaker", far_end.call.as_str());
        for listener in before.difference(&far_end.listeners) {
            self.log("early-media.ended", &[("call", listener.as_str()), speaker]);
        }
        let (what, content) = far_end.source.told();
        for listener in far_end.listeners.difference(&before) {
            let heard = [
                ("call", listener.as_str()),
                speaker,
                ("what", what),
                ("content", content),
            ];
            self.log("early-media.started", &heard);
        }
    }
}

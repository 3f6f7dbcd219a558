//! What happens outside: what the network is told.

use std::sync::Arc;

use super::call::Status;
use super::{Fetch, Network, SocketId};
use crate::media::MediaEvent;
use crate::sid::CallSid;
use crate::signal::ClientFrame;
use crate::webhook::{DeliveryError, Reply, Request};

/// Something that happened outside.
#[derive(Debug)]
pub(crate) enum Input {
    /// A deadline may have passed.
    Tick,
    /// A REST request was answered.
    Requested {
        method: String,
        path: String,
        status: u16,
    },
    Fetched {
        fetch: Fetch,
        result: Result<Reply, DeliveryError>,
    },
    CallbackDone {
        call: CallSid,
        request: Arc<Request>,
        result: Result<Reply, DeliveryError>,
    },
    Media(MediaEvent),
    /// Without media: how long `play` would last.
    SoundLength {
        call: CallSid,
        play: u64,
        ms: u64,
    },
    /// Sound for `play` could not be made or fetched.
    SoundFailed {
        call: CallSid,
        play: u64,
        /// Twilio's.
        code: u32,
        reason: String,
    },
    OfferAnswered {
        call: CallSid,
        result: Result<String, String>,
    },
    /// The SDP for a call to a client.
    Offered {
        call: CallSid,
        result: Result<String, String>,
    },
    /// The client's SDP was taken over.
    AnswerAccepted {
        call: CallSid,
        result: Result<(), String>,
    },
    SocketOpened {
        socket: SocketId,
        /// Where it has entered the network.
        region: &'static str,
    },
    Signal {
        socket: SocketId,
        frame: ClientFrame,
    },
    SocketClosed(SocketId),
}

impl Network {
    pub(super) fn media_event(&mut self, event: MediaEvent) {
        match event {
            MediaEvent::PlayEnded { leg, play } => self.play_ended(&CallSid::from_text(&leg), play),
            MediaEvent::Digit { leg, digit } => self.digit(&CallSid::from_text(&leg), digit),
            MediaEvent::PersonHungUp { leg } => {
                self.end(&CallSid::from_text(&leg), Status::Completed, "the person hung up");
            }
            MediaEvent::Voice { leg, speaking } => self.voice(&CallSid::from_text(&leg), speaking),
            MediaEvent::Said { leg, text } => self.said(&CallSid::from_text(&leg), &text),
            MediaEvent::Sounds { leg, sound, ago_ms } => {
                self.sounds(&CallSid::from_text(&leg), sound, ago_ms.into());
            }
            MediaEvent::Connected { leg } => self.log("media.connected", &[("call", &leg)]),
            MediaEvent::Lost { leg } => {
                self.log("media.lost", &[("call", &leg)]);
                self.end(&CallSid::from_text(&leg), Status::Completed, "media lost");
            }
            MediaEvent::Recorded { recording, sound } => self.sound_recorded(&recording, sound),
            MediaEvent::Heard {
                listener,
                speaker,
                started,
            } => {
                let kind = if started { "heard.started" } else { "heard.ended" };
                self.log(kind, &[("listener", &listener), ("speaker", &speaker)]);
            }
        }
    }
}

//! What the network wants done outside.

use std::sync::Arc;

use super::{Fetch, SocketId, SoundSource};
use crate::media::MediaCommand;
use crate::sid::{CallSid, ConferenceSid};
use crate::signal::ServerFrame;
use crate::webhook::Request;

/// Something to be done outside.
#[derive(Debug)]
pub(crate) enum Output {
    /// Request TwiML and report [`Input::Fetched`].
    Fetch(Fetch),
    /// Tell the application, whatever it answers.
    Callback {
        call: CallSid,
        request: Arc<Request>,
    },
    Media(MediaCommand),
    /// Make or fetch sound and play it to the leg.
    Sound {
        call: CallSid,
        play: u64,
        source: SoundSource,
        rounds: u32,
    },
    /// The same, over what is playing, which goes on afterwards.
    SoundOver {
        call: CallSid,
        play: u64,
        source: SoundSource,
        rounds: u32,
    },
    /// Let a room hear what the far end of a leg that is not answered sounds like.
    EarlyMedia {
        call: CallSid,
        room: ConferenceSid,
        source: SoundSource,
        rounds: u32,
    },
    /// Open or replace a leg's WebRTC transport and report [`Input::OfferAnswered`].
    AnswerOffer {
        call: CallSid,
        offer: String,
    },
    /// Open a leg's WebRTC transport towards a client that is called and report [`Input::Offered`].
    Offer {
        call: CallSid,
    },
    /// Take a called client's SDP and report [`Input::AnswerAccepted`].
    AcceptAnswer {
        call: CallSid,
        answer: String,
    },
    Signal {
        socket: SocketId,
        frame: ServerFrame,
    },
    /// Cut a socket off as a broken network would.
    Drop(SocketId),
}

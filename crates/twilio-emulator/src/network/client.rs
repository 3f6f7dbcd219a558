//! Voice SDK clients: sockets, tokens, and the legs they open.

mod session;

pub(super) use session::Socket;

use super::call::{Call, Endpoint, Party, Progress, Status};
use super::place::TIME_LIMIT_S_DEFAULT;
use super::{Instructions, Network, Output, SocketId};
use crate::sid::CallSid;
use crate::signal::{ClientFrame, Invite, ServerFrame, UserMessage};

/// `params` of `device.connect()` in all.
const PARAMS_BYTES_MAX: usize = 800;
/// The Voice SDK's end of a leg.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) identity: String,
    /// Where to send frames; none while the client is away.
    pub(super) socket: Option<SocketId>,
    /// The SDK's own name for the call until it learns the `CallSid`.
    temporary: String,
    /// Proves that a later `invite` means this leg.
    reconnect: String,
    reconnect_timeout_s: u32,
    /// Counts bindings to sockets, so that a rejoin deadline knows whether it is still meant.
    binding: u64,
    offer: String,
    application_sid: String,
    params: Vec<(String, String)>,
}

impl Client {
    /// Adds what the page passed to `connect()`; it may replace `To`, as with Twilio.
    pub(super) fn with_custom_params(&self, mut params: Vec<(String, String)>) -> Vec<(String, String)> {
        params.push(("ApplicationSid".to_owned(), self.application_sid.clone()));
        for (name, value) in &self.params {
            if !params.iter().any(|(taken, _)| taken == name) {
                params.push((name.clone(), value.clone()));
            }
        }
        params
    }
}

impl Network {
    pub(super) fn signal(&mut self, socket: SocketId, frame: ClientFrame) {
        match frame {
            ClientFrame::Listen {
                token,
                reconnect_timeout,
            } => self.listen(socket, &token, reconnect_timeout),
            ClientFrame::Register { media } => {
                if self.grants(socket).is_some() {
                    let frame = if media.audio {
                        ServerFrame::ready()
                    } else {
                        ServerFrame::offline()
                    };
                    self.send(socket, frame);
                }
            }
            ClientFrame::Invite(invite) => match invite.reconnect.clone() {
                Some(reconnect) => self.resume(socket, &invite, &reconnect),
                None => self.invite(socket, &invite),
            },
            ClientFrame::Reinvite { callsid, sdp } => {
                if let Some(sid) = self.client_call(socket, &callsid) {
                    if let Some(client) = self.calls.get_mut(&sid).and_then(Call::client_mut) {
                        client.offer.clone_from(&sdp);
                    }
                    self.outputs.push_back(Output::AnswerOffer {
                        call: sid,
                        offer: sdp,
                    });
                }
            }
            ClientFrame::Hangup { callsid, message } => {
                self.client_hangup(socket, &callsid, message.as_deref());
            }
            ClientFrame::Dtmf { callsid, dtmf } => {
                if let Some(sid) = self.client_call(socket, &callsid) {
                    for digit in dtmf.chars().filter(|c| matches!(c, '0'..='9' | '*' | '#')) {
                        self.digit(&sid, digit);
                    }
                }
            }
            ClientFrame::Message(message) => self.user_message(socket, &message),
            // Inbound calls to clients are not emulated; there is nothing they could answer.
            ClientFrame::Answer {} | ClientFrame::Reject {} => {}
        }
    }

    fn invite(&mut self, socket: SocketId, invite: &Invite) {
        match self.outgoing_call(socket, invite) {
            Ok(sid) => {
                self.send(socket, ServerFrame::ringing(sid.as_str()));
                let instructions = self.calls.get(&sid).map(|call| call.instructions.clone());
                if let Some(instructions) = instructions {
                    self.start_instructions(&sid, instructions);
                }
            }
            Err(error) => self.send(socket, ServerFrame::hangup(&invite.callsid, Some(error))),
        }
    }

    /// Opens a leg for an `invite`; the error is the SDK's code and message.
    fn outgoing_call(&mut self, socket: SocketId, invite: &Invite) -> Result<CallSid, (u32, &'static str)> {
        let state = self.sockets.get(&socket).ok_or((31000, "Unknown socket"))?;
        let reconnect_timeout_s = state.reconnect_timeout_s;
        let grants = state.grants.clone().ok_or((31204, "Access token is not valid"))?;
        let params = invite.twilio.params.as_deref().unwrap_or_default();
        if params.len() > PARAMS_BYTES_MAX {
            return Err((31103, "Length of parameters cannot exceed 800 bytes"));
        }
        let application_sid = grants
            .application_sid
            .ok_or((31002, "The token allows no outgoing calls"))?;
        let application = self
            .application(&application_sid)
            .ok_or((31001, "Application not found"))?;
        let routing = application.routing.clone();
        let voice = routing.voice.ok_or((31001, "The application has no VoiceUrl"))?;
        let params: Vec<(String, String)> = url::form_urlencoded::parse(params.as_bytes())
            .into_owned()
            .collect();
        let to = params
            .iter()
            .find(|(name, _)| name == "To")
            .map(|(_, value)| value.clone())
            .unwrap_or_default();
        let sid = CallSid::new(&mut self.sids);
        let client = Client {
            identity: grants.identity.clone(),
            socket: Some(socket),
            temporary: invite.callsid.clone(),
            reconnect: self.sids.next("RT"),
            reconnect_timeout_s,
            binding: 0,
            offer: invite.sdp.clone(),
            application_sid,
            params,
        };
        self.log(
            "call.invited",
            &[("call", sid.as_str()), ("identity", &grants.identity)],
        );
        let call = self.inbound_call(sid.clone(), client, to, voice, routing.fallback, routing.callback);
        self.insert_call(call);
        Ok(sid)
    }

    fn inbound_call(
        &self,
        sid: CallSid,
        client: Client,
        to: String,
        voice: Endpoint,
        fallback: Option<Endpoint>,
        callback: Option<Endpoint>,
    ) -> Call {
        Call {
            sid,
            from: format!("client:{}", client.identity),
            to,
            inbound: true,
            party: Party::Client(Box::new(client)),
            status: Status::Ringing,
            created_at: self.now,
            updated_at: self.now,
            dialled_at: Some(self.now),
            answered_at: None,
            ended_at: None,
            queue_ms: 0,
            ring_timeout_s: 0,
            time_limit_s: TIME_LIMIT_S_DEFAULT,
            instructions: Instructions::Url(voice),
            fallback,
            callback: callback.map(|endpoint| Progress {
                endpoint,
                events: vec!["completed".to_owned()],
                sequence: 0,
            }),
            runs: Vec::new(),
            room: None,
        }
    }

    /// The application's TwiML is here: open the leg's media.
    pub(super) fn answer_client(&mut self, sid: &CallSid) {
        let Some(client) = self.calls.get(sid).and_then(Call::client) else {
            return;
        };
        let offer = client.offer.clone();
        self.outputs.push_back(Output::AnswerOffer {
            call: sid.clone(),
            offer,
        });
    }

    pub(super) fn offer_answered(&mut self, sid: &CallSid, result: Result<String, String>) {
        let Some(call) = self.calls.get(sid).filter(|call| !call.status.is_final()) else {
            return;
        };
        let first = call.status == Status::Ringing;
        let Some(client) = call.client() else { return };
        let (socket, reconnect) = (client.socket, client.reconnect.clone());
        let sdp = match result {
            Ok(sdp) => sdp,
            Err(reason) => {
                self.notify(sid, 53402, &reason);
                return self.end(sid, Status::Failed, "the offer could not be answered");
            }
        };
        if let Some(socket) = socket {
            self.send(socket, ServerFrame::answer(sid.as_str(), Some(&sdp), &reconnect));
        }
        if first {
            self.answered(sid);
            self.advance(sid);
        }
    }

    /// An `invite` for a leg that exists: after a new token, a lost socket, or on another device.
    fn resume(&mut self, socket: SocketId, invite: &Invite, reconnect: &str) {
        let identity = self.grants(socket).map(|grants| grants.identity.clone());
        let sid = CallSid::from_text(&invite.callsid);
        let known = self
            .calls
            .get_mut(&sid)
            .filter(|call| call.status == Status::InProgress);
        let client = known.and_then(Call::client_mut);
        let Some(client) =
            client.filter(|c| c.reconnect == reconnect && Some(&c.identity) == identity.as_ref())
        else {
            let error = (31209, "The call to reconnect to is over or was never yours");
            return self.send(socket, ServerFrame::hangup(&invite.callsid, Some(error)));
        };
        let previous = client
            .socket
            .replace(socket)
            .filter(|previous| *previous != socket);
        client.binding += 1;
        let same_transport = ice_ufrag(&client.offer) == ice_ufrag(&invite.sdp);
        if same_transport {
            let frame = ServerFrame::answer(sid.as_str(), None, reconnect);
            self.send(socket, frame);
        } else {
            client.offer.clone_from(&invite.sdp);
            self.outputs.push_back(Output::AnswerOffer {
                call: sid.clone(),
                offer: invite.sdp.clone(),
            });
        }
        self.log("signal.resumed", &[("call", sid.as_str())]);
        if let Some(previous) = previous {
            self.send(previous, ServerFrame::cancel(sid.as_str()));
        }
    }

    fn client_hangup(&mut self, socket: SocketId, callsid: &str, message: Option<&str>) {
        let Some(sid) = self.client_call(socket, callsid) else {
            return;
        };
        let Some(call) = self.calls.get_mut(&sid) else {
            return;
        };
        let status = if call.status == Status::Ringing {
            Status::Canceled
        } else {
            Status::Completed
        };
        if let Some(client) = call.client_mut() {
            client.socket = None;
        }
        self.end(&sid, status, message.unwrap_or("the client hung up"));
    }

    fn user_message(&mut self, socket: SocketId, message: &UserMessage) {
        let Some(sid) = self.client_call(socket, &message.callsid) else {
            return;
        };
        if message.messagetype == "user-defined-message" {
            self.log(
                "signal.message",
                &[("call", sid.as_str()), ("content", &message.content.to_string())],
            );
            self.send(
                socket,
                ServerFrame::acknowledged(sid.as_str(), &message.voiceeventsid),
            );
        } else {
            let frame = ServerFrame::message_error(sid.as_str(), &message.voiceeventsid, 31210);
            self.send(socket, frame);
        }
    }

    /// The live call that a socket means by its temporary or real name.
    fn client_call(&self, socket: SocketId, callsid: &str) -> Option<CallSid> {
        let mine = |call: &&Call| {
            !call.status.is_final()
                && call.client().is_some_and(|client| {
                    client.socket == Some(socket)
                        && (call.sid.as_str() == callsid || client.temporary == callsid)
                })
        };
        self.calls.values().rev().find(mine).map(|call| call.sid.clone())
    }
}

fn ice_ufrag(sdp: &str) -> Option<&str> {
    sdp.lines()
        .find_map(|line| line.strip_prefix("a=ice-ufrag:"))
        .map(str::trim)
}

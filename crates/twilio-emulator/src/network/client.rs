//! Voice SDK clients: sockets, tokens, and the legs they open.

mod called;
mod control;
mod message;
mod session;

pub(crate) use control::SocketEvent;
pub(super) use session::Socket;

use super::call::{Call, Endpoint, Party, Progress, Status};
use super::callback::Params;
use super::run::Waiting;
use super::{Instructions, Network, Output, SocketId};
use crate::media::MediaCommand;
use crate::sid::CallSid;
use crate::signal::{ClientFrame, Invite, ServerFrame};

/// `params` of `device.connect()` in all.
const PARAMS_BYTES_MAX: usize = 800;
/// Keys of one frame; a person presses fewer.
const KEYS_PER_FRAME_MAX: usize = 255;

/// The Voice SDK's end of a leg.
#[derive(Debug, Default)]
pub(super) struct Client {
    pub(super) identity: String,
    /// Where to send frames; none while the client is away.
    pub(super) socket: Option<SocketId>,
    /// The device that another one takes the call over from, until the media has moved.
    leaving: Option<SocketId>,
    /// The devices that ring with a call to this identity, until one takes it.
    pub(super) ringing: Vec<SocketId>,
    /// The SDK's own name for the call until it learns the `CallSid`.
    temporary: String,
    /// Proves that a later `invite` means this leg.
    reconnect: String,
    reconnect_timeout_s: u32,
    /// Counts bindings to sockets, so that a rejoin deadline knows whether it is still meant.
    binding: u64,
    /// The SDK's latest SDP: its offer, or its answer to a call.
    sdp: String,
    opening: Opening,
    /// The application that a call from the client runs; none for a call to it.
    application_sid: Option<String>,
    /// What the page passed to `connect()`, or what a call to the client carries for it.
    params: Vec<(String, String)>,
    /// Where the application wants to hear what the page says.
    subscriptions: Vec<message::Subscription>,
}

/// How far the media of a client's own call is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Opening {
    #[default]
    NotYet,
    /// Before the call is answered, for tones and announcements.
    Early,
    /// The call is to be answered as soon as the media is there.
    Answer,
    /// Early media flows.
    Open,
}

impl Client {
    /// Adds what the page passed to `connect()`; it may replace `To`, as with Twilio.
    pub(super) fn with_custom_params(&self, mut params: Params) -> Params {
        let Some(application_sid) = &self.application_sid else {
            return params;
        };
        params.push(("ApplicationSid".into(), application_sid.clone()));
        for (name, value) in &self.params {
            if !params.iter().any(|(taken, _)| taken == name) {
                params.push((name.clone().into(), value.clone()));
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
                self.register(socket, media.audio);
            }
            ClientFrame::Invite(invite) => match invite.reconnect.clone() {
                Some(reconnect) => self.resume(socket, &invite, &reconnect),
                None => self.invite(socket, &invite),
            },
            ClientFrame::Reinvite { callsid, sdp } => {
                if let Some(sid) = self.client_call(socket, &callsid) {
                    if let Some(client) = self.calls.get_mut(&sid).and_then(Call::client_mut) {
                        client.sdp.clone_from(&sdp);
                    }
                    self.log("signal.reinvite", &[("call", sid.as_str())]);
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
                    let keys = dtmf.chars().filter(|c| matches!(c, '0'..='9' | '*' | '#'));
                    for digit in keys.take(KEYS_PER_FRAME_MAX) {
                        self.digit(&sid, digit);
                    }
                }
            }
            ClientFrame::Message(message) => self.user_message(socket, &message),
            ClientFrame::Answer { callsid, sdp } => self.taken(socket, &callsid, sdp),
            ClientFrame::Reject { callsid } => self.rejected(socket, &callsid),
        }
    }

    fn invite(&mut self, socket: SocketId, invite: &Invite) {
        match self.outgoing_call(socket, invite) {
            Ok(sid) => {
                self.send(socket, ServerFrame::ringing(sid.as_str(), None));
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
        let grants = state.grants.clone().ok_or_else(|| state.refusal())?;
        let params = invite.twilio.params.as_deref().unwrap_or_default();
        if params.len() > PARAMS_BYTES_MAX {
            return Err((31103, "Length of parameters cannot exceed 800 bytes"));
        }
        let application_sid = grants
            .application_sid
            .ok_or((31002, "The token allows no outgoing calls"))?;
        let application = self
            .application(&application_sid)
            .filter(|application| application.account == grants.account)
            .ok_or((31001, "Application not found"))?;
        let routing = application.handling.routing.clone();
        let voice = routing.voice.ok_or((31001, "The application has no VoiceUrl"))?;
        let of_page = url::form_urlencoded::parse(params.as_bytes()).into_owned();
        let params: Vec<(String, String)> = grants.params.into_iter().chain(of_page).collect();
        let to = params
            .iter()
            .find(|(name, _)| name == "To")
            .map(|(_, value)| value.clone())
            .unwrap_or_default();
        self.make_room()
            .map_err(|_| (31486, "Call concurrency limit exceeded"))?;
        let sid = CallSid::new(&mut self.sids);
        let client = Client {
            identity: grants.identity.clone(),
            socket: Some(socket),
            temporary: invite.callsid.clone(),
            reconnect: self.sids.next("RT"),
            reconnect_timeout_s,
            sdp: invite.sdp.clone(),
            application_sid: Some(application_sid),
            params,
            ..Client::default()
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
        let application = client
            .application_sid
            .as_deref()
            .and_then(|sid| self.application(sid));
        let account = application.map_or_else(|| self.main_account().to_owned(), |it| it.account.clone());
        let from = format!("client:{}", client.identity);
        Call {
            account,
            inbound: true,
            status: Status::Ringing,
            dialled_at: Some(self.now),
            instructions: Instructions::Url(voice),
            fallback,
            callback: callback.map(|endpoint| Progress {
                endpoint,
                events: vec!["completed".to_owned()],
                sequence: 0,
            }),
            ..Call::new(sid, from, to, Party::Client(Box::new(client)), self.now)
        }
    }

    /// Answers a client's own call; what it runs goes on once the media is there.
    pub(super) fn answer_client(&mut self, sid: &CallSid) {
        let Some(client) = self.calls.get_mut(sid).and_then(Call::client_mut) else {
            return;
        };
        match std::mem::replace(&mut client.opening, Opening::Answer) {
            Opening::NotYet => self.open_media(sid),
            Opening::Early | Opening::Answer => {}
            Opening::Open => self.client_answered(sid, None),
        }
    }

    /// Lets a client hear its own call before it is answered.
    pub(super) fn early_media(&mut self, sid: &CallSid) {
        let ringing = self
            .calls
            .get_mut(sid)
            .filter(|call| call.status == Status::Ringing);
        let Some(client) = ringing.and_then(Call::client_mut) else {
            return;
        };
        if client.opening == Opening::NotYet {
            client.opening = Opening::Early;
            self.open_media(sid);
        }
    }

    fn open_media(&mut self, sid: &CallSid) {
        let Some(client) = self.calls.get(sid).and_then(Call::client) else {
            return;
        };
        let offer = client.sdp.clone();
        self.outputs.push_back(Output::AnswerOffer {
            call: sid.clone(),
            offer,
        });
    }

    pub(super) fn offer_answered(&mut self, sid: &CallSid, result: Result<String, String>) {
        let Some(call) = self.calls.get_mut(sid).filter(|call| !call.status.is_final()) else {
            return self.close_media(sid);
        };
        let ringing = call.status == Status::Ringing;
        let Some(client) = call.client_mut() else { return };
        let sdp = match result {
            Ok(sdp) => sdp,
            Err(reason) => {
                self.notify(sid, 53402, &reason);
                return self.end(sid, Status::Failed, "the offer could not be answered");
            }
        };
        if ringing && client.opening == Opening::Early {
            client.opening = Opening::Open;
            let socket = client.socket;
            self.send_if_there(socket, ServerFrame::ringing(sid.as_str(), Some(&sdp)));
            return self.log("signal.early-media", &[("call", sid.as_str())]);
        }
        self.client_answered(sid, Some(&sdp));
        self.dismiss_previous(sid);
    }

    /// A transport that came up after its call was over is of no use to anybody.
    fn close_media(&mut self, sid: &CallSid) {
        self.outputs.push_back(Output::Media(MediaCommand::Close {
            leg: sid.as_str().to_owned(),
        }));
    }

    /// Tells a client that its call is answered, or over which path it goes on.
    fn client_answered(&mut self, sid: &CallSid, sdp: Option<&str>) {
        let Some(call) = self.calls.get(sid) else { return };
        let first = call.status == Status::Ringing;
        let idle = call
            .runs
            .last()
            .is_none_or(|run| matches!(run.waiting, Waiting::Nothing));
        let Some(client) = call.client() else { return };
        let (socket, reconnect) = (client.socket, client.reconnect.clone());
        self.send_if_there(socket, ServerFrame::answer(sid.as_str(), sdp, &reconnect));
        if first {
            self.answered(sid);
            // A `<Dial>` that answers when it connects goes on by itself.
            if idle {
                self.advance(sid);
            }
        }
    }

    /// An `invite` for a leg that exists: after a new token, a lost socket, or on another device.
    fn resume(&mut self, socket: SocketId, invite: &Invite, reconnect: &str) {
        let grants = self.grants(socket).cloned();
        let sid = CallSid::from_text(&invite.callsid);
        let known = self.calls.get_mut(&sid).filter(|call| {
            let account = grants.as_ref().map(|grants| &grants.account);
            Some(&call.account) == account
        });
        let status = known.as_ref().map(|call| call.status);
        let client = known.and_then(Call::client_mut);
        let Some(client) = client.filter(|client| {
            let identity = grants.as_ref().map(|grants| &grants.identity);
            let live = match status {
                Some(Status::InProgress) => true,
                // A device has taken it, and its media is on the way.
                Some(Status::Ringing) => ice_ufrag(&client.sdp) == ice_ufrag(&invite.sdp),
                Some(_) | None => false,
            };
            live && client.reconnect == reconnect && Some(&client.identity) == identity
        }) else {
            let error = (31209, "The call to reconnect to is over or was never yours");
            return self.send(socket, ServerFrame::hangup(&invite.callsid, Some(error)));
        };
        let previous = client
            .socket
            .replace(socket)
            .filter(|previous| *previous != socket);
        client.binding += 1;
        client.leaving = previous;
        let same_transport = ice_ufrag(&client.sdp) == ice_ufrag(&invite.sdp);
        if same_transport {
            self.dismiss_previous(&sid);
            let frame = ServerFrame::answer(sid.as_str(), None, reconnect);
            self.send(socket, frame);
        } else {
            client.sdp.clone_from(&invite.sdp);
            self.outputs.push_back(Output::AnswerOffer {
                call: sid.clone(),
                offer: invite.sdp.clone(),
            });
        }
        self.log("signal.resumed", &[("call", sid.as_str())]);
    }

    /// Tells the device that no longer has the call. It closes its media then, which must not be ours any more.
    fn dismiss_previous(&mut self, sid: &CallSid) {
        let client = self.calls.get_mut(sid).and_then(Call::client_mut);
        if let Some(previous) = client.and_then(|client| client.leaving.take()) {
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

    /// The live call that a socket means by its temporary or real name: its own, or one whose socket broke.
    /// The SDK sends what had to wait, such as that it hangs up, before it resumes.
    fn client_call(&self, socket: SocketId, callsid: &str) -> Option<CallSid> {
        let grants = self.grants(socket);
        let mine = |call: &&Call| {
            call.client().is_some_and(|client| match client.socket {
                Some(own) => own == socket && (call.sid.as_str() == callsid || client.temporary == callsid),
                None => {
                    call.status == Status::InProgress
                        && call.sid.as_str() == callsid
                        && grants.is_some_and(|grants| grants.names(&call.account, &client.identity))
                }
            })
        };
        let mut legs = self.client_legs.iter().filter_map(|sid| self.calls.get(sid));
        legs.find(mine).map(|call| call.sid.clone())
    }
}

fn ice_ufrag(sdp: &str) -> Option<&str> {
    sdp.lines()
        .find_map(|line| line.strip_prefix("a=ice-ufrag:"))
        .map(str::trim)
}

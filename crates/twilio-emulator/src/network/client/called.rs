//! Calls to a client: every registered device of the identity rings, and the first to answer has it.

use serde_json::{Value, json};

use super::Client;
use crate::network::call::{Call, Status};
use crate::network::{Network, Output, SocketId};
use crate::sid::CallSid;
use crate::signal::ServerFrame;

/// Of more devices of one identity only the newest ring, as Twilio documents.
const DEVICES_RUNG_MAX: usize = 10;

impl Client {
    /// Whoever registers as `identity`; `params` are for the page that takes the call.
    pub(in crate::network) fn called(identity: &str, params: Vec<(String, String)>) -> Self {
        Self {
            identity: identity.to_owned(),
            params,
            ..Self::default()
        }
    }
}

impl Network {
    /// Lets the devices of a called client ring. The time-out of the ringing is the caller's business.
    pub(in crate::network) fn ring_client(&mut self, sid: &CallSid) {
        let reconnect = self.sids.next("RT");
        let Some(call) = self.calls.get_mut(sid) else {
            return;
        };
        let account = call.account.clone();
        let Some(client) = call.client_mut() else { return };
        client.reconnect = reconnect;
        client.ringing = self
            .sockets
            .iter()
            .rev()
            .filter(|(_, state)| state.rings_for(&account, &client.identity))
            .map(|(socket, _)| *socket)
            .take(DEVICES_RUNG_MAX)
            .collect();
        if client.ringing.is_empty() {
            return self.end(sid, Status::NoAnswer, "no device of this identity is registered");
        }
        // One offer serves all devices: only the one that answers learns how to speak to us.
        self.outputs.push_back(Output::Offer { call: sid.clone() });
    }

    pub(in crate::network) fn offered(&mut self, sid: &CallSid, result: Result<String, String>) {
        let call = self.calls.get(sid);
        let Some(call) = call.filter(|call| call.status == Status::Initiated) else {
            return self.close_media(sid);
        };
        let sdp = match result {
            Ok(sdp) => sdp,
            Err(reason) => {
                self.notify(sid, 53400, &reason);
                return self.end(sid, Status::Failed, "no offer could be made");
            }
        };
        let Some(client) = call.client() else { return };
        let frame = ServerFrame::invite(
            sid.as_str(),
            &sdp,
            &self.shown_parameters(call, client),
            &client.reconnect,
        );
        for socket in client.ringing.clone() {
            self.send(socket, frame.clone());
        }
        self.enter(sid, Status::Ringing);
    }

    /// What the page finds in `call.parameters` and, under `Params`, in `call.customParameters`.
    fn shown_parameters(&self, call: &Call, client: &Client) -> Value {
        let mut parameters = json!({
            "AccountSid": call.account,
            "ApiVersion": "2010-04-01",
            "CallSid": call.sid,
            "From": call.from,
            "To": format!("client:{}", client.identity),
        });
        let caller = call.parent.as_ref().and_then(|parent| self.calls.get(parent));
        let verstat = caller
            .filter(|caller| caller.from == call.from)
            .and_then(|caller| self.stir_verstat(caller));
        if let Some(verstat) = verstat {
            parameters["StirStatus"] = json!(verstat);
        }
        if !client.params.is_empty() {
            let params = url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs(&client.params)
                .finish();
            parameters["Params"] = json!(params);
        }
        parameters
    }

    /// A device answered.
    pub(super) fn taken(&mut self, socket: SocketId, callsid: &str, sdp: String) {
        let reconnect_timeout_s = self
            .sockets
            .get(&socket)
            .map_or(0, |state| state.reconnect_timeout_s);
        let sid = CallSid::from_text(callsid);
        let client = self.calls.get_mut(&sid).and_then(Call::client_mut);
        let Some(client) = client.filter(|client| client.ringing.contains(&socket)) else {
            // Another device was faster; the SDK takes a `cancel` only while it rings.
            return self.send(socket, ServerFrame::hangup(callsid, None));
        };
        let ringing = std::mem::take(&mut client.ringing);
        client.socket = Some(socket);
        client.sdp.clone_from(&sdp);
        client.reconnect_timeout_s = reconnect_timeout_s;
        for other in ringing.into_iter().filter(|other| *other != socket) {
            self.send(other, ServerFrame::cancel(callsid));
        }
        self.outputs.push_back(Output::AcceptAnswer {
            call: sid,
            answer: sdp,
        });
    }

    pub(in crate::network) fn answer_accepted(&mut self, sid: &CallSid, result: Result<(), String>) {
        if self
            .calls
            .get(sid)
            .is_none_or(|call| call.status != Status::Ringing)
        {
            return;
        }
        match result {
            Ok(()) => self.begin(sid),
            Err(reason) => {
                self.notify(sid, 53402, &reason);
                self.end(sid, Status::Failed, "the client's answer does not fit");
            }
        }
    }

    /// A device rejected the call, which ends it for the caller.
    pub(super) fn rejected(&mut self, socket: SocketId, callsid: &str) {
        let sid = CallSid::from_text(callsid);
        let client = self.calls.get_mut(&sid).and_then(Call::client_mut);
        if let Some(client) = client.filter(|client| client.ringing.contains(&socket)) {
            client.ringing.retain(|device| *device != socket);
            self.end(&sid, Status::Busy, "a device rejected the call");
        }
    }

    /// The socket is gone; a call that rings nowhere else is over.
    pub(super) fn stop_ringing(&mut self, socket: SocketId) {
        let mut silent = Vec::new();
        for sid in &self.client_legs {
            let client = self.calls.get_mut(sid).and_then(Call::client_mut);
            if let Some(client) = client.filter(|client| client.ringing.contains(&socket)) {
                client.ringing.retain(|device| *device != socket);
                if client.ringing.is_empty() {
                    silent.push(sid.clone());
                }
            }
        }
        for sid in silent {
            self.end(&sid, Status::NoAnswer, "the last device that rang is gone");
        }
    }
}

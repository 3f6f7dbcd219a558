//! What the control API sees of clients and does to their sockets.

use serde_json::{Value, json};

use crate::network::{Network, Output, SocketId};
use crate::signal::ServerFrame;

/// What may befall the sockets of an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SocketEvent {
    /// The network takes its leave: the SDK stops and stays away until the page registers again.
    Close,
    /// The connection breaks: the SDK comes back by itself.
    Drop,
}

impl Network {
    /// Every socket with a token, oldest first.
    pub(crate) fn clients(&self) -> Vec<Value> {
        self.sockets
            .values()
            .filter_map(|state| {
                let grants = state.grants.as_ref()?;
                Some(json!({
                    "account": grants.account,
                    "identity": grants.identity,
                    "registered": state.registered,
                    "incoming": grants.incoming,
                    "application_sid": grants.application_sid,
                    "expires_at": grants.expires_at_s,
                }))
            })
            .collect()
    }

    /// Befalls all sockets of an identity; gives their number.
    pub(crate) fn befall_client(&mut self, identity: &str, event: SocketEvent) -> usize {
        let sockets: Vec<SocketId> = self
            .sockets
            .iter()
            .filter(|(_, state)| {
                let grants = state.grants.as_ref();
                grants.is_some_and(|grants| grants.identity == identity)
            })
            .map(|(socket, _)| *socket)
            .collect();
        for socket in &sockets {
            match event {
                SocketEvent::Close => self.send(*socket, ServerFrame::close()),
                SocketEvent::Drop => self.outputs.push_back(Output::Drop(*socket)),
            }
        }
        sockets.len()
    }
}

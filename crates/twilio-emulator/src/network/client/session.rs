//! A client's socket from its first frame to its last: tokens, their expiry, and coming back.

use jiff::SignedDuration;
use secrecy::ExposeSecret;

use crate::network::call::{Call, Status};
use crate::network::{Network, Output, SocketId, Timer};
use crate::sid::CallSid;
use crate::signal::ServerFrame;
use crate::signal::token::{self, Grants, TokenError};

/// What the SDK may ask for as `reconnectTimeout`.
const RECONNECT_TIMEOUT_S_MAX: u32 = 30;
/// Sockets open at once; those beyond are told so and nothing else.
const SOCKETS_MAX: usize = 10_000;
/// Sockets with a token of one identity. Twilio's number is not published.
const SOCKETS_PER_IDENTITY_MAX: usize = 50;
/// `RateExceededError` of the SDK.
const TOO_MANY: (u32, &str) = (31206, "Rate exceeded authorized limit");

/// One WebSocket of the Voice SDK.
#[derive(Debug, Default)]
pub(in crate::network) struct Socket {
    /// What a valid token on this socket allows; none before one came and after it expired.
    pub(super) grants: Option<Grants>,
    /// The last token here was good once.
    expired: bool,
    /// Wants to ring.
    pub(super) registered: bool,
    pub(super) reconnect_timeout_s: u32,
    /// When its token will be looked at, in seconds since 1970.
    looked_at_s: Option<i64>,
    /// Where it has entered the network.
    region: &'static str,
}

impl Socket {
    /// Why it may not make calls: the SDK's code and message.
    pub(super) fn refusal(&self) -> (u32, &'static str) {
        if self.expired {
            (
                TokenError::Expired.code(),
                "Access token expired or expiration date invalid",
            )
        } else {
            (TokenError::Malformed.code(), "Access token is not valid")
        }
    }

    /// When its token is over.
    fn expires_at_s(&self) -> Option<i64> {
        Some(self.grants.as_ref()?.expires_at_s)
    }

    /// Whether its token will be looked at then.
    pub(in crate::network) fn is_looked_at(&self, at_s: i64) -> bool {
        self.looked_at_s == Some(at_s)
    }

    /// Rings when `identity` of this account is called.
    pub(super) fn rings_for(&self, account: &str, identity: &str) -> bool {
        let grants = self.grants.as_ref().filter(|grants| grants.incoming);
        self.registered && grants.is_some_and(|grants| grants.names(account, identity))
    }
}

impl Network {
    pub(in crate::network) fn socket_opened(&mut self, socket: SocketId, region: &'static str) {
        if self.sockets.len() < SOCKETS_MAX {
            let state = Socket {
                region,
                ..Socket::default()
            };
            self.sockets.insert(socket, state);
        }
    }

    pub(super) fn listen(&mut self, socket: SocketId, token: &str, reconnect_timeout_s: u32) {
        let now_s = self.now.as_second();
        let issuer = token::issuer(token).unwrap_or_default();
        let result = match self.signing_key(&issuer) {
            Some(key) => token::verify(token, &key.account, &issuer, key.secret.expose_secret(), now_s),
            None => Err(token::unknown_issuer(token)),
        };
        if let Ok(grants) = &result
            && !self.has_room_for(socket, grants)
        {
            self.log("signal.refused", &[("code", &TOO_MANY.0.to_string())]);
            return self.send(socket, ServerFrame::error(TOO_MANY.0, TOO_MANY.1));
        }
        let Some(state) = self.sockets.get_mut(&socket) else {
            return;
        };
        let grants = match result {
            Ok(grants) => grants,
            Err(error) => {
                state.grants = None;
                state.expired = error == TokenError::Expired;
                self.log("signal.refused", &[("code", &error.code().to_string())]);
                return self.send(socket, ServerFrame::error(error.code(), &error.to_string()));
            }
        };
        let (ttl_s, identity) = (grants.expires_at_s - now_s, grants.identity.clone());
        state.grants = Some(grants);
        state.expired = false;
        state.reconnect_timeout_s = reconnect_timeout_s.min(RECONNECT_TIMEOUT_S_MAX);
        let region = state.region;
        self.log("signal.listening", &[("identity", &identity)]);
        self.watch_expiry(socket);
        self.send(socket, ServerFrame::connected(region, &identity, ttl_s));
    }

    /// Whether a socket may listen: the network knows it, and its identity has not too many others.
    fn has_room_for(&self, socket: SocketId, grants: &Grants) -> bool {
        let others = self.sockets.iter().filter(|(other, state)| {
            let theirs = state.grants.as_ref();
            **other != socket && theirs.is_some_and(|theirs| theirs.is_same_person(grants))
        });
        self.sockets.contains_key(&socket) && others.count() < SOCKETS_PER_IDENTITY_MAX
    }

    pub(super) fn register(&mut self, socket: SocketId, audio: bool) {
        let Some(state) = self.sockets.get_mut(&socket) else {
            return;
        };
        let Some(grants) = &state.grants else {
            // Whoever says goodbye waits for the answer, with a token or without.
            if !audio {
                self.send(socket, ServerFrame::offline());
            }
            return;
        };
        let identity = grants.identity.clone();
        let changed = state.registered != audio;
        state.registered = audio;
        // The SDK repeats it every 30 seconds.
        if changed {
            let kind = if audio {
                "signal.registered"
            } else {
                "signal.unregistered"
            };
            self.log(kind, &[("identity", &identity)]);
        }
        let frame = if audio {
            ServerFrame::ready()
        } else {
            ServerFrame::offline()
        };
        self.send(socket, frame);
    }

    /// Waits for the end of a socket's token, unless it will look at it earlier anyway.
    fn watch_expiry(&mut self, socket: SocketId) {
        let Some(state) = self.sockets.get_mut(&socket) else {
            return;
        };
        let Some(expires_at_s) = state.expires_at_s() else {
            return;
        };
        if state.looked_at_s.is_some_and(|at_s| at_s <= expires_at_s) {
            return;
        }
        state.looked_at_s = Some(expires_at_s);
        let wait = SignedDuration::from_secs(expires_at_s - self.now.as_second());
        self.set_timer(wait, Timer::TokenExpiry(socket, expires_at_s));
    }

    /// A socket's token is over now, unless a newer one came.
    pub(in crate::network) fn token_expired(&mut self, socket: SocketId, at_s: i64) {
        let state = self.sockets.get_mut(&socket);
        let Some(state) = state.filter(|state| state.looked_at_s == Some(at_s)) else {
            return;
        };
        state.looked_at_s = None;
        if state.expires_at_s() != Some(at_s) {
            return self.watch_expiry(socket);
        }
        state.grants = None;
        state.expired = true;
        let error = TokenError::Expired;
        self.send(socket, ServerFrame::error(error.code(), &error.to_string()));
    }

    /// The socket is gone; its legs wait for their client as long as it asked for.
    pub(in crate::network) fn socket_closed(&mut self, socket: SocketId) {
        self.sockets.remove(&socket);
        self.stop_ringing(socket);
        let mut waiting = Vec::new();
        for sid in &self.client_legs {
            let client = self.calls.get_mut(sid).and_then(Call::client_mut);
            if let Some(client) = client.filter(|client| client.socket == Some(socket)) {
                client.socket = None;
                client.binding += 1;
                waiting.push((sid.clone(), client.reconnect_timeout_s, client.binding));
            }
        }
        for (sid, seconds, binding) in waiting {
            self.log("signal.lost", &[("call", sid.as_str())]);
            self.set_timer(
                SignedDuration::from_secs(seconds.into()),
                Timer::Rejoin(sid, binding),
            );
        }
    }

    pub(in crate::network) fn rejoin_expired(&mut self, sid: &CallSid, binding: u64) {
        let client = self.calls.get(sid).and_then(Call::client);
        if client.is_some_and(|client| client.binding == binding) {
            self.end(sid, Status::Completed, "the client did not come back");
        }
    }

    pub(super) fn grants(&self, socket: SocketId) -> Option<&Grants> {
        self.sockets.get(&socket)?.grants.as_ref()
    }

    pub(super) fn send(&mut self, socket: SocketId, frame: ServerFrame) {
        self.outputs.push_back(Output::Signal { socket, frame });
    }

    /// A client that is away misses what is sent meanwhile.
    pub(super) fn send_if_there(&mut self, socket: Option<SocketId>, frame: ServerFrame) {
        if let Some(socket) = socket {
            self.send(socket, frame);
        }
    }
}

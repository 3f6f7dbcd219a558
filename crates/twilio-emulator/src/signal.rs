//! The Voice SDK's signalling: JSON frames over a WebSocket at `/signal`.

mod edge;
mod frame;
mod http;
mod socket;
pub(crate) mod token;

pub(crate) use edge::EDGES;
pub(crate) use frame::{ClientFrame, Invite, ServerFrame, USER_DEFINED_MESSAGE, UserMessage};
pub(crate) use http::routes as http_routes;
pub(crate) use socket::{Sockets, upgrade};

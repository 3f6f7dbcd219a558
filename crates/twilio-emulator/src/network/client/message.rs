//! Messages between a page and the application, beside the sound of a call.

use serde_json::{Value, json};

use crate::clock::rfc2822;
use crate::network::call::{Call, Endpoint, Status};
use crate::network::callback::push;
use crate::network::{Network, SocketId, not_found};
use crate::rest::ApiError;
use crate::sid::CallSid;
use crate::signal::{ServerFrame, USER_DEFINED_MESSAGE, UserMessage};

/// The content of one message, as JSON.
const CONTENT_BYTES_MAX: usize = 10_000;
/// Who may listen to one call.
const SUBSCRIPTIONS_MAX: usize = 10;

/// Where an application wants to hear what the page says.
#[derive(Debug)]
pub(super) struct Subscription {
    sid: String,
    endpoint: Endpoint,
    sequence: u32,
}

impl Network {
    /// The page says something to the application.
    pub(super) fn user_message(&mut self, socket: SocketId, message: &UserMessage) {
        let Some(sid) = self.client_call(socket, &message.callsid) else {
            return;
        };
        let content = message.content.to_string();
        let refused = if message.messagetype != USER_DEFINED_MESSAGE {
            Some((31210, "Call Message Event Type is invalid"))
        } else if content.len() > CONTENT_BYTES_MAX {
            Some((31212, "Call Message Event Payload size exceeded authorized limit"))
        } else {
            None
        };
        if let Some(error) = refused {
            let frame = ServerFrame::message_error(sid.as_str(), &message.voiceeventsid, error);
            return self.send(socket, frame);
        }
        self.log("signal.message", &[("call", sid.as_str()), ("content", &content)]);
        self.send(
            socket,
            ServerFrame::acknowledged(sid.as_str(), &message.voiceeventsid),
        );
        self.tell_subscribers(&sid, message, &content);
    }

    fn tell_subscribers(&mut self, sid: &CallSid, message: &UserMessage, content: &str) {
        let Some(call) = self.calls.get_mut(sid) else {
            return;
        };
        let account = call.account.clone();
        let Some(client) = call.client_mut() else {
            return;
        };
        let mut callbacks = Vec::new();
        for subscription in &mut client.subscriptions {
            let mut params = Vec::new();
            push(&mut params, "AccountSid", &account);
            push(&mut params, "CallSid", sid.as_str());
            push(&mut params, "Content", content);
            push(&mut params, "ContentType", &message.contenttype);
            push(&mut params, "SequenceNumber", &subscription.sequence.to_string());
            push(&mut params, "Sid", &message.voiceeventsid);
            push(
                &mut params,
                "UserDefinedMessageSubscriptionSid",
                &subscription.sid,
            );
            subscription.sequence += 1;
            callbacks.push((subscription.endpoint.clone(), params));
        }
        for (endpoint, params) in callbacks {
            self.send_callback(sid, &endpoint, USER_DEFINED_MESSAGE, params);
        }
    }

    /// `POST UserDefinedMessages`: the application says something to the page.
    pub(crate) fn message_client(&mut self, sid: &CallSid, content: &Value) -> Result<Value, ApiError> {
        if content.to_string().len() > CONTENT_BYTES_MAX {
            return Err(ApiError::parameter(format!(
                "Content has more than {CONTENT_BYTES_MAX} bytes"
            )));
        }
        let message_sid = self.sids.next("KX");
        let client = self.live_client(sid)?;
        let frame = ServerFrame::message(sid.as_str(), &message_sid, content);
        let socket = client.socket;
        self.send_if_there(socket, frame);
        Ok(json!({
            "account_sid": self.calls.get(sid).map(|call| call.account.as_str()),
            "call_sid": sid,
            "sid": message_sid,
            "date_created": rfc2822(self.now),
        }))
    }

    /// `POST UserDefinedMessageSubscriptions`.
    pub(crate) fn subscribe(&mut self, sid: &CallSid, endpoint: Endpoint) -> Result<Value, ApiError> {
        let subscription = self.sids.next("ZY");
        let client = self.live_client(sid)?;
        if client.subscriptions.len() >= SUBSCRIPTIONS_MAX {
            return Err(ApiError::parameter(
                "This call has enough subscriptions".to_owned(),
            ));
        }
        client.subscriptions.push(Subscription {
            sid: subscription.clone(),
            endpoint,
            sequence: 0,
        });
        let account = self.calls.get(sid).map_or("", |call| call.account.as_str());
        let uri = format!(
            "/2010-04-01/Accounts/{account}/Calls/{sid}/UserDefinedMessageSubscriptions/{subscription}.json"
        );
        Ok(json!({
            "account_sid": account,
            "call_sid": sid,
            "sid": subscription,
            "uri": uri,
            "date_created": rfc2822(self.now),
        }))
    }

    /// `DELETE UserDefinedMessageSubscriptions/{ZY}`.
    pub(crate) fn unsubscribe(&mut self, sid: &CallSid, subscription: &str) -> Result<(), ApiError> {
        let client = self.live_client(sid)?;
        let before = client.subscriptions.len();
        client.subscriptions.retain(|known| known.sid != subscription);
        if client.subscriptions.len() == before {
            return Err(not_found(subscription));
        }
        Ok(())
    }

    fn live_client(&mut self, sid: &CallSid) -> Result<&mut super::Client, ApiError> {
        self.calls
            .get_mut(sid)
            .filter(|call| matches!(call.status, Status::Ringing | Status::InProgress))
            .and_then(Call::client_mut)
            .ok_or_else(|| not_found(sid.as_str()))
    }
}

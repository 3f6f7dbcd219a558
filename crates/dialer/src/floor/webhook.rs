//! What Twilio's webhooks do on the floor. Each is stored before it is answered.

use dialer_core::{
    attempt::CallEvent,
    call::{CallSid, CallStatus},
    seat::Input,
};
use jiff::Timestamp;
use protocol::{AgentId, AttemptId, SeatId};
use secrecy::SecretString;

use super::{
    Addresses, Floor, errand, message,
    reducer::{self, Answer},
};
use crate::{
    store::{
        StoreError, Tx, attempts,
        inbox::{self, Webhook},
        leads, seats,
    },
    twilio::{self, twiml::Twiml},
};

/// Why a webhook is not taken.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// The address was not made by us, or for something that does not exist.
    #[error("the address is not one of ours")]
    NotOurs,
    /// A parameter is missing that Twilio always sends.
    #[error("the parameter {0} is missing or malformed")]
    Malformed(&'static str),
    /// It could not be stored, so Twilio must send it again.
    #[error("the webhook cannot be stored")]
    Store(#[from] StoreError),
}

impl Floor {
    /// The tokens that may have signed a webhook.
    #[must_use]
    pub(crate) fn auth_tokens(&self) -> &[SecretString] {
        &self.0.auth_tokens
    }

    /// The addresses Twilio was given.
    #[must_use]
    pub fn addresses(&self) -> &Addresses {
        &self.0.addresses
    }

    /// An agent's phone called: into the room of the seat it names.
    pub(crate) async fn client_called(&self, webhook: Webhook) -> Result<Twiml, WebhookError> {
        let leg = call_sid(&webhook)?;
        let seat_id: SeatId = parse(&webhook, "seat")?;
        let agent_id = webhook
            .param("From")
            .and_then(twilio::agent_of)
            .ok_or(WebhookError::Malformed("From"))?;
        let now = self.0.clock.now();
        let seated = self.0.store.write(move |tx| {
            Box::pin(async move {
                let is_new = inbox::add(tx, &webhook, now).await?;
                join(tx, seat_id, agent_id, leg, is_new, now).await
            })
        });
        let seated = seated.await?;
        self.0.changed.notify_one();
        Ok(if seated {
            let addresses = &self.0.addresses;
            let (ended, events) = (addresses.leg_ended(seat_id), addresses.room_events(seat_id));
            Twiml::agent_room(&seat_id.to_string(), &ended, &events)
        } else {
            Twiml::hang_up()
        })
    }

    /// A person answered: finds them a seat in the same transaction, ahead of everything else that is to be written.
    pub(crate) async fn answered(
        &self,
        attempt_id: AttemptId,
        code: &str,
        webhook: Webhook,
    ) -> Result<Twiml, WebhookError> {
        self.check_attempt(attempt_id, code)?;
        let sid = call_sid(&webhook)?;
        let now = self.0.clock.now();
        let claimed = self.0.store.claim(move |tx| {
            Box::pin(async move {
                let is_new = inbox::add(tx, &webhook, now).await?;
                let fetched = is_new.then_some(CallEvent::AnswerFetched { sid, at: now });
                let Some(answer) = reducer::answer(tx, attempt_id, fetched, now).await? else {
                    return Ok(None);
                };
                let identification = match answer {
                    Answer::Message => Some(message::identification(tx, attempt_id).await?),
                    Answer::Room(_) | Answer::Nothing => None,
                };
                Ok(Some((answer, identification)))
            })
        });
        let (answer, identification) = claimed.await?.ok_or(WebhookError::NotOurs)?;
        self.0.changed.notify_one();
        Ok(match (answer, identification) {
            (Answer::Room(seat_id), _) => {
                let addresses = &self.0.addresses;
                let (ended, wait) = (addresses.dial_ended(attempt_id), addresses.wait(attempt_id));
                Twiml::prospect_room(&seat_id.to_string(), &format!("p-{attempt_id}"), &ended, &wait)
            }
            (_, Some(sentence)) => Twiml::ask(&sentence, &self.0.addresses.opt_out(attempt_id)),
            (Answer::Message | Answer::Nothing, None) => Twiml::hang_up(),
        })
    }

    /// How far a call is.
    pub(crate) async fn status(
        &self,
        attempt_id: AttemptId,
        code: &str,
        webhook: Webhook,
    ) -> Result<(), WebhookError> {
        self.check_attempt(attempt_id, code)?;
        let sid = call_sid(&webhook)?;
        let status = webhook.param("CallStatus").and_then(CallStatus::parse);
        if status.is_none() {
            tracing::warn!(%attempt_id, "Twilio reports a call status that is new to us");
        }
        let now = self.0.clock.now();
        let events = status
            .map(|status| CallEvent::Reported { sid, status, at: now })
            .into_iter()
            .collect();
        self.learn_once(attempt_id, events, webhook, now).await
    }

    /// The prospect's `<Dial>` ended: the rep hung up, or is gone.
    pub(crate) async fn dial_ended(
        &self,
        attempt_id: AttemptId,
        code: &str,
        webhook: Webhook,
    ) -> Result<Twiml, WebhookError> {
        self.check_attempt(attempt_id, code)?;
        let lost = self.out_of_room(attempt_id, webhook).await?;
        Ok(if lost {
            Twiml::say("We are sorry, we lost the connection. We will call you back. Goodbye.")
        } else {
            Twiml::hang_up()
        })
    }

    /// A prospect is in a room whose agent is not: tells them, and frees the seat.
    pub(crate) async fn waiting(
        &self,
        attempt_id: AttemptId,
        code: &str,
        webhook: Webhook,
    ) -> Result<Twiml, WebhookError> {
        self.check_attempt(attempt_id, code)?;
        let lost = self.out_of_room(attempt_id, webhook).await?;
        // A room that is only just being opened has its agent: silence, and no harm done.
        Ok(if lost {
            Twiml::say("We are sorry, nobody can talk to you at the moment. We will call you back. Goodbye.")
        } else {
            Twiml::pause()
        })
    }

    /// True if the prospect lives on and the agent's leg is gone. A prospect who waits in the agent's presence stays.
    async fn out_of_room(&self, attempt_id: AttemptId, webhook: Webhook) -> Result<bool, WebhookError> {
        let ended = webhook.path.ends_with("/dial-ended");
        let over = webhook
            .param("CallStatus")
            .and_then(CallStatus::parse)
            .is_some_and(CallStatus::is_terminal);
        let now = self.0.clock.now();
        let written = self.0.store.write(move |tx| {
            Box::pin(async move {
                let is_new = inbox::add(tx, &webhook, now).await?;
                let Some(row) = attempts::by_id(tx, attempt_id).await? else {
                    return Ok(None);
                };
                let seat = seats::by_id(tx, row.seat_id).await?;
                let alone = seat.is_none_or(|seat| seat.left || seat.seat.leg.is_none());
                if is_new && (ended || alone) {
                    reducer::learn(tx, attempt_id, vec![CallEvent::LeftRoom { at: now }], now).await?;
                }
                Ok(Some(alone && !over && !row.hung_up))
            })
        });
        let lost = written.await?.ok_or(WebhookError::NotOurs)?;
        self.0.changed.notify_one();
        Ok(lost)
    }

    /// Somebody came into a seat's room or left it.
    pub(crate) async fn room_event(
        &self,
        seat_id: SeatId,
        code: &str,
        webhook: Webhook,
    ) -> Result<(), WebhookError> {
        self.check_seat(seat_id, code)?;
        let left = webhook.param("StatusCallbackEvent") == Some("participant-leave");
        let sid = webhook
            .param("CallSid")
            .and_then(|sid| sid.parse::<CallSid>().ok())
            .filter(|_| left);
        let prospect = webhook
            .param("ParticipantLabel")
            .and_then(|label| label.strip_prefix("p-")?.parse().ok());
        let now = self.0.clock.now();
        let written = self.0.store.write(move |tx| {
            Box::pin(async move {
                let is_new = inbox::add(tx, &webhook, now).await?;
                let Some(sid) = sid.filter(|_| is_new) else {
                    return Ok(());
                };
                match prospect {
                    Some(attempt_id) => {
                        reducer::learn(tx, attempt_id, vec![CallEvent::LeftRoom { at: now }], now)
                            .await
                            .map(drop)
                    }
                    None => errand::leave_room(tx, seat_id, sid, now).await,
                }
            })
        });
        written.await?;
        self.0.changed.notify_one();
        Ok(())
    }

    /// The agent's `<Dial>` ended: they left the room.
    pub(crate) async fn leg_ended(
        &self,
        seat_id: SeatId,
        code: &str,
        webhook: Webhook,
    ) -> Result<Twiml, WebhookError> {
        self.check_seat(seat_id, code)?;
        let leg = call_sid(&webhook)?;
        let now = self.0.clock.now();
        let written = self.0.store.write(move |tx| {
            Box::pin(async move {
                inbox::add(tx, &webhook, now).await?;
                errand::leave_room(tx, seat_id, leg, now).await
            })
        });
        written.await?;
        self.0.changed.notify_one();
        Ok(Twiml::hang_up())
    }

    /// A person who heard the message pressed a key.
    pub(crate) async fn opted_out(
        &self,
        attempt_id: AttemptId,
        code: &str,
        webhook: Webhook,
    ) -> Result<Twiml, WebhookError> {
        self.check_attempt(attempt_id, code)?;
        let rule_now = self.0.clock.rule_now();
        let (now, asked) = (
            self.0.clock.now(),
            webhook.param("Digits") == Some(message::OPT_OUT_KEY),
        );
        let written = self.0.store.write(move |tx| {
            Box::pin(async move {
                inbox::add(tx, &webhook, now).await?;
                let Some(row) = attempts::by_id(tx, attempt_id).await? else {
                    return Ok(false);
                };
                if asked {
                    leads::do_not_call(tx, row.tenant_id, row.to, rule_now).await?;
                }
                Ok(true)
            })
        });
        if !written.await? {
            return Err(WebhookError::NotOurs);
        }
        Ok(message::opted_out(asked))
    }

    /// Somebody calls one of our numbers: says whose it is, and takes them off the lists if they ask.
    pub(crate) async fn inbound(&self, webhook: Webhook) -> Result<Twiml, WebhookError> {
        let now = self.0.clock.now();
        let called = webhook.param("To").unwrap_or_default().to_owned();
        let written = self.0.store.write(move |tx| {
            Box::pin(async move {
                inbox::add(tx, &webhook, now).await?;
                message::greeting(tx, &called).await
            })
        });
        let greeting = written.await?;
        Ok(greeting.map_or_else(Twiml::hang_up, |words| {
            Twiml::ask(&words, &self.0.addresses.inbound_opt_out())
        }))
    }

    /// Somebody who called one of our numbers pressed a key.
    pub(crate) async fn inbound_opted_out(&self, webhook: Webhook) -> Result<Twiml, WebhookError> {
        let (now, rule_now) = self.now();
        let asked = webhook.param("Digits") == Some(message::OPT_OUT_KEY);
        let number = webhook
            .param("From")
            .and_then(|from| from.parse().ok())
            .filter(|_| asked);
        let called = webhook.param("To").unwrap_or_default().to_owned();
        let written = self.0.store.write(move |tx| {
            Box::pin(async move {
                inbox::add(tx, &webhook, now).await?;
                if let (Some(number), Some(tenant_id)) = (number, message::tenant_of(tx, &called).await?) {
                    leads::do_not_call(tx, tenant_id, number, rule_now).await?;
                    return Ok(true);
                }
                Ok(false)
            })
        });
        Ok(message::opted_out(written.await?))
    }

    async fn learn_once(
        &self,
        attempt_id: AttemptId,
        events: Vec<CallEvent>,
        webhook: Webhook,
        now: Timestamp,
    ) -> Result<(), WebhookError> {
        let written = self.0.store.write(move |tx| {
            Box::pin(async move {
                if !inbox::add(tx, &webhook, now).await? {
                    return Ok(true);
                }
                Ok(reducer::learn(tx, attempt_id, events, now).await?.is_some())
            })
        });
        if !written.await? {
            return Err(WebhookError::NotOurs);
        }
        self.0.changed.notify_one();
        Ok(())
    }

    fn check_attempt(&self, attempt_id: AttemptId, code: &str) -> Result<(), WebhookError> {
        let ours = self.0.addresses.is_attempt_code(attempt_id, code);
        if ours { Ok(()) } else { Err(WebhookError::NotOurs) }
    }

    fn check_seat(&self, seat_id: SeatId, code: &str) -> Result<(), WebhookError> {
        if self.0.addresses.is_seat_code(seat_id, code) {
            Ok(())
        } else {
            Err(WebhookError::NotOurs)
        }
    }
}

/// Puts the agent's leg into the seat; false if the seat is not theirs or was left. Asked again, it says the same while
/// the leg is the seat's: an old leg does not get the seat back.
async fn join(
    tx: &mut Tx,
    seat_id: SeatId,
    agent_id: AgentId,
    leg: CallSid,
    is_new: bool,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let row = seats::by_id(tx, seat_id).await?;
    let Some(mut row) = row.filter(|row| row.agent_id == agent_id && !row.left) else {
        return Ok(false);
    };
    if !is_new {
        return Ok(row.seat.leg == Some(leg));
    }
    let epoch = row.seat.epoch;
    row.leg_checked_at = Some(now);
    if row.seat.handle(&Input::Joined { leg }) {
        seats::save(tx, &row, epoch, now).await?;
    }
    Ok(true)
}

fn call_sid(webhook: &Webhook) -> Result<CallSid, WebhookError> {
    parse(webhook, "CallSid")
}

fn parse<T: std::str::FromStr>(webhook: &Webhook, name: &'static str) -> Result<T, WebhookError> {
    webhook
        .param(name)
        .and_then(|text| text.parse().ok())
        .ok_or(WebhookError::Malformed(name))
}

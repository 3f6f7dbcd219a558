//! What webhooks say about a call and a room.

use std::borrow::Cow;
use std::sync::Arc;

use super::call::{Call, Endpoint, Status};
use super::geography::push_place;
use super::room::{Conference, Participant};
use super::{Network, Output};
use crate::clock::rfc2822;
use crate::rest::ApiError;
use crate::sid::CallSid;
use crate::twiml::Method;
use crate::webhook::{DeliveryError, Reply, Request};

pub(super) use crate::webhook::Params;

impl Network {
    /// Reports the call's status if the application asked for it.
    pub(super) fn report_progress(&mut self, sid: &CallSid) {
        let Some(call) = self.calls.get(sid) else { return };
        let Some(progress) = &call.callback else { return };
        let status = call.status;
        if !progress.events.iter().any(|event| event == status.event()) {
            return;
        }
        let endpoint = progress.endpoint.clone();
        let mut params = self.voice_params(call);
        push(&mut params, "Timestamp", &rfc2822(self.now));
        push(&mut params, "CallbackSource", "call-progress-events");
        push(&mut params, "SequenceNumber", &progress.sequence.to_string());
        if matches!(status, Status::Ringing | Status::InProgress)
            && !call.inbound
            && let Some(level) = self.attestation(&call.from)
        {
            push(&mut params, "StirStatus", level);
        }
        let sip_code = call.sip_code();
        if status.is_final() {
            let duration_s = call.duration_s();
            push(&mut params, "CallDuration", &duration_s.to_string());
            if status == Status::Completed {
                push(&mut params, "Duration", &((duration_s + 59) / 60).to_string());
            }
            params.extend(self.recording_of(sid));
            push(&mut params, "SipResponseCode", &sip_code);
        }
        if let Some(progress) = self.calls.get_mut(sid).and_then(|call| call.callback.as_mut()) {
            progress.sequence += 1;
        }
        self.send_callback(sid, &endpoint, status.callback(), params);
    }

    /// What every request about a call says.
    pub(super) fn voice_params(&self, call: &Call) -> Params {
        let mut params = Params::new();
        push(&mut params, "CallSid", call.sid.as_str());
        push(&mut params, "AccountSid", &call.account);
        push(&mut params, "From", &call.from);
        push(&mut params, "To", &call.to);
        push(&mut params, "Caller", &call.from);
        push(&mut params, "Called", &call.to);
        push(&mut params, "CallStatus", call.status.callback());
        push(&mut params, "ApiVersion", "2010-04-01");
        push(&mut params, "Direction", call.direction());
        for (name, value) in [
            ("ParentCallSid", call.parent.as_ref().map(CallSid::as_str)),
            ("ForwardedFrom", call.forwarded_from.as_deref()),
            ("StirVerstat", self.stir_verstat(call)),
            ("CallerName", call.caller_name.as_deref()),
            ("CallToken", call.token.as_deref()),
        ] {
            if let Some(value) = value {
                push(&mut params, name, value);
            }
        }
        for (names, number) in [
            (["FromCity", "FromState", "FromZip", "FromCountry"], &call.from),
            (["ToCity", "ToState", "ToZip", "ToCountry"], &call.to),
            (
                ["CallerCity", "CallerState", "CallerZip", "CallerCountry"],
                &call.from,
            ),
            (
                ["CalledCity", "CalledState", "CalledZip", "CalledCountry"],
                &call.to,
            ),
        ] {
            push_place(&mut params, names, number);
        }
        params.extend(call.sip_params());
        params
    }

    /// What the carrier says of a caller's number.
    pub(super) fn stir_verstat<'a>(&'a self, call: &'a Call) -> Option<&'a str> {
        let carried = call.inbound && call.from.starts_with('+');
        let of_world = || self.population.stir_verstat(&call.from).filter(|_| carried);
        call.stir_verstat.as_deref().or_else(of_world)
    }

    /// Reports what happened in a room; `participant` for what happened to one of its legs.
    pub(super) fn report_room(
        &mut self,
        conference: &mut Conference,
        event: &str,
        participant: Option<&Participant>,
        more: &[(&'static str, &str)],
    ) {
        let call = participant
            .map_or("", |participant| participant.call.as_str())
            .to_owned();
        let mut fields = vec![
            ("conference", conference.sid.as_str()),
            ("name", conference.name.as_str()),
        ];
        if let Some(participant) = participant {
            fields.push(("call", &call));
            fields.extend(participant.label.as_deref().map(|label| ("label", label)));
        }
        fields.extend(more);
        self.events.push(self.now, event.replacen('-', ".", 1), &fields);

        let Some(callback) = &conference.callback else {
            return;
        };
        if !callback.events.iter().any(|wanted| covers(wanted, event)) {
            return;
        }
        conference.sequence += 1;
        let mut params = Params::new();
        push(&mut params, "ConferenceSid", conference.sid.as_str());
        push(&mut params, "FriendlyName", &conference.name);
        push(&mut params, "AccountSid", &conference.account);
        let sequence = self
            .switches
            .conference_sequence_first
            .saturating_add(conference.sequence - 1);
        push(&mut params, "SequenceNumber", &sequence.to_string());
        push(&mut params, "Timestamp", &rfc2822(self.now));
        push(&mut params, "StatusCallbackEvent", event);
        if let Some(participant) = participant {
            push(&mut params, "CallSid", participant.call.as_str());
            push(&mut params, "Muted", bool_text(participant.muted));
            push(&mut params, "Hold", bool_text(participant.hold));
            push(&mut params, "Coaching", bool_text(participant.coaches.is_some()));
            if let Some(coached) = &participant.coaches {
                push(&mut params, "CallSidToCoach", coached.as_str());
            }
            push(
                &mut params,
                "EndConferenceOnExit",
                bool_text(participant.moderation.end_on_exit),
            );
            push(
                &mut params,
                "StartConferenceOnEnter",
                bool_text(participant.moderation.start_on_enter),
            );
            if let Some(label) = &participant.label {
                push(&mut params, "ParticipantLabel", label);
            }
        }
        for (name, value) in more {
            push(&mut params, *name, value);
        }
        let endpoint = Endpoint {
            url: callback.url.clone(),
            method: callback.method,
        };
        let owner =
            participant.map_or_else(|| CallSid::from_text(""), |participant| participant.call.clone());
        self.send_callback(&owner, &endpoint, event, params);
    }

    /// Posts JSON to the application, signed as Twilio signs JSON.
    pub(crate) fn post_json(
        &mut self,
        account: Option<String>,
        url: String,
        json: String,
    ) -> Result<(), ApiError> {
        let owner = account.unwrap_or_else(|| self.main_account().to_owned());
        if self.accounts.get(&owner).is_none() {
            return Err(ApiError::parameter(format!(
                "{owner} is no account of this network"
            )));
        }
        let endpoint = Endpoint {
            url,
            method: Method::Post,
        };
        let mut request = self.request(&endpoint, vec![("AccountSid".into(), owner)]);
        request.json = Some(json);
        self.log("callback", &[("event", "json"), ("url", &request.url)]);
        let call = CallSid::from_text("");
        let request = request.into();
        self.outputs.push_back(Output::Callback { call, request });
        Ok(())
    }

    pub(super) fn callback_done(
        &mut self,
        call: &CallSid,
        request: Arc<Request>,
        result: Result<Reply, DeliveryError>,
    ) {
        // What happens to a room as a whole is no call's business.
        let account = call.as_str().is_empty().then(|| account_of(&request.params));
        let account = account.flatten().map(str::to_owned);
        if result.is_ok() {
            let fields = [("call", call.as_str()), ("url", &request.url)];
            self.log("callback.delivered", &fields);
        }
        let exchange = self.note_exchange(call, request, result);
        let Err(error) = &exchange.result else { return };
        let (code, message) = if let DeliveryError::Refused(reply) = error {
            let status = reply.status.as_u16();
            (15003, format!("the callback was answered with {status}"))
        } else {
            (error.code(), format!("the callback was lost: {error}"))
        };
        match account {
            Some(account) => self.notify_account(&account, Some(&exchange), code, &message),
            None => self.notify_of(&exchange, call, code, &message),
        }
    }
}

/// Whether the word of `statusCallbackEvent` asks for this event.
fn covers(wanted: &str, event: &str) -> bool {
    match wanted {
        "start" => event == "conference-start",
        "end" => event == "conference-end",
        "join" => event == "participant-join",
        "leave" => event == "participant-leave",
        "mute" => event == "participant-mute" || event == "participant-unmute",
        "hold" => event == "participant-hold" || event == "participant-unhold",
        "modify" => event == "participant-modify",
        "speaker" => event == "participant-speech-start" || event == "participant-speech-stop",
        "announcement" => event == "announcement-end" || event == "announcement-fail",
        _ => false,
    }
}

/// Whose request it is.
pub(super) fn account_of(params: &Params) -> Option<&str> {
    let account = params.iter().find(|(name, _)| name == "AccountSid");
    account.map(|(_, sid)| sid.as_str())
}

pub(super) fn push(params: &mut Params, name: impl Into<Cow<'static, str>>, value: &str) {
    params.push((name.into(), value.to_owned()));
}

pub(super) fn bool_text(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

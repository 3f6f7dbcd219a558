//! A person calls one of the account's numbers.

use super::account::Routing;
use super::call::{Call, Party, Progress, Status};
use super::{Instructions, Network, Output, population};
use crate::media::{MediaCommand, Persona};
use crate::rest::ApiError;
use crate::sid::CallSid;
use crate::world::Who;
use rand::Rng;

/// `POST /emulator/calls`.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InboundOrder {
    /// Any caller id, also `anonymous`.
    from: String,
    /// A number of the account.
    to: String,
    /// Who calls; whoever lives at `from` if absent.
    #[serde(default)]
    persona: Option<Who>,
    /// What the carrier says of the caller id, as `StirVerstat`.
    #[serde(default)]
    stir_verstat: Option<String>,
    /// The number that passed the call on.
    #[serde(default)]
    forwarded_from: Option<String>,
}

impl Network {
    /// Lets somebody call a number of the account, as its `VoiceUrl` or application says.
    pub(crate) fn call_in(&mut self, order: InboundOrder) -> Result<CallSid, ApiError> {
        let refuse = |code, message| Err(ApiError::new(400, code, message));
        let Some(number) = self.numbers.iter().find(|number| number.e164 == order.to) else {
            return refuse(21211, format!("{} is not a number of the account", order.to));
        };
        let trunk = number.trunk_sid.clone();
        let application = number
            .application_sid
            .as_deref()
            .and_then(|sid| self.application(sid));
        let routing = application
            .map_or(&number.handling, |application| &application.handling)
            .routing
            .clone();
        // A trunk's calls have neither TwiML nor callbacks.
        let routing = if trunk.is_some() {
            Routing::default()
        } else {
            routing
        };
        let account = number.account.clone();
        let persona = match &order.persona {
            Some(who) => population::persona_of(who)?,
            None => self.population.person(&order.from),
        };
        self.make_room()?;
        let sid = CallSid::new(&mut self.sids);
        let call = Call::new(
            sid.clone(),
            order.from,
            order.to,
            Party::Person(Box::new(persona)),
            self.now,
        );
        let call = Call {
            account,
            inbound: true,
            status: Status::Ringing,
            dialled_at: Some(self.now),
            fallback: routing.fallback,
            callback: routing.callback.map(|endpoint| Progress {
                endpoint,
                events: vec!["completed".to_owned()],
                sequence: 0,
            }),
            stir_verstat: order.stir_verstat,
            forwarded_from: order.forwarded_from,
            ..call
        };
        self.log(
            "call.inbound",
            &[("call", sid.as_str()), ("from", &call.from), ("to", &call.to)],
        );
        self.insert_call(call);
        if let Some(trunk) = trunk {
            self.originate(&sid, &trunk);
            return Ok(sid);
        }
        match routing.voice {
            Some(voice) => self.start_instructions(&sid, Instructions::Url(voice)),
            // A number nobody set up says so and hangs up.
            None => self.end(&sid, Status::Failed, "the number has no VoiceUrl"),
        }
        Ok(sid)
    }

    /// The application wants the call: pick up and go on with its TwiML.
    pub(super) fn answer_inbound(&mut self, sid: &CallSid) {
        let Some(call) = self.calls.get(sid) else { return };
        let Party::Person(persona) = &call.party else {
            return self.answer_client(sid);
        };
        let persona = persona.as_ref().clone();
        let seed = self.population.rng().random();
        self.answered(sid);
        self.open_person(sid, persona, seed);
        self.advance(sid);
    }

    /// The person's script begins.
    pub(super) fn open_person(&mut self, sid: &CallSid, persona: Persona, seed: u64) {
        if self.no_media
            && let Some(stay) = super::place::stay(&persona.script)
        {
            self.set_timer(stay, super::Timer::PersonLeaves(sid.clone()));
        }
        let leg = sid.as_str().to_owned();
        self.outputs
            .push_back(Output::Media(MediaCommand::OpenPerson { leg, persona, seed }));
    }
}

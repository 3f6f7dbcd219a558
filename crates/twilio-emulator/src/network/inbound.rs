//! A person calls one of the account's numbers.

use super::account::Routing;
use super::call::{Call, Party, Progress, Status};
use super::{Instructions, Network, Output, population};
use crate::media::{MediaCommand, Persona};
use crate::rest::ApiError;
use crate::sid::CallSid;
use crate::world::Who;
use rand::Rng;

/// Of a name that a look-up finds.
const CALLER_NAME_CHARACTERS_MAX: usize = 15;

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
    /// What a look-up of the caller id finds; by default the persona's name.
    #[serde(default)]
    caller_name: Option<String>,
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
        let handling = application.map_or(&number.handling, |application| &application.handling);
        let looks_up = handling.settings.is_set("VoiceCallerIdLookup");
        let routing = handling.routing.clone();
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
        let caller_name = order.caller_name.as_deref().unwrap_or(&persona.name);
        let caller_name = (looks_up && order.from.starts_with("+1")).then(|| cnam(caller_name));
        let sid = CallSid::new(&mut self.sids);
        let carried = trunk.is_none() && order.from.starts_with('+');
        let token = carried.then(|| self.token_of_caller(&sid));
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
            token,
            caller_name,
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

    /// What the application may give back as `CallToken`, in the form of Twilio's.
    fn token_of_caller(&mut self, sid: &CallSid) -> String {
        let secret = self.sids.next("");
        format!("{{\"parentCallInfoToken\":\"{sid}.{secret}\",\"identityHeaderTokens\":[]}}")
    }

    /// Whether this is the token of a call of the account that came from this number.
    pub(super) fn forwards(&self, token: &str, account: &str, from: &str) -> bool {
        let sid = token.split('"').find_map(|part| part.split_once('.'));
        let call = sid.and_then(|(sid, _)| self.calls.get(&CallSid::from_text(sid)));
        call.is_some_and(|call| {
            call.token.as_deref() == Some(token) && call.account == account && call.from == from
        })
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

/// As the registers of caller names write them: fifteen capitals.
fn cnam(name: &str) -> String {
    name.chars()
        .take(CALLER_NAME_CHARACTERS_MAX)
        .collect::<String>()
        .to_uppercase()
}

//! Trial accounts: whoever picks up is told, and presses a key before the call goes on.

use super::call::Party;
use super::run::{Run, Scope};
use super::{Instructions, Network};
use crate::sid::CallSid;
use crate::twiml;

/// What whoever picks up hears first, and how long they have to press a key.
const NOTICE: &str = "<Response><Gather numDigits=\"1\" finishOnKey=\"\" timeout=\"10\"><Say>You have a trial account. \
    You can remove this message at any time by upgrading to a full account. Press any key to execute your code.\
    </Say></Gather></Response>";

impl Network {
    /// Starts what an answered call does; a trial account's callee is told first.
    pub(super) fn start_answered(&mut self, sid: &CallSid, instructions: Instructions) {
        let Some(call) = self.calls.get_mut(sid) else {
            return;
        };
        // Neither clients nor whoever is dialled by a verb is told.
        let told = self.limits.trial
            && matches!(call.party, Party::Person(_))
            && !matches!(instructions, Instructions::Connect(_));
        if !told {
            return self.start_instructions(sid, instructions);
        }
        let notice = twiml::parse(NOTICE).map(|document| document.verbs);
        call.runs = vec![Run::new(Scope::Trial, notice.unwrap_or_default(), None)];
        self.advance(sid);
    }

    /// The time to press a key is over, or one was pressed.
    pub(super) fn trial_key(&mut self, sid: &CallSid, pressed: bool) {
        let Some(call) = self.calls.get_mut(sid) else {
            return;
        };
        call.runs.clear();
        if pressed {
            let instructions = call.instructions.clone();
            self.start_instructions(sid, instructions);
        } else {
            self.end(
                sid,
                super::call::Status::Completed,
                "nobody pressed a key for a trial account",
            );
        }
    }
}

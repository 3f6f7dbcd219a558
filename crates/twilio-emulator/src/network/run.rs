//! Running TwiML on a leg: which document, which verb, and what it waits for.

mod callees;
mod dial;
mod documents;
mod enqueue;
mod gather;
mod record;

use jiff::SignedDuration;

pub(super) use callees::{RING_EXTRA_S, e164};
pub(super) use dial::Dialing;
pub(crate) use documents::{Fetch, FetchPurpose};

use std::collections::VecDeque;
use std::sync::Arc;

use super::call::Status;
use super::exchanges::Exchange;
use super::{Network, Output, Timer};
use crate::media::MediaCommand;
use crate::sid::CallSid;
use crate::twiml::{Target, Verb};
use enqueue::Queued;
use gather::Gathering;
use record::Taping;
pub(super) use record::{AfterRecord, HUNG_UP};

/// Documents in a row that only lead to another one.
const REDIRECTS_MAX: u32 = 10;
/// No sound takes less than a frame, or a loop of empty ones would stop time.
const SOUND_MS_MIN: u64 = 20;

/// Names one wait of one run; what belongs to an earlier wait is ignored.
pub(super) type Step = u64;

/// A document being run.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) scope: Scope,
    pub(super) verbs: VecDeque<Verb>,
    /// What relative URLs are relative to, and the default `action`.
    pub(super) base: Option<String>,
    /// The webhook that brought it.
    pub(super) document: Option<Arc<Exchange>>,
    pub(super) step: Step,
    pub(super) waiting: Waiting,
}

/// What a run is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// The call itself: when it ends, the call ends.
    Call,
    /// What a participant hears until the conference starts.
    Wait,
    /// What a held participant hears.
    Hold,
    /// What is announced to a participant.
    Announcement(u64),
    /// What a `<Gather>` plays meanwhile.
    Prompt,
    /// What a caller in line hears.
    Queue,
    /// Keys the called side hears before anything else.
    Keys,
    /// What one side of a `<Dial>` hears before it is connected.
    Whisper,
    /// What a trial account's callee hears first.
    Trial,
}

/// What a run waits for.
#[derive(Debug)]
pub(super) enum Waiting {
    Nothing,
    Fetch,
    Sound,
    Pause,
    Gather(Box<Gathering>),
    Record(Box<Taping>),
    /// For the sound of a `<Record>` that is over.
    Recorded,
    Dial(Box<Dialing>),
    /// In a queue.
    Queue(Box<Queued>),
    /// Until what a caller in line hears is requested again.
    Again,
}

/// Where sound comes from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SoundSource {
    Speech(String),
    /// A file of the application.
    File(String),
    /// A file that the application has sent already.
    Received(Arc<[u8]>),
    /// The tone that announces a participant, over everything else.
    Chime,
    /// The tone before a recording.
    Beep,
    /// What a caller hears while it rings elsewhere: as a country's name says, or as in that of the number.
    Ringback {
        ring_tone: Option<String>,
        number: String,
    },
    /// A line that is engaged.
    Busy,
    /// A number that cannot be reached.
    Intercept,
    /// Keys as tones.
    Keys(String),
    /// What Twilio plays in a room without a `waitUrl`.
    HoldMusic,
}

impl Run {
    pub(super) fn new(scope: Scope, verbs: Vec<Verb>, base: Option<String>) -> Self {
        Self {
            scope,
            verbs: verbs.into(),
            base,
            document: None,
            step: 0,
            waiting: Waiting::Nothing,
        }
    }
}

impl Network {
    /// Runs verbs until one of them has to wait or the call is over.
    pub(super) fn advance(&mut self, sid: &CallSid) {
        loop {
            let Some(call) = self.calls.get_mut(sid).filter(|call| !call.status.is_final()) else {
                return;
            };
            let rings = call.inbound && call.status == Status::Ringing;
            let from_phone = call.client().is_none();
            let Some(run) = call.runs.last_mut() else { return };
            if !matches!(run.waiting, Waiting::Nothing) {
                return;
            }
            if rings && picks_up(run.verbs.front(), from_phone) {
                return self.answer_inbound(sid);
            }
            let verb = run.verbs.pop_front();
            let scope = run.scope;
            let goes_on = match verb {
                Some(verb) => self.execute(sid, scope, verb),
                None => self.document_ended(sid, scope),
            };
            if !goes_on {
                return;
            }
        }
    }

    /// Does one verb; true if the next one follows at once.
    fn execute(&mut self, sid: &CallSid, scope: Scope, verb: Verb) -> bool {
        if !matches!(verb, Verb::Redirect(_))
            && let Some(call) = self.calls.get_mut(sid)
        {
            call.redirects = 0;
        }
        let dequeued = self.queued(sid).is_some();
        if let Some((code, why)) = out_of_place(scope, dequeued, &verb) {
            self.notify(sid, code, why);
            return true;
        }
        match verb {
            Verb::Say { text, rounds } => self.sound(sid, SoundSource::Speech(text), rounds),
            Verb::Play { url, rounds } => {
                let url = self.resolve(sid, &url);
                self.sound(sid, SoundSource::File(url), rounds)
            }
            Verb::Sound(file) => self.sound(sid, SoundSource::Received(file), 1),
            Verb::Pause { length_s } => {
                let step = self.wait_for(sid, Waiting::Pause);
                self.set_timer(
                    SignedDuration::from_secs(length_s.into()),
                    Timer::Step(sid.clone(), step),
                );
                false
            }
            Verb::Gather(gather) => self.gather(sid, *gather),
            Verb::Dial(dial) => self.dial_noun(sid, *dial),
            Verb::Redirect(_) if self.redirects_too_often(sid) => {
                self.notify(sid, 11215, "more than ten documents only led to another one");
                self.end(sid, Status::Completed, "too many redirects");
                false
            }
            Verb::Redirect(Target { url, method }) => {
                self.fetch(sid, &url, method, FetchPurpose::Document, Vec::new());
                false
            }
            Verb::Reject { busy } => {
                self.reject(sid, busy);
                false
            }
            Verb::Hangup => {
                self.end(sid, Status::Completed, "hung up by TwiML");
                false
            }
            Verb::Unrun(name) => self.pass_over(sid, &name),
            Verb::Keys(keys) => self.press_keys(sid, keys),
            Verb::Enqueue(order) => self.enqueue(sid, *order),
            Verb::Leave => self.leave_by_verb(sid),
            Verb::Record(order) => self.record(sid, *order),
            Verb::StartRecording(recorded) => self.start_background_recording(sid, *recorded),
            Verb::StopRecording => self.stop_background_recordings(sid),
        }
    }

    /// Turns a caller away; after another verb has answered the call there is nothing left but to hang up.
    fn reject(&mut self, sid: &CallSid, busy: bool) {
        let answered = self
            .calls
            .get(sid)
            .is_some_and(|call| call.status == Status::InProgress);
        let status = match (answered, busy) {
            (true, _) => Status::Completed,
            (false, true) => Status::Busy,
            (false, false) => Status::NoAnswer,
        };
        self.end(sid, status, "rejected");
    }

    /// Notes a verb that this network does not run.
    fn pass_over(&mut self, sid: &CallSid, name: &str) -> bool {
        self.notify(sid, 12200, &format!("<{name}> is not emulated"));
        true
    }

    /// Counts documents that do nothing but lead on.
    fn redirects_too_often(&mut self, sid: &CallSid) -> bool {
        let Some(call) = self.calls.get_mut(sid) else {
            return true;
        };
        call.redirects += 1;
        call.redirects > REDIRECTS_MAX
    }

    fn document_ended(&mut self, sid: &CallSid, scope: Scope) -> bool {
        match scope {
            Scope::Call | Scope::Trial => {
                self.end(sid, Status::Completed, "the TwiML ended");
                false
            }
            // What was to be heard while waiting is over; the wait goes on in silence.
            Scope::Wait => {
                self.pop_run(sid);
                false
            }
            Scope::Hold if !self.hold_goes_on() => {
                self.pop_run(sid);
                false
            }
            Scope::Queue | Scope::Hold => {
                self.wait_again(sid);
                false
            }
            Scope::Announcement(_) => {
                self.pop_run(sid);
                self.announcement_over(sid);
                true
            }
            Scope::Keys => {
                self.pop_run(sid);
                self.follow(sid);
                false
            }
            Scope::Whisper => {
                self.pop_run(sid);
                self.leg_ready(sid);
                false
            }
            Scope::Prompt => {
                self.pop_run(sid);
                self.gather_silence(sid);
                false
            }
        }
    }

    /// Begins a wait and gives its name.
    pub(super) fn wait_for(&mut self, sid: &CallSid, waiting: Waiting) -> Step {
        let step = self.next_id();
        if let Some(run) = self.calls.get_mut(sid).and_then(|call| call.runs.last_mut()) {
            run.step = step;
            run.waiting = waiting;
        }
        step
    }

    /// What the leg's outermost document waits for.
    fn outermost_wait(&mut self, sid: &CallSid) -> Option<&mut Waiting> {
        let outermost = self.calls.get_mut(sid)?.runs.first_mut()?;
        Some(&mut outermost.waiting)
    }

    fn sound(&mut self, sid: &CallSid, source: SoundSource, rounds: u32) -> bool {
        let play = self.wait_for(sid, Waiting::Sound);
        let call = sid.clone();
        let scope = self
            .calls
            .get(sid)
            .and_then(|call| call.runs.last())
            .map(|run| run.scope);
        self.outputs.push_back(match scope {
            Some(Scope::Announcement(_)) => Output::SoundOver {
                call,
                play,
                source,
                rounds,
            },
            Some(_) | None => Output::Sound {
                call,
                play,
                source,
                rounds,
            },
        });
        false
    }

    /// A sound has ended; what goes on beneath an announcement goes on after it.
    pub(super) fn play_ended(&mut self, sid: &CallSid, play: u64) {
        // What has no name of its own plays until something else does.
        if play != 0 {
            self.log(
                "play.ended",
                &[("call", sid.as_str()), ("play", &play.to_string())],
            );
        }
        if let Some(run) = self.run_that_plays(sid, play) {
            run.waiting = Waiting::Nothing;
            self.advance(sid);
        }
    }

    /// Without media: how long the sound would last.
    pub(super) fn sound_lasts(&mut self, sid: &CallSid, play: u64, ms: u64) {
        let ms = i64::try_from(ms.max(SOUND_MS_MIN)).unwrap_or(i64::MAX);
        self.set_timer(
            SignedDuration::from_millis(ms),
            Timer::SoundEnds(sid.clone(), play),
        );
    }

    /// A sound could not be had, which an announcement's sender is told.
    pub(super) fn sound_failed(&mut self, sid: &CallSid, play: u64, code: u32, why: &str) {
        self.notify(sid, code, why);
        if let Some(Scope::Announcement(id)) = self.run_that_plays(sid, play).map(|run| run.scope) {
            self.announcement_failed(sid, id, why);
        }
        self.log(
            "play.failed",
            &[("call", sid.as_str()), ("play", &play.to_string())],
        );
        self.play_ended(sid, play);
    }

    fn run_that_plays(&mut self, sid: &CallSid, play: u64) -> Option<&mut Run> {
        let runs = &mut self.calls.get_mut(sid)?.runs;
        runs.iter_mut()
            .find(|run| run.step == play && matches!(run.waiting, Waiting::Sound))
    }

    /// A `<Pause>`, `<Gather>` or `<Dial timeLimit>` is over.
    pub(super) fn step_due(&mut self, sid: &CallSid, step: Step) {
        let Some(call) = self.calls.get_mut(sid) else {
            return;
        };
        let Some(run) = call.runs.iter_mut().find(|run| run.step == step) else {
            return;
        };
        match run.waiting {
            Waiting::Pause => {
                run.waiting = Waiting::Nothing;
                self.advance(sid);
            }
            Waiting::Gather(_) => self.gather_timeout(sid),
            Waiting::Record(_) => self.end_record(sid, ""),
            Waiting::Again => self.wait_over(sid),
            Waiting::Dial(_) => self.end_dial(sid),
            Waiting::Nothing | Waiting::Fetch | Waiting::Sound | Waiting::Queue(_) | Waiting::Recorded => {}
        }
    }

    /// Stops everything above the call's own document: waiting sound and prompts.
    pub(super) fn drop_inner_runs(&mut self, sid: &CallSid) {
        let Some(call) = self.calls.get_mut(sid) else {
            return;
        };
        if call.runs.len() > 1 {
            call.runs.truncate(1);
            self.outputs.push_back(Output::Media(MediaCommand::StopPlay {
                leg: sid.as_str().to_owned(),
            }));
        }
    }

    fn pop_run(&mut self, sid: &CallSid) {
        if let Some(call) = self.calls.get_mut(sid) {
            call.runs.pop();
        }
    }
}

/// Whether a caller who rings is answered before this verb; the end of a document hangs up on them, and
/// only an answered call can be hung up. A `<Pause>` that comes first delays that, as Twilio says of numbers.
fn picks_up(verb: Option<&Verb>, from_phone: bool) -> bool {
    match verb {
        Some(Verb::Redirect(_) | Verb::Reject { .. }) => false,
        Some(Verb::Pause { .. }) => !from_phone,
        Some(Verb::Dial(dial)) => !dial.answer_on_bridge,
        Some(_) | None => true,
    }
}

/// The complaint about a verb that may not stand in this document.
fn out_of_place(scope: Scope, dequeued: bool, verb: &Verb) -> Option<(u32, &'static str)> {
    let heard = matches!(
        verb,
        Verb::Say { .. } | Verb::Play { .. } | Verb::Sound(_) | Verb::Pause { .. } | Verb::Redirect(_)
    );
    match scope {
        Scope::Wait | Scope::Hold | Scope::Announcement(_) if !heard => Some((
            13238,
            "only Say, Play, Pause and Redirect may stand in waiting TwiML",
        )),
        Scope::Queue if !heard && !matches!(verb, Verb::Hangup | Verb::Leave | Verb::Gather(_)) => Some((
            12200,
            "only Say, Play, Pause, Hangup, Redirect, Leave and Gather may stand in a queue's waiting TwiML",
        )),
        Scope::Whisper if dequeued && !heard => Some((
            12200,
            "only Say, Play, Pause and Redirect may stand before a caller from a queue is connected",
        )),
        Scope::Whisper if matches!(verb, Verb::Dial(_)) => Some((13201, "a leg of a <Dial> may not dial")),
        Scope::Call
        | Scope::Wait
        | Scope::Hold
        | Scope::Announcement(_)
        | Scope::Prompt
        | Scope::Queue
        | Scope::Keys
        | Scope::Whisper
        | Scope::Trial => None,
    }
}

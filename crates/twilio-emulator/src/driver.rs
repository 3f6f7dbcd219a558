//! The task that owns the network: feeds it what happens and does what it says.

mod advance;

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::media::{Media, MediaCommand, MediaError, MediaEvent};
use crate::network::{Fetch, Input, Network, Output, SoundSource};
use crate::sid::{CallSid, ConferenceSid};
use crate::signal::Sockets;
use crate::sound::{self, Unplayable};
use crate::webhook::{Request, Webhooks};
use advance::{Advance, Errands};

/// Messages to the network that wait at once; senders wait beyond that.
const MESSAGES_WAITING_MAX: usize = 10_000;

/// Sound and timers wait for so many messages at most.
const MESSAGES_IN_A_ROW_MAX: usize = 100;

type Question = Box<dyn FnOnce(&mut Network) + Send>;

enum Message {
    Tell(Box<Input>),
    Ask(Question),
    Advance(Advance),
}

/// How everybody else talks to the network.
#[derive(Clone, Debug)]
pub(crate) struct NetworkHandle {
    messages: mpsc::Sender<Message>,
    stop: CancellationToken,
}

/// The network has stopped; nothing more will happen.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the network has stopped")]
pub(crate) struct Stopped;

impl NetworkHandle {
    /// Reports something; after the network stopped this does nothing.
    pub(crate) async fn tell(&self, input: Input) {
        let _ = self.messages.send(Message::Tell(Box::new(input))).await;
    }

    /// Runs a question on the network's own task, at its time, and performs what follows from it.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Network) -> T + Send + 'static,
    ) -> Result<T, Stopped> {
        let (sender, receiver) = oneshot::channel();
        let question: Question = Box::new(move |network| {
            let _ = sender.send(question(network));
        });
        self.messages
            .send(Message::Ask(question))
            .await
            .map_err(|_| Stopped)?;
        receiver.await.map_err(|_| Stopped)
    }

    /// Lets virtual time pass, with all that happens meanwhile; gives the time it is then.
    pub(crate) async fn advance(&self, by: SignedDuration) -> Result<Timestamp, Stopped> {
        let (done, passed) = oneshot::channel();
        self.messages
            .send(Message::Advance(Advance { by, done }))
            .await
            .map_err(|_| Stopped)?;
        passed.await.map_err(|_| Stopped)
    }

    /// Resolves when the network stops.
    pub(crate) async fn stopped(&self) {
        self.stop.cancelled().await;
    }
}

/// What the driver needs besides the network.
pub(crate) struct Parts {
    pub(crate) clock: Clock,
    pub(crate) webhooks: Webhooks,
    pub(crate) sockets: Sockets,
    /// None without media.
    pub(crate) media: Option<Media>,
    pub(crate) media_events: mpsc::UnboundedReceiver<MediaEvent>,
    pub(crate) stop: CancellationToken,
}

/// Starts the network's task.
pub(crate) fn start(network: Network, parts: Parts) -> (NetworkHandle, tokio::task::JoinHandle<()>) {
    let (sender, receiver) = mpsc::channel(MESSAGES_WAITING_MAX);
    let handle = NetworkHandle {
        messages: sender,
        stop: parts.stop.clone(),
    };
    let driver = Driver {
        network,
        errands: Errands::new(parts.clock.is_virtual()),
        advances: VecDeque::new(),
        goal: None,
        parts,
        handle: handle.clone(),
    };
    (handle, tokio::spawn(driver.run(receiver)))
}

struct Driver {
    network: Network,
    parts: Parts,
    handle: NetworkHandle,
    errands: Errands,
    /// Virtual time that is still to pass, in the order it was asked for.
    advances: VecDeque<Advance>,
    /// When the first of them is over, once it has begun.
    goal: Option<Timestamp>,
}

impl Driver {
    async fn run(mut self, mut messages: mpsc::Receiver<Message>) {
        let stop = self.parts.stop.clone();
        // Should the network panic, the whole emulator stops: better no network than half of one.
        let _all = stop.clone().drop_guard();
        loop {
            if !self.advances.is_empty() {
                self.errands.start_waiting();
            }
            if self.may_advance() && messages.is_empty() && !stop.is_cancelled() {
                self.advance();
                self.perform_all();
                // Whoever asks meanwhile gets an answer.
                tokio::task::yield_now().await;
                continue;
            }
            // Virtual deadlines are not met by waiting.
            let deadline = self.network.deadline().filter(|_| !self.parts.clock.is_virtual());
            let due_in = deadline.map(|deadline| {
                let wait = deadline.duration_since(self.parts.clock.now());
                std::time::Duration::try_from(wait).unwrap_or_default()
            });
            let due = async {
                match due_in {
                    Some(wait) => tokio::time::timeout(wait, std::future::pending::<()>())
                        .await
                        .unwrap_or(()),
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                message = messages.recv() => match message {
                    Some(message) => self.take(message),
                    None => return,
                },
                Some(event) = self.parts.media_events.recv() => {
                    self.network.handle(Input::Media(event), self.parts.clock.now());
                }
                () = self.errands.done() => {}
                () = due => self.network.handle(Input::Tick, self.parts.clock.now()),
            }
            self.perform_all();
            // Whoever has spoken meanwhile is heard before the driver looks up again, which costs more.
            for message in std::iter::from_fn(|| messages.try_recv().ok()).take(MESSAGES_IN_A_ROW_MAX) {
                self.take(message);
                self.perform_all();
            }
        }
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Tell(input) => self.network.handle(*input, self.parts.clock.now()),
            Message::Ask(question) => {
                self.network.advance_to(self.parts.clock.now());
                question(&mut self.network);
            }
            Message::Advance(advance) => self.advances.push_back(advance),
        }
    }

    fn perform_all(&mut self) {
        while let Some(output) = self.network.poll() {
            self.perform(output);
        }
    }

    fn perform(&mut self, output: Output) {
        match output {
            Output::Fetch(fetch) => self.fetch(fetch),
            Output::Callback { call, request } => self.call_back(call, request),
            Output::Media(command) => self.tell_media(command),
            Output::Sound {
                call,
                play,
                source,
                rounds,
            } => self.play(call, play, source, rounds, false),
            Output::SoundOver {
                call,
                play,
                source,
                rounds,
            } => self.play(call, play, source, rounds, true),
            Output::EarlyMedia {
                call,
                room,
                source,
                rounds,
            } => self.early_media(&call, &room, &source, rounds),
            Output::AnswerOffer { call, offer } => self.answer_offer(call, offer),
            Output::Offer { call } => self.offer(call),
            Output::AcceptAnswer { call, answer } => self.accept_answer(call, answer),
            Output::Signal { socket, frame } => self.parts.sockets.send(socket, frame),
            Output::Drop(socket) => self.parts.sockets.close(socket),
        }
    }

    /// A person who has words of their own has them spoken first.
    fn tell_media(&mut self, command: MediaCommand) {
        let Some(media) = self.parts.media.clone() else {
            return;
        };
        let MediaCommand::OpenPerson {
            leg,
            mut persona,
            seed,
        } = command
        else {
            return media.send(command);
        };
        if !persona.script.has_words() {
            return media.send(MediaCommand::OpenPerson { leg, persona, seed });
        }
        self.errands.start_at_once(async move {
            persona.script.speak().await;
            media.send(MediaCommand::OpenPerson { leg, persona, seed });
        });
    }

    fn fetch(&mut self, fetch: Fetch) {
        let (webhooks, network) = (self.parts.webhooks.clone(), self.handle.clone());
        self.errands.start(async move {
            let result = webhooks.deliver(&fetch.request).await;
            network.tell(Input::Fetched { fetch, result }).await;
        });
    }

    fn call_back(&mut self, call: CallSid, request: Arc<Request>) {
        let (webhooks, network) = (self.parts.webhooks.clone(), self.handle.clone());
        self.errands.start(async move {
            let result = webhooks.deliver(&request).await;
            network
                .tell(Input::CallbackDone {
                    call,
                    request,
                    result,
                })
                .await;
        });
    }

    fn play(&mut self, call: CallSid, play: u64, source: SoundSource, rounds: u32, over: bool) {
        let (webhooks, network) = (self.parts.webhooks.clone(), self.handle.clone());
        let media = self.parts.media.clone();
        let auth_token = self.network.token_of_call(&call);
        let chime = source == SoundSource::Chime;
        self.errands.start(async move {
            let samples: Arc<[i16]> =
                match sound::samples(source, auth_token, &webhooks, media.is_some()).await {
                    Ok(samples) => samples.into(),
                    Err(Unplayable { code, reason }) => {
                        let failed = Input::SoundFailed {
                            call,
                            play,
                            code,
                            reason,
                        };
                        return network.tell(failed).await;
                    }
                };
            let Some(media) = media else {
                if rounds == 0 {
                    return;
                }
                let ms = sound::length_ms(&samples, rounds);
                return network.tell(Input::SoundLength { call, play, ms }).await;
            };
            let leg = call.as_str().to_owned();
            if chime {
                return media.send(MediaCommand::Chime { leg, samples });
            }
            media.send(MediaCommand::Play {
                leg,
                play,
                samples,
                loops: rounds,
                over,
            });
        });
    }

    /// At once, so that it cannot come after its end.
    fn early_media(&self, call: &CallSid, room: &ConferenceSid, source: &SoundSource, rounds: u32) {
        if let Some(media) = &self.parts.media {
            media.send(MediaCommand::EarlyMedia {
                leg: call.as_str().to_owned(),
                room: room.as_str().to_owned(),
                samples: sound::tones(source).into(),
                loops: rounds,
            });
        }
    }

    fn answer_offer(&mut self, call: CallSid, offer: String) {
        let (media, network) = (self.parts.media.clone(), self.handle.clone());
        self.errands.start_at_once(async move {
            let result = match media {
                Some(media) => {
                    let answer = media.answer_offer(call.as_str().to_owned(), offer).await;
                    answer.map_err(reason)
                }
                None => Ok(sound::SILENT_ANSWER.to_owned()),
            };
            network.tell(Input::OfferAnswered { call, result }).await;
        });
    }

    fn offer(&mut self, call: CallSid) {
        let (media, network) = (self.parts.media.clone(), self.handle.clone());
        self.errands.start_at_once(async move {
            let result = match media {
                Some(media) => media.offer(call.as_str().to_owned()).await.map_err(reason),
                // It names no direction, so it may as well be an offer.
                None => Ok(sound::SILENT_ANSWER.to_owned()),
            };
            network.tell(Input::Offered { call, result }).await;
        });
    }

    fn accept_answer(&mut self, call: CallSid, answer: String) {
        let (media, network) = (self.parts.media.clone(), self.handle.clone());
        self.errands.start_at_once(async move {
            let result = match media {
                Some(media) => {
                    let accepted = media.accept_answer(&call.as_str().to_owned(), answer).await;
                    accepted.map_err(reason)
                }
                None => Ok(()),
            };
            network.tell(Input::AnswerAccepted { call, result }).await;
        });
    }
}

fn reason(error: MediaError) -> String {
    format!("{:#}", anyhow::Error::from(error))
}

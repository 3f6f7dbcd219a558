//! The sound of the network: WebRTC legs, simulated people and rooms, mixed in one 20 ms loop.
//!
//! Inside, audio is 8,000 Hz mono in frames of 160 samples. [`mixer`] decides what everybody hears and is
//! free of clocks and sockets; [`driver`] gives it time, commands and WebRTC peers.

mod driver;
mod ear;
mod file;
mod gate;
pub(crate) mod keys;
mod line;
mod mixer;
pub(crate) mod mp3;
mod person;
pub mod personas;
mod recorder;
mod road;
pub mod speech;
mod track;
mod voices;

use std::net::IpAddr;
use std::sync::Arc;

pub use audio::peer::Impairments;
use audio::peer::{Codec, Peer, PeerConfig, PeerError};
use audio::{Rate, wav};
use tokio::sync::{mpsc, oneshot};

use self::driver::{FarEnd, Request};
pub use self::ear::Sound;
pub use self::file::{FileError, audio_file};
use self::line::WebRtc;
pub use self::personas::{Answer, Menu, Persona, Script};
use self::track::Tracks;

/// Names a leg: the text of its `CallSid`.
pub type LegKey = String;
/// Names a room: the text of its `ConferenceSid`.
pub type RoomKey = String;

/// Names a recording: the text of its SID.
pub type RecordingKey = String;
/// µ-law samples at [`RATE_HZ`], channel by channel.
pub type RecordedSound = Vec<Vec<u8>>;

/// What a recording takes in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tap {
    /// What a leg says.
    LegSaid(LegKey),
    /// What a leg hears.
    LegHeard(LegKey),
    /// Both in one channel.
    LegMixed(LegKey),
    /// What a leg says in the first channel, what it hears in the second.
    LegDual(LegKey),
    /// All that is said in a room, in one channel.
    Room(RoomKey),
}

/// Samples per second everywhere inside.
pub const RATE_HZ: u32 = Rate::Narrow.hz();
/// Samples of one frame, 20 ms.
pub const FRAME_SAMPLES: usize = Rate::Narrow.frame_samples();
/// Requests waiting for the loop, which empties the queue 50 times a second.
const REQUESTS_MAX: usize = 16_384;

/// One frame of sound.
type Frame = [i16; FRAME_SAMPLES];
const SILENCE: Frame = [0; FRAME_SAMPLES];

/// How the media side is started.
#[derive(Clone, Copy, Debug)]
pub struct MediaConfig {
    /// Where UDP sockets live, and the only candidate that SDP names.
    pub bind_ip: IpAddr,
}

/// What the media side is told to do. Commands for a leg that has been closed are ignored.
#[derive(Clone, Debug)]
pub enum MediaCommand {
    /// A simulated person picks up; their script starts now. The seed makes their choices repeatable.
    OpenPerson {
        /// The person's leg.
        leg: LegKey,
        /// Who they are.
        persona: Persona,
        /// What their choices come from.
        seed: u64,
    },
    /// Plays these samples to this leg, over whatever its room says.
    Play {
        /// Who hears it.
        leg: LegKey,
        /// Comes back in [`MediaEvent::PlayEnded`].
        play: u64,
        /// At [`RATE_HZ`].
        samples: Arc<[i16]>,
        /// How often; 0 is until stopped.
        loops: u32,
        /// An earlier play goes on afterwards; otherwise this one replaces it.
        over: bool,
    },
    /// Stops all that is playing; no event follows.
    StopPlay {
        /// Whose play it is.
        leg: LegKey,
    },
    /// Puts a leg into a room, or changes how it is in it.
    Join {
        /// The leg.
        leg: LegKey,
        /// The room; it exists while somebody is in it.
        room: RoomKey,
        /// The others do not hear it.
        muted: bool,
        /// It hears nobody and nobody hears it.
        hold: bool,
        /// The one leg that hears it, instead of everybody.
        coach: Option<LegKey>,
    },
    /// A room hears what the far end of a leg sounds like that has not answered yet.
    EarlyMedia {
        /// The leg, which is not in the room.
        leg: LegKey,
        /// Who hears it.
        room: RoomKey,
        /// At [`RATE_HZ`].
        samples: Arc<[i16]>,
        /// How often; 0 is until ended.
        loops: u32,
    },
    /// The leg has answered, or never will.
    EndEarlyMedia {
        /// The leg.
        leg: LegKey,
    },
    /// Plays a short sound over everything else this leg hears; what is playing goes on.
    Chime {
        /// Who hears it.
        leg: LegKey,
        /// At [`RATE_HZ`].
        samples: Arc<[i16]>,
    },
    /// A key of this leg sounds in its room, in place of its voice.
    InBand {
        /// The leg.
        leg: LegKey,
        /// `0`-`9`, `*`, `#`, `A`-`D`.
        digit: char,
    },
    /// From now on tells what the far end of this leg sounds like.
    Watch {
        /// The leg.
        leg: LegKey,
    },
    /// The far end of this leg is told of a key: a client by RFC 4733.
    Key {
        /// The leg.
        leg: LegKey,
        /// `0`-`9`, `*`, `#`, `A`-`D`.
        digit: char,
    },
    /// Takes a leg out of its room.
    Leave {
        /// The leg.
        leg: LegKey,
    },
    /// Records from now on.
    Record {
        /// Comes back in [`MediaEvent::Recorded`].
        recording: RecordingKey,
        /// What.
        tap: Tap,
    },
    /// Leaves silence, or nothing at all, in a recording until it is resumed.
    PauseRecord {
        /// Which.
        recording: RecordingKey,
        /// Nothing at all.
        skip: bool,
    },
    /// Goes on with a paused recording.
    ResumeRecord {
        /// Which.
        recording: RecordingKey,
    },
    /// Ends a recording; [`MediaEvent::Recorded`] follows.
    StopRecord {
        /// Which.
        recording: RecordingKey,
    },
    /// Ends the leg. What it heard and said stays available for a while.
    Close {
        /// The leg.
        leg: LegKey,
    },
}

/// What the media side tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaEvent {
    /// A play ran to its end.
    PlayEnded {
        /// Whose play it was.
        leg: LegKey,
        /// Which play.
        play: u64,
    },
    /// A key was pressed on a WebRTC leg (RFC 4733) or by a person.
    Digit {
        /// Whose key.
        leg: LegKey,
        /// `0`-`9`, `*`, `#`, `A`-`D`.
        digit: char,
    },
    /// A leg in a room began or stopped to speak, as far as the room hears it.
    Voice {
        /// The leg.
        leg: LegKey,
        /// Began, or stopped.
        speaking: bool,
    },
    /// A person has said something, word for word.
    Said {
        /// The person's leg.
        leg: LegKey,
        /// Their words.
        text: String,
    },
    /// The far end of a watched leg sounds different.
    Sounds {
        /// The leg.
        leg: LegKey,
        /// What it sounds like.
        sound: Sound,
        /// For how long already.
        ago_ms: u32,
    },
    /// A person's script came to its end.
    PersonHungUp {
        /// The person's leg.
        leg: LegKey,
    },
    /// A WebRTC leg's media is up, or up again.
    Connected {
        /// The leg.
        leg: LegKey,
    },
    /// A WebRTC leg's media is gone for good.
    Lost {
        /// The leg.
        leg: LegKey,
    },
    /// A recording is over.
    Recorded {
        /// Which.
        recording: RecordingKey,
        /// One or two channels; none if there was no room for it.
        sound: RecordedSound,
    },
    /// Ground truth: `listener` began or stopped hearing the voice of `speaker`.
    Heard {
        /// Whose ear.
        listener: LegKey,
        /// Whose voice.
        speaker: LegKey,
        /// Began, or stopped.
        started: bool,
    },
}

/// Why a WebRTC leg could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// The peer did not come up or refused the SDP.
    #[error("WebRTC leg")]
    Peer(#[from] PeerError),
    /// No such WebRTC leg.
    #[error("no such WebRTC leg")]
    UnknownLeg,
    /// The media loop has ended.
    #[error("the media loop has ended")]
    Ended,
}

/// The media side; clones share it. It ends when the last one is gone.
#[derive(Clone, Debug)]
pub struct Media {
    config: MediaConfig,
    requests: mpsc::Sender<Request>,
}

impl Media {
    /// Starts the loop; `events` is how it talks back.
    #[must_use]
    pub fn start(config: MediaConfig, events: mpsc::UnboundedSender<MediaEvent>) -> Self {
        let (sender, requests) = mpsc::channel(REQUESTS_MAX);
        tokio::spawn(driver::run(requests, events));
        Self {
            config,
            requests: sender,
        }
    }

    /// Opens a WebRTC leg for a client's offer and returns the SDP answer. For a leg that exists it is the
    /// client's ICE restart, or, under another certificate, a new transport that replaces the old one.
    ///
    /// # Errors
    /// If the offer does not fit or no socket can be opened.
    pub async fn answer_offer(&self, leg: LegKey, offer_sdp: String) -> Result<String, MediaError> {
        let fingerprint = fingerprint(&offer_sdp);
        let known = self.peer(&leg).await?;
        if let Some(client) = &known
            && client.fingerprint == fingerprint
        {
            match client.handle.accept_offer(offer_sdp.clone()).await {
                Err(PeerError::Ended) => {}
                answer => return Ok(answer?),
            }
        }
        let (peer, answer_sdp) = Peer::answer(&offer_sdp, self.peer_config()).await?;
        if let Some(client) = known {
            peer.handle.impair(client.impairments).await;
        }
        let mut line = WebRtc::new(peer);
        line.negotiated(fingerprint);
        self.attach(leg, line).await?;
        Ok(answer_sdp)
    }

    /// Opens a WebRTC leg towards a client that will answer; returns our SDP offer.
    ///
    /// # Errors
    /// If no socket can be opened.
    pub async fn offer(&self, leg: LegKey) -> Result<String, MediaError> {
        let (peer, offer_sdp) = Peer::offer(self.peer_config()).await?;
        self.attach(leg, WebRtc::new(peer)).await?;
        Ok(offer_sdp)
    }

    /// Takes the client's answer to [`Media::offer`].
    ///
    /// # Errors
    /// If there is no such leg or the answer does not fit.
    pub async fn accept_answer(&self, leg: &LegKey, answer_sdp: String) -> Result<(), MediaError> {
        let client = self.peer(leg).await?.ok_or(MediaError::UnknownLeg)?;
        let fingerprint = fingerprint(&answer_sdp);
        client.handle.accept_answer(answer_sdp).await?;
        let request = Request::Answered(leg.clone(), fingerprint);
        self.requests.send(request).await.map_err(|_| MediaError::Ended)
    }

    /// Makes a leg's network bad from now on, or good again.
    ///
    /// # Errors
    /// If there is no such leg.
    pub async fn impair(&self, leg: &LegKey, impairments: Impairments) -> Result<(), MediaError> {
        let known = self
            .ask(|reply| Request::Impair(leg.clone(), impairments, reply))
            .await
            .ok_or(MediaError::Ended)?;
        if !known {
            return Err(MediaError::UnknownLeg);
        }
        if let Some(client) = self.peer(leg).await? {
            client.handle.impair(impairments).await;
        }
        Ok(())
    }

    /// Hands over a command. Never waits.
    pub fn send(&self, command: MediaCommand) {
        if self.requests.try_send(Request::Command(command)).is_err() {
            tracing::error!("the media loop does not keep up or has ended; a command is lost");
        }
    }

    /// All this leg has heard since it was answered (the newest ten minutes, or less when many legs are live): a mono 16-bit WAV file.
    pub async fn heard_wav(&self, leg: &LegKey) -> Option<Vec<u8>> {
        let tracks = self.tracks(leg).await?;
        Some(wav::write(RATE_HZ, 1, &tracks.heard.samples()))
    }

    /// Both directions of a leg between two moments, counted from when it was answered: a stereo 16-bit
    /// WAV file with what the leg said on the left and what it heard on the right.
    pub async fn dual_wav(&self, leg: &LegKey, from_ms: u64, to_ms: u64) -> Option<Vec<u8>> {
        let tracks = self.tracks(leg).await?;
        let said = tracks.said.between(from_ms, to_ms);
        let heard = tracks.heard.between(from_ms, to_ms);
        let samples: Vec<i16> = said.into_iter().zip(heard).flat_map(<[i16; 2]>::from).collect();
        Some(wav::write(RATE_HZ, 2, &samples))
    }

    fn peer_config(&self) -> PeerConfig {
        PeerConfig {
            bind_ip: self.config.bind_ip,
            ice_lite: true,
            rate: Rate::Narrow,
            codecs: vec![Codec::Opus, Codec::Pcmu],
            skips: true,
        }
    }

    async fn attach(&self, leg: LegKey, line: WebRtc) -> Result<(), MediaError> {
        let request = Request::Attach(leg, Box::new(line));
        self.requests.send(request).await.map_err(|_| MediaError::Ended)
    }

    async fn peer(&self, leg: &LegKey) -> Result<Option<FarEnd>, MediaError> {
        self.ask(|reply| Request::Peer(leg.clone(), reply))
            .await
            .ok_or(MediaError::Ended)
    }

    async fn tracks(&self, leg: &LegKey) -> Option<Tracks> {
        self.ask(|reply| Request::Tracks(leg.clone(), reply)).await?
    }

    async fn ask<T>(&self, request: impl FnOnce(oneshot::Sender<T>) -> Request) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        self.requests.send(request(reply)).await.ok()?;
        answer.await.ok()
    }
}

/// The certificate a client speaks under: what tells its ICE restart from a new connection.
fn fingerprint(sdp: &str) -> Option<String> {
    sdp.lines()
        .find_map(|line| line.strip_prefix("a=fingerprint:"))
        .map(|value| value.trim().to_owned())
}

#[cfg(test)]
mod tests;

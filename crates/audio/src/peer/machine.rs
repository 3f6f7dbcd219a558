//! The machine of one peer: takes SDP, datagrams, frames and time; gives datagrams, packets and events.
//!
//! **Invariant:** every method that takes `now` leaves str0m drained, so `deadline` is always current.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::format::{Codec as Format, FormatParams};
use str0m::media::{Direction, Frequency, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{RtpPacket, RtpWrite};
use str0m::{Candidate, Event, IceConnectionState, Input, Output as RtcOutput, Rtc};

use super::receiver::Receiver;
use super::sender::{Route, Sender};
use super::{Codec, PeerConfig, PeerError, PeerEvent, PeerStats, sdp};
use crate::playout::Packet;

/// How often reception is reported and the round trip measured.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// Payload types browsers use for telephone events, one per clock.
const EVENT_PT_NARROW: u8 = 126;
const EVENT_PT_FULL: u8 = 110;

/// What the driver carries out.
#[derive(Debug)]
pub(super) enum Output {
    Datagram { to: SocketAddr, bytes: Vec<u8> },
    Packet(Packet),
    Event(PeerEvent),
}

pub(super) struct Machine {
    rtc: Rtc,
    local: SocketAddr,
    remote: Option<SocketAddr>,
    mid: Option<Mid>,
    route: Option<Route>,
    pending: Option<SdpPendingOffer>,
    sender: Sender,
    receiver: Receiver,
    next_seq: u64,
    packets_sent: u64,
    bytes_sent: u64,
    round_trip: Option<Duration>,
    secured: bool,
    path: bool,
    announced: Announced,
    outputs: VecDeque<Output>,
    deadline: Instant,
}

/// The connection event that was given last.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Announced {
    Nothing,
    Connected,
    Disconnected,
    Closed,
}

impl Machine {
    pub(super) fn new(config: &PeerConfig, local: SocketAddr, now: Instant) -> Result<Self, PeerError> {
        let mut builder = Rtc::builder()
            .set_rtp_mode(true)
            .set_ice_lite(config.ice_lite)
            .set_stats_interval(Some(REPORT_INTERVAL))
            .set_rtcp_report_interval_audio(REPORT_INTERVAL)
            .clear_codecs();
        let formats = builder.codec_config();
        for codec in &config.codecs {
            match codec {
                Codec::Opus => formats.enable_opus(true, false),
                Codec::Pcmu => formats.enable_pcmu(true, false),
            }
        }
        for (pt, clock) in [
            (EVENT_PT_FULL, Frequency::FORTY_EIGHT_KHZ),
            (EVENT_PT_NARROW, Frequency::EIGHT_KHZ),
        ] {
            formats.add_config(
                pt.into(),
                None,
                Format::Tele,
                clock,
                None,
                FormatParams::default(),
            );
        }
        let mut rtc = builder.build(now);
        let candidate =
            Candidate::host(local, Protocol::Udp).map_err(|error| PeerError::Sdp(error.to_string()))?;
        rtc.add_local_candidate(candidate);
        Ok(Self {
            rtc,
            local,
            remote: None,
            mid: None,
            route: None,
            pending: None,
            sender: Sender::new(config.rate),
            receiver: Receiver::default(),
            next_seq: 1,
            packets_sent: 0,
            bytes_sent: 0,
            round_trip: None,
            secured: false,
            path: false,
            announced: Announced::Nothing,
            outputs: VecDeque::new(),
            deadline: now,
        })
    }

    pub(super) fn offer(&mut self, now: Instant) -> String {
        let mut changes = self.rtc.sdp_api();
        let mid = changes.add_media(MediaKind::Audio, Direction::SendRecv, None, None, None);
        let (offer, pending) = changes.apply().expect("adding media needs an offer");
        self.mid = Some(mid);
        self.pending = Some(pending);
        self.handle_timeout(now);
        sdp::with_end_of_candidates(&offer.to_sdp_string())
    }

    pub(super) fn restart(&mut self, now: Instant) -> String {
        let mut changes = self.rtc.sdp_api();
        changes.ice_restart(true);
        let (offer, pending) = changes.apply().expect("an ICE restart needs an offer");
        self.pending = Some(pending);
        self.handle_timeout(now);
        sdp::with_end_of_candidates(&offer.to_sdp_string())
    }

    pub(super) fn accept_answer(&mut self, answer_sdp: &str, now: Instant) -> Result<(), PeerError> {
        let answer =
            SdpAnswer::from_sdp_string(answer_sdp).map_err(|error| PeerError::Sdp(error.to_string()))?;
        let pending = self.pending.take().ok_or(PeerError::NoOffer)?;
        self.rtc
            .sdp_api()
            .accept_answer(pending, answer)
            .map_err(|error| PeerError::Sdp(error.to_string()))?;
        self.negotiated(answer_sdp, now)
    }

    pub(super) fn accept_offer(&mut self, offer_sdp: &str, now: Instant) -> Result<String, PeerError> {
        let offer =
            SdpOffer::from_sdp_string(offer_sdp).map_err(|error| PeerError::Sdp(error.to_string()))?;
        let answer = self
            .rtc
            .sdp_api()
            .accept_offer(offer)
            .map_err(|error| PeerError::Sdp(error.to_string()))?;
        self.mid = sdp::audio_mid(offer_sdp);
        self.negotiated(offer_sdp, now)?;
        let answer_sdp = sdp::in_order_of(offer_sdp, &answer.to_sdp_string());
        Ok(sdp::with_end_of_candidates(&answer_sdp))
    }

    pub(super) fn handle_datagram(&mut self, from: SocketAddr, bytes: &[u8], now: Instant) {
        // Whatever is neither STUN, DTLS nor SRTP is dropped here.
        let Ok(receive) = Receive::new(Protocol::Udp, from, self.local, bytes) else {
            return;
        };
        let input = Input::Receive(now, receive);
        if self.rtc.accepts(&input) {
            self.remote = Some(from);
            self.handle(input);
        }
    }

    pub(super) fn handle_frame(&mut self, frame: &[i16], now: Instant) {
        let (Some(mid), Some(route), Announced::Connected) = (self.mid, self.route, self.announced) else {
            return;
        };
        for packet in self.sender.frame(route, frame) {
            let mut api = self.rtc.direct_api();
            let Some(stream) = api.stream_tx_by_mid(mid, None) else {
                return;
            };
            let payload_bytes = packet.payload.len() as u64;
            let write = RtpWrite::new(packet.pt, self.next_seq.into(), packet.time, now, packet.payload);
            stream.write_rtp(write.marker(packet.marker));
            self.next_seq += 1;
            self.packets_sent += 1;
            self.bytes_sent += payload_bytes;
        }
        self.handle_timeout(now);
    }

    pub(super) fn press(&mut self, digit: char) {
        self.sender.press(digit);
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        self.handle(Input::Timeout(now));
    }

    /// Says goodbye to the remote; the datagrams that do so are the last outputs.
    pub(super) fn close(&mut self, now: Instant) {
        if self.rtc.close().is_ok() {
            self.handle_timeout(now);
        }
        self.announced = Announced::Closed;
    }

    pub(super) fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    pub(super) fn deadline(&self) -> Instant {
        self.deadline
    }

    pub(super) fn is_closed(&self) -> bool {
        self.announced == Announced::Closed
    }

    pub(super) fn stats(&self) -> PeerStats {
        PeerStats {
            packets_sent: self.packets_sent,
            bytes_sent: self.bytes_sent,
            packets_received: self.receiver.packets(),
            bytes_received: self.receiver.bytes(),
            packets_lost: self.receiver.lost(),
            jitter: self.receiver.jitter(),
            round_trip: self.round_trip,
            codec: self.route.map(|route| route.codec),
            local: self.local,
            remote: self.remote,
        }
    }

    fn negotiated(&mut self, remote_sdp: &str, now: Instant) -> Result<(), PeerError> {
        self.handle_timeout(now);
        self.route = self.mid.and_then(|mid| self.find_route(mid, remote_sdp));
        if self.route.is_none() {
            return Err(PeerError::NoCommonCodec);
        }
        Ok(())
    }

    /// The first audio codec in the remote's order; for keys the 8 kHz clock, which everybody has.
    fn find_route(&self, mid: Mid, remote_sdp: &str) -> Option<Route> {
        let common_pts = self.rtc.media(mid)?.remote_pts();
        let known = self.rtc.codec_config().params();
        let params: Vec<_> = sdp::payload_types(remote_sdp)
            .map(Into::into)
            .filter(|pt| common_pts.contains(pt))
            .filter_map(|pt| known.iter().find(|params| params.pt() == pt))
            .collect();
        let (codec, audio_pt) = params
            .iter()
            .find_map(|params| Some((codec_of(params.spec().codec)?, params.pt())))?;
        let events = params
            .iter()
            .filter(|params| params.spec().codec.is_tele())
            .map(|params| (params.pt(), params.spec().clock_rate))
            .min_by_key(|(_, clock)| clock.get());
        Some(Route {
            codec,
            audio_pt,
            events,
        })
    }

    fn handle(&mut self, input: Input<'_>) {
        let alive = self.rtc.handle_input(input).is_ok() && self.drain();
        if !alive || !self.rtc.is_alive() {
            self.announce(Announced::Closed);
        }
    }

    /// Takes everything str0m has to give, until it only waits for time. False if it has failed.
    fn drain(&mut self) -> bool {
        loop {
            match self.rtc.poll_output() {
                Ok(RtcOutput::Timeout(deadline)) => {
                    self.deadline = deadline;
                    return true;
                }
                Ok(RtcOutput::Transmit(transmit)) => self.outputs.push_back(Output::Datagram {
                    to: transmit.destination,
                    bytes: transmit.contents.into(),
                }),
                Ok(RtcOutput::Event(event)) => self.on_event(event),
                Err(error) => {
                    tracing::warn!(%error, "the WebRTC session failed");
                    return false;
                }
            }
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "an open enum of another crate")]
    fn on_event(&mut self, event: Event) {
        match event {
            Event::Connected => {
                self.secured = true;
                self.path = true;
                self.announce(Announced::Connected);
            }
            Event::IceConnectionStateChange(state) => self.on_ice(state),
            Event::RtpPacket(packet) => self.on_packet(packet),
            Event::MediaEgressStats(stats) => self.round_trip = stats.rtt.or(self.round_trip),
            Event::PeerStats(stats) => {
                let checked = stats
                    .selected_candidate_pair
                    .and_then(|pair| pair.current_round_trip_time);
                self.round_trip = stats.rtt.or(checked).or(self.round_trip);
            }
            Event::Closed => self.announce(Announced::Closed),
            _ => {}
        }
    }

    fn on_ice(&mut self, state: IceConnectionState) {
        match state {
            IceConnectionState::Connected | IceConnectionState::Completed => self.path = true,
            IceConnectionState::Disconnected => self.path = false,
            IceConnectionState::New | IceConnectionState::Checking => return,
        }
        if !self.secured {
            return;
        }
        self.announce(if self.path {
            Announced::Connected
        } else {
            Announced::Disconnected
        });
    }

    fn on_packet(&mut self, packet: RtpPacket) {
        let header = &packet.header;
        let format = self
            .rtc
            .codec_config()
            .params()
            .iter()
            .find(|params| params.pt() == header.payload_type)
            .map(|params| params.spec().codec);
        let media_time = Duration::from(packet.time);
        self.receiver
            .note(*header.ssrc, *packet.seq_no, packet.payload.len());
        let codec = format.and_then(codec_of);
        if codec.is_some() {
            self.receiver.note_audio(media_time, packet.timestamp);
        }
        if format.is_some_and(|format| format.is_tele())
            && let Some(digit) = self.receiver.digit(header.timestamp, &packet.payload)
        {
            self.outputs.push_back(Output::Event(PeerEvent::Digit(digit)));
        }
        self.outputs.push_back(Output::Packet(Packet {
            codec,
            seq: *packet.seq_no,
            media_time,
            arrival: packet.timestamp,
            payload: if codec.is_some() {
                packet.payload
            } else {
                Arc::default()
            },
        }));
    }

    fn announce(&mut self, state: Announced) {
        if self.announced == state || self.announced == Announced::Closed {
            return;
        }
        self.announced = state;
        let event = match state {
            Announced::Connected => PeerEvent::Connected,
            Announced::Disconnected => PeerEvent::Disconnected,
            Announced::Closed => PeerEvent::Closed,
            Announced::Nothing => return,
        };
        self.outputs.push_back(Output::Event(event));
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "an open enum of another crate")]
fn codec_of(format: Format) -> Option<Codec> {
    match format {
        Format::Opus => Some(Codec::Opus),
        Format::PCMU => Some(Codec::Pcmu),
        _ => None,
    }
}

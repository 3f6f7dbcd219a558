//! A telephone with a tone for a voice, on a Voice SDK leg: real SDP, ICE, SRTP and RFC 4733.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use audio::peer::{Codec, Peer, PeerConfig, PeerEvent, PeerHandle};
use audio::tone::{self, Sine};
use audio::{FRAME_MS, Rate};
use serde_json::json;
use tokio::task::JoinHandle;

use crate::floor::eventually;
use crate::sdk::Sdk;

const RATE_HZ: u32 = Rate::Narrow.hz();
const FRAME_SAMPLES: usize = Rate::Narrow.frame_samples();
/// What is kept of what it heard: half a second.
const WINDOW_SAMPLES: usize = RATE_HZ as usize / 2;
const VOICE_AMPLITUDE: i16 = 6_000;
/// Shares of the sound at a frequency that is heard among others, and at one that is not.
const HEARD_MIN: f32 = 0.1;
const UNHEARD_MAX: f32 = 0.01;

/// Talks until it is dropped.
pub(crate) struct Phone {
    handle: PeerHandle,
    ear: Arc<Mutex<Ear>>,
    talking: JoinHandle<()>,
}

#[derive(Default)]
struct Ear {
    window: VecDeque<i16>,
    keys: String,
}

impl Phone {
    /// Calls as a page does; gives the `CallSid` too.
    pub(crate) async fn call(sdk: &mut Sdk, hertz: f32) -> (Self, String) {
        let (peer, offer) = Peer::offer(config()).await.unwrap();
        let (call, answer) = sdk.call(&offer, "").await;
        let answer = answer["sdp"].as_str().unwrap().to_owned();
        peer.handle.accept_answer(answer).await.unwrap();
        (Self::talk(peer, hertz), call)
    }

    /// Takes the call that rings at this device; gives the `CallSid` too.
    pub(crate) async fn take(sdk: &mut Sdk, hertz: f32) -> (Self, String) {
        let invite = sdk.expect("invite").await;
        let (peer, answer) = Peer::answer(invite["sdp"].as_str().unwrap(), config())
            .await
            .unwrap();
        let call = invite["callsid"].as_str().unwrap().to_owned();
        sdk.send("answer", json!({ "callsid": call, "sdp": answer }))
            .await;
        (Self::talk(peer, hertz), call)
    }

    fn talk(mut peer: Peer, hertz: f32) -> Self {
        let (handle, ear) = (peer.handle.clone(), Arc::new(Mutex::new(Ear::default())));
        let (voice_of, ear_of) = (handle.clone(), Arc::clone(&ear));
        let talking = tokio::spawn(async move {
            let mut voice = Sine::new(hertz, RATE_HZ, VOICE_AMPLITUDE);
            let mut pace = tokio::time::interval(Duration::from_millis(FRAME_MS));
            loop {
                pace.tick().await;
                voice_of.send(voice.by_ref().take(FRAME_SAMPLES).collect());
                let mut frame = [0; FRAME_SAMPLES];
                peer.incoming.pull(&mut frame);
                let mut ear = ear_of.lock().unwrap();
                ear.window.extend(frame);
                let old = ear.window.len().saturating_sub(WINDOW_SAMPLES);
                ear.window.drain(..old);
                while let Ok(event) = peer.events.try_recv() {
                    if let PeerEvent::Digit(digit) = event {
                        ear.keys.push(digit);
                    }
                }
            }
        });
        Self { handle, ear, talking }
    }

    /// Presses a key, as RFC 4733.
    pub(crate) fn press(&self, digit: char) {
        self.handle.send_digit(digit);
    }

    /// Waits until these keys, and no others, have been pressed at the other end.
    pub(crate) async fn gets_keys(&self, keys: &str) {
        eventually(&format!("the keys {keys} arrive"), async || {
            (self.ear.lock().unwrap().keys == keys).then_some(())
        })
        .await;
    }

    /// Waits until it hears all of the first and none of the second, at once.
    pub(crate) async fn hears(&self, tones: &[f32], silent: &[f32]) {
        eventually(&format!("{tones:?} is heard without {silent:?}"), async || {
            let heard: Vec<i16> = self.ear.lock().unwrap().window.iter().copied().collect();
            only(&heard, tones, silent).then_some(())
        })
        .await;
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        self.talking.abort();
    }
}

/// Whether all of the first tones are in this sound and none of the second.
pub(crate) fn only(sound: &[i16], tones: &[f32], silent: &[f32]) -> bool {
    let share = |hertz: &f32| tone::share(sound, RATE_HZ, *hertz);
    tones.iter().all(|hertz| share(hertz) > HEARD_MIN)
        && silent.iter().all(|hertz| share(hertz) < UNHEARD_MAX)
}

fn config() -> PeerConfig {
    PeerConfig {
        bind_ip: "127.0.0.1".parse().unwrap(),
        ice_lite: false,
        rate: Rate::Narrow,
        codecs: vec![Codec::Opus, Codec::Pcmu],
        skips: true,
    }
}

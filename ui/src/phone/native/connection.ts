// RTCPeerConnection as the Voice SDK uses it, over one connection of the engine.
import type { Engine, EngineCodec, EnginePeer, EngineState } from "./engine";
import type { MicrophoneTrack } from "./microphone";
import { statsReport } from "./stats";

/** What the engine can code, in the order it prefers. */
export const CODECS: readonly EngineCodec[] = ["opus", "PCMU"];

type Description = { type: RTCSdpType; sdp: string };

/**
 * A connection that the other side closed is one that was hung up, and signalling says so at about the same
 * time. Only a call that is still there after this long has lost its media.
 */
const HANGUP_GRACE_MS = 1_000;

/** Tells which connection of the page an event of the engine is for. */
export type Connections = Map<number, NativeConnection>;

/**
 * The SDK retries a rejected `create…` and `set…` in the callback form of 2012 and waits for those callbacks
 * only, so both forms are honoured: without that, a failure would hang the call instead of ending it.
 */
export class NativeConnection {
  signalingState: RTCSignalingState = "stable";
  connectionState: RTCPeerConnectionState = "new";
  iceConnectionState: RTCIceConnectionState = "new";
  iceGatheringState: RTCIceGatheringState = "complete";
  localDescription: Description | null = null;
  remoteDescription: Description | null = null;

  onsignalingstatechange: (() => void) | null = null;
  onconnectionstatechange: ((event: { target: NativeConnection }) => void) | null = null;
  oniceconnectionstatechange: (() => void) | null = null;
  onicegatheringstatechange: (() => void) | null = null;
  onicecandidate: (() => void) | null = null;
  /** Must exist, and is never called: the engine plays the other side, so the page has nothing to play. */
  ontrack: ((event: RTCTrackEvent) => void) | null = null;

  readonly #engine: Engine;
  readonly #connections: Connections;
  readonly #sender: NativeSender;
  readonly #transceiver: NativeTransceiver;
  #codecs: readonly EngineCodec[] = CODECS;
  #peer: number | null = null;

  constructor(engine: Engine, connections: Connections) {
    this.#engine = engine;
    this.#connections = connections;
    this.#sender = new NativeSender({
      mute: (muted) => this.#tell((peer) => engine.mute(peer, muted)),
      press: (digits) => this.#tell((peer) => engine.sendDigits(peer, digits)),
    });
    this.#transceiver = {
      sender: this.#sender,
      setCodecPreferences: (codecs) => (this.#codecs = inOrderOf(codecs)),
    };
  }

  addTrack(track: MicrophoneTrack): NativeSender {
    void this.#sender.replaceTrack(track);
    return this.#sender;
  }

  getSenders(): NativeSender[] {
    return [this.#sender];
  }

  getTransceivers(): NativeTransceiver[] {
    return [this.#transceiver];
  }

  createOffer(...callbacks: unknown[]): Promise<Description> {
    const offer = async (): Promise<Description> => {
      const made = await this.#engine.offer(this.#codecs);
      return { type: "offer", sdp: await this.#adopt(made) };
    };
    return settle(offer(), callbacks);
  }

  createAnswer(...callbacks: unknown[]): Promise<Description> {
    const answer = async (): Promise<Description> => {
      if (this.remoteDescription?.type !== "offer") throw new Error("there is no offer to answer");
      const offerSdp = this.remoteDescription.sdp;
      const made = await this.#engine.answer(offerSdp, this.#codecs);
      return { type: "answer", sdp: await this.#adopt(made) };
    };
    return settle(answer(), callbacks);
  }

  setLocalDescription(description: Description, ...callbacks: unknown[]): Promise<void> {
    const set = async () => {
      this.#mustBeOpen();
      this.localDescription = { type: description.type, sdp: description.sdp };
      this.#signal(description.type === "offer" ? "have-local-offer" : "stable");
    };
    return settle(set(), callbacks);
  }

  setRemoteDescription(description: Description, ...callbacks: unknown[]): Promise<void> {
    const set = async () => {
      this.#mustBeOpen();
      if (description.type !== "offer") {
        if (this.#peer === null) throw new Error("there is no offer to be answered");
        await this.#engine.acceptAnswer(this.#peer, description.sdp);
        this.#mustBeOpen();
      }
      this.remoteDescription = { type: description.type, sdp: description.sdp };
      this.#signal(description.type === "offer" ? "have-remote-offer" : "stable");
    };
    return settle(set(), callbacks);
  }

  /** Never rejects: the SDK would stop measuring for good. */
  async getStats() {
    const stats = this.#peer === null ? null : await this.#engine.stats(this.#peer).catch(() => null);
    return statsReport(stats, Date.now());
  }

  close(): void {
    if (this.signalingState === "closed") return;
    this.#tell((peer) => this.#engine.close(peer));
    this.#forget();
    this.signalingState = "closed";
    this.connectionState = "closed";
    this.iceConnectionState = "closed";
  }

  /** The engine says that the path changed. */
  pathChanged(state: EngineState): void {
    if (state !== "closed") {
      this.#become(state);
      return;
    }
    this.#forget();
    setTimeout(() => {
      if (this.signalingState !== "closed" && this.#peer === null) this.#become("failed");
    }, HANGUP_GRACE_MS);
  }

  #become(state: "connected" | "disconnected" | "failed"): void {
    this.connectionState = state;
    this.iceConnectionState = state;
    this.oniceconnectionstatechange?.();
    this.onconnectionstatechange?.({ target: this });
  }

  async #adopt({ peer, sdp }: EnginePeer): Promise<string> {
    if (this.signalingState === "closed") {
      await this.#engine.close(peer);
      throw new Error("the connection was closed meanwhile");
    }
    this.#forget();
    this.#peer = peer;
    this.#connections.set(peer, this);
    this.#sender.repeatMute();
    return sdp;
  }

  #forget(): void {
    if (this.#peer !== null) this.#connections.delete(this.#peer);
    this.#peer = null;
  }

  #signal(state: RTCSignalingState): void {
    if (this.signalingState === state) return;
    this.signalingState = state;
    this.onsignalingstatechange?.();
  }

  #mustBeOpen(): void {
    if (this.signalingState === "closed") throw new Error("the connection is closed");
  }

  /** Nobody waits for these; a refusal means that the connection has ended, which an event tells. */
  #tell(command: (peer: number) => Promise<void>): void {
    if (this.#peer !== null) command(this.#peer).catch(() => undefined);
  }
}

/** RTCRtpTransceiver as the SDK uses it. */
export interface NativeTransceiver {
  readonly sender: NativeSender;
  setCodecPreferences(codecs: { mimeType: string }[]): void;
}

/** What a sender does with its connection. */
interface Outlet {
  mute(muted: boolean): void;
  press(digits: string): void;
}

/** RTCRtpSender as the SDK uses it: the track, and the keys. */
export class NativeSender {
  track: MicrophoneTrack | null = null;
  readonly dtmf: { readonly canInsertDTMF: true; insertDTMF(digits: string): void };
  readonly #outlet: Outlet;

  constructor(outlet: Outlet) {
    this.#outlet = outlet;
    this.dtmf = { canInsertDTMF: true, insertDTMF: (digits) => outlet.press(digits) };
  }

  async replaceTrack(track: MicrophoneTrack | null): Promise<void> {
    if (this.track) this.track.onenabled = null;
    this.track = track;
    if (track) track.onenabled = (enabled) => this.#outlet.mute(!enabled);
    this.repeatMute();
  }

  /** Says again whether the microphone is muted, to a connection that cannot know. */
  repeatMute(): void {
    this.#outlet.mute(!(this.track?.enabled ?? false));
  }
}

function inOrderOf(codecs: { mimeType: string }[]): EngineCodec[] {
  const wanted = codecs.map(({ mimeType }) => mimeType.toLowerCase());
  const place = (codec: EngineCodec) => wanted.indexOf(`audio/${codec.toLowerCase()}`);
  return CODECS.filter((codec) => place(codec) >= 0).sort((a, b) => place(a) - place(b));
}

function settle<T>(work: Promise<T>, callbacks: unknown[]): Promise<T> {
  const [done, failed] = callbacks.filter((callback) => typeof callback === "function");
  // Who gives callbacks looks at no promise.
  if (done) work.then(done as (value: T) => void, failed as (error: unknown) => void);
  return work;
}

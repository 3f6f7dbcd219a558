// What the page asks of the media engine in the program behind it. Sound itself never comes this way.

/** A codec by the name SDP gives it. */
export type EngineCodec = "opus" | "PCMU";

/** A connection that was made, and the description to hand to the other side. */
export interface EnginePeer {
  readonly peer: number;
  readonly sdp: string;
}

/** How the path to the other side is. */
export type EngineState = "connected" | "disconnected" | "closed";

/** A change of one connection. */
export interface EngineEvent {
  readonly peer: number;
  readonly state: EngineState;
}

/** Counts since the connection began. */
export interface EngineStats {
  readonly packetsSent: number;
  readonly bytesSent: number;
  readonly packetsReceived: number;
  readonly bytesReceived: number;
  readonly packetsLost: number;
  readonly jitterMs: number;
  /** Null until the network was measured. */
  readonly roundTripMs: number | null;
  /** Null until the two sides agreed. */
  readonly codec: string | null;
  readonly localAddress: string;
  /** Null until the other side sent something. */
  readonly remoteAddress: string | null;
}

/** The engine. Every call does what it says or rejects. */
export interface Engine {
  /** Opens the headset and makes a connection that waits for an answer. */
  offer(codecs: readonly EngineCodec[]): Promise<EnginePeer>;
  /** Opens the headset and answers the other side's offer. */
  answer(offerSdp: string, codecs: readonly EngineCodec[]): Promise<EnginePeer>;
  /** Takes the other side's answer. */
  acceptAnswer(peer: number, answerSdp: string): Promise<void>;
  /** Drops the microphone's sound where it comes in, or lets it pass again. */
  mute(peer: number, muted: boolean): Promise<void>;
  /** Presses keys of the telephone: `0`-`9`, `*`, `#`. */
  sendDigits(peer: number, digits: string): Promise<void>;
  stats(peer: number): Promise<EngineStats>;
  close(peer: number): Promise<void>;
  /** Ends whatever an earlier page left behind. */
  reset(): Promise<void>;
  /** Calls back with every change, for as long as the page lives. */
  onEvent(listener: (event: EngineEvent) => void): Promise<unknown>;
}

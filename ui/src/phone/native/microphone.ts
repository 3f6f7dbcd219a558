// The microphone as the Voice SDK sees it: a track that can be muted and stopped. Its sound stays in the engine.

/** The little of a MediaStreamTrack that the SDK touches. */
export class MicrophoneTrack {
  readonly kind = "audio";
  readonly label = "Microphone";
  readonly id = crypto.randomUUID();
  readyState: "live" | "ended" = "live";
  /** Told of each change of `enabled`, by the sender that sends this track. */
  onenabled: ((enabled: boolean) => void) | null = null;
  #enabled = true;

  get enabled(): boolean {
    return this.#enabled;
  }

  set enabled(enabled: boolean) {
    if (this.#enabled === enabled) return;
    this.#enabled = enabled;
    this.onenabled?.(enabled);
  }

  stop(): void {
    this.readyState = "ended";
  }
}

/** The little of a MediaStream that the SDK touches. */
export class MicrophoneStream {
  readonly #tracks: MicrophoneTrack[] = [];

  addTrack(track: MicrophoneTrack): void {
    this.#tracks.push(track);
  }

  getTracks(): MicrophoneTrack[] {
    return [...this.#tracks];
  }

  getAudioTracks(): MicrophoneTrack[] {
    return this.getTracks();
  }
}

/** There is always one: which microphone it is, or that there is none yet, is the engine's to know. */
export async function getUserMedia(): Promise<MicrophoneStream> {
  const stream = new MicrophoneStream();
  stream.addTrack(new MicrophoneTrack());
  return stream;
}

// An engine and a signalling server for tests, played by hand.
import type { Engine, EngineEvent, EngineStats } from "./engine";

/** Stands in for the program behind the page, and remembers what it was asked. */
export class FakeEngine implements Engine {
  readonly asked: string[] = [];
  refusesAnswers = false;
  counts: EngineStats = {
    packetsSent: 0,
    bytesSent: 0,
    packetsReceived: 0,
    bytesReceived: 0,
    packetsLost: 0,
    jitterMs: 1,
    roundTripMs: 20,
    codec: "opus",
    localAddress: "127.0.0.1",
    remoteAddress: "127.0.0.1",
  };
  #listener: ((event: EngineEvent) => void) | null = null;
  #peers = 0;

  async offer(codecs: readonly string[]) {
    this.asked.push(`offer ${codecs.join(",")}`);
    return { peer: ++this.#peers, sdp: SDP };
  }

  async answer(_offerSdp: string, codecs: readonly string[]) {
    this.asked.push(`answer ${codecs.join(",")}`);
    return { peer: ++this.#peers, sdp: SDP };
  }

  async acceptAnswer(peer: number) {
    this.asked.push(`accept ${peer}`);
    if (this.refusesAnswers) throw new Error("no audio codec in common");
  }

  async mute(peer: number, muted: boolean) {
    this.asked.push(`${muted ? "mute" : "unmute"} ${peer}`);
  }

  async sendDigits(peer: number, digits: string) {
    this.asked.push(`press ${peer} ${digits}`);
  }

  async stats() {
    const { packetsSent, packetsReceived } = this.counts;
    this.counts = { ...this.counts, packetsSent: packetsSent + 50, packetsReceived: packetsReceived + 50 };
    return this.counts;
  }

  async close(peer: number) {
    this.asked.push(`close ${peer}`);
  }

  async reset() {
    this.asked.push("reset");
  }

  async onEvent(listener: (event: EngineEvent) => void) {
    this.#listener = listener;
  }

  tell(event: EngineEvent) {
    this.#listener?.(event);
  }
}

/** What both sides say: the SDK only sorts the payload types of its audio line. */
export const SDP = [
  "v=0",
  "o=- 1 1 IN IP4 127.0.0.1",
  "s=-",
  "t=0 0",
  "m=audio 9 UDP/TLS/RTP/SAVPF 111 0",
  "c=IN IP4 127.0.0.1",
  "a=mid:0",
  "a=sendrecv",
  "a=rtpmap:111 opus/48000/2",
  "a=rtpmap:0 PCMU/8000",
  "",
].join("\r\n");

type Handler = (payload: Record<string, unknown>) => void;

/** The SDK's signalling class, without a socket. */
export class FakeSignalling {
  static current: FakeSignalling | null = null;
  readonly sent: string[] = [];
  readonly uri = "wss://127.0.0.1/signal";
  status = "connected";
  #handlers = new Map<string, Handler[]>();

  constructor() {
    FakeSignalling.current = this;
    queueMicrotask(() => {
      this.emit("connected", { token: { identity: "rep", ttl: 3_600 }, edge: "here", region: "here" });
      this.status = "ready";
      this.emit("ready", {});
    });
  }

  addListener(name: string, handler: Handler): this {
    this.#handlers.set(name, [...(this.#handlers.get(name) ?? []), handler]);
    return this;
  }

  on(name: string, handler: Handler): this {
    return this.addListener(name, handler);
  }

  once(name: string, handler: Handler): this {
    const only: Handler = (payload) => {
      this.removeListener(name, only);
      handler(payload);
    };
    return this.addListener(name, only);
  }

  removeListener(name: string, handler: Handler): this {
    this.#handlers.set(
      name,
      (this.#handlers.get(name) ?? []).filter((known) => known !== handler),
    );
    return this;
  }

  emit(name: string, payload: Record<string, unknown>): void {
    for (const handler of this.#handlers.get(name) ?? []) handler(payload);
  }

  invite(): void {
    this.sent.push("invite");
  }

  hangup(): void {
    this.sent.push("hangup");
  }

  dtmf(): void {
    this.sent.push("dtmf");
  }

  setToken(): void {}
  register(): void {}
  updatePreferredURI(): void {}
  updateURIs(): void {}
  destroy(): void {}
}

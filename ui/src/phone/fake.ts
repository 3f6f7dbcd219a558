// A phone network of nobody: devices and calls that answer at once, for scenes and tests.
import type { OpenDevice, PhoneAudio, PhoneCall, PhoneDevice } from "./sdk";

type Listener = (...values: never[]) => void;

class Emitter {
  readonly #listeners: [string, Listener][] = [];

  on(event: string, listener: Listener): this {
    this.#listeners.push([event, listener]);
    return this;
  }

  emit(event: string, ...values: unknown[]): void {
    for (const [name, listener] of this.#listeners) if (name === event) listener(...(values as never[]));
  }
}

/** What the room does: takes the leg, stays silent, or fails with a code of the SDK. */
type Answer = boolean | number;

export class FakeCall extends Emitter implements PhoneCall {
  muted = false;
  digits = "";
  ended = false;

  disconnect(): void {
    if (this.ended) return;
    this.ended = true;
    this.emit("disconnect");
  }

  mute(muted: boolean): void {
    this.muted = muted;
    this.emit("mute", muted);
  }

  sendDigits(digits: string): void {
    this.digits += digits;
  }
}

export class FakeDevice extends Emitter implements PhoneDevice {
  readonly audio: PhoneAudio | null = null;
  readonly call = new FakeCall();
  readonly tokens: string[] = [];
  params: Record<string, string> = {};
  destroyed = false;

  constructor(readonly answer: Answer) {
    super();
  }

  async connect({ params }: { params: Record<string, string> }): Promise<PhoneCall> {
    this.params = params;
    const { answer, call } = this;
    setTimeout(() => {
      if (typeof answer === "number") call.emit("error", { code: answer });
      if (answer !== true) return;
      call.emit("accept");
      call.emit("sample");
    });
    return this.call;
  }

  updateToken(token: string): void {
    this.tokens.push(token);
  }

  destroy(): void {
    this.destroyed = true;
  }
}

/** Opens fake devices and remembers them, oldest first. */
export function fakeDevices(answer: () => Answer = () => true): { open: OpenDevice; opened: FakeDevice[] } {
  const opened: FakeDevice[] = [];
  return {
    opened,
    async open() {
      const device = new FakeDevice(answer());
      opened.push(device);
      return device;
    },
  };
}

// The rep's phone: one leg into the room of their seat, held for as long as they sit there.
import type { Media, PhoneState, VoiceToken } from "../backend";
import { applyAudio, DEVICE_MISSING, type AudioChoice } from "./devices";
import { qualityOf, type Quality } from "./quality";
import { Reconciler } from "./reconcile";
import type { OpenDevice, PhoneCall, PhoneDevice } from "./sdk";
import { NO_ANSWER, PhoneFault, troubleOf } from "./troubles";

/** How long the room may take to answer before the phone starts over. */
const JOIN_TIMEOUT_MS = 30_000;
/** Pauses before each further try to rejoin; the last one repeats. */
const REJOIN_DELAYS_MS = [500, 1_000, 2_000, 4_000, 8_000, 15_000];
/** With a prospect in the room the token is renewed only when this much of its life is left. */
const TOKEN_LAST_MOMENT_MS = 60_000;
/** When the SDK says that the token will expire, this much of its life is left. */
const TOKEN_WARNING_MS = 600_000;
/** A leg older than this is renewed when nobody is on the line; Twilio ends it after 4 hours. */
const LEG_AGE_MAX_MS = 3.5 * 3_600_000;
/** How often the age of the leg is looked at. */
const LEG_AGE_CHECK_MS = 60_000;

/** What the phone needs of the world. */
export type PhoneWorld = {
  openDevice: OpenDevice;
  voiceToken: () => Promise<VoiceToken>;
  report: (state: PhoneState, detail: string | null) => void;
  now: () => number;
};

export class Phone {
  state = $state<PhoneState>("off");
  /** A plain sentence about what is wrong and what to do. */
  trouble = $state<string | null>(null);
  /** True if only the rep can help: `retry` is offered. */
  needsRetry = $state(false);
  muted = $state(false);
  quality = $state.raw<Quality>(qualityOf(new Set(), false));

  readonly #world: PhoneWorld;
  readonly #reconciler = new Reconciler<string | null>((seatId, signal) => this.#hold(seatId, signal));
  #seatId: string | null = null;
  #media: Media = "webview";
  #choice: AudioChoice | null = null;
  #call: PhoneCall | null = null;
  #device: PhoneDevice | null = null;
  #occupied = false;
  #onFree: (() => void) | null = null;

  constructor(world: PhoneWorld) {
    this.#world = world;
  }

  /** Sits in the room of this seat, or in none. Repeating the same wish does nothing. */
  reconcile(seatId: string | null): void {
    if (seatId === this.#seatId) return;
    this.#seatId = seatId;
    void this.#reconciler.want(seatId);
  }

  /** Starts over at once, without waiting for the next try. */
  retry(): void {
    void this.#reconciler.want(this.#seatId);
  }

  /** Tells the phone who carries the sound: the page or the program behind it. */
  setMedia(media: Media): void {
    this.#media = media;
  }

  /** Says whether a prospect is on the line or being called: then the leg is left in peace. */
  setOccupied(occupied: boolean): void {
    this.#occupied = occupied;
    if (!occupied) this.#onFree?.();
  }

  setMuted(muted: boolean): void {
    this.muted = muted;
    this.#call?.mute(muted);
  }

  /** Sends digits to the other side; false if there is no call to carry them. */
  sendDigits(digits: string): boolean {
    if (this.#call === null || this.state !== "in_room") return false;
    this.#call.sendDigits(digits);
    return true;
  }

  /** Uses these devices now and from now on. */
  async useAudio(choice: AudioChoice): Promise<void> {
    this.#choice = choice;
    if (!(await this.#applyChoice()) && this.state === "in_room") this.#show("in_room", DEVICE_MISSING);
  }

  async #applyChoice(): Promise<boolean> {
    const audio = this.#device?.audio;
    return !audio || !this.#choice || applyAudio(audio, this.#choice, this.#media);
  }

  async #hold(seatId: string | null, signal: AbortSignal): Promise<void> {
    if (seatId === null) {
      this.#show("off");
      return;
    }
    for (let tries = 0; !signal.aborted;) {
      this.#show(tries === 0 ? "connecting" : "reconnecting", this.trouble);
      const leg = await this.#sit(seatId, signal);
      if (signal.aborted) return;
      if (leg.error === null) {
        this.#show("reconnecting");
      } else {
        const trouble = troubleOf(leg.error);
        const ask = trouble.retry === "ask";
        this.#show(leg.joined && !ask ? "reconnecting" : "failed", trouble.message, ask);
        if (ask) return;
      }
      tries = leg.joined ? 1 : tries + 1;
      await pause(REJOIN_DELAYS_MS[Math.min(tries, REJOIN_DELAYS_MS.length) - 1] ?? 0, signal);
    }
  }

  /** One leg from beginning to end. */
  async #sit(seatId: string, signal: AbortSignal): Promise<{ joined: boolean; error: unknown }> {
    const ended = new AbortController();
    const stop = AbortSignal.any([signal, ended.signal]);
    let error: unknown = null;
    let joined = false;
    try {
      const device = await this.#world.openDevice(await this.#world.voiceToken());
      this.#device = device;
      if (stop.aborted) return { joined, error };
      device.on("error", (raised: unknown) => this.#mention(raised, joined));
      device.on("tokenWillExpire", () => void this.#renewToken(device, stop));
      const chosen = await this.#applyChoice();

      const call = await within(JOIN_TIMEOUT_MS, stop, device.connect({ params: { seat: seatId } }));
      this.#call = call;
      const over = this.#follow(call, stop, (raised) => {
        error = raised;
      });
      await within(JOIN_TIMEOUT_MS, stop, over.accepted);
      joined = true;
      // A browser names the devices only once the microphone is open, so a choice may take a second try.
      this.#show("in_room", chosen || (await this.#applyChoice()) ? null : DEVICE_MISSING);
      call.mute(this.muted);
      await Promise.race([over.ended, aborted(stop), this.#tooOld(stop)]);
    } catch (raised) {
      error ??= raised;
    } finally {
      ended.abort();
      this.#leave();
    }
    return { joined, error };
  }

  #follow(call: PhoneCall, stop: AbortSignal, fail: (error: unknown) => void) {
    const warnings = new Set<string>();
    let sampled = false;
    const grade = () => {
      this.quality = qualityOf(warnings, sampled);
    };
    const on = (event: string, listener: (...values: never[]) => void) =>
      call.on(event, (...values) => {
        if (!stop.aborted) listener(...values);
      });

    on("sample", () => {
      if (sampled) return;
      sampled = true;
      grade();
    });
    on("warning", (name: string) => {
      // The page hears nothing of sound that flows outside it, so there the SDK takes every microphone for silent.
      if (name === "constant-audio-input-level" && this.#media === "native") return;
      warnings.add(name);
      grade();
    });
    on("warning-cleared", (name: string) => {
      warnings.delete(name);
      grade();
    });
    on("mute", (muted: boolean) => {
      this.muted = muted;
    });
    on("reconnecting", (error: unknown) => this.#show("reconnecting", troubleOf(error).message));
    on("reconnected", () => this.#show("in_room"));

    const accepted = new Promise<void>((resolve, reject) => {
      call.on("accept", () => resolve());
      call.on("error", (error: unknown) => {
        fail(error);
        reject(error as Error);
      });
      for (const event of ["disconnect", "cancel", "reject"]) {
        call.on(event, () => reject(new PhoneFault(NO_ANSWER)));
      }
    });
    const ended = new Promise<void>((resolve) => {
      for (const event of ["disconnect", "cancel", "reject"]) call.on(event, () => resolve());
    });
    return { accepted, ended };
  }

  // Renewing the token costs about a second of sound, so it waits for the conversation to end, but not for too long.
  async #renewToken(device: PhoneDevice, stop: AbortSignal): Promise<void> {
    if (this.#occupied)
      await Promise.race([this.#free(), pause(TOKEN_WARNING_MS - TOKEN_LAST_MOMENT_MS, stop)]);
    try {
      const { token } = await this.#world.voiceToken();
      if (!stop.aborted) device.updateToken(token);
    } catch (error) {
      this.#mention(error, true);
    }
  }

  async #tooOld(stop: AbortSignal): Promise<void> {
    const since = this.#world.now();
    while (!stop.aborted && (this.#occupied || this.#world.now() - since < LEG_AGE_MAX_MS)) {
      await pause(LEG_AGE_CHECK_MS, stop);
    }
  }

  #free(): Promise<void> {
    return new Promise((resolve) => {
      this.#onFree = () => {
        this.#onFree = null;
        resolve();
      };
    });
  }

  #leave(): void {
    this.#call?.disconnect();
    this.#call = null;
    this.#device?.destroy();
    this.#device = null;
    this.quality = qualityOf(new Set(), false);
  }

  // The SDK keeps trying by itself after these; the rep should know why nothing happens yet.
  #mention(error: unknown, joined: boolean): void {
    if (!joined) this.#show(this.state, troubleOf(error).message);
  }

  #show(state: PhoneState, trouble: string | null = null, needsRetry = false): void {
    const changed = state !== this.state || trouble !== this.trouble;
    this.state = state;
    this.trouble = trouble;
    this.needsRetry = needsRetry;
    if (changed) this.#world.report(state, trouble);
  }
}

async function within<T>(limit_ms: number, stop: AbortSignal, work: Promise<T>): Promise<T> {
  const late = new AbortController();
  const tooLate = pause(limit_ms, late.signal).then(() => {
    throw new PhoneFault(NO_ANSWER);
  });
  tooLate.catch(() => undefined);
  const stopped = aborted(stop).then(() => {
    throw new DOMException("stopped", "AbortError");
  });
  stopped.catch(() => undefined);
  try {
    return await Promise.race([work, tooLate, stopped]);
  } finally {
    late.abort();
    work.catch(() => undefined);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Waits, or less long if aborted. */
function pause(delay_ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, delay_ms);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}

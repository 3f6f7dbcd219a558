// The window: one snapshot of the backend, one phone, and the controllers of the features.
import type { Backend, Snapshot, Stop } from "./backend";
import { CallController } from "./call/call.svelte";
import { DialController } from "./dial/dial.svelte";
import { HistoryController } from "./history/history.svelte";
import { Clock } from "./parts/clock.svelte";
import { actionOf, isTyping, placeOf, type Action } from "./parts/keys";
import { MOODS, type Mood } from "./parts/moods";
import type { Phone } from "./phone/phone.svelte";
import { playAnswered } from "./phone/sounds";
import { SessionController } from "./session/session.svelte";
import { AudioController } from "./settings/audio.svelte";

/** What lies over the screen. */
export type Panel = "history" | "audio" | "shortcuts" | "closing";

const KEYPAD_KEY = /^[0-9*#]$/;

export class AppController {
  snapshot = $state.raw<Snapshot | null>(null);
  panel = $state<Panel | null>(null);
  /** A sentence if the backend did not answer at all. */
  startError = $state<string | null>(null);

  readonly clock: Clock;
  readonly phone: Phone;
  readonly session: SessionController;
  readonly dial: DialController;
  readonly call: CallController;
  readonly history: HistoryController;
  readonly audio: AudioController;
  #dialedSeatId = $state<string | null>(null);
  readonly #backend: Backend;

  constructor(backend: Backend, phone: Phone, clock = new Clock()) {
    this.#backend = backend;
    this.phone = phone;
    this.clock = clock;
    this.session = new SessionController(backend);
    this.dial = new DialController(backend);
    this.call = new CallController(backend, phone);
    this.history = new HistoryController(backend);
    this.audio = new AudioController(backend, (settings, devices) =>
      phone.useAudio({ settings, ...devices }),
    );
  }

  get mood(): Mood {
    return this.snapshot?.session.kind === "signed_in" ? (this.snapshot.seat?.state.kind ?? "off") : "off";
  }

  /** The mood in a word. Before the first call of a seat nobody has paused anything. */
  get word(): string {
    return this.mood === "paused" && this.#dialedSeatId !== this.snapshot?.seat?.seatId
      ? "Ready"
      : MOODS[this.mood];
  }

  get online(): boolean {
    return this.snapshot?.server.kind === "online";
  }

  /** Follows the backend until the returned function is called. */
  async start(): Promise<Stop> {
    const stops = [this.clock.start()];
    try {
      stops.push(await this.#backend.onSnapshot((snapshot) => this.follow(snapshot)));
      stops.push(await this.#backend.onCloseRequested(() => (this.panel = "closing")));
      this.follow(await this.#backend.getSnapshot());
    } catch (error) {
      this.startError = error instanceof Error ? error.message : String(error);
    }
    return () => stops.forEach((stop) => stop());
  }

  /** Takes in what the backend says now. */
  follow(snapshot: Snapshot): void {
    const before = this.mood;
    const wasSignedIn = this.snapshot?.session.kind === "signed_in";
    this.snapshot = snapshot;
    this.clock.setOffset(snapshot.clockOffsetMs);
    this.phone.setMedia(snapshot.media);
    this.phone.setOccupied(this.mood === "talking" || this.mood === "dialing");
    this.phone.reconcile(snapshot.seat?.seatId ?? null);
    if (snapshot.seat?.dialing) this.#dialedSeatId = snapshot.seat.seatId;
    this.call.follow(snapshot);
    if (snapshot.session.kind === "signed_in" && !wasSignedIn) void this.audio.refresh();
    if (this.mood !== before) this.#moved(before);
  }

  /** Ends the program; asked for in the dialog. */
  async close(): Promise<void> {
    await this.call.draft.flush();
    await this.#backend.closeWindow();
  }

  async dismiss(noticeId: number): Promise<void> {
    await this.#backend.dismissNotice(noticeId);
  }

  open(panel: Panel): void {
    this.panel = panel;
    if (panel === "history") void this.history.refresh();
  }

  /** Obeys a key press; true if it meant something. */
  press(event: KeyboardEvent): boolean {
    const typing = isTyping(event.target);
    if (event.key === "Escape") return this.#escape(event.target, typing);
    // A panel over the screen keeps its keys to itself, but the microphone is never out of reach.
    const action = actionOf(event, typing);
    if (this.panel !== null) return action === "mute" ? this.#do(action) : false;
    if (this.call.keypadOpen && !typing && KEYPAD_KEY.test(event.key)) {
      this.call.press(event.key);
      return true;
    }
    if (action !== null) return this.#do(action);
    const place = placeOf(event, typing);
    if (place === null || !(this.mood === "talking" || this.mood === "wrap_up")) return false;
    this.call.chooseAt(place);
    return true;
  }

  #escape(target: EventTarget | null, typing: boolean): boolean {
    if (this.panel !== null) return false;
    if (this.call.keypadOpen) this.call.keypadOpen = false;
    else if (typing && target instanceof HTMLElement) target.blur();
    else return false;
    return true;
  }

  #do(action: Action): boolean {
    if (this.snapshot?.session.kind !== "signed_in") return false;
    switch (action) {
      case "primary":
        if (this.mood === "paused") void this.dial.start();
        else void this.call.saveAndNext();
        return true;
      case "savePause":
        void this.call.saveAndPause();
        return true;
      case "pause":
        if (this.snapshot.seat?.dialing === true) void this.dial.pause();
        return true;
      case "mute":
        this.call.toggleMute();
        return true;
      case "keypad":
        this.call.toggleKeypad();
        return true;
      case "hangUp":
        if (this.mood === "talking" || this.mood === "dialing") void this.call.hangUp();
        return true;
      case "note":
        document.getElementById("note")?.focus();
        return true;
      case "history":
      case "audio":
      case "shortcuts":
        this.open(action);
        return true;
    }
  }

  #moved(before: Mood): void {
    if (this.mood === "talking") {
      // Nothing may lie between the rep and the person who just said hello.
      this.panel = null;
      if (before === "dialing") void playAnswered(this.audio.settings.ringVolume);
    }
    if (this.panel === "closing") this.panel = null;
    if (this.mood === "paused" || this.mood === "joining") void this.history.refresh();
  }
}

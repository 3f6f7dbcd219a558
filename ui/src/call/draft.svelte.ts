// What the rep enters for a call, kept on disk while it is typed.
import type { Disposition, Draft } from "../backend";

/** Pause in typing after which the draft is saved. */
export const SAVE_DELAY_MS = 400;
/** The dialer takes no longer note. */
export const NOTE_LENGTH_MAX = 4_000;

type Save = (attemptId: string, disposition: Disposition | null, note: string) => Promise<void>;

export class CallDraft {
  note = $state("");
  disposition = $state<Disposition | null>(null);
  /** True from the first change until it is on disk. */
  unsaved = $state(false);
  /** A sentence if the disk refuses. */
  trouble = $state<string | null>(null);

  #attemptId: string | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  readonly #save: Save;

  constructor(save: Save) {
    this.#save = save;
  }

  get attemptId(): string | null {
    return this.#attemptId;
  }

  /** Opens the draft of an attempt; what was kept for it is read once, for then this window is the newest copy. */
  open(attemptId: string, kept: Draft | null): void {
    if (attemptId === this.#attemptId) return;
    void this.flush();
    this.#attemptId = attemptId;
    const own = kept?.attemptId === attemptId ? kept : null;
    this.note = own?.note ?? "";
    this.disposition = own?.disposition ?? null;
  }

  write(note: string): void {
    this.note = note.slice(0, NOTE_LENGTH_MAX);
    this.#later();
  }

  choose(disposition: Disposition): void {
    this.disposition = disposition;
    this.#later();
  }

  /** Saves now what is not saved yet. */
  async flush(): Promise<void> {
    const attemptId = this.#attemptId;
    if (!this.unsaved || attemptId === null) return;
    this.#stopTimer();
    this.unsaved = false;
    try {
      await this.#save(attemptId, this.disposition, this.note);
      this.trouble = null;
    } catch (error) {
      this.unsaved = attemptId === this.#attemptId;
      this.trouble = `What you enter could not be kept on this computer: ${sentence(error)} Do not close the window.`;
    }
  }

  /** The wrap-up carries everything now, so no draft may follow it. */
  settle(): void {
    this.#stopTimer();
    this.unsaved = false;
    this.trouble = null;
  }

  #later(): void {
    this.unsaved = true;
    this.#stopTimer();
    this.#timer = setTimeout(() => void this.flush(), SAVE_DELAY_MS);
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

function sentence(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.endsWith(".") ? message : `${message}.`;
}

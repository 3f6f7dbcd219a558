// The call and its wrap-up: what is entered, and what happens next.
import type { Attempt, Backend, Campaign, Disposition, Seat, Snapshot } from "../backend";
import { Ask } from "../parts/ask.svelte";
import { CallDraft } from "./draft.svelte";

/** What a campaign without dispositions of its own offers. */
const ALL_DISPOSITIONS: Disposition[] = [
  "interested",
  "meeting",
  "call_back",
  "not_interested",
  "voicemail",
  "wrong_number",
  "do_not_call",
];

/** The part of the phone that a call needs. */
export interface CallPhone {
  readonly muted: boolean;
  setMuted(muted: boolean): void;
  sendDigits(digits: string): boolean;
}

export class CallController {
  readonly ask = new Ask();
  readonly draft: CallDraft;
  /** The digits sent in this call, newest last. */
  digits = $state("");
  keypadOpen = $state(false);
  /** The attempt whose wrap-up is on disk but not yet gone from the seat. */
  savedAttemptId = $state<string | null>(null);

  #seat = $state.raw<Seat | null>(null);
  #campaign = $state.raw<Campaign | null>(null);
  readonly #backend: Backend;
  readonly #phone: CallPhone;

  constructor(backend: Backend, phone: CallPhone) {
    this.#backend = backend;
    this.#phone = phone;
    this.draft = new CallDraft((attemptId, disposition, note) =>
      backend.saveDraft(attemptId, disposition, note),
    );
  }

  /** Takes in what the backend says now. */
  follow(snapshot: Snapshot): void {
    this.#seat = snapshot.seat;
    this.#campaign =
      snapshot.campaigns.find(({ campaignId }) => campaignId === snapshot.seat?.campaignId) ?? null;
    const state = snapshot.seat?.state;
    if (state?.kind !== "talking") this.keypadOpen = false;
    if (state?.kind !== "talking" && state?.kind !== "wrap_up") return;
    if (state.attempt.attemptId !== this.draft.attemptId) {
      this.digits = "";
      // A muted microphone is a promise for one conversation, not for the next one.
      this.#phone.setMuted(false);
    }
    this.draft.open(state.attempt.attemptId, snapshot.draft);
  }

  /** What may be chosen, in the order of the keys 1, 2, 3, …. */
  get dispositions(): Disposition[] {
    return this.#campaign?.dispositions.length ? this.#campaign.dispositions : ALL_DISPOSITIONS;
  }

  get talking(): boolean {
    return this.#seat?.state.kind === "talking";
  }

  /** The attempt to wrap up. */
  get wrappingUp(): Attempt | null {
    const state = this.#seat?.state;
    return state?.kind === "wrap_up" ? state.attempt : null;
  }

  get saved(): boolean {
    return this.savedAttemptId !== null && this.savedAttemptId === this.wrappingUp?.attemptId;
  }

  get canSave(): boolean {
    return this.wrappingUp !== null && this.draft.disposition !== null && !this.ask.busy && !this.saved;
  }

  chooseAt(place: number): void {
    const disposition = this.dispositions[place];
    if (disposition !== undefined && !this.saved && (this.talking || this.wrappingUp))
      this.draft.choose(disposition);
  }

  toggleMute(): void {
    if (this.talking) this.#phone.setMuted(!this.#phone.muted);
  }

  toggleKeypad(): void {
    this.keypadOpen = this.talking && !this.keypadOpen;
  }

  press(digit: string): void {
    if (this.talking && this.#phone.sendDigits(digit)) this.digits += digit;
  }

  /** Ends the prospect's leg; the rep's own stays in the room. */
  hangUp(): Promise<boolean> {
    return this.ask.run(() => this.#backend.hangUp());
  }

  /** Saves the wrap-up and lets the next lead be dialed. */
  saveAndNext(): Promise<boolean> {
    return this.#finish(async (save) => {
      const paused = this.#seat?.dialing === false;
      await save();
      if (paused) await this.#backend.startDialing();
    });
  }

  /** Saves the wrap-up and stops dialing. */
  saveAndPause(): Promise<boolean> {
    return this.#finish(async (save) => {
      // First the pause, or the dialer might already have placed the next call.
      const refusal = await this.#backend.pauseDialing().then(
        () => null,
        (error: unknown) => error,
      );
      await save();
      if (refusal !== null) throw refusal;
    });
  }

  #finish(step: (save: () => Promise<void>) => Promise<void>): Promise<boolean> {
    const { attemptId, disposition, note } = this.draft;
    if (!this.canSave || attemptId === null || disposition === null) return Promise.resolve(false);
    return this.ask.run(() =>
      step(async () => {
        this.draft.settle();
        await this.#backend.finishWrapUp(attemptId, disposition, note);
        this.savedAttemptId = attemptId;
      }),
    );
  }
}

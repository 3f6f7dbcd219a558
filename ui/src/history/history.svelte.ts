// The rep's calls, newest first.
import type { Backend, CallRecord } from "../backend";
import { Ask } from "../parts/ask.svelte";

/** Calls asked for at a time. */
export const PAGE_SIZE = 50;
/** Calls shown beside the start button. */
const RECENT_COUNT = 6;

export class HistoryController {
  readonly ask = new Ask();
  calls = $state.raw<CallRecord[]>([]);
  /** False until the first answer. */
  loaded = $state(false);
  complete = $state(false);
  selectedId = $state<string | null>(null);

  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  get recent(): CallRecord[] {
    return this.calls.slice(0, RECENT_COUNT);
  }

  get selected(): CallRecord | null {
    return this.calls.find(({ attempt }) => attempt.attemptId === this.selectedId) ?? this.calls[0] ?? null;
  }

  /** Reads the newest calls again. */
  refresh(): Promise<boolean> {
    return this.ask.run(async () => {
      this.calls = await this.#backend.history(null, PAGE_SIZE);
      this.loaded = true;
      this.complete = this.calls.length < PAGE_SIZE;
    });
  }

  /** Adds older calls. */
  more(): Promise<boolean> {
    return this.ask.run(async () => {
      const oldest = this.calls.at(-1)?.attempt.attemptId ?? null;
      const older = await this.#backend.history(oldest, PAGE_SIZE);
      this.calls = [...this.calls, ...older];
      this.complete = older.length < PAGE_SIZE;
    });
  }

  /** Moves the selection by so many calls. */
  step(by: number): void {
    const at = this.calls.findIndex(({ attempt }) => attempt.attemptId === this.selected?.attempt.attemptId);
    const next = this.calls[Math.min(this.calls.length - 1, Math.max(0, at + by))];
    if (next) this.selectedId = next.attempt.attemptId;
  }
}

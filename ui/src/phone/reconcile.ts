// Brings a thing to the state that is wanted: one step at a time, and only towards the latest wish.

/** Runs `apply` for each wish, never two at once; a newer wish aborts the step under way and skips those between. */
export class Reconciler<Wish> {
  #wanted: { wish: Wish } | null = null;
  #running: Promise<void> | null = null;
  #abort = new AbortController();
  readonly #apply: (wish: Wish, signal: AbortSignal) => Promise<void>;

  /** `apply` cleans up after itself when it is aborted; what it throws is its own defect. */
  constructor(apply: (wish: Wish, signal: AbortSignal) => Promise<void>) {
    this.#apply = apply;
  }

  /** Wants this now. Settles when the newest wish has been applied. */
  want(wish: Wish): Promise<void> {
    this.#wanted = { wish };
    this.#abort.abort();
    this.#running ??= this.#run();
    return this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (this.#wanted !== null) {
        const { wish } = this.#wanted;
        this.#wanted = null;
        this.#abort = new AbortController();
        await this.#apply(wish, this.#abort.signal);
      }
    } finally {
      this.#running = null;
    }
  }
}

// The window's one clock: the time that everything on the screen is reckoned by.

const TICK_MS = 500;

/** The server's wall clock (practice time on the practice floor), in milliseconds since 1970. */
export class Clock {
  #offset_ms = $state(0);
  #machine_ms = $state(0);
  readonly #read: () => number;

  constructor(read: () => number = Date.now) {
    this.#read = read;
    this.#machine_ms = read();
  }

  get now_ms(): number {
    return this.#machine_ms + this.#offset_ms;
  }

  /** The server's clock minus this machine's. */
  setOffset(offset_ms: number): void {
    this.#offset_ms = offset_ms;
  }

  /** Ticks until the returned function is called. */
  start(): () => void {
    const timer = setInterval(() => (this.#machine_ms = this.#read()), TICK_MS);
    return () => clearInterval(timer);
  }
}

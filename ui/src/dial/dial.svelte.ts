// Taking a seat, dialing, pausing, leaving.
import type { Backend } from "../backend";
import { Ask } from "../parts/ask.svelte";

export class DialController {
  readonly ask = new Ask();
  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  takeSeat(campaignId: string): Promise<boolean> {
    return this.ask.run(() => this.#backend.takeSeat(campaignId));
  }

  start(): Promise<boolean> {
    return this.ask.run(() => this.#backend.startDialing());
  }

  pause(): Promise<boolean> {
    return this.ask.run(() => this.#backend.pauseDialing());
  }

  leave(): Promise<boolean> {
    return this.ask.run(() => this.#backend.leaveSeat());
  }
}

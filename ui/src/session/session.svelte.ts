// Signing in and out.
import type { Backend } from "../backend";
import { Ask } from "../parts/ask.svelte";

export class SessionController {
  readonly ask = new Ask();
  copied = $state(false);

  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Signs in at this address; the address is stored first, so that the next start knows it. */
  signIn(serverUrl: string, knownUrl: string): Promise<boolean> {
    return this.#run(async () => {
      const url = serverUrl.trim();
      if (url !== knownUrl) await this.#backend.setServerUrl(url);
      await this.#backend.signIn();
    });
  }

  cancel(): Promise<boolean> {
    return this.#run(() => this.#backend.cancelSignIn());
  }

  unlock(): Promise<boolean> {
    return this.#run(() => this.#backend.unlockKeyring());
  }

  signOut(): Promise<boolean> {
    return this.#run(() => this.#backend.signOut());
  }

  /** Puts the sign-in address into the clipboard. */
  async copy(url: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(url);
      this.copied = true;
    } catch {
      this.ask.error = "The address could not be copied. Select it and copy it by hand.";
    }
  }

  #run(command: () => Promise<void>): Promise<boolean> {
    this.copied = false;
    return this.ask.run(command);
  }
}

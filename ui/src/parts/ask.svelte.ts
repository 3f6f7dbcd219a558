// One request at a time to the backend, with what came of it.

export class Ask {
  busy = $state(false);
  /** The sentence of the last refusal, until the next request. */
  error = $state<string | null>(null);

  /** Runs the command unless one is under way; true if it succeeded. */
  async run(command: () => Promise<void>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.error = null;
    try {
      await command();
      return true;
    } catch (error) {
      this.error = error instanceof Error ? error.message : String(error);
      return false;
    } finally {
      this.busy = false;
    }
  }
}

// Which microphone and speaker, and whether they work.
import type { AudioDevices, AudioSettings, Backend, Stop } from "../backend";
import { Ask } from "../parts/ask.svelte";

/** In a list of choices: follow the system. */
export const SYSTEM_DEFAULT = "system-default";

const NOTHING: AudioSettings = { inputId: null, outputId: null, ringVolume: 0.5 };

type Applied = (settings: AudioSettings, devices: AudioDevices) => Promise<void>;

export class AudioController {
  readonly ask = new Ask();
  devices = $state.raw<AudioDevices>({ inputs: [], outputs: [] });
  settings = $state.raw<AudioSettings>(NOTHING);
  level = $state(0);
  /** The loudest level since the meter started: says whether the microphone is heard at all. */
  peak = $state(0);

  #stop: Stop | null = null;
  #watching = false;
  readonly #backend: Backend;
  readonly #applied: Applied;

  /** `applied` hands each choice to whoever carries the sound. */
  constructor(backend: Backend, applied: Applied) {
    this.#backend = backend;
    this.#applied = applied;
  }

  /** Reads what is chosen and plugged in. */
  refresh(): Promise<boolean> {
    return this.ask.run(async () => {
      [this.settings, this.devices] = await Promise.all([
        this.#backend.audioSettings(),
        this.#backend.audioDevices(),
      ]);
      await this.#applied(this.settings, this.devices);
    });
  }

  /** Takes effect on the screen at once; the newest of several quick choices is the one that stays. */
  async choose(change: Partial<AudioSettings>): Promise<void> {
    this.settings = { ...this.settings, ...change };
    this.peak = 0;
    try {
      await this.#backend.setAudioSettings(this.settings);
      await this.#applied(this.settings, this.devices);
    } catch (error) {
      await this.refresh();
      this.ask.error = error instanceof Error ? error.message : String(error);
    }
  }

  testTone(): Promise<boolean> {
    return this.ask.run(() => this.#backend.playTestTone());
  }

  /** Follows the microphone until `stopMeter`. */
  async startMeter(): Promise<void> {
    this.#watching = true;
    this.peak = 0;
    try {
      const stop = await this.#backend.watchMicrophone((level) => {
        this.level = level;
        this.peak = Math.max(this.peak, level);
      });
      // The panel may have been closed while the microphone opened.
      if (this.#watching) this.#stop = stop;
      else stop();
    } catch (error) {
      this.ask.error = error instanceof Error ? error.message : String(error);
    }
  }

  stopMeter(): void {
    this.#watching = false;
    this.#stop?.();
    this.#stop = null;
    this.level = 0;
  }
}

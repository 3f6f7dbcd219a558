// What the window asks of the program behind it, whichever of the three backends answers.
import type { Engine } from "../phone/native/engine";
import type {
  AudioDevices,
  AudioSettings,
  CallRecord,
  Code,
  Disposition,
  PhoneState,
  Snapshot,
  VoiceToken,
} from "./bindings";

export type {
  Attempt,
  AttemptResult,
  AudioDevice,
  AudioDevices,
  AudioSettings,
  CallRecord,
  Campaign,
  Disposition,
  Draft,
  Lead,
  LeadField,
  Me,
  Media,
  Notice,
  PhoneState,
  Seat,
  SeatState,
  Session,
  Snapshot,
  VoiceToken,
  Waiting,
} from "./bindings";

/** A refusal of the backend: a code to act on and a plain sentence to show. */
export class BackendError extends Error {
  constructor(
    readonly code: Code,
    message: string,
  ) {
    super(message);
    this.name = "BackendError";
  }
}

/** Ends a subscription. */
export type Stop = () => void;

/** Every command either does what it says or throws a `BackendError`. */
export interface Backend {
  /** The media engine outside the page, where there is one. */
  readonly engine: Engine | null;

  getSnapshot(): Promise<Snapshot>;
  history(before: string | null, limit: number): Promise<CallRecord[]>;
  audioDevices(): Promise<AudioDevices>;
  audioSettings(): Promise<AudioSettings>;

  signIn(): Promise<void>;
  cancelSignIn(): Promise<void>;
  signOut(): Promise<void>;
  setServerUrl(url: string): Promise<void>;
  unlockKeyring(): Promise<void>;
  takeSeat(campaignId: string): Promise<void>;
  startDialing(): Promise<void>;
  pauseDialing(): Promise<void>;
  leaveSeat(): Promise<void>;
  hangUp(): Promise<void>;
  saveDraft(attemptId: string, disposition: Disposition | null, note: string): Promise<void>;
  finishWrapUp(attemptId: string, disposition: Disposition, note: string): Promise<void>;
  setAudioSettings(settings: AudioSettings): Promise<void>;
  dismissNotice(id: number): Promise<void>;
  voiceToken(): Promise<VoiceToken>;
  reportPhone(state: PhoneState, detail: string | null): Promise<void>;
  playTestTone(): Promise<void>;
  /** Ends the program; asked only after the rep agreed to hang up. */
  closeWindow(): Promise<void>;

  /** Calls back with each new snapshot, whole. */
  onSnapshot(listener: (snapshot: Snapshot) => void): Promise<Stop>;
  /** Calls back when the rep tries to close the window while somebody is on the line. */
  onCloseRequested(listener: () => void): Promise<Stop>;
  /** Calls back with the microphone's level from 0 to 1, about 20 times a second, until stopped. */
  watchMicrophone(listener: (level: number) => void): Promise<Stop>;
}

// The unmodified Twilio Voice SDK, loaded late and described by the few members the phone uses.
import type { VoiceToken } from "../backend";
import { installLoopbackSockets } from "./loopback";
import { sdkSounds } from "./sounds";

/** Ten minutes before a token expires the SDK says so. */
const TOKEN_REFRESH_MS = 600_000;
/** How long a call survives without signalling. */
const SIGNALING_TIMEOUT_MS = 30_000;

/** The SDK's official options for media that lives outside the page. */
export type MediaOverrides = {
  RTCPeerConnection: unknown;
  getUserMedia: unknown;
  MediaStream: unknown;
  enumerateDevices: () => Promise<unknown>;
};

/** The room leg, as the phone sees it. */
export interface PhoneCall {
  on(event: string, listener: (...values: never[]) => void): unknown;
  disconnect(): void;
  mute(muted: boolean): void;
  sendDigits(digits: string): void;
}

/** The SDK's device, as the phone sees it. */
export interface PhoneDevice {
  readonly audio: PhoneAudio | null;
  on(event: string, listener: (...values: never[]) => void): unknown;
  connect(options: { params: Record<string, string> }): Promise<PhoneCall>;
  updateToken(token: string): void;
  destroy(): void;
}

/** The SDK's choice of devices. */
export interface PhoneAudio {
  readonly availableInputDevices: Map<string, { label: string }>;
  readonly availableOutputDevices: Map<string, { label: string }>;
  readonly isOutputSelectionSupported: boolean;
  readonly inputDevice: unknown;
  readonly speakerDevices: { set(ids: string | string[]): Promise<void> };
  setInputDevice(id: string): Promise<void>;
  outgoing(enabled: boolean): unknown;
  disconnect(enabled: boolean): unknown;
}

/** Makes a device for a token. */
export type OpenDevice = (token: VoiceToken) => Promise<PhoneDevice>;

/** Opens devices of the real SDK. `media` is asked for each; null leaves the sound to the page. */
export function sdkDevices(media: () => Promise<MediaOverrides | null>): OpenDevice {
  return async (token) => {
    const [{ Device }, overrides] = await Promise.all([loadSdk(), media()]);
    // The SDK's types name neither the stand-in's host nor the switch for its insights, but it takes both.
    const options = deviceOptions(token, overrides) as ConstructorParameters<typeof Device>[1];
    const device = new Device(token.token, options);
    device.audio?.outgoing(false);
    device.audio?.disconnect(false);
    resumeOnGesture(() => Device.audioContext);
    // The SDK asked for the list of devices first, so when this answer comes it has its own.
    await (overrides?.enumerateDevices() ?? navigator.mediaDevices.enumerateDevices());
    return device as unknown as PhoneDevice;
  };
}

/** The options of every device. */
export function deviceOptions(token: VoiceToken, media: MediaOverrides | null): Record<string, unknown> {
  return {
    appName: "offhook",
    codecPreferences: ["opus", "pcmu"],
    tokenRefreshMs: TOKEN_REFRESH_MS,
    maxCallSignalingTimeoutMs: SIGNALING_TIMEOUT_MS,
    publishEvents: false,
    sounds: sdkSounds(),
    ...(token.signallingHost === null ? {} : { chunderw: token.signallingHost }),
    ...media,
  };
}

let sdk: Promise<typeof import("@twilio/voice-sdk")> | null = null;

function loadSdk(): Promise<typeof import("@twilio/voice-sdk")> {
  if (sdk === null) {
    installLoopbackSockets(globalThis);
    sdk = import("@twilio/voice-sdk");
  }
  return sdk;
}

// Webviews keep an AudioContext suspended until the first click or key, and the SDK never resumes its own.
function resumeOnGesture(context: () => AudioContext | undefined): void {
  const resume = () => void context()?.resume();
  resume();
  for (const gesture of ["pointerdown", "keydown"]) {
    addEventListener(gesture, resume, { once: true, capture: true });
  }
}

// The rep's choice of microphone and speaker, handed to the SDK.
import type { AudioDevice, AudioSettings, Media } from "../backend";
import type { PhoneAudio } from "./sdk";

/** The devices that the rep chose, with the names by which a browser knows them. */
export type AudioChoice = { settings: AudioSettings; inputs: AudioDevice[]; outputs: AudioDevice[] };

/** Said while a chosen device cannot be used. */
export const DEVICE_MISSING =
  "The chosen microphone or speaker is not there, so the system's default is used. Plug it in, or choose another.";

/** Applies the choice as far as it can; false if a chosen device is not to be had. */
export async function applyAudio(audio: PhoneAudio, choice: AudioChoice, media: Media): Promise<boolean> {
  const { settings, inputs, outputs } = choice;
  try {
    const microphone = await setMicrophone(audio, settings.inputId, inputs);
    // Outside the page the program behind it already plays through the chosen speaker.
    if (media === "native" || !audio.isOutputSelectionSupported) return microphone;
    const output = deviceId(settings.outputId, outputs, audio.availableOutputDevices);
    if (output !== null) await audio.speakerDevices.set(output);
    return microphone && output !== null;
  } catch {
    // The device was unplugged between the list and the choice.
    return false;
  }
}

async function setMicrophone(
  audio: PhoneAudio,
  chosen: string | null,
  known: AudioDevice[],
): Promise<boolean> {
  // With nothing chosen, now or before, the SDK opens the system's default by itself.
  if (chosen === null && audio.inputDevice === null) return true;
  const input = deviceId(chosen, known, audio.availableInputDevices);
  if (input !== null) await audio.setInputDevice(input);
  return input !== null;
}

// The page and the program behind it number the same headset differently; the name is what they share.
function deviceId(
  chosen: string | null,
  known: AudioDevice[],
  available: ReadonlyMap<string, { label: string }>,
): string | null {
  if (chosen === null) return available.has("default") ? "default" : ([...available.keys()][0] ?? null);
  if (available.has(chosen)) return chosen;
  const name = known.find((device) => device.id === chosen)?.name;
  if (name === undefined) return null;
  return [...available].find(([, device]) => device.label.includes(name))?.[0] ?? null;
}

// The app's own sounds. The SDK fetches any name that is missing here from Twilio.

const SDK_SOUNDS = [
  "disconnect",
  "incoming",
  "outgoing",
  ...Array.from({ length: 10 }, (_, digit) => `dtmf${digit}`),
  "dtmfh",
  "dtmfs",
];

/** Where the SDK finds each of its fifteen sounds. */
export function sdkSounds(): Record<string, string> {
  return Object.fromEntries(SDK_SOUNDS.map((name) => [name, soundUrl(name)]));
}

/** A short tone that says: somebody is on the line, speak. */
export async function playAnswered(volume: number): Promise<void> {
  const sound = new Audio(soundUrl("answered"));
  sound.volume = volume;
  // Without a click in the window since it opened the webview plays nothing; the screen says it all the same.
  await sound.play().catch(() => undefined);
}

function soundUrl(name: string): string {
  return new URL(`/sounds/${name}.wav`, location.href).href;
}

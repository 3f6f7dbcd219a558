// Writes every sound the app plays into ui/public/sounds: plain sine tones, so nobody's recording is shipped.
//
// The Voice SDK wants a file for each of its fifteen names, or it fetches them from Twilio. `answered` is ours.
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const RATE_HZ = 16_000;
const FOLDER = new URL("../public/sounds/", import.meta.url);

// ITU-T Q.23: each key is a low and a high tone.
const LOW_HZ = [697, 770, 852, 941];
const HIGH_HZ = [1209, 1336, 1477];
const KEYPAD = ["123", "456", "789", "s0h"];

/** Samples of a sound: tones of one amplitude with a soft start and end. */
function tones(frequenciesHz, duration_ms, amplitude = 0.2) {
  const count = (RATE_HZ * duration_ms) / 1000;
  const fade = RATE_HZ * 0.012;
  return Array.from({ length: count }, (_, index) => {
    const edge = Math.min(1, index / fade, (count - index) / fade);
    const wave = frequenciesHz.reduce((sum, hz) => sum + Math.sin((2 * Math.PI * hz * index) / RATE_HZ), 0);
    return (amplitude * edge * wave) / frequenciesHz.length;
  });
}

const silence = (duration_ms) => new Array((RATE_HZ * duration_ms) / 1000).fill(0);

/** A WAV file: 16-bit PCM, one channel. */
function wav(samples) {
  const bytes = Buffer.alloc(44 + samples.length * 2);
  bytes.write("RIFF", 0);
  bytes.writeUInt32LE(36 + samples.length * 2, 4);
  bytes.write("WAVEfmt ", 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(RATE_HZ, 24);
  bytes.writeUInt32LE(RATE_HZ * 2, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write("data", 36);
  bytes.writeUInt32LE(samples.length * 2, 40);
  samples.forEach((sample, index) => bytes.writeInt16LE(Math.round(sample * 32_767), 44 + index * 2));
  return bytes;
}

const sounds = {
  answered: [...tones([660], 90), ...tones([880], 140)],
  incoming: [...tones([440, 554], 400), ...silence(200), ...tones([440, 554], 400), ...silence(1_000)],
  outgoing: tones([520], 120),
  disconnect: [...tones([520], 90), ...tones([390], 140)],
};
KEYPAD.forEach((row, rowIndex) =>
  [...row].forEach((key, column) => {
    sounds[`dtmf${key}`] = tones([LOW_HZ[rowIndex], HIGH_HZ[column]], 160);
  }),
);

mkdirSync(FOLDER, { recursive: true });
for (const [name, samples] of Object.entries(sounds)) {
  writeFileSync(fileURLToPath(new URL(`${name}.wav`, FOLDER)), wav(samples));
}

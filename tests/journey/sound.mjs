// Measures of recorded sound: how loud it is, and how much of it is one tone.

/** Mono 16-bit samples of raw little-endian bytes. */
export function samplesOf(bytes) {
  const whole = bytes.length - (bytes.length % 2);
  const samples = new Int16Array(whole / 2);
  for (let i = 0; i < samples.length; i += 1) samples[i] = bytes.readInt16LE(i * 2);
  return samples;
}

/** Samples and rate of a mono 16-bit WAV file. */
export function readWav(bytes) {
  if (bytes.toString("latin1", 0, 4) !== "RIFF") throw new Error("not a WAV file");
  let rateHz = 0;
  for (let at = 12; at + 8 <= bytes.length;) {
    const kind = bytes.toString("latin1", at, at + 4);
    const length = bytes.readUInt32LE(at + 4);
    if (kind === "fmt ") rateHz = bytes.readUInt32LE(at + 12);
    if (kind === "data") return { rateHz, samples: samplesOf(bytes.subarray(at + 8, at + 8 + length)) };
    at += 8 + length + (length % 2);
  }
  throw new Error("a WAV file without samples");
}

/** Root mean square, 0 to 32,768. */
export function loudness(samples) {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return samples.length === 0 ? 0 : Math.sqrt(sum / samples.length);
}

/** The share of the energy that lies at `frequencyHz`, 0 to 1 (Goertzel over 100 ms windows, averaged). */
export function share(samples, rateHz, frequencyHz) {
  const window = Math.floor(rateHz / 10);
  const coefficient = 2 * Math.cos((2 * Math.PI * frequencyHz) / rateHz);
  let tone = 0;
  let all = 0;
  for (let start = 0; start + window <= samples.length; start += window) {
    let previous = 0;
    let before = 0;
    for (let i = start; i < start + window; i += 1) {
      const now = samples[i] + coefficient * previous - before;
      before = previous;
      previous = now;
      all += samples[i] * samples[i];
    }
    tone += ((previous * previous + before * before - coefficient * previous * before) * 2) / window;
  }
  return all === 0 ? 0 : Math.min(1, tone / all);
}

/** The last `seconds` of the samples. */
export function last(samples, rateHz, seconds) {
  return samples.subarray(Math.max(0, samples.length - Math.round(rateHz * seconds)));
}

/** A steady tone as raw little-endian samples. */
export function toneBytes(rateHz, frequencyHz, seconds, amplitude = 8_000) {
  const bytes = Buffer.alloc(Math.round(rateHz * seconds) * 2);
  for (let i = 0; i < bytes.length / 2; i += 1) {
    bytes.writeInt16LE(Math.round(amplitude * Math.sin((2 * Math.PI * frequencyHz * i) / rateHz)), i * 2);
  }
  return bytes;
}

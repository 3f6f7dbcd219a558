/** The samples of a mono 16-bit WAV file with the usual 44-byte header. */
export function readWav(bytes) {
  const samples = [];
  for (let at = 44; at + 1 < bytes.length; at += 2) samples.push(bytes.readInt16LE(at));
  return { rate: bytes.readUInt32LE(24), samples };
}

/** Root mean square of the last `seconds`. */
export function loudness({ rate, samples }, seconds) {
  const last = samples.slice(-Math.round(rate * seconds));
  const power = last.reduce((sum, sample) => sum + sample * sample, 0);
  return Math.sqrt(power / Math.max(1, last.length));
}

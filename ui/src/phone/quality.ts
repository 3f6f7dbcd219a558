// How the line sounds, from the SDK's warnings and samples.

/** What the pill in the bar says. */
export type Quality = { grade: "unknown" | "good" | "fair" | "poor"; advice: string | null };

const ADVICE: Record<string, { grade: "fair" | "poor"; advice: string }> = {
  "ice-connectivity-lost": { grade: "poor", advice: "The audio connection broke off. It is being restored." },
  "low-bytes-received": { grade: "poor", advice: "No sound arrives. Check your network connection." },
  "low-bytes-sent": {
    grade: "poor",
    advice: "Your voice is not getting out. Check your network connection.",
  },
  "high-packets-lost-fraction": {
    grade: "poor",
    advice: "Much of the sound is lost on the way. Use a cable instead of Wi-Fi.",
  },
  "low-mos": { grade: "poor", advice: "The line sounds bad. Close downloads and video, or use a cable." },
  "high-packet-loss": {
    grade: "fair",
    advice: "Some sound is lost on the way. Use a cable instead of Wi-Fi.",
  },
  "high-jitter": { grade: "fair", advice: "Your network is unsteady. Use a cable instead of Wi-Fi." },
  "high-rtt": { grade: "fair", advice: "Your network is slow to answer. Close downloads and video." },
  "constant-audio-input-level": {
    grade: "fair",
    advice: "Your microphone is silent. Check that it is not muted on the headset.",
  },
};

/** Folds the warnings that stand now, and whether a sample has come in, into one grade with one piece of advice. */
export function qualityOf(warnings: ReadonlySet<string>, sampled: boolean): Quality {
  const known = Object.entries(ADVICE).filter(([name]) => warnings.has(name));
  const [worst] = known.map(([, advice]) => advice).toSorted((a, b) => rank(b.grade) - rank(a.grade));
  return worst ?? { grade: sampled ? "good" : "unknown", advice: null };
}

function rank(grade: "fair" | "poor"): number {
  return grade === "poor" ? 1 : 0;
}

// Proves that the unmodified Twilio Voice SDK, in Chromium, works against the phone network. Run it with
// `node tests/voice-sdk/run.mjs [scenario…]` after `cargo build -p twilio-emulator`.

import { openStage } from "./stage.mjs";

const SCENARIOS = [
  "outbound",
  "inbound",
  "devices",
  "colleagues",
  "messages",
  "tokens",
  "refused",
  "reconnect",
  "path",
  "impaired",
  "early",
  "hold",
  "forward",
  "preflight",
  "tls",
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !SCENARIOS.includes(name));
if (unknown.length > 0) throw new Error(`no such scenario: ${unknown}; there are ${SCENARIOS}`);

const failed = [];
for (const name of wanted.length > 0 ? wanted : SCENARIOS) {
  const { run } = await import(`./scenarios/${name}.mjs`);
  const stage = await openStage(name);
  try {
    await run(stage);
  } catch (error) {
    console.error(`not ok ${name}:`, error);
    await stage.explain();
    failed.push(name);
  } finally {
    await stage.close();
  }
}
if (failed.length > 0) {
  console.error(`failed: ${failed.join(", ")}`);
  process.exitCode = 1;
} else {
  console.log("The Voice SDK works against the phone network.");
}

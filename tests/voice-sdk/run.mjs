// Proves that the unmodified Twilio Voice SDK, in Chromium, works against the phone network: it
// registers, talks to somebody in a conference with sound both ways, keeps its call over a new token,
// and hangs up both ways. Run it with `node tests/voice-sdk/run.mjs` after `cargo build -p twilio-emulator`.

import assert from "node:assert/strict";
import { chromium } from "playwright-core";
import { startApplication } from "./application.mjs";
import { accessToken, startNetwork } from "./network.mjs";
import { loudness, readWav } from "./wav.mjs";
import { until } from "./until.mjs";

const PROSPECT = "+13125550142";
const OUR_NUMBER = "+12025550100";
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
/** Root mean squares of 16-bit samples: a beep is far above the first, comfort noise below the second. */
const AUDIBLE_RMS = 500;
const SILENT_RMS = 10;

const cleanups = [];
try {
  await main();
  console.log("The Voice SDK works against the phone network.");
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  for (const cleanup of cleanups.reverse()) await cleanup();
}

async function main() {
  const network = await startNetwork();
  cleanups.push(() => network.stop());
  const application = await startApplication();
  cleanups.push(() => application.stop());
  const { sid: applicationSid } = await network.post("Applications.json", {
    FriendlyName: "voice-sdk test",
    VoiceUrl: application.url("/voice"),
  });
  const token = () => accessToken(applicationSid, "rep_1");
  await network.put("personas/" + PROSPECT, { persona: "tone-440" });

  const page = await openPage(application);
  const registered = await page.evaluate(
    ([jwt, host]) => globalThis.phone.register(jwt, host),
    [token(), network.host],
  );
  assert.equal(registered, "registered");
  saw("registered");

  const rep = await page.evaluate(() => globalThis.phone.connect({ seat: "seat 7" }));
  const fetched = application.requests("/voice")[0];
  assert.equal(fetched.get("From"), "client:rep_1");
  assert.equal(fetched.get("seat"), "seat 7");
  saw(`outbound call ${rep} is open; its TwiML was fetched with From=${fetched.get("From")}`);

  const prospect = await callProspect(network, application);
  await until("the page hears 440 Hz", async () => {
    const { tone, rest } = await page.evaluate(() => globalThis.phone.listen(440));
    return tone > 4 * rest && tone > 20 && `${tone.toFixed(0)} against ${rest.toFixed(0)} elsewhere`;
  }).then((level) => saw(`the page hears the prospect's 440 Hz (${level})`));
  await hearsRep(network, prospect);

  await page.evaluate(() => globalThis.phone.mute(true));
  await until("the prospect hears silence", async () => {
    const level = loudness(await heard(network, prospect), 1.2);
    return level < SILENT_RMS && level.toFixed(1);
  }).then((level) => saw(`muted: the prospect's last 1.2 s are silent (rms ${level})`));
  await page.evaluate(() => globalThis.phone.mute(false));
  await hearsRep(network, prospect);

  await page.evaluate((jwt) => globalThis.phone.updateToken(jwt), token());
  await until("the call resumed", async () => (await network.events("signal.resumed")).length > 0);
  assert.equal(await page.evaluate(() => globalThis.phone.status()), "open");
  assert.equal(application.requests("/voice").length, 2, "a new token is no new call");
  saw("updateToken kept the call");

  await page.evaluate(() => globalThis.phone.sendDigits("12"));
  await until(
    "both digits",
    async () => (await network.events("digit")).map((event) => event.digit).join("") === "12",
  );
  saw("digits 12 arrived");

  await page.evaluate(() => globalThis.phone.hangUp());
  await until("the leg ended", async () => (await network.leg(rep)).status === "completed");
  await until(
    "the room let the prospect go",
    async () => (await network.leg(prospect)).status === "completed",
  );
  saw("hung up by the page: both legs ended");

  const again = await page.evaluate(() => globalThis.phone.connect({}));
  await network.post(`Calls/${again}.json`, { Status: "completed" });
  await until(
    "the page was hung up",
    async () => (await page.evaluate(() => globalThis.phone.status())) === "closed",
  );
  saw("hung up by the network: the page was told");
  assert.deepEqual(await page.evaluate(() => globalThis.phone.errors), []);
}

async function openPage(application) {
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--no-sandbox",
      "--use-fake-device-for-media-stream",
      "--use-fake-ui-for-media-stream",
      "--disable-background-networking",
      "--autoplay-policy=no-user-gesture-required",
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ],
  });
  cleanups.push(() => browser.close());
  const page = await browser.newPage();
  page.on("pageerror", (error) => console.error("page:", error.message));
  await page.goto(application.url("/"));
  return page;
}

async function callProspect(network, application) {
  const call = await network.post("Calls.json", {
    To: PROSPECT,
    From: OUR_NUMBER,
    Url: application.url("/voice"),
  });
  await until("the prospect is in the room", async () => (await network.leg(call.sid)).conference_started);
  saw(`prospect ${call.sid} joined the room`);
  return call.sid;
}

/** Chromium's fake microphone beeps; waits until the prospect hears that. */
async function hearsRep(network, prospect) {
  const level = await until("the prospect hears the beeps", async () => {
    const level = loudness(await heard(network, prospect), 1.2);
    return level > AUDIBLE_RMS && level.toFixed(0);
  });
  saw(`the prospect hears the page's microphone (rms ${level})`);
}

async function heard(network, sid) {
  return readWav(await network.bytes(`legs/${sid}/heard.wav`));
}

function saw(what) {
  console.log("ok", what);
}

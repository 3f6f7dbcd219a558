import { chromium } from "playwright-core";
import { startApplication } from "./application.mjs";
import { accessToken, startNetwork } from "./network.mjs";
import { until } from "./until.mjs";
import { loudness, readWav } from "./wav.mjs";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const OUR_NUMBER = "+12025550100";
export const PROSPECT = "+13125550142";
/** Root mean squares of 16-bit samples: a beep is far above the first, comfort noise below the second. */
const AUDIBLE_RMS = 500;
const SILENT_RMS = 10;

/** A phone network, an application and as many browser pages as a scenario wants, all its own. */
export async function openStage(name) {
  const cleanups = [];
  const network = await startNetwork();
  cleanups.push(() => network.stop());
  const application = await startApplication();
  cleanups.push(() => application.stop());
  const { sid: applicationSid } = await network.post("Applications.json", {
    FriendlyName: "voice-sdk test",
    VoiceUrl: application.url("/voice"),
  });
  await network.put("personas/" + PROSPECT, { persona: "tone-440" });
  const pages = [];

  const stage = {
    network,
    application,
    applicationSid,
    cleanups,
    saw: (what) => console.log("ok", name, "-", what),
    token: (changes) => accessToken(applicationSid, "rep_1", changes),

    /** A page in a browser of its own; `phone` calls its functions, `read` gives its fields. */
    async page({ flags = [], path = "/" } = {}) {
      const browser = await chromium.launch({
        executablePath: CHROMIUM,
        args: [
          "--no-sandbox",
          "--use-fake-device-for-media-stream",
          "--use-fake-ui-for-media-stream",
          "--disable-background-networking",
          "--autoplay-policy=no-user-gesture-required",
          ...(flags.some((flag) => flag.startsWith("--host-resolver-rules"))
            ? []
            : ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]),
          ...flags,
        ],
      });
      cleanups.push(() => browser.close());
      const page = await browser.newPage();
      page.on("pageerror", (error) => console.error("page:", error.message));
      await page.goto(application.url(path));
      const phone = (method, ...parameters) =>
        page.evaluate(
          ([method, parameters]) => globalThis.phone[method](...parameters),
          [method, parameters],
        );
      const read = (field) => page.evaluate((field) => globalThis.phone[field], field);
      const happened = (event) =>
        until(`the page sees ${event}`, async () => (await read("events")).includes(event));
      pages.push(read);
      return { browser, page, phone, read, happened };
    },

    /** A page that is registered as `rep_1`. */
    async rep(options = {}, pageOptions = {}) {
      const rep = await stage.page(pageOptions);
      await rep.phone("register", stage.token(), network.host, options);
      return rep;
    },

    /** Calls the prospect into the room that the application gives. */
    async callProspect() {
      const call = await network.post("Calls.json", {
        To: PROSPECT,
        From: OUR_NUMBER,
        Url: application.url("/voice"),
      });
      await until(
        "the prospect is in the room",
        async () => (await network.leg(call.sid)).conference_started,
      );
      return call.sid;
    },

    callRep: (more) =>
      network.post("Calls.json", {
        To: "client:rep_1",
        From: OUR_NUMBER,
        Url: application.url("/voice"),
        ...more,
      }),

    /** Waits until the page hears all these frequencies at once. */
    async hears(rep, tones) {
      if (!(await rep.phone("hears", tones, 20_000))) throw new Error(`the page never heard ${tones} Hz`);
    },

    async hearsTone(rep) {
      const level = await until("the page hears 440 Hz", async () => {
        const { tone, rest } = await rep.phone("listen", 440);
        return tone > 4 * rest && tone > 20 && `${tone.toFixed(0)} against ${rest.toFixed(0)} elsewhere`;
      });
      stage.saw(`the page hears the prospect's 440 Hz (${level})`);
    },

    /** Chromium's fake microphone beeps; waits until the leg hears that. */
    async hearsRep(sid) {
      const level = await until("the prospect hears the beeps", async () => {
        const level = await stage.lately(sid);
        return level > AUDIBLE_RMS && level.toFixed(0);
      });
      stage.saw(`the prospect hears the page's microphone (rms ${level})`);
    },

    async hearsNothing(sid) {
      const level = await until("the prospect hears silence", async () => {
        const level = await stage.lately(sid);
        return level < SILENT_RMS && level.toFixed(1);
      });
      stage.saw(`the prospect's last 1.2 s are silent (rms ${level})`);
    },

    lately: async (sid) => loudness(readWav(await network.bytes(`legs/${sid}/heard.wav`)), 1.2),

    ended: (sid, status = "completed") =>
      until(`${sid} is ${status}`, async () => (await network.leg(sid)).status === status),

    async explain() {
      for (const read of pages) {
        const seen = await read("events").catch(() => "gone");
        console.error("page saw", seen, await read("errors").catch(() => ""));
      }
      for (const event of await network.allEvents().catch(() => [])) console.error(JSON.stringify(event));
    },

    async close() {
      for (const cleanup of cleanups.reverse()) await cleanup();
    },
  };
  return stage;
}

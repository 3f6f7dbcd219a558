// The guided tour: the practice floor in the real window on a virtual desk, with a rep who talks.
//
// Leaves in tour/: a timeline, a screenshot of each stop, and a recording (left: the rep, right: the prospect).
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Browser } from "./browser.mjs";
import { Desk } from "./desk.mjs";
import { Processes, until } from "./processes.mjs";
import { Window } from "./webdriver.mjs";

const target = resolve(process.env.CARGO_TARGET_DIR ?? "target", "debug");
const folder = resolve("tour");
const DIAL_LIMIT_MS = 120_000;

const lines = [
  "Hi, this is Riley from Summit Roofing. Do you have a minute?",
  "We are looking at roofs in your street this week, free of charge. When was yours last checked?",
  "I see. Would Thursday afternoon suit you for a short visit?",
];

class Tour {
  #stops = [];
  #start = Date.now();

  async play() {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(join(folder, "logs"), { recursive: true });
    this.home = mkdtempSync(join(tmpdir(), "offhook-tour-"));
    this.processes = new Processes(join(folder, "logs"));
    try {
      this.desk = await Desk.setUp(this.processes, this.home);
      this.browser = new Browser(this.home, this.desk.env);
      this.app = await Window.open(this.processes, {
        binary: join(target, "offhook"),
        args: ["--practice", "--reset"],
        env: {
          ...this.desk.env,
          OFFHOOK_DATA_DIR: join(this.home, "app"),
          OFFHOOK_BROWSER: this.browser.command,
        },
      });
      await this.#signIn();
      await this.#sitDown();
      await this.#converse(
        "The first conversation",
        "Interested",
        "Thursday afternoon, after three. Ask for the side door.",
      );
      await this.#converse("The second conversation", "Call back", "Asked to be called after four.");
      await this.#lookBack();
      await this.app.close();
    } finally {
      this.#writeRecording();
      this.#writeTimeline();
      this.desk?.clear();
      await this.browser?.close();
      await this.processes.stopAll();
      rmSync(this.home, { recursive: true, force: true });
    }
  }

  async #signIn() {
    await this.#shows("Sign in");
    await this.#stop("The window opens", "The dialer's address is filled in on the practice floor.");
    await this.app.click("Sign in");
    const page = await this.browser.opened();
    await page.screenshot({ path: join(folder, "browser.png") });
    await page.getByRole("button", { name: /Riley/ }).click();
    await page.waitForLoadState();
    await this.#shows("Riley");
    await this.#stop("Signed in", "One click in the browser. The lists of the practice floor.");
  }

  async #sitDown() {
    this.desk.startRecording();
    await this.app.click("callable now");
    await until("Start can be pressed", () => this.app.has("button", "Start dialing"), 40_000);
    await this.#stop("Ready", "The phone waits in its room; nothing is dialed before Start.");
    await this.app.click("Start dialing");
  }

  async #converse(name, disposition, note) {
    await until("somebody is called", () => this.app.has("button", "Stop ringing"), DIAL_LIMIT_MS);
    await this.#stop(`${name}: dialing`, "Who is called, their local time, and why they may be called now.");
    await until("somebody answers", () => this.app.has("button", "Mute"), DIAL_LIMIT_MS);
    await this.#stop(
      `${name}: answered`,
      "The person's details, the script, and a note to write while talking.",
    );
    for (const line of lines) {
      await this.desk.say(line);
      await this.desk.quietFor(1_500);
    }
    if (await this.app.has("field", "Note")) await this.app.fill("Note", note);
    await this.#stop(`${name}: talking`, "Heard and being heard: see recording.wav.");
    if (await this.app.has("button", "End the call")) await this.app.click("End the call");
    await until("the wrap-up", () => this.app.has("button", "Save & pause", { disabled: true }), 30_000);
    await this.app.click(disposition, "option");
    await this.#stop(`${name}: wrap-up`, "What came of it, on one key.");
    await this.app.click(name.includes("first") ? "Save & next" : "Save & pause");
  }

  async #lookBack() {
    await until("the rep is back at Start", () => this.app.has("button", "Start dialing"), 30_000);
    await this.app.click("History");
    await this.#shows("Interested");
    await this.#stop("History", "Every call with its result and note, also without the dialer.");
    await this.app.click("Close");
    await this.app.click("Microphone and speaker");
    await this.#stop(
      "Microphone and speaker",
      "Which microphone and speaker, with a level meter and a test tone.",
    );
  }

  #shows(text) {
    return until(`the window shows "${text}"`, async () => (await this.app.text()).includes(text), 40_000);
  }

  async #stop(name, note) {
    const picture = `${String(this.#stops.length + 1).padStart(2, "0")}-${name.toLowerCase().replace(/[^a-z]+/g, "-")}.png`;
    await until("the window has settled", () => this.app.isStill());
    await this.app.screenshot(join(folder, picture));
    const seconds = ((Date.now() - this.#start) / 1000).toFixed(1);
    this.#stops.push({ name, note, picture, seconds });
    console.log(`${seconds.padStart(6)} s  ${name}`);
  }

  #writeRecording() {
    const { recording, spoken } = this.desk ?? {};
    if (!recording) return;
    const raw = ["-t", "raw", "-e", "signed", "-b", "16", "-c", "1", "-r", "8000"];
    execFileSync("sox", ["-M", ...raw, spoken, ...raw, recording, join(folder, "recording.wav")]);
    if (process.argv.includes("--pictures")) this.#renewPictures();
  }

  #renewPictures() {
    for (const { picture } of this.#stops) {
      const shown = join("docs/images", picture.slice(3));
      if (existsSync(shown)) copyFileSync(join(folder, picture), shown);
    }
  }

  #writeTimeline() {
    const rows = this.#stops.map(
      ({ name, note, picture, seconds }) => `## ${seconds} s: ${name}\n\n${note}\n\n![${name}](${picture})\n`,
    );
    writeFileSync(
      join(folder, "timeline.md"),
      `# The tour\n\nListen to [recording.wav](recording.wav): left is the rep, right the people called.\n\n${rows.join("\n")}`,
    );
  }
}

await new Tour().play();
console.log(`\nThe timeline, the screenshots and the recording are in ${folder}.`);

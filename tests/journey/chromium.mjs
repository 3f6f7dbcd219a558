// Chromium over the bridge: the path of Windows and macOS, where the webview's own WebRTC carries the call.
import { chromium } from "playwright-core";
import { until } from "./processes.mjs";
import { findInPage, isStillInPage } from "./page.mjs";

const FLAGS = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A browser for people: the system browser of the sign-in. */
export function launchBrowser(env, extra = {}) {
  return chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: FLAGS,
    env: { ...process.env, ...env },
    ...extra,
  });
}

export class ChromiumPage {
  static async open(url, env) {
    const page = new ChromiumPage();
    page.browser = await chromium.launch({
      executablePath: "/usr/bin/chromium",
      // Headless Chromium still plays to and records from PulseAudio; only the permission prompt is answered for us.
      args: [...FLAGS, "--use-fake-ui-for-media-stream", "--autoplay-policy=no-user-gesture-required"],
      ignoreDefaultArgs: ["--mute-audio"],
      env: { ...process.env, ...env },
    });
    const context = await page.browser.newContext({
      viewport: { width: 1180, height: 760 },
      permissions: ["microphone"],
    });
    page.page = await context.newPage();
    page.errors = [];
    page.page.on("pageerror", (error) => page.errors.push(error.message));
    await page.page.goto(url);
    return page;
  }

  evaluate(script, ...args) {
    return this.page.evaluate(`(${script})(...${JSON.stringify(args)})`);
  }

  async #find(kind, name) {
    return until(`a ${kind} called ${name}`, async () => {
      const handle = await this.page.evaluateHandle(
        `(${findInPage})(${JSON.stringify(kind)}, ${JSON.stringify(name)})`,
      );
      return handle.asElement();
    });
  }

  async click(name, kind = "button") {
    await (await this.#find(kind, name)).click();
  }

  async fill(name, text) {
    await (await this.#find("field", name)).fill(text);
  }

  async press(key) {
    await this.page.keyboard.press(key);
  }

  /** True if there is one; with `disabled`, one that cannot be used counts as well. */
  async has(kind, name, { disabled = false } = {}) {
    return this.evaluate(`(...wanted) => (${findInPage})(...wanted) !== null`, kind, name, disabled);
  }

  /** True when nothing on the page is moving from one state to another. */
  isStill() {
    return this.evaluate(isStillInPage.toString());
  }

  text() {
    return this.evaluate("() => document.body.innerText");
  }

  async screenshot(path) {
    await this.page.screenshot({ path });
  }

  async close() {
    await this.browser.close();
  }
}

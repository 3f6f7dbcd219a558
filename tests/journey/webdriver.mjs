// The real window, driven by WebKitWebDriver (W3C WebDriver).
import { writeFileSync } from "node:fs";
import { until } from "./processes.mjs";
import { findInPage, isStillInPage } from "./page.mjs";

/** A page that does not answer for this long hangs. */
const CALL_LIMIT_MS = 30_000;
const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";

export class Window {
  /** Opens the app: `binary` with `args`, in the desk's environment. */
  static async open(processes, { binary, args, env }) {
    const window = new Window();
    window.processes = processes;
    const port = 4_000 + Math.floor(Math.random() * 1_000);
    window.server = await processes.start(
      "webdriver",
      "WebKitWebDriver",
      [`--port=${port}`, "--host=127.0.0.1"],
      {
        env: { ...env, TAURI_WEBVIEW_AUTOMATION: "true", WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1" },
      },
    );
    window.base = `http://127.0.0.1:${port}`;
    await until("the driver answers", () => fetch(`${window.base}/status`).then((reply) => reply.ok));
    const session = await window.#call("POST", "/session", {
      capabilities: { alwaysMatch: { "webkitgtk:browserOptions": { binary, args } } },
    });
    window.session = `/session/${session.sessionId}`;
    return window;
  }

  async #call(method, path, body) {
    const reply = await fetch(this.base + path, {
      method,
      headers: { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(CALL_LIMIT_MS),
    });
    const { value } = await reply.json();
    if (!reply.ok) throw new Error(`${method} ${path}: ${value?.error} ${value?.message}`);
    return value;
  }

  evaluate(script, ...args) {
    return this.#call("POST", `${this.session}/execute/sync`, {
      script: `return (${script})(...arguments)`,
      args,
    });
  }

  async #find(kind, name) {
    return until(`a ${kind} called ${name}`, () => this.evaluate(findInPage.toString(), kind, name));
  }

  async click(name, kind = "button") {
    const element = await this.#find(kind, name);
    await this.#call("POST", `${this.session}/element/${element[ELEMENT]}/click`, {});
  }

  async fill(name, text) {
    const element = await this.#find("field", name);
    await this.#call("POST", `${this.session}/element/${element[ELEMENT]}/clear`, {});
    await this.#call("POST", `${this.session}/element/${element[ELEMENT]}/value`, { text });
  }

  async press(key) {
    const actions = [
      {
        type: "key",
        id: "keys",
        actions: [
          { type: "keyDown", value: key },
          { type: "keyUp", value: key },
        ],
      },
    ];
    await this.#call("POST", `${this.session}/actions`, { actions });
  }

  /** True if there is one; with `disabled`, one that cannot be used counts as well. */
  async has(kind, name, { disabled = false } = {}) {
    return (await this.evaluate(findInPage.toString(), kind, name, disabled)) !== null;
  }

  /** True when nothing on the page is moving from one state to another. */
  isStill() {
    return this.evaluate(isStillInPage.toString());
  }

  text() {
    return this.evaluate("() => document.body.innerText");
  }

  async screenshot(path) {
    writeFileSync(path, Buffer.from(await this.#call("GET", `${this.session}/screenshot`), "base64"));
  }

  /** Closes the window, which ends the app. */
  async close() {
    await this.#call("DELETE", this.session).catch(() => {});
    await this.processes.stop(this.server);
  }
}

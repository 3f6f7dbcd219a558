// The system browser of the sign-in: the app starts a command with an address, and this opens it.
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { launchBrowser } from "./chromium.mjs";
import { until } from "./processes.mjs";

export class Browser {
  /** The page that was opened last. */
  page = null;

  /** `folder` holds the command and what it was given. */
  constructor(folder, env) {
    this.env = env;
    this.command = join(folder, "browser");
    this.address = join(folder, "browser-address");
    writeFileSync(this.command, `#!/bin/sh\nprintf '%s' "$1" > '${this.address}'\n`);
    chmodSync(this.command, 0o755);
  }

  /** Waits until the app opens an address, and goes there. */
  async opened() {
    const address = await until(
      "the app opens a browser",
      () => existsSync(this.address) && readFileSync(this.address, "utf8"),
    );
    rmSync(this.address);
    this.browser ??= await launchBrowser(this.env);
    this.page ??= await this.browser.newPage();
    await this.page.goto(address);
    return this.page;
  }

  async close() {
    await this.browser?.close();
  }
}

// What a journey plays on: a desk, a phone network, a dialer with people and a list, and the app in one of its shells.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Browser } from "./browser.mjs";
import { ChromiumPage } from "./chromium.mjs";
import { Desk } from "./desk.mjs";
import { Network } from "./network.mjs";
import { Processes } from "./processes.mjs";
import { Window } from "./webdriver.mjs";

/** A Tuesday at 14:00 Eastern, when everybody on the list may be called. */
const PRACTICE_START_MS = Date.parse("2026-11-10T19:00:00Z");
const ACCOUNT = {
  accountSid: `AC${"0f".repeat(16)}`,
  authToken: "journey-auth-token",
  apiKeySid: `SK${"0f".repeat(16)}`,
  apiKeySecret: "journey-api-key-secret",
};
const CALLER_ID = "+15055550199";

const target = resolve(process.env.CARGO_TARGET_DIR ?? "target", "debug");

export class Stage {
  #begun_ms = Date.now();
  rep = { email: "riley@example.com", name: "Riley Reyes", password: "correct horse battery staple" };
  campaign = "Roof inspections";
  leads = [
    { name: "Ada Quill", number: "+15055550101", persona: "tone-440" },
    { name: "Ben Sorrel", number: "+15055550102", persona: "friendly" },
    { name: "Cleo Marsh", number: "+15055550103", persona: "friendly" },
  ];

  static async setUp(folder, shell) {
    const stage = new Stage();
    stage.folder = folder;
    stage.shell = shell;
    stage.processes = new Processes(folder);
    // Sockets need short paths, so the desk is not below the results.
    stage.home = mkdtempSync(join(tmpdir(), "offhook-"));
    try {
      stage.desk = await Desk.setUp(stage.processes, stage.home);
      await stage.#startNetwork();
      await stage.startDialer();
      stage.#fillDialer();
      stage.browser = new Browser(stage.home, stage.desk.env);
    } catch (error) {
      await stage.clear();
      throw error;
    }
    return stage;
  }

  async #startNetwork() {
    const emulator = await this.processes.start(
      "emulator",
      join(target, "twilio-emulator"),
      [
        ...[
          "--listen",
          "127.0.0.1:0",
          "--account-sid",
          ACCOUNT.accountSid,
          "--auth-token",
          ACCOUNT.authToken,
        ],
        ...[
          "--api-key-sid",
          ACCOUNT.apiKeySid,
          "--api-key-secret",
          ACCOUNT.apiKeySecret,
          "--seed",
          "1",
          "--cps",
          "5",
        ],
      ],
      { ready: /twilio-emulator ready (http:\S+)/ },
    );
    this.network = new Network({ address: emulator.match[1], ...ACCOUNT });
    for (const lead of this.leads) await this.network.setPersona(lead.number, { persona: lead.persona });
    this.dialerPort = await freePort();
    const signalling = new URL(this.network.address).host;
    this.config = join(this.home, "dialer.toml");
    writeFileSync(
      this.config,
      `listen = "127.0.0.1:${this.dialerPort}"
database_url = "sqlite://${this.home}/dialer.db"
public_base_url = "http://127.0.0.1:${this.dialerPort}"

[twilio]
base_url = "${this.network.address}"
account_sid = "${ACCOUNT.accountSid}"
auth_token = "${ACCOUNT.authToken}"
api_key_sid = "${ACCOUNT.apiKeySid}"
api_key_secret = "${ACCOUNT.apiKeySecret}"
signalling_host = "${signalling}"
`,
    );
    await this.network.buyNumber(CALLER_ID);
  }

  /** Starts the dialer on the database it had before, if there was one. */
  async startDialer() {
    this.dialer = await this.processes.start(
      "dialer",
      join(target, "offhook-dialer"),
      ["serve", "--config", this.config],
      {
        env: {
          OFFHOOK_PRACTICE_NOW: new Date(PRACTICE_START_MS + Date.now() - this.#begun_ms).toISOString(),
        },
        ready: /offhook-dialer ready (http:\S+)/,
      },
    );
  }

  /** Ends the dialer as a power cut would. */
  killDialer = async () => {
    await this.processes.stop(this.dialer, "SIGKILL");
  };

  #fillDialer() {
    const run = (args, input) =>
      execFileSync(join(target, "offhook-dialer"), [...args, "--config", this.config], {
        input,
        encoding: "utf8",
      });
    const { email, name, password } = this.rep;
    run(["user", "add", "--email", email, "--name", name, "--role", "rep", "--password-stdin"], password);
    run(["campaign", "add", "--name", this.campaign, "--number", CALLER_ID], "");
    const list = join(this.home, "leads.csv");
    writeFileSync(
      list,
      ["Name,Phone", ...this.leads.map((lead) => `${lead.name},${lead.number}`)].join("\n"),
    );
    run(["leads", "import", "--campaign", this.campaign, list], "");
  }

  /** Opens the app; a second time on the same data. */
  async open({ keyring = true } = {}) {
    const data = join(this.home, "app");
    mkdirSync(data, { recursive: true });
    const env = {
      ...this.desk.env,
      ...(keyring ? {} : { DBUS_SESSION_BUS_ADDRESS: "disabled:" }),
      OFFHOOK_DATA_DIR: data,
      OFFHOOK_SERVER_URL: `http://127.0.0.1:${this.dialerPort}`,
      OFFHOOK_BROWSER: this.browser.command,
      OFFHOOK_SIGNALLING_HOST: new URL(this.network.address).host,
    };
    if (this.shell === "window") {
      return Window.open(this.processes, { binary: join(target, "offhook"), args: [], env });
    }
    const bridge = await this.processes.start("bridge", join(target, "examples", "bridge"), [], {
      env,
      ready: /bridge ready (http:\S+)/,
    });
    const page = await ChromiumPage.open(bridge.match[1], this.desk.env);
    const close = page.close.bind(page);
    page.close = async () => {
      await close();
      await this.processes.stop(bridge);
    };
    return page;
  }

  /** Signs in on the page the app opened. Answers what the page says if it refuses; `again` stays on it. */
  async signIn({ password, again = false }) {
    const page = again ? this.browser.page : await this.browser.opened();
    await page.getByLabel(/e-?mail/i).fill(this.rep.email);
    await page.getByLabel(/password/i).fill(password);
    await page.getByRole("button", { name: /sign in/i }).click();
    await page.waitForLoadState();
    await page.screenshot({ path: join(this.folder, "sign-in.png") });
    return page
      .getByRole("alert")
      .allInnerTexts()
      .then((texts) => texts.join(" "));
  }

  async clear() {
    this.desk?.clear();
    await this.browser?.close();
    await this.processes.stopAll();
    const logs = join(this.home, "app", "log");
    if (existsSync(logs)) cpSync(logs, join(this.folder, "app"), { recursive: true });
    rmSync(this.home, { recursive: true, force: true });
  }
}

function freePort() {
  return new Promise((found, failed) => {
    const server = createServer();
    server.on("error", failed);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => found(port));
    });
  });
}

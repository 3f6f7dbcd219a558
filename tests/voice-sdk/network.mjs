import { spawn } from "node:child_process";
import { createHmac, randomBytes } from "node:crypto";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const BINARY =
  process.env.TWILIO_EMULATOR ??
  fileURLToPath(new URL("../../target/debug/twilio-emulator", import.meta.url));
const hex = () => randomBytes(16).toString("hex");
const account = { sid: `AC${hex()}`, token: hex(), keySid: `SK${hex()}`, keySecret: hex() };

/** Starts the emulator's binary with these flags. */
export async function startBinary(flags) {
  const process_ = spawn(BINARY, flags, {
    stdio: ["ignore", "pipe", "inherit"],
    env: { RUST_LOG: "warn", ...process.env },
  });
  const stop = () =>
    new Promise((resolve) => {
      process_.once("exit", resolve);
      process_.kill("SIGTERM");
    });
  return { ...(await readyAt(process_)), stop };
}

/** Starts the emulator's binary on a free port and speaks REST and the control API to it. */
export async function startNetwork() {
  const { origin, tls, stop } = await startBinary(
    ["--listen", "127.0.0.1:0", "--account-sid", account.sid, "--auth-token", account.token].concat([
      "--api-key-sid",
      account.keySid,
      "--api-key-secret",
      account.keySecret,
      "--seed",
      "1",
      "--cps",
      "10",
      "--tls-listen",
      "127.0.0.1:0",
    ]),
  );
  const authorization = "Basic " + Buffer.from(`${account.sid}:${account.token}`).toString("base64");

  async function ask(path, options = {}) {
    const response = await fetch(origin + path, {
      ...options,
      headers: { authorization, ...options.headers },
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response;
  }
  const control = async (path) => (await ask("/emulator/" + path)).json();

  return {
    account,
    origin,
    host: new URL(origin).host,
    tls,
    post: async (path, form) =>
      (
        await ask(`/2010-04-01/Accounts/${account.sid}/${path}`, {
          method: "POST",
          body: new URLSearchParams(form),
        })
      ).json(),
    put: (path, body) =>
      ask("/emulator/" + path, {
        method: "PUT",
        body: JSON.stringify(body),
        headers: { "content-type": "application/json" },
      }),
    control: (path, body) =>
      ask("/emulator/" + path, {
        method: "POST",
        body: JSON.stringify(body),
        headers: { "content-type": "application/json" },
      }),
    bytes: async (path) => Buffer.from(await (await ask("/emulator/" + path)).arrayBuffer()),
    tellClient: (identity, body) =>
      ask("/emulator/clients/" + identity, {
        method: "POST",
        body: JSON.stringify(body),
        headers: { "content-type": "application/json" },
      }),
    allEvents: async () => (await control("events")).events,
    events: async (kind) => (await control("events")).events.filter((event) => event.kind === kind),
    leg: async (sid) => (await control("legs")).legs.find((leg) => leg.sid === sid),
    stop,
  };
}

/** Waits for the line that says where it listens; before it come the authority and the encrypted door. */
async function readyAt(process_) {
  const ended = new Promise((_, reject) => {
    process_.once("error", reject);
    process_.once("exit", (code) => reject(new Error(`${BINARY} ended with ${code}`)));
  });
  const ready = (async () => {
    let ca = "";
    let host;
    for await (const line of createInterface({ input: process_.stdout })) {
      const [, what, url] = /^twilio-emulator (ready|tls) (https?:\/\/\S+)$/.exec(line) ?? [];
      if (what === "ready") return { origin: url, tls: { host, ca } };
      if (what === "tls") host = new URL(url).host;
      else ca += line + "\n";
    }
    throw new Error("the emulator closed its output");
  })();
  ended.catch(() => {});
  return Promise.race([ready, ended]);
}

/** A Voice access token as Twilio's libraries make it, or with something wrong about it. */
export function accessToken(applicationSid, identity, changes = {}) {
  const now = Math.floor(Date.now() / 1000);
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const header = { alg: "HS256", typ: "JWT", cty: "twilio-fpa;v=1" };
  const voice = { incoming: { allow: true } };
  if (changes.outgoing !== false) {
    voice.outgoing = { application_sid: changes.application ?? applicationSid };
  }
  const payload = {
    jti: `${account.keySid}-${now}`,
    iss: account.keySid,
    sub: changes.account ?? account.sid,
    iat: now,
    exp: now + (changes.seconds ?? 3600),
    grants: { identity: changes.identity ?? identity, voice },
  };
  const unsigned = `${encode(header)}.${encode(payload)}`;
  return `${unsigned}.${createHmac("sha256", changes.secret ?? account.keySecret)
    .update(unsigned)
    .digest("base64url")}`;
}

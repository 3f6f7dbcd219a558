// The phone network's ground truth: who rang, who heard what. Tests ask it, never the dialer.
import { last, readWav } from "./sound.mjs";
import { until } from "./processes.mjs";

export class Network {
  /** `address` like `http://127.0.0.1:4010`; the account's SID and token open the control API. */
  constructor({ address, accountSid, authToken }) {
    this.address = address;
    this.accountSid = accountSid;
    this.authorization = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString("base64")}`;
  }

  async #fetch(path, init = {}) {
    const reply = await fetch(this.address + path, {
      ...init,
      headers: { authorization: this.authorization, "content-type": "application/json", ...init.headers },
    });
    if (!reply.ok) throw new Error(`${init.method ?? "GET"} ${path}: ${reply.status} ${await reply.text()}`);
    return reply;
  }

  /** Who answers at this number from now on: `{ persona: "friendly" }`. */
  setPersona(number, persona) {
    return this.#fetch(`/emulator/personas/${encodeURIComponent(number)}`, {
      method: "PUT",
      body: JSON.stringify(persona),
    });
  }

  /** Makes a number ours, by REST as anybody would. */
  buyNumber(number) {
    return this.#fetch(`/2010-04-01/Accounts/${this.accountSid}/IncomingPhoneNumbers.json`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ PhoneNumber: number }).toString(),
    });
  }

  async legs() {
    return (await (await this.#fetch("/emulator/legs")).json()).legs;
  }

  async events(after = 0) {
    return (await (await this.#fetch(`/emulator/events?after=${after}`)).json()).events;
  }

  /** What the leg heard in its last `seconds`. */
  async heard(sid, seconds) {
    const wav = readWav(
      Buffer.from(await (await this.#fetch(`/emulator/legs/${sid}/heard.wav`)).arrayBuffer()),
    );
    return { rateHz: wav.rateHz, samples: last(wav.samples, wav.rateHz, seconds) };
  }

  /** The prospect's leg that is in a call now. */
  prospect() {
    return until("a prospect has answered", async () =>
      (await this.legs()).find((leg) => leg.kind === "person" && leg.status === "in-progress"),
    );
  }
}

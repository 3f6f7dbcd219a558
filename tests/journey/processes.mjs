// Child processes of a journey: started with a line to wait for, and all ended with it.
import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { join } from "node:path";

const READY_LIMIT_MS = 60_000;
const EXIT_LIMIT_MS = 10_000;

export class Processes {
  #running = [];

  /** Output of every child goes to `<folder>/<name>.log`. */
  constructor(folder) {
    this.folder = folder;
  }

  /** Starts a child. With `ready`, waits for a line of its output that matches and returns the match. */
  async start(name, command, args, { env = {}, ready = null, stdin = "ignore" } = {}) {
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: [stdin, "pipe", "pipe"] });
    const log = createWriteStream(join(this.folder, `${name}.log`), { flags: "a" });
    const handle = { name, child, exited: false };
    this.#running.push(handle);
    const exited = new Promise((resolve) => {
      child.on("error", (error) => resolve(error.message));
      child.on("exit", (code, signal) => {
        handle.exited = true;
        resolve(`exit ${signal ?? code}`);
      });
    });
    handle.ended = exited;
    const found = new Promise((resolve) => {
      let text = "";
      for (const stream of [child.stdout, child.stderr]) {
        stream.on("data", (chunk) => {
          log.write(chunk);
          if (!ready || text === null) return;
          text += chunk;
          const match = text.match(ready);
          if (match) {
            text = null;
            resolve(match);
          }
        });
      }
    });
    if (!ready) return handle;
    handle.match = await limited(
      Promise.race([
        found,
        exited.then((how) => {
          throw new Error(`${name} ended before it was ready (${how}); see ${this.folder}/${name}.log`);
        }),
      ]),
      READY_LIMIT_MS,
      `${name} was not ready in time; see ${this.folder}/${name}.log`,
    );
    return handle;
  }

  /** Ends one child: asks, then insists. */
  async stop(handle, signal = "SIGTERM") {
    if (!handle.exited) {
      handle.child.kill(signal);
      await limited(handle.ended, EXIT_LIMIT_MS, "").catch(() => handle.child.kill("SIGKILL"));
      await handle.ended;
    }
    this.#running = this.#running.filter((other) => other !== handle);
  }

  /** Ends all of them, the newest first. */
  async stopAll() {
    for (const handle of [...this.#running].reverse()) await this.stop(handle);
  }
}

/** Rejects with `message` if `promise` takes longer than `limitMs`. */
export function limited(promise, limitMs, message) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(message)), limitMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Waits until `probe` returns something truthy and returns it; the error says what was waited for. */
export async function until(what, probe, limitMs = 20_000, everyMs = 100) {
  const end = Date.now() + limitMs;
  let last;
  for (;;) {
    try {
      const value = await probe();
      if (value) return value;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) {
      throw new Error(`waited ${limitMs / 1000} s in vain: ${what}${last ? ` (${last.message})` : ""}`);
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { FROM, TO } from "./calls.mjs";

const VENV = fileURLToPath(new URL("../../target/python-twilio/", import.meta.url));
const READER = fileURLToPath(new URL("second_reader.py", import.meta.url));
const VERSION = "twilio==9.13.0";

/** The interpreter of an environment that has PyPI `twilio`, which is made under target/ if need be. */
export function python() {
  const interpreter = VENV + "bin/python";
  if (!existsSync(VENV + ".ready-" + VERSION)) {
    execFileSync("python3", ["-m", "venv", VENV], { stdio: "inherit" });
    execFileSync(interpreter, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", VERSION], {
      stdio: "inherit",
    });
    execFileSync("touch", [VENV + ".ready-" + VERSION]);
  }
  return interpreter;
}

/** Lets PyPI `twilio` read the same network. */
export async function readWithPython({ network, application }) {
  const environment = {
    ...process.env,
    EMULATOR: network.origin,
    TWILIO_ACCOUNT_SID: network.account.sid,
    TWILIO_AUTH_TOKEN: network.account.token,
    APPLICATION: application.url("/python"),
    REQUESTS: JSON.stringify(application.requests("/status")),
    CALL_FROM: FROM,
    CALL_TO: TO,
  };
  const reader = spawn(python(), [READER], { stdio: "inherit", env: environment });
  const code = await new Promise((resolve) => reader.once("exit", resolve));
  if (code !== 0) throw new Error(`the second reader ended with ${code}`);
}

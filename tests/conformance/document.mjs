import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startBinary } from "../voice-sdk/network.mjs";
import { python as interpreter } from "./python.mjs";
import { saw } from "./sdk.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const DOCUMENT = join(ROOT, "docs/emulator.md");
/** Where the document says that the network listens. */
const ADDRESS = "127.0.0.1:4010";

/** Runs the examples of "Five minutes" in docs/emulator.md as they stand there, on another port. */
export async function checkDocument() {
  const text = readFileSync(DOCUMENT, "utf8");
  const five = text.slice(text.indexOf("## Five minutes"), text.indexOf("## Flags"));
  const [start, curl, node, python] = [...five.matchAll(/```(?:sh|js|python)\n([\s\S]*?)```/g)].map(
    ([, code]) => code,
  );
  const flags = start.split(" -- ")[1].replaceAll("\\\n", " ").replace(ADDRESS, "127.0.0.1:0");
  const network = await startBinary(flags.trim().split(/\s+/));
  try {
    const here = (code) => code.replaceAll(ADDRESS, new URL(network.origin).host);
    const folder = mkdtempSync(join(tmpdir(), "five-minutes-"));
    const told = await run("bash", ["-euo", "pipefail", "-s"], here(curl), folder);
    for (const word of ['"legs":', '"call.ended"', '"speech"', "Good morning"]) {
      assert.ok(told.includes(word), `curl told nothing of ${word}: ${told}`);
    }
    const wav = readFileSync(join(folder, "heard.wav"));
    assert.equal(wav.toString("latin1", 0, 4), "RIFF");
    assert.ok(wav.length > 16_000, `somebody heard only ${wav.length} bytes`);
    const placed = /^CA[0-9a-f]{32} (queued|ringing|in-progress|completed)$/m;
    assert.match(await run(process.execPath, ["--input-type=module", "-"], here(node), ROOT), placed);
    assert.match(await run(interpreter(), ["-"], here(python), folder), placed);
  } finally {
    await network.stop();
  }
  saw("the document: its examples in curl, Node and Python run");
}

/** Runs a program with this text as its input; gives what it printed. */
async function run(program, options, input, cwd) {
  const child = spawn(program, options, { cwd, stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(input);
  let printed = "";
  for await (const chunk of child.stdout) printed += chunk;
  const code = child.exitCode ?? (await new Promise((resolve) => child.once("exit", resolve)));
  assert.equal(code, 0, `${program} ended with ${code}: ${printed}`);
  return printed;
}

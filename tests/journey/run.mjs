// Plays the journey in the real window and in Chromium, and says what passed.
//
//   node tests/journey/run.mjs [window] [chromium]
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { Stage } from "./stage.mjs";
import { tellStory } from "./story.mjs";

const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith("-"));
const results = { passed: 0, failed: 0 };

for (const shell of ["window", "chromium"]) {
  if (wanted.length > 0 && !wanted.includes(shell)) continue;
  const folder = resolve("test-results", shell);
  if (existsSync(folder)) rmSync(folder, { recursive: true });
  mkdirSync(folder, { recursive: true });
  console.log(`\n${shell}`);
  let number = 0;
  const step = async (name, app, action) => {
    number += 1;
    const picture = join(folder, `${String(number).padStart(2, "0")}.png`);
    const start = Date.now();
    try {
      await action();
      await app.screenshot(picture).catch(() => {});
      results.passed += 1;
      console.log(`  ok    ${name} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
    } catch (error) {
      await app.screenshot(picture).catch(() => {});
      console.log(`  FAIL  ${name}`);
      throw error;
    }
  };
  let stage;
  try {
    stage = await Stage.setUp(folder, shell);
    await tellStory(stage, step);
  } catch (error) {
    results.failed += 1;
    console.error(`  ${error.stack}`);
    console.error(`  logs and pictures: ${folder}`);
  } finally {
    await stage?.clear();
  }
}

console.log(`\n${results.passed} passed, ${results.failed} failed`);
process.exit(results.failed === 0 ? 0 : 1);

// Plays the journey in the real window and in Chromium, then the troubles of a desk, and says what passed.
//
//   node tests/journey/run.mjs [window] [chromium] [trouble]
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { Stage } from "./stage.mjs";
import { tellStory } from "./story.mjs";
import { tellTrouble } from "./trouble.mjs";

const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith("-"));
const plays = [
  { name: "window", shell: "window", tell: tellStory },
  { name: "chromium", shell: "chromium", tell: tellStory },
  { name: "trouble", shell: "window", tell: tellTrouble },
];
const results = { passed: 0, failed: 0 };

for (const { name: play, shell, tell } of plays) {
  if (wanted.length > 0 && !wanted.includes(play)) continue;
  const folder = resolve("test-results", play);
  if (existsSync(folder)) rmSync(folder, { recursive: true });
  mkdirSync(folder, { recursive: true });
  console.log(`\n${play}`);
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
    await tell(stage, step);
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

// Every scene in light and dark: axe finds nothing, and a picture is left in test-results/ui.
import { fileURLToPath } from "node:url";

import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";

import { SCENES } from "../../ui/src/backend/scenes";
import { inScene, useBrowser } from "./page";

const PICTURES = fileURLToPath(new URL("../../test-results/ui", import.meta.url));

/** What lies over a scene: name of the picture, scene, key that opens it, what then appears. */
const PANELS = [
  ["history", "ready", "h", "[role=dialog]"],
  ["audio", "ready", "a", "[role=dialog]"],
  ["shortcuts", "ready", "?", "[role=dialog]"],
  ["keypad", "talking", "k", ".keypad"],
  ["muted", "talking", "m", ".pill.strong"],
] as const;

useBrowser();

describe.each(["light", "dark"] as const)("in %s", (scheme) => {
  test.each(Object.keys(SCENES))("%s", (scene) =>
    inScene(scene, { scheme }, (page) => look(page, `${scene}-${scheme}`)),
  );

  test.each(PANELS)("%s", (name, scene, key, appears) =>
    inScene(scene, { scheme }, async (page) => {
      await page.keyboard.press(key);
      await page.locator(appears).first().waitFor();
      await look(page, `${name}-${scheme}`);
    }),
  );
});

describe("in a window as narrow as a phone", () => {
  test.each(["campaigns", "ready", "dialing", "talking", "wrap-up"])("%s", (scene) =>
    inScene(scene, { width: 420, height: 800 }, async (page) => {
      await look(page, `${scene}-narrow`);
      const overflow_px = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(overflow_px, "nothing sticks out at the side").toBeLessThanOrEqual(0);
    }),
  );
});

async function look(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `${PICTURES}/${name}.png`, animations: "disabled" });
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(
    violations.map(({ id, nodes }) => ({
      id,
      nodes: nodes.map(({ html, failureSummary }) => [html, failureSummary]),
    })),
  ).toEqual([]);
}

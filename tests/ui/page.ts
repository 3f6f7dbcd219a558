// A page of the built UI in which nothing may go wrong unnoticed.
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, inject } from "vitest";

import { chromiumLaunch } from "./chromium";

export type View = { scheme?: "light" | "dark"; width?: number; height?: number };

let browser: Browser;

/** Starts the browser of a test file. */
export function useBrowser(): void {
  beforeAll(async () => {
    browser = await chromium.launch(chromiumLaunch());
  });
  afterAll(() => browser.close());
}

/** Opens a scene; fails on any uncaught error, console error or breach of the content security policy. */
export async function inScene(scene: string, view: View, act: (page: Page) => Promise<void>): Promise<void> {
  const { scheme = "light", width = 1180, height = 760 } = view;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: scheme,
    reducedMotion: "reduce",
    timezoneId: "America/New_York",
  });
  const page = await context.newPage();
  page.setDefaultTimeout(5_000);
  const troubles: string[] = [];
  page.on("pageerror", (error) => troubles.push(error.message));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()))
      troubles.push(`${message.text()} ${message.location().url}`);
  });
  try {
    await page.goto(`${inject("address")}?scene=${scene}`);
    await page.locator("h1, .big").first().waitFor();
    await act(page);
    expect(troubles).toEqual([]);
  } finally {
    await context.close();
  }
}

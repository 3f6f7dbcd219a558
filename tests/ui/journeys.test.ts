// What a rep does, by keyboard alone.
import type { Page } from "playwright-core";
import { expect, test } from "vitest";

import { inScene, useBrowser } from "./page";

useBrowser();

test("from sign-in to the second call without a mouse", () =>
  inScene("campaigns", {}, async (page) => {
    await page.getByRole("heading", { name: /Which list today/ }).waitFor();
    await tabTo(page, "Dental practices");
    await page.keyboard.press("Enter");
    await mood(page, "Ready");
    await page.keyboard.press("Control+Enter");
    await mood(page, "Dialing");
    await mood(page, "In call");

    await page.keyboard.press("m");
    await page.getByText("You are muted").waitFor();
    await page.keyboard.press("m");
    await page.getByText("You are muted").waitFor({ state: "detached" });

    await page.keyboard.press("k");
    await page.keyboard.type("42#");
    expect(await page.getByLabel("Digits sent").textContent()).toEqual("42#");
    await page.keyboard.press("Escape");

    await page.keyboard.press("n");
    await page.keyboard.type("Likes 3 things, mute me not.");
    await page.keyboard.press("Control+m");
    await page.getByText("You are muted").waitFor();
    await page.keyboard.press("Control+e");
    await mood(page, "Wrap-up");
    expect(await page.getByLabel("Note").inputValue()).toEqual("Likes 3 things, mute me not.");
    await page.keyboard.press("Alt+2");
    expect(await page.getByRole("radio", { name: "Meeting booked" }).isChecked()).toBe(true);
    await page.keyboard.press("Control+Enter");
    await mood(page, "Dialing");
    await mood(page, "In call");
    expect(await page.getByLabel("Note").inputValue(), "the next call starts with an empty note").toEqual("");
    expect(await page.getByText("You are muted").count(), "the next call starts unmuted").toEqual(0);
  }));

test("save and pause stops the dialing", () =>
  inScene("wrap-up", {}, async (page) => {
    await mood(page, "Wrap-up");
    await page.keyboard.press("Control+Shift+Enter");
    await mood(page, "Paused");
    await page.getByRole("button", { name: "Start dialing" }).waitFor();
  }));

test("a wrap-up saved while the dialer is away is shown as kept", () =>
  inScene("offline-talking", {}, async (page) => {
    await page.getByText("Your call goes on; what you enter is kept and sent later.").waitFor();
    await page.keyboard.press("3");
    await page.keyboard.press("Control+e");
    await mood(page, "Wrap-up");
    await page.keyboard.press("Control+Enter");
    await page.getByText("Saved on this computer.").waitFor();
    await page.getByText("2 to send").waitFor();
  }));

test("every panel opens by key and gives the focus back", () =>
  inScene("ready", {}, async (page) => {
    await mood(page, "Ready");
    const start = page.getByRole("button", { name: "Start dialing" });
    await start.focus();
    for (const [key, title] of [
      ["h", "History"],
      ["a", "Microphone and speaker"],
      ["?", "Keyboard"],
    ] as const) {
      await page.keyboard.press(key);
      await page.getByRole("dialog", { name: title }).waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      expect(
        await start.evaluate((element) => element === document.activeElement),
        `focus after ${title}`,
      ).toBe(true);
    }
  }));

test("the history is walked by arrow keys", () =>
  inScene("ready", {}, async (page) => {
    await mood(page, "Ready");
    await page.keyboard.press("h");
    await page.locator("[aria-current=true]:focus").waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page
      .getByRole("region", { name: "Call" })
      .getByText("In a treatment. After 3 PM is better.")
      .waitFor();
  }));

async function mood(page: Page, word: string): Promise<void> {
  await page.locator(".mood", { hasText: word }).waitFor();
}

/** Presses Tab until the named control has the focus, as far as a patient rep would. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 15; presses++) {
    await page.keyboard.press("Tab");
    if (await page.evaluate((text) => document.activeElement?.textContent?.includes(text) ?? false, name))
      return;
  }
  expect.fail(`${name} cannot be reached with Tab`);
}

import { page } from "vitest/browser";
import { render } from "vitest-browser-svelte";
import { expect, test } from "vitest";

import App from "./App.svelte";
import { AppController } from "./app.svelte";
import { fakeBackend } from "./backend/fake";
import { fakeDevices } from "./phone/fake";
import { Phone } from "./phone/phone.svelte";

async function open(scene: string) {
  const backend = fakeBackend(scene);
  const devices = fakeDevices();
  const phone = new Phone({
    openDevice: devices.open,
    voiceToken: () => backend.voiceToken(),
    report: (state, detail) => void backend.reportPhone(state, detail),
    now: Date.now,
  });
  const app = new AppController(backend, phone);
  await app.start();
  render(App, { app });
  return { backend, app, phone, devices: devices.opened };
}

test("the phone sits in the room exactly as long as there is a seat", async () => {
  const { backend, phone, devices } = await open("ready");
  await expect.poll(() => phone.state).toBe("in_room");
  expect(devices[0]?.params).toEqual({ seat: backend.snapshot.seat?.seatId });
  await backend.leaveSeat();
  await expect.poll(() => phone.state).toBe("off");
});

test("a panel never lies between the rep and somebody who answers", async () => {
  const { app } = await open("ready");
  await app.dial.start();
  app.open("audio");
  await expect.element(page.getByRole("dialog")).toBeVisible();
  await expect.poll(() => app.mood).toBe("talking");
  await expect.element(page.getByRole("dialog")).not.toBeInTheDocument();
});

test("closing in a call asks first, keeps the note, then closes", async () => {
  const { backend, app } = await open("talking");
  app.call.draft.write("Half a sentence");
  backend.requestClose();
  await expect
    .element(page.getByRole("dialog", { name: "Close while somebody is on the line?" }))
    .toBeVisible();
  await page.getByRole("button", { name: "End the call and close" }).click();
  await expect.poll(() => backend.asked.map(([command]) => command)).toContain("closeWindow");
  const commands = backend.asked.map(([command]) => command);
  expect(commands.indexOf("saveDraft")).toBeLessThan(commands.indexOf("closeWindow"));
});

test("the question goes away when the other side hangs up first", async () => {
  const { backend } = await open("talking");
  backend.requestClose();
  await expect.element(page.getByRole("dialog")).toBeVisible();
  await backend.hangUp();
  await expect.element(page.getByRole("dialog")).not.toBeInTheDocument();
});

test("what the rep types stays when the call ends under their hands", async () => {
  const { backend, app } = await open("offline-talking");
  const note = page.getByLabelText("Note");
  await note.fill("She said");
  await backend.hangUp();
  await expect.poll(() => app.mood).toBe("wrap_up");
  await expect.element(note).toHaveValue("She said");
  await expect.element(note).toHaveFocus();
});

test("a backend that does not answer is said in a sentence", async () => {
  const backend = fakeBackend("ready");
  backend.refuse("getSnapshot", "Offhook could not start. Start it again.");
  const phone = new Phone({
    openDevice: fakeDevices().open,
    voiceToken: () => backend.voiceToken(),
    report: () => undefined,
    now: Date.now,
  });
  const app = new AppController(backend, phone);
  await app.start();
  render(App, { app });
  await expect.element(page.getByText("Offhook could not start. Start it again.")).toBeVisible();
});

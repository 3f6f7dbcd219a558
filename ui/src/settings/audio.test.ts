import { expect, test } from "vitest";

import { fakeBackend } from "../backend/fake";
import { AudioController } from "./audio.svelte";

function open() {
  const backend = fakeBackend("ready");
  const applied: (string | null)[] = [];
  const audio = new AudioController(backend, async (settings) => void applied.push(settings.inputId));
  return { backend, audio, applied };
}

test("a choice is stored and used at once", async () => {
  const { backend, audio, applied } = open();
  await audio.refresh();
  await audio.choose({ inputId: "built-in" });
  expect(applied).toEqual([null, "built-in"]);
  expect(await backend.audioSettings()).toMatchObject({ inputId: "built-in" });
});

test("a refused choice goes back to what is stored", async () => {
  const { backend, audio } = open();
  await audio.refresh();
  backend.refuse("setAudioSettings", "That microphone was unplugged.");
  await audio.choose({ inputId: "built-in" });
  expect(audio.settings.inputId).toBeNull();
  expect(audio.ask.error).toBe("That microphone was unplugged.");
});

test("the meter follows the microphone and stops when the panel closes", async () => {
  const { audio } = open();
  await audio.startMeter();
  await expect.poll(() => audio.peak).toBeGreaterThan(0);
  audio.stopMeter();
  expect(audio.level).toBe(0);
});

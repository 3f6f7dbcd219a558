import { expect, test } from "vitest";

import type { AudioSettings } from "../backend";
import { applyAudio } from "./devices";
import type { PhoneAudio } from "./sdk";

const KNOWN = [{ id: "pulseaudio:headset", name: "Jabra Evolve2 40", isDefault: false }];

function audio(
  labels: Record<string, string>,
): PhoneAudio & { input: string | null; output: string | string[] } {
  const devices = new Map(Object.entries(labels).map(([id, label]) => [id, { label }]));
  const fake = {
    availableInputDevices: devices,
    availableOutputDevices: devices,
    isOutputSelectionSupported: true,
    inputDevice: null,
    input: null as string | null,
    output: "" as string | string[],
    speakerDevices: {
      set: async (id: string | string[]) => {
        fake.output = id;
      },
    },
    setInputDevice: async (id: string) => {
      fake.input = id;
    },
    outgoing: () => undefined,
    disconnect: () => undefined,
  };
  return fake;
}

function choice(change: Partial<AudioSettings>) {
  const settings = { inputId: null, outputId: null, ringVolume: 0.5, ...change };
  return { settings, inputs: KNOWN, outputs: KNOWN };
}

test("a browser finds the chosen headset by its name", async () => {
  const page = audio({ default: "Default", a1: "Jabra Evolve2 40 (0b0e:0e41)" });
  const chosen = choice({ inputId: "pulseaudio:headset", outputId: "pulseaudio:headset" });
  expect(await applyAudio(page, chosen, "webview")).toBe(true);
  expect([page.input, page.output]).toEqual(["a1", "a1"]);
});

test("an engine outside the page knows the headset by its id and plays by itself", async () => {
  const page = audio({ "pulseaudio:headset": "Jabra Evolve2 40" });
  const chosen = choice({ inputId: "pulseaudio:headset", outputId: "pulseaudio:headset" });
  expect(await applyAudio(page, chosen, "native")).toBe(true);
  expect([page.input, page.output]).toEqual(["pulseaudio:headset", ""]);
});

test("a headset that is gone is said to be gone", async () => {
  expect(
    await applyAudio(audio({ default: "Default" }), choice({ inputId: "pulseaudio:headset" }), "webview"),
  ).toBe(false);
});

test("with nothing chosen the microphone is left to the system", async () => {
  const page = audio({ default: "Default" });
  expect(await applyAudio(page, choice({}), "webview")).toBe(true);
  expect(page.input).toBeNull();
});

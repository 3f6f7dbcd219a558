import { Device, TwilioError } from "@twilio/voice-sdk";
import { afterEach, expect, test, vi } from "vitest";

import { deviceOptions } from "./sdk";
import { troubleOf } from "./troubles";

afterEach(() => vi.restoreAllMocks());

const codes = Array.from({ length: 60_000 }, (_, code) => code).filter(TwilioError.hasErrorByCode);

test("the SDK still says which errors it has", () => {
  expect(codes.length).toBeGreaterThan(30);
});

test.each(codes)("error %d of the SDK has a sentence of its own", (code) => {
  const { message } = troubleOf({ code });
  expect(message).not.toBe(troubleOf({ code: 1 }).message);
  expect(message).toMatch(/^[A-Z].*\.$/);
});

test("the SDK finds all its sounds here and asks nobody else", async () => {
  const asked: string[] = [];
  vi.spyOn(XMLHttpRequest.prototype, "open").mockImplementation((_method: string, url: string | URL) => {
    asked.push(String(url));
  });
  vi.spyOn(XMLHttpRequest.prototype, "send").mockImplementation(() => undefined);
  const options = deviceOptions({ token: "jwt", identity: "maya", ttlS: 3600, signallingHost: null }, null);
  const device = new Device("jwt", options as ConstructorParameters<typeof Device>[1]);
  expect(new Set(asked).size).toBe(15);
  for (const url of asked) expect(new URL(url).origin).toBe(location.origin);
  vi.restoreAllMocks();
  for (const url of asked) expect((await fetch(url)).headers.get("content-type")).toMatch(/wav/);
  device.destroy();
});

test("a stand-in's signalling is used when the dialer names one", () => {
  const token = { token: "jwt", identity: "maya", ttlS: 3600, signallingHost: "127.0.0.1:8080" };
  expect(deviceOptions(token, null)).toMatchObject({ chunderw: "127.0.0.1:8080" });
  expect(deviceOptions({ ...token, signallingHost: null }, null)).not.toHaveProperty("chunderw");
});

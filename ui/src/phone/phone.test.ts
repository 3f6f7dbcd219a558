import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { VoiceToken } from "../backend";
import { fakeDevices } from "./fake";
import { Phone } from "./phone.svelte";

const TOKEN: VoiceToken = { token: "jwt", identity: "maya", ttlS: 3600, signallingHost: null };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function sit(answer: () => boolean | number = () => true) {
  const devices = fakeDevices(answer);
  const reports: [string, string | null][] = [];
  let tokens = 0;
  const phone = new Phone({
    openDevice: devices.open,
    voiceToken: async () => ({ ...TOKEN, token: `jwt-${++tokens}` }),
    report: (state, detail) => reports.push([state, detail]),
    now: Date.now,
  });
  phone.reconcile("seat-1");
  return { phone, devices: devices.opened, reports };
}

const settle = (delay_ms = 1) => vi.advanceTimersByTimeAsync(delay_ms);

/** The last of these, which must exist. */
function last<T>(items: T[]): T {
  const item = items.at(-1);
  if (item === undefined) throw new Error("there is none");
  return item;
}

test("it joins the room of its seat and says so", async () => {
  const { phone, devices, reports } = sit();
  await settle();
  expect(last(devices).params).toEqual({ seat: "seat-1" });
  expect(phone.state).toBe("in_room");
  expect(reports.map(([state]) => state)).toEqual(["connecting", "in_room"]);
});

test("it leaves when the seat is left, and stays away", async () => {
  const { phone, devices } = sit();
  await settle();
  phone.reconcile(null);
  await settle(60_000);
  expect(last(devices).destroyed).toBe(true);
  expect(last(devices).call.ended).toBe(true);
  expect(phone.state).toBe("off");
  expect(devices).toHaveLength(1);
});

test("a leg that ends is replaced by a new one with a new token", async () => {
  const { phone, devices } = sit();
  await settle();
  last(devices).call.emit("disconnect");
  await settle();
  expect(phone.state).toBe("reconnecting");
  await settle(500);
  expect(devices).toHaveLength(2);
  expect(phone.state).toBe("in_room");
});

test("a room that does not answer is tried again, ever more slowly, and the rep knows why", async () => {
  let answers = false;
  const { phone, devices } = sit(() => answers);
  await settle(30_000);
  expect(phone.state).toBe("failed");
  expect(phone.trouble).toMatch(/phone network can't be reached/);
  expect(phone.needsRetry).toBe(false);
  await settle(30_000 + 500 + 30_000 + 1_000);
  expect(devices.length).toBeGreaterThanOrEqual(3);
  answers = true;
  await settle(60_000);
  expect(phone.state).toBe("in_room");
  expect(phone.trouble).toBeNull();
});

test("a forbidden microphone waits for the rep", async () => {
  let answer: boolean | number = 31401;
  const { phone, devices } = sit(() => answer);
  await settle(300_000);
  expect(devices).toHaveLength(1);
  expect(phone.needsRetry).toBe(true);
  expect(phone.trouble).toMatch(/may not use your microphone/);

  answer = true;
  phone.retry();
  await settle();
  expect(phone.state).toBe("in_room");
  expect(phone.needsRetry).toBe(false);
});

test("the token is renewed when the SDK says so, at once while nobody is on the line", async () => {
  const { devices } = sit();
  await settle();
  last(devices).emit("tokenWillExpire");
  await settle();
  expect(last(devices).tokens).toEqual(["jwt-2"]);
});

test("with a prospect in the room the token waits for the end of the conversation", async () => {
  const { phone, devices } = sit();
  await settle();
  phone.setOccupied(true);
  last(devices).emit("tokenWillExpire");
  await settle(300_000);
  expect(last(devices).tokens).toEqual([]);
  phone.setOccupied(false);
  await settle();
  expect(last(devices).tokens).toEqual(["jwt-2"]);
});

test("in a long conversation the token is renewed one minute before it expires", async () => {
  const { phone, devices } = sit();
  await settle();
  phone.setOccupied(true);
  last(devices).emit("tokenWillExpire");
  await settle(539_000);
  expect(last(devices).tokens).toEqual([]);
  await settle(1_001);
  expect(last(devices).tokens).toEqual(["jwt-2"]);
});

test("mute survives a new leg", async () => {
  const { phone, devices } = sit();
  await settle();
  phone.setMuted(true);
  last(devices).call.emit("disconnect");
  await settle(600);
  expect(devices).toHaveLength(2);
  expect(last(devices).call.muted).toBe(true);
});

test("digits go out only in the room", async () => {
  const { phone, devices } = sit();
  expect(phone.sendDigits("1")).toBe(false);
  await settle();
  expect(phone.sendDigits("2")).toBe(true);
  expect(last(devices).call.digits).toBe("2");
});

test("a warning lowers the grade of the line until it is cleared", async () => {
  const { phone, devices } = sit();
  await settle();
  expect(phone.quality.grade).toBe("good");
  last(devices).call.emit("warning", "high-jitter");
  expect(phone.quality).toMatchObject({ grade: "fair", advice: expect.stringContaining("cable") });
  last(devices).call.emit("warning-cleared", "high-jitter");
  expect(phone.quality).toEqual({ grade: "good", advice: null });
});

test("a leg is renewed before Twilio's limit, but never during a conversation", async () => {
  const { phone, devices } = sit();
  await settle();
  phone.setOccupied(true);
  await settle(3.6 * 3_600_000);
  expect(devices).toHaveLength(1);
  phone.setOccupied(false);
  await settle(62_000);
  expect(devices).toHaveLength(2);
  expect(phone.state).toBe("in_room");
});

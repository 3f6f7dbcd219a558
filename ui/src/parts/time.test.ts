import { expect, test } from "vitest";

import { clockTime, elapsed, zoneName } from "./time";

const NOON_UTC_MS = Date.parse("2026-11-17T12:00:00Z");

test.each([
  ["2026-11-17T11:59:53Z", "0:07"],
  ["2026-11-17T11:17:30Z", "42:30"],
  ["2026-11-17T09:58:55Z", "2:01:05"],
  ["2026-11-17T12:00:09Z", "0:00"],
])("since %s it is %s", (since, shown) => {
  expect(elapsed(since, NOON_UTC_MS)).toBe(shown);
});

test("the time is the lead's, with its everyday name", () => {
  expect(clockTime(NOON_UTC_MS, "America/Denver")).toMatch(/^5:00\sAM$/);
  expect(zoneName("America/Denver", NOON_UTC_MS)).toBe("Mountain Time");
});

test("a zone that this machine does not know breaks nothing", () => {
  expect(clockTime(NOON_UTC_MS, "Mars/Olympus_Mons")).toMatch(/:00/);
  expect(zoneName("Mars/Olympus_Mons", NOON_UTC_MS)).toBe("");
});

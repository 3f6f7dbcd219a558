import { expect, test } from "vitest";

import { actionOf, placeOf, SHORTCUTS } from "./keys";

const press = (
  key: string,
  held: Partial<Record<"ctrlKey" | "altKey" | "shiftKey" | "metaKey", boolean>> = {},
) => ({
  key,
  code: /^\d$/.test(key) ? `Digit${key}` : "",
  ctrlKey: false,
  altKey: false,
  shiftKey: false,
  metaKey: false,
  ...held,
});

test("letters are text while the rep types", () => {
  expect(actionOf(press("m"), false)).toBe("mute");
  expect(actionOf(press("m"), true)).toBeNull();
  expect(actionOf(press("m", { ctrlKey: true }), true)).toBe("mute");
});

test("the two ways to save are told apart by Shift", () => {
  expect(actionOf(press("Enter", { ctrlKey: true }), true)).toBe("primary");
  expect(actionOf(press("Enter", { ctrlKey: true, shiftKey: true }), true)).toBe("savePause");
  expect(actionOf(press("Enter"), false)).toBeNull();
});

test("the Command key of a Mac does what Ctrl does", () => {
  expect(actionOf(press("Enter", { metaKey: true }), true)).toBe("primary");
});

test("digits choose, and while typing only with Alt", () => {
  expect(placeOf(press("3"), false)).toBe(2);
  expect(placeOf(press("3"), true)).toBeNull();
  expect(placeOf({ ...press("£", { altKey: true }), code: "Digit3" }, true)).toBe(2);
});

test("no two shortcuts share a key", () => {
  const keys = SHORTCUTS.map(({ key, ctrl, shift }) => `${ctrl} ${shift ?? "any"} ${key}`);
  expect(new Set(keys).size).toBe(keys.length);
});

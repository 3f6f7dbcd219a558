import { expect, test } from "vitest";

import { fakeBackend } from "../backend/fake";
import { SessionController } from "./session.svelte";

test("a new address is stored before the sign-in, the known one is not stored again", async () => {
  const backend = fakeBackend("signed-out");
  const session = new SessionController(backend);
  await session.signIn(" https://other.example ", "https://dialer.example");
  await session.signIn("https://other.example", "https://other.example");
  expect(backend.asked).toEqual([["setServerUrl", "https://other.example"], ["signIn"], ["signIn"]]);
});

test("a refused address is said, and no sign-in is tried", async () => {
  const backend = fakeBackend("signed-out");
  backend.refuse("setServerUrl", "That is not a web address. It starts with https://.");
  const session = new SessionController(backend);
  await session.signIn("dialer", "");
  expect(session.ask.error).toBe("That is not a web address. It starts with https://.");
  expect(session.ask.busy).toBe(false);
  expect(backend.asked.map(([command]) => command)).toEqual(["setServerUrl"]);
});

import { expect, test } from "vitest";

import { fakeBackend } from "../backend/fake";
import { morning, NOW_MS } from "../backend/scenes";
import { HistoryController, PAGE_SIZE } from "./history.svelte";

test("older calls are asked for by the oldest one shown, until there are no more", async () => {
  const [call] = morning(NOW_MS);
  if (call === undefined) throw new Error("the morning has calls");
  const all = Array.from({ length: PAGE_SIZE + 3 }, (_, index) => ({
    ...call,
    attempt: { ...call.attempt, attemptId: `call-${index}` },
  }));
  const history = new HistoryController({
    ...fakeBackend("ready"),
    history: async (before, limit) => {
      const from = before === null ? 0 : all.findIndex(({ attempt }) => attempt.attemptId === before) + 1;
      return all.slice(from, from + limit);
    },
  });
  await history.refresh();
  expect([history.calls.length, history.complete]).toEqual([PAGE_SIZE, false]);
  await history.more();
  expect([history.calls.length, history.complete]).toEqual([PAGE_SIZE + 3, true]);
  expect(new Set(history.calls.map(({ attempt }) => attempt.attemptId)).size).toBe(PAGE_SIZE + 3);
});

test("the selection stops at both ends", async () => {
  const history = new HistoryController(fakeBackend("ready"));
  await history.refresh();
  history.step(-1);
  expect(history.selected).toBe(history.calls[0]);
  history.calls.forEach(() => history.step(1));
  expect(history.selected).toBe(history.calls.at(-1));
});

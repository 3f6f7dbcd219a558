import { expect, test } from "vitest";

import { Reconciler } from "./reconcile";

test("wishes are served one at a time, and those overtaken are skipped", async () => {
  const begun: string[] = [];
  const aborted: string[] = [];
  let running = 0;
  const reconciler = new Reconciler<string>(async (wish, signal) => {
    expect(++running).toBe(1);
    begun.push(wish);
    await new Promise<void>((resolve) => {
      if (wish === "last") resolve();
      signal.addEventListener("abort", () => {
        aborted.push(wish);
        resolve();
      });
    });
    running--;
  });
  void reconciler.want("first");
  void reconciler.want("overtaken");
  await reconciler.want("last");
  expect(begun).toEqual(["first", "last"]);
  expect(aborted).toEqual(["first"]);
});

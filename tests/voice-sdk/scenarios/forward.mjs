import assert from "node:assert/strict";
import { until } from "../until.mjs";

/** A second device takes over the first one's call with its `connectToken`. */
export async function run(stage) {
  const desk = await stage.rep();
  const call = await desk.phone("connect", {});
  const prospect = await stage.callProspect();
  await stage.hearsTone(desk);
  const connectToken = await desk.phone("connectToken");
  const laptop = await stage.rep();
  await laptop.phone("dial", { connectToken });
  await laptop.happened("accept");
  await desk.happened("cancel");
  await stage.hearsTone(laptop);
  await stage.hearsRep(prospect);
  await desk.browser.close();
  assert.equal((await stage.network.leg(call)).status, "in-progress");
  await laptop.phone("hangUp");
  await until("the leg ended", async () => (await stage.network.leg(call)).status === "completed");
  stage.saw("the laptop took the call over from the desk");
}

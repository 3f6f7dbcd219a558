import assert from "node:assert/strict";
import { until } from "../until.mjs";

/** The media path is cut during a call; the SDK restarts ICE and is heard again. */
export async function run(stage) {
  const { network, saw } = stage;
  const rep = await stage.rep();
  const call = await rep.phone("connect", {});
  const prospect = await stage.callProspect();
  await stage.hearsTone(rep);
  await network.put(`legs/${call}/impairments`, { loss: 1 });
  await until("ICE is restarted", async () => (await network.events("signal.reinvite")).length > 0);
  await network.put(`legs/${call}/impairments`, {});
  await rep.happened("reconnected");
  assert.equal(await rep.read("reconnectingBecause"), 53405);
  await stage.hearsTone(rep);
  await stage.hearsRep(prospect);
  saw("the path was cut, ICE restarted, and both hear each other again");
}

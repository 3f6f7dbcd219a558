import assert from "node:assert/strict";
import { until } from "../until.mjs";

/** The signalling socket breaks during a call; the SDK comes back and the sound never stopped. */
export async function run(stage) {
  const { network, saw } = stage;
  const rep = await stage.rep({ maxCallSignalingTimeoutMs: 15_000 });
  const call = await rep.phone("connect", {});
  const prospect = await stage.callProspect();
  await stage.hearsTone(rep);
  await network.tellClient("rep_1", { event: "drop" });
  await rep.happened("reconnecting");
  await rep.happened("reconnected");
  await stage.hearsTone(rep);
  await stage.hearsRep(prospect);
  await until("it is registered again", async () => (await rep.phone("state")) === "registered");
  saw(`reconnecting because of ${await rep.read("reconnectingBecause")}, then reconnected and registered`);
  await rep.phone("hangUp");
  await stage.ended(call);

  await comesTooLate(stage);

  await network.tellClient("rep_1", { event: "close" });
  await until("it is closed", async () => (await rep.phone("state")) === "unregistered");
  await rep.phone("registerAgain");
  saw("closed by the network, and registered again by the page");
}

/** Whoever is away for longer than it asked for finds its call over. */
async function comesTooLate(stage) {
  const rep = await stage.page();
  const token = stage.token({ identity: "rep_2" });
  await rep.phone("register", token, stage.network.host, { maxCallSignalingTimeoutMs: 1_000 });
  const call = await rep.phone("connect", {});
  await rep.phone("stayAway", true);
  await stage.network.tellClient("rep_2", { event: "drop" });
  await rep.happened("reconnecting");
  await stage.ended(call);
  await rep.phone("stayAway", false);
  await rep.happened("disconnect");
  assert.ok((await rep.read("errorNames")).includes("ReconnectAttemptError"));
  assert.ok((await rep.read("errors")).some((text) => text.startsWith("31209 ")));
  stage.saw("away for too long: the call was over, and the page is told 31209");
  await rep.browser.close();
}

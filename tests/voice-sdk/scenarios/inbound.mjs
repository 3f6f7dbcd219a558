import assert from "node:assert/strict";
import { until } from "../until.mjs";

/** A call to `client:rep_1` rings; it is taken in either codec, cancelled, rejected, ignored, and rings beside another. */
export async function run(stage) {
  await taken(stage, "opus");
  await taken(stage, "PCMU");
  await notTaken(stage);
  await besideAnother(stage);
}

async function taken(stage, codec) {
  const rep = await stage.rep({ codecPreferences: [codec.toLowerCase()] });
  const call = await stage.callRep({ To: "client:rep_1?lead=L%207&x=%C3%A9%26" });
  await rep.happened("incoming");
  const caller = await rep.phone("caller");
  assert.equal(caller.From, "+12025550100");
  assert.equal(caller.To, "client:rep_1");
  assert.equal(caller.CallSid, call.sid);
  assert.deepEqual(caller.custom, { lead: "L 7", x: "é&" });
  await rep.phone("accept");
  await rep.happened("accept");
  await until("it is in progress", async () => (await stage.network.leg(call.sid)).status === "in-progress");
  stage.saw("an inbound call rang with its parameters and was accepted");
  const prospect = await stage.callProspect();
  await stage.hearsTone(rep);
  await stage.hearsRep(prospect);
  await until("there is a sample", async () => (await rep.read("codec")) === codec);
  stage.saw(`both ways in ${codec}`);
  await rep.phone("sendDigits", "5#");
  const digits = async () =>
    (await stage.network.events("digit"))
      .filter((event) => event.call === call.sid)
      .map((event) => event.digit);
  await until("both digits", async () => (await digits()).join("") === "5#");
  await stage.network.post(`Calls/${call.sid}.json`, { Status: "completed" });
  await rep.happened("disconnect");
  await stage.ended(prospect);
  assert.deepEqual(await rep.read("errors"), []);
  stage.saw("digits arrived; hung up by the network");
  await rep.browser.close();
}

async function notTaken(stage) {
  const rep = await stage.rep();
  const canceled = await stage.callRep();
  await rep.happened("incoming");
  await stage.network.post(`Calls/${canceled.sid}.json`, { Status: "canceled" });
  await rep.happened("cancel");
  stage.saw("cancelled while it rang");

  const incoming = async (count) =>
    (await rep.read("events")).filter((event) => event === "incoming").length === count;
  const rejected = await stage.callRep();
  await until("it rings again", () => incoming(2));
  await rep.phone("reject");
  await stage.ended(rejected.sid, "busy");
  stage.saw("rejected: the caller hears busy");

  const ignored = await stage.callRep({ Timeout: "3" });
  await until("it rings a third time", () => incoming(3));
  await rep.phone("ignore");
  await stage.ended(ignored.sid, "no-answer");
  stage.saw("ignored: no answer after the time-out");

  await rep.phone("connect", {});
  const whileBusy = await stage.callRep({ Timeout: "3" });
  await stage.ended(whileBusy.sid, "no-answer");
  assert.ok(await incoming(3), "a busy device says nothing");
  await rep.phone("hangUp");
  stage.saw("busy: no answer after the time-out");

  await rep.phone("unregister");
  await rep.happened("unregistered");
  const nowhere = await stage.callRep();
  await stage.ended(nowhere.sid, "no-answer");
  await rep.phone("registerAgain");
  await stage.callRep();
  await until("it rings once more", () => incoming(4));
  assert.deepEqual(await rep.read("errors"), []);
  stage.saw("unregistered: rings nowhere; registered again: rings");
}

/** A device that wants to hear of calls while it has one. */
async function besideAnother(stage) {
  const rep = await stage.rep({ allowIncomingWhileBusy: true });
  const first = await rep.phone("connect", {});
  const second = await stage.callRep();
  await rep.happened("incoming");
  assert.equal((await rep.phone("caller")).CallSid, second.sid);
  await rep.phone("reject");
  await stage.ended(second.sid, "busy");
  assert.equal((await stage.network.leg(first)).status, "in-progress");
  assert.deepEqual(await rep.read("errors"), []);
  stage.saw("a busy device that wants to hear of calls rings; its first call goes on");
  await rep.browser.close();
}

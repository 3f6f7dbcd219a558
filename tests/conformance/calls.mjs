import assert from "node:assert/strict";
import { refuses, saw } from "./sdk.mjs";
import { until } from "../voice-sdk/until.mjs";

export const FROM = "+12025550100";
export const TO = "+13125550142";

/** Calls: every parameter, filters, paging, changes, deletion, events. */
export async function checkCalls({ network, application, client }) {
  await network.put("personas/" + TO, { persona: "listener" });
  const twiml = "<Response><Pause length='60'/></Response>";
  const good = { to: TO, from: FROM, twiml };
  await refuses(400, 21201, () => client.calls.create({ ...good, to: "" }));
  await refuses(400, 21211, () => client.calls.create({ ...good, to: "banana" }));
  await refuses(400, 21213, () => client.calls.create({ ...good, from: "" }));
  await refuses(400, 21210, () => client.calls.create({ ...good, from: "+12025550999" }));
  await refuses(400, 21205, () => client.calls.create({ to: TO, from: FROM }));
  await refuses(400, 21208, () => client.calls.create({ ...good, timeout: 601 }));
  await refuses(400, 21218, () => client.calls.create({ to: TO, from: FROM, applicationSid: "AP0" }));
  await refuses(404, 20404, () => client.calls("CA" + "0".repeat(32)).fetch());

  const call = await client.calls.create({
    ...good,
    statusCallback: application.url("/status"),
    statusCallbackEvent: ["initiated", "ringing", "answered", "completed"],
    timeout: 30,
    timeLimit: 600,
    callReason: "a test",
  });
  assert.equal(call.status, "queued");
  assert.equal(call.direction, "outbound-api");
  assert.equal(typeof call.queueTime, "string");
  const status = async () => (await client.calls(call.sid).fetch()).status;
  await until("the call is answered", async () => (await status()) === "in-progress");
  await refuses(400, 21220, () => client.calls(call.sid).remove());
  const ended = await client.calls(call.sid).update({ status: "completed" });
  assert.equal(ended.status, "completed");
  assert.ok(ended.startTime instanceof Date && ended.endTime instanceof Date);
  assert.equal(typeof ended.duration, "string");
  await refuses(400, 21220, () => client.calls(call.sid).update({ twiml }));
  await until("all callbacks came", async () => application.received("/status").length === 4);
  const statuses = application.received("/status").map((params) => params.CallStatus);
  assert.deepEqual(new Set(statuses), new Set(["initiated", "ringing", "in-progress", "completed"]));
  const events = await until("the events are logged", async () => {
    const events = await client.calls(call.sid).events.list();
    return events.length === 4 && events;
  });
  assert.equal(events[0].request.url, application.url("/status"));
  assert.equal(events[0].response.response_code, 200);

  await checkList(client, good);
  assert.equal(await client.calls(call.sid).remove(), true);
  await refuses(404, 20404, () => client.calls(call.sid).fetch());
  saw("calls: refused, placed, ended, listed, paged, deleted, with their events");
}

async function checkList(client, good) {
  const before = new Date(Date.now() - 60_000);
  const placed = [];
  for (let n = 0; n < 5; n += 1)
    placed.push((await client.calls.create({ ...good, to: `+1312555015${n}` })).sid);
  const listed = await client.calls.list({ pageSize: 2, startTimeAfter: before });
  for (const sid of placed) assert.ok(listed.some((call) => call.sid === sid));
  assert.equal(new Set(listed.map((call) => call.sid)).size, listed.length, "no call is listed twice");
  assert.equal((await client.calls.list({ to: "+13125550151" })).length, 1);
  assert.deepEqual(await client.calls.list({ startTimeBefore: before }), []);
  assert.deepEqual(await client.calls.list({ endTimeBefore: before }), []);
  const first = await client.calls.page({ pageSize: 2 });
  const second = await first.nextPage();
  const again = await second.previousPage();
  assert.deepEqual(
    again.instances.map((call) => call.sid),
    first.instances.map((call) => call.sid),
  );
  for (const sid of placed) {
    const { status } = await client.calls(sid).fetch();
    if (status !== "completed") await client.calls(sid).update({ status: "completed" });
  }
}

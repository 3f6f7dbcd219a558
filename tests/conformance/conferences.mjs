import assert from "node:assert/strict";
import { FROM, TO } from "./calls.mjs";
import { refuses, saw } from "./sdk.mjs";
import { until } from "../voice-sdk/until.mjs";

const COLLEAGUE = "+13125550143";
const THIRD = "+13125550144";

/** Conferences and participants: called in, found, changed, coached, listed, paged, removed, ended. */
export async function checkConferences({ network, application, client }) {
  for (const number of [TO, COLLEAGUE, THIRD])
    await network.put("personas/" + number, { persona: "listener" });
  await refusals(client);
  const lead = await client.conferences("front desk").participants.create({
    from: FROM,
    to: TO,
    label: "lead",
    timeout: 30,
    earlyMedia: true,
    beep: "false",
    waitUrl: "",
    jitterBufferSize: "small",
    conferenceRecord: "record-from-start",
    conferenceStatusCallback: application.url("/room"),
    conferenceStatusCallbackEvent: ["start", "end", "join", "leave", "mute", "hold", "modify"],
    statusCallback: application.url("/participant"),
    statusCallbackEvent: ["initiated", "ringing", "answered", "completed"],
  });
  assert.equal(lead.status, "queued");
  assert.equal(lead.label, "lead");
  assert.equal(typeof lead.queueTime, "string");
  assert.deepEqual([lead.muted, lead.hold, lead.coaching], [false, false, false]);
  assert.deepEqual([lead.startConferenceOnEnter, lead.endConferenceOnExit], [true, false]);
  const conference = client.conferences(lead.conferenceSid);
  const { participants } = conference;
  const status = async (name) => (await participants(name).fetch()).status;
  await until("the lead is there", async () => (await status("lead")) === "connected");
  assert.equal((await conference.fetch()).status, "init");

  const rep = await participants.create({ from: FROM, to: COLLEAGUE, endConferenceOnExit: true });
  await until("it has started", async () => (await conference.fetch()).status === "in-progress");
  await checkChanges(participants, lead, rep);
  await checkRoomsList(client, lead.conferenceSid);

  const coach = await participants.create({
    from: FROM,
    to: THIRD,
    coaching: true,
    callSidToCoach: rep.callSid,
  });
  assert.equal(coach.callSidToCoach, rep.callSid);
  await until("the coach is there", async () => (await status(coach.callSid)) === "connected");
  assert.equal((await participants.list({ coaching: true })).length, 1);
  assert.equal((await participants.list({ pageSize: 1 })).length, 3);
  assert.equal(await participants(coach.callSid).remove(), true);
  await refuses(404, 20404, () => participants(coach.callSid).fetch());

  assert.equal((await conference.update({ status: "completed" })).status, "completed");
  const ended = await conference.fetch();
  assert.equal(ended.reasonConferenceEnded, "conference-ended-via-api");
  assert.deepEqual(await participants.list(), []);
  await refuses(400, 16022, () => participants.create({ from: FROM, to: TO }));
  await until("it was recorded", async () => (await conference.recordings.list()).length === 1);
  await until("its end was reported", () =>
    application.received("/room").some((params) => params.StatusCallbackEvent === "conference-end"),
  );
  const told = new Set(application.received("/room").map((params) => params.StatusCallbackEvent));
  for (const event of ["conference-start", "participant-join", "participant-mute", "participant-hold"])
    assert.ok(told.has(event), event);
  await until("the lead's progress came", () => application.received("/participant").length === 4);
  saw("conferences: people called in, found, changed, coached, paged, removed, and the room ended");
}

async function refusals(client) {
  const unknown = client.conferences("CF" + "0".repeat(32));
  await refuses(404, 20404, () => unknown.fetch());
  await refuses(404, 20404, () => unknown.participants.list());
  await refuses(404, 20404, () => unknown.participants.create({ from: FROM, to: TO }));
  const room = client.conferences("front desk").participants;
  const good = { from: FROM, to: TO };
  await refuses(400, 16024, () => room.create({ ...good, label: "a/b" }));
  await refuses(400, 16002, () => room.create({ ...good, maxParticipants: 1 }));
  await refuses(400, 21208, () => room.create({ ...good, timeout: 3 }));
  await refuses(400, 21210, () => room.create({ ...good, from: "+12025550999" }));
  await refuses(400, 21211, () => room.create({ ...good, to: "nobody" }));
  await refuses(400, 13240, () =>
    room.create({ ...good, coaching: true, callSidToCoach: "CA" + "0".repeat(32) }),
  );
}

async function checkChanges(participants, lead, rep) {
  await refuses(400, 16026, () => participants.create({ from: FROM, to: THIRD, label: "lead" }));
  assert.equal((await participants("lead").update({ muted: true })).muted, true);
  assert.equal((await participants(lead.callSid).update({ hold: true })).hold, true);
  assert.deepEqual(
    (await participants.list({ muted: true, hold: true })).map((it) => it.callSid),
    [lead.callSid],
  );
  assert.deepEqual(
    (await participants.list({ muted: false })).map((it) => it.callSid),
    [rep.callSid],
  );
  const back = await participants("lead").update({ muted: false, hold: false, beepOnExit: true });
  assert.deepEqual([back.muted, back.hold], [false, false]);
  await refuses(400, 13240, () => participants("lead").update({ coaching: true, callSidToCoach: "CA0" }));
  await refuses(404, 20404, () => participants("nobody").update({ muted: true }));
}

async function checkRoomsList(client, sid) {
  const today = new Date();
  const tomorrow = new Date(today.getTime() + 86_400_000);
  const sids = async (filter) => (await client.conferences.list(filter)).map((room) => room.sid);
  assert.ok((await sids({ dateCreated: today })).includes(sid));
  assert.ok((await sids({ dateCreatedAfter: today, dateUpdatedBefore: tomorrow })).includes(sid));
  assert.deepEqual(await sids({ dateCreatedAfter: tomorrow }), []);
  assert.deepEqual(await sids({ friendlyName: "front desk", status: "in-progress" }), [sid]);
  for (const name of ["one", "two"]) {
    const { conferenceSid } = await client.conferences(name).participants.create({ from: FROM, to: THIRD });
    await client.conferences(conferenceSid).update({ status: "completed" });
  }
  const first = await client.conferences.page({ pageSize: 1 });
  const second = await first.nextPage();
  assert.equal(first.instances[0].friendlyName, "two", "the newest comes first");
  assert.equal(second.instances[0].friendlyName, "one");
  assert.equal((await second.previousPage()).instances[0].sid, first.instances[0].sid);
}

/** A queue with people in line: found, listed, and taken out of it. */
export async function checkMembers({ network, application, client }) {
  const queue = await client.queues.create({ friendlyName: "line" });
  const calls = [];
  for (const to of [TO, COLLEAGUE]) {
    await network.put("personas/" + to, { persona: "listener" });
    const twiml = "<Response><Enqueue waitUrl=''>line</Enqueue><Pause length='60'/></Response>";
    calls.push((await client.calls.create({ to, from: FROM, twiml })).sid);
    await until("the caller is in line", async () => {
      return (await client.queues(queue.sid).fetch()).currentSize === calls.length;
    });
  }
  const { members } = client.queues(queue.sid);
  const listed = await members.list();
  assert.deepEqual(
    listed.map((member) => [member.callSid, member.position]),
    calls.map((sid, at) => [sid, at + 1]),
  );
  assert.ok(listed[0].dateEnqueued instanceof Date);
  assert.equal(typeof listed[0].waitTime, "number");
  assert.equal((await members("Front").fetch()).callSid, calls[0]);
  const page = await members.page({ pageSize: 1 });
  assert.equal((await page.nextPage()).instances[0].callSid, calls[1]);
  await refuses(400, 22002, () => client.queues(queue.sid).remove());

  application.says("/out", "<Response><Pause length='60'/></Response>");
  const out = await members("Front").update({ url: application.url("/out") });
  assert.equal(out.callSid, calls[0]);
  await until("the front has its TwiML", () => application.received("/out").length === 1);
  await members(calls[1]).update({ url: application.url("/out") });
  await refuses(404, 20404, () => members(calls[1]).fetch());
  for (const sid of calls) await client.calls(sid).update({ status: "completed" });
  await client.queues(queue.sid).remove();
  saw("queue members: listed, paged, fetched, taken out of line");
}

import assert from "node:assert/strict";
import { refuses, saw } from "./sdk.mjs";
import { FROM, TO } from "./calls.mjs";
import { until } from "../voice-sdk/until.mjs";

/** Voice Insights: summaries, what people say of calls, conferences. */
export async function checkInsights({ network, client }) {
  const { v1: insights } = client.insights;
  await network.put("personas/" + TO, { persona: "tone-440" });
  const twiml = "<Response><Dial><Conference>insights</Conference></Dial></Response>";
  const call = await client.calls.create({ to: TO, from: FROM, twiml });
  await until("it is answered", async () => (await client.calls(call.sid).fetch()).status === "in-progress");
  await refuses(403, 20403, () => insights.calls(call.sid).summary().fetch());
  assert.equal((await insights.settings().update({ advancedFeatures: true })).advancedFeatures, true);
  assert.equal((await insights.settings().fetch()).advancedFeatures, true);
  await refuses(404, 20404, () => insights.calls(call.sid).summary().fetch());
  await client.calls(call.sid).update({ status: "completed" });
  await refuses(404, 20404, () => insights.calls(call.sid).summary().fetch());

  await network.put("switches", { insights_partial_after_s: 0, insights_complete_after_s: 0 });
  const summary = await insights.calls(call.sid).summary().fetch({ processingState: "complete" });
  assert.equal(summary.callState, "completed");
  assert.equal(summary.callType, "carrier");
  assert.ok(summary.createdTime instanceof Date && summary.endTime instanceof Date);
  assert.ok(Number.isInteger(summary.duration) && summary.duration >= summary.connectDuration);
  assert.equal(summary.from.caller, FROM);
  assert.equal(summary.to.callee, TO);

  const annotation = await insights.calls(call.sid).annotation().update({
    answeredBy: "machine",
    connectivityIssue: "caller_id",
    qualityIssues: "low_volume,echo",
    spam: true,
    callScore: 2,
    comment: "sounded like a greeting",
  });
  assert.deepEqual(annotation.qualityIssues, ["low_volume", "echo"]);
  assert.equal((await insights.calls(call.sid).annotation().fetch()).callScore, 2);
  await refuses(400, 20001, () => insights.calls(call.sid).annotation().update({ callScore: 9 }));
  const found = await insights.callSummaries.list({ answeredByAnnotation: "machine", pageSize: 1 });
  assert.deepEqual(
    found.map((row) => row.callSid),
    [call.sid],
  );
  assert.ok((await insights.callSummaries.list({ callState: "completed", pageSize: 1 })).length > 0);
  const events = await insights.calls(call.sid).events.list();
  assert.ok(events.some((event) => event.name === "ringing" && event.edge === "carrier_edge"));
  assert.deepEqual(await insights.calls(call.sid).metrics.list({ edge: "sdk_edge" }), []);
  saw("Insights: settings, summaries, annotation, events");

  const [room] = await insights.conferences.list({ friendlyName: "insights" });
  const conference = await insights.conferences(room.conferenceSid).fetch();
  assert.equal(conference.status, "completed");
  assert.equal(conference.endReason, "last_participant_left");
  assert.equal(conference.uniqueParticipants, 1);
  const participants = insights.conferences(room.conferenceSid).conferenceParticipants;
  const [listed] = await participants.list();
  const participant = await participants(listed.participantSid).fetch();
  assert.equal(participant.callSid, call.sid);
  assert.equal(participant.processingState, "complete");
  assert.equal((await participants.list({ participantSid: listed.participantSid })).length, 1);
  assert.deepEqual(await participants.list({ label: "nobody" }), []);
  await network.put("switches", {});
  saw("Insights: conferences and their participants");
}

import assert from "node:assert/strict";
import twilio from "twilio";
import { refuses, saw } from "./sdk.mjs";
import { FROM, TO } from "./calls.mjs";
import { readWav } from "../voice-sdk/wav.mjs";
import { until } from "../voice-sdk/until.mjs";

/** A message that somebody leaves, in writing. */
export async function checkTranscriptions({ network, application, client }) {
  const words = "Please call me back as soon as you can. My number is on your screen.";
  const talk = { replies: 1, lines: [words] };
  const persona = { name: "Ada", answer: { after: { ring_ms: 100 } }, script: { talk } };
  await network.put("personas/" + TO, persona);
  const response = new twilio.twiml.VoiceResponse();
  // People answer when they have been spoken to.
  response.say("Please leave a message after the tone, whatever it is.");
  response.record({
    timeout: 3,
    transcribe: true,
    transcribeCallback: application.url("/transcribed"),
    action: application.url("/recorded"),
  });
  await client.calls.create({ to: TO, from: FROM, twiml: response.toString() });
  await until("the transcription is told of", async () => application.received("/transcribed").length === 1);
  const [told] = application.received("/transcribed");
  assert.equal(told.TranscriptionStatus, "completed");
  assert.ok(told.TranscriptionText.includes(words), told.TranscriptionText);
  const [listed] = await client.transcriptions.list();
  assert.equal(listed.sid, told.TranscriptionSid);
  const context = client.recordings(told.RecordingSid).transcriptions(listed.sid);
  const fetched = await context.fetch();
  assert.equal(fetched.transcriptionText, told.TranscriptionText);
  assert.equal(fetched.duration, (await client.recordings(told.RecordingSid).fetch()).duration);
  const sids = (await client.recordings(told.RecordingSid).transcriptions.list()).map((it) => it.sid);
  assert.deepEqual(sids, [listed.sid]);
  assert.equal((await client.transcriptions(listed.sid).fetch()).price, -0.05);
  assert.equal(await context.remove(), true);
  await refuses(404, 20404, () => client.transcriptions(listed.sid).fetch());
  saw("transcriptions: told of, listed, fetched, deleted");
}

/** Recordings: from their start to their deletion, with the sound itself. */
export async function checkRecordings({ network, application, client }) {
  await network.put("personas/" + TO, { persona: "tone-440" });
  const call = await client.calls.create({
    to: TO,
    from: FROM,
    twiml: "<Response><Pause length='60'/></Response>",
  });
  await refuses(400, 21220, () => client.calls(call.sid).recordings.create());
  await until(
    "the call is answered",
    async () => (await client.calls(call.sid).fetch()).status === "in-progress",
  );
  const recordings = client.calls(call.sid).recordings;
  const made = await recordings.create({
    recordingChannels: "dual",
    recordingStatusCallback: application.url("/recording"),
    recordingStatusCallbackEvent: ["in-progress", "completed", "absent"],
  });
  assert.equal(made.status, "in-progress");
  assert.equal(made.source, "StartCallRecordingAPI");
  assert.equal(made.channels, 2);
  const paused = await recordings("Twilio.CURRENT").update({ status: "paused", pauseBehavior: "skip" });
  assert.equal(paused.sid, made.sid);
  assert.equal(paused.status, "paused");
  await recordings(made.sid).update({ status: "in-progress" });
  await until("something was recorded", async () => {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    return true;
  });
  assert.equal((await media(network, made.sid)).status, 404, "no sound before it is completed");
  await recordings("Twilio.CURRENT").update({ status: "stopped" });
  await until(
    "it is completed",
    async () => (await client.recordings(made.sid).fetch()).status === "completed",
  );
  await checkSound(network, made.sid);
  await until("its callbacks came", async () => application.received("/recording").length === 2);
  const told = application.received("/recording").find((params) => params.RecordingStatus === "completed");
  assert.equal(told.RecordingSid, made.sid);
  assert.equal(told.RecordingChannels, "2");

  assert.ok((await client.recordings.list({ callSid: call.sid })).length === 1);
  assert.equal(await client.recordings(made.sid).remove(), true);
  assert.equal((await media(network, made.sid)).status, 404);
  assert.equal((await client.recordings.list({ callSid: call.sid })).length, 0);
  const deleted = await client.recordings.list({ callSid: call.sid, includeSoftDeleted: true });
  assert.equal(deleted[0].status, "deleted");
  await client.calls(call.sid).update({ status: "completed" });
  saw("recordings: started, paused, resumed, stopped, downloaded, deleted");
}

async function checkSound(network, sid) {
  const anonymous = await fetch(`${path(network, sid)}.wav`);
  assert.equal(anonymous.status, 401);
  const dual = await media(network, `${sid}.wav`);
  assert.equal(dual.headers.get("content-type"), "audio/x-wav");
  const file = Buffer.from(await dual.arrayBuffer());
  assert.equal(file.readUInt16LE(22), 2, "two channels");
  const mono = Buffer.from(await (await media(network, `${sid}.wav?RequestedChannels=1`)).arrayBuffer());
  assert.equal(mono.readUInt16LE(22), 1, "one channel");
  const { samples } = readWav(mono);
  assert.ok(Math.max(...samples.map(Math.abs)) > 1_000, "the person's tone is in it");
  assert.equal((await media(network, `${sid}.wav?RequestedChannels=3`)).status, 400);
  const mp3 = await media(network, `${sid}.mp3?RequestedChannels=1`);
  assert.equal(mp3.headers.get("content-type"), "audio/mpeg");
  const compressed = Buffer.from(await mp3.arrayBuffer());
  assert.equal(compressed.readUInt16BE(0) & 0xffe0, 0xffe0, "an MPEG frame");
  assert.ok(compressed.length < mono.length / 2, "32 kbit/s");
}

function path(network, name) {
  return `${network.origin}/2010-04-01/Accounts/${network.account.sid}/Recordings/${name}`;
}

function media(network, name) {
  const { sid, token } = network.account;
  const authorization = "Basic " + Buffer.from(`${sid}:${token}`).toString("base64");
  return fetch(path(network, name), { headers: { authorization } });
}

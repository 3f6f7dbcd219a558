import assert from "node:assert/strict";
import { clientOf, refuses, saw } from "./sdk.mjs";
import { FROM, TO } from "./calls.mjs";
import { until } from "../voice-sdk/until.mjs";

/** What an account used and has left, its tokens for ICE servers, and keys as the newer product has them. */
export async function checkUsage({ network, client }) {
  await network.put("personas/" + TO, { persona: "tone-440" });
  const minutes = async () =>
    Number((await client.usage.records.list({ category: "calls-outbound" }))[0].usage);
  const before = await minutes();
  const call = await client.calls.create({ to: TO, from: FROM, twiml: "<Response><Pause/></Response>" });
  await until("the call is over", async () => (await client.calls(call.sid).fetch()).status === "completed");
  assert.equal(await minutes(), before + 1);
  const [total] = await client.usage.records.list({ category: "totalprice" });
  assert.ok(total.price > 0 && total.priceUnit === "usd");
  for (const period of [
    "allTime",
    "daily",
    "monthly",
    "yearly",
    "today",
    "yesterday",
    "thisMonth",
    "lastMonth",
  ]) {
    const [record] = await client.usage.records[period].list({ category: "calls", limit: 1 });
    assert.equal(record.category, "calls", period);
    assert.ok(record.startDate <= record.endDate, period);
  }
  await refuses(400, 20001, () => client.usage.records.list({ startDate: "soon" }));
  const balance = await client.balance.fetch();
  assert.equal(balance.currency, "USD");
  assert.ok(Number(balance.balance) < 100);
  saw("usage: records by category and period, balance");

  const ice = await client.tokens.create({ ttl: 3_600 });
  assert.equal(ice.ttl, "3600");
  assert.ok(ice.iceServers[0].urls.startsWith("stun:"));
  assert.equal(ice.iceServers[1].credential, ice.password);
  await refuses(400, 20001, () => client.tokens.create({ ttl: 100_000 }));
  saw("tokens: ICE servers with credentials");

  await checkKeys(network, client);
}

async function checkKeys(network, client) {
  const accountSid = network.account.sid;
  const made = await client.iam.v1.newApiKey.create({ accountSid, friendlyName: "for tests" });
  assert.match(made.sid, /^SK[0-9a-f]{32}$/);
  const own = clientOf(network, { sid: made.sid, token: made.secret, accountSid });
  assert.equal((await own.balance.fetch()).accountSid, accountSid, "the key opens REST");
  const policy = { allow: ["/twilio/voice/calls/read"] };
  const restricted = await client.iam.v1.newApiKey.create({ accountSid, keyType: "restricted", policy });
  assert.deepEqual(restricted.policy, policy);
  await refuses(400, 20001, () => client.iam.v1.newApiKey.create({ accountSid, keyType: "restricted" }));
  const wrong = {
    accountSid,
    keyType: "restricted",
    policy: { allow: ["/twilio/fakepermission/doesnotexist"] },
  };
  await refuses(400, 70002, () => client.iam.v1.newApiKey.create(wrong));
  const reader = clientOf(network, { sid: restricted.sid, token: restricted.secret, accountSid });
  const called = await client.calls.create({
    to: "+13125550142",
    from: "+12025550100",
    twiml: "<Response/>",
  });
  assert.equal((await reader.calls(called.sid).fetch()).sid, called.sid);
  const missing = await refuses(401, 70051, () => reader.calls.list());
  assert.match(missing.message, /required permission twilio\/voice\/calls\/list is missing/);
  const wider = { allow: ["/twilio/voice/calls/*"] };
  await client.iam.v1.apiKey(restricted.sid).update({ policy: wider });
  assert.ok((await reader.calls.list()).length > 0);
  await refuses(401, 70051, () => reader.recordings.list());
  const renamed = await client.iam.v1.apiKey(made.sid).update({ friendlyName: "renamed" });
  assert.equal(renamed.friendlyName, "renamed");
  assert.equal((await client.iam.v1.apiKey(made.sid).fetch()).friendlyName, "renamed");
  const listed = await client.iam.v1.getApiKeys.list({ accountSid, pageSize: 1 });
  assert.ok(listed.some((key) => key.sid === made.sid) && listed.some((key) => key.sid === restricted.sid));
  for (const { sid } of [made, restricted]) assert.equal(await client.iam.v1.apiKey(sid).remove(), true);
  await refuses(404, 20404, () => client.iam.v1.apiKey(made.sid).fetch());
  saw("IAM keys: created, restricted, used, renamed, listed, deleted");
}

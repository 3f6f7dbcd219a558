import assert from "node:assert/strict";
import { clientOf, refuses, saw } from "./sdk.mjs";
import { until } from "../voice-sdk/until.mjs";

/** Subaccounts, keys, token rotation, applications, queues, notifications. */
export async function checkAccounts({ network, application, client }) {
  await checkSubaccounts(network, application, client);
  await checkKeys(network, client);
  await checkRotation(network, client);
  await checkApplications(client);
  await checkQueues(client);
  await checkWarnings(network, client);
}

async function checkSubaccounts(network, application, client) {
  const made = await client.api.accounts.create({ friendlyName: "a tenant" });
  assert.match(made.sid, /^AC[0-9a-f]{32}$/);
  assert.equal(made.ownerAccountSid, network.account.sid);
  assert.equal(made.status, "active");
  assert.ok(made.dateCreated instanceof Date);
  const listed = await client.api.accounts.list({ friendlyName: "a tenant" });
  assert.deepEqual(
    listed.map((account) => account.sid),
    [made.sid],
  );

  const own = clientOf(network, { sid: made.sid, token: made.authToken });
  const number = await own.incomingPhoneNumbers.create({ phoneNumber: "+13125550199" });
  await refuses(404, 20404, () => client.incomingPhoneNumbers(number.sid).fetch());
  await refuses(401, 20003, () => own.api.accounts(network.account.sid).fetch());
  await refuses(400, 21101, () => own.api.accounts.create({ friendlyName: "a tenant's tenant" }));
  assert.deepEqual(
    (await own.api.accounts.list()).map((account) => account.sid),
    [made.sid],
  );

  application.tokens.push(made.authToken);
  application.says("/tenant", "<Response><Hangup/></Response>");
  await network.put("personas/+13125550142", { persona: "brisk" });
  const call = await own.calls.create({
    to: "+13125550142",
    from: "+13125550199",
    url: application.url("/tenant"),
  });
  assert.equal(call.accountSid, made.sid);
  await until("the subaccount's TwiML was fetched", async () => application.received("/tenant").length > 0);
  assert.equal(application.received("/tenant")[0].AccountSid, made.sid);

  await client.api.accounts(made.sid).update({ status: "suspended" });
  await refuses(401, 20005, () => own.calls.list());
  await client.api.accounts(made.sid).update({ status: "closed", friendlyName: "gone" });
  assert.equal((await client.api.accounts(made.sid).fetch()).friendlyName, "gone");
  saw("subaccounts: created, isolated, signed with their own token, suspended, closed");
}

async function checkKeys(network, client) {
  const key = await client.newKeys.create({ friendlyName: "a key" });
  assert.match(key.sid, /^SK[0-9a-f]{32}$/);
  const keyed = clientOf(network, { sid: key.sid, token: key.secret, accountSid: network.account.sid });
  await keyed.calls.list();
  await refuses(401, 20003, () => keyed.keys(key.sid).fetch());
  await refuses(401, 20003, () => keyed.api.accounts.list());
  assert.equal((await client.keys(key.sid).fetch()).friendlyName, "a key");
  assert.equal((await client.keys(key.sid).update({ friendlyName: "renamed" })).friendlyName, "renamed");
  assert.ok((await client.keys.list()).some((listed) => listed.sid === key.sid));
  assert.equal((await client.signingKeys(key.sid).fetch()).friendlyName, "renamed");
  await refuses(400, 70001, () => client.newSigningKeys.create({ friendlyName: "x".repeat(65) }));
  assert.equal(await client.keys(key.sid).remove(), true);
  await refuses(401, 20003, () => keyed.calls.list());
  saw("keys: created, used, renamed, listed, deleted, and kept from accounts and keys");
}

async function checkRotation(network, client) {
  const account = await client.api.accounts.create({ friendlyName: "rotating" });
  const first = clientOf(network, { sid: account.sid, token: account.authToken });
  const secondary = await first.accounts.v1.secondaryAuthToken().create();
  const second = clientOf(network, { sid: account.sid, token: secondary.secondaryAuthToken });
  await second.calls.list();
  await first.calls.list();
  const promoted = await second.accounts.v1.authTokenPromotion().update();
  assert.equal(promoted.authToken, secondary.secondaryAuthToken);
  await refuses(401, 20003, () => first.calls.list());
  await second.accounts.v1.secondaryAuthToken().create();
  assert.equal(await second.accounts.v1.secondaryAuthToken().remove(), true);
  saw("auth tokens: second one made, promoted, deleted");
}

async function checkApplications(client) {
  const made = await client.applications.create({
    friendlyName: "an application",
    voiceUrl: "https://example.com/voice",
    voiceMethod: "GET",
  });
  assert.match(made.sid, /^AP/);
  assert.equal(made.voiceMethod, "GET");
  const changed = await client.applications(made.sid).update({
    voiceUrl: "https://example.com/other",
    messageStatusCallback: "https://example.com/messages",
  });
  assert.equal(changed.messageStatusCallback, "https://example.com/messages");
  assert.equal(changed.voiceUrl, "https://example.com/other");
  assert.equal((await client.applications.list({ friendlyName: "an application" })).length, 1);
  assert.equal(await client.applications(made.sid).remove(), true);
  await refuses(404, 20404, () => client.applications(made.sid).fetch());
  saw("applications: created, changed, listed, deleted");
}

async function checkQueues(client) {
  const names = ["one", "two", "three", "four", "five"];
  const made = [];
  for (const friendlyName of names) made.push(await client.queues.create({ friendlyName, maxSize: 7 }));
  assert.equal(made[0].maxSize, 7);
  await refuses(400, 22003, () => client.queues.create({ friendlyName: "one" }));
  const paged = await client.queues.list({ pageSize: 2 });
  assert.deepEqual(paged.map((queue) => queue.friendlyName).sort(), [...names].sort());
  const page = await client.queues.page({ pageSize: 2 });
  assert.equal(page.instances.length, 2);
  assert.match(page.nextPageUrl, /PageToken=/);
  assert.equal((await client.queues(made[0].sid).update({ maxSize: 9 })).maxSize, 9);
  await refuses(400, 22003, () => client.queues(made[0].sid).update({ friendlyName: "two" }));
  assert.equal((await client.queues(made[0].sid).update({ friendlyName: "one" })).friendlyName, "one");
  assert.deepEqual(await client.queues(made[0].sid).members.list(), []);
  await refuses(404, 20404, () => client.queues(made[0].sid).members("Front").fetch());
  for (const queue of made) await client.queues(queue.sid).remove();
  assert.deepEqual(await client.queues.list(), []);
  saw("queues: created, paged, changed, deleted");
}

async function checkWarnings(network, client) {
  await network.post("Queues.json", { FriendlyName: "warned", Colour: "green" });
  const [warning] = await client.api.v2010.account.notifications.list({ log: 1, limit: 1 });
  assert.equal(warning.errorCode, "20001");
  assert.match(warning.messageText, /Colour/);
  const alone = await client.api.v2010.account.notifications(warning.sid).fetch();
  assert.equal(alone.sid, warning.sid);
  const tomorrow = new Date(Date.now() + 86_400_000);
  const dated = (filter) => client.api.v2010.account.notifications.list(filter);
  assert.deepEqual(await dated({ messageDateAfter: tomorrow }), []);
  assert.ok((await dated({ messageDate: new Date() })).some((note) => note.sid === warning.sid));
  const [queue] = await client.queues.list();
  await client.queues(queue.sid).remove();
  saw("unknown parameters: warning 20001 in Notifications");
}

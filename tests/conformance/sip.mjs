import assert from "node:assert/strict";
import { clientOf, refuses, saw } from "./sdk.mjs";

const STRONG = "Correct-horse-42";

/** SIP lists, domains and trunks. */
export async function checkSip({ network, client }) {
  const lists = await checkLists(client);
  await checkDomains(client, lists);
  await checkTrunks(network, client, lists);
  await checkOrigination(client);
  await checkTrunkNumbers(client);
}

async function checkLists(client) {
  const addresses = await client.sip.ipAccessControlLists.create({ friendlyName: "offices" });
  assert.match(addresses.sid, /^AL[0-9a-f]{32}$/);
  assert.ok(addresses.dateCreated instanceof Date);
  const offices = client.sip.ipAccessControlLists(addresses.sid);
  const office = await offices.ipAddresses.create({
    friendlyName: "Berlin",
    ipAddress: "203.0.113.0",
    cidrPrefixLength: 24,
  });
  assert.match(office.sid, /^IP/);
  assert.deepEqual([office.ipAddress, office.cidrPrefixLength], ["203.0.113.0", 24]);
  const moved = await offices.ipAddresses(office.sid).update({ ipAddress: "198.51.100.0" });
  assert.equal(moved.ipAddress, "198.51.100.0");
  await refuses(400, 20001, () =>
    offices.ipAddresses.create({ friendlyName: "bad", ipAddress: "300.1.1.1" }),
  );
  await refuses(400, 20001, () =>
    offices.ipAddresses.create({ friendlyName: "new", ipAddress: "2001:db8::1" }),
  );
  assert.equal((await offices.ipAddresses.list()).length, 1);
  assert.equal((await offices.update({ friendlyName: "all offices" })).friendlyName, "all offices");

  const people = await client.sip.credentialLists.create({ friendlyName: "desks" });
  const desks = client.sip.credentialLists(people.sid);
  const desk = await desks.credentials.create({ username: "alice", password: STRONG });
  assert.deepEqual([desk.username, desk.credentialListSid], ["alice", people.sid]);
  for (const password of ["Short1", "nouppercase12", "NOLOWERCASE12", "NoDigitsAtAllHere"]) {
    await refuses(400, 20001, () => desks.credentials.create({ username: "weak", password }));
  }
  await desks.credentials(desk.sid).update({ password: `${STRONG}!` });
  const spare = await desks.credentials.create({ username: "bob", password: STRONG });
  assert.equal(await desks.credentials(spare.sid).remove(), true);
  assert.deepEqual(
    (await desks.credentials.list()).map((credential) => credential.username),
    ["alice"],
  );
  saw("SIP lists: addresses and credentials created, changed, refused, listed, deleted");
  return { addresses, people };
}

async function checkDomains(client, { addresses, people }) {
  const domain = await client.sip.domains.create({
    domainName: "offhook.sip.twilio.com",
    voiceUrl: "https://example.com/sip",
    voiceMethod: "GET",
    voiceStatusCallbackUrl: "https://example.com/status",
    sipRegistration: true,
  });
  assert.match(domain.sid, /^SD/);
  assert.deepEqual([domain.authType, domain.voiceMethod, domain.sipRegistration], ["", "GET", true]);
  assert.equal(domain.voiceStatusCallbackUrl, "https://example.com/status");
  await refuses(400, 21231, () => client.sip.domains.create({ domainName: "offhook.example.com" }));
  await refuses(400, 21231, () => client.sip.domains.create({ domainName: "offhook.sip.twilio.com" }));

  const context = client.sip.domains(domain.sid);
  await context.ipAccessControlListMappings.create({ ipAccessControlListSid: addresses.sid });
  await context.auth.calls.credentialListMappings.create({ credentialListSid: people.sid });
  await context.auth.registrations.credentialListMappings.create({ credentialListSid: people.sid });
  assert.equal((await context.fetch()).authType, "IP_ACL,CREDENTIAL_LIST");
  await refuses(400, 21231, () => context.credentialListMappings.create({ credentialListSid: people.sid }));
  await refuses(409, 20409, () => client.sip.credentialLists(people.sid).remove());
  const [mapped] = await context.auth.calls.ipAccessControlListMappings.list();
  assert.deepEqual([mapped.sid, mapped.friendlyName], [addresses.sid, "all offices"]);
  assert.equal((await context.credentialListMappings.list())[0].domainSid, domain.sid);
  const registered = context.auth.registrations.credentialListMappings;
  assert.equal((await registered(people.sid).fetch()).sid, people.sid);
  assert.equal(await registered(people.sid).remove(), true);
  await context.ipAccessControlListMappings(addresses.sid).remove();
  assert.equal((await context.update({ friendlyName: "front desk" })).authType, "CREDENTIAL_LIST");
  assert.ok((await client.sip.domains.list()).some((listed) => listed.friendlyName === "front desk"));
  assert.equal(await context.remove(), true);
  await refuses(404, 20404, () => context.fetch());
  saw("SIP domains: created, guarded by lists, changed, deleted");
}

async function checkTrunks(network, client, { addresses, people }) {
  const trunks = client.trunking.v1.trunks;
  const trunk = await trunks.create({
    friendlyName: "to the office",
    domainName: "offhook-office.pstn.twilio.com",
    disasterRecoveryUrl: "https://example.com/recover",
    disasterRecoveryMethod: "GET",
    transferMode: "sip-only",
    secure: true,
  });
  assert.match(trunk.sid, /^TK[0-9a-f]{32}$/);
  assert.ok(trunk.dateCreated instanceof Date && !Number.isNaN(trunk.dateCreated.getTime()));
  assert.deepEqual(
    [trunk.transferMode, trunk.transferCallerId, trunk.secure, trunk.cnamLookupEnabled],
    ["sip-only", "from-transferee", true, false],
  );
  assert.deepEqual(trunk.recording, { mode: "do-not-record", trim: "do-not-trim" });
  assert.deepEqual(trunk.authTypeSet, []);
  assert.match(trunk.links.origination_urls, new RegExp(`/v1/Trunks/${trunk.sid}/OriginationUrls$`));
  await refuses(400, 20001, () => trunks.create({ domainName: "offhook.example.com" }));
  await refuses(400, 20001, () => trunks.create({ transferMode: "sometimes" }));

  const context = trunks(trunk.sid);
  await context.ipAccessControlLists.create({ ipAccessControlListSid: addresses.sid });
  const mapped = await context.credentialsLists.create({ credentialListSid: people.sid });
  assert.deepEqual([mapped.trunkSid, mapped.friendlyName], [trunk.sid, "desks"]);
  assert.deepEqual((await context.fetch()).authTypeSet, ["IP_ACL", "CREDENTIAL_LIST"]);
  assert.equal((await context.ipAccessControlLists.list())[0].sid, addresses.sid);
  assert.equal(await context.credentialsLists(people.sid).remove(), true);

  const recording = await context
    .recordings()
    .update({ mode: "record-from-answer-dual", trim: "trim-silence" });
  assert.deepEqual([recording.mode, recording.trim], ["record-from-answer-dual", "trim-silence"]);
  assert.equal((await context.recordings().fetch()).mode, "record-from-answer-dual");
  assert.equal((await context.update({ friendlyName: "renamed" })).friendlyName, "renamed");

  for (const friendlyName of ["two", "three"]) await trunks.create({ friendlyName });
  const names = (await trunks.list({ pageSize: 1 })).map((listed) => listed.friendlyName);
  assert.deepEqual(names, ["renamed", "two", "three"]);
  const tenant = await client.api.accounts.create({ friendlyName: "without trunks" });
  const own = clientOf(network, { sid: tenant.sid, token: tenant.authToken });
  assert.deepEqual(await own.trunking.v1.trunks.list(), []);
  await refuses(404, 20404, () => own.trunking.v1.trunks(trunk.sid).fetch());
  for (const listed of await trunks.list()) await trunks(listed.sid).remove();
  assert.deepEqual(await trunks.list(), []);
  saw("trunks: created, guarded by lists, recorded, paged, isolated by account, deleted");
}

async function checkOrigination(client) {
  const trunk = await client.trunking.v1.trunks.create({});
  const urls = client.trunking.v1.trunks(trunk.sid).originationUrls;
  const order = {
    weight: 10,
    priority: 1,
    enabled: true,
    friendlyName: "main",
    sipUrl: "sip:pbx.example.com;transport=tcp",
  };
  const made = await urls.create(order);
  assert.match(made.sid, /^OU/);
  assert.deepEqual([made.weight, made.priority, made.enabled, made.sipUrl], [10, 1, true, order.sipUrl]);
  await refuses(400, 20001, () => urls.create({ ...order, weight: 65_536 }));
  await refuses(400, 20001, () => urls.create({ ...order, sipUrl: "https://pbx.example.com" }));
  const { status } = await client
    .request({
      method: "post",
      uri: `https://trunking.twilio.com/v1/Trunks/${trunk.sid}/OriginationUrls`,
      data: { Weight: 1, Priority: 1, Enabled: true, FriendlyName: "no URL" },
    })
    .then((response) => ({ status: response.statusCode }));
  assert.equal(status, 400);
  const changed = await urls(made.sid).update({ enabled: false, priority: 2 });
  assert.deepEqual([changed.enabled, changed.priority, changed.weight], [false, 2, 10]);
  assert.equal((await urls.list()).length, 1);
  assert.equal(await urls(made.sid).remove(), true);
  await refuses(404, 20404, () => urls(made.sid).fetch());
  await client.trunking.v1.trunks(trunk.sid).remove();
  saw("origination URLs: created, refused, changed, listed, deleted");
}

async function checkTrunkNumbers(client) {
  const trunk = await client.trunking.v1.trunks.create({ friendlyName: "with a number" });
  const numbers = client.trunking.v1.trunks(trunk.sid).phoneNumbers;
  const application = await client.applications.create({ voiceUrl: "https://example.com/voice" });
  const number = await client.incomingPhoneNumbers.create({
    phoneNumber: "+13125550196",
    voiceApplicationSid: application.sid,
  });
  const added = await numbers.create({ phoneNumberSid: number.sid });
  assert.deepEqual([added.phoneNumber, added.trunkSid], ["+13125550196", trunk.sid]);
  assert.ok(added.dateCreated instanceof Date && !Number.isNaN(added.dateCreated.getTime()));
  const moved = await client.incomingPhoneNumbers(number.sid).fetch();
  assert.deepEqual([moved.trunkSid, moved.voiceApplicationSid], [trunk.sid, null]);
  await client.incomingPhoneNumbers(number.sid).update({ voiceApplicationSid: application.sid });
  assert.deepEqual(await numbers.list(), []);
  await client.incomingPhoneNumbers(number.sid).update({ trunkSid: trunk.sid });
  assert.equal((await numbers.list())[0].sid, number.sid);
  assert.equal(await numbers(number.sid).remove(), true);
  assert.equal((await client.incomingPhoneNumbers(number.sid).fetch()).trunkSid, null);
  await client.incomingPhoneNumbers(number.sid).remove();
  await client.applications(application.sid).remove();
  await client.trunking.v1.trunks(trunk.sid).remove();
  saw("trunks' numbers: added, taken from their application and back, removed");
}

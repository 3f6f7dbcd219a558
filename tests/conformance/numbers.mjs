import assert from "node:assert/strict";
import { clientOf, refuses, saw } from "./sdk.mjs";

/** Numbers to buy, numbers owned, and caller ids. */
export async function checkNumbers({ network, client }) {
  const local = await client.availablePhoneNumbers("US").local.list({ areaCode: 415, limit: 3 });
  assert.equal(local.length, 3);
  for (const number of local) {
    assert.match(number.phoneNumber, /^\+1415/);
    assert.equal(number.capabilities.voice, true);
    assert.equal(number.region, "CA");
  }
  const tollFree = await client.availablePhoneNumbers("US").tollFree.list({ limit: 2 });
  assert.match(tollFree[0].phoneNumber, /^\+18(00|33|44|55|66|77|88)/);
  assert.deepEqual(await client.availablePhoneNumbers("US").local.list({ areaCode: 999 }), []);

  const city = { inLocality: "san francisco", inPostalCode: "94105", voiceEnabled: true };
  const [there] = await client
    .availablePhoneNumbers("US")
    .local.list({ ...city, nearNumber: "+14155550100" });
  assert.deepEqual([there.locality, there.postalCode, there.region], ["San Francisco", "94105", "CA"]);
  const near = { nearLatLong: "37.78,-122.41", distance: 20, contains: "5550101$" };
  const around = await client.availablePhoneNumbers("US").local.list(near);
  assert.deepEqual([...new Set(around.map(({ locality }) => locality))], ["San Francisco", "Oakland"]);
  assert.equal(typeof around[0].latitude, "number");
  await refuses(400, 20001, () => client.availablePhoneNumbers("US").local.list({ ...near, distance: 501 }));
  await refuses(400, 21421, () => client.availablePhoneNumbers("US").local.list({ contains: "41*55" }));
  assert.deepEqual(await client.availablePhoneNumbers("US").local.list({ smsEnabled: true }), []);
  assert.deepEqual(await client.availablePhoneNumbers("US").local.list({ inLocality: "Atlantis" }), []);
  const [country] = await client.availablePhoneNumbers.list();
  assert.equal(country.countryCode, (await client.availablePhoneNumbers("US").fetch()).countryCode);
  await refuses(404, 20404, () => client.availablePhoneNumbers("FR").fetch());

  const bought = await client.incomingPhoneNumbers.create({
    phoneNumber: local[0].phoneNumber,
    friendlyName: "bought",
    voiceUrl: "https://example.com/voice",
  });
  assert.equal(bought.phoneNumber, local[0].phoneNumber);
  await refuses(400, 21422, () => client.incomingPhoneNumbers.create({ phoneNumber: local[0].phoneNumber }));
  await refuses(400, 21421, () => client.incomingPhoneNumbers.create({ phoneNumber: "+1" }));
  await refuses(400, 21452, () => client.incomingPhoneNumbers.create({ areaCode: "999" }));
  await refuses(400, 21451, () => client.incomingPhoneNumbers.create({ areaCode: "1" }));
  const byArea = await client.incomingPhoneNumbers.create({ areaCode: "312" });
  assert.match(byArea.phoneNumber, /^\+1312/);

  const free = await client.incomingPhoneNumbers.tollFree.create({ phoneNumber: tollFree[0].phoneNumber });
  assert.equal((await client.incomingPhoneNumbers(free.sid).fetch()).type, "toll-free");
  const sidsOf = async (list) => (await list.list()).map((number) => number.sid);
  assert.deepEqual(await sidsOf(client.incomingPhoneNumbers.tollFree), [free.sid]);
  assert.ok(!(await sidsOf(client.incomingPhoneNumbers.local)).includes(free.sid));
  assert.equal(await client.incomingPhoneNumbers(free.sid).remove(), true);

  const kept = { smsUrl: "https://example.com/sms", smsMethod: "GET", voiceCallerIdLookup: true };
  const changed = await client
    .incomingPhoneNumbers(bought.sid)
    .update({ friendlyName: "changed", emergencyStatus: "Inactive", ...kept });
  const again = await client.incomingPhoneNumbers(bought.sid).fetch();
  assert.deepEqual([again.smsUrl, again.smsMethod, again.voiceCallerIdLookup], Object.values(kept));
  assert.equal(again.emergencyStatus, "Inactive");
  assert.equal(changed.friendlyName, "changed");
  assert.equal((await client.incomingPhoneNumbers.list({ phoneNumber: "415*" })).length >= 2, true);
  assert.equal(await client.incomingPhoneNumbers(bought.sid).remove(), true);
  await refuses(404, 20404, () => client.incomingPhoneNumbers(bought.sid).fetch());
  saw("numbers: searched, bought by number and area code, changed, listed, released");

  const tenant = await client.api.accounts.create({ friendlyName: "moved to" });
  await client.incomingPhoneNumbers(byArea.sid).update({ accountSid: tenant.sid });
  const own = clientOf(network, { sid: tenant.sid, token: tenant.authToken });
  assert.equal((await own.incomingPhoneNumbers(byArea.sid).fetch()).accountSid, tenant.sid);
  saw("numbers: moved to a subaccount");

  const request = await client.validationRequests.create({
    phoneNumber: "+16175550123",
    friendlyName: "a mobile",
  });
  assert.match(request.validationCode, /^\d{6}$/);
  const [callerId] = await client.outgoingCallerIds.list({ phoneNumber: "+16175550123" });
  assert.match(callerId.sid, /^PN/);
  assert.equal(
    (await client.outgoingCallerIds(callerId.sid).update({ friendlyName: "x" })).friendlyName,
    "x",
  );
  assert.equal(await client.outgoingCallerIds(callerId.sid).remove(), true);
  await refuses(404, 20404, () => client.outgoingCallerIds(callerId.sid).fetch());
  saw("caller ids: verified, changed, deleted");
}

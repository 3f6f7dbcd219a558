import assert from "node:assert/strict";
import { refuses, saw } from "./sdk.mjs";
import { FROM } from "./calls.mjs";

const BUSINESS = "RN6433641899984f951173ef1738c3bdd0";
const SHAKEN = "RN7a97559effdf62d00f4298208492a5ea";

/** Trust Hub: a business profile and the product that signs its calls, from draft to approval. */
export async function checkTrust({ network, client }) {
  const { v1: trust } = client.trusthub;
  const policies = await trust.policies.list();
  assert.ok(policies.some((policy) => policy.sid === SHAKEN));
  assert.equal((await trust.policies(BUSINESS).fetch()).requirements.end_user.length, 2);

  const papers = await checkPapers(trust);
  const profile = await trust.customerProfiles.create({
    friendlyName: "Acme",
    email: "acme@example.com",
    policySid: BUSINESS,
  });
  assert.match(profile.sid, /^BU[0-9a-f]{32}$/);
  assert.equal(profile.status, "draft");
  assert.ok(profile.dateCreated instanceof Date);
  await refuses(400, 20001, () =>
    trust.customerProfiles.create({ friendlyName: "x", email: "", policySid: BUSINESS }),
  );
  await refuses(400, 20001, () => trust.customerProfiles(profile.sid).update({ status: "twilio-approved" }));
  const own = trust.customerProfiles(profile.sid);
  const early = await own.customerProfilesEvaluations.create({ policySid: BUSINESS });
  assert.equal(early.status, "noncompliant");
  for (const objectSid of papers) await own.customerProfilesEntityAssignments.create({ objectSid });
  await refuses(409, 20409, () => own.customerProfilesEntityAssignments.create({ objectSid: papers[0] }));
  const evaluation = await own.customerProfilesEvaluations.create({ policySid: BUSINESS });
  assert.equal((await own.customerProfilesEvaluations(evaluation.sid).fetch()).status, "compliant");
  assert.equal((await own.customerProfilesEvaluations.list()).length, 2);

  const product = await trust.trustProducts.create({
    friendlyName: "Signing",
    email: "acme@example.com",
    policySid: SHAKEN,
  });
  const signing = trust.trustProducts(product.sid);
  await signing.trustProductsEntityAssignments.create({ objectSid: profile.sid });
  const [number] = await client.incomingPhoneNumbers.list({ phoneNumber: FROM });
  const endpoint = { channelEndpointType: "phone-number", channelEndpointSid: number.sid };
  await refuses(400, 20001, () => signing.trustProductsChannelEndpointAssignment.create(endpoint));
  await own.customerProfilesChannelEndpointAssignment.create(endpoint);
  const assigned = await signing.trustProductsChannelEndpointAssignment.create(endpoint);
  assert.equal(assigned.channelEndpointSid, number.sid);
  const found = await signing.trustProductsChannelEndpointAssignment.list({ channelEndpointSid: number.sid });
  assert.equal(found[0].sid, assigned.sid);

  for (const [bundle, sid] of [
    [own, profile.sid],
    [signing, product.sid],
  ]) {
    assert.equal((await bundle.update({ status: "pending-review" })).status, "pending-review");
    await network.put("trust/" + sid, { status: "twilio-approved" });
    assert.equal((await bundle.fetch()).status, "twilio-approved");
  }
  assert.equal((await trust.trustProducts.list({ status: "twilio-approved", policySid: SHAKEN })).length, 1);
  const [entity] = await own.customerProfilesEntityAssignments.list({ limit: 1 });
  const representatives = { objectType: "authorized_representative_1" };
  assert.equal((await own.customerProfilesEntityAssignments.list(representatives)).length, 1);
  await refuses(400, 20001, () => own.customerProfilesEntityAssignments(entity.sid).remove());
  assert.equal(await signing.trustProductsChannelEndpointAssignment(assigned.sid).remove(), true);
  assert.equal(await signing.remove(), true);
  assert.equal(await own.remove(), true);
  await refuses(404, 20404, () => own.fetch());
  saw("Trust Hub: profile and product made, evaluated, assigned, reviewed, deleted");
}

/** End users and documents; gives the SIDs of what a business profile needs. */
async function checkPapers(trust) {
  const sids = [];
  for (const [collection, type] of [
    ["endUsers", "customer_profile_business_information"],
    ["endUsers", "authorized_representative_1"],
    ["supportingDocuments", "customer_profile_address"],
  ]) {
    const made = await trust[collection].create({ friendlyName: type, type, attributes: { city: "Boston" } });
    const changed = await trust[collection](made.sid).update({ attributes: { city: "Chicago" } });
    assert.deepEqual(changed.attributes, { city: "Chicago" });
    assert.equal(changed.type, type);
    sids.push(made.sid);
  }
  const spare = await trust.endUsers.create({ friendlyName: "spare", type: "cnam_information" });
  assert.equal((await trust.endUsers.list({ pageSize: 1 })).length, 3);
  assert.equal(await trust.endUsers(spare.sid).remove(), true);
  await refuses(404, 20404, () => trust.endUsers(spare.sid).fetch());
  return sids;
}

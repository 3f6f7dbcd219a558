import assert from "node:assert/strict";
import { refuses, saw } from "./sdk.mjs";

const CALL = { to: "+442079460018", from: "+12025550100", twiml: "<Response/>" };

/** Countries are listed, opened in bulk and closed again, and calls follow. */
export async function checkDialing({ client }) {
  const { dialingPermissions } = client.voice.v1;
  const all = await dialingPermissions.countries.list({ pageSize: 100 });
  assert.ok(all.length > 200, `${all.length} countries`);
  assert.equal(new Set(all.map((country) => country.isoCode)).size, all.length);
  const britain = await dialingPermissions.countries("GB").fetch();
  assert.equal(britain.lowRiskNumbersEnabled, false);
  assert.deepEqual(britain.countryCodes, ["+44"]);
  const prefixes = await dialingPermissions.countries("GB").highriskSpecialPrefixes.list();
  assert.ok(prefixes.some(({ prefix }) => prefix === "+449"));
  await refuses(400, 21215, () => client.calls.create(CALL));

  const open = [{ iso_code: "GB", low_risk_numbers_enabled: "true" }];
  const updated = await dialingPermissions.bulkCountryUpdates.create({
    updateRequest: JSON.stringify(open),
  });
  assert.equal(updated.updateCount, 1);
  const call = await client.calls.create(CALL);
  await client.calls(call.sid).update({ status: "canceled" });
  await dialingPermissions.bulkCountryUpdates.create({
    updateRequest: JSON.stringify([{ iso_code: "GB", low_risk_numbers_enabled: "false" }]),
  });
  await refuses(400, 21215, () => client.calls.create(CALL));
  await refuses(404, 20404, () => dialingPermissions.countries("XX").fetch());

  const settings = client.voice.v1.dialingPermissions.settings();
  assert.equal((await settings.fetch()).dialingPermissionsInheritance, true);
  const changed = await settings.update({ dialingPermissionsInheritance: false });
  assert.equal(changed.dialingPermissionsInheritance, false);
  saw("dialing permissions: listed, opened, closed, inherited");
}

import assert from "node:assert/strict";

/** Two devices of one identity ring together; the one that answers has the call. */
export async function run(stage) {
  const [desk, laptop] = [await stage.rep(), await stage.rep()];
  const call = await stage.callRep();
  await Promise.all([desk.happened("incoming"), laptop.happened("incoming")]);
  await laptop.phone("accept");
  await laptop.happened("accept");
  await desk.happened("cancel");
  stage.saw("both rang, the laptop answered, the desk stopped");
  const prospect = await stage.callProspect();
  await stage.hearsTone(laptop);
  await stage.hearsRep(prospect);
  await laptop.phone("hangUp");
  await stage.ended(call.sid);
  for (const device of [desk, laptop]) assert.deepEqual(await device.read("errors"), []);
}

import assert from "node:assert/strict";
import { PROSPECT } from "../stage.mjs";
import { until } from "../until.mjs";

/** What a `<Dial answerOnBridge>` lets the page hear before its call is answered: ringing, busy, out of service. */
export async function run(stage) {
  const rep = await stage.rep();
  await stage.network.put("personas/" + PROSPECT, {
    name: "slow fax",
    answer: { after: { ring_ms: 3_000 } },
    script: { tones: { steps: [{ freq_hz: 2_100, ms: 3_300 }], repeat: true } },
  });
  await dial(stage, rep);
  await stage.hears(rep, [440, 480]);
  assert.equal(await rep.phone("status"), "ringing");
  stage.saw("the page hears the far end ring");
  await rep.happened("accept");
  await stage.hears(rep, [2_100]);
  stage.saw("and is connected when it answers: a fax machine");
  await rep.phone("hangUp");

  for (const [persona, tones] of [
    ["busy", [480, 620]],
    ["unreachable", [950, 1_400, 1_800]],
  ]) {
    await stage.network.put("personas/" + PROSPECT, { persona });
    await dial(stage, rep);
    for (const tone of tones) await stage.hears(rep, [tone]);
    assert.equal(await rep.phone("status"), "ringing");
    await until("it is over", async () => (await rep.phone("status")) === "closed");
    stage.saw(`the page hears that the number is ${persona}`);
  }
}

async function dial(stage, rep) {
  stage.application.answer(
    "/voice",
    `<Response><Dial answerOnBridge="true" callerId="+12025550100"><Number>${PROSPECT}</Number></Dial></Response>`,
  );
  await rep.phone("dial", { params: {} });
  await until("there is sound while it rings", () => rep.read("earlyMedia"));
}

import assert from "node:assert/strict";
import { PROSPECT } from "../stage.mjs";
import { until } from "../until.mjs";

/** A `<Dial answerOnBridge>` lets the page hear the ringing before its call is answered. */
export async function run(stage) {
  stage.application.answer(
    "/voice",
    `<Response><Dial answerOnBridge="true" callerId="+12025550100"><Number>${PROSPECT}</Number></Dial></Response>`,
  );
  await stage.network.put("personas/" + PROSPECT, {
    name: "slow",
    answer: { after: { ring_ms: 6_000 } },
    script: { tones: { steps: [{ freq_hz: 1_000, ms: 1_000 }], repeat: true } },
  });
  const rep = await stage.rep();
  await rep.phone("dial", { params: {} });
  await until("there is sound while it rings", () => rep.read("earlyMedia"));
  await stage.hearsTone(rep);
  assert.equal(await rep.phone("status"), "ringing");
  stage.saw("the page hears the far end ring");
  await rep.happened("accept");
  stage.saw("and is connected when it answers");
}

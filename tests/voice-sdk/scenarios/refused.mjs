import assert from "node:assert/strict";
import { until } from "../until.mjs";

/** Calls of a page that the application or the callee turns away: the SDK's own errors tell how. */
export async function run(stage) {
  const rep = await stage.rep({ enableImprovedSignalingErrorPrecision: true });
  const dial = '<Dial answerOnBridge="true" callerId="+12025550100">';
  await stage.network.put("personas/+13125550143", { persona: "busy" });
  for (const [verbs, code, name] of [
    ['<Reject reason="busy"/>', "31486", "BusyHere"],
    ["<Reject/>", "31603", "Decline"],
    [`${dial}+13125550143</Dial><Reject reason="busy"/>`, "31486", "BusyHere"],
  ]) {
    const before = (await rep.read("errors")).length;
    stage.application.answer("/voice", `<Response>${verbs}</Response>`);
    await rep.phone("dial", { params: {} });
    await until("it is over", async () => (await rep.phone("status")) === "closed");
    const [error] = (await rep.read("errors")).slice(before);
    assert.ok(error?.startsWith(`${code} `), `${verbs}: ${error}`);
    assert.equal((await rep.read("errorNames"))[before], name, verbs);
    stage.saw(`${name} for ${verbs}`);
  }
  await rep.browser.close();

  const plain = await stage.rep();
  await plain.phone("dial", { params: {} });
  await until("it is over", async () => (await plain.phone("status")) === "closed");
  assert.ok((await plain.read("errors"))[0].startsWith("31005 "));
  stage.saw("without the option for precision it is 31005");
}

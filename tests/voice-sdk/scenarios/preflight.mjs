import assert from "node:assert/strict";

/** Twilio's PreflightTest ends when the application hangs up. */
export async function run(stage) {
  stage.application.answer("/voice", "<Response><Pause length='6'/></Response>");
  const rep = await stage.page();
  const report = await rep.phone("preflight", stage.token(), stage.network.host);
  assert.equal(report.error, undefined);
  assert.match(report.callSid, /^CA[0-9a-f]{32}$/);
  stage.saw(`the PreflightTest completed: call quality ${report.quality}`);
}

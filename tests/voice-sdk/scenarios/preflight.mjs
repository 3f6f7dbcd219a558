import assert from "node:assert/strict";

/** Twilio's PreflightTest ends when the application hangs up. */
export async function run(stage) {
  stage.application.answer("/voice", "<Response><Pause length='6'/></Response>");
  const rep = await stage.page();
  const report = await rep.phone("preflight", stage.token(), stage.network.host);
  assert.equal(report.error, undefined);
  assert.match(report.callSid, /^CA[0-9a-f]{32}$/);
  const { stats, totals, samples, networkTiming } = report;
  assert.ok(stats.mos.average > 4 && stats.rtt.average < 200, JSON.stringify(stats));
  assert.ok(samples.length >= 3 && totals.packetsReceived > 100 && totals.packetsLost === 0);
  for (const step of ["signaling", "ice", "dtls", "peerConnection"])
    assert.ok(networkTiming[step].duration >= 0, `${step} took its time`);
  assert.equal(report.edge, "ashburn");
  assert.equal(report.isTurnRequired, false);
  assert.ok(report.selectedIceCandidatePairStats.remoteCandidate.port > 0);
  // This page has no way to Twilio's names.
  const warnings = report.warnings.map(({ name }) => name);
  assert.deepEqual(warnings, ["insights-connection-error"]);
  stage.saw(`the PreflightTest completed: ${report.callQuality}, mos ${stats.mos.average}`);
}

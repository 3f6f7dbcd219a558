// Proves that Twilio's own server libraries, unmodified, work against the phone network: every resource is
// created, read, changed, listed, paged and deleted with npm `twilio`, its validators accept the webhooks that
// arrive, its access tokens open signalling, and PyPI `twilio` reads the same network. Run it with
// `node tests/conformance/run.mjs` after `cargo build -p twilio-emulator`.

import { startNetwork } from "../voice-sdk/network.mjs";
import { startApplication } from "./application.mjs";
import { checkAccounts } from "./accounts.mjs";
import { checkCalls } from "./calls.mjs";
import { checkConferences, checkMembers } from "./conferences.mjs";
import { checkDocument } from "./document.mjs";
import { checkExpress } from "./express.mjs";
import { checkDialing } from "./dialing.mjs";
import { checkInsights } from "./insights.mjs";
import { checkNumbers } from "./numbers.mjs";
import { checkRecordings, checkTranscriptions } from "./recordings.mjs";
import { checkSip } from "./sip.mjs";
import { checkTokens } from "./tokens.mjs";
import { checkTwiml } from "./twiml.mjs";
import { checkTrust } from "./trust.mjs";
import { checkUsage } from "./usage.mjs";
import { assertShapes, watchShapes } from "./shapes.mjs";
import { clientOf } from "./sdk.mjs";
import { readWithPython } from "./python.mjs";

const CHECKS = [
  checkAccounts,
  checkNumbers,
  checkCalls,
  checkConferences,
  checkMembers,
  checkRecordings,
  checkTranscriptions,
  checkSip,
  checkTokens,
  checkTwiml,
  checkUsage,
  checkTrust,
  checkDialing,
  checkInsights,
  checkExpress,
];

const cleanups = [];
try {
  watchShapes();
  const network = await startNetwork();
  cleanups.push(() => network.stop());
  const application = await startApplication(network.account.token);
  cleanups.push(() => application.stop());
  const stage = { network, application, client: clientOf(network) };
  for (const check of CHECKS) await check(stage);
  assertShapes(60);
  await readWithPython(stage);
  await checkDocument();
  application.assertAllSigned();
  console.log("Twilio's own libraries work against the phone network.");
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  for (const cleanup of cleanups.reverse()) await cleanup();
}

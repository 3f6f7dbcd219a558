import assert from "node:assert/strict";
import { until } from "../until.mjs";

/** Tokens: each defect has its error, expiry is told in the session, and a new one keeps the call. */
export async function run(stage) {
  const { network, application, saw } = stage;
  const precise = { enableImprovedSignalingErrorPrecision: true };
  const defects = [
    ["not-a-jwt", 20101],
    [stage.token({ secret: "wrong" }), 31202],
    [stage.token({ account: `AC${"0".repeat(32)}` }), 31203],
    [stage.token({ seconds: -10 }), 20104],
    [stage.token({ seconds: 90_000 }), 31207],
    [stage.token({ identity: "a b" }), 31105],
    [stage.token({ identity: "x".repeat(122) }), 31105],
  ];
  const page = await stage.page();
  for (const [token, code] of defects) {
    const before = (await page.read("errors")).length;
    await page.phone("registerAnyway", token, network.host, precise);
    const text = await until(`${code} is told`, async () => (await page.read("errors"))[before]);
    assert.ok(text.startsWith(`${code} `), `${text} instead of ${code}`);
  }
  saw(`defects: ${defects.map(([, code]) => code)}`);
  await page.browser.close();

  const brief = await stage.page();
  await brief.phone("register", stage.token({ seconds: 4 }), network.host, {
    ...precise,
    tokenRefreshMs: 1_000,
  });
  await brief.happened("tokenWillExpire");
  await until("expiry is told", async () =>
    (await brief.read("errors")).some((text) => text.startsWith("20104")),
  );
  saw("tokenWillExpire, then expired in the session");
  await brief.browser.close();

  await renewed(stage);

  const calls = [
    ["31002", { outgoing: false }, {}],
    ["31001", { application: `AP${"0".repeat(32)}` }, {}],
    ["31103", {}, { long: "x".repeat(800) }],
  ];
  for (const [code, changes, params] of calls) {
    const rep = await stage.page();
    await rep.phone("register", stage.token(changes), network.host, precise);
    await rep.phone("dial", { params });
    await until(`${code} is told`, async () =>
      (await rep.read("errors")).some((text) => text.startsWith(code)),
    );
    await rep.browser.close();
  }
  saw("calls refused: 31002 without the grant, 31001 without the application, 31103 with too much to say");

  const rep = await stage.rep();
  await rep.phone("connect", {});
  const fetches = application.requests("/voice").length;
  await rep.phone("updateToken", stage.token());
  await until("the call resumed", async () => (await network.events("signal.resumed")).length > 0);
  assert.equal(await rep.phone("status"), "open");
  assert.equal(application.requests("/voice").length, fetches, "a new token is no new call");
  assert.deepEqual(await rep.read("errors"), []);
  saw("updateToken kept the call");
}

/** A page that renews its token when it is asked to hears nothing of the old one's end. */
async function renewed(stage) {
  const rep = await stage.page();
  const over = Date.now() + 4_000;
  await rep.phone("register", stage.token({ seconds: 4 }), stage.network.host, { tokenRefreshMs: 2_000 });
  await rep.happened("tokenWillExpire");
  await rep.phone("updateToken", stage.token());
  await until("the old token is over", async () => Date.now() > over + 1_000);
  await rep.phone("connect", {});
  assert.deepEqual(await rep.read("errors"), []);
  stage.saw("tokenWillExpire, renewed, and calls go on after the old token's end");
  await rep.browser.close();
}

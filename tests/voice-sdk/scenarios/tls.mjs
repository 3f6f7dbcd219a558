import assert from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import { request } from "node:https";
import { connect } from "node:tls";
import { until } from "../until.mjs";

/** `wss` under the authority made for the run, with nothing in the page replaced. */
export async function run(stage) {
  const { host, ca } = stage.network.tls;
  const status = await get(`https://${host}/healthz`, ca);
  assert.equal(status, 200, "the authority vouches for the listener");
  const trust = `--ignore-certificate-errors-spki-list=${await fingerprint(host, ca)}`;

  const rep = await stage.page({ flags: [trust], path: "/?wss" });
  await rep.phone("register", stage.token(), host, {});
  await rep.phone("connect", {});
  await stage.callProspect();
  await stage.hearsTone(rep);
  stage.saw("registered and talked over wss");
  await rep.browser.close();

  const rules = `--host-resolver-rules=MAP *.twilio.com ${host}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1`;
  const plain = await stage.page({ flags: [trust, rules], path: "/?wss" });
  // As an application of Twilio's would: with its names, its sounds and its insights.
  await plain.phone("register", stage.token(), undefined, { publishEvents: true, sounds: {} });
  const call = await plain.phone("connect", {});
  await until("insights came", async () => {
    const groups = new Set((await stage.network.events("insights")).map(({ group }) => group));
    const awaited = ["settings", "get-user-media", "connection", "ice-connection-state"];
    return awaited.every((group) => groups.has(group));
  });
  assert.deepEqual(await plain.phone("place"), { edge: "ashburn", home: "us1" });
  await plain.phone("hangUp");
  await stage.ended(call);
  assert.deepEqual(await plain.read("errors"), []);
  stage.saw("without any option, by Twilio's own names: sounds and insights included");
  await plain.browser.close();

  const abroad = await stage.page({ flags: [trust, rules], path: "/?wss" });
  await abroad.phone("register", stage.token(), undefined, { edge: "dublin" });
  assert.deepEqual(await abroad.phone("place"), { edge: "dublin", home: "us1" });
  stage.saw("by another edge");
}

function get(url, ca) {
  return new Promise((resolve, reject) => {
    request(url, { ca }, (response) => resolve(response.resume().statusCode))
      .on("error", reject)
      .end();
  });
}

/** What Chromium's flag wants: the hash of the certificate's public key. */
async function fingerprint(host, ca) {
  const [address, port] = host.split(":");
  const socket = connect({ host: address, port: Number(port), ca });
  await new Promise((resolve, reject) => socket.once("secureConnect", resolve).once("error", reject));
  const { raw } = socket.getPeerCertificate();
  socket.destroy();
  const key = new X509Certificate(raw).publicKey.export({ type: "spki", format: "der" });
  return createHash("sha256").update(key).digest("base64");
}
